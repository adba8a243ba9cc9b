"""Invoice → draft credit note, for all of it, for lines, for periods of lines or for amounts.

A credit note always takes the original's tax, rate, exchange rate and identifiers, and never more than is left of a line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from rackbill.core.charges import CYCLE_UNITS, ROUNDING, Allowance
from rackbill.core.document import (
    SCHEMA,
    AccountingTotals,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentReference,
    Remaining,
    Totals,
)
from rackbill.core.money import decimal_from_minor, minor_digits, round_half_up, split_minor
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision, TaxSubtotal, tax_breakdown

_ONE = Decimal(1)
TIME_UNITS = {*CYCLE_UNITS.values(), "DAY", "HUR"}
"""Units of lines that are charged by time, so that a period can be credited of them."""


class CreditRefused(ValueError):
    """A credit cannot be given; the message names the line, what is left of it, and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditItem:
    """What of one line is credited: all that is left of it, a period of it, or an amount in minor units."""

    line_number: int
    period: Period | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDraft:
    """A credit note without a number; for each of its lines the line of the original and the amount taken off (positive)."""

    document: Document
    items: tuple[tuple[int, int], ...]


def whole_invoice(*, original: Document, left_minor: Mapping[int, int]) -> list[CreditItem]:
    """Everything that is left of an invoice: of every line, less what the invoice itself took back in negative lines."""
    left = {number: minor for number, minor in left_minor.items() if minor > 0}
    for number, minor in sorted(left_minor.items()):
        over = -min(minor, 0)
        taxes = original.lines[number - 1].taxes
        # Lines of the same tax first, the last line first, so that tax and net stay within what is left.
        for other in sorted(left, key=lambda n: (original.lines[n - 1].taxes != taxes, -n)):
            cut = min(left[other], over)
            left[other] -= cut
            over -= cut
    items = []
    for number, minor in sorted(left.items()):
        if minor:
            items.append(CreditItem(line_number=number, amount_minor=minor if minor != left_minor[number] else None))
    return items


def asked_items(
    *, original: Document, left_minor: Mapping[int, int], line_numbers: Sequence[int] = (), period: Period | None = None,
    amount_minor: int | None = None,
) -> list[CreditItem]:  # fmt: skip
    """What a credit is to take off: of the named lines (else of all), of a period, an amount.

    A period without lines means every line charged by time that has days in it. An amount is net; it is shared out among the
    lines in proportion to what is left of them. Raises CreditRefused.
    """
    if period is not None and amount_minor is not None:
        raise CreditRefused("a period and an amount exclude each other; ask for one of them")
    if period is not None:
        return _items_in_period(original, line_numbers, period)
    whole = whole_invoice(original=original, left_minor=left_minor)
    if line_numbers:
        whole = [CreditItem(line_number=number) for number in line_numbers]
    if amount_minor is None:
        return whole
    weights = [item.amount_minor or max(left_minor.get(item.line_number, 0), 0) for item in whole]
    if not 0 < amount_minor <= sum(weights):
        left = decimal_from_minor(sum(weights), original.currency)
        raise CreditRefused(
            f"what was asked for of invoice {original.number} has {left} left; ask for more than 0, up to that"
        )
    parts = zip(whole, split_minor(amount_minor, weights), strict=True)
    return [CreditItem(line_number=item.line_number, amount_minor=part) for item, part in parts if part]


def _items_in_period(original: Document, line_numbers: Sequence[int], period: Period) -> list[CreditItem]:
    if line_numbers:
        return [CreditItem(line_number=number, period=period) for number in line_numbers]
    items = []
    for line in original.lines:
        shared = line.period.overlap(period)
        if shared is not None and line.unit in TIME_UNITS and _days_minor(line, shared) > 0:
            items.append(CreditItem(line_number=line.line_number, period=shared))
    if not items:
        raise CreditRefused(f"invoice {original.number} has no line charged by time with days in {period}")
    return items


def draft_credit_note(
    *, original: Document, items: Sequence[CreditItem], left_minor: Mapping[int, int], issued_on: date, note: str
) -> CreditDraft:
    """The draft that credits the items. `left_minor` says what is left of each line of the original.

    Raises CreditRefused.
    """
    if original.kind is not DocumentKind.INVOICE:
        raise CreditRefused(f"{original.kind.value} {original.number} cannot be credited; only an invoice can")
    if not items:
        raise CreditRefused(f"nothing is left to credit on invoice {original.number}")
    if len({item.line_number for item in items}) != len(items):
        raise CreditRefused(f"a line of invoice {original.number} is named twice; name each once")
    lines = tuple(
        _line(place, original, item, left_minor, issued_on) for place, item in enumerate(items, start=1)
    )  # fmt: skip
    credited = {item.line_number: line.net_minor for item, line in zip(items, lines, strict=True)}
    _check_room(original, left_minor, credited)
    subtotals = _subtotals(original, left_minor, credited)
    net = sum(line.net_minor for line in lines)
    tax = sum(row.tax_minor for row in subtotals)
    document = replace(
        original, schema=SCHEMA, kind=DocumentKind.CREDIT_NOTE, number="", document_uuid="", issued_on=issued_on,
        changes=(), previous=None, texts=(), due_on=issued_on, lines=lines, tax_subtotals=subtotals,
        totals=Totals(net_minor=net, tax_minor=tax, gross_minor=net + tax, prepaid_minor=0, due_minor=net + tax),
        accounting=_accounting(original, net, subtotals),
        corrects=(DocumentReference(number=original.number, issued_on=original.issued_on),),
        notes=(note,) if note else (),
    )  # fmt: skip
    return CreditDraft(document=document, items=tuple(credited.items()))


def _check_room(original: Document, left_minor: Mapping[int, int], credited: Mapping[int, int]) -> None:
    """What an invoice took back in negative lines cannot be credited as well: not in all, and not at any one tax.

    Raises CreditRefused.
    """
    left = sum(left_minor.values())
    if sum(credited.values()) > left:
        text = decimal_from_minor(left, original.currency)
        raise CreditRefused(f"invoice {original.number} has {text} left in all, less than what is asked for")
    for number in credited:
        same = [n for n in left_minor if original.lines[n - 1].taxes == original.lines[number - 1].taxes]
        room = max(sum(left_minor[n] for n in same), 0)
        if sum(credited.get(n, 0) for n in same) > room:
            text = decimal_from_minor(room, original.currency)
            raise CreditRefused(
                f"line {number} of invoice {original.number}: {text} is left at its tax, because other lines took back "
                "some of it; ask for an amount up to that"
            )
    taken = [(line.net_minor - left_minor.get(line.line_number, 0), line) for line in original.lines]
    after = tax_breakdown([(minor + credited.get(line.line_number, 0), line.taxes) for minor, line in taken])
    if sum(row.tax_minor for row in after) > original.totals.tax_minor:
        raise CreditRefused(
            f"invoice {original.number} took back more at one tax than it charges at it; credit its lines by amounts"
        )


def _line(
    place: int, original: Document, item: CreditItem, left_minor: Mapping[int, int], issued_on: date
) -> DocumentLine:
    name = f"line {item.line_number} of invoice {original.number}"
    if not 1 <= item.line_number <= len(original.lines):
        raise CreditRefused(f"{name} does not exist; it has {len(original.lines)} lines")
    line = original.lines[item.line_number - 1]
    left = left_minor.get(item.line_number, 0)
    if line.net_minor <= 0 or left <= 0:
        raise CreditRefused(f"nothing is left to credit on {name}")
    reference = DocumentReference(
        number=original.number, issued_on=original.issued_on, line_number=item.line_number
    )  # fmt: skip
    credit = replace(line, line_number=place, corrects=reference)
    if item.amount_minor is not None:
        if not 0 < item.amount_minor <= left:
            raise CreditRefused(
                f"{name} has {decimal_from_minor(left, original.currency)} left, not the amount asked for"
            )
        return _amount(credit, item.amount_minor, original.currency)
    if item.period is None or item.period == line.period:
        return credit if left == line.net_minor else _amount(credit, left, original.currency)
    if item.period.overlap(line.period) != item.period:
        raise CreditRefused(f"{item.period} does not lie within {line.period}, the period of {name}")
    if _days_minor(line, item.period) == 0:
        raise CreditRefused(f"{item.period} of {name} costs nothing; leave the line out")
    days = _days(credit, item.period, original.currency)
    if days.net_minor > left:
        raise CreditRefused(f"{name} has {decimal_from_minor(left, original.currency)} left, less than these days cost")
    return days


def _amount(line: DocumentLine, amount_minor: int, currency: str) -> DocumentLine:
    """The line as one unit of the amount."""
    return replace(
        line, quantity=_ONE, unit="C62", unit_price=decimal_from_minor(amount_minor, currency), price_base_quantity=_ONE,
        net_minor=amount_minor, allowances=(),
    )  # fmt: skip


def _days_minor(line: DocumentLine, period: Period) -> int:
    return round_half_up(Decimal(line.net_minor) * period.day_count / line.period.day_count)


def _days(line: DocumentLine, period: Period, currency: str) -> DocumentLine:
    """The line's share of some of its days, discounts included."""
    net = _days_minor(line, period)
    if line.unit == "DAY" and line.quantity % line.period.day_count == 0:
        count, base = line.quantity / line.period.day_count, line.price_base_quantity
    else:
        count, base = line.quantity, line.price_base_quantity * line.period.day_count
    quantity = count * period.day_count
    gross = round_half_up((quantity * line.unit_price / base).scaleb(minor_digits(currency)))
    off = gross - net
    reason = line.allowances[0].reason if line.allowances else ROUNDING
    allowances = (Allowance(reason, off),) if off else ()
    return replace(
        line,
        period=period,
        quantity=quantity,
        unit="DAY",
        price_base_quantity=base,
        net_minor=net,
        allowances=allowances,
    )


def _subtotals(
    original: Document, left_minor: Mapping[int, int], credited: Mapping[int, int]
) -> tuple[TaxSubtotal, ...]:
    """Tax as the difference between what was credited before and after, so that all credits sum to the original's tax."""
    before = [(line.net_minor - left_minor.get(line.line_number, 0), line.taxes) for line in original.lines]
    after = [
        (net + credited.get(number, 0), taxes) for number, (net, taxes) in enumerate(before, start=1)
    ]  # fmt: skip
    texts = {_key(row): row.exemption_text for row in original.tax_subtotals}
    earlier = {_key(row): row for row in tax_breakdown(before)}
    rows = []
    touched = {_key(row) for row in tax_breakdown([(m, original.lines[n - 1].taxes) for n, m in credited.items()])}
    for row in tax_breakdown(after):
        if _key(row) in touched:
            old = earlier[_key(row)]
            rows.append(
                replace(
                    row, base_minor=row.base_minor - old.base_minor, tax_minor=row.tax_minor - old.tax_minor,
                    exemption_text=texts.get(_key(row), ""),
                )
            )  # fmt: skip
    return tuple(rows)


def remaining_of(
    *, number: str, tax_minor: int, lines: Iterable[tuple[int, int, tuple[TaxDecision, ...]]]
) -> Remaining:
    """What is left of a document with a tax total, whose lines have (net, what is left of it, taxes).

    The tax left is its own less that of all that was taken back, reckoned as one, as credits are: nothing is left to the cent
    where each line is credited. Below nothing means that the document itself took back older charges; nothing is left of it.
    """
    rows = list(lines)
    taken = tax_breakdown([(net - left, taxes) for net, left, taxes in rows])
    left_net = sum(left for _net, left, _taxes in rows)
    left_tax = tax_minor - sum(row.tax_minor for row in taken)
    return Remaining(number=number, net_minor=max(left_net, 0), gross_minor=max(left_net + left_tax, 0))


def _key(row: TaxSubtotal) -> tuple[str, str, str, Decimal, str]:
    return (row.regime, row.jurisdiction, row.code, row.rate, row.exemption_code)


def _accounting(original: Document, net_minor: int, subtotals: Sequence[TaxSubtotal]) -> AccountingTotals | None:
    """The original's exchange rate (taxes 13)."""
    exchange = original.accounting
    if exchange is None:
        return None
    shift = minor_digits(exchange.currency) - minor_digits(original.currency)
    net, *taxes = (
        round_half_up((amount * exchange.rate).scaleb(shift))
        for amount in (net_minor, *(r.tax_minor for r in subtotals))
    )
    return replace(exchange, net_minor=net, tax_minor=tuple(taxes), gross_minor=net + sum(taxes))
