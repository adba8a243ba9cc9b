"""What must always hold over usage; yields violations, mends nothing."""

from collections.abc import Iterator
from datetime import date

from rackbill.domain.usage.models import LateUsage, MeasuredQuantity, MeasuringRule, MeterAssignment


def violations() -> Iterator[str]:
    """Revisions count from 0 without a gap; only metered lines are measured; a meter counts for one line at a time, which has

    a rule; hours have a service; late usage can be measured anew.
    """
    yield from _revisions()
    for key in MeasuringRule.objects.exclude(line__kind="metered").values_list("line_id", flat=True):
        yield f"line {key} has a measuring rule but is not metered"
    yield from _assignments()
    for meter_id in MeterAssignment.objects.filter(
        line__measuring_rule__method="hours", meter__service=None
    ).values_list("meter__meter_id", flat=True):
        yield f"meter {meter_id} counts hours but belongs to no service"
    for key, month in LateUsage.objects.exclude(line__measuring_rule__isnull=False).values_list("line_id", "month"):
        yield f"late usage of line {key} in {month:%B %Y} cannot be measured anew: the line has no measuring rule"


def _revisions() -> Iterator[str]:
    expected: dict[tuple[int, date], int] = {}
    rows = MeasuredQuantity.objects.order_by("line_id", "period_start", "revision")
    for line, start, end, revision in rows.values_list("line_id", "period_start", "period_end", "revision").iterator(
        5000
    ):
        if revision != expected.get((line, start), 0):
            yield f"usage of line {line} from {start}: revision {revision} stands without the one before"
        if end <= start:
            yield f"usage of line {line} from {start} has no days"
        expected[(line, start)] = revision + 1


def _assignments() -> Iterator[str]:
    last_meter, last_until = 0, date.min
    rows = MeterAssignment.objects.order_by("meter_id", "valid_from")
    for meter, meter_id, start, end in rows.values_list(
        "meter_id", "meter__meter_id", "valid_from", "valid_until"
    ).iterator(5000):
        if meter == last_meter and start < last_until:
            yield f"meter {meter_id} counts for two lines on {start}"
        last_meter, last_until = meter, end or date.max
    lines = MeterAssignment.objects.exclude(line__measuring_rule__isnull=False)
    for meter_id, line in lines.values_list("meter__meter_id", "line_id"):
        yield f"meter {meter_id} counts for line {line}, which has no measuring rule"
