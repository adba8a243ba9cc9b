"""What must always hold over usage; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.domain.usage.models import MeasuredQuantity, MeterDay


def violations() -> Iterator[str]:
    """Revisions count from 0 without a gap; a measured period is not empty; samples belong to a line that is metered."""
    expected: dict[tuple[int, object], int] = {}
    for row in MeasuredQuantity.objects.order_by("line_id", "period_start", "revision").iterator(chunk_size=5000):
        key = (row.line_id, row.period_start)
        if row.revision != expected.get(key, 0):
            yield f"usage of line {row.line_id} from {row.period_start}: revision {row.revision} stands without the one before"
        if row.period_end <= row.period_start:
            yield f"usage of line {row.line_id} from {row.period_start} has no days"
        expected[key] = row.revision + 1
    for line, meter in MeterDay.objects.exclude(meter__line__kind="metered").values_list(
        "meter__line_id", "meter__meter_id"
    ):
        yield f"meter {meter} counts for line {line}, which is not metered"
