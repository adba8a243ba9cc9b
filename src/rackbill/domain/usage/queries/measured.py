"""Measured quantities as core values, and which months are to be measured."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q

from rackbill.core import metering
from rackbill.core.periods import Period
from rackbill.domain.kit import bulk
from rackbill.domain.kit.fields import plain_decimal
from rackbill.domain.usage import policy
from rackbill.domain.usage.models import LateUsage, MeasuredQuantity, MeasuringRule
from rackbill.domain.usage.queries.measuring import metered_lines


def measured(
    *, line_keys: Sequence[int], ended_after: date | None = None
) -> dict[int, list[metering.MeasuredQuantity]]:
    """By contract line, the newest revision of each month, or of those that ended after a day."""
    found: dict[int, dict[str, metering.MeasuredQuantity]] = defaultdict(dict)
    rows = MeasuredQuantity.objects.filter(line_id__any_of=bulk.Keys(line_keys))
    if ended_after is not None:
        rows = rows.filter(period_end__gt=ended_after)
    rows = rows.order_by("line_id", "period_start", "revision")
    for line_key, start, end, quantity, unit, sha256, method, profile, sample_count, expected_count in bulk.plain_rows(
        rows, "line_id", "period_start", "period_end", "quantity", "unit", "samples_sha256", "method", "profile",
        "sample_count", "expected_count",
    ):  # fmt: skip
        found[line_key][start] = metering.MeasuredQuantity(
            period=Period(date.fromisoformat(start), date.fromisoformat(end)), quantity=plain_decimal(quantity), unit=unit,
            samples_sha256=sha256, method=method or "", profile=profile, sample_count=sample_count,
            expected_count=expected_count,
        )  # fmt: skip
    return {line_key: list(by_start.values()) for line_key, by_start in found.items()}


def measured_revisions(*, line_keys: Sequence[int]) -> list[tuple[int, datetime, metering.MeasuredQuantity]]:
    """(contract line, when it was measured, what) of every revision, in the order they came."""
    rows = MeasuredQuantity.objects.filter(line_id__in=list(line_keys)).order_by("measured_at", "pk")
    return [
        (
            row.line_id, row.measured_at,
            metering.MeasuredQuantity(
                period=Period(row.period_start, row.period_end), quantity=row.quantity, unit=row.unit,
                method=row.method or "", profile=row.profile,
                samples_sha256=row.samples_sha256, sample_count=row.sample_count, expected_count=row.expected_count,
            ),
        )
        for row in rows
    ]  # fmt: skip


def lines_to_measure(*, month: date) -> list[int]:
    """The lines with a measuring rule that have begun by the end of a month and not ended before it."""
    period = metering.month_of(month)
    rows = MeasuringRule.objects.filter(
        Q(line__ends_on=None) | Q(line__ends_on__gt=period.start), line__starts_on__lt=period.end
    )
    return list(rows.order_by("line_id").values_list("line_id", flat=True))


def months_to_measure_anew(*, on: date) -> list[tuple[date, list[int]]]:
    """Months that were measured, with the lines whose samples came late or whose days have changed since."""
    found: dict[date, set[int]] = defaultdict(set)
    for line_key, month in LateUsage.objects.values_list("line_id", "month"):
        found[month].add(line_key)
    counted: dict[int, dict[date, Period]] = defaultdict(dict)
    # Only a line that is to be computed in full can have been amended since it was charged.
    rows = MeasuredQuantity.objects.filter(line__settled_until=None, counted_from__isnull=False)
    for line_key, first, start, end in rows.order_by("revision").values_list(
        "line_id", "period_start", "counted_from", "counted_until"
    ):
        counted[line_key][first] = Period(start, end)
    for line in metered_lines(line_keys=sorted(counted)):
        for first, before in counted[line.line_key].items():
            if (days := line.days_of(metering.month_of(first))) and days != before:
                found[first].add(line.line_key)
    return [
        (month, sorted(found[month]))
        for month in sorted(found)
        if not policy.is_too_late(period_end=metering.month_of(month).end, on=on)
    ]


def unmeasured_lines(*, month: date) -> list[int]:
    """Lines that should have a quantity of a month and have none."""
    period = metering.month_of(month)
    have = set(MeasuredQuantity.objects.filter(period_start=period.start).values_list("line_id", flat=True))
    keys = [key for key in lines_to_measure(month=month) if key not in have]
    return [line.line_key for line in metered_lines(line_keys=keys) if line.days_of(period) is not None]
