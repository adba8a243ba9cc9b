"""E-invoices of every profile: XSD, official rules, where each field stands, what comes back, and what is refused."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import facturx
import pytest
from facturx.parse_xml import parse_ubl_cii_xml
from lxml import etree

from rackbill.core.charges import Allowance
from rackbill.core.document import Document, DocumentKind, DocumentReference, MeasuredUse
from rackbill.core.money import decimal_from_minor
from rackbill.core.party import Party, TaxRegistration
from rackbill.formats.einvoice import PROFILES, EinvoiceRefused, NoEinvoiceOfKind, UnknownProfile, write_einvoice
from rackbill.formats.einvoice_reading import Unreadable, read_einvoice
from rackbill.formats.einvoice_terms import profile_of, terms_of
from rackbill.formats.einvoice_terms.parties import with_country
from tests.formats.broken_einvoices import BROKEN, Broken
from tests.formats.einvoice_rules_run import RulesRun, schema_errors
from tests.formats.network_rules import network_problems
from tests.world import documents as world
from tests.world.generated_documents import CELLS, generated_documents
from tests.world.reachable import reachable

# One worker has all of them: it takes seconds to compile the rules.
pytestmark = pytest.mark.xdist_group("einvoices")
FILES = ("en16931-ubl", "en16931-cii", "factur-x", "xrechnung", "peppol")
"""Profiles of EN 16931."""


@pytest.fixture(scope="module")
def rules() -> Iterator[RulesRun]:
    with RulesRun() as run:
        yield run


def problems(document: Document, profile: str, rules: RulesRun) -> list[str]:
    """Everything that is wrong with the document's e-invoice."""
    xml = write_einvoice(document, profile)
    found = schema_errors(xml)
    if profile != "pint-sg":
        found += rules.failed(xml)
    if PROFILES[profile].is_sent:
        found += network_problems(xml, profile)
    if read_einvoice(xml) != terms_of(document, profile_of(profile)):
        found.append("what is read back is not what was written")
    return found


GOLDEN = {name: reachable(document) for name, document in world.golden().items()}
BILLED = [
    name for name, document in GOLDEN.items() if document.kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
]
SINGAPORE = [name for name in BILLED if GOLDEN[name].tax_subtotals[0].regime == "GST-SG"]


@pytest.mark.parametrize("profile", FILES)
@pytest.mark.parametrize("name", BILLED)
def test_golden_documents_pass_schema_and_rules(name: str, profile: str, rules: RulesRun) -> None:
    assert problems(GOLDEN[name], profile, rules) == []


@pytest.mark.parametrize("name", BILLED)
def test_xrechnung_inside_a_pdf_says_what_it_says_alone(name: str, rules: RulesRun) -> None:
    """ZUGFeRD, profile XRECHNUNG: the CII twin of the UBL that the rules above let pass."""
    document = GOLDEN[name]
    xml = write_einvoice(document, "zugferd")
    assert schema_errors(xml) == []
    assert read_einvoice(xml) == read_einvoice(write_einvoice(document, "xrechnung"))
    # Factur-X's form of the rules knows no other name than its own; all else it checks.
    (failure,) = rules.failed(xml)
    assert "GuidelineSpecifiedDocumentContextParameter" in failure
    bare = xml.replace(profile_of("zugferd").specification.encode(), profile_of("factur-x").specification.encode())
    assert bare != xml and rules.failed(bare) == []


@pytest.mark.parametrize("name", SINGAPORE)
def test_singapore_documents_pass_as_pint_sg(name: str, rules: RulesRun) -> None:
    assert problems(GOLDEN[name], "pint-sg", rules) == []


def test_a_document_of_every_category_kind_and_currency_passes(rules: RulesRun) -> None:
    failed = []
    checked = 0
    for place, (cell, document) in enumerate(generated_documents(len(CELLS))):
        for profile in (FILES[place % len(FILES)], "pint-sg"):
            if _has_file(document, profile):
                failed += [f"{cell} {profile}: {found}" for found in problems(document, profile, rules)]
                checked += 1
    assert failed == []
    assert checked >= len(CELLS)


def _has_file(document: Document, profile: str) -> bool:
    try:
        write_einvoice(document, profile)
    except EinvoiceRefused as refusal:
        return not refusal.rule
    return True


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.profile} {broken.rule} {broken.document}")
def test_what_breaks_a_networks_rule_is_found(broken: Broken) -> None:
    """The campaign holds the same files against the official packs, where they are imported."""
    assert broken.rule in {problem.partition(":")[0] for problem in network_problems(broken.xml, broken.profile)}


DANISH = {
    "electronic_address": "0184:DK13585628", "company_number": "DK13585628", "company_scheme": "0184",
    "tax_registrations": (TaxRegistration(scheme="VAT", number="DK13585628"),),
}  # fmt: skip


def _danish(document: Document, **more: Any) -> Document:
    def at_home(party: Party) -> Party:
        return replace(party, address=replace(party.address, country="DK"), **{**DANISH, **more})

    return replace(document, seller=at_home(document.seller), buyer=at_home(document.buyer))


@pytest.mark.parametrize(
    ("name", "currency", "account", "code"),
    [("simple", "EUR", {}, "58"), ("simple", "DKK", {}, "31"), ("credit_note", "EUR", {}, ""),
     ("simple", "DKK", {"iban": "", "account_number": "0040440116", "routing_code": "0040", "bic": ""}, "42")],
)  # fmt: skip
def test_danes_pay_each_other_by_the_means_that_peppol_knows(
    name: str, currency: str, account: dict[str, str], code: str
) -> None:
    document = replace(_danish(GOLDEN[name]), currency=currency)
    if document.payment.account is not None:
        own = replace(document.payment.account, **account)
        document = replace(document, payment=replace(document.payment, account=own))
    xml = write_einvoice(document, "peppol")
    assert network_problems(xml, "peppol") == []
    read = read_einvoice(xml)
    assert read.payment.code == code
    # DK-R-013: the customer number has no register, so it stands in the note.
    assert read.buyer.identifier == "" and "12000456" in read.note
    assert read_einvoice(write_einvoice(document, "en16931-ubl")).buyer.identifier == "12000456"


def _german(document: Document) -> Document:
    def at_home(party: Party) -> Party:
        return replace(party, address=replace(party.address, country="DE"))

    return replace(document, seller=at_home(document.seller), buyer=at_home(document.buyer))


@pytest.mark.parametrize("name", BILLED)
def test_peppol_between_germans_follows_xrechnungs_rules(name: str, rules: RulesRun) -> None:
    """DE-R-001 to -031, since Peppol 3.0.21; a credit says it is set off, category O has a rate of 0."""
    document = _german(GOLDEN[name])
    assert problems(document, "peppol", rules) == []
    read = read_einvoice(write_einvoice(document, "peppol"))
    assert all(row.rate is not None for row in read.taxes)
    if document.kind is DocumentKind.CREDIT_NOTE:
        assert read.payment.code == "97"
    abroad = replace(document, seller=replace(document.seller, address=replace(document.seller.address, country="FR")))
    assert problems(abroad, "peppol", rules) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"phone": ""}, "DE-R-006"), ({"email": ""}, "DE-R-007"),
        ({"address": replace(GOLDEN["simple"].seller.address, country="DE", postal_code="")}, "DE-R-004"),
    ],
)  # fmt: skip
def test_a_german_seller_in_peppol_gives_what_germany_asks(changes: dict[str, Any], rule: str) -> None:
    document = _german(GOLDEN["simple"])
    lacking = replace(document, seller=replace(document.seller, **changes))
    with pytest.raises(EinvoiceRefused, match="Peppol") as refused:
        write_einvoice(lacking, "peppol")
    assert refused.value.rule == rule
    abroad = replace(lacking, buyer=replace(lacking.buyer, address=replace(lacking.buyer.address, country="AT")))
    assert read_einvoice(write_einvoice(abroad, "peppol")).number == document.number


@pytest.mark.parametrize("country", ["DK", "IS"])
@pytest.mark.parametrize(("number", "scheme"), [("", ""), ("13585628", "0106"), ("13585628", "")])
def test_a_danish_or_icelandic_seller_needs_its_register(country: str, number: str, scheme: str) -> None:
    seller = GOLDEN["simple"].seller
    seller = replace(
        seller, address=replace(seller.address, country=country), company_number=number, company_scheme=scheme
    )
    with pytest.raises(
        EinvoiceRefused, match=r"which Peppol BIS Billing 3\.0 demands: 01(84|96); enter it there"
    ) as refused:
        write_einvoice(replace(GOLDEN["simple"], seller=seller), "peppol")
    assert refused.value.rule == {"DK": "DK-R-014" if number else "DK-R-002", "IS": "IS-R-002"}[country]


def test_a_danish_account_without_its_bank_is_refused() -> None:
    document = replace(_danish(GOLDEN["simple"]), currency="DKK")
    account = document.payment.account
    assert account is not None
    bare = replace(account, bic="", routing_code="")
    with pytest.raises(EinvoiceRefused, match=r"the bank's code \(BT-86\).*account in DKK") as refused:
        write_einvoice(replace(document, payment=replace(document.payment, account=bare)), "peppol")
    assert refused.value.rule == "DK-R-006"


@pytest.mark.parametrize(
    ("price", "base", "told"),
    [
        ("0.0035", "1", ("0.35", "100")),
        ("129.95", "1", ("129.95", "1")),
        ("1.250", "30", ("1.25", "30")),
        ("0.5", "1", ("0.5", "1")),
    ],
)
def test_a_price_in_pint_sg_has_two_decimals_and_is_the_same_price(
    price: str, base: str, told: tuple[str, str]
) -> None:
    """IRASC5-097."""
    document = GOLDEN["singapore_dollars"]
    line = replace(document.lines[0], unit_price=Decimal(price), price_base_quantity=Decimal(base))
    document = replace(document, lines=(line, *document.lines[1:]))
    read = read_einvoice(write_einvoice(document, "pint-sg")).lines[0]
    assert (read.price, read.base_quantity) == (Decimal(told[0]), Decimal(told[1]))
    assert read.price / read.base_quantity == Decimal(price) / Decimal(base)
    plain = read_einvoice(write_einvoice(document, "en16931-ubl")).lines[0]
    assert (plain.price, plain.base_quantity) == (Decimal(price), Decimal(base))


def test_the_schema_check_of_the_factur_x_library_agrees() -> None:
    for _, document in generated_documents(40, seed=9):
        facturx.xml_check_xsd(write_einvoice(document, "factur-x"), flavor="factur-x", level="en16931")


def test_the_reader_of_the_factur_x_library_finds_the_same_in_both_syntaxes() -> None:
    """A second opinion: another hand's reading of UBL and CII, term by term."""
    for cell, document in islice(generated_documents(len(CELLS), seed=11), 0, None, 3):
        ubl = parse_ubl_cii_xml(write_einvoice(document, "en16931-ubl"), check_xsd=False)
        cii = parse_ubl_cii_xml(write_einvoice(document, "en16931-cii"), check_xsd=False)
        # CII wants a name beside a project's number; a local tax number's scheme in UBL is free, ours is TAX, theirs LOC.
        cii.pop("BT-11-0", None)
        cii["BG-4"].pop("tax_identifier", None)
        if ubl.get("BT-13") == "NA":
            del ubl["BT-13"]
        # UBL has the creditor's ID among those of the seller.
        if "SEPA" in ubl["BG-4"].get("identifiers", {}):
            creditor_id = ubl["BG-4"]["identifiers"].pop("SEPA")
            assert creditor_id == document.payment.creditor_id == cii.pop("BT-90", creditor_id)
            ubl["BG-4"] = {key: value for key, value in ubl["BG-4"].items() if value}
            ubl.pop("BT-90", None)
        assert ubl == cii, cell
        assert (ubl["BT-1"], ubl["BT-115"]) == (
            document.number,
            str(decimal_from_minor(document.totals.due_minor, document.currency)),
        )
        assert [line["BT-126"] for line in ubl["BG-25"]] == [str(line.line_number) for line in document.lines]


@pytest.mark.parametrize("profile", ["en16931-ubl", "factur-x"])
def test_the_rules_bite(profile: str, rules: RulesRun) -> None:
    xml = write_einvoice(GOLDEN["reverse_charge"], profile)
    planted = xml.replace(b">AE<", b">S<")
    assert planted != xml
    assert {"BR-S-05", "BR-S-10"} <= {row.split()[0] for row in rules.failed(planted)}
    one_cent = write_einvoice(GOLDEN["simple"], profile).replace(b">157.24<", b">157.25<", 1)
    assert any(row.startswith("BR-CO-1") for row in rules.failed(one_cent))


def test_same_bytes_in_every_process() -> None:
    script = (
        "import hashlib; from tests.world.generated_documents import generated_documents;"
        "from rackbill.formats.einvoice import write_einvoice;"
        "print(hashlib.sha256(b''.join(write_einvoice(d, p) for _, d in generated_documents(20)"
        " for p in ('en16931-ubl', 'factur-x'))).hexdigest())"
    )
    here = hashlib.sha256(
        b"".join(
            write_einvoice(document, profile)
            for _, document in generated_documents(20)
            for profile in ("en16931-ubl", "factur-x")
        )
    ).hexdigest()
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "4711",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert there.stdout.strip() == here


def _rich() -> Document:
    """An invoice in which everything that is mapped has a value; its second line takes something back."""
    document = reachable(world.document(world.line(1, "129.95", world.vat("S", "21")) * 2, buyer=world.MUELLER))
    subject = replace(
        document.lines[0].subject, reference="shop-db-1", legacy_name="ABCD001-XYZ", legacy_id="222901", serial="CZ3412",
        order_id="41220000", po_number="PO-4711", po_line="10", cost_centre="CC-1", equipment_id="48214",
    )  # fmt: skip
    first = replace(
        document.lines[0], subject=subject, net_minor=11695, allowances=(Allowance("Term of one year", 1300),),
        measured=MeasuredUse(
            quantity=Decimal("1234.5"), unit="E34", included=Decimal(1000), method="traffic", sample_count=8928,
            samples_sha256="ab" * 32,
        ),
    )  # fmt: skip
    second = replace(
        document.lines[1], line_number=2, subject=replace(document.lines[1].subject, order_id="41220000"),
        quantity=Decimal(-12), unit="DAY", price_base_quantity=Decimal(31), net_minor=-5030,
        corrects=DocumentReference(number="20000000", issued_on=date(2020, 9, 1), line_number=3),
    )  # fmt: skip
    return replace(
        document, lines=(first, second), corrects=(DocumentReference(number="20000000", issued_on=date(2020, 9, 1)),),
        tax_subtotals=(replace(document.tax_subtotals[0], base_minor=6665, tax_minor=1400),),
        totals=replace(
            document.totals, net_minor=6665, tax_minor=1400, gross_minor=8065, prepaid_minor=65, due_minor=8000
        ),
        bill_to=replace(
            document.bill_to, po_number="PO-4711", cost_centre="CC-9", buyer_reference="04011000-12345-34",
            project_reference="Ostrich",
        ),
        buyer=replace(document.buyer, contact_name="Jürgen Ap", email="ap@mueller.example", company_scheme="0002"),
        texts=("Thank you",), notes=("A legal note",), details_url="https://portal.meridian.example/documents/",
    )  # fmt: skip


RICH_UBL = {
    "BT-1": ("cbc:ID", "20000001"),
    "BT-3": ("cbc:InvoiceTypeCode", "380"),
    "BT-9": ("cbc:DueDate", "2020-10-15"),
    "BT-10": ("cbc:BuyerReference", "04011000-12345-34"),
    "BT-11": ("cac:ProjectReference/cbc:ID", "Ostrich"),
    "BT-12": ("cac:ContractDocumentReference/cbc:ID", "50001844"),
    "BT-13": ("cac:OrderReference/cbc:ID", "PO-4711"),
    "BT-14": ("cac:OrderReference/cbc:SalesOrderID", "41220000"),
    "BT-18": ("cac:AdditionalDocumentReference[cbc:DocumentTypeCode='130']/cbc:ID", "12000456-01"),
    "BT-19": ("cbc:AccountingCost", "CC-9"),
    "BT-22": ("cbc:Note", "Thank you\nA legal note\nCustomer ID 12000456, formerly NL123421341"),
    "BT-25": ("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", "20000000"),
    "BT-26": ("cac:BillingReference/cac:InvoiceDocumentReference/cbc:IssueDate", "2020-09-01"),
    "BT-30": ("cac:AccountingSupplierParty//cac:PartyLegalEntity/cbc:CompanyID", "30141839"),
    "BT-31": ("cac:AccountingSupplierParty//cac:PartyTaxScheme/cbc:CompanyID", "NL004495445B01"),
    "BT-34": ("cac:AccountingSupplierParty//cbc:EndpointID[@schemeID='0106']", "30141839"),
    "BT-41": ("cac:AccountingSupplierParty//cac:Contact/cbc:Name", "Billing desk"),
    "BT-46": ("cac:AccountingCustomerParty//cac:PartyIdentification/cbc:ID", "12000456"),
    "BT-47": ("cac:AccountingCustomerParty//cac:PartyLegalEntity/cbc:CompanyID[@schemeID='0002']", "HRA 4711"),
    "BT-48": ("cac:AccountingCustomerParty//cac:PartyTaxScheme/cbc:CompanyID", "DE136695976"),
    "BT-49": ("cac:AccountingCustomerParty//cbc:EndpointID[@schemeID='0204']", "991-12345-06"),
    "BT-56": ("cac:AccountingCustomerParty//cac:Contact/cbc:Name", "Jürgen Ap"),
    "BT-73": ("cac:InvoicePeriod/cbc:StartDate", "2020-10-01"),
    "BT-74": ("cac:InvoicePeriod/cbc:EndDate", "2020-10-31"),
    "BT-81": ("cac:PaymentMeans/cbc:PaymentMeansCode", "58"),
    "BT-83": ("cac:PaymentMeans/cbc:PaymentID", "20000001"),
    "BT-84": ("cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID", "NL91ABNA0417164300"),
    "BT-86": ("cac:PaymentMeans/cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID", "ABNANL2A"),
    "BT-113": ("cac:LegalMonetaryTotal/cbc:PrepaidAmount", "0.65"),
    "BT-115": ("cac:LegalMonetaryTotal/cbc:PayableAmount", "80.00"),
    "BT-124": ("cac:AdditionalDocumentReference//cbc:URI", "https://portal.meridian.example/documents/20000001"),
    "BT-127": ("cac:InvoiceLine[2]/cbc:Note", "Corrects 20000000, line 3"),
    "BT-128": ("cac:InvoiceLine[1]/cac:DocumentReference[cbc:DocumentTypeCode='130']/cbc:ID[@schemeID='EQ']", "48214"),
    "BT-129": ("cac:InvoiceLine[2]/cbc:InvoicedQuantity[@unitCode='DAY']", "-12"),
    "BT-131": ("cac:InvoiceLine[2]/cbc:LineExtensionAmount", "-50.30"),
    "BT-132": ("cac:InvoiceLine[1]/cac:OrderLineReference/cbc:LineID", "10"),
    "BT-133": ("cac:InvoiceLine[1]/cbc:AccountingCost", "CC-1"),
    "BT-134": ("cac:InvoiceLine[1]/cac:InvoicePeriod/cbc:StartDate", "2020-10-01"),
    "BT-135": ("cac:InvoiceLine[1]/cac:InvoicePeriod/cbc:EndDate", "2020-10-31"),
    "BT-136": ("cac:InvoiceLine[1]/cac:AllowanceCharge[cbc:ChargeIndicator='false']/cbc:Amount", "13.00"),
    "BT-139": ("cac:InvoiceLine[1]/cac:AllowanceCharge/cbc:AllowanceChargeReason", "Term of one year"),
    "BT-146": ("cac:InvoiceLine[2]/cac:Price/cbc:PriceAmount", "129.95"),
    "BT-149": ("cac:InvoiceLine[2]/cac:Price/cbc:BaseQuantity[@unitCode='DAY']", "31"),
    "BT-155": ("cac:InvoiceLine[1]/cac:Item/cac:SellersItemIdentification/cbc:ID", "P1"),
    "BT-156": ("cac:InvoiceLine[1]/cac:Item/cac:BuyersItemIdentification/cbc:ID", "shop-db-1"),
}
ATTRIBUTES = {
    "Contract ID": "50001844", "Service ID": "41000001000100", "Reference": "shop-db-1", "Legacy name": "ABCD001-XYZ",
    "Legacy ID": "222901", "Location": "AMS-01", "Serial": "CZ3412", "Measured": "1234.5 GB", "Included": "1000 GB",
    "Method": "traffic", "Samples": "8928", "Samples SHA-256": "ab" * 32,
}  # fmt: skip
NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}


def _text(root: Any, path: str) -> str | None:
    found = root.xpath(path, namespaces=NAMES)
    return found[0].text if found else None


def test_every_mapped_field_stands_where_ubl_has_it(rules: RulesRun) -> None:
    root = etree.fromstring(write_einvoice(_rich(), "peppol"))
    assert {term: _text(root, path) for term, (path, _) in RICH_UBL.items()} == {
        term: value for term, (_, value) in RICH_UBL.items()
    }
    pairs = root.xpath("cac:InvoiceLine[1]//cac:AdditionalItemProperty", namespaces=NAMES)
    assert {pair[0].text: pair[1].text for pair in pairs} == ATTRIBUTES
    for profile in FILES:
        assert problems(_rich(), profile, rules) == []


def test_every_mapped_field_stands_where_cii_has_it() -> None:
    root = etree.fromstring(write_einvoice(_rich(), "factur-x"))
    line = "//ram:IncludedSupplyChainTradeLineItem"
    expected = {
        "//ram:BuyerReference": "04011000-12345-34",
        "//ram:SpecifiedProcuringProject/ram:ID": "Ostrich",
        "//ram:ContractReferencedDocument/ram:IssuerAssignedID": "50001844",
        "//ram:ApplicableHeaderTradeAgreement/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID": "PO-4711",
        "//ram:SellerOrderReferencedDocument/ram:IssuerAssignedID": "41220000",
        "//ram:ApplicableHeaderTradeAgreement/ram:AdditionalReferencedDocument[ram:TypeCode='130']/ram:IssuerAssignedID": "12000456-01",
        "//ram:BuyerTradeParty/ram:ID": "12000456",
        "//ram:SellerTradeParty//ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']": "NL004495445B01",
        "//ram:PayeePartyCreditorFinancialAccount/ram:IBANID": "NL91ABNA0417164300",
        "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID": "20000000",
        "//ram:AdditionalReferencedDocument/ram:URIID": "https://portal.meridian.example/documents/20000001",
        "//ram:ApplicableHeaderTradeSettlement/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID": "CC-9",
        f"{line}[1]//ram:AdditionalReferencedDocument[ram:TypeCode='130'][ram:ReferenceTypeCode='EQ']/ram:IssuerAssignedID": "48214",
        f"{line}[1]//ram:BuyerOrderReferencedDocument/ram:LineID": "10",
        f"{line}[1]//ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID": "CC-1",
        f"{line}[1]//ram:BuyerAssignedID": "shop-db-1",
        f"{line}[2]//ram:BilledQuantity[@unitCode='DAY']": "-12",
        f"{line}[2]//ram:BasisQuantity[@unitCode='DAY']": "31",
        f"{line}[2]//ram:IncludedNote/ram:Content": "Corrects 20000000, line 3",
        f"{line}[2]//ram:EndDateTime/udt:DateTimeString": "20201031",
    }
    assert {path: _text(root, path) for path in expected} == expected
    pairs = root.xpath(f"{line}[1]//ram:ApplicableProductCharacteristic", namespaces=NAMES)
    assert {pair[0].text: pair[1].text for pair in pairs} == ATTRIBUTES


def test_several_contracts_orders_and_purchase_orders_stand_on_their_lines() -> None:
    document = GOLDEN["forty_lines"]
    lines = tuple(
        replace(line, subject=replace(line.subject, order_id=f"4122000{n % 2}", po_number=f"PO-{n % 2}", po_line="7"))
        for n, line in enumerate(document.lines)
    )
    terms = terms_of(replace(document, lines=lines), profile_of("peppol"))
    assert (terms.contract, terms.sales_order, terms.purchase_order) == ("", "", "")
    assert terms.buyer_reference == "991-12345-06"  # the Leitweg-ID of the buyer's address
    attributes = dict(terms.lines[1].attributes)
    assert (attributes["Order ID"], attributes["Purchase order"]) == ("41220001", "PO-1")
    assert terms.lines[1].po_line == ""


def test_the_buyer_reference_falls_back() -> None:
    document = replace(GOLDEN["simple"], buyer=replace(world.MUELLER, electronic_address="9930:DE136695976"))
    chain = {"": "PO-4711", "04011000-12345-34": "04011000-12345-34"}
    for given, expected in chain.items():
        bill_to = replace(document.bill_to, buyer_reference=given)
        assert terms_of(replace(document, bill_to=bill_to), profile_of("peppol")).buyer_reference == expected
    without = replace(document, bill_to=replace(document.bill_to, po_number=""))
    assert terms_of(without, profile_of("peppol")).buyer_reference == "50001844"
    many = replace(GOLDEN["forty_lines"], buyer=document.buyer)
    assert terms_of(many, profile_of("peppol")).buyer_reference == "12000456-01"


def test_two_taxes_of_canada_are_charges_outside_the_scope_of_vat() -> None:
    read = read_einvoice(write_einvoice(GOLDEN["canada"], "en16931-ubl"))
    assert [(charge.reason, charge.amount_minor) for charge in read.charges] == [
        ("GST 5 % (CA-QC)", 1000), ("QST 9.975 % (CA-QC)", 1995),
    ]  # fmt: skip
    assert [(row.category, row.base_minor, row.tax_minor) for row in read.taxes] == [("O", 22995, 0)]
    totals = read.totals
    assert (totals.lines_minor, totals.charges_minor, totals.gross_minor) == (20000, 2995, 22995)
    assert read.seller.tax_id == read.buyer.tax_id == ""


def test_singapore_dollars_in_pint_sg_and_in_the_note_of_en16931() -> None:
    document = GOLDEN["singapore_in_usd"]
    read = read_einvoice(write_einvoice(document, "pint-sg"))
    accounting = document.accounting
    assert accounting is not None and read.accounting is not None
    assert (read.accounting.net_minor, read.accounting.gross_minor) == (accounting.net_minor, accounting.gross_minor)
    assert [(row.category, row.rate) for row in read.taxes] == [("SR", Decimal(7))]
    assert (read.tax_scheme, read.seller.tax_id, read.document_uuid) == ("GST", "201012345K", document.document_uuid)
    assert "In SGD: Net " in read_einvoice(write_einvoice(document, "en16931-ubl")).note


def test_a_credit_note_names_both_invoices_and_asks_for_no_money() -> None:
    second = DocumentReference(number="20000002", issued_on=date(2020, 9, 1))
    document = GOLDEN["credit_note"]
    document = replace(document, corrects=(*document.corrects, second))
    for profile in FILES:
        read = read_einvoice(write_einvoice(document, profile))
        assert read.type_code == "381" and read.due_on is None
        assert read.corrects == (("20000001", world.OCTOBER), ("20000002", date(2020, 9, 1)))
        assert read.totals.due_minor == document.totals.due_minor > 0
        # A Dutch seller's credit note in Peppol: 57, as agreed (NL-R-007, NL-R-008).
        assert read.payment.code == {"xrechnung": "97", "peppol": "57"}.get(profile, "")
        assert read.lines[0].note == "Korrigiert 20000001, Zeile 1"


def test_one_breakdown_row_by_category_and_rate(rules: RulesRun) -> None:
    charges = world.line(1, "100", world.vat("S", "21")) + world.line(2, "50", world.vat("S", "21", "BE"))
    document = reachable(world.document(charges, buyer=world.MUELLER))
    assert len(document.tax_subtotals) == 2
    read = read_einvoice(write_einvoice(document, "en16931-cii"))
    assert [(row.rate, row.base_minor, row.tax_minor) for row in read.taxes] == [(Decimal(21), 15000, 3150)]
    assert problems(document, "en16931-cii", rules) == []


def test_yen_of_a_part_of_a_month_close_the_gap_with_a_charge(rules: RulesRun) -> None:
    charges = world.line(1, "14800", world.vat("S", "21"), "JPY", start=date(2020, 10, 20))
    document = reachable(world.document(charges, buyer=world.MUELLER, currency="JPY"))
    line = read_einvoice(write_einvoice(document, "peppol")).lines[0]
    exact = line.quantity * line.price / line.base_quantity
    assert line.rounding and abs(line.net_minor - exact - line.rounding) < Decimal("0.01")
    assert problems(document, "peppol", rules) == []


def test_the_vat_id_of_the_country_whose_tax_is_charged_is_named() -> None:
    registrations = (
        TaxRegistration(scheme="VAT", number="NL004495445B01"),
        TaxRegistration(scheme="VAT", number="DE 136695976"),
    )
    document = world.document(world.line(1, "10", world.vat("S", "19", "DE")), buyer=world.MUELLER)
    document = replace(document, seller=replace(document.seller, tax_registrations=registrations))
    assert read_einvoice(write_einvoice(document, "en16931-ubl")).seller.tax_id == "DE136695976"


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [("EL094259216", "GR", "EL094259216"), ("094 259 216", "GR", "EL094259216"), ("de136695976", "DE", "DE136695976"),
     ("004495445B01", "NL", "NL004495445B01")],
)  # fmt: skip
def test_a_vat_id_begins_with_its_country(number: str, country: str, expected: str) -> None:
    assert with_country(number, country) == expected


def test_what_xml_cannot_carry_is_left_out() -> None:
    document = GOLDEN["simple"]
    buyer = replace(document.buyer, name="A\x00B\x0b<&>\"'\ufffe\r\nC")
    for profile in ("en16931-ubl", "factur-x"):
        assert read_einvoice(write_einvoice(replace(document, buyer=buyer), profile)).buyer.name == "AB<&>\"'\nC"


def _but(name: str = "simple", **changes: Any) -> Document:
    return replace(GOLDEN[name], **changes)


def _party_but(party: Party, **changes: Any) -> Party:
    return replace(party, **changes)


SIMPLE = GOLDEN["simple"]
SG = GOLDEN["singapore_in_usd"]
REFUSED = {
    "no seller address": ("peppol", _but(seller=_party_but(SIMPLE.seller, electronic_address="")), "R020", "enter it there"),
    "no buyer address": ("peppol", _but(buyer=_party_but(SIMPLE.buyer, electronic_address="")), "R010", "another form"),
    "address without scheme": ("en16931-ubl", _but(buyer=_party_but(SIMPLE.buyer, electronic_address="x")), "BR-63", "0208:"),
    "mail on Peppol": ("peppol", _but(buyer=_party_but(SIMPLE.buyer, electronic_address="EM:a@b.cc")), "CL008", "participant ID"),
    "no phone": ("xrechnung", _but(seller=_party_but(SIMPLE.seller, phone=" ")), "BR-DE-6", "enter it"),
    "no e-mail": ("xrechnung", _but(seller=_party_but(SIMPLE.seller, email="")), "BR-DE-7", "enter it"),
    "no post code": (
        "xrechnung", _but(buyer=_party_but(SIMPLE.buyer, address=replace(SIMPLE.buyer.address, postal_code=""))), "BR-DE-9",
        "complete the address",
    ),
    "no account": ("xrechnung", _but(payment=replace(SIMPLE.payment, account=None)), "BR-DE-1", "enter an account in EUR"),
    "no account, Dutch": ("peppol", _but(payment=replace(SIMPLE.payment, account=None)), "NL-R-007", "enter an account"),
    "no debited account": (
        "xrechnung", _but("two_rates", payment=replace(GOLDEN["two_rates"].payment, debited_account="")), "BR-DE-31", "enter it",
    ),
    "no buyer reference": (
        "xrechnung",
        _but(
            "forty_lines", bill_to=replace(SIMPLE.bill_to, po_number="", billing_group_id=""),
            buyer=_party_but(SIMPLE.buyer, electronic_address="9930:DE136695976"),
        ),
        "BR-DE-15", "enter one",
    ),
    "a public body without its reference": (
        "xrechnung",
        _but(
            bill_to=replace(SIMPLE.bill_to, buyer_kind="public", po_number="PO-1"),
            buyer=_party_but(SIMPLE.buyer, electronic_address="9930:DE136695976"),
        ),
        "BR-DE-15", "ask for its Leitweg-ID and enter it at billing group 12000456-01",
    ),
    "VAT in PINT-SG": ("pint-sg", SIMPLE, "BR-CL-18-GST-SG", "another form"),
    "no UUID": ("pint-sg", replace(SG, document_uuid=""), "BR-108-GST-SG", "provisional"),
    "no SGD": ("pint-sg", replace(SG, accounting=None), "BR-113-GST-SG", "exchange rate"),
    "no UEN": ("pint-sg", replace(SG, seller=_party_but(SG.seller, company_number="")), "BR-112-GST-SG", "UEN"),
    "no GST number": ("pint-sg", replace(SG, seller=_party_but(SG.seller, tax_registrations=())), "BR-105-GST-SG", "enter it"),
    "no number": ("en16931-ubl", _but(number=""), "BR-02", "provisional"),
    "three decimals": ("en16931-cii", _but(currency="KWD"), "BR-DEC-18", "another currency"),
    "two VAT categories on a line": (
        "en16931-ubl", _but(lines=(replace(SIMPLE.lines[0], taxes=SIMPLE.lines[0].taxes * 2),)), "BR-CO-04", "correct the tax",
    ),
    "VAT and another tax": (
        "en16931-ubl", _but(lines=(SIMPLE.lines[0], replace(GOLDEN["canada"].lines[0], line_number=2))), "BR-O-12",
        "billing group of their own",
    ),
    "exempt without a reason": (
        "factur-x",
        _but(
            lines=(replace(SIMPLE.lines[0], taxes=world.vat("E", "0")),),
            tax_subtotals=(replace(SIMPLE.tax_subtotals[0], code="E", rate=Decimal(0)),),
        ),
        "BR-E-10", "enter the words",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_rule_term_and_way_out(case: str) -> None:
    profile, document, rule, way_out = REFUSED[case]
    with pytest.raises(EinvoiceRefused, match=way_out) as refusal:
        write_einvoice(document, profile)
    assert refusal.value.rule.endswith(rule) and refusal.value.term


@pytest.mark.parametrize(
    "kind", [kind for kind in DocumentKind if kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)]
)
def test_other_kinds_are_refused_by_name(kind: DocumentKind) -> None:
    document = replace(GOLDEN["simple"], kind=kind)
    for profile in PROFILES:
        with pytest.raises(NoEinvoiceOfKind, match=kind.value.replace("_", " ")):
            write_einvoice(document, profile)


def test_an_unknown_profile_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownProfile, match="en16931-ubl, en16931-cii, factur-x, xrechnung, zugferd, peppol, pint-sg"):
        write_einvoice(GOLDEN["simple"], "fatturapa")


@pytest.mark.parametrize(
    ("kind", "reference", "address", "expected"),
    [
        ("public", "991-03730-19", "9930:DE136695976", "991-03730-19"), ("public", "", "0204:991-12345-06", "991-12345-06"),
        ("", "", "0204:991-12345-06", "991-12345-06"), ("", "", "9930:DE136695976", "PO-1"),
    ],
)  # fmt: skip
def test_only_a_public_body_must_give_the_reference_itself(
    kind: str, reference: str, address: str, expected: str
) -> None:
    to = replace(SIMPLE.bill_to, buyer_kind=kind, buyer_reference=reference, po_number="PO-1")
    document = _but(bill_to=to, buyer=replace(SIMPLE.buyer, electronic_address=address))
    assert read_einvoice(write_einvoice(document, "xrechnung")).buyer_reference == expected


def test_a_german_buyer_without_a_participant_gets_xrechnung_by_mail_address() -> None:
    buyer = _party_but(SIMPLE.buyer, electronic_address="", email="ap@mueller.example")
    read = read_einvoice(write_einvoice(_but(buyer=buyer), "xrechnung"))
    assert (read.buyer.address_scheme, read.buyer.electronic_address) == ("EM", "ap@mueller.example")


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (b"no xml", "no XML"),
        (b"<Order/>", "not Order"),
        (b'<Invoice><DocumentCurrencyCode>EUR</DocumentCurrencyCode></Invoice>', "has no"),
        (b"<CrossIndustryInvoice/>", "has no InvoiceCurrencyCode"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(xml: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_einvoice(xml)


def test_entities_are_not_resolved(tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    xml = write_einvoice(GOLDEN["simple"], "en16931-ubl")
    declared = f'<!DOCTYPE Invoice [<!ENTITY x SYSTEM "{secret.as_uri()}">]><Invoice'.encode()
    with pytest.raises(Unreadable, match="has no ID"):
        read_einvoice(xml.replace(b"<Invoice", declared, 1).replace(b"<cbc:ID>20000001<", b"<cbc:ID>&x;<", 1))
