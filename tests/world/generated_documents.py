"""Documents made by the sums themselves from a seed: every tax category, kind and currency in turn, and all that varies.

Same seed and number, same document. Each is one that a bill run or a credit could give.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from rackbill.core.charges import charges_owed
from rackbill.core.crediting import asked_items, draft_credit_note, remaining_of
from rackbill.core.document import (
    BillTo,
    Document,
    DocumentKind,
    DocumentReference,
    LineSubject,
    PaymentInstructions,
    check,
    numbered,
)
from rackbill.core.invoicing import BillableCharge, BillHead, ExchangeRate, draft_invoices
from rackbill.core.metering import MeasuredQuantity
from rackbill.core.money import minor_digits, minor_from_decimal, quantize
from rackbill.core.party import BankAccount
from rackbill.core.periods import Period
from rackbill.core.pricing import PriceModel, Tier, UsagePrice
from rackbill.core.tax import TaxDecision
from rackbill.core.terms import ContractTerms, DatedPrice, DatedQuantity, Discount, DiscountKind, LineKind, TermLine
from tests.world.generated_parties import BUYERS, SELLERS

ISSUED = date(2020, 11, 1)
BEFORE = date(2020, 10, 1)
LANGUAGES = ("en", "de", "nl", "ru")
_ALWAYS = date(2018, 1, 1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One tax category in one kind and currency."""

    regime: str
    code: str
    kind: DocumentKind
    currency: str

    def __str__(self) -> str:
        return f"{self.regime} {self.code} {self.kind.value} {self.currency}"


_CATEGORIES = {
    **{("VAT", code): ("EUR", "USD", "JPY") for code in ("S", "Z", "E", "AE", "K", "G")},
    ("VAT", "O"): ("EUR", "USD", "JPY", "GBP"),
    ("GST-SG", "SR"): ("SGD", "USD", "JPY"),
    ("GST-SG", "ZR"): ("SGD", "USD", "JPY"),
    ("GST-CA", "QST"): ("CAD",),
    ("GST-CA", "RST"): ("CAD",),
    ("SALES", "SALES"): ("USD",),
    ("SALES", "NT"): ("USD",),
    ("JCT", "S"): ("JPY",),
    ("GST-AU", "S"): ("AUD",),
}  # fmt: skip
CELLS = tuple(
    Cell(regime, code, kind, currency)
    for (regime, code), currencies in _CATEGORIES.items()
    for kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
    for currency in currencies
)
"""All cells that the generator fills; document number n is of cell n modulo their count."""

EXEMPTIONS = {
    "VATEX-EU-AE": "Reverse charge (Art. 196, Directive 2006/112/EC).",
    "VATEX-EU-O": "Not subject to VAT (Art. 44 and 59, Directive 2006/112/EC).",
    "VATEX-EU-IC": "Intra-Community supply (Art. 138, Directive 2006/112/EC).",
    "VATEX-EU-G": "Export (Art. 146, Directive 2006/112/EC).",
    "VATEX-EU-132": "Exempt (Art. 132, Directive 2006/112/EC).",
    "SMALL": "Small business: no VAT is charged.",
    "SG-S21-3": "Zero-rated: international service under section 21(3) of the GST Act.",
    "NOT-TAXED": "Hosting services are not taxed in the customer's state.",
}
_SUBJECTS = (
    ("DEDICATED_SERVER", "SRV-380", "Dedicated server HP DL380 Gen10"), ("RACK_UNIT", "RU-1", "Rack unit"),
    ("VIRTUAL_SERVER", "VS-M", "Virtual server <M> & backup"), ("IP_TRANSIT", "", "Traffic \"outbound\""),
    ("REMOTE_HANDS", "RH", "Hands & eyes 'on site'"), ("SSL_CERTIFICATE", "SSL-1", ""),
)  # fmt: skip
_REFERENCES = ("", "", "shop-db-01", "Бухгалтерия 1", "サーバー３", "φύλλο-9", 'a<b & "c"', "  spaced  ")


def generated_documents(count: int, *, seed: int = 4) -> Iterator[tuple[Cell, Document]]:
    """So many documents with the cell each was made for."""
    for place in range(count):
        cell = CELLS[place % len(CELLS)]
        yield cell, generated_document(cell, Random(f"{seed}/{place}"), place)


def generated_document(cell: Cell, rng: Random, place: int) -> Document:
    """A document of the cell. Its invariants hold."""
    draft = _draft(cell, rng)
    # What is free of charge gives no credit note.
    while draft.kind is not cell.kind:
        draft = _draft(cell, rng)
    document = numbered(draft, number=f"{20000001 + place}", document_uuid=f"00000000-0000-5000-8000-{place:012d}")
    check(document)
    return document


def _draft(cell: Cell, rng: Random) -> Document:
    head = _head(cell, rng)
    if cell.kind is DocumentKind.INVOICE:
        charges = _charges(cell, rng)
        if rng.random() < 0.3:
            charges += _taken_back(charges, rng, share=0.4)
        drafts = draft_invoices(head=head, charges=charges)
        draft = next(d.document for d in drafts if d.kind is DocumentKind.INVOICE)
        if rng.random() < 0.15 and draft.totals.gross_minor > 0:
            draft = _prepaid(draft, rng)
        return draft
    if rng.random() < 0.4:
        taken_back = _taken_back(_charges(cell, rng), rng, share=1.0)
        return draft_invoices(head=head, charges=taken_back)[0].document
    return _credit(cell, rng, head)


def _head(cell: Cell, rng: Random) -> BillHead:
    seller = rng.choice(SELLERS[cell.regime])
    buyer = rng.choice(BUYERS.get((cell.regime, cell.code)) or BUYERS[cell.regime, ""])
    home = {"NL": "EUR", "DE": "EUR", "GB": "GBP", "SG": "SGD"}.get(seller.address.country, cell.currency)
    rate = None
    if home != cell.currency:
        rate = ExchangeRate(
            currency=home, rate=Decimal(rng.choice(("1.3652", "0.8913", "0.008123", "1.0001"))),
            rate_on=date(2020, 10, 30), rate_source=rng.choice(("ECB", "MAS")),
        )  # fmt: skip
    mandate = f"M-{rng.randrange(10**6)}" if rng.random() < 0.2 else ""
    values = {
        "customer_id": f"1{rng.randrange(10**7):07d}", "legacy_customer_id": rng.choice(("", "NL123421341")),
        "billing_group_id": f"12000456-{rng.randrange(1, 9):02d}", "billing_group_name": rng.choice(("", "Verwaltung")),
        "po_number": rng.choice(("", "", "PO-4711", "4500 & 1")), "cost_centre": rng.choice(("", "CC-9", "Ο-1")),
        "buyer_reference": rng.choice(("", "04011000-12345-34", "AP/Rotterdam")),
        "project_reference": rng.choice(("", "Project Ostrich")),
    }  # fmt: skip
    return BillHead(
        sales_organisation_id="2000", issued_on=ISSUED, currency=cell.currency, language=rng.choice(LANGUAGES), seller=seller,
        buyer=buyer, bill_to=BillTo(**values),
        payment=PaymentInstructions(
            account=_account(cell.currency, rng), payment_days=rng.choice((0, 14, 30)), mandate_reference=mandate,
            creditor_id="NL98ZZZ999999990000" if mandate and rng.random() < 0.8 else "",
            debited_account="DE89 3704 0044 0532 0130 00" if mandate and rng.random() < 0.9 else "",
        ),
        accounting_rate=rate, exemption_texts=EXEMPTIONS if rng.random() < 0.8 else {"SMALL": EXEMPTIONS["SMALL"]},
        texts=rng.choice(((), (), ("Thank you & see you",), ("Ваш <хостинг>", "Support: 24/7"))),
        details_url=rng.choice(("", "https://portal.meridian.example/documents/")),
    )  # fmt: skip


def _account(currency: str, rng: Random) -> BankAccount | None:
    if rng.random() < 0.1:
        return None
    if currency in ("EUR", "USD") and rng.random() < 0.7:
        return BankAccount(bank_name="ING Bank", currency=currency, iban="NL91 ABNA 0417 1643 00", bic="ABNANL2A")
    return BankAccount(bank_name="DBS & Co", currency=currency, account_number="003-912345-6", routing_code="7171-003")


def _decision(
    regime: str, code: str, rate: str, jurisdiction: str, exemption: str = "", base: str = "1"
) -> TaxDecision:
    return TaxDecision(
        regime=regime, code=code, rate=Decimal(rate), jurisdiction=jurisdiction, exemption_code=exemption,
        base_rate=Decimal(base),
    )  # fmt: skip


_STANDARD = (
    ("NL", "21"),
    ("BE", "21"),
    ("NL", "9"),
    ("DE", "19"),
    ("DE", "16"),
    ("FI", "25.5"),
    ("CH", "8.1"),
    ("HU", "27"),
)


def _vat_choices(code: str, rng: Random) -> list[tuple[TaxDecision, ...]]:
    standard = [
        (_decision("VAT", "S", rate, country),) for country, rate in rng.sample(_STANDARD, rng.choice((1, 1, 2, 3)))
    ]
    others = {
        "Z": [(_decision("VAT", "Z", "0", "GB"),)],
        "E": [(_decision("VAT", "E", "0", "NL", exemption),) for exemption in rng.choice((["VATEX-EU-132"], ["SMALL"], ["VATEX-EU-132", "SMALL"]))],
        "AE": [(_decision("VAT", "AE", "0", "GR", "VATEX-EU-AE"),)],
        "K": [(_decision("VAT", "K", "0", "FR", "VATEX-EU-IC"),)],
        "G": [(_decision("VAT", "G", "0", "CH", "VATEX-EU-G"),)],
        "O": [(_decision("VAT", "O", "0", "US", "VATEX-EU-O"),)],
    }  # fmt: skip
    if code == "S":
        return standard
    if code != "O" and rng.random() < 0.25:
        return [*others[code], *standard]
    return others[code]


def _choices(cell: Cell, rng: Random) -> list[tuple[TaxDecision, ...]]:
    """The tax decisions of the document's lines; the first is the cell's own."""
    if cell.regime == "VAT":
        return _vat_choices(cell.code, rng)
    singapore = {
        "SR": (_decision("GST-SG", "SR", rng.choice(("7", "8", "9")), "SG"),),
        "ZR": (_decision("GST-SG", "ZR", "0", "SG", "SG-S21-3"),),
    }
    if cell.regime == "GST-SG":
        mixed = [row for code, row in singapore.items() if code != cell.code and rng.random() < 0.2]
        return [singapore[cell.code], *mixed]
    second = {"QST": ("9.975", "CA-QC"), "RST": ("7", "CA-MB")}
    if cell.code in second:
        rate, province = second[cell.code]
        return [(_decision("GST-CA", "GST", "5", province), _decision("GST-CA", cell.code, rate, province))]
    texas = (_decision("SALES", "SALES", "6.25", "US-TX", base="0.8"),)
    california = (_decision("SALES", "NT", "0", "US-CA", "NOT-TAXED"),)
    return {
        "SALES": [texas] if cell.code == "SALES" else [california, texas][: rng.choice((1, 2))],
        "JCT": [(_decision("JCT", "S", "10", "JP"),)],
        "GST-AU": [(_decision("GST-AU", "S", "10", "AU"),)],
    }[cell.regime]


def _charges(cell: Cell, rng: Random) -> list[BillableCharge]:
    """What one to twelve services owe, at least one of them at the cell's own tax."""
    choices = _choices(cell, rng)
    contracts = [f"{50001844 + rng.randrange(9)}" for _ in range(rng.choice((1, 1, 3)))]
    is_free = rng.random() < 0.05
    found: list[BillableCharge] = []
    count = rng.choice((1, 1, 2, 3, 5, 12))
    for number in range(1, count + 1):
        taxes = choices[(number - 1) % len(choices)]
        subject = _subject(rng.choice(contracts), number, rng)
        line, usage = _line(number, cell.currency, rng, is_free=is_free)
        terms = ContractTerms(contract_id=subject.contract_id, currency=cell.currency, lines=(line,))
        owed = charges_owed(terms=terms, through=ISSUED + timedelta(days=1), usage=usage)
        recent = [charge for charge in owed if charge.period.end > BEFORE] or owed[-1:]
        found += [BillableCharge(charge=charge, subject=subject, taxes=taxes) for charge in recent]
    if not found:
        return _charges(cell, rng)
    return found


def _line(
    number: int, currency: str, rng: Random, *, is_free: bool
) -> tuple[TermLine, dict[int, tuple[MeasuredQuantity, ...]]]:
    """A contract line: monthly or longer, begun in mid-month, one-off or metered; with discounts, odd prices, many pieces."""
    digits = minor_digits(currency)
    price = Decimal(rng.randrange(1, 40_000)).scaleb(-2) if digits else Decimal(rng.randrange(100, 90_000))
    if rng.random() < 0.2:
        price = Decimal(rng.randrange(1, 10**7)).scaleb(-rng.choice((3, 4, 6)))
    discounts = []
    if is_free or rng.random() < 0.25:
        value = Decimal(100) if is_free else Decimal(rng.choice(("10", "12.5", "33.333")))
        discounts.append(
            Discount(DiscountKind.PERCENT, value, rng.choice(("Term of one year", "Offer <1>")), _ALWAYS, None)
        )
    if not is_free and rng.random() < 0.1:
        discounts.append(Discount(DiscountKind.AMOUNT, Decimal(1), "Loyal customer", _ALWAYS, None))
    kind = (
        LineKind.RECURRING if is_free else rng.choice((*(LineKind.RECURRING,) * 4, LineKind.ONE_OFF, LineKind.METERED))
    )
    start = rng.choice(
        (date(2020, 10, 1), date(2020, 10, 20), date(2020, 9, 15), date(2020, 11, 1), date(2020, 10, 31))
    )
    if kind is LineKind.METERED:
        start = BEFORE
    row = DatedPrice(_ALWAYS, None, price)
    usage: dict[int, tuple[MeasuredQuantity, ...]] = {}
    if kind is LineKind.METERED:
        row = DatedPrice(_ALWAYS, None, Decimal(0), _usage_price(rng))
        measured = MeasuredQuantity(
            period=Period(BEFORE, ISSUED), quantity=Decimal(rng.randrange(10**9, 10**10)).scaleb(-6),
            unit=rng.choice(("GB", "TB", "Mbps", "Gbps", "h", "unit")), samples_sha256="ab" * 32, sample_count=8928,
            expected_count=8928,
        )  # fmt: skip
        usage = {number: (measured,)}
    line = TermLine(
        line_id=number, kind=kind, start=start, end=None, prices=(row,),
        quantities=(DatedQuantity(_ALWAYS, None, Decimal(rng.choice((1, 1, 2, 7)))),), discounts=tuple(discounts),
        cycle_months=1 if kind is LineKind.METERED else rng.choice((1, 1, 1, 3, 6, 12)),
    )  # fmt: skip
    return line, usage


def _usage_price(rng: Random) -> UsagePrice:
    return rng.choice(
        (
            UsagePrice(model=PriceModel.PER_UNIT, price=Decimal("0.0513")),
            UsagePrice(model=PriceModel.INCLUDED, included=Decimal(1000), price=Decimal("0.05")),
            UsagePrice(model=PriceModel.COMMIT, included=Decimal(100), price=Decimal(2), overage_price=Decimal(3)),
            UsagePrice(
                model=PriceModel.TIERED, tiers=(Tier(Decimal(500), Decimal("0.1")), Tier(None, Decimal("0.07")))
            ),
        )
    )


def _subject(contract_id: str, number: int, rng: Random) -> LineSubject:
    product_id, product_code, description = rng.choice(_SUBJECTS)
    has_equipment = rng.random() < 0.8
    values = {
        "contract_id": contract_id, "service_id": f"41000{number:03d}000100", "product_id": product_id,
        "product_code": product_code, "description": description,
        "equipment_id": f"{48_213 + number}" if has_equipment else "", "reference": rng.choice(_REFERENCES),
        "legacy_name": f"ABCD{number:03d}-XYZ" if rng.random() < 0.7 else "", "legacy_id": rng.choice(("", "222901")),
        "location": rng.choice(("", "AMS-01", "FRA & 2")), "order_id": rng.choice(("", "41220000", "44010002")),
        "po_number": rng.choice(("", "", "PO-4711", "PO-9")), "cost_centre": rng.choice(("", "CC-1", "Kst <7>")),
        "po_line": rng.choice(("", "10")), "serial": "CZ3412ABCD" if has_equipment and rng.random() < 0.5 else "",
    }  # fmt: skip
    return LineSubject(**values)


def _taken_back(charges: list[BillableCharge], rng: Random, *, share: float) -> list[BillableCharge]:
    """Earlier charges like these taken back, of one or two earlier invoices; never more than half of what is charged."""
    references = [
        DocumentReference(number=number, issued_on=BEFORE, line_number=line)
        for number, line in (("20000001", 1), ("20000002", 3))
    ]
    positive = [item for item in charges if item.charge.amount_minor > 0] or charges
    chosen = positive if share == 1.0 else positive[: max(1, int(len(positive) * share))]
    found = []
    for key, item in enumerate(chosen, start=1):
        charge = item.charge
        # Half of it, at the same price; a line's net is then worked out anew.
        shrunk = charge.quantity if share == 1.0 else quantize(charge.quantity / 2, 6)
        amount = minor_from_decimal(shrunk * charge.unit_price / charge.price_base_quantity, charge.currency)
        allowances = charge.allowances if share == 1.0 else ()
        amount -= sum(allowance.amount_minor for allowance in allowances)
        back = replace(
            charge, quantity=-shrunk, amount_minor=-amount, corrects=key,
            allowances=tuple(replace(a, amount_minor=-a.amount_minor) for a in allowances),
        )  # fmt: skip
        reference = references[rng.randrange(2)]
        found.append(BillableCharge(charge=back, subject=item.subject, taxes=item.taxes, corrects=reference))
    return found


def _prepaid(draft: Document, rng: Random) -> Document:
    paid = rng.choice((draft.totals.gross_minor, draft.totals.gross_minor // 3))
    totals = replace(draft.totals, prepaid_minor=paid, due_minor=draft.totals.gross_minor - paid)
    return replace(draft, totals=totals)


def _credit(cell: Cell, rng: Random, head: BillHead) -> Document:
    """A credit of an invoice of the cell: of all, of some lines, of an amount or of some days; sometimes the second one."""
    drafts = draft_invoices(head=head, charges=_charges(cell, rng))
    original = numbered(drafts[0].document, number="20000001", document_uuid="00000000-0000-5000-8000-000000000001")
    left = {line.line_number: line.net_minor for line in original.lines}
    worth = [number for number, minor in left.items() if minor > 1]
    if not worth:
        return draft_invoices(head=head, charges=_taken_back(_charges(cell, rng), rng, share=1.0))[0].document
    way = rng.choice(("all", "lines", "amount", "rest"))
    asked: dict[str, Any] = {}
    if way == "lines":
        asked = {"line_numbers": rng.sample(worth, rng.randrange(1, len(worth) + 1))}
    elif way == "amount":
        asked = {"amount_minor": max(sum(left[number] for number in worth) // 3, 1)}
    elif way == "rest":
        for number in worth:
            left[number] -= left[number] // 3
    items = asked_items(original=original, left_minor=left, **asked)
    note = rng.choice(("", "Outage of 3 October", "Gutschrift & Entschuldigung"))
    draft = draft_credit_note(original=original, items=items, left_minor=left, issued_on=ISSUED, note=note)
    for line_number, credited in draft.items:
        left[line_number] -= credited
    rows = [(line.net_minor, left[line.line_number], line.taxes) for line in original.lines]
    remaining = remaining_of(number=original.number, tax_minor=original.totals.tax_minor, lines=rows)
    return replace(draft.document, remaining=(remaining,))
