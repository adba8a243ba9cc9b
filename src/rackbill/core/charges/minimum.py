"""The minimum charge: what the lines that count to it leave of an agreed sum, for each period, in arrears."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from rackbill.core.charges.charge import Cause, Charge, ContradictoryTerms
from rackbill.core.money import decimal_from_minor, round_half_up
from rackbill.core.periods import Period
from rackbill.core.terms import ContractTerms, LineKind, TermLine

_ONE = Decimal(1)


def counted_lines(line: TermLine, terms: ContractTerms) -> list[TermLine]:
    """The lines that count to a minimum. Raises ContradictoryTerms where one is not at hand: the top-up would be too high."""
    found = [other for other in terms.lines if other.line_id in line.counted_lines]
    if len(found) != len(line.counted_lines):
        raise ContradictoryTerms(
            f"contract line {line.line_id} is a minimum over {len(line.counted_lines)} lines, {len(found)} of them are at "
            "hand; compute them together"
        )
    if any(other.kind is LineKind.MINIMUM for other in found):
        raise ContradictoryTerms(
            f"contract line {line.line_id} is a minimum over another minimum; count its lines instead"
        )
    return found


def top_ups(minima: Iterable[Charge], counted: Sequence[Charge]) -> Iterator[Charge]:
    """One charge for each period whose counted charges stay below the minimum; none where they reach it."""
    for minimum in minima:
        used = round_half_up(sum((_within(charge, minimum.period) for charge in counted), Decimal(0)))
        missing = minimum.amount_minor - used
        if missing <= 0:
            continue
        price, reached = decimal_from_minor(missing, minimum.currency), decimal_from_minor(used, minimum.currency)
        facts = (*minimum.cause.facts, ("minimum", minimum.cause.formula), ("counted", f"{reached}"))
        yield replace(
            minimum, quantity=_ONE, unit="C62", unit_price=price, price_base_quantity=_ONE, amount_minor=missing, allowances=(),
            cause=Cause("minimum charge less what was charged", f"max({minimum.cause.formula} - {reached}, 0)", facts),
        )  # fmt: skip


def _within(charge: Charge, period: Period) -> Decimal:
    """The part of a charge that falls into the period, by days, in minor units."""
    shared = charge.period.overlap(period)
    if shared is None:
        return Decimal(0)
    return Decimal(charge.amount_minor) * shared.day_count / charge.period.day_count
