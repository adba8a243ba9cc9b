"""The one cast of sellers and buyers, and documents made of them by the sums themselves."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from rackbill.core.charges import charges_owed
from rackbill.core.document import BillTo, Document, DocumentReference, LineSubject, PaymentInstructions, numbered
from rackbill.core.invoicing import BillableCharge, BillHead, ExchangeRate, draft_invoices
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.quoting import draft_pro_forma
from rackbill.core.tax import TaxDecision
from rackbill.core.terms import ContractTerms, DatedPrice, DatedQuantity, Discount, DiscountKind, LineKind, TermLine

OCTOBER = date(2020, 10, 1)
THROUGH = date(2020, 11, 1)

MERIDIAN_NL = Party(
    name="Meridian Hosting B.V.", company_number="KvK 30141839", email="billing@meridian.example", phone="+31 20 316 2880",
    address=PostalAddress(street="Hessenbergweg 95", city="Amsterdam", postal_code="1101 CX", country="NL"),
    tax_registrations=(TaxRegistration(scheme="VAT", number="NL004495445B01"),),
)  # fmt: skip
MERIDIAN_SG = Party(
    name="Meridian Hosting Pte. Ltd.", company_number="201012345K", email="billing@meridian.example", phone="+65 3158 0000",
    address=PostalAddress(street="1 Raffles Place", city="Singapore", postal_code="048616", country="SG"),
    tax_registrations=(TaxRegistration(scheme="GST", number="201012345K"),),
)  # fmt: skip
AEGEAN = Party(
    name="Αιγαίο Δεδομένα Α.Ε.", address=PostalAddress(street="Λεωφόρος Κηφισίας 124", city="Αθήνα", postal_code="115 26", country="GR"),
    tax_registrations=(TaxRegistration(scheme="VAT", number="EL094259216"),),
)  # fmt: skip
NORTH_WIND = Party(
    name="ООО «Северный Ветер»", address=PostalAddress(street="ул. Льва Толстого, 16", city="Москва", postal_code="119021", country="RU")
)  # fmt: skip
MUELLER = Party(
    name="Müller & Söhne Datentechnik GmbH & Co. KG", company_number="HRA 4711",
    address=PostalAddress(street="Große Bleichen 21", city="Hamburg", postal_code="20354", country="DE"),
    tax_registrations=(TaxRegistration(scheme="VAT", number="DE136695976"),),
)  # fmt: skip
TREMBLAY = Party(
    name="Tremblay Données inc.",
    address=PostalAddress(street="1000 rue De La Gauchetière O", city="Montréal", postal_code="H3B 4W5", country="CA", state="QC"),
)  # fmt: skip
ACCOUNTS = {
    "EUR": BankAccount(bank_name="ING Bank", currency="EUR", iban="NL91ABNA0417164300", bic="ABNANL2A"),
    "USD": BankAccount(bank_name="DBS Bank", currency="USD", account_number="003-912345-6", routing_code="7171-003", bic="DBSSSGSG"),
    "CAD": BankAccount(bank_name="RBC", currency="CAD", account_number="1234567", routing_code="000300001"),
    "JPY": BankAccount(bank_name="MUFG", currency="JPY", account_number="7654321", routing_code="0005-001"),
}  # fmt: skip


def vat(code: str, rate: str, jurisdiction: str = "NL", exemption: str = "") -> tuple[TaxDecision, ...]:
    """One VAT decision."""
    return (
        TaxDecision(regime="VAT", code=code, rate=Decimal(rate), jurisdiction=jurisdiction, exemption_code=exemption),
    )


def line(
    number: int, price: str, taxes: tuple[TaxDecision, ...], currency: str = "EUR", **more: object
) -> list[BillableCharge]:
    """The charges of October of one service; every third has no reference, every seventh no equipment."""
    start = more.pop("start", OCTOBER)
    assert isinstance(start, date)
    discounts = more.pop("discounts", ())
    subject = LineSubject(
        contract_id=f"5000{1844 + number // 5}", service_id=f"41000{number:03d}000100",
        product_id=("DEDICATED_SERVER", "RACK_UNIT", "VIRTUAL_SERVER")[number % 3], product_code=f"P{number % 3}",
        description=("Dedicated server HP DL380 Gen10", "Rack unit", "Virtual server M")[number % 3],
        equipment_id="" if number % 7 == 6 else str(48_213 + number), reference=f"shop-db-{number}" if number % 3 else "",
        legacy_name="" if number % 7 == 6 else f"ABCD{number:03d}-XYZ", legacy_id=str(222_900 + number), location="AMS-01",
    )  # fmt: skip
    terms = TermLine(
        line_id=number, kind=LineKind.RECURRING, start=start, end=None,
        prices=(DatedPrice(date(2020, 1, 1), None, Decimal(price)),),
        quantities=(DatedQuantity(date(2020, 1, 1), None, Decimal(str(more.pop("quantity", 1)))),),
        discounts=discounts,  # type: ignore[arg-type]
    )  # fmt: skip
    contract = ContractTerms(contract_id=subject.contract_id, currency=currency, lines=(terms,))
    return [
        BillableCharge(charge=c, subject=subject, taxes=taxes) for c in charges_owed(terms=contract, through=THROUGH)
    ]


def document(
    charges: list[BillableCharge], *, seller: Party = MERIDIAN_NL, buyer: Party = AEGEAN, currency: str = "EUR", language: str = "en",
    number: str = "20000001", rate: ExchangeRate | None = None, mandate: str = "", po_number: str = "",
    texts: dict[str, str] | None = None,
) -> Document:  # fmt: skip
    """The first draft of the charges, with a number."""
    head = BillHead(
        sales_organisation_id="2000", issued_on=OCTOBER, currency=currency, language=language, seller=seller, buyer=buyer,
        bill_to=BillTo(
            customer_id="12000456", legacy_customer_id="NL123421341", billing_group_id="12000456-01", po_number=po_number
        ),
        payment=PaymentInstructions(
            account=ACCOUNTS.get(currency), payment_days=14, mandate_reference=mandate, creditor_id="NL98ZZZ" if mandate else ""
        ),
        accounting_rate=rate, exemption_texts=texts,
    )  # fmt: skip
    draft = draft_invoices(head=head, charges=charges)[0].document
    return numbered(draft, number=number, document_uuid="00000000-0000-5000-8000-000000000001")


def golden() -> dict[str, Document]:
    """The golden documents by name."""
    return dict(_golden())


@cache
def _golden() -> dict[str, Document]:
    from tests.world import golden_documents

    return {**_first(), **golden_documents.more()}


def _first() -> dict[str, Document]:
    reverse = {"VATEX-EU-AE": "Reverse charge: the recipient accounts for the VAT (Art. 196, Directive 2006/112/EC)."}
    zero = {"SG-S21-3": "Zero-rated: international service under section 21(3) of the GST Act."}
    singapore = (TaxDecision(regime="GST-SG", code="SR", rate=Decimal(7), jurisdiction="SG"),)
    abroad = (TaxDecision(regime="GST-SG", code="ZR", rate=Decimal(0), jurisdiction="SG", exemption_code="SG-S21-3"),)
    quebec = tuple(
        TaxDecision(regime="GST-CA", code=code, rate=Decimal(rate), jurisdiction="CA-QC")
        for code, rate in (("GST", "5"), ("QST", "9.975"))
    )
    usd = ExchangeRate(currency="SGD", rate=Decimal("1.3652"), rate_on=date(2020, 9, 30), rate_source="MAS")
    loyal = (Discount(DiscountKind.PERCENT, Decimal(10), "Term of one year", date(2020, 1, 1), None),)
    free = (Discount(DiscountKind.PERCENT, Decimal(100), "Opening offer", date(2020, 1, 1), None),)
    reverse_charge = vat("AE", "0", "GR", "VATEX-EU-AE")
    many = [charge for n in range(40) for charge in line(n, f"{30 + n}.95", vat("S", "21"))]
    original = line(1, "129.95", vat("S", "16", "DE"))[0]
    back = replace(
        original.charge, quantity=-original.charge.quantity, amount_minor=-original.charge.amount_minor, corrects=7
    )
    coming = document(many, buyer=MUELLER, language="nl")
    corrected = DocumentReference(number="20000001", issued_on=OCTOBER, line_number=1)
    return {
        "simple": document(line(1, "129.95", vat("S", "21")), buyer=MUELLER, po_number="PO-4711"),
        "mid_month_start": document(line(3, "129.95", vat("S", "21"), start=date(2020, 9, 20)), buyer=MUELLER, language="de"),
        "reverse_charge": document(line(2, "89.00", reverse_charge), texts=reverse),
        "forty_lines": document(many, buyer=MUELLER, language="nl"),
        "cyrillic": document(
            line(4, "59.5", abroad, "USD"), seller=MERIDIAN_SG, buyer=NORTH_WIND, currency="USD", language="ru", rate=usd, texts=zero
        ),
        "singapore_in_usd": document(
            line(1, "129.95", singapore, "USD") + line(5, "12.5", singapore, "USD"), seller=MERIDIAN_SG, buyer=MUELLER,
            currency="USD", rate=usd,
        ),
        "discounts": document(line(1, "129.95", vat("S", "21"), discounts=loyal), buyer=MUELLER),
        "two_rates": document(line(1, "129.95", vat("S", "21")) + line(2, "20", vat("S", "9")), buyer=MUELLER, mandate="M-2020-77"),
        "canada": document(line(1, "200", quebec, "CAD"), buyer=TREMBLAY, currency="CAD"),
        "zero_total": document(line(1, "129.95", vat("S", "21"), discounts=free), buyer=MUELLER),
        "yen": document(line(1, "14800", vat("S", "21"), "JPY"), buyer=MUELLER, currency="JPY"),
        "credit_note": document(
            [BillableCharge(charge=back, subject=original.subject, taxes=original.taxes, corrects=corrected)], buyer=MUELLER,
            number="20900001", language="de",
        ),
        "pro_forma": draft_pro_forma(
            draft=coming, made_on=date(2020, 9, 20),
            note="Dit is geen factuur. Zij toont wat de factuur van 1 oktober 2020 naar de stand van vandaag zal brengen; "
            "gelieve niet te betalen.",
        ),
    }  # fmt: skip
