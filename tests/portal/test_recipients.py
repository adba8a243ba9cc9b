"""Which files each recipient gets, chosen in the portal and in the office: one's own to see and change, nobody else's."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.parties.models import BillingGroup, BillingRecipient, Customer
from tests.office.test_pages import as_person, staff
from tests.portal.test_invoicing import as_role, group_of
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
PAGE = "/invoicing/recipients/"
AP, CFO = "ap@buyer.example", "o'neil+cfo@buyer.example"


@pytest.fixture
def owner() -> Customer:
    world = world_of.provider()
    found = world_of.customer(world)
    for role in ("MASTER", "FINANCE", "TECHNICAL", "ABUSE"):
        world_of.person(found, role)
    stranger = world_of.customer(world)
    world_of.person(stranger, "MASTER", "master@stranger.example")
    for name, role in (("clara", "clerk"), ("otto", "auditor"), ("bert", "approver")):
        staff(world, name, role)
    staff(world_of.provider("2600", "SG", "SGD"), "oscar", "clerk")
    BillingRecipient.objects.all().delete()
    for customer, emails in ((found, (AP, CFO)), (stranger, ("ap@stranger.example",))):
        for email in emails:
            group_of(customer).recipients.create(email=email)
    return found


def sent(owner: Customer, *ticked: str, emails: tuple[str, ...] = (AP, CFO)) -> dict[str, object]:
    return {"group": group_of(owner).group_id, "recipient": list(emails), "files": list(ticked)}


def chosen(owner: Customer) -> dict[str, str]:
    return dict(group_of(owner).recipients.values_list("email", "attachments"))


def boxes(page: str) -> dict[str, bool]:
    found = re.findall(r'<input type="checkbox"[^>]*value="([^"]*)"([^>]*)>', page)
    return {value.replace("&#x27;", "'"): "checked" in rest for value, rest in found}


def test_roles_and_strangers(owner: Customer) -> None:
    for role, status in (("MASTER", 200), ("FINANCE", 200), ("TECHNICAL", 403), ("ABUSE", 403)):
        client = as_role(owner, role)
        assert client.get(PAGE).status_code == status, role
        answer = client.post(PAGE, sent(owner, f"csv {AP}"))
        assert answer.status_code == (302 if status == 200 else 403), role
    stranger = Customer.objects.exclude(pk=owner.pk).get()
    client = as_role(stranger, "MASTER")
    assert client.post(PAGE, sent(owner, f"pdf {AP}")).status_code == 404
    page = client.get(PAGE).content.decode()
    assert "ap@stranger.example" in page and AP not in page
    assert chosen(owner) == {AP: "csv", CFO: ""}
    assert chosen(stranger) == {"ap@stranger.example": ""}
    assert Client().get(PAGE).status_code == 302


def test_each_recipient_has_a_choice_of_its_own(owner: Customer) -> None:
    client = as_role(owner, "FINANCE")
    answer = client.post(PAGE, sent(owner, f"csv {AP}", f"pdf {AP}", f"einvoice {CFO}"))
    group_id = group_of(owner).group_id
    assert answer.headers["Location"] == f"{PAGE}?saved={group_id}#group-{group_id}"
    assert chosen(owner) == {AP: "pdf csv", CFO: "einvoice"}
    page = client.get(answer.headers["Location"]).content.decode()
    assert 'role="status">Saved.' in page
    assert boxes(page) == {
        f"pdf {AP}": True, f"einvoice {AP}": False, f"csv {AP}": True,
        f"pdf {CFO}": False, f"einvoice {CFO}": True, f"csv {CFO}": False,
    }  # fmt: skip
    client.post(PAGE, sent(owner, f"einvoice {CFO}", f"word {AP}", "pdf nobody@buyer.example"))
    assert chosen(owner) == {AP: "", CFO: "einvoice"}, "nothing ticked is what suits"
    assert HistoryEntry.objects.filter(verb="choose_attachments").count() == 3, "what stands is not noted again"


@pytest.mark.parametrize(
    ("choice", "attachments", "words"),
    [
        ("none", "", "PDF"),
        ("none", "einvoice", "PDF"),
        ("factur-x", "", "PDF with the e-invoice inside"),
        ("peppol", "", "PDF, E-invoice"),
        ("peppol", "einvoice csv", "E-invoice, Lines as CSV"),
    ],
)
def test_the_page_says_what_the_next_mail_brings(owner: Customer, choice: str, attachments: str, words: str) -> None:
    BillingGroup.objects.update(einvoice_choice=choice)
    BillingRecipient.objects.update(attachments=attachments)
    page = as_role(owner, "FINANCE").get(PAGE).content.decode()
    assert page.count(f"With the next mail: {words}</p>") == 2
    assert ("gets no e-invoice" in page) is (choice == "none")


def test_a_recipient_who_is_gone_changes_nothing(owner: Customer) -> None:
    group_of(owner).recipients.get(email=CFO).delete()
    answer = as_role(owner, "FINANCE").post(PAGE, sent(owner, f"csv {AP}"))
    assert answer.status_code == 422
    assert "nothing was changed" in answer.content.decode()
    assert chosen(owner) == {AP: ""}
    BillingRecipient.objects.all().delete()
    assert "Nobody gets the documents" in as_role(owner, "FINANCE").get(PAGE).content.decode()


def test_in_the_office(owner: Customer) -> None:
    page_of = f"/office/customers/{owner.customer_id}/recipients/"
    for name, sees, changes in (("clara", 200, 302), ("otto", 200, 403), ("bert", 200, 403), ("oscar", 404, 404)):
        client = as_person(name)
        page = client.get(page_of)
        assert page.status_code == sees, name
        assert ("<button>Save" in page.content.decode()) is (changes == 302), name
        assert (" disabled" in page.content.decode()) is (sees == 200 and changes != 302), name
        assert client.post(f"{page_of}change/", sent(owner, f"csv {AP}")).status_code == changes, name
    assert chosen(owner) == {AP: "csv", CFO: ""}
    entry = HistoryEntry.objects.get(verb="choose_attachments")
    assert (entry.customer_id, entry.detail) == (owner.customer_id, {"before": "", "after": "csv"})
    other = Customer.objects.exclude(pk=owner.pk).filter(sales_organisation=owner.sales_organisation).get()
    client = as_person("clara")
    assert client.post(f"{page_of}change/", {**sent(other), "recipient": "ap@stranger.example"}).status_code == 404
    assert client.post(f"{page_of}change/", sent(owner, emails=("gone@buyer.example",))).status_code == 422
    assert client.get(f"{page_of}change/").status_code == 405
    assert f'href="{page_of}"' in client.get(f"/office/customers/{owner.customer_id}/").content.decode()


def test_as_many_queries_for_thirty_recipients_as_for_two(owner: Customer) -> None:
    client, counts = as_role(owner, "FINANCE"), []
    client.get(PAGE)
    for more in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(PAGE).status_code == 200
        counts.append(len(queries))
        for number in range(14):
            group_of(owner).recipients.create(email=f"r{more}-{number}@buyer.example")
    assert counts[0] == counts[1]
