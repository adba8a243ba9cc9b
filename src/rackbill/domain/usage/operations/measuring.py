"""Freezing months: samples → measured quantities, streaming, many lines in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from rackbill.core.metering import MeasuredQuantity as Measured
from rackbill.core.metering import month_of
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.kit import bulk, locks
from rackbill.domain.usage import policy, queries
from rackbill.domain.usage.errors import MeterNotFound, UsageRefused
from rackbill.domain.usage.models import LateUsage, MeasuredQuantity, MeasuringRule

_FIELDS = (
    "line", "period_start", "period_end", "revision", "quantity", "unit", "method", "profile", "samples_sha256",
    "sample_count", "expected_count", "counted_from", "counted_until", "measured_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FrozenLines:
    """How many lines of a month got their first quantity, a further revision, or stayed as they were."""

    new: int = 0
    revised: int = 0
    same: int = 0
    sample_count: int = 0
    expected_count: int = 0

    def __add__(self, other: "FrozenLines") -> "FrozenLines":
        return FrozenLines(
            self.new + other.new, self.revised + other.revised, self.same + other.same,
            self.sample_count + other.sample_count, self.expected_count + other.expected_count,
        )  # fmt: skip


def freeze_month(*, line_key: int, month: date, now: datetime) -> bool:
    """Measures one line's month; whether anything is new. Raises as `freeze_lines`, and MeterNotFound without a rule."""
    if not MeasuringRule.objects.filter(line_id=line_key).exists():
        raise MeterNotFound(f"contract line {line_key} has no measuring rule, so nothing measures it; set one first")
    done = freeze_lines(line_keys=[line_key], month=month, now=now)
    return bool(done.new or done.revised)


@transaction.atomic
def freeze_lines(*, line_keys: Sequence[int], month: date, now: datetime) -> FrozenLines:
    """Measures a month of lines from the samples of their meters and keeps what differs as a further revision.

    A line that was not agreed for any day of it is left out. Raises UsageRefused for a month that has not ended or is too
    long ago.
    """
    period = month_of(month)
    if not policy.is_over(month=period, on=now.date()):
        raise UsageRefused(f"{period.start:%B %Y} has not ended on {now.date()}; ask for an estimate until then")
    _check_age(period.end, now)
    # The rules are the locks of the lines' measuring: two freezes of a line see each other's revisions.
    list(locks.locked(MeasuringRule.objects.filter(line_id__in=list(line_keys)).order_by("line_id")))
    last = _last_revisions(line_keys, period.start)
    fresh: list[tuple[int, Measured]] = []
    counts = [0, 0]
    for line_key, value in queries.measurements(line_keys=line_keys, month=period):
        counts[0] += value.sample_count
        counts[1] += value.expected_count
        fresh.append((line_key, value))
    different = [(key, value) for key, value in fresh if key not in last or _differs(last[key], value)]
    revised = sum(1 for key, _value in different if key in last)
    _keep(different, last, now)
    LateUsage.objects.filter(line_id__in=list(line_keys), month=period.start).delete()
    return FrozenLines(
        new=len(different) - revised, revised=revised, same=len(fresh) - len(different), sample_count=counts[0],
        expected_count=counts[1],
    )  # fmt: skip


@transaction.atomic
def record_measured(*, line_key: int, measured: Measured, now: datetime) -> bool:
    """Keeps a quantity that was measured elsewhere, as a further revision where it differs; whether anything is new.

    Raises UsageRefused for a negative or too late quantity.
    """
    if measured.quantity < 0:
        raise UsageRefused(f"a measured quantity of {measured.quantity} is negative; credit the charge instead")
    _check_age(measured.period.end, now)
    rows = MeasuredQuantity.objects.filter(line_id=line_key, period_start=measured.period.start)
    list(locks.locked(rows).values_list("pk"))
    last = _last_revisions([line_key], measured.period.start)
    if line_key in last and not _differs(last[line_key], measured):
        return False
    _keep([(line_key, measured)], last, now)
    return True


def _check_age(period_end: date, now: datetime) -> None:
    if policy.is_too_late(period_end=period_end, on=now.date()):
        raise UsageRefused(
            f"usage until {period_end} comes more than {policy.LATE_MONTHS} months late; "
            "settle it with a credit note or a one-off line"
        )


def _last_revisions(line_keys: Sequence[int], period_start: date) -> dict[int, MeasuredQuantity]:
    rows = MeasuredQuantity.objects.filter(line_id__in=list(line_keys), period_start=period_start)
    return {row.line_id: row for row in rows.order_by("line_id", "revision")}


def _differs(last: MeasuredQuantity, value: Measured) -> bool:
    counted = (value.counted.start, value.counted.end) if value.counted else (None, None)
    return (
        last.quantity, last.unit, last.profile, last.period_end, last.samples_sha256, (last.counted_from, last.counted_until),
    ) != (value.quantity, value.unit, value.profile, value.period.end, value.samples_sha256, counted)  # fmt: skip


def _keep(values: Sequence[tuple[int, Measured]], last: dict[int, MeasuredQuantity], now: datetime) -> None:
    bulk.insert_rows(MeasuredQuantity, _FIELDS, _rows(values, last, now))
    # What a run took for charged through its date was so without these quantities.
    contracts.unsettle_lines(line_keys=[key for key, _value in values])


def _rows(
    values: Sequence[tuple[int, Measured]], last: dict[int, MeasuredQuantity], now: datetime
) -> Iterator[tuple[object, ...]]:
    for line_key, value in values:
        counted = (value.counted.start, value.counted.end) if value.counted else (None, None)
        yield (
            line_key, value.period.start, value.period.end, last[line_key].revision + 1 if line_key in last else 0,
            value.quantity, value.unit, value.method or None, value.profile, value.samples_sha256, value.sample_count,
            value.expected_count, *counted, now,
        )  # fmt: skip
