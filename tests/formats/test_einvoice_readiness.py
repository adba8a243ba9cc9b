"""What parties say is missing for an e-invoice and what its writers refuse are the same, tried over many parties."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from rackbill.core.document import Document
from rackbill.core.party import DebitMandate, Party, TaxRegistration
from rackbill.core.tax import TaxDecision
from rackbill.domain.parties.policy.einvoices import PROFILES, country_rule
from rackbill.domain.parties.policy.readiness import EinvoiceFacts, Readiness, readiness
from rackbill.formats.einvoice import EinvoiceRefused, write_einvoice
from rackbill.formats.einvoice_rules import document_failures
from tests.world.documents import ACCOUNTS, MUELLER, document, line, vat

SG = (TaxDecision(regime="GST-SG", code="SR", rate=Decimal(9), jurisdiction="SG"),)
STRICTER = {"seller_contact", "seller_company_scheme", "seller_tax_id"}
"""A writer falls back (name of the seller, seller's own ID); the receiver or a rule of the pack would not."""


def mandate_of(value: Document) -> DebitMandate | None:
    payment = value.payment
    if not payment.mandate_reference:
        return None
    return DebitMandate(reference=payment.mandate_reference, account=payment.debited_account)


def looked_at(value: Document, profile: str) -> Readiness:
    facts = EinvoiceFacts(
        group_id="12000456-01", organisation_id="2000", choice=profile, profile=profile, seller=value.seller, buyer=value.buyer,
        rule=country_rule("NL", "DE", "business", value.issued_on), is_public_body=value.bill_to.buyer_kind == "public",
        buyer_reference=value.bill_to.buyer_reference,
        accounts=(value.payment.account,) if value.payment.account else (), accounting_currency="EUR", paynow_uen="",
        mandate=mandate_of(value), creditor_id=value.payment.creditor_id,
        tax_codes=frozenset(tax.code for one in value.lines for tax in one.taxes if tax.regime == "VAT"), tax_fault="",
        has_ended_order=False,
    )  # fmt: skip
    return readiness(facts, imported=PROFILES)


def party(base: Party, address: str, has_all: bool) -> Party:
    if has_all:
        place = replace(base.address, street="Street 1", city="Town", postal_code="12345")
        return replace(
            base, electronic_address=address, contact_name="C", phone="+1", email="a@b.example", company_number="34999001",
            company_scheme="0106", address=place,
        )  # fmt: skip
    place = replace(base.address, postal_code="")
    return replace(
        base, electronic_address=address, contact_name="", phone="", email="", company_number="", company_scheme="",
        address=place,
    )  # fmt: skip


def refused_with(value: Document, profile: str) -> EinvoiceRefused | None:
    try:
        write_einvoice(value, profile)
    except EinvoiceRefused as refusal:
        return refusal
    return None


@pytest.mark.parametrize("profile", PROFILES)
def test_ready_means_written_and_refused_means_missing(profile: str) -> None:
    written = refused = 0
    addresses = ("", "EM:ap@buyer.example", "0208:0428759497")
    kinds = ("", "public") if profile == "xrechnung" else ("",)
    yes_and_no = (True, False)
    for seller_address, buyer_address, seller_full, buyer_full, has_account, has_tax, kind, reference in product(
        addresses, (*addresses, "0204:991-12345-06"), yes_and_no, yes_and_no, yes_and_no, yes_and_no, kinds, ("", "991-03730-19"),
    ):  # fmt: skip
        base = (
            document(line(1, "129.95", SG, "SGD"), buyer=MUELLER, currency="SGD")
            if profile == "pint-sg"
            else document(line(1, "129.95", vat("S", "21")), buyer=MUELLER)
        )
        registration = TaxRegistration(scheme="GST" if profile == "pint-sg" else "VAT", number="NL999999990B99")
        seller = replace(
            party(base.seller, seller_address, seller_full), tax_registrations=(registration,) if has_tax else ()
        )
        value = replace(
            base, seller=seller, buyer=party(base.buyer, buyer_address, buyer_full),
            payment=replace(base.payment, account=ACCOUNTS["EUR"] if has_account else None),
            bill_to=replace(base.bill_to, buyer_kind=kind, buyer_reference=reference, po_number="PO-1"),
        )  # fmt: skip
        found = looked_at(value, profile)
        blocking = {gap.rule for gap in found.gaps if gap.blocks}
        refusal = refused_with(value, profile)
        if refusal is not None:
            refused += 1
            assert refusal.rule in blocking, f"{refusal} is not said to be missing: {found.gaps}"
        else:
            written += 1
            codes = {gap.code for gap in found.gaps if gap.blocks}
            assert codes <= STRICTER, f"{codes - STRICTER} are said to be missing and are not"
    assert written
    assert refused or profile in ("en16931-ubl", "en16931-cii", "factur-x")


@pytest.mark.parametrize("country", ["DE", "DK", "IS"])
def test_national_rules_of_peppol_are_said_to_be_missing_before_they_refuse(country: str) -> None:
    written = refused = 0
    yes_and_no = (True, False)
    base = document(line(1, "129.95", vat("S", "21")), buyer=MUELLER)
    for seller_full, buyer_full, has_account, has_tax, mandate, scheme, is_home in product(
        yes_and_no, yes_and_no, yes_and_no, yes_and_no, ("", "M-1"), ("", "0184", "0196"), yes_and_no
    ):
        seller = party(base.seller, "0106:34999001", seller_full)
        seller = replace(
            seller, address=replace(seller.address, country=country), company_scheme=scheme if seller.company_number else "",
            tax_registrations=(TaxRegistration(scheme="VAT", number="DE136695976"),) if has_tax else (),
        )  # fmt: skip
        buyer = party(base.buyer, "0208:0428759497", buyer_full)
        buyer = replace(buyer, address=replace(buyer.address, country=country if is_home else "FR"))
        payment = replace(
            base.payment, account=ACCOUNTS["EUR"] if has_account else None, mandate_reference=mandate,
            creditor_id="DE98ZZZ09999999999" if seller_full else "", debited_account="DE89370400440532013000" if buyer_full else "",
        )  # fmt: skip
        value = replace(base, seller=seller, buyer=buyer, payment=payment)
        blocking = {gap.rule: gap.code for gap in looked_at(value, "peppol").gaps if gap.blocks}
        refusal = refused_with(value, "peppol")
        if refusal is None:
            written += 1
            assert set(blocking.values()) <= STRICTER - {"seller_company_scheme"}, blocking
        else:
            refused += 1
            assert refusal.rule in blocking, f"{refusal} is not said to be missing: {blocking}"
            assert refusal.rule.startswith({"DE": "DE-R-", "DK": "DK-R-", "IS": "IS-R-"}[country])
    assert written and refused


@pytest.mark.parametrize("profile", ["xrechnung", "peppol", "factur-x"])
@pytest.mark.parametrize("creditor_id", ["", "DE98ZZZ09999999999"])
@pytest.mark.parametrize("account", ["", "DE89370400440532013000", "DE89370400440532013001"])
@pytest.mark.parametrize("has_account", [True, False])
def test_a_direct_debit_is_ready_where_it_can_be_written_and_checked(
    profile: str, creditor_id: str, account: str, has_account: bool
) -> None:
    base = document(line(1, "129.95", vat("S", "21")), buyer=MUELLER)
    payment = replace(
        base.payment, mandate_reference="M-1", creditor_id=creditor_id, debited_account=account,
        account=ACCOUNTS["EUR"] if has_account else None,
    )  # fmt: skip
    value = replace(
        base, payment=payment, seller=party(base.seller, "0106:34999001", True), buyer=party(base.buyer, "0208:0428759497", True)
    )  # fmt: skip
    said = {gap.rule for gap in looked_at(value, profile).gaps if gap.blocks}
    refusal = refused_with(value, profile)
    stopped = {failure.rule for failure in document_failures(value, profile=profile)}
    told = stopped | ({refusal.rule} if refusal else set())
    assert told <= said and bool(told) == bool(said), "a writer names the first of two"
    is_lacking = profile == "xrechnung" and not (creditor_id and account)
    assert bool(said) == (is_lacking or account == "DE89370400440532013001")
