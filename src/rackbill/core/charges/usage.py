"""What a measured quantity costs: one charge for each step of its price, in arrears (B6, B37, B38)."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from rackbill.core.charges.charge import Cause, Charge, ChargeKind, ContradictoryTerms
from rackbill.core.charges.prorating import rounded
from rackbill.core.metering import UNIT_CODES, MeasuredQuantity
from rackbill.core.money import minor_digits, quantize
from rackbill.core.periods import Period
from rackbill.core.pricing import PricedStep, price_usage
from rackbill.core.terms import TermLine

_ONE = Decimal(1)


def usage_charges(
    line: TermLine, currency: str, through: date, after: date | None, measured: Sequence[MeasuredQuantity]
) -> Iterator[Charge]:
    """The line's usage of periods that ended by the through date, and after another where given. Raises ContradictoryTerms."""
    for used in sorted(measured, key=lambda m: m.period):
        period = _charged_days(line, used.period)
        if period is None or used.period.end > through or (after is not None and used.period.end <= after):
            continue
        row = next(
            (
                p
                for p in line.prices
                if p.valid_from <= period.start and (not p.valid_until or period.start < p.valid_until)
            ),
            None,
        )
        if row is None or row.usage_price is None:
            raise ContradictoryTerms(
                f"metered line {line.line_id} has no usage price on {period.start}; add one that is valid that day"
            )
        share = Decimal(period.day_count) / used.period.day_count
        for number, step in enumerate(price_usage(price=row.usage_price, quantity=used.quantity, share=share), start=1):
            yield _charge(line, currency, used, period, number, step, row.valid_from)


def _charged_days(line: TermLine, period: Period) -> Period | None:
    start = max(period.start, line.charged_from)
    end = period.end if line.end is None else min(period.end, line.end)
    return Period(start, end) if start < end else None


def _charge(
    line: TermLine,
    currency: str,
    used: MeasuredQuantity,
    period: Period,
    number: int,
    step: PricedStep,
    price_from: date,
) -> Charge:
    unit = UNIT_CODES.get(used.unit, "C62") if step.is_measured else "C62"
    quantity, price = quantize(step.quantity, 6), quantize(step.unit_price, 6)
    facts = [("price_from", price_from.isoformat()), ("used", f"{used.quantity.normalize():f} {used.unit}")]
    if used.profile:
        facts.append(("profile", used.profile))
    if used.samples_sha256:
        facts.append(("samples_sha256", used.samples_sha256))
    return Charge(
        line_id=line.line_id, kind=ChargeKind.USAGE, period=period, revision=0, quantity=quantity, unit=unit,
        unit_price=price, price_base_quantity=_ONE, step=number, currency=currency,
        amount_minor=rounded((quantity * price).scaleb(minor_digits(currency)), line.proration.rounding),
        cause=Cause(f"usage, {step.label} (B6)", f"{quantity} * {price}", tuple(facts)),
    )  # fmt: skip
