"""Writes of samples and measured quantities. What was charged on an older revision corrects itself on the next run."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from django.db import transaction

from rackbill.core import metering
from rackbill.core.periods import Period, add_months, first_of_month
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.kit import locks
from rackbill.domain.usage import policy, queries
from rackbill.domain.usage.errors import MeterNotFound, UsageRefused
from rackbill.domain.usage.models import MeasuredQuantity, Meter, MeterDay


def add_meter(*, meter_id: str, line_key: int, method: str, unit: str, profile: str = "") -> None:
    """A meter of a metered contract line. May run twice. Raises UsageRefused for a unit or profile that is not known."""
    if unit not in metering.UNIT_CODES or (profile and profile not in metering.PROFILES):
        raise UsageRefused(f"meter {meter_id}: unit {unit!r} or profile {profile!r} is not known")
    Meter.objects.get_or_create(
        meter_id=meter_id, defaults={"line_id": line_key, "method": method, "unit": unit, "profile": profile}
    )


@transaction.atomic
def record_samples(*, meter_id: str, days: Iterable[tuple[date, metering.Flow, metering.Flow]]) -> int:
    """Keeps samples day by day; how many days changed. The same again changes nothing. Raises MeterNotFound, MeteringRefused."""
    meter = locks.locked(Meter.objects.filter(meter_id=meter_id)).first()
    if meter is None:
        raise MeterNotFound(f"there is no meter {meter_id}")
    changed = 0
    for day, bytes_in, bytes_out in days:
        row = MeterDay.objects.filter(meter=meter, day=day).first()
        packed = metering.merge_day(bytes(row.samples) if row else None, bytes_in, bytes_out)
        if row is None:
            MeterDay.objects.create(meter=meter, day=day, samples=packed)
            changed += 1
        elif packed != bytes(row.samples):
            row.samples = packed
            row.save(update_fields=["samples"])
            changed += 1
    return changed


@transaction.atomic
def freeze_month(*, line_key: int, month: date, now: datetime) -> bool:
    """Measures a line's month from the samples of its meters; whether that is new. Raises MeterNotFound, UsageRefused."""
    period = Period(first_of_month(month), add_months(first_of_month(month), 1))
    meters = list(Meter.objects.filter(line_id=line_key).order_by("meter_id"))
    if not meters:
        raise MeterNotFound(f"contract line {line_key} has no meter")
    days = queries.samples(line_key=line_key, month=period)
    flows = [_flow(days.get(meter.meter_id, []), period) for meter in meters]
    first = meters[0]
    profile = metering.PROFILES.get(first.profile)
    if first.method == "traffic":
        quantity = metering.traffic_quantity(sum(metering.traffic_bytes(i, o) for i, o in flows), first.unit)
    elif profile is None:
        raise UsageRefused(f"meter {first.meter_id} measures a percentile but names no profile")
    elif first.method == "percentile":
        quantity = metering.sum_of_percentiles(flows, profile)
    else:
        quantity = metering.percentile_of_sums(flows, profile)
    present = sum(1 for bytes_in, _out in flows for value in bytes_in if value is not None)
    value = metering.MeasuredQuantity(
        period=period, quantity=quantity, unit=first.unit, profile=first.profile, sample_count=present,
        samples_sha256=metering.samples_hash(chain.from_iterable(days.values())),
        expected_count=len(flows) * period.day_count * metering.SLOTS_PER_DAY,
    )  # fmt: skip
    return record_measured(line_key=line_key, measured=value, now=now)


def _flow(days: list[tuple[date, bytes]], period: Period) -> tuple[list[int | None], list[int | None]]:
    by_day = dict(days)
    bytes_in: list[int | None] = []
    bytes_out: list[int | None] = []
    for place in range(period.day_count):
        packed = by_day.get(date.fromordinal(period.start.toordinal() + place))
        day_in, day_out = metering.unpack_day(packed) if packed else (_NONE, _NONE)
        bytes_in += day_in
        bytes_out += day_out
    return bytes_in, bytes_out


_NONE: list[int | None] = [None] * metering.SLOTS_PER_DAY


@transaction.atomic
def record_measured(*, line_key: int, measured: metering.MeasuredQuantity, now: datetime) -> bool:
    """Keeps what was used on a line in a period, as a further revision where it differs; whether anything is new.

    The line is computed in full on the next run. Raises UsageRefused for a negative or too late quantity.
    """
    if measured.quantity < Decimal(0):
        raise UsageRefused(f"a measured quantity of {measured.quantity} is negative")
    if policy.is_too_late(period_end=measured.period.end, on=now.date()):
        raise UsageRefused(
            f"usage of {measured.period} comes more than {policy.LATE_MONTHS} months late; settle it with a one-off line"
        )
    rows = MeasuredQuantity.objects.filter(line_id=line_key, period_start=measured.period.start)
    last = locks.locked(rows).order_by("revision").last()
    if last is not None and (last.quantity, last.unit, last.period_end, last.samples_sha256) == (
        measured.quantity, measured.unit, measured.period.end, measured.samples_sha256,
    ):  # fmt: skip
        return False
    MeasuredQuantity.objects.create(
        line_id=line_key, period_start=measured.period.start, period_end=measured.period.end,
        revision=last.revision + 1 if last else 0, quantity=measured.quantity, unit=measured.unit,
        profile=measured.profile, samples_sha256=measured.samples_sha256, sample_count=measured.sample_count,
        expected_count=measured.expected_count, measured_at=now,
    )  # fmt: skip
    contracts.unsettle_lines(line_keys=[line_key])
    return True
