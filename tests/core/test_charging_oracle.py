"""A second engine, slow and simple, that prices day by day in exact fractions; and the first one must agree to the cent.

It shares no code with the engine but the values it is given: months are counted with the calendar module, periods by walking,
shares by adding up days, rounding on fractions.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.charges import charges_owed
from rackbill.core.terms import DayCount, DiscountKind, LineKind, Proration, Rounding, TermLine, Timing
from tests.core.stories import currencies, days, lines, terms

DAY = timedelta(days=1)
MINOR = {"EUR": 100, "USD": 100, "JPY": 1, "KWD": 1000}
PRICED_BY_DAYS = (Proration.DAYS_OF_CYCLE, Proration.DAYS_OF_MONTH, Proration.THIRTY_360, Proration.DAYS_OF_30)


@dataclass
class Owed:
    """The days of one charge and what they cost, in minor units before rounding."""

    first: date
    last: date
    minor: Fraction


def step(anchor: date, months: int) -> date:
    year, month = anchor.year, anchor.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return date(year, month, min(anchor.day, calendar.monthrange(year, month)[1]))


def slot_of(line: TermLine, day: date, first_day: date) -> tuple[date, date, bool]:
    """(start, end, whether it is the started month before the first cycle) of the cycle that holds the day."""
    if line.anchor_on is None:
        anchor = first_day if first_day.day == 1 else step(first_day.replace(day=1), 1)
        if day < anchor:
            return day.replace(day=1), anchor, True
    else:
        anchor = line.anchor_on
    n = 0
    while step(anchor, n * line.cycle_months) > day:
        n -= 1
    while step(anchor, (n + 1) * line.cycle_months) <= day:
        n += 1
    return step(anchor, n * line.cycle_months), step(anchor, (n + 1) * line.cycle_months), False


def value_on(rows: tuple[object, ...], day: date) -> object:
    return next(
        row
        for row in rows
        if row.valid_from <= day and (row.valid_until is None or day < row.valid_until)  # type: ignore[attr-defined]
    )


def weight(line: TermLine, day: date, slot: tuple[date, date, bool]) -> Fraction:
    """The share of one cycle's price that the day costs, where the cycle is not charged as a whole."""
    start, end, is_before = slot
    method = line.proration.method
    if method is Proration.DAYS_OF_CYCLE:
        return Fraction(1, (end - start).days * (line.cycle_months if is_before else 1))
    if method is Proration.DAYS_OF_30:
        return Fraction(1, 30 * line.cycle_months)
    if method is Proration.THIRTY_360:
        after = day + DAY
        crossed = (after.year - day.year) * 360 + (after.month - day.month) * 30 + min(after.day, 30) - min(day.day, 30)
        return Fraction(crossed, 30 * line.cycle_months)
    n = 0
    while step(start, n + 1) <= day:
        n += 1
    return Fraction(1, (step(start, n + 1) - step(start, n)).days * line.cycle_months)


def net(line: TermLine, day: date, share: Fraction, minor: int) -> Fraction:
    """What the share of a cycle costs at the day's price, quantity and discounts: percents first, then amounts."""
    price, count = value_on(line.prices, day), value_on(line.quantities, day)
    left = Fraction(price.unit_price) * Fraction(count.quantity) * share  # type: ignore[attr-defined]
    valid = [d for d in line.discounts if d.valid_from <= day and (d.valid_until is None or day < d.valid_until)]
    for discount in valid:
        if discount.kind is DiscountKind.PERCENT:
            left *= 1 - Fraction(discount.value) / 100
    for discount in valid:
        if discount.kind is DiscountKind.AMOUNT:
            left = max(left - Fraction(discount.value) * share, Fraction(0))
    return left * minor


def state(line: TermLine, day: date) -> tuple[object, ...]:
    """What must be the same on all days of one charge."""
    discounts = [d for d in line.discounts if d.valid_from <= day and (d.valid_until is None or day < d.valid_until)]
    price, count = value_on(line.prices, day), value_on(line.quantities, day)
    named = sorted((d.kind, d.value, d.reason) for d in discounts)
    return (price.unit_price, count.quantity, tuple(named))  # type: ignore[attr-defined]


def is_suspended(line: TermLine, day: date) -> bool:
    return any(s.valid_from <= day and (s.valid_until is None or day < s.valid_until) for s in line.suspensions)


def bounds(line: TermLine) -> tuple[date, date | None]:
    count = line.proration.day_count
    start = line.start + DAY if count in (DayCount.END, DayCount.NEITHER) else line.start
    end = line.end + DAY if line.end and count in (DayCount.END, DayCount.BOTH) else line.end
    return (max(start, line.billed_from) if line.billed_from else start), end


def oracle(line: TermLine, through: date, minor: int) -> Iterator[Owed]:
    """Charges one after the other: a day joins the one before it when cycle and state are the same."""
    first_day, end = bounds(line)
    day, rows = first_day, []
    while end is None or day < end:
        slot = slot_of(line, day, first_day)
        if slot[0] >= through or max(slot[0], first_day) >= through:
            break
        slot_end = slot[1] if end is None else min(slot[1], end)
        if line.timing is Timing.ARREARS and slot_end > through:
            break
        while day < slot_end:
            if not is_suspended(line, day):
                rows.append((day, slot, state(line, day)))
            day += DAY
    groups: list[list[tuple[date, tuple[date, date, bool], tuple[object, ...]]]] = []
    for row in rows:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last[0] + DAY == row[0]
            and last[1:] == row[1:]
            and not is_new_month(line, groups[-1], row)
        ):
            groups[-1].append(row)
        else:
            groups.append([row])
    yield from joined(line, groups, minor)


def is_new_month(
    line: TermLine, group: list[tuple[date, tuple[date, date, bool], tuple[object, ...]]], row: object
) -> bool:
    """Months of a cycle stand apart where each has its own days."""
    day, slot, _state = row  # type: ignore[misc]
    if line.proration.method is not Proration.DAYS_OF_MONTH:
        return False
    return any(step(slot[0], n) == day for n in range(1, line.cycle_months + 1))


def joined(
    line: TermLine, groups: list[list[tuple[date, tuple[date, date, bool], tuple[object, ...]]]], minor: int
) -> Iterator[Owed]:
    pending = list(groups)
    while pending:
        group = pending.pop(0)
        slot = group[0][1]
        # All months of a cycle, unbroken and alike, are the whole cycle again.
        while (
            pending
            and pending[0][0][1:] == group[0][1:]
            and group[-1][0] + DAY == pending[0][0][0]
            and is_whole_ahead(line, group, pending)
        ):
            group = group + pending.pop(0)
        first, last = group[0][0], group[-1][0]
        is_whole = not slot[2] and (first, last + DAY) == slot[:2]
        if is_whole:
            yield Owed(first, last, net(line, first, Fraction(1), minor))
        else:
            shares = sum((weight(line, day, slot) for day, _slot, _state in group), Fraction(0))
            yield Owed(first, last, net(line, first, shares, minor))


def is_whole_ahead(line: TermLine, group: list[object], pending: list[list[object]]) -> bool:
    """Whether this group and those after it fill their cycle without a break."""
    slot, expected = group[0][1], group[0][0]  # type: ignore[index]
    if slot[2] or expected != slot[0]:
        return False
    for rows in [group, *pending]:
        for day, own_slot, own_state in rows:  # type: ignore[misc]
            if own_slot != slot:
                return expected == slot[1]  # type: ignore[no-any-return]
            if day != expected or own_state != group[0][2]:  # type: ignore[index]
                return False
            expected += DAY
    return expected == slot[1]  # type: ignore[no-any-return]


def rounded(value: Fraction, rounding: Rounding) -> int:
    whole, rest = divmod(value, 1)
    if rounding is Rounding.DOWN:
        return int(whole)
    if rest == Fraction(1, 2):
        return int(whole) + (1 if rounding is Rounding.HALF_UP else int(whole) % 2)
    return int(whole) + (1 if rest > Fraction(1, 2) else 0)


@given(lines(), days, currencies, st.sampled_from(PRICED_BY_DAYS))
def test_the_slow_engine_agrees(subject: TermLine, through: date, currency: str, method: Proration) -> None:
    object.__setattr__(
        subject, "proration",
        type(subject.proration)(method=method, rounding=subject.proration.rounding, day_count=subject.proration.day_count),
    )  # fmt: skip
    if subject.kind is not LineKind.RECURRING:
        return
    expected = list(oracle(subject, through, MINOR[currency]))
    charges = charges_owed(terms=terms(subject, currency), through=through)
    assert [(c.period.start, c.period.end - DAY) for c in charges] == [(o.first, o.last) for o in expected]
    for charge, row in zip(charges, expected, strict=True):
        assert charge.amount_minor == rounded(row.minor, subject.proration.rounding), (charge, row)


@given(lines(), days, currencies)
def test_a_formula_gives_its_amount(subject: TermLine, through: date, currency: str) -> None:
    """Every formula, read as exact fractions, is the charge's amount before rounding."""
    for charge in charges_owed(terms=terms(subject, currency), through=through):
        value = exact(charge.cause.formula) * MINOR[currency]
        assert charge.amount_minor == rounded(value, subject.proration.rounding), charge.cause.formula


def exact(formula: str) -> Fraction:
    names = {"max": max, "min": min, "F": Fraction}
    words = "".join(f"F('{part}')" if part[0].isdigit() else part for part in tokens(formula))
    value = eval(words, {"__builtins__": {}}, names)
    assert isinstance(value, Fraction)
    return value


def tokens(formula: str) -> list[str]:
    found, number = [], ""
    for sign in formula:
        if sign.isdigit() or sign == ".":
            number += sign
            continue
        found += [number] if number else []
        number = ""
        found.append(sign)
    return [*found, *([number] if number else [])]


def test_a_half_cent_after_a_discount_stays_a_half_cent() -> None:
    from rackbill.core.terms import DatedPrice, DatedQuantity, Discount

    subject = TermLine(
        line_id=1, kind=LineKind.RECURRING, start=date(2020, 6, 30), end=None,
        prices=(DatedPrice(date(2020, 1, 1), None, Decimal(1)),), quantities=(DatedQuantity(date(2020, 1, 1), None, Decimal(1)),),
        discounts=(Discount(DiscountKind.PERCENT, Decimal(25), "Term", date(2020, 1, 1), None),),
    )  # fmt: skip
    # 1 / 30 * 75 % = 0.025, which a division before the discount makes 0.02499….
    (charge,) = charges_owed(terms=terms(subject), through=date(2020, 7, 1))
    assert charge.amount_minor == 3
