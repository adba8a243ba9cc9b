"""Mandates: entered with a checked account, frozen on the invoices of their customer, revoked; what an e-invoice wants of them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from rackbill.core.document import document_from_canonical
from rackbill.core.party import DebitMandate
from rackbill.domain.billing.models import ParkedBill
from rackbill.domain.documents.models import Document
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import CustomerScope, StaffScope, WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.errors import CustomerNotFound, EinvoiceDataRefused, SalesOrganisationNotFound
from rackbill.domain.parties.models import Customer, SellerBankAccount
from rackbill.domain.parties.operations import einvoices as seller_data
from rackbill.domain.parties.queries import einvoices as readiness
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries
from rackbill.domain.receivables.errors import MandateRefused
from rackbill.domain.receivables.models import Mandate
from rackbill.formats.einvoice import write_einvoice
from rackbill.formats.einvoice_reading import read_einvoice
from rackbill.interfaces.jobs import bill_run, einvoice_check
from rackbill.interfaces.jobs import einvoice_rules as installed
from tests.world import einvoices, rule_packs
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = datetime(2020, 10, 1, 6, tzinfo=UTC), datetime(2020, 11, 1, 6, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
EVERYTHING = WholeInstallation()
IBAN, OTHER_IBAN = "DE89370400440532013000", "NL91ABNA0417164300"
CREDITOR = "DE98ZZZ09999999999"
GOOD_VAT = "DE811907980"


def enter(owner: Customer, **changes: Any) -> None:
    values: dict[str, Any] = {
        "scope": EVERYTHING, "customer_id": owner.customer_id, "reference": "M-2020-77", "holder": "Buyer GmbH",
        "iban": "de89 3704 0044 0532 0130 00", "bic": "cobadeff", "signed_on": date(2020, 9, 1), "now": OCTOBER, "actor": SYSTEM,
    }  # fmt: skip
    receivables.enter_mandate(**{**values, **changes})


def revoke(owner: Customer, reference: str) -> None:
    receivables.revoke_mandate(
        scope=EVERYTHING, customer_id=owner.customer_id, reference=reference, now=OCTOBER, actor=SYSTEM
    )


def bill(now: datetime = OCTOBER, through: date = date(2020, 11, 1)) -> Any:
    return bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=SIGNER)


def frozen() -> list[str]:
    return [str(text) for text in Document.objects.order_by("pk").values_list("canonical", flat=True)]


@pytest.fixture
def owner() -> Customer:
    world = world_of.provider()
    found = world_of.customer(world, tax_id=GOOD_VAT)
    world_of.service(world, found)
    return found


def test_what_is_entered_is_kept_in_the_form_of_the_bank(owner: Customer) -> None:
    enter(owner)
    row = Mandate.objects.get()
    assert (row.mandate_reference, row.holder, row.iban, row.bic) == ("M-2020-77", "Buyer GmbH", IBAN, "COBADEFF")
    (shown,) = queries.customer_mandates(scope=EVERYTHING, customer_id=owner.customer_id)
    assert (shown.reference, shown.account_end, shown.is_revoked) == ("M-2020-77", "3000", False)
    entry = HistoryEntry.objects.get(verb="enter_mandate")
    assert IBAN not in json.dumps(entry.detail), "the account is kept where it can be erased"
    found = identifiers.target_id(scope=EVERYTHING, target_kind="mandate", text="m-2020-77")
    assert found == "M-2020-77", "a bank line that names it is understood"


def test_the_newest_in_force_is_debited(owner: Customer) -> None:
    enter(owner, reference="M-2", iban=OTHER_IBAN, signed_on=date(2020, 9, 20))
    enter(owner)
    assert queries.mandates(customer_keys=[owner.pk]) == {
        (owner.pk, "EUR"): DebitMandate(reference="M-2", account=OTHER_IBAN)
    }
    revoke(owner, "M-2")
    revoke(owner, "M-2")
    assert HistoryEntry.objects.filter(verb="revoke_mandate").count() == 1
    assert queries.mandates(customer_keys=[owner.pk])[owner.pk, "EUR"].reference == "M-2020-77"
    revoke(owner, "M-2020-77")
    assert queries.mandates(customer_keys=[owner.pk]) == {}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "wrong check digits": ({"iban": "DE89370400440532013001"}, "is no IBAN"),
    "no account": ({"iban": " "}, "a blank text is no IBAN"),
    "no reference": ({"reference": " "}, "at most 35"),
    "letters no bank takes": ({"reference": "М-7"}, "at most 35"),
    "too long a reference": ({"reference": "M" * 36}, "at most 35"),
    "no holder": ({"holder": ""}, "holder of the account"),
    "no BIC": ({"bic": "COBA"}, "is no BIC"),
    "not signed yet": ({"signed_on": date(2020, 10, 2)}, "still to come"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_right_is_refused(owner: Customer, case: str) -> None:
    changes, words = REFUSED[case]
    with pytest.raises(MandateRefused, match=words):
        enter(owner, **changes)
    assert Mandate.objects.count() == 0


def test_a_reference_is_given_once_and_revoked_by_its_customer_alone(owner: Customer) -> None:
    enter(owner)
    other = world_of.customer(world_of.Provider(owner.sales_organisation, count=10))
    with pytest.raises(MandateRefused, match="reference of its own"):
        enter(other, iban=OTHER_IBAN)
    with pytest.raises(MandateRefused, match="has no mandate M-2020-77"):
        revoke(other, "M-2020-77")
    strangers = (CustomerScope(other.pk, other.customer_id), StaffScope(frozenset({"2600"})))
    for scope in strangers:
        assert queries.customer_mandates(scope=scope, customer_id=owner.customer_id) == []
        with pytest.raises(CustomerNotFound):
            enter(owner, scope=scope, reference="M-3")
    assert Mandate.objects.get().is_revoked is False


def creditor_id(text: str, organisation_id: str = "2100") -> None:
    seller_data.change_creditor_id(organisation_id=organisation_id, creditor_id=text, now=OCTOBER, actor=SYSTEM)


def test_the_creditor_id_is_checked_by_its_digits(owner: Customer) -> None:
    creditor_id("de98 zzz 0999 9999 999")
    assert SellerBankAccount.objects.get(currency="EUR").creditor_id == CREDITOR
    creditor_id("DE98ABC09999999999")
    assert HistoryEntry.objects.filter(verb="change_creditor_id").count() == 2, "the business code is not checked"
    for wrong in ("DE99ZZZ09999999999", "98ZZZ09999999999", "DE98ZZZ"):
        with pytest.raises(EinvoiceDataRefused, match="no SEPA creditor identifier"):
            creditor_id(wrong)
    with pytest.raises(SalesOrganisationNotFound):
        creditor_id(CREDITOR, "9999")
    creditor_id("")
    assert SellerBankAccount.objects.get(currency="EUR").creditor_id == ""
    SellerBankAccount.objects.all().delete()
    with pytest.raises(EinvoiceDataRefused, match="no account in EUR"):
        creditor_id(CREDITOR)


def test_a_run_freezes_mandate_creditor_and_account_and_without_a_mandate_none_of_them(owner: Customer) -> None:
    creditor_id(CREDITOR)
    bill()
    enter(owner)
    bill(NOVEMBER, date(2020, 12, 1))
    first, second = (document_from_canonical(text.encode()) for text in frozen())
    assert "debited_account" not in frozen()[0] and "mandate" not in frozen()[0], "the bytes are as before"
    assert (first.payment.mandate_reference, first.payment.creditor_id) == ("", "")
    payment = second.payment
    assert (payment.mandate_reference, payment.creditor_id, payment.debited_account) == ("M-2020-77", CREDITOR, IBAN)
    for profile in ("en16931-ubl", "factur-x"):
        read = read_einvoice(write_einvoice(second, profile)).payment
        assert (read.code, read.mandate, read.creditor_id, read.debited_account) == ("59", "M-2020-77", CREDITOR, IBAN)


def test_xrechnung_by_direct_debit_from_the_first_gap_to_the_issued_invoice(
    owner: Customer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    installed._kept_sheet.cache_clear()
    checker = einvoice_check.Gate().checker
    installed.import_folder(
        folder=rule_packs.xrechnung(tmp_path / "kosit"), profile=None, version="", licence="", on=OCTOBER.date(), checker=checker
    )  # fmt: skip
    checker.close()
    einvoices.give_einvoices(einvoices.of(owner, profile="xrechnung"))
    Customer.objects.update(postal_code="20354")

    def lacks() -> list[tuple[str, str, str]]:
        (found,) = readiness.einvoice_readiness(
            scope=EVERYTHING, customer_id=owner.customer_id, on=OCTOBER.date(), imported=("xrechnung",),
            mandates=queries.mandates,
        )  # fmt: skip
        return [(gap.term, gap.rule, gap.side) for gap in found.gaps]

    assert lacks() == [], "a transfer needs neither"
    enter(owner)
    assert lacks() == [("BT-90", "BR-DE-30", "seller")]
    assert bill().invoices == 0
    reason = ParkedBill.objects.get().reason
    assert "BR-DE-30 (BT-90)" in reason and "M-2020-77" in reason
    creditor_id(CREDITOR)
    assert lacks() == []
    Mandate.objects.update(iban="DE89370400440532013001")
    assert lacks() == [("BT-91", "RB-IBAN-DEBIT", "buyer")], "a legacy mandate may hold anything"
    assert bill(NOVEMBER, date(2020, 12, 1)).invoices == 0
    reason = ParkedBill.objects.order_by("pk").last().reason  # type: ignore[union-attr]
    assert "RB-IBAN-DEBIT (BT-89, BT-90, BT-91)" in reason and "DE89370400440532013001 of mandate M-2020-77" in reason
    Mandate.objects.update(iban=IBAN)
    assert lacks() == []
    assert bill(datetime(2020, 12, 1, 6, tzinfo=UTC), date(2021, 1, 1)).invoices == 1
    payment = document_from_canonical(frozen()[0].encode()).payment
    assert (payment.creditor_id, payment.debited_account) == (CREDITOR, IBAN)
