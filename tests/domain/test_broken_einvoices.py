"""Broken invoices, each stopped before a number is spent, with the rule, the business term and a sentence to act on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from rackbill.adapters.rule_checker import RuleChecker
from rackbill.core.document import Document, DocumentKind, canonical_bytes, document_from_canonical
from rackbill.core.party import TaxRegistration
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill
from rackbill.domain.billing.operations import finish_computing
from rackbill.domain.documents.models import Document as Issued
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import Customer
from rackbill.formats import einvoice, einvoice_rules
from rackbill.interfaces.jobs import bill_run, einvoice_check, shards
from rackbill.interfaces.jobs import einvoice_rules as installed
from tests.world import einvoices, rule_packs
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
Break = Callable[[Document], Document]
PEPPOL_RULES = rule_packs.style_sheet(
    rule_packs.ORDER, rule_packs.ADDRESS,
    ("PEPPOL-EN16931-R061", "not(cac:PaymentMeans[cbc:PaymentMeansCode='59']) or cac:PaymentMeans/cac:PaymentMandate/cbc:ID", "fatal", "Mandate reference MUST be provided for direct debit."),
    ("PEPPOL-EN16931-R110", "not(cac:InvoiceLine/cac:InvoicePeriod/cbc:StartDate &lt; cac:InvoicePeriod/cbc:StartDate)", "fatal", "Start date of line period MUST be within invoice period."),
)  # fmt: skip


def line(document: Document, **more: object) -> Document:
    return replace(document, lines=(replace(document.lines[0], **more), *document.lines[1:]))  # type: ignore[arg-type]


def subject(document: Document, **more: object) -> Document:
    lines = tuple(replace(one, subject=replace(one.subject, **more)) for one in document.lines)  # type: ignore[arg-type]
    return replace(document, lines=lines)


def taxed(document: Document, *, only_line: bool = False, **more: object) -> Document:
    taxes = tuple(replace(tax, **more) for tax in document.lines[0].taxes)  # type: ignore[arg-type]
    if only_line:
        return line(document, taxes=taxes)
    changed = replace(document, lines=tuple(replace(one, taxes=taxes) for one in document.lines))
    known = {name: value for name, value in more.items() if hasattr(document.tax_subtotals[0], name)}
    subtotals = tuple(replace(row, **known) for row in document.tax_subtotals)  # type: ignore[arg-type]
    return replace(changed, tax_subtotals=subtotals)


def untaxed(document: Document, code: str, exemption: str = "") -> Document:
    """The document at 0 %, with sums that agree."""
    changed = taxed(document, code=code, rate=Decimal(0), exemption_code=exemption)
    subtotals = tuple(replace(row, tax_minor=0) for row in changed.tax_subtotals)
    net = changed.totals.net_minor
    return replace(
        changed, tax_subtotals=subtotals, totals=replace(changed.totals, tax_minor=0, gross_minor=net, due_minor=net)
    )


def buyer(document: Document, **more: object) -> Document:
    return replace(document, buyer=replace(document.buyer, **more))  # type: ignore[arg-type]


def seller(document: Document, **more: object) -> Document:
    return replace(document, seller=replace(document.seller, **more))  # type: ignore[arg-type]


def nameless(document: Document) -> Document:
    """Nothing that the buyer could tell the invoice by: no reference, order, contract or billing group."""
    return replace(subject(document, contract_id=""), bill_to=replace(document.bill_to, billing_group_id=""))


def vat(number: str) -> tuple[TaxRegistration, ...]:
    return (TaxRegistration(scheme="VAT", number=number),)


def bank(document: Document, **more: object) -> Document:
    account = document.payment.account
    assert account is not None
    return replace(document, payment=replace(document.payment, account=replace(account, **more)))  # type: ignore[arg-type]


def totals(document: Document, **more: int) -> Document:
    return replace(document, totals=replace(document.totals, **more))


BROKEN: dict[str, tuple[str, Break, str, str]] = {
    # name: (profile, what is broken, the business term named, words of the way to mend it)
    "wrong category on a line": ("en16931-ubl", lambda d: taxed(d, only_line=True, code="AE", rate=Decimal(0), exemption_code="VATEX-EU-AE"), "BT-1", ""),
    "rate 0 with category S": ("en16931-ubl", lambda d: untaxed(d, "S"), "BT-152", "rate of 0 %"),
    "exempt without a reason": ("en16931-ubl", lambda d: untaxed(d, "E"), "BT-120", "enter the words of the exemption"),
    "exempt without a reason, in CII": ("factur-x", lambda d: untaxed(d, "E"), "BT-120", "enter the words of the exemption"),
    "reverse charge without the buyer's VAT number": ("en16931-ubl", lambda d: buyer(untaxed(d, "AE", "VATEX-EU-AE"), tax_registrations=()), "BT-48", "VAT number"),
    "missing buyer reference for XRechnung": ("xrechnung", nameless, "BT-10", "eference"),
    "an order number where a public body routes by its own": ("xrechnung", lambda d: replace(d, bill_to=replace(d.bill_to, po_number="PO-1", buyer_kind="public")), "BT-10", "ask for its Leitweg-ID"),
    "missing buyer reference for Peppol": ("peppol", nameless, "BT-10", "eference"),
    "no electronic address of the buyer": ("peppol", lambda d: buyer(d, electronic_address=""), "BT-49", "electronic address"),
    "no electronic address of the seller": ("peppol", lambda d: seller(d, electronic_address=""), "BT-34", "electronic address"),
    "bad VAT number of the buyer": ("en16931-ubl", lambda d: buyer(d, tax_registrations=vat("DE811907981")), "BT-48", "Ask the customer"),
    "bad VAT number of the seller": ("en16931-cii", lambda d: seller(d, tax_registrations=vat("DE136695977")), "BT-31", "sales organisation"),
    "VAT number without its country": ("en16931-ubl", lambda d: buyer(d, tax_registrations=vat("XY811907980")), "BT-48", "two letters"),
    "no identity of the seller": ("en16931-ubl", lambda d: seller(d, tax_registrations=(), company_number=""), "BT-31", "sales organisation"),
    "two orders in the header": ("en16931-ubl", lambda d: replace(d, bill_to=replace(d.bill_to, po_number="PO-1, PO-2")), "BT-13", "more than one purchase order"),
    "credit without a source": ("en16931-ubl", lambda d: replace(d, kind=DocumentKind.CREDIT_NOTE), "BT-25", "Credit from the invoice itself"),
    "wrong IBAN": ("en16931-ubl", lambda d: bank(d, iban="DE89370400440532013001"), "BT-84", "not a valid IBAN"),
    "no name of the buyer": ("factur-x", lambda d: buyer(d, name=""), "BT-44", "ame"),
    "no country of the buyer": ("en16931-ubl", lambda d: buyer(d, address=replace(d.buyer.address, country="")), "BT-55", "country"),
    "a country that is none": ("en16931-ubl", lambda d: buyer(d, address=replace(d.buyer.address, country="XX")), "BT-55", "country"),
    "a line without a name": ("en16931-ubl", lambda d: subject(d, description="", product_id="", product_code=""), "BT-153", "ame"),
    "a unit that is none": ("en16931-ubl", lambda d: line(d, unit="FOO"), "BT-130", "unit"),
    "a negative price": ("en16931-cii", lambda d: line(d, unit_price=-d.lines[0].unit_price, quantity=-d.lines[0].quantity), "BT-146", "price"),
    "a cent too much": ("en16931-ubl", lambda d: totals(d, gross_minor=d.totals.gross_minor + 1, due_minor=d.totals.due_minor + 1), "B", ""),
    "a direct debit without its mandate's creditor": ("xrechnung", lambda d: replace(d, payment=replace(d.payment, mandate_reference="M-1", creditor_id="")), "BT-", "mandate"),
}  # fmt: skip


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    installed._kept_sheet.cache_clear()
    peppol = rule_packs.write_pack(tmp_path / "peppol", {"2026.5/PEPPOL-EN16931-UBL.xslt": PEPPOL_RULES})
    checker = RuleChecker()
    for folder in (rule_packs.xrechnung(tmp_path / "kosit"), peppol):
        installed.import_folder(
            folder=folder, profile=None, version="", licence="", on=date(2020, 10, 1), checker=checker
        )
    checker.close()


def test_each_is_stopped_before_a_number_is_spent_and_says_how_to_mend_it(
    packs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run: a customer for each mistake, and one without; only that one gets a number, and it is the first."""
    world = world_of.provider()
    owners = {
        name: world_of.customer(world, tax_id="DE811907980", name=f"Buyer {place}") for place, name in enumerate(BROKEN)
    }
    good = world_of.customer(world, tax_id="DE811907980", name="Good buyer")
    for owner in (*owners.values(), good):
        world_of.service(world, owner)
    Customer.objects.update(postal_code="20354")
    profiles = {owner.customer_id: BROKEN[name][0] for name, owner in owners.items()} | einvoices.of(good)
    einvoices.give_einvoices(profiles)
    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    shards.compute_shards(run_id=run_id, on_step=lambda *_of: None)
    finish_computing(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    for name, owner in owners.items():
        row = BillDraft.objects.get(customer=owner)
        broken = BROKEN[name][1](document_from_canonical(row.canonical.encode()))
        row.canonical, row.kind = canonical_bytes(broken).decode(), broken.kind.value
        row.save()
    einvoice_check.check_run(run_id=run_id, now=OCTOBER)
    reasons = dict(ParkedBill.objects.values_list("customer__customer_id", "reason"))
    told = {name: reasons.pop(owner.customer_id, "") for name, owner in owners.items()}
    for name, reason in told.items():
        print(f"{name}:\n    {reason}")
    for name, (profile, _break, term, words) in BROKEN.items():
        assert term in told[name] and words in told[name] and f"({profile})" in told[name], (name, told[name])
    assert reasons == {} and len(BROKEN) >= 20
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=SIGNER)
    assert BillRun.objects.get().state == "issued"
    assert list(Issued.objects.values_list("number", "customer__customer_id")) == [("21000000", good.customer_id)]
    assert not Charge.objects.exclude(draft__customer=good).exists() and [*billing_invariants.violations()] == []


XML_BROKEN = {
    "a line period outside the invoice's": (
        "peppol", "<cbc:StartDate>2020-09-01</cbc:StartDate>", "<cbc:StartDate>2020-09-02</cbc:StartDate>", "PEPPOL-EN16931-R110", "outside the invoice's period",
    ),
    "a period that ends before it begins": (
        "en16931-ubl", "<cbc:EndDate>2020-10-31</cbc:EndDate>", "<cbc:EndDate>2020-08-31</cbc:EndDate>", "BR-29", "ends before it begins",
    ),
    "two order references": (
        "en16931-ubl", "</cac:OrderReference>", "</cac:OrderReference><cac:OrderReference><cbc:ID>2</cbc:ID></cac:OrderReference>", "XSD", "more than one purchase order",
    ),
    "an entity that reads a file": (
        "en16931-ubl", "?>", '?><!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "XSD", "document type declaration is not allowed",
    ),
}  # fmt: skip


def test_what_the_writers_cannot_write_is_stopped_all_the_same(packs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    owner = world_of.customer(world, tax_id="DE811907980")
    world_of.service(world, owner)
    owner.billing_groups.update(po_number="PO-1")
    Customer.objects.update(postal_code="20354")
    einvoices.give_einvoices(einvoices.of(owner, profile="peppol"))
    world_of.bill_october()
    document = replace(document_from_canonical(BillDraft.objects.get().canonical.encode()), number="21000000")
    gate = einvoice_check.Gate()
    for name, (profile, old, new, rule, words) in XML_BROKEN.items():
        xml = einvoice.write_einvoice(document, profile).decode()
        assert old in xml and gate.check_again(xml.encode(), profile).failures == (), name
        verdict = gate.check_again(xml.replace(old, new, 1).encode(), profile)
        assert rule in {failure.rule for failure in verdict.failures}, (name, verdict.failures)
        assert words in einvoice_rules.in_words(verdict.failures), name
    gate.close()
