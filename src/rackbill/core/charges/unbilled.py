"""Owed minus charged: what a run charges, takes back, or leaves as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from rackbill.core.charges.charge import CREDITED, Allowance, Cause, Charge, Charged, ChargeKind
from rackbill.core.charges.dividing import as_cut_before
from rackbill.core.charges.owed import NO_USAGE, Usage, line_owed
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.periods import Period
from rackbill.core.terms import ContractTerms, Rounding

Key = tuple[ChargeKind, date, date, int]


def charges_unbilled(
    *, terms: ContractTerms, charged: Mapping[int, Sequence[Charged]], through: date, usage: Usage = NO_USAGE,
    ended_by: date | None = None,
) -> list[Charge]:  # fmt: skip
    """Owed minus charged, for each contract line and period. Nothing where the books already say what is owed.

    `charged` holds all charges of each line that is not settled. `ended_by` is the day of the run: what is charged in
    arrears must have ended by then, however far ahead the through date lies (B5, B6). Raises ContradictoryTerms.
    """
    unbilled: list[Charge] = []
    arrears_through = through if ended_by is None else min(through, ended_by)
    for line in terms.lines:
        reach = arrears_through if line.is_arrears else through
        if line.settled_until is not None:
            unbilled += line_owed(line, terms, reach, usage, after=line.settled_until)
            continue
        owes = list(line_owed(line, terms, reach, usage))
        past = charged.get(line.line_id, ())
        unbilled += _difference(as_cut_before(owes, past), past) if past else owes
    return unbilled


@dataclass(slots=True)
class _Live:
    """A charge of the past with what later reversals left of it, and the credits given on it."""

    charged: Charged
    end: date
    amount_minor: int
    credited_minor: int = 0

    @property
    def is_whole(self) -> bool:
        return self.amount_minor == self.charged.charge.amount_minor

    @property
    def carried_minor(self) -> int:
        """Credits of charges that this one replaced."""
        return sum(a.amount_minor for a in self.charged.charge.allowances if a.reason == CREDITED)


def _live(past: Sequence[Charged]) -> list[_Live]:
    live = {c.key: _Live(c, c.charge.period.end, c.charge.amount_minor) for c in past if c.charge.corrects is None}
    for later in past:
        if later.charge.corrects is None:
            continue
        rest = live[later.charge.corrects]
        if later.charge.kind is ChargeKind.CREDIT:
            # A credit leaves the charge owed; it only bounds what may still be taken back.
            rest.credited_minor -= later.charge.amount_minor
        else:
            rest.amount_minor += later.charge.amount_minor
            rest.end = min(rest.end, later.charge.period.start)
    return [rest for rest in live.values() if rest.end > rest.charged.charge.period.start]


def _difference(owes: list[Charge], past: Sequence[Charged]) -> list[Charge]:
    open_owed: dict[Key, Charge] = {(o.kind, o.period.start, o.period.end, o.step): o for o in owes}
    stale: list[_Live] = []
    for rest in _live(past):
        charge = rest.charged.charge
        key = (charge.kind, charge.period.start, rest.end, charge.step)
        match = open_owed.get(key)
        if match is not None and _is_as_charged(match, rest):
            del open_owed[key]
        else:
            stale.append(rest)
    result: list[Charge] = []
    carried: list[tuple[Period, int]] = []
    for rest in stale:
        shorter = None if rest.charged.is_mistaxed else _shortened(rest, open_owed)
        if shorter is not None:
            del open_owed[(shorter.kind, shorter.period.start, shorter.period.end, shorter.step)]
        result.append(_reversal(rest, shorter, past))
        if carry := rest.credited_minor + rest.carried_minor:
            carried.append((Period(rest.charged.charge.period.start, rest.end), carry))
    for charge in open_owed.values():
        charge = _with_credit(charge, carried)
        before = [
            c.charge.revision
            for c in past
            if c.charge.kind is charge.kind
            and c.charge.step == charge.step
            and c.charge.period.overlap(charge.period) is not None
        ]
        # Parts of a divided charge share its revision, so that it may be higher than their own count.
        revision = max(len(before), *(number + 1 for number in before)) if before else 0
        result.append(replace(charge, revision=revision) if revision else charge)
    return result


def _is_as_charged(owed: Charge, rest: _Live) -> bool:
    """Whether what stands in the books is what is owed; a credit carried over changes neither."""
    if rest.charged.is_mistaxed:
        return False
    carried = rest.carried_minor
    expected = max(owed.amount_minor - carried, 0) if carried else owed.amount_minor
    return expected == rest.amount_minor and _same_price(owed, rest.charged.charge)


def _with_credit(charge: Charge, carried: list[tuple[Period, int]]) -> Charge:
    """The charge less the credits that were given on what it replaces; never below zero."""
    for place, (period, left_minor) in enumerate(carried):
        used = min(left_minor, charge.amount_minor)
        if used > 0 and period.overlap(charge.period) is not None:
            carried[place] = (period, left_minor - used)
            charge = replace(
                charge, amount_minor=charge.amount_minor - used, cause=_credited_cause(charge, used),
                allowances=(*charge.allowances, Allowance(CREDITED, used)),
            )  # fmt: skip
    return charge


def _credited_cause(charge: Charge, used_minor: int) -> Cause:
    """The credit comes off what was rounded; the formula must come to the same when it is rounded only at the end."""
    digits = minor_digits(charge.currency)
    cause, used = charge.cause, Decimal(used_minor).scaleb(-digits)
    if ("rounding", Rounding.HALF_EVEN.value) in cause.facts:
        # Half to even is not the same before and after an odd amount is taken off.
        rounded_first = f"{Decimal(charge.amount_minor).scaleb(-digits)} - {used}"
        return replace(cause, formula=rounded_first, facts=(*cause.facts, ("before_credit", cause.formula)))
    formula = f"{cause.formula} - {used}"
    return replace(cause, formula=formula if used_minor < charge.amount_minor else f"max({formula}, 0)")


def _count(charge: Charge) -> Decimal:
    return charge.quantity / charge.period.day_count if charge.unit == "DAY" else charge.quantity


def _same_price(a: Charge, b: Charge) -> bool:
    return (
        a.unit_price == b.unit_price
        and _count(a) == _count(b)
        and [x.reason for x in a.allowances if x.reason != CREDITED]
        == [x.reason for x in b.allowances if x.reason != CREDITED]
    )


def _shortened(rest: _Live, open_owed: Mapping[Key, Charge]) -> Charge | None:
    """The owed charge that is the beginning of this one at the same price: only its last days are taken back."""
    charge = rest.charged.charge
    if rest.credited_minor or rest.carried_minor or charge.kind is ChargeKind.USAGE:
        # Usage of a shorter time is another quantity, not the same one for fewer days.
        return None
    for owes in open_owed.values():
        is_beginning = (
            owes.kind is charge.kind and owes.step == charge.step
            and owes.period.start == charge.period.start and owes.period.end < rest.end
        )  # fmt: skip
        if is_beginning and _same_price(owes, charge) and 0 <= owes.amount_minor <= rest.amount_minor:
            _quantity, _base, gross = _days_back(charge, owes, Period(owes.period.end, rest.end))
            # Days at the day's price must say what is taken back; other profiles take all back and charge anew.
            if charge.allowances or abs(gross - (owes.amount_minor - rest.amount_minor)) <= 1:
                return owes
    return None


def _days_back(charge: Charge, pattern: Charge, period: Period) -> tuple[Decimal, Decimal, int]:
    """Quantity and base of days taken back, and what they come to in minor units."""
    base = pattern.price_base_quantity if pattern.unit == "DAY" else Decimal(charge.period.day_count)
    quantity = -_count(charge) * period.day_count
    gross = round_half_up((quantity * charge.unit_price / base).scaleb(minor_digits(charge.currency)))
    return quantity, base, gross


def _reversal(rest: _Live, shorter: Charge | None, past: Sequence[Charged]) -> Charge:
    charge = rest.charged.charge
    period = Period(shorter.period.end if shorter else charge.period.start, rest.end)
    amount = (shorter.amount_minor if shorter else 0) - rest.amount_minor + rest.credited_minor
    revision = sum(
        1
        for c in past
        if c.charge.kind is ChargeKind.REVERSAL and c.charge.period == period and c.charge.step == charge.step
    )
    if shorter is None and rest.is_whole:
        quantity, unit, base = -charge.quantity, charge.unit, charge.price_base_quantity
        allowances = tuple(Allowance(a.reason, -a.amount_minor) for a in charge.allowances)
    else:
        quantity, base, gross = _days_back(charge, shorter or charge, period)
        unit, allowances = "DAY", _reversed_allowances(charge, gross - amount + rest.credited_minor)
    if rest.credited_minor:
        allowances = (*allowances, Allowance(CREDITED, -rest.credited_minor))
    return Charge(
        line_id=charge.line_id, kind=ChargeKind.REVERSAL, period=period, revision=revision, quantity=quantity, unit=unit,
        unit_price=charge.unit_price, price_base_quantity=base, amount_minor=amount, currency=charge.currency,
        allowances=allowances, step=charge.step, corrects=rest.charged.key, taxes=charge.taxes,
        cause=_reversal_cause(rest, shorter),
    )  # fmt: skip


def _reversal_cause(rest: _Live, shorter: Charge | None) -> Cause:
    """What is owed now less what stands charged; a credit that was given before is not given twice."""
    charge = rest.charged.charge
    digits = minor_digits(charge.currency)
    owed_minor = shorter.amount_minor if shorter else 0
    formula = f"{Decimal(owed_minor).scaleb(-digits)} - {Decimal(rest.amount_minor).scaleb(-digits)}"
    if rest.credited_minor:
        formula += f" + {Decimal(rest.credited_minor).scaleb(-digits)}"
    facts = [("charged_by", charge.cause.formula)]
    if shorter:
        facts.append(("owed_by", shorter.cause.formula))
    return Cause("taken back: no longer owed", formula, tuple(facts))


def _reversed_allowances(charge: Charge, total_minor: int) -> tuple[Allowance, ...]:
    if not charge.allowances:
        # A cent of rounding may stand between the days' price and owed minus charged; the difference is what is owed.
        return ()
    first, *others = charge.allowances
    share = [Allowance(a.reason, 0) for a in others]
    return (Allowance(first.reason, total_minor), *share)
