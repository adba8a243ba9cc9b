"""Measured quantities as core values."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from rackbill.core import metering
from rackbill.core.periods import Period
from rackbill.domain.usage.models import MeasuredQuantity, Meter, MeterDay


def measured(*, line_keys: Sequence[int]) -> dict[int, list[metering.MeasuredQuantity]]:
    """By contract line, the newest revision of each period."""
    newest: dict[tuple[int, date], MeasuredQuantity] = {}
    for start in range(0, len(line_keys), 10_000):
        rows = MeasuredQuantity.objects.filter(line_id__in=list(line_keys[start : start + 10_000]))
        for row in rows.order_by("line_id", "period_start", "revision"):
            newest[(row.line_id, row.period_start)] = row
    found: dict[int, list[metering.MeasuredQuantity]] = defaultdict(list)
    for (line_key, _start), row in newest.items():
        found[line_key].append(_value(row))
    return dict(found)


def _value(row: MeasuredQuantity) -> metering.MeasuredQuantity:
    return metering.MeasuredQuantity(
        period=Period(row.period_start, row.period_end), quantity=row.quantity, unit=row.unit,
        samples_sha256=row.samples_sha256, profile=row.profile, sample_count=row.sample_count,
        expected_count=row.expected_count,
    )  # fmt: skip


def lines_with_meters() -> list[int]:
    """The keys of contract lines that have a meter."""
    return list(Meter.objects.order_by("line_id").values_list("line_id", flat=True).distinct())


def samples(*, line_key: int, month: Period) -> dict[str, list[tuple[date, bytes]]]:
    """By meter of a line, the packed days of a month in order."""
    found: dict[str, list[tuple[date, bytes]]] = {}
    rows = MeterDay.objects.filter(meter__line_id=line_key, day__gte=month.start, day__lt=month.end)
    for meter_id, day, packed in rows.order_by("meter__meter_id", "day").values_list(
        "meter__meter_id", "day", "samples"
    ):
        found.setdefault(meter_id, []).append((day, bytes(packed)))
    return found


def measured_revisions(*, line_keys: Sequence[int]) -> list[tuple[int, datetime, metering.MeasuredQuantity]]:
    """(contract line, when it was measured, what) of every revision, in the order they came."""
    rows = MeasuredQuantity.objects.filter(line_id__in=list(line_keys)).order_by("measured_at", "pk")
    return [(row.line_id, row.measured_at, _value(row)) for row in rows]
