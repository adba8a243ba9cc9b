"""What e-invoices need of customers and sellers: checked when it is stored, frozen into the bill, missing said in words."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rackbill.core.document import Document
from rackbill.domain.billing import operations as billing
from rackbill.domain.documents import queries as documents
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import CustomerScope, StaffScope, WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties import invariants
from rackbill.domain.parties.errors import (
    BillingGroupNotFound,
    CustomerNotFound,
    EinvoiceDataRefused,
    SalesOrganisationNotFound,
)
from rackbill.domain.parties.models import BillingGroup, Customer, SalesOrganisation, SellerTaxNumber
from rackbill.domain.parties.operations import einvoices as operations
from rackbill.domain.parties.policy import addresses
from rackbill.domain.parties.policy import einvoices as policy
from rackbill.domain.parties.policy.readiness import Readiness
from rackbill.domain.parties.queries import documents as party_documents
from rackbill.domain.parties.queries import einvoices
from rackbill.domain.receivables import queries as receivables
from rackbill.interfaces.jobs import bill_run, einvoice_check
from tests.world import provider as world_of

EVERYTHING = WholeInstallation()
NOW = datetime(2020, 10, 1, 6, tzinfo=UTC)
TODAY = NOW.date()
BUILT_IN = ("en16931-ubl", "en16931-cii", "factur-x")
LEITWEG_ID = "04011000-1234512345-06"


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("", ""), (" ", ""), (f"0204:{LEITWEG_ID}", f"0204:{LEITWEG_ID}"), ("0208: 0428.759.497", "0208:0428759497"),
        ("9930:136 695 976", "9930:DE136695976"), ("9930:DE136695976", "9930:DE136695976"), ("0195:T08GB0046G", "0195:T08GB0046G"),
        ("0195:sguenT08GB0046G", "0195:SGUENT08GB0046G"), ("0106:34999001", "0106:34999001"), ("0184:DK13585628", "0184:13585628"),
        ("em:ap@buyer.example", "EM:ap@buyer.example"), ("0088:4012345000009", "0088:4012345000009"),
        ("9933:EL094259216", "9933:EL094259216"), ("0203:any-thing", "0203:any-thing"),
    ],
)  # fmt: skip
def test_an_electronic_address_is_kept_in_the_form_of_its_register(entered: str, kept: str) -> None:
    assert addresses.checked_address(entered) == kept
    assert addresses.checked_address(kept) == kept, "what is kept stays as it is"


@pytest.mark.parametrize(
    ("entered", "code", "says"),
    [
        ("0123456789", "address_without_scheme", "has no scheme"), (":", "address_without_scheme", "has no scheme"), ("0208:", "address_without_scheme", "has no scheme"),
        ("7777:1", "address_scheme_unknown", "there is no scheme '7777'"), ("0204:04011000-1234512345-35", "address_wrong", "Leitweg-ID"),
        ("0208:0428759498", "address_wrong", "Enterprise number (BE)"), ("9930:DE136695977", "address_wrong", "VAT (DE)"),
        ("0106:123", "address_wrong", "KvK"), ("EM:nobody", "address_wrong", "E-mail"), ("0195:SGUEN1", "address_wrong", "UEN"),
        ("0203:two words\u00e9", "address_wrong", "eDelivery"),
    ],
)  # fmt: skip
def test_a_wrong_electronic_address_is_refused_by_name(entered: str, code: str, says: str) -> None:
    with pytest.raises(EinvoiceDataRefused, match=re.escape(says)) as refusal:
        addresses.checked_address(entered)
    assert refusal.value.code == code


def test_every_scheme_of_the_list_can_be_checked() -> None:
    schemes = addresses.address_schemes()
    assert len(schemes) == 104
    for scheme in schemes.values():
        with pytest.raises(EinvoiceDataRefused):
            addresses.checked_address(f"{scheme.code}:é é")


def test_registers_uens_and_links() -> None:
    assert [addresses.checked_company_scheme(text) for text in ("", " 0106 ", "0248")] == ["", "0106", "0248"]
    for wrong in ("0092", "0249", "0001", "106", "KvK"):
        with pytest.raises(EinvoiceDataRefused, match="no register of ISO 6523"):
            addresses.checked_company_scheme(wrong)
    assert [addresses.checked_uen(text) for text in ("", "t08gb0046g")] == ["", "T08GB0046G"]
    with pytest.raises(EinvoiceDataRefused, match="is no UEN"):
        addresses.checked_uen("T08GB0046X")
    assert addresses.checked_url("https://my.example/invoices") == "https://my.example/invoices/"
    assert addresses.checked_url("https://my.example/?n=") == "https://my.example/?n="
    for wrong in ("my.example", "ftp://my.example/", "https://", "http://[x", "https://my.example/a b"):
        with pytest.raises(EinvoiceDataRefused, match="no address of a portal"):
            addresses.checked_url(wrong)


@pytest.mark.parametrize(
    ("seller", "buyer", "kind", "on", "duty", "profile"),
    [
        ("BE", "BE", "business", date(2025, 12, 31), "none", ""), ("BE", "BE", "business", date(2026, 1, 1), "mandatory", "peppol"),
        ("NL", "BE", "business", date(2026, 1, 1), "none", ""), ("BE", "BE", "consumer", date(2026, 1, 1), "none", ""),
        ("DE", "DE", "public", date(2020, 11, 26), "offered", ""), ("NL", "DE", "public", date(2020, 11, 27), "mandatory", "xrechnung"),
        ("DE", "DE", "business", date(2025, 1, 1), "default", "factur-x"), ("DE", "DE", "business", date(2027, 1, 1), "mandatory", "factur-x"),
        ("DE", "FR", "public", date(2021, 1, 1), "offered", ""), ("GB", "GB", "public", date(2021, 1, 1), "none", ""),
        ("SG", "SG", "business", date(2026, 1, 1), "offered", ""), ("SG", "SG", "business", date(2031, 4, 1), "mandatory", "pint-sg"),
        ("PL", "PL", "business", date(2026, 4, 1), "mandatory", ""), ("FR", "FR", "business", date(2026, 9, 1), "mandatory", "factur-x"),
        ("NL", "FR", "business", date(2030, 7, 1), "mandatory", "en16931-ubl"), ("NL", "NL", "business", date(2030, 7, 1), "none", ""),
        ("SG", "NL", "business", date(2030, 7, 1), "none", ""), ("DE", "DE", "business", date(2030, 7, 1), "mandatory", "factur-x"),
    ],
)  # fmt: skip
def test_the_country_pack_says_from_when_what_is_due(
    seller: str, buyer: str, kind: str, on: date, duty: str, profile: str
) -> None:
    assert policy.country_rule(seller, buyer, kind, on).duty == duty
    assert policy.profile_of("", seller, buyer, kind, on) == profile
    assert policy.profile_of("en16931-cii", seller, buyer, kind, on) == "en16931-cii", "a choice stands"
    assert policy.profile_of("none", seller, buyer, kind, on) == (profile if duty == "mandatory" else "")


def test_every_rule_has_a_source_and_a_limit_that_is_said() -> None:
    for rule in policy.country_rules():
        assert rule.source.startswith("http"), rule
        assert rule.profile in ("", *policy.PROFILES), rule
        assert rule.duty in ("mandatory", "default", "offered"), rule
        assert rule.kind in policy.KINDS, rule
        assert bool(rule.limit) == bool(rule.limit_text), rule
        assert rule.profile or rule.limit, "what is none of ours says what it is"


def test_none_cannot_be_chosen_against_the_law() -> None:
    law = policy.country_rule("BE", "BE", "business", date(2026, 1, 1))
    assert policy.checked_choice("en16931-ubl", law) == "en16931-ubl"
    with pytest.raises(EinvoiceDataRefused, match="demanded by law since 2026-01-01"):
        policy.checked_choice("none", law)
    with pytest.raises(EinvoiceDataRefused, match="no e-invoice profile 'fatturapa'"):
        policy.checked_choice("fatturapa", law)
    free = policy.country_rule("GB", "GB", "business", date(2026, 1, 1))
    assert policy.checked_choice("none", free) == "none"


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


def group_of(owner: Customer) -> str:
    return BillingGroup.objects.get(customer=owner).group_id


def change_group(owner: Customer, **fields: str) -> None:
    operations.change_billing_group(
        scope=EVERYTHING, group_id=group_of(owner), fields=fields, on=TODAY, now=NOW, actor=SYSTEM
    )


def change_seller(**fields: str) -> None:
    operations.change_sales_organisation(organisation_id="2100", fields=fields, now=NOW, actor=SYSTEM)


def store_text(name: str, text: str, **more: Any) -> None:
    given: dict[str, Any] = {"kind": "", "language": "en", "valid_from": date(2020, 1, 1), "valid_until": None, **more}
    operations.store_seller_text(organisation_id="2100", name=name, text=text, now=NOW, actor=SYSTEM, **given)


def add_order(owner: Customer, number: str, valid_from: date, valid_until: date | None = None) -> None:
    operations.add_purchase_order(
        scope=EVERYTHING, group_id=group_of(owner), number=number, valid_from=valid_from, valid_until=valid_until, now=NOW,
        actor=SYSTEM,
    )  # fmt: skip


def bill(through: date = date(2020, 11, 1), now: datetime = NOW) -> list[Document]:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    summary = bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=signer)
    assert not summary.parked
    return [documents.document(scope=EVERYTHING, number=number) for number in documents.numbers()]


@pytest.mark.django_db
def test_all_of_it_is_frozen_into_the_bill(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner)
    operations.change_customer(
        scope=EVERYTHING, customer_id=owner.customer_id, is_public_body=True, now=NOW, actor=SYSTEM,
        fields={"electronic_address": f"0204:{LEITWEG_ID}", "company_number": "HRB 7", "company_scheme": "0204"},
    )  # fmt: skip
    change_group(
        owner, contact_name="Eva Ernst", project_reference="P-7", buyer_reference="desk 3", einvoice_choice="factur-x"
    )
    add_order(owner, "PO-1", date(2020, 1, 1), date(2020, 10, 1))
    add_order(owner, "PO-2", date(2020, 10, 1))
    change_seller(
        electronic_address="9930:DE136695976", contact_name="Clara Clerk", company_scheme="0106",
        portal_url="https://my.example/invoices", paynow_uen="T08GB0046G",
    )  # fmt: skip
    store_text("thanks", "Thank you.")
    store_text("thanks", "This is a credit.", kind="credit_note")
    store_text("thanks", "Danke.", language="de")
    store_text("old", "Gone.", valid_until=date(2020, 10, 1))
    (invoice,) = bill()
    assert invoice.buyer.electronic_address == f"0204:{LEITWEG_ID}"
    assert (invoice.buyer.contact_name, invoice.buyer.company_scheme) == ("Eva Ernst", "0204")
    to = invoice.bill_to
    assert (to.project_reference, to.buyer_reference, to.po_number) == ("P-7", "desk 3", "PO-2")
    assert to.einvoice_profile == "factur-x"
    assert invoice.seller.electronic_address == "9930:DE136695976"
    assert (invoice.seller.contact_name, invoice.seller.company_scheme) == ("Clara Clerk", "0106")
    assert invoice.details_url == "https://my.example/invoices/"
    assert invoice.payment.paynow_uen == "", "PayNow pays Singapore dollars alone"
    assert invoice.texts == ("Thank you.",)
    assert list(invariants.violations()) == []


@pytest.mark.django_db
def test_a_credit_note_goes_where_the_customer_receives_now(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner)
    store_text("thanks", "Thank you.")
    store_text("thanks", "Sorry.", kind="credit_note")
    (invoice,) = bill()
    assert (invoice.bill_to.einvoice_profile, invoice.buyer.electronic_address) == ("", "")
    Customer.objects.update(name="Renamed")
    change_group(owner, electronic_address="EM:ap@buyer.example", einvoice_choice="en16931-ubl", buyer_reference="new")
    change_seller(contact_name="Clara Clerk", portal_url="https://my.example/")
    number = einvoice_check.credit_checked(
        credit=lambda checked: billing.credit_document(
            number=invoice.number, items=None, reason="too much", is_reissued=False, on=date(2020, 10, 9), now=NOW,
            actor=SYSTEM, checked=checked,
        )
    )  # fmt: skip
    credit = documents.document(scope=EVERYTHING, number=number)
    assert (credit.buyer.name, credit.bill_to.buyer_reference) == (invoice.buyer.name, ""), "who bought stays"
    assert (credit.bill_to.einvoice_profile, credit.buyer.electronic_address) == ("en16931-ubl", "EM:ap@buyer.example")
    assert (credit.seller.contact_name, credit.details_url) == ("Clara Clerk", "https://my.example/")
    assert credit.texts == ("Sorry.",)


@pytest.mark.django_db
def test_texts_by_kind_language_and_day(world: world_of.Provider) -> None:
    store_text("a", "any kind")
    store_text("a", "invoices", kind="invoice")
    store_text("a", "alle Arten", language="de")
    store_text("b", "newer", valid_from=date(2020, 9, 1))
    store_text("b", "older", valid_from=date(2020, 2, 1))
    store_text("c", "nur deutsch", language="de")
    found = party_documents.seller_texts(organisation_id="2100", on=TODAY)
    assert found.of("invoice", "en") == ("invoices", "newer")
    assert found.of("quote", "en") == ("any kind", "newer")
    assert found.of("invoice", "de") == ("alle Arten", "newer", "nur deutsch"), "the language goes before the kind"
    assert found.of("invoice", "ja") == ("invoices", "newer"), "English is the last resort"
    assert found.canonical("quote", "en") == '["any kind","newer"]'
    before = party_documents.seller_texts(organisation_id="2100", on=date(2019, 12, 31))
    assert (before.of("invoice", "en"), before.canonical("invoice", "en")) == ((), "")
    assert len(party_documents.seller_text_rows(organisation_id="2100")) == 6
    for wrong, says in (
        ({"kind": "bill"}, "no kind of document"),
        ({"valid_until": date(2020, 1, 1)}, "before it begins"),
    ):
        with pytest.raises(EinvoiceDataRefused, match=says):
            store_text("x", "words", **wrong)
    for name, text in (("", "words"), ("x", " "), ("x", "w" * 1001)):
        with pytest.raises(EinvoiceDataRefused, match="between 1 and 1000"):
            store_text(name, text)


@pytest.mark.django_db
def test_purchase_orders_follow_each_other(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    add_order(owner, "A", date(2020, 1, 1))
    add_order(owner, "B", date(2020, 5, 1), date(2020, 9, 1))
    for start, end in ((date(2020, 8, 1), None), (date(2020, 1, 1), None), (date(2019, 1, 1), date(2020, 1, 2))):
        with pytest.raises(EinvoiceDataRefused, match="is valid from"):
            add_order(owner, "C", start, end)
    with pytest.raises(EinvoiceDataRefused, match="before it begins"):
        add_order(owner, "C", date(2021, 1, 1), date(2021, 1, 1))
    for number in (" ", "n" * 61):
        with pytest.raises(EinvoiceDataRefused, match="needs a number"):
            add_order(owner, number, date(2021, 1, 1))
    (data,) = einvoices.customer_data(scope=EVERYTHING, customer_id=owner.customer_id, on=TODAY).groups
    assert [(o.number, o.valid_from, o.valid_until) for o in data.orders] == [
        ("A", date(2020, 1, 1), date(2020, 5, 1)), ("B", date(2020, 5, 1), date(2020, 9, 1)),
    ]  # fmt: skip
    add_order(owner, "D", date(2021, 1, 1))
    group_id = group_of(owner)
    for number, ends_on in (("D", date(2021, 1, 1)), ("B", date(2020, 6, 1))):
        operations.end_purchase_order(
            scope=EVERYTHING, group_id=group_id, number=number, ends_on=ends_on, now=NOW, actor=SYSTEM
        )
    with pytest.raises(EinvoiceDataRefused, match="no purchase order D"):
        operations.end_purchase_order(
            scope=EVERYTHING, group_id=group_id, number="D", ends_on=TODAY, now=NOW, actor=SYSTEM
        )
    (data,) = einvoices.customer_data(scope=EVERYTHING, customer_id=owner.customer_id, on=TODAY).groups
    assert [(o.number, o.valid_until) for o in data.orders] == [("A", date(2020, 5, 1)), ("B", date(2020, 6, 1))]


@pytest.mark.django_db
def test_invariants_see_what_was_written_by_hand(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    group = BillingGroup.objects.get(customer=owner)
    group.purchase_orders.create(number="A", valid_from=date(2020, 1, 1))
    group.purchase_orders.create(number="B", valid_from=date(2020, 2, 1))
    BillingGroup.objects.update(electronic_address="0208:1", einvoice_choice="paper")
    found = list(invariants.violations())
    assert [f"billing group {group.group_id} has two purchase orders from 2020-02-01"] == found[:1]
    assert "0208:1, which is none" in found[1]
    assert found[2] == f"billing group {group.group_id} has chosen an e-invoice that there is not"
    assert len(found) == 3


@pytest.mark.django_db
def test_another_customers_group_does_not_exist(world: world_of.Provider) -> None:
    owner, other = world_of.customer(world), world_of.customer(world)
    scope = CustomerScope(other.pk, other.customer_id)
    changes: dict[str, Any] = {"group_id": group_of(owner), "now": NOW, "actor": SYSTEM}
    for who in (scope, StaffScope(frozenset({"2600"}))):
        with pytest.raises(BillingGroupNotFound):
            operations.change_billing_group(scope=who, fields={"buyer_reference": "x"}, on=TODAY, **changes)
        with pytest.raises(BillingGroupNotFound):
            operations.add_purchase_order(scope=who, number="x", valid_from=TODAY, valid_until=None, **changes)
        with pytest.raises(BillingGroupNotFound):
            operations.end_purchase_order(scope=who, number="x", ends_on=TODAY, **changes)
        with pytest.raises(CustomerNotFound):
            operations.change_customer(scope=who, customer_id=owner.customer_id, fields={}, now=NOW, actor=SYSTEM)
        with pytest.raises(CustomerNotFound):
            einvoices.customer_data(scope=who, customer_id=owner.customer_id, on=TODAY)
        with pytest.raises(CustomerNotFound):
            ready(owner, scope=who)
    with pytest.raises(SalesOrganisationNotFound):
        operations.change_sales_organisation(organisation_id="9999", fields={}, now=NOW, actor=SYSTEM)


@pytest.mark.django_db
def test_changes_stand_in_history_and_nothing_does_not(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    change_group(owner, contact_name=" Eva Ernst ", einvoice_choice="factur-x")
    change_group(owner, contact_name="Eva Ernst", einvoice_choice="factur-x")
    (entry,) = HistoryEntry.objects.filter(verb="change_billing_group")
    assert (entry.customer_id, entry.detail) == (owner.customer_id, {"fields": ["contact_name", "einvoice_choice"]})
    for fields, says in (
        ({"language": "de"}, "cannot be set here"), ({"contact_name": "n" * 121}, "at most 120"), ({"einvoice_choice": "x"}, "no e-invoice"),
    ):  # fmt: skip
        with pytest.raises(EinvoiceDataRefused, match=says):
            change_group(owner, **fields)
    for name in ("name", "street", "city"):
        with pytest.raises(EinvoiceDataRefused, match=f"needs a {name}"):
            change_customer(owner, **{name: " "})


def change_customer(owner: Customer, **fields: str) -> None:
    operations.change_customer(scope=EVERYTHING, customer_id=owner.customer_id, fields=fields, now=NOW, actor=SYSTEM)


@pytest.mark.django_db
def test_a_tax_id_is_one_that_was_checked(world: world_of.Provider) -> None:
    owner, unchecked = world_of.customer(world, country="BE", tax_id="BE0428759497"), world_of.customer(world)
    for wrong in ("", "BE0403170701"):
        with pytest.raises(EinvoiceDataRefused, match="was not checked, and the tax rests on BE0428759497"):
            change_customer(owner, tax_id=wrong)
    change_customer(owner, tax_id="BE 0428.759.497 ")
    change_customer(unchecked, tax_id="DE136695976")
    assert list(Customer.objects.order_by("pk").values_list("tax_id", flat=True)) == ["BE 0428.759.497", "DE136695976"]


@pytest.mark.django_db
def test_a_customer_changes_no_more_than_its_own(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    scope = CustomerScope(owner.pk, owner.customer_id)
    about: dict[str, Any] = {"scope": scope, "group_id": group_of(owner), "on": TODAY, "now": NOW, "actor": SYSTEM}
    operations.change_billing_group(fields={"buyer_reference": "mine", "einvoice_choice": "factur-x"}, **about)
    for name in ("addressee", "street"):
        with pytest.raises(EinvoiceDataRefused, match="not for the customer to change"):
            operations.change_billing_group(fields={name: "x"}, **about)


def ready(
    owner: Customer, *, on: date = TODAY, imported: tuple[str, ...] = BUILT_IN, scope: Any = EVERYTHING
) -> Readiness:
    (found,) = einvoices.einvoice_readiness(
        scope=scope, customer_id=owner.customer_id, on=on, imported=imported, mandates=receivables.mandates
    )
    return found


@pytest.mark.django_db
def test_a_customer_without_wish_and_duty_gets_none_and_lacks_nothing(world: world_of.Provider) -> None:
    found = ready(world_of.customer(world))
    assert (found.profile, found.is_ready, found.gaps, found.is_beyond) == ("", False, (), False)


@pytest.mark.django_db
def test_what_each_profile_lacks_is_said_with_term_and_rule(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    change_group(owner, einvoice_choice="factur-x")
    assert ready(owner).is_ready
    assert [gap.code for gap in ready(owner, imported=()).gaps] == ["rules_missing"]
    change_group(owner, einvoice_choice="peppol")
    found = ready(owner)
    assert [(gap.code, gap.term, gap.rule, gap.side) for gap in found.gaps] == [
        ("buyer_address", "BT-49", "PEPPOL-EN16931-R010", "buyer"), ("seller_address", "BT-34", "PEPPOL-EN16931-R020", "seller"),
        ("seller_contact", "BT-41", "DE-R-005", "seller"), ("seller_city", "BT-38", "DE-R-004", "seller"),
        ("buyer_city", "BT-53", "DE-R-009", "buyer"), ("rules_missing", "", "", "rules"),
    ], "both are Germans"  # fmt: skip
    assert "has no electronic address; enter it as SCHEME:ID" in found.gaps[0].sentence
    assert "rackbill einvoice-rules import DIR --profile peppol" in found.gaps[-1].sentence
    change_seller(contact_name="Clara Clerk")
    SalesOrganisation.objects.update(postal_code="60308")
    Customer.objects.update(postal_code="28195")
    change_group(owner, electronic_address="EM:ap@buyer.example")
    change_seller(electronic_address="EM:billing@meridian.example")
    assert [gap.code for gap in ready(owner).gaps] == ["buyer_mail_address", "seller_mail_address", "rules_missing"]
    change_group(owner, electronic_address="0208:0428759497")
    change_seller(electronic_address="9930:DE136695976")
    assert ready(owner, imported=(*BUILT_IN, "peppol")).is_ready


@pytest.mark.django_db
def test_a_german_public_body(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    Customer.objects.update(email="")
    operations.change_customer(
        scope=EVERYTHING, customer_id=owner.customer_id, fields={}, is_public_body=True, now=NOW, actor=SYSTEM
    )
    assert ready(owner).profile == "", "before the law"
    change_seller(billing_phone="", billing_email="")
    found = ready(owner, on=date(2020, 11, 27))
    assert (found.profile, found.rule.duty) == ("xrechnung", "mandatory")
    assert {(gap.code, gap.term, gap.rule) for gap in found.gaps} == {
        ("buyer_address", "BT-49", "PEPPOL-EN16931-R010"), ("seller_address", "BT-34", "PEPPOL-EN16931-R020"),
        ("buyer_reference", "BT-10", "BR-DE-15"), ("seller_contact", "BT-41", "BR-DE-5"), ("seller_phone", "BT-42", "BR-DE-6"),
        ("seller_email", "BT-43", "BR-DE-7"), ("seller_city", "BT-38", "BR-DE-4"), ("buyer_city", "BT-53", "BR-DE-9"),
        ("rules_missing", "", ""),
    }  # fmt: skip
    change_seller(billing_phone="+49 69 1", billing_email="billing@meridian.example", contact_name="Clara Clerk")
    change_group(owner, electronic_address=f"0204:{LEITWEG_ID}")
    SalesOrganisation.objects.update(postal_code="60308")
    Customer.objects.update(postal_code="28195")
    assert ready(owner, on=date(2020, 11, 27), imported=("xrechnung",)).is_ready, (
        "the Leitweg-ID is the buyer reference"
    )
    change_group(owner, electronic_address="9930:DE136695976", po_number="PO-4711")
    assert [gap.code for gap in ready(owner, on=date(2020, 11, 27), imported=("xrechnung",)).gaps] == [
        "buyer_reference"
    ]
    operations.change_customer(
        scope=EVERYTHING, customer_id=owner.customer_id, fields={}, is_public_body=False, now=NOW, actor=SYSTEM
    )
    change_group(owner, einvoice_choice="xrechnung")
    assert ready(owner, imported=("xrechnung",)).is_ready, "a business reads its order number there"
    operations.change_customer(
        scope=EVERYTHING, customer_id=owner.customer_id, fields={}, is_public_body=True, now=NOW, actor=SYSTEM
    )
    change_group(owner, einvoice_choice="", buyer_reference="991-03730-19", po_number="")
    world.organisation.bank_accounts.all().delete()
    assert [gap.rule for gap in ready(owner, on=date(2020, 11, 27), imported=("xrechnung",)).gaps] == ["BR-DE-1"]


@pytest.mark.django_db
def test_reverse_charge_needs_the_vat_id_of_both(world: world_of.Provider) -> None:
    owner = world_of.customer(world, country="BE", tax_id="BE0428759497")
    change_group(owner, einvoice_choice="en16931-ubl")
    assert ready(owner).is_ready
    Customer.objects.update(tax_id="")
    SellerTaxNumber.objects.all().delete()
    assert [(gap.term, gap.rule) for gap in ready(owner).gaps] == [("BT-48", "BR-AE-02"), ("BT-31", "BR-AE-02")]


@pytest.mark.django_db
def test_singapore(world: world_of.Provider) -> None:
    asia = world_of.provider("2600", "SG", "SGD")
    owner = world_of.customer(asia, country="SG")
    (found,) = einvoices.einvoice_readiness(
        scope=EVERYTHING, customer_id=owner.customer_id, on=TODAY, imported=("pint-sg",), mandates=receivables.mandates
    )
    assert [(gap.code, gap.blocks) for gap in found.gaps] == [("paynow", False)]
    BillingGroup.objects.update(einvoice_choice="pint-sg")
    SalesOrganisation.objects.filter(organisation_id="2600").update(company_number="", paynow_uen="T08GB0046G")
    (found,) = einvoices.einvoice_readiness(
        scope=EVERYTHING, customer_id=owner.customer_id, on=TODAY, imported=("pint-sg",), mandates=receivables.mandates
    )
    assert [(gap.term, gap.rule) for gap in found.gaps] == [
        ("BT-49", "PEPPOL-EN16931-R010"), ("BT-34", "PEPPOL-EN16931-R020"), ("BT-31", "BR-105-GST-SG"), ("BT-30", "BR-112-GST-SG"),
        ("BT-35", "BR-106-GST-SG"), ("BT-50", "BR-107-GST-SG"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_what_is_none_of_ours_is_said_plainly(world: world_of.Provider) -> None:
    owner = world_of.customer(world_of.provider("2700", "PL"), country="PL")
    found = ready(owner, on=date(2026, 4, 1))
    assert (found.profile, found.is_ready, found.is_beyond) == ("", False, True)
    assert "KSeF" in found.rule.limit_text


@pytest.mark.django_db
def test_the_unready_of_a_seller(world: world_of.Provider) -> None:
    owner, other = world_of.customer(world), world_of.customer(world)
    about: dict[str, Any] = {
        "scope": EVERYTHING, "organisation_id": "2100", "on": TODAY, "imported": BUILT_IN, "mandates": receivables.mandates
    }  # fmt: skip
    assert einvoices.unready_customers(**about) == []
    change_group(owner, einvoice_choice="peppol")
    change_group(other, einvoice_choice="factur-x")
    add_order(owner, "A", date(2020, 1, 1), date(2020, 9, 1))
    ((customer_id, found),) = einvoices.unready_customers(**about)
    assert (customer_id, found.gaps[-1].code) == (owner.customer_id, "purchase_order_ended")


@pytest.mark.django_db
def test_the_unready_of_thirty_customers_cost_as_many_queries_as_of_three(world: world_of.Provider) -> None:
    """Each of them has checked tax numbers, purchase orders and two billing groups, so that every read has rows."""
    counts = {}
    for count in (3, 30):
        while Customer.objects.count() < count:
            owner = world_of.customer(world, country="NL", tax_id="NL004495445B01")
            add_order(owner, "A", date(2020, 1, 1), date(2020, 9, 1))
            owner.billing_groups.create(group_id=f"{owner.customer_id}-02", language="nl", payment_days=30)
            owner.billing_groups.update(einvoice_choice="peppol")
        with CaptureQueriesContext(connection) as queries:
            found = einvoices.unready_customers(
                scope=EVERYTHING, organisation_id="2100", on=TODAY, imported=BUILT_IN, mandates=receivables.mandates
            )
        assert len(found) == 2 * count
        counts[count] = len(queries)
    assert counts[3] == counts[30]
    for customer_id, one in found:
        alone = einvoices.einvoice_readiness(
            scope=EVERYTHING, customer_id=customer_id, on=TODAY, imported=BUILT_IN, mandates=receivables.mandates
        )
        assert one in alone, "what is found for many is what is found for one"


@pytest.mark.django_db
def test_customers_are_found_by_id_legacy_id_and_name(world: world_of.Provider) -> None:
    owner = world_of.customer(world, name="Zürich & Söhne")
    world_of.customer(world)
    for search in (owner.customer_id, owner.legacy_id.lower(), "& söhne"):
        page = einvoices.customer_list(scope=EVERYTHING, search=search, limit=10)
        assert [row.name for row in page.rows] == ["Zürich & Söhne"], search
    assert einvoices.customer_list(scope=StaffScope(frozenset({"2600"})), limit=10).total_count == 0
    assert einvoices.customer_list(scope=StaffScope(frozenset({"2100"})), limit=1).total_count == 2
