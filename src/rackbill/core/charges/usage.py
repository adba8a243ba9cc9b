"""What a measured quantity costs: one charge for each step of its price, in arrears (B6, B37, B38)."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from rackbill.core.charges.charge import Allowance, Cause, Charge, ChargeKind, ContradictoryTerms
from rackbill.core.charges.prorating import printed_amount, rounded
from rackbill.core.metering import UNIT_CODES, MeasuredQuantity
from rackbill.core.money import minor_digits, quantize
from rackbill.core.periods import Period
from rackbill.core.pricing import PricedStep, least_charge, price_usage
from rackbill.core.terms import DatedPrice, Discount, DiscountKind, TermLine

_ONE = Decimal(1)
MINIMUM_STEP = 1000
"""Place of the step that lifts a month to its minimum charge; the steps of a price stand below it."""


def usage_charges(
    line: TermLine, currency: str, through: date, after: date | None, measured: Sequence[MeasuredQuantity]
) -> Iterator[Charge]:
    """The line's usage of months that ended by the through date, and after another where given. Raises ContradictoryTerms.

    The price in force on the first day charged counts for the whole month: a commit or a tier cannot be cut at a day.
    """
    for used in sorted(measured, key=lambda m: m.period):
        period = _charged_days(line, used.period)
        if period is None or used.period.end > through or (after is not None and used.period.end <= after):
            continue
        yield from _month(line, currency, used, period)


def _month(line: TermLine, currency: str, used: MeasuredQuantity, period: Period) -> Iterator[Charge]:
    row = _price_on(line, period.start)
    assert row.usage_price is not None
    share = Decimal(period.day_count) / used.period.day_count
    discounts = _Discounts(line, period.start, share)
    facts = _facts(used, row.valid_from)
    total_minor = 0
    for number, step in enumerate(price_usage(price=row.usage_price, quantity=used.quantity, share=share), start=1):
        if step.quantity:
            charge = _charge(line, currency, period, number, step, used.unit, facts, discounts)
            total_minor += charge.amount_minor
            yield charge
    digits = minor_digits(currency)
    least = least_charge(price=row.usage_price, share=share).scaleb(digits)
    missing_minor = rounded(least, line.proration.rounding) - total_minor
    if missing_minor > 0:
        step = PricedStep("up to the minimum charge", _ONE, Decimal(missing_minor).scaleb(-digits), is_measured=False)
        yield _charge(line, currency, period, MINIMUM_STEP, step, used.unit, facts, _Discounts(line, None, share))


def _charged_days(line: TermLine, period: Period) -> Period | None:
    start = max(period.start, line.charged_from)
    end = period.end if line.end is None else min(period.end, line.end)
    return Period(start, end) if start < end else None


def _price_on(line: TermLine, day: date) -> DatedPrice:
    for row in line.prices:
        if row.valid_from <= day and (not row.valid_until or day < row.valid_until) and row.usage_price is not None:
            return row
    raise ContradictoryTerms(f"metered line {line.line_id} has no usage price on {day}; add one that is valid that day")


def _facts(used: MeasuredQuantity, price_from: date) -> tuple[tuple[str, str], ...]:
    facts = [("price_from", price_from.isoformat()), ("used", f"{used.quantity.normalize():f} {used.unit}")]
    if used.profile:
        facts.append(("profile", used.profile))
    if used.samples_sha256:
        facts.append(("samples_sha256", used.samples_sha256))
    if used.sample_count != used.expected_count:
        facts.append(("samples", f"{used.sample_count} of {used.expected_count}"))
    return tuple(facts)


class _Discounts:
    """A month's discounts in their order: percents, then amounts. An amount is taken once a month, from step to step."""

    def __init__(self, line: TermLine, day: date | None, share: Decimal) -> None:
        valid = [
            d for d in line.discounts
            if day is not None and d.valid_from <= day and (d.valid_until is None or day < d.valid_until)
        ]  # fmt: skip
        self._rows = sorted(valid, key=lambda d: (d.kind is DiscountKind.AMOUNT, d.valid_from, d.reason, d.value))
        self._left = [quantize(d.value * share, 6) for d in self._rows]

    def apply(self, exact: Decimal, formula: str) -> tuple[list[tuple[str, Decimal]], str]:
        """(reason, what is left after it) of each discount on a step, and the step's formula with them."""
        steps = []
        for place, row in enumerate(self._rows):
            if row.kind is DiscountKind.PERCENT:
                exact -= exact * row.value / 100
                formula = f"({formula}) * (100 - {row.value}) / 100"
            else:
                formula = f"max({formula} - {self._left[place].normalize():f}, 0)"
                taken = min(self._left[place], exact)
                self._left[place] -= taken
                exact -= taken
            steps.append((_reason(row), exact))
        return steps, formula


def _reason(row: Discount) -> str:
    return f"{row.reason} {row.value.normalize():f} %" if row.kind is DiscountKind.PERCENT else row.reason


def _charge(
    line: TermLine, currency: str, period: Period, number: int, step: PricedStep, unit: str,
    facts: tuple[tuple[str, str], ...], discounts: _Discounts,
) -> Charge:  # fmt: skip
    quantity, price = quantize(step.quantity, 6), quantize(step.unit_price, 6)
    digits = minor_digits(currency)
    exact = quantity * price
    left, formula = discounts.apply(exact, f"{quantity} * {price}")
    amount, rounding = printed_amount(exact.scaleb(digits), line.proration.rounding)
    allowances = list(rounding)
    for reason, after in left:
        after_minor = rounded(after.scaleb(digits), line.proration.rounding)
        allowances.append(Allowance(reason, amount - after_minor))
        amount = after_minor
    return Charge(
        line_id=line.line_id, kind=ChargeKind.USAGE, period=period, revision=0, quantity=quantity,
        unit=UNIT_CODES.get(unit, "C62") if step.is_measured else "C62", unit_price=price, price_base_quantity=_ONE,
        step=number, currency=currency, amount_minor=amount, allowances=tuple(allowances),
        cause=Cause(f"usage, {step.label} (B6)", formula, facts),
    )  # fmt: skip
