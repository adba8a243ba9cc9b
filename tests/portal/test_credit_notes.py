"""Credit notes in the portal: in the list, on a page of their own, and on the pages of the invoices that they correct."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rackbill.core.document import canonical_bytes
from rackbill.core.money import Money
from rackbill.domain.billing import operations as billing
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties.models import Customer, SellerTaxNumber
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.models import OpenItem
from rackbill.domain.receivables.operations.allocating import MoneySource
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
DAY = date(2020, 10, 10)
NOW = datetime(2020, 10, 10, 9, tzinfo=UTC)
INVOICE = "21000000"
EVERYTHING = WholeInstallation()


@pytest.fixture
def owner() -> Customer:
    """A customer with an invoice, and a stranger with one."""
    world = world_of.provider()
    owner, stranger = world_of.customer(world), world_of.customer(world)
    for row in (owner, stranger):
        world_of.service(world, row, price="100", starts_on=date(2020, 10, 1))
        world_of.person(row, "FINANCE")
    world_of.bill_october()
    return owner


def credit(amount: str, number: str = INVOICE) -> str:
    return billing.credit_invoice(
        number=number, line_numbers=(), period=None, amount=Decimal(amount), reason="Outage", is_reissued=False, on=DAY,
        now=NOW, actor=SYSTEM,
    )  # fmt: skip


def logged_in(customer: Customer) -> Client:
    client = Client()
    client.force_login(
        customer.memberships.get(role="FINANCE").user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def numbers(client: Client, query: str = "") -> list[str]:
    return [item["row"].number for item in client.get(f"/invoices/{query}").context["rows"]]


def test_the_list_has_both_kinds_and_filters_them(owner: Customer) -> None:
    note, client = credit("20"), logged_in(owner)
    assert numbers(client) == [note, INVOICE]
    assert numbers(client, "?kind=credit_note") == [note]
    assert numbers(client, "?kind=invoice") == [INVOICE]
    assert numbers(client, "?status=SETTLED") == [note]
    assert numbers(client, "?status=CREDIT") == []
    assert numbers(client, "?kind=reminder") == [note, INVOICE]
    page = client.get("/invoices/").content.decode()
    assert "EUR -23.20" in page and "Settled" in page and "Credit note" in page


def test_invoice_and_credit_note_lead_to_each_other(owner: Customer) -> None:
    first, second = credit("20"), credit("30")
    client = logged_in(owner)
    page = client.get(f"/invoices/{INVOICE}/")
    assert [row.number for row in page.context["page"].rows] == [first, second]
    assert f'href="/invoices/{second}/"' in page.content.decode()
    note = client.get(f"/invoices/{second}/")
    (row,) = note.context["corrected"]
    assert (row["number"], row["left"].net_minor, row["left"].gross_minor) == (INVOICE, 5_000, 5_800)
    assert f'href="/invoices/{INVOICE}/"' in note.content.decode()
    text = note.content.decode()
    for said in ("EUR 50.00", "EUR 58.00", "Set off against", "Nothing of the credit is left.", "Outage"):
        assert said in text, said
    value = documents.document(scope=EVERYTHING, number=second)
    assert client.get(f"/invoices/{second}/files/json").content == canonical_bytes(value)
    assert client.get("/search/", {"q": second})["Location"] == f"/invoices/{second}/"


def test_an_invoice_without_a_credit_note_does_not_speak_of_any(owner: Customer) -> None:
    assert "Credit notes on this invoice" not in logged_in(owner).get(f"/invoices/{INVOICE}/").content.decode()


def test_what_became_of_the_credit_is_told_movement_by_movement(owner: Customer) -> None:
    receivables.record_payment(
        payment_id="P1", customer_id=owner.customer_id, money=Money(11_600, "EUR"), received_on=DAY, method="transfer", text="",
        to_number=INVOICE, now=NOW, actor=SYSTEM,
    )  # fmt: skip
    note, client = credit("50"), logged_in(owner)
    page = client.get(f"/invoices/{note}/")
    assert (page.context["page"].rows, page.context["left_minor"]) == ([], 5_800)
    assert "EUR 58.00 of the credit is left." in page.content.decode()
    source = MoneySource("credit_note", note)
    item = OpenItem.objects.get(document_number=INVOICE)
    legacy = OpenItem.objects.create(
        customer=owner, sales_organisation=owner.sales_organisation, system="oldbill", document_number="DE77",
        document_kind="invoice", currency="EUR", issued_on=DAY, due_on=DAY,
    )  # fmt: skip
    legacy.entries.create(kind="opening", amount_minor=900, booked_on=DAY, source_kind="document", source_id="DE77")
    given = {"source": source, "amount_minor": None, "reason": "asked for", "on": DAY, "now": NOW, "actor": SYSTEM}
    receivables.allocate_money(allocation_id="A1", number="DE77", **given)
    receivables.deallocate_money(allocation_id="A1", reason="by mistake", on=DAY, now=NOW, actor=SYSTEM)
    receivables.refund_money(
        refund_id="R1", source=source, amount_minor=1_800, paid_on=DAY, reason="asked for", now=NOW, actor=SYSTEM
    )
    page = client.get(f"/invoices/{note}/")
    told = [(use.kind, use.amount_minor, use.number, use.is_ours) for use in page.context["page"].rows]
    assert told == [("set_off", 900, "DE77", False), ("set_off", -900, "DE77", False), ("refund", 1_800, "", False)]
    text = page.content.decode()
    assert (
        "Paid out to you" in text and "No longer set off against" in text and "EUR 40.00 of the credit is left" in text
    )
    assert 'href="/invoices/DE77/"' not in text
    assert numbers(client, "?status=CREDIT") == [note]
    assert item.entries.count() == 2


def test_a_stranger_finds_no_credit_note(owner: Customer) -> None:
    note = credit("20")
    client = logged_in(Customer.objects.exclude(pk=owner.pk).get())
    for path in ("", "pdf", "files/json"):
        assert client.get(f"/invoices/{note}/{path}").status_code == 404
    assert numbers(client, "?kind=credit_note") == []
    assert documents.credit_notes_of(scope=EVERYTHING, number=INVOICE).total_count == 1
    theirs = Document.objects.exclude(customer=owner).get()
    assert client.get(f"/invoices/{theirs.number}/").context["page"].total_count == 0


def test_pages_keep_their_queries_and_are_cut_in_the_database(owner: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [credit("1") for _ in range(4)]
    client = logged_in(owner)
    client.get("/invoices/")
    monkeypatch.setattr("rackbill.interfaces.portal.lists.PAGE", 3)
    for path in (f"/invoices/{INVOICE}/", f"/invoices/{notes[0]}/", "/invoices/"):
        counts = []
        for note_count in (4, 5):
            while len(notes) < note_count:
                notes.append(credit("1"))
            with CaptureQueriesContext(connection) as seen:
                client.get(path)
            counts.append(len(seen))
        assert counts[0] == counts[1], path
    page = client.get(f"/invoices/{INVOICE}/")
    assert [row.number for row in page.context["page"].rows] == notes[:3]
    assert "offset=3" in page.context["links"]["next"]
    following = client.get(f"/invoices/{INVOICE}/?offset=3")
    assert [row.number for row in following.context["page"].rows] == notes[3:]


def test_a_tax_number_that_looks_like_a_document_is_no_reference() -> None:
    """Parties have numbers too; only a reference to a document is one."""
    world = world_of.provider()
    world_of.service(world, world_of.customer(world), price="100", starts_on=date(2020, 10, 1))
    SellerTaxNumber.objects.update(number="21900000")
    world_of.bill_october()
    first, second = credit("20"), credit("5")
    assert '"number":"21900000"' in documents.canonical_form(scope=EVERYTHING, number=second).decode()
    found = documents.credit_notes_of(scope=EVERYTHING, number=INVOICE)
    assert [row.number for row in found.rows] == [first, second] == ["21900000", "21900001"]
    assert documents.credit_notes_of(scope=EVERYTHING, number=first).rows == []
