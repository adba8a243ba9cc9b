"""Reminders as documents: numbered, frozen and queued with the step they stand for, once, and only to whom we bill."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from rackbill.core import document as frozen
from rackbill.domain.dispatch import invariants as dispatch_invariants
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents import invariants as document_invariants
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries as document_queries
from rackbill.domain.documents.errors import SeriesRefused
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties.models import BillingAuthority, BillingGroup, Contact, ContactRole, Customer
from rackbill.domain.receivables import invariants
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.models import OpenItem, Reminder
from rackbill.domain.receivables.operations import IssuedReminder
from tests.world import money
from tests.world import provider as world_of
from tests.world.money import CLERK, NOW, TODAY


@pytest.fixture
def world(db: None) -> world_of.Provider:
    made = world_of.provider()
    documents.create_series(
        organisation_key=made.organisation.pk, kind="reminder", range_start=70_210_000, range_end=70_219_999
    )
    return made


@pytest.fixture
def buyer(world: world_of.Provider) -> Customer:
    """A customer with two billing contacts, an overdue invoice, one that is not due, and an old one of the legacy system."""
    owner = world_of.customer(world)
    for place, (email, is_primary) in enumerate([("copy@buyer.example", False), ("boss@buyer.example", True)]):
        contact = Contact.objects.create(contact_id=f"c{place}", customer=owner, last_name="X", email=email)
        ContactRole.objects.create(contact=contact, customer=owner, role="BILLING", is_primary=is_primary)
    money.item(owner, "21000010", "150.00")
    money.item(owner, "21000011", "99.00", due_in=60)
    return owner


def issue(today: date = TODAY) -> list[IssuedReminder]:
    return receivables.issue_reminders(organisation_id="2100", today=today, now=NOW, actor=CLERK)


def violations() -> list[str]:
    return [*invariants.violations(), *document_invariants.violations(), *dispatch_invariants.violations()]


def form(number: str) -> frozen.Document:
    return document_queries.document(scope=WholeInstallation(), number=number)


def test_a_step_is_issued_as_a_document_to_the_billing_contacts(buyer: Customer) -> None:
    money.item(buyer, "DE0000000007", "40.00", system="oldbill")
    (issued,) = issue()
    assert issued.number == "70210000"
    value = form("70210000")
    assert value.kind is frozen.DocumentKind.REMINDER
    assert value.reminded is not None
    assert (value.reminded.step, value.issued_on, value.due_on) == (2, TODAY, TODAY)
    assert [(i.number, i.gross_minor, i.open_minor) for i in value.reminded.items] == [
        ("21000010", 15000, 15000), ("DE0000000007", 4000, 4000),
    ]  # fmt: skip
    assert (value.totals.due_minor, value.lines, value.buyer.name) == (19000, (), "Buyer GmbH")
    rows = Dispatch.objects.order_by("pk").values_list("document__number", "recipient", "state")
    assert list(rows) == [("70210000", "boss@buyer.example", "queued"), ("70210000", "copy@buyer.example", "queued")]
    assert not OpenItem.objects.filter(document_number="70210000").exists(), "a reminder is no new debt"
    assert violations() == []


def test_twice_on_a_day_issues_once_and_the_next_step_has_a_number_of_its_own(buyer: Customer) -> None:
    assert [one.number for one in issue()] == ["70210000"]
    assert issue() == []
    (suspend,) = issue(TODAY + timedelta(2))
    assert (suspend.notice.action, suspend.number) == ("suspend", ""), "a proposal is said by no document"
    (later,) = issue(TODAY + timedelta(40))
    assert later.number == "70210001"
    value = form("70210001")
    assert value.reminded is not None
    assert [item.number for item in value.reminded.items] == ["21000010", "21000011"]
    assert list(Reminder.objects.order_by("pk").values_list("step", "document_number")) == [
        (2, "70210000"), (3, None), (4, "70210001"), (1, "70210001"),
    ]  # fmt: skip
    assert violations() == []


def test_what_was_proposed_by_hand_is_not_said_again(buyer: Customer) -> None:
    receivables.propose_reminders(organisation_id="2100", today=TODAY, now=NOW, actor=CLERK)
    assert issue() == []
    assert Document.objects.count() == 0


def test_only_whom_we_bill_gets_one(buyer: Customer) -> None:
    BillingAuthority.objects.filter(customer=buyer).update(authority="legacy")
    assert issue() == []
    assert Document.objects.count() == Dispatch.objects.count() == 0


def test_a_disputed_part_is_not_asked_for_and_a_hold_keeps_all_back(buyer: Customer) -> None:
    receivables.hold_reminders(
        hold_id="h-1", customer_id=buyer.customer_id, number="21000010", disputed_minor=5000, reason="disputed", held_from=TODAY,
        held_until=None, now=NOW, actor=CLERK,
    )  # fmt: skip
    issue()
    value = form("70210000")
    assert value.reminded is not None
    assert [(item.gross_minor, item.open_minor) for item in value.reminded.items] == [(15000, 10000)]
    receivables.hold_reminders(
        hold_id="h-2", customer_id=buyer.customer_id, number="", disputed_minor=None, reason="disputed", held_from=TODAY,
        held_until=None, now=NOW, actor=CLERK,
    )  # fmt: skip
    assert issue(TODAY + timedelta(40)) == []
    assert violations() == []


def test_each_currency_has_a_document_in_the_language_of_the_group(buyer: Customer) -> None:
    BillingGroup.objects.filter(customer=buyer).update(language="nl", po_number="PO-7")
    ContactRole.objects.all().delete()
    money.item(buyer, "21000012", "20.00", currency="USD")
    assert [one.number for one in issue()] == ["70210000", "70210001"]
    values = [form("70210000"), form("70210001")]
    assert [(v.currency, v.language, v.bill_to.po_number) for v in values] == [
        ("EUR", "nl", "PO-7"),
        ("USD", "nl", "PO-7"),
    ]
    assert set(Dispatch.objects.values_list("recipient", flat=True)) == {"ap@buyer.example"}, "who gets its invoices"


def test_without_a_series_no_step_is_taken(db: None) -> None:
    owner = world_of.customer(world_of.provider())
    money.item(owner, "21000010", "150.00")
    with pytest.raises(SeriesRefused, match="no open number series for reminder"):
        issue()
    assert Reminder.objects.count() == Document.objects.count() == 0


def test_a_reminder_and_its_step_never_change(buyer: Customer) -> None:
    issue()
    for rows, change in (
        (Reminder.objects.all(), {"document_number": None}),
        (Document.objects.all(), {"canonical": "{}"}),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            rows.update(**change)


def test_invariants_see_a_step_without_its_document_and_an_item_that_is_no_debt(buyer: Customer) -> None:
    issue()
    item = OpenItem.objects.get(document_number="21000011")
    Reminder.objects.create(
        open_item=item, step=1, action="remind", open_minor=9900, proposed_on=TODAY, document_number="70210000"
    )
    assert "reminder 70210000 does not say the steps that were taken for it" in violations()
    money.item(buyer, "70210000", "1.00", kind="reminder")
    assert "open item 70210000 is for a reminder, which is not to be paid" in violations()


def test_a_series_is_for_one_of_the_six_kinds(world: world_of.Provider) -> None:
    with pytest.raises(SeriesRefused, match="'letter' is no kind of document; the kinds are quote"):
        documents.create_series(
            organisation_key=world.organisation.pk, kind="letter", range_start=70_300_000, range_end=70_399_999
        )
