"""Samples in bulk: one row for each meter and day, merged with what is there, one transaction for each batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from rackbill.core import samples
from rackbill.core.metering import month_of
from rackbill.core.samples import SampleDay
from rackbill.domain.kit import bulk, locks
from rackbill.domain.usage import policy
from rackbill.domain.usage.errors import MeterNotFound, UsageRefused
from rackbill.domain.usage.models import LateUsage, MeasuredQuantity, Meter, MeterAssignment, MeterDay

_Key = tuple[int, date]


@dataclass(frozen=True, slots=True)
class LoadedDays:
    """How many days of meters were new, how many got further samples, how many were there already."""

    new: int
    changed: int
    same: int


def record_samples(
    *, meter_id: str, days: Sequence[tuple[date, Sequence[int | None], Sequence[int | None]]], now: datetime
) -> LoadedDays:
    """A meter's samples, 288 in and 288 out for each day; None is one that did not come. Raises as `record_days`."""
    rows = [SampleDay(meter_id, day, samples.flow_of(i), samples.flow_of(o)) for day, i, o in days]
    return record_days(days=rows, now=now)


@transaction.atomic
def record_days(*, days: Sequence[SampleDay], now: datetime, replaces: bool = False) -> LoadedDays:
    """Keeps days of samples of many meters. The same again changes nothing.

    A month that was measured before is noted as late usage, to be measured anew. Raises MeterNotFound, UsageRefused for days
    that come too late or too early, SamplesRefused for samples that contradict kept ones (unless they take their place).
    """
    meters = _locked_meters(days)
    _check_days(days, now)
    kept = _kept(set(meters.values()), {row.day for row in days})
    before = dict(kept)
    touched: set[_Key] = set()
    for row in days:
        key = (meters[row.meter_id], row.day)
        try:
            if key in kept:
                kept[key] = samples.merge_day(kept[key], row.bytes_in, row.bytes_out, replaces=replaces)
            else:
                kept[key] = samples.pack_day(row.bytes_in, row.bytes_out)
        except samples.SamplesRefused as fault:
            raise samples.SamplesRefused(f"meter {row.meter_id} on {row.day}: {fault}") from None
        touched.add(key)
    new = sorted(touched - set(before))
    changed = sorted(key for key in touched & set(before) if kept[key] != before[key])
    bulk.insert_rows(MeterDay, ("meter", "day", "samples"), ((m, day, kept[(m, day)]) for m, day in new))
    for meter_key, day in changed:
        MeterDay.objects.filter(meter_id=meter_key, day=day).update(samples=kept[(meter_key, day)])
    _note_late({*new, *changed}, now)
    return LoadedDays(new=len(new), changed=len(changed), same=len(touched) - len(new) - len(changed))


def _locked_meters(days: Sequence[SampleDay]) -> dict[str, int]:
    """Keys of the meters by ID, locked in one order, so that two loads of the same meters wait for each other."""
    wanted = sorted({row.meter_id for row in days})
    rows = locks.locked(Meter.objects.filter(meter_id__in=wanted).order_by("meter_id"))
    found = dict(rows.values_list("meter_id", "pk"))
    if unknown := next((meter_id for meter_id in wanted if meter_id not in found), None):
        raise MeterNotFound(f"there is no meter {unknown!r}; add it first, or take its samples out of the file")
    return found


def _check_days(days: Sequence[SampleDay], now: datetime) -> None:
    for day in {row.day for row in days}:
        if policy.is_too_late(period_end=month_of(day).end, on=now.date()):
            raise UsageRefused(
                f"samples of {day} come more than {policy.LATE_MONTHS} months after their month; "
                "take them out of the file and settle them with a credit note or a one-off line"
            )
        if day > now.date():
            raise UsageRefused(f"samples of {day} lie in the future; today is {now.date()}")


def _kept(meter_keys: set[int], days: set[date]) -> dict[_Key, bytes]:
    rows = MeterDay.objects.filter(meter_id__in=meter_keys, day__in=days)
    return {(m, day): bytes(packed) for m, day, packed in rows.values_list("meter_id", "day", "samples")}


def _note_late(keys: set[_Key], now: datetime) -> None:
    """Notes the months of lines that were measured before these days came."""
    days_by_month: dict[date, set[int]] = {}
    for meter_key, day in keys:
        for first in policy.months_touched(day=day):
            if policy.is_over(month=month_of(first), on=now.date()):
                days_by_month.setdefault(first, set()).add(meter_key)
    for first, meter_keys in sorted(days_by_month.items()):
        month = month_of(first)
        measured = MeasuredQuantity.objects.filter(period_start=first, counted_from__isnull=False)
        if not measured.exists():
            continue
        lines = MeterAssignment.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=month.start), meter_id__in=meter_keys, valid_from__lt=month.end,
            line_id__in=measured.values("line_id"),
        )  # fmt: skip
        LateUsage.objects.bulk_create(
            [LateUsage(line_id=key, month=first) for key in sorted(set(lines.values_list("line_id", flat=True)))],
            ignore_conflicts=True,
        )
