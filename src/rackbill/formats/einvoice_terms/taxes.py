"""A document's taxes in EN 16931: VAT by category, or, where it is no VAT, charges on a document outside the scope of VAT.

BG-21 is where EN 16931 puts taxes other than VAT. PINT-SG carries Singapore's GST under that country's own codes.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from rackbill.core.document import Document, DocumentLine
from rackbill.core.document.texts import decimal_text
from rackbill.core.tax import TaxSubtotal
from rackbill.formats.einvoice_terms.national import is_german
from rackbill.formats.einvoice_terms.values import AccountingTerms, ChargeTerms, EinvoiceRefused, Profile, TaxTerms
from rackbill.formats.wording import wording

_ZERO = Decimal(0)
_VAT = frozenset({"VAT", "OUTSIDE"})
_GST = "GST-SG"
_GST_CODES = frozenset({"SR", "ZR", "ES33", "ESN33", "DS", "OS", "NA", "NG", "SRRC", "SRLVG", "SRCA-S", "SRCA-C"})
_CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M"})
_REASONED = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
_UNREASONED = frozenset({"S", "Z", "L", "M"})
"""Categories that may not name a reason (BR-S-10, BR-Z-10, BR-AF-10, BR-AG-10)."""


@dataclass(frozen=True, slots=True)
class TaxView:
    """The taxes of a document under a profile.

    `is_outside`: everything is category O, so no VAT ID may be written (BR-O-02). `jurisdictions` are the countries whose VAT
    is charged. `note` tells what the terms have no place for.
    """

    rows: tuple[TaxTerms, ...]
    charges: tuple[ChargeTerms, ...] = ()
    accounting: AccountingTerms | None = None
    is_outside: bool = False
    is_other_tax: bool = False
    jurisdictions: tuple[str, ...] = ()
    note: str = ""

    def line_category(self, line: DocumentLine) -> tuple[str, Decimal | None]:
        """BT-151 and BT-152; category O has no rate (BR-O-05)."""
        if self.is_other_tax:
            return "O", None
        tax = line.taxes[0]
        return tax.code, None if tax.code == "O" else tax.rate


def tax_view(document: Document, profile: Profile) -> TaxView:
    """The taxes as the profile carries them. Raises EinvoiceRefused for a mixture that none can."""
    regimes = {tax.regime for line in document.lines for tax in line.taxes}
    if profile.tax_scheme == "GST":
        return _gst(document, profile, regimes)
    if regimes <= _VAT:
        return _rated(_vat(document), document, profile)
    if regimes & _VAT:
        raise EinvoiceRefused(
            f"{document.number} bears VAT and another tax ({', '.join(sorted(regimes - _VAT))}); an e-invoice cannot carry "
            "both: move the services of one tax to a billing group of their own",
            rule="BR-O-12", term="BT-151",
        )  # fmt: skip
    return _rated(_other(document), document, profile)


def _vat(document: Document) -> TaxView:
    for line in document.lines:
        if len(line.taxes) != 1 or line.taxes[0].code not in _CATEGORIES:
            raise EinvoiceRefused(
                f"line {line.line_number} of {document.number} needs exactly one VAT category (BT-151) out of "
                f"{', '.join(sorted(_CATEGORIES))}; correct the tax of its product or customer",
                rule="BR-CO-04", term="BT-151",
            )  # fmt: skip
    rows = _merged(document.tax_subtotals, document.number)
    countries = dict.fromkeys(row.jurisdiction[:2] for row in document.tax_subtotals if row.code == "S")
    return TaxView(
        rows=rows,
        accounting=_accounting(document, with_totals=False),
        is_outside=any(row.category == "O" for row in rows),
        jurisdictions=tuple(countries),
    )


def _rated(view: TaxView, document: Document, profile: Profile) -> TaxView:
    """Germany wants a rate in every row of the breakdown (BR-DE-14, DE-R-014); the lines of category O still have none."""
    if not is_german(document, profile):
        return view
    rows = tuple(replace(row, rate=_ZERO) if row.rate is None else row for row in view.rows)
    return replace(view, rows=rows)


def _merged(subtotals: tuple[TaxSubtotal, ...], number: str) -> tuple[TaxTerms, ...]:
    """One row by category and rate (BR-AE-01, BR-S-08): countries of one rate, and reasons of one category, are added up."""
    groups: dict[tuple[str, Decimal], list[TaxSubtotal]] = {}
    for row in subtotals:
        groups.setdefault((row.code, row.rate), []).append(row)
    return tuple(_row(code, rate, rows, number) for (code, rate), rows in groups.items())


def _row(code: str, rate: Decimal, rows: list[TaxSubtotal], number: str) -> TaxTerms:
    exemption_code = exemption_text = ""
    if code not in _UNREASONED:
        codes = {row.exemption_code for row in rows if row.exemption_code.startswith("VATEX-")}
        texts = dict.fromkeys(row.exemption_text.strip() for row in rows if row.exemption_text.strip())
        exemption_text = " / ".join(texts)
        exemption_code = codes.pop() if len(codes) == 1 else ""
        if not exemption_code and not exemption_text:
            exemption_code = _REASONED.get(code, "")
        if not exemption_code and not exemption_text:
            raise EinvoiceRefused(
                f"{number} exempts from VAT (category {code}) and names no reason (BT-120); enter the words of the exemption",
                rule=f"BR-{code}-10", term="BT-120",
            )  # fmt: skip
    return TaxTerms(
        category=code, rate=None if code == "O" else rate, base_minor=sum(row.base_minor for row in rows),
        tax_minor=sum(row.tax_minor for row in rows), exemption_code=exemption_code, exemption_text=exemption_text,
    )  # fmt: skip


def _gst(document: Document, profile: Profile, regimes: set[str]) -> TaxView:
    """Singapore: SR, ZR and the other codes of its tax, scheme GST."""
    codes = {row.code for row in document.tax_subtotals}
    if regimes != {_GST} or not codes <= _GST_CODES or any(len(line.taxes) != 1 for line in document.lines):
        raise EinvoiceRefused(
            f"{profile.title} carries Singapore's GST alone, and {document.number} bears {', '.join(sorted(regimes))} "
            f"({', '.join(sorted(codes))}); choose another form of invoice for this customer",
            rule="BR-CL-18-GST-SG", term="BT-151",
        )  # fmt: skip
    groups: dict[tuple[str, Decimal], list[TaxSubtotal]] = {}
    for row in document.tax_subtotals:
        groups.setdefault((row.code, row.rate), []).append(row)
    rows = tuple(
        TaxTerms(
            category=code, rate=rate, base_minor=sum(row.base_minor for row in same),
            tax_minor=sum(row.tax_minor for row in same),
            exemption_text=" / ".join(dict.fromkeys(row.exemption_text for row in same if row.exemption_text)),
        )
        for (code, rate), same in groups.items()
    )  # fmt: skip
    accounting = document.accounting
    if document.currency != "SGD" and (accounting is None or accounting.currency != "SGD"):
        raise EinvoiceRefused(
            f"{document.number} is in {document.currency} and has no totals in SGD (BT-6), which {profile.title} demands; "
            "enter the exchange rate of its day",
            rule="BR-113-GST-SG", term="BT-6",
        )  # fmt: skip
    return TaxView(
        rows=rows,
        accounting=_accounting(document, with_totals=True),
    )


def _accounting(document: Document, *, with_totals: bool) -> AccountingTerms | None:
    """The totals in the tax accounting currency, where that is another one (PEPPOL-EN16931-R005)."""
    totals = document.accounting
    if totals is None or totals.currency == document.currency:
        return None
    return AccountingTerms(
        currency=totals.currency, tax_minor=sum(totals.tax_minor), net_minor=totals.net_minor if with_totals else None,
        gross_minor=totals.gross_minor if with_totals else None,
    )  # fmt: skip


def _other(document: Document) -> TaxView:
    """A tax that is no VAT: each is a charge on the document (BG-21), everything is outside the scope of VAT."""
    words = wording(document.language)
    charges = tuple(
        ChargeTerms(reason=_reason(row, document), amount_minor=row.tax_minor, category="O")
        for row in document.tax_subtotals
        if row.tax_minor
    )
    texts = dict.fromkeys(row.exemption_text.strip() for row in document.tax_subtotals if row.exemption_text.strip())
    accounting = document.accounting
    note = ""
    if accounting is not None:
        note = (
            f"{words.word('in_accounting', currency=accounting.currency)}: "
            f"{words.word('net')} {words.amount(accounting.net_minor, accounting.currency)}, "
            f"{words.word('tax')} {words.amount(sum(accounting.tax_minor), accounting.currency)}, "
            f"{words.word('total')} {words.amount(accounting.gross_minor, accounting.currency)}"
        )
    row = TaxTerms(
        category="O", rate=None, base_minor=document.totals.gross_minor, tax_minor=0, exemption_code="VATEX-EU-O",
        exemption_text=" / ".join(texts),
    )  # fmt: skip
    return TaxView(rows=(row,), charges=charges, is_outside=True, is_other_tax=True, note=note)


def _reason(row: TaxSubtotal, document: Document) -> str:
    """What the tax is called in print, its rate, and the place whose tax it is: QST 9.975 % (CA-QC)."""
    words = wording(document.language)
    name = words.words.get(f"tax_name.{row.regime}", row.code)
    return f"{name} {decimal_text(row.rate)} % ({row.jurisdiction})"
