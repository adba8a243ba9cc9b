"""Invoicing details in the portal: the customer's own to see and change, and nobody else's."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rackbill.domain.parties.models import BillingGroup, Customer
from rackbill.domain.parties.policy import einvoices as policy
from rackbill.interfaces.portal import einvoice_words
from tests.office.test_pages import as_person, staff
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Customer:
    world = world_of.provider()
    found = world_of.customer(world, name="Café 𓀀")
    for role in ("MASTER", "FINANCE", "TECHNICAL", "ABUSE"):
        world_of.person(found, role)
    world_of.person(world_of.customer(world), "MASTER", "master@stranger.example")
    return found


def as_role(owner: Customer, role: str) -> Client:
    client = Client()
    user = owner.memberships.get(role=role).user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def group_of(owner: Customer) -> BillingGroup:
    return BillingGroup.objects.get(customer=owner)


def test_roles_and_strangers(owner: Customer) -> None:
    sent = {"group": group_of(owner).group_id, "act": "fields", "buyer_reference": "mine"}
    for role, status in (("MASTER", 200), ("FINANCE", 200), ("TECHNICAL", 403), ("ABUSE", 403)):
        client = as_role(owner, role)
        page = client.get("/invoicing/")
        assert page.status_code == status, role
        assert ('href="/invoicing/"' in page.content.decode()) is (status == 200), role
        assert client.post("/invoicing/", sent).status_code == (302 if status == 200 else 403), role
    stranger = Customer.objects.exclude(pk=owner.pk).get()
    assert as_role(stranger, "MASTER").post("/invoicing/", {**sent, "buyer_reference": "theirs"}).status_code == 404
    assert group_of(owner).group_id not in as_role(stranger, "MASTER").get("/invoicing/").content.decode()
    assert group_of(owner).buyer_reference == "mine"


def test_only_their_own_fields(owner: Customer) -> None:
    group = group_of(owner)
    answer = as_role(owner, "FINANCE").post(
        "/invoicing/",
        {
            "group": group.group_id, "act": "fields", "electronic_address": "0204:04011000-1234512345-06", "addressee": "Somebody Else",
            "po_number": "4500", "einvoice_choice": "factur-x", "name": "Somebody Else", "language": "de",
        },
    )  # fmt: skip
    assert answer.headers["Location"] == f"/invoicing/?saved={group.group_id}#group-{group.group_id}"
    row = group_of(owner)
    assert (row.electronic_address, row.po_number, row.einvoice_choice) == (
        "0204:04011000-1234512345-06",
        "4500",
        "factur-x",
    )
    assert (row.addressee, row.language, row.customer.name) == ("", "en", "Café 𓀀")


def test_what_is_theirs_to_mend_is_listed_and_the_rest_is_not(owner: Customer) -> None:
    BillingGroup.objects.filter(customer=owner).update(einvoice_choice="peppol")
    page = as_role(owner, "FINANCE").get("/invoicing/").content.decode()
    assert "Cannot receive an e-invoice yet: Peppol BIS Billing 3" in page
    assert "The electronic address is missing." in page
    assert "The rest is up to us" in page
    assert "einvoice-rules" not in page
    assert "sales organisation" not in page
    assert "no document font has: 𓀀. Documents print “Café ?”" in page


def test_a_refusal_keeps_what_was_entered(owner: Customer) -> None:
    group = group_of(owner)
    answer = as_role(owner, "FINANCE").post("/invoicing/", {"group": group.group_id, "electronic_address": "nowhere"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "“nowhere” has no scheme" in page
    assert 'value="nowhere"' in page


def test_as_many_queries_for_thirty_billing_groups_as_for_three(owner: Customer) -> None:
    staff(world_of.Provider(owner.sales_organisation, count=50), "clara", "clerk")
    pages = (
        (as_role(owner, "FINANCE"), "/invoicing/"), (as_role(owner, "FINANCE"), "/invoicing/recipients/"),
        (as_person("clara"), f"/office/customers/{owner.customer_id}/"),
        (as_person("clara"), f"/office/customers/{owner.customer_id}/recipients/"),
    )  # fmt: skip
    counts: dict[str, list[int]] = {}
    for count in (3, 30):
        for number in range(owner.billing_groups.count() + 1, count + 1):
            group = owner.billing_groups.create(
                group_id=f"{owner.customer_id}-{number:02d}", language="en", payment_days=14, einvoice_choice="peppol"
            )
            group.recipients.create(email=f"ap{number}@buyer.example")
            group.purchase_orders.create(number="A", valid_from="2020-01-01", valid_until="2020-09-01")
        for client, address in pages:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                page = client.get(address).content.decode()
            assert page.count('<section class="group"') >= count
            counts.setdefault(address, []).append(len(queries))
    assert {address: few for address, (few, many) in counts.items() if few != many} == {}


def test_what_may_be_chosen_follows_law_and_rules() -> None:
    from datetime import date

    free = policy.country_rule("NL", "NL", "business", date(2026, 1, 1))
    law = policy.country_rule("DE", "DE", "business", date(2027, 1, 1))
    imported = frozenset({"factur-x", "en16931-ubl"})
    assert [value for value, _words in einvoice_words.choices(free, imported)] == [
        "",
        "none",
        "en16931-ubl",
        "factur-x",
    ]
    values = einvoice_words.choices(law, imported)
    assert [value for value, _words in values] == ["", "en16931-ubl", "factur-x"], "none is against the law"
    assert str(values[0][1]) == "As the country says: Factur-X"
