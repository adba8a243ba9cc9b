"""What is owed through a date, and what of it was not charged yet: the rule that lets every bill run converge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.periods import Period, add_months, cycle_index, cycle_period, first_of_month
from rackbill.core.tax import TaxDecision
from rackbill.core.terms import (
    ContractTerms,
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    LineKind,
    TermLine,
    Timing,
)

CYCLE_UNITS = {1: "MON", 3: "QAN", 6: "SAN", 12: "ANN"}
"""UN/ECE recommendation 20 codes of a whole billing cycle (BT-130)."""

_ONE = Decimal(1)
Dated = TypeVar("Dated", DatedPrice, DatedQuantity)


class ChargeKind(StrEnum):
    """What a charge is for. A reversal takes back a charge, or the end of it."""

    RECURRING = "recurring"
    ONE_OFF = "one_off"
    REVERSAL = "reversal"


class ContradictoryTerms(ValueError):
    """A line's own data cannot be charged: a day without a price or quantity, say."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A line allowance (BG-27): its reason and the amount taken off, in minor units, with the charge's sign."""

    reason: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a charge is what it is: the rule, and a formula in numbers that gives the amount in the main unit, unrounded."""

    rule: str
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An amount owed for one line and period; may be negative; knows its cause.

    amount = quantity x unit_price / price_base_quantity - allowances, rounded half up once. The sign is in the quantity.
    `corrects` is the key of the charge taken back, `taxes` are then those of that charge; else both are empty.
    """

    line_id: int
    kind: ChargeKind
    period: Period
    revision: int
    quantity: Decimal
    unit: str
    unit_price: Decimal
    price_base_quantity: Decimal
    amount_minor: int
    currency: str
    cause: Cause
    allowances: tuple[Allowance, ...] = ()
    corrects: int | None = None
    taxes: tuple[TaxDecision, ...] = ()

    @property
    def allowance_minor(self) -> int:
        """All allowances together, in minor units."""
        return sum(allowance.amount_minor for allowance in self.allowances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A charge that stands in the books under a key."""

    key: int
    charge: Charge


def charges_owed(*, terms: ContractTerms, through: date) -> list[Charge]:
    """Every charge for days before `through`, as if nothing was ever billed. Raises ContradictoryTerms."""
    return [charge for line in terms.lines for charge in _owed(line, terms.currency, through, line.charged_from)]


def charges_unbilled(*, terms: ContractTerms, charged: Mapping[int, Sequence[Charged]], through: date) -> list[Charge]:
    """Owed minus charged, for each contract line and period. Nothing where the books already say what is owed.

    `charged` holds all charges of each line that is not settled. Raises ContradictoryTerms.
    """
    unbilled: list[Charge] = []
    for line in terms.lines:
        if line.settled_until is not None:
            unbilled += _owed(line, terms.currency, through, max(line.charged_from, line.settled_until))
            continue
        owed = list(_owed(line, terms.currency, through, line.charged_from))
        past = charged.get(line.line_id, ())
        unbilled += _difference(owed, past) if past else owed
    return unbilled


# --- owed ------------------------------------------------------------------------------------------------------------------


def _owed(line: TermLine, currency: str, through: date, since: date) -> Iterator[Charge]:
    if line.end is not None and line.end <= since:
        return
    if line.kind is LineKind.ONE_OFF:
        if since <= line.start < through:
            day = Period(line.start, line.start + timedelta(days=1))
            yield _charge(line, currency, ChargeKind.ONE_OFF, day, day, whole=True)
        return
    for slot in _slots(line, since):
        if slot.start >= through or (line.end is not None and slot.start >= line.end):
            return
        start = max(slot.start, line.start, since)
        end = slot.end if line.end is None else min(slot.end, line.end)
        if line.timing is Timing.ARREARS and end > through:
            return
        if start >= through:
            return
        active = Period(start, end)
        for part in _parts(line, active):
            yield _charge(line, currency, ChargeKind.RECURRING, part, slot, whole=part == slot)


def _slots(line: TermLine, since: date) -> Iterator[Period]:
    """The days before the first whole cycle as their calendar month (B2), then the cycles."""
    anchor, months = line.anchor, line.cycle_months
    if since < anchor:
        first = first_of_month(line.charged_from)
        yield Period(first, add_months(first, 1))
        n = 0
    else:
        n = cycle_index(anchor, months, since)
    while True:
        yield cycle_period(anchor, months, n)
        n += 1


def _parts(line: TermLine, active: Period) -> Iterator[Period]:
    """The active days, cut wherever price, quantity or a discount changes."""
    if len(line.prices) == 1 and len(line.quantities) == 1 and not line.discounts:
        yield active
        return
    cuts = {active.start, active.end}
    changes = [(row.valid_from, row.valid_until) for row in line.prices]
    changes += [(row.valid_from, row.valid_until) for row in line.quantities]
    changes += [(row.valid_from, row.valid_until) for row in line.discounts]
    for change in changes:
        cuts.update(day for day in change if day is not None and active.start < day < active.end)
    days = sorted(cuts)
    for start, end in zip(days, days[1:], strict=False):
        yield Period(start, end)


def _on(line: TermLine, rows: tuple[Dated, ...], day: date, what: str) -> Dated:
    for row in rows:
        if row.valid_from <= day and (row.valid_until is None or day < row.valid_until):
            return row
    raise ContradictoryTerms(f"contract line {line.line_id} has no {what} on {day}; add one that is valid that day")


def _charge(line: TermLine, currency: str, kind: ChargeKind, part: Period, slot: Period, *, whole: bool) -> Charge:
    price = _on(line, line.prices, part.start, "price").unit_price
    count = _on(line, line.quantities, part.start, "quantity").quantity
    if whole:
        unit = "C62" if kind is ChargeKind.ONE_OFF else CYCLE_UNITS[line.cycle_months]
        quantity, base, share = count, _ONE, _ONE
        formula = f"{count} * {price}"
        rule = "one-off" if kind is ChargeKind.ONE_OFF else "whole cycle (B1)"
    else:
        # A month before the first whole cycle is that month's share of the cycle's price.
        base_days = slot.day_count * (line.cycle_months if slot.start < line.anchor else 1)
        unit, quantity, base = "DAY", count * part.day_count, Decimal(base_days)
        share = Decimal(part.day_count) / base
        formula = f"{quantity} * {price} / {base_days}"
        rule = f"pro rata, {part.day_count} of {base_days} days (B2)"
    exact = quantity * price / base
    discounts = _discounts_on(line, part.start) if line.discounts else ()
    scale = minor_digits(currency)
    if not discounts:
        return Charge(
            line_id=line.line_id, kind=kind, period=part, revision=0, quantity=quantity, unit=unit, unit_price=price,
            price_base_quantity=base, amount_minor=round_half_up(exact.scaleb(scale)), currency=currency,
            cause=Cause(rule, formula),
        )  # fmt: skip
    amount, allowances, formula = _apply(discounts, exact, share, scale, formula)
    return Charge(
        line_id=line.line_id, kind=kind, period=part, revision=0, quantity=quantity, unit=unit, unit_price=price,
        price_base_quantity=base, amount_minor=amount, currency=currency, cause=Cause(rule, formula), allowances=allowances,
    )  # fmt: skip


def _discounts_on(line: TermLine, day: date) -> list[Discount]:
    """Those valid on the day in their order of application: percents, then amounts; oldest first."""
    valid = [d for d in line.discounts if d.valid_from <= day and (d.valid_until is None or day < d.valid_until)]
    return sorted(valid, key=lambda d: (d.kind is DiscountKind.AMOUNT, d.valid_from, d.reason, d.value))


def _apply(
    discounts: Sequence[Discount], exact: Decimal, share: Decimal, scale: int, formula: str
) -> tuple[int, tuple[Allowance, ...], str]:
    """Each discount works on what the former left, never below zero; the net is rounded once, allowances explain it."""
    left, steps = exact, []
    gross = before = round_half_up(exact.scaleb(scale))
    for discount in discounts:
        if discount.kind is DiscountKind.PERCENT:
            left -= left * discount.value / 100
            formula = f"({formula}) * (100 - {discount.value}) / 100"
            reason = f"{discount.reason} {discount.value.normalize():f} %"
        else:
            left = max(left - discount.value * share, Decimal(0))
            formula = f"max({formula} - {discount.value} * {share.normalize() if share == 1 else share}, 0)"
            reason = discount.reason
        after = round_half_up(left.scaleb(scale))
        steps.append(Allowance(reason, before - after))
        before = after
    return gross - sum(step.amount_minor for step in steps), tuple(steps), formula


# --- owed minus charged ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Live:
    """A charge of the past with what later reversals left of it."""

    charged: Charged
    end: date
    amount_minor: int

    @property
    def is_whole(self) -> bool:
        return self.amount_minor == self.charged.charge.amount_minor


def _live(past: Sequence[Charged]) -> list[_Live]:
    live = {c.key: _Live(c, c.charge.period.end, c.charge.amount_minor) for c in past if c.charge.corrects is None}
    for reversal in past:
        if reversal.charge.corrects is not None:
            rest = live[reversal.charge.corrects]
            rest.amount_minor += reversal.charge.amount_minor
            rest.end = min(rest.end, reversal.charge.period.start)
    return [rest for rest in live.values() if rest.end > rest.charged.charge.period.start]


def _difference(owed: list[Charge], past: Sequence[Charged]) -> list[Charge]:
    open_owed = {(o.kind, o.period.start, o.period.end): o for o in owed}
    stale: list[_Live] = []
    for rest in _live(past):
        charge = rest.charged.charge
        key = (charge.kind, charge.period.start, rest.end)
        match = open_owed.get(key)
        if match is not None and match.amount_minor == rest.amount_minor and _same_price(match, charge):
            del open_owed[key]
        else:
            stale.append(rest)
    result: list[Charge] = []
    for rest in stale:
        shorter = _shortened(rest, open_owed)
        if shorter is not None:
            del open_owed[(shorter.kind, shorter.period.start, shorter.period.end)]
        result.append(_reversal(rest, shorter, past))
    for charge in open_owed.values():
        revision = sum(
            1 for c in past if c.charge.kind is charge.kind and c.charge.period.overlap(charge.period) is not None
        )
        result.append(_revised(charge, revision) if revision else charge)
    return result


def _count(charge: Charge) -> Decimal:
    return charge.quantity / charge.period.day_count if charge.unit == "DAY" else charge.quantity


def _same_price(a: Charge, b: Charge) -> bool:
    return (
        a.unit_price == b.unit_price
        and _count(a) == _count(b)
        and [x.reason for x in a.allowances] == [x.reason for x in b.allowances]
    )


def _shortened(rest: _Live, open_owed: Mapping[tuple[ChargeKind, date, date], Charge]) -> Charge | None:
    """The owed charge that is the beginning of this one at the same price: only its last days are taken back."""
    charge = rest.charged.charge
    for owed in open_owed.values():
        same_days = owed.kind is charge.kind and owed.period.start == charge.period.start and owed.period.end < rest.end
        if same_days and _same_price(owed, charge) and 0 <= owed.amount_minor <= rest.amount_minor:
            return owed
    return None


def _reversal(rest: _Live, shorter: Charge | None, past: Sequence[Charged]) -> Charge:
    charge = rest.charged.charge
    start = shorter.period.end if shorter else charge.period.start
    period = Period(start, rest.end)
    amount = (shorter.amount_minor if shorter else 0) - rest.amount_minor
    revision = sum(1 for c in past if c.charge.kind is ChargeKind.REVERSAL and c.charge.period == period)
    if shorter is None and rest.is_whole:
        quantity, unit, base = -charge.quantity, charge.unit, charge.price_base_quantity
        allowances = tuple(Allowance(a.reason, -a.amount_minor) for a in charge.allowances)
    else:
        pattern = shorter or charge
        days = pattern.price_base_quantity if pattern.unit == "DAY" else Decimal(charge.period.day_count)
        quantity, unit, base = -_count(charge) * period.day_count, "DAY", days
        gross = round_half_up((quantity * charge.unit_price / base).scaleb(minor_digits(charge.currency)))
        allowances = _reversed_allowances(charge, gross - amount)
    return Charge(
        line_id=charge.line_id, kind=ChargeKind.REVERSAL, period=period, revision=revision, quantity=quantity, unit=unit,
        unit_price=charge.unit_price, price_base_quantity=base, amount_minor=amount, currency=charge.currency,
        allowances=allowances, corrects=rest.charged.key, taxes=charge.taxes,
        cause=Cause("taken back: no longer owed", f"{Decimal(amount).scaleb(-minor_digits(charge.currency))}"),
    )  # fmt: skip


def _reversed_allowances(charge: Charge, total_minor: int) -> tuple[Allowance, ...]:
    if not charge.allowances:
        # A cent of rounding may stand between the days' price and owed minus charged; the difference is what is owed.
        return ()
    first, *others = charge.allowances
    share = [Allowance(a.reason, 0) for a in others]
    return (Allowance(first.reason, total_minor), *share)


def _revised(charge: Charge, revision: int) -> Charge:
    return Charge(
        line_id=charge.line_id, kind=charge.kind, period=charge.period, revision=revision, quantity=charge.quantity,
        unit=charge.unit, unit_price=charge.unit_price, price_base_quantity=charge.price_base_quantity,
        amount_minor=charge.amount_minor, currency=charge.currency, cause=charge.cause, allowances=charge.allowances,
    )  # fmt: skip
