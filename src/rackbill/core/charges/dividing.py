"""One charge → charges of its parts, where days of one period bear different taxes. Nothing is lost, to the cent."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from rackbill.core.charges.charge import ROUNDING, Allowance, Charge, Charged
from rackbill.core.money import decimal_from_minor, minor_digits, quantize, round_half_up, split_minor
from rackbill.core.periods import Period

PART_OF = "part_of"
"""Fact of a charge that is a part: the whole period, so that a later run cuts what is owed at the same days."""
_TIME_UNITS = frozenset({"DAY", "MON", "QAN", "SAN", "ANN", "C62"})


def divide(charge: Charge, cuts: Iterable[date]) -> list[Charge]:
    """The charge cut at the days that lie inside its period. Amounts are shared out by days; they sum to the whole.

    A part of a cycle is a quantity of days at the price per days of the whole; a used quantity is shared out.
    """
    inside = sorted({day for day in cuts if charge.period.start < day < charge.period.end})
    if not inside:
        return [charge]
    borders = [charge.period.start, *inside, charge.period.end]
    periods = [Period(start, end) for start, end in zip(borders, borders[1:], strict=False)]
    days = [period.day_count for period in periods]
    nets = split_minor(charge.amount_minor, days)
    allowances = [split_minor(allowance.amount_minor, days) for allowance in charge.allowances]
    quantities, unit, base = _quantities(charge, days)
    parts = []
    for place, period in enumerate(periods):
        shares = tuple(
            Allowance(a.reason, own[place]) for a, own in zip(charge.allowances, allowances, strict=True)
        )  # fmt: skip
        parts.append(_part(charge, period, quantities[place], unit, base, nets[place], shares))
    return parts


def _quantities(charge: Charge, days: Sequence[int]) -> tuple[list[Decimal], str, Decimal]:
    """Quantity of each part, unit, and price base quantity."""
    whole = sum(days)
    if charge.unit not in _TIME_UNITS:
        shares = [quantize(charge.quantity * count / whole, 6) for count in days[:-1]]
        return [*shares, charge.quantity - sum(shares, Decimal(0))], charge.unit, charge.price_base_quantity
    if charge.unit == "DAY" and charge.quantity % whole == 0:
        count, base = charge.quantity / whole, charge.price_base_quantity
    else:
        count, base = charge.quantity, charge.price_base_quantity * whole
    return [count * own for own in days], "DAY", base


def _part(
    charge: Charge, period: Period, quantity: Decimal, unit: str, base: Decimal, net: int, allowances: tuple[Allowance, ...]
) -> Charge:  # fmt: skip
    scale = minor_digits(charge.currency)
    gross = round_half_up((quantity * charge.unit_price / base).scaleb(scale))
    odd = gross - sum(a.amount_minor for a in allowances) - net
    if odd:
        allowances = (*allowances, Allowance(ROUNDING, odd))
    cause, whole = charge.cause, charge.period.day_count
    formula = f"{decimal_from_minor(charge.amount_minor, charge.currency)} * {period.day_count} / {whole}"
    # The formula must give the amount; where the odd cent fell to another part it says so.
    off = round_half_up(Decimal(charge.amount_minor) * period.day_count / whole) - net
    if off:
        formula += f" - {decimal_from_minor(off, charge.currency)}"
    facts = (*cause.facts, (PART_OF, str(charge.period)), ("formula_of_whole", cause.formula))
    return replace(
        charge, period=period, quantity=quantity, unit=unit, price_base_quantity=base, amount_minor=net,
        allowances=allowances,
        cause=replace(cause, rule=f"{cause.rule}, shared out by days", formula=formula, facts=facts),
    )  # fmt: skip


def as_cut_before(owes: list[Charge], past: Sequence[Charged]) -> list[Charge]:
    """What is owed, cut at the days at which the books cut it, so that part can be compared with part."""
    cuts: dict[tuple[str, int], set[date]] = {}
    for entry in past:
        charge = entry.charge
        if charge.corrects is None and any(name == PART_OF for name, _text in charge.cause.facts):
            cuts.setdefault((charge.kind.value, charge.step), set()).add(charge.period.start)
    if not cuts:
        return owes
    return [part for charge in owes for part in divide(charge, cuts.get((charge.kind.value, charge.step), ()))]
