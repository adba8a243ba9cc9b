"""Why a document says what it says: each amount as a formula from which anyone can work it out again.

A formula gives the amount in the main unit, unrounded, from numbers, + - * / ( ) min and max alone; it is then rounded once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rackbill.core.charges import ChargeKind
from rackbill.core.document import Document, DocumentKind, DocumentLine
from rackbill.core.money import decimal_from_minor, minor_digits
from rackbill.core.periods import Period
from rackbill.core.tax import TaxSubtotal
from rackbill.core.terms import Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """An amount with the formula that gives it. `tolerance_minor`: by so many minor units it may lawfully differ."""

    formula: str
    amount_minor: int
    currency: str
    rounding: Rounding = Rounding.HALF_UP
    tolerance_minor: int = 0

    @property
    def minor_digits(self) -> int:
        """Digits after the decimal point that the formula's result is rounded to."""
        return minor_digits(self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One document line in the life of some days of a contract line; `amount_minor` has the sign of the charge."""

    document_number: str
    document_kind: str
    issued_on: date
    line_number: int
    charge_kind: ChargeKind
    period: Period
    amount_minor: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCause:
    """The cause of one document line: that of its charge, and every line that billed the same days, in their order."""

    charge_kind: ChargeKind
    revision: int
    rule: str
    formula: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...] = ()

    def fact(self, name: str) -> str:
        """The first fact of that name, or an empty text."""
        return next((text for known, text in self.facts if known == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A document with the cause of each of its lines, by line number."""

    document: Document
    sha256: str
    causes: Mapping[int, LineCause]


def line_reckoned(explanation: Explanation, line: DocumentLine) -> Reckoned:
    """A line's net amount. Credit notes print positive amounts, so there the charge's formula is turned round."""
    document, cause = explanation.document, explanation.causes[line.line_number]
    formula = f"0 - ({cause.formula})" if document.kind is DocumentKind.CREDIT_NOTE else cause.formula
    return Reckoned(
        formula=formula, amount_minor=line.net_minor, currency=document.currency,
        rounding=Rounding(cause.fact("rounding") or Rounding.HALF_UP),
    )  # fmt: skip


def totals_reckoned(document: Document) -> dict[str, Reckoned]:
    """net = the lines (of a reminder: what is open), tax = the breakdown, gross = net + tax, due = gross - prepaid."""
    totals, currency = document.totals, document.currency
    nets = [line.net_minor for line in document.lines]
    nets += [item.open_minor for item in document.reminded.items] if document.reminded is not None else []
    taxes = [row.tax_minor for row in document.tax_subtotals]
    return {
        "net": Reckoned(formula=_sum(nets, currency), amount_minor=totals.net_minor, currency=currency),
        "tax": Reckoned(formula=_sum(taxes, currency), amount_minor=totals.tax_minor, currency=currency),
        "gross": Reckoned(
            formula=_sum([totals.net_minor, totals.tax_minor], currency), amount_minor=totals.gross_minor, currency=currency
        ),
        "due": Reckoned(
            formula=f"{_number(totals.gross_minor, currency)} - {_number(totals.prepaid_minor, currency)}",
            amount_minor=totals.due_minor, currency=currency,
        ),
    }  # fmt: skip


def tax_reckoned(document: Document) -> Iterator[tuple[TaxSubtotal, Reckoned, Reckoned]]:
    """Each row of the tax breakdown with its base (the lines' taxable shares) and its tax (base x rate, rounded once).

    The credit notes of one invoice together give its tax, so that one of them may differ by a minor unit from its own base.
    """
    nets: dict[tuple[object, ...], dict[Decimal, int]] = defaultdict(lambda: defaultdict(int))
    for line in document.lines:
        for tax in line.taxes:
            key = (tax.regime, tax.jurisdiction, tax.code, tax.rate, tax.exemption_code)
            nets[key][tax.base_rate] += line.net_minor
    slack = 1 if document.kind is DocumentKind.CREDIT_NOTE else 0
    for row in document.tax_subtotals:
        shares = nets[(row.regime, row.jurisdiction, row.code, row.rate, row.exemption_code)]
        base = " + ".join(
            _number(net, document.currency) + ("" if rate == 1 else f" * {rate:f}")
            for rate, net in sorted(shares.items())
        )
        yield (
            row,
            Reckoned(formula=base, amount_minor=row.base_minor, currency=document.currency, tolerance_minor=slack),
            Reckoned(
                formula=f"({base}) * {row.rate:f} / 100", amount_minor=row.tax_minor, currency=document.currency,
                tolerance_minor=slack,
            ),
        )  # fmt: skip


def accounting_reckoned(document: Document) -> dict[str, Reckoned | list[Reckoned]]:
    """The totals in the seller's accounting currency (BT-6), each converted by the one rate; empty without one."""
    accounting = document.accounting
    if accounting is None:
        return {}

    def converted(minor: int, result_minor: int) -> Reckoned:
        formula = f"{_number(minor, document.currency)} * {accounting.rate:f}"
        return Reckoned(formula=formula, amount_minor=result_minor, currency=accounting.currency)

    return {
        "net": converted(document.totals.net_minor, accounting.net_minor),
        "tax": [
            converted(row.tax_minor, minor)
            for row, minor in zip(document.tax_subtotals, accounting.tax_minor, strict=True)
        ],
        "gross": Reckoned(
            formula=_sum([accounting.net_minor, *accounting.tax_minor], accounting.currency),
            amount_minor=accounting.gross_minor, currency=accounting.currency,
        ),
    }  # fmt: skip


def reckoned(explanation: Explanation) -> Iterator[tuple[str, Reckoned]]:
    """Every amount of the document that a formula is given for, with what it is."""
    document = explanation.document
    for line in document.lines:
        yield f"line {line.line_number}", line_reckoned(explanation, line)
    for row, base, tax in tax_reckoned(document):
        yield f"base of {row.code} {row.rate:f} %", base
        yield f"tax {row.code} {row.rate:f} %", tax
    yield from totals_reckoned(document).items()


def _number(minor: int, currency: str) -> str:
    text = f"{decimal_from_minor(abs(minor), currency):f}"
    return f"(0 - {text})" if minor < 0 else text


def _sum(minors: Sequence[int], currency: str) -> str:
    return " + ".join(_number(minor, currency) for minor in minors) or "0"
