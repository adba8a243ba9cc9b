"""Customers in the office: who sees and changes them, what is missing for an e-invoice, what is refused and why."""

import re
from datetime import date

import pytest
from django.test import Client

from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.parties.models import BillingGroup, Customer, PurchaseOrder
from rackbill.domain.receivables.models import Mandate
from tests.office.test_pages import as_person, staff
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Customer:
    world = world_of.provider()
    for name, role in (("clara", "clerk"), ("otto", "auditor"), ("bert", "approver")):
        staff(world, name, role)
    staff(world_of.provider("2600", "SG", "SGD"), "oscar", "clerk")
    found = world_of.customer(world, name="Aurora <b>")
    world_of.person(found, "MASTER", "master@meridian.example")
    return found


def address(owner: Customer) -> str:
    return f"/office/customers/{owner.customer_id}/"


def change(client: Client, owner: Customer, **sent: str) -> tuple[int, str]:
    answer = client.post(f"{address(owner)}change/", sent)
    if answer.status_code == 302:
        answer = client.get(answer.headers["Location"])
    return answer.status_code, answer.content.decode()


def test_who_sees_and_who_changes(owner: Customer) -> None:
    group = f"{owner.customer_id}-01"
    for name, sees, changes in (
        ("clara", 200, 200),
        ("otto", 200, 403),
        ("bert", 200, 403),
        ("oscar", 404, 404),
        ("master", 403, 403),
    ):
        client = as_person(name)
        page = client.get(address(owner))
        assert page.status_code == sees, name
        assert ("Save" in page.content.decode()) is (changes == 200), name
        assert change(client, owner, group=group, act="fields", buyer_reference=name)[0] == changes, name
        listed = client.get("/office/customers/").content.decode()
        assert (owner.customer_id in listed) is (sees == 200), name
    assert BillingGroup.objects.get().buyer_reference == "clara"
    assert as_person("clara").get(f"{address(owner)}change/").status_code == 405
    assert Client().get(address(owner)).status_code == 302


def test_a_group_of_another_customer_is_not_changed_under_this_one(owner: Customer) -> None:
    other = world_of.customer(world_of.Provider(owner.sales_organisation, count=10))
    for group in (f"{other.customer_id}-01", f"{owner.customer_id}-99"):
        assert change(as_person("clara"), owner, group=group, act="fields", buyer_reference="x")[0] == 404
    assert set(BillingGroup.objects.values_list("buyer_reference", flat=True)) == {""}


def test_the_list_is_searched(owner: Customer) -> None:
    client = as_person("clara")
    assert owner.customer_id in client.get("/office/customers/?q=aurora").content.decode()
    page = client.get("/office/customers/?q=nobody").content.decode()
    assert owner.customer_id not in page
    assert "No customer found." in page


def test_what_is_missing_is_said_and_goes_when_it_is_entered(owner: Customer) -> None:
    client, group = as_person("clara"), f"{owner.customer_id}-01"
    assert "Gets no e-invoice; documents come as PDF" in client.get(address(owner)).content.decode()
    Customer.objects.update(is_public_body=True)
    _status, page = change(client, owner, group=group, act="fields", einvoice_choice="xrechnung", electronic_address="")
    assert 'role="status">Saved.' in page
    assert "Cannot receive an e-invoice yet: XRechnung" in page
    for rule in ("BR-DE-15", "BR-DE-5", "BR-DE-9"):
        assert rule in page
    assert "The official rules of XRechnung are not imported" in page
    _status, page = change(client, owner, group=group, act="fields", einvoice_choice="factur-x")
    assert "Can receive an e-invoice today: Factur-X" in page
    assert "<b>" not in page
    entry = HistoryEntry.objects.filter(verb="change_billing_group").latest("pk")
    assert (entry.actor_identity, entry.detail) == ("clara@meridian.example", {"fields": ["einvoice_choice"]})


def test_a_wrong_address_is_refused_and_what_was_entered_stays(owner: Customer) -> None:
    client, group = as_person("clara"), f"{owner.customer_id}-01"
    status, page = change(
        client, owner, group=group, act="fields", electronic_address="0208:0428759498", contact_name="Eva"
    )
    assert status == 422
    assert re.search(r'role="alert">“0208:0428759498” cannot be right', page)
    assert 'value="0208:0428759498"' in page
    assert 'value="Eva"' in page
    assert BillingGroup.objects.get().contact_name == ""
    client.post("/language/", {"language": "de", "next": "/"})
    assert "kann für das Schema nicht stimmen" in change(client, owner, group=group, electronic_address="0208:1")[1]


def test_the_customer_itself(owner: Customer) -> None:
    client = as_person("clara")
    status, page = change(
        client, owner, name="Amt 𓀀", company_number="7", company_scheme="0106", electronic_address="0106:34999001", is_public_body="on"
    )  # fmt: skip
    assert status == 200
    row = Customer.objects.get()
    assert (row.name, row.is_public_body, row.company_scheme) == ("Amt 𓀀", True, "0106")
    assert "has characters that no document font has: 𓀀. Documents print “Amt ?”" in page
    assert "Blank: that of the customer, 0106:34999001." in page
    status, page = change(client, owner, name=" ", company_scheme="9999")
    assert (status, "The customer needs a name" in page) == (422, True)
    assert 'value="9999"' in page
    assert change(client, owner, name="Amt")[0] == 200
    assert Customer.objects.get().is_public_body is False, "an unticked box"


def test_an_address_of_its_own_is_shown_where_there_is_one(owner: Customer) -> None:
    client, group = as_person("clara"), f"{owner.customer_id}-01"
    assert f'id="street-{group}"' not in client.get(address(owner)).content.decode()
    BillingGroup.objects.update(street="Allee 1", city="Ort")
    assert f'id="street-{group}"' in client.get(address(owner)).content.decode()
    change(client, owner, group=group, act="fields", postal_code="12345")
    assert BillingGroup.objects.get().postal_code == "12345"


def test_purchase_orders_by_day(owner: Customer) -> None:
    client, group = as_person("clara"), f"{owner.customer_id}-01"
    order = {"group": group, "act": "add_order", "number": "PO-1", "first_day": "2020-10-01", "last_day": "2020-12-31"}
    status, page = change(client, owner, **order)
    assert (status, "Dec 31, 2020" in page) == (200, True)
    assert PurchaseOrder.objects.get().valid_until == date(2021, 1, 1), "the last day is included"
    for more, words in (
        ({}, "Purchase order PO-1 is valid on some of these days"), ({"first_day": "tomorrow"}, "Enter a day as year-month-day."),
        ({"last_day": "2020-01-01"}, "cannot end before it begins"), ({"number": ""}, "needs a number"),
    ):  # fmt: skip
        status, page = change(client, owner, **{**order, **more})
        assert (status, words in page) == (422, True), words
    assert change(client, owner, **{**order, "number": "PO-2", "first_day": "2021-01-01", "last_day": ""})[0] == 200
    page = change(client, owner, group=group, act="end_order", number="PO-1", first_day="2020-10-01")[1]
    assert "Oct 2, 2020" in page, "today is its last day"
    change(client, owner, group=group, act="end_order", number="PO-2", first_day="2021-01-01")
    assert [(o.number, o.valid_until) for o in PurchaseOrder.objects.all()] == [("PO-1", date(2020, 10, 3))]
    status, page = change(client, owner, group=group, act="end_order", number="PO-2", first_day="2021-01-01")
    assert (status, "There is no purchase order PO-2" in page) == (422, True)


def mandate(client: Client, owner: Customer, **sent: str) -> tuple[int, str]:
    answer = client.post(f"{address(owner)}mandate/", sent)
    if answer.status_code == 302:
        answer = client.get(answer.headers["Location"])
    return answer.status_code, answer.content.decode()


ENTERED = {
    "act": "enter", "reference": "M-1", "holder": "Eva <b>", "iban": "NL91 ABNA 0417 1643 00", "bic": "",
    "signed_on": "2020-09-01",
}  # fmt: skip


def test_a_mandate_is_entered_shown_by_the_end_of_its_account_and_revoked(owner: Customer) -> None:
    client = as_person("clara")
    status, page = mandate(client, owner, **ENTERED)
    assert status == 200 and 'role="status">Saved.' in page and "•••• 4300" in page and "Eva &lt;b&gt;" in page
    assert "NL91ABNA0417164300" not in page
    for more, words in (
        ({}, "Mandate M-1 was entered before"), ({"iban": "NL91"}, "“NL91” is no IBAN"), ({"bic": "X"}, "“X” is no BIC"),
        ({"holder": ""}, "needs the holder"), ({"reference": ""}, "at most 35 letters"),
        ({"signed_on": "soon"}, "the signature as year-month-day"), ({"signed_on": "2999-01-01"}, "still to come"),
    ):  # fmt: skip
        status, page = mandate(client, owner, **{**ENTERED, "reference": "M-2" if more else "M-1", **more})
        assert (status, words in page) == (422, True), words
        assert ENTERED["iban"] in page or "iban" in more, "what was entered is there to be corrected"
    assert mandate(client, owner, act="revoke", reference="M-7")[0] == 422
    status, page = mandate(client, owner, act="revoke", reference="M-1")
    assert status == 200 and "revoked" in page and Mandate.objects.get().is_revoked
    client.post("/language/", {"language": "de", "next": "/"})
    assert "keine IBAN" in mandate(client, owner, **{**ENTERED, "reference": "M-3", "iban": "1"})[1]


def test_who_may_enter_a_mandate(owner: Customer) -> None:
    for name, status in (("otto", 403), ("bert", 403), ("oscar", 404), ("master", 403)):
        assert mandate(as_person(name), owner, **ENTERED)[0] == status, name
        assert mandate(as_person(name), owner, act="revoke", reference="M-1")[0] == status, name
    assert Mandate.objects.count() == 0
    assert as_person("clara").get(f"{address(owner)}mandate/").status_code == 405
    assert Client().post(f"{address(owner)}mandate/", ENTERED).status_code == 302


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Kann heute eine E-Rechnung empfangen"), ("nl", "Kan vandaag"), ("ru", "Уже сегодня")],
)
def test_the_page_speaks_the_readers_language(owner: Customer, language: str, words: str) -> None:
    BillingGroup.objects.update(einvoice_choice="factur-x")
    client = as_person("clara")
    client.post("/language/", {"language": language, "next": "/"})
    assert words in client.get(address(owner)).content.decode()
