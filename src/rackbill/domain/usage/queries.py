"""Measured quantities as core values."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from rackbill.core import metering
from rackbill.core.periods import Period
from rackbill.domain.kit import bulk
from rackbill.domain.kit.fields import plain_decimal
from rackbill.domain.usage.models import MeasuredQuantity, Meter, MeterDay


def measured(*, line_keys: Sequence[int]) -> dict[int, list[metering.MeasuredQuantity]]:
    """By contract line, the newest revision of each period."""
    found: dict[int, dict[str, metering.MeasuredQuantity]] = defaultdict(dict)
    rows = MeasuredQuantity.objects.filter(line_id__any_of=bulk.Keys(line_keys)).order_by(
        "line_id", "period_start", "revision"
    )
    for line_key, start, end, quantity, unit, sha256, profile, sample_count, expected_count in bulk.plain_rows(
        rows, "line_id", "period_start", "period_end", "quantity", "unit", "samples_sha256", "profile", "sample_count",
        "expected_count",
    ):  # fmt: skip
        found[line_key][start] = metering.MeasuredQuantity(
            period=Period(date.fromisoformat(start), date.fromisoformat(end)), quantity=plain_decimal(quantity), unit=unit,
            samples_sha256=sha256, profile=profile, sample_count=sample_count, expected_count=expected_count,
        )  # fmt: skip
    return {line_key: list(by_start.values()) for line_key, by_start in found.items()}


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
