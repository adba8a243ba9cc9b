"""Every charge for days before a through date, as if nothing was ever billed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from rackbill.core.charges.causes import facts_of
from rackbill.core.charges.charge import ROUNDING, Allowance, Cause, Charge, ChargeKind, ContradictoryTerms
from rackbill.core.charges.minimum import counted_lines, top_ups
from rackbill.core.charges.prorating import Share, counted, month_cuts, rounded, share
from rackbill.core.charges.usage import usage_charges
from rackbill.core.metering import MeasuredQuantity
from rackbill.core.money import minor_digits, quantize, round_half_up
from rackbill.core.periods import Period, add_months, cycle_index, cycle_period, first_of_month
from rackbill.core.terms import (
    ContractTerms,
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    LineKind,
    ProrationProfile,
    Rounding,
    Suspension,
    TermLine,
    Timing,
)

_ONE = Decimal(1)
_DAY = timedelta(days=1)
Dated = TypeVar("Dated", DatedPrice, DatedQuantity)
Usage = Mapping[int, Sequence[MeasuredQuantity]]
NO_USAGE: Usage = {}


def charges_owed(*, terms: ContractTerms, through: date, usage: Usage = NO_USAGE) -> list[Charge]:
    """Every charge for days before `through`, as if nothing was ever billed. Raises ContradictoryTerms."""
    return [charge for line in terms.lines for charge in line_owed(line, terms, through, usage)]


def line_owed(
    line: TermLine, terms: ContractTerms, through: date, usage: Usage, *, after: date | None = None
) -> Iterator[Charge]:
    """One line's charges as `owed` gives them; a minimum looks at the charges of the lines that count to it."""
    if line.kind is not LineKind.MINIMUM:
        yield from owed(line, terms.currency, through, usage, after=after)
        return
    agreed = replace(line, kind=LineKind.RECURRING, timing=Timing.ARREARS)
    others = [charge for other in counted_lines(line, terms) for charge in owed(other, terms.currency, through, usage)]
    yield from top_ups(owed(agreed, terms.currency, through, usage, after=after), others)


def owed(line: TermLine, currency: str, through: date, usage: Usage, *, after: date | None = None) -> Iterator[Charge]:
    """One line's charges that are owed through a day but, where `after` is given, were not yet owed through that one."""
    line = counted(line)
    since = line.charged_from
    if line.end is not None and line.end <= since:
        return
    if line.kind is LineKind.METERED:
        yield from usage_charges(line, currency, through, after, usage.get(line.line_id, ()))
        return
    if line.kind is LineKind.ONE_OFF:
        if since <= line.start < through and (after is None or line.start >= after):
            day = Period(line.start, line.start + _DAY)
            once = Share(_ONE, "C62", _ONE, "one-off")
            yield charge_of(line, currency, ChargeKind.ONE_OFF, day, once)
        return
    for slot in _slots(line, since if after is None else max(since, after)):
        if slot.start >= through or (line.end is not None and slot.start >= line.end):
            return
        start = max(slot.start, line.start, since)
        end = slot.end if line.end is None else min(slot.end, line.end)
        if line.timing is Timing.ARREARS and end > through:
            return
        if start >= through:
            return
        if after is not None and (end <= after if line.timing is Timing.ARREARS else start < after):
            continue
        active = Period(start, end)
        for part in _parts(line, active, slot):
            yield charge_of(line, currency, ChargeKind.RECURRING, part, share(line, part, slot))


def _slots(line: TermLine, since: date) -> Iterator[Period]:
    """The days before the first whole cycle as their calendar month (B2), then the cycles."""
    anchor, months = line.anchor, line.cycle_months
    if since < anchor and line.anchor_on is None:
        first = first_of_month(line.charged_from)
        yield Period(first, add_months(first, 1))
        n = 0
    else:
        n = cycle_index(anchor, months, since)
    while True:
        yield cycle_period(anchor, months, n)
        n += 1


def _parts(line: TermLine, active: Period, slot: Period) -> Iterator[Period]:
    """The active days without suspended ones, cut wherever price, quantity or a discount becomes another.

    A row that only repeats the one before it (a price set to what it is, a quantity set back on its own day) cuts nothing: two
    roundings would cost a cent, and a charge of the past would be taken back and charged anew for nothing.
    """
    cuts = {active.start, active.end}
    is_cut = len(line.prices) > 1 or len(line.quantities) > 1 or line.discounts or line.suspensions
    # A single price or quantity that ends leaves days without one; they must not be charged at it.
    if is_cut or line.prices[0].valid_until is not None or line.quantities[0].valid_until is not None:
        changes = [(p.valid_from, p.valid_until) for p in line.prices]
        changes += [(q.valid_from, q.valid_until) for q in line.quantities]
        changes += [(d.valid_from, d.valid_until) for d in line.discounts]
        changes += [(s.valid_from, s.valid_until) for s in line.suspensions]
        for change in changes:
            cuts.update(
                day for day in change
                if day is not None and active.start < day < active.end and _state(line, day) != _state(line, day - _DAY)
            )  # fmt: skip
    if len(cuts) > 2 or active != slot:
        cuts.update(month_cuts(line, active, slot))
    elif not line.suspensions:
        yield active
        return
    days = sorted(cuts)
    for start, end in zip(days, days[1:], strict=False):
        if not any(_holds(s, start) for s in line.suspensions):
            yield Period(start, end)


def _state(line: TermLine, day: date) -> tuple[object, ...]:
    """What a day is charged by, without when that was agreed."""
    return (
        next((p.unit_price for p in line.prices if _holds(p, day)), None),
        next((q.quantity for q in line.quantities if _holds(q, day)), None),
        sorted((d.kind, d.value, d.reason) for d in line.discounts if _holds(d, day)),
        any(_holds(s, day) for s in line.suspensions),
    )


def _holds(row: DatedPrice | DatedQuantity | Discount | Suspension, day: date) -> bool:
    return row.valid_from <= day and (row.valid_until is None or day < row.valid_until)


def valid_on(line: TermLine, rows: tuple[Dated, ...], day: date, what: str) -> Dated:
    """The row in force on the day. Raises ContradictoryTerms where there is none."""
    for row in rows:
        if _holds(row, day):
            return row
    raise ContradictoryTerms(f"contract line {line.line_id} has no {what} on {day}; add one that is valid that day")


def charge_of(line: TermLine, currency: str, kind: ChargeKind, part: Period, share: Share) -> Charge:
    """The charge of a part of a cycle in which nothing changes. Raises ContradictoryTerms."""
    priced = valid_on(line, line.prices, part.start, "price")
    how_many = valid_on(line, line.quantities, part.start, "quantity")
    count = how_many.quantity
    profile, scale = line.proration, minor_digits(currency)
    price, quantity, base, unit, rule = priced.unit_price, count * share.count, share.base, share.unit, share.rule
    if profile.is_unit_rounded and base != 1:
        price, quantity, base, unit = quantize(price * share.count / base, scale), count, _ONE, "C62"
        rule += ", price of each piece rounded"
    elif profile.day_price_digits is not None and base != 1:
        price, base = quantize(price / base, profile.day_price_digits), _ONE
        rule += f", price of one rounded to {profile.day_price_digits} decimals"
    exact = quantity * price
    formula = f"{quantity} * {price}" if base == 1 else f"{quantity} * {price} / {base}"
    discounts = _discounts_on(line, part.start) if line.discounts else ()
    allowances: tuple[Allowance, ...] = ()
    amount = rounded((exact / base).scaleb(scale), profile.rounding)
    if discounts:
        amount, allowances, formula = _apply(discounts, exact, base, share, scale, formula, profile)
    if profile.rounding is not Rounding.HALF_UP:
        allowances += _rounding_allowance(round_half_up((exact / base).scaleb(scale)), amount, allowances)
    facts = facts_of(line, priced, how_many, discounts, is_part=share.base != 1)
    return Charge(
        line_id=line.line_id, kind=kind, period=part, revision=0, quantity=quantity, unit=unit, unit_price=price,
        price_base_quantity=base, amount_minor=amount, currency=currency, cause=Cause(rule, formula, facts),
        allowances=allowances,
    )  # fmt: skip


def _rounding_allowance(gross_minor: int, amount_minor: int, allowances: Sequence[Allowance]) -> tuple[Allowance, ...]:
    """What another rounding takes off the half-up gross that documents print (BT-131)."""
    off = gross_minor - amount_minor - sum(allowance.amount_minor for allowance in allowances)
    return (Allowance(ROUNDING, off),) if off else ()


def _discounts_on(line: TermLine, day: date) -> list[Discount]:
    """Those valid on the day in their order of application: percents, then amounts; oldest first."""
    valid = [d for d in line.discounts if _holds(d, day)]
    return sorted(valid, key=lambda d: (d.kind is DiscountKind.AMOUNT, d.valid_from, d.reason, d.value))


def _apply(
    discounts: Sequence[Discount], exact: Decimal, base: Decimal, share: Share, scale: int, formula: str,
    profile: ProrationProfile,
) -> tuple[int, tuple[Allowance, ...], str]:  # fmt: skip
    """Each discount works on what the former left, never below zero; the net is rounded once, allowances explain it.

    `exact` is the price before it is divided by `base`. All is reckoned in multiples of the share's base and divided once, at
    the end: a quotient that is cut to 28 digits and then reckoned with could miss an exact half and so a minor unit.
    """
    left, steps = exact if base == share.base else exact * share.base / base, []
    gross = before = rounded((left / share.base).scaleb(scale), profile.rounding)
    for discount in discounts:
        if discount.kind is DiscountKind.PERCENT:
            left = left * (100 - discount.value) / 100
            formula = f"({formula}) * (100 - {discount.value}) / 100"
            reason = f"{discount.reason} {discount.value.normalize():f} %"
        else:
            left = max(left - discount.value * share.count, Decimal(0))
            part = f" * {share.count} / {share.base}" if share.count != share.base else ""
            formula = f"max({formula} - {discount.value}{part}, 0)"
            reason = discount.reason
        after = rounded((left / share.base).scaleb(scale), profile.rounding)
        steps.append(Allowance(reason, before - after))
        before = after
    return gross - sum(step.amount_minor for step in steps), tuple(steps), formula
