"""Measuring: a stream of what lines used in a month, from the samples of their meters."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from rackbill.core import metering, samples
from rackbill.core.metering import MeasuringRule as Rule
from rackbill.core.metering import Method, MonthBy
from rackbill.core.periods import Period
from rackbill.domain.usage import policy
from rackbill.domain.usage.models import MeasuringRule, MeterAssignment, MeterDay

_LINES_AT_A_TIME = 5000
_METERS_AT_A_TIME = 100
"""Meters whose days are held at one time while a month is measured: about 10 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredLine:
    """A line, how it is measured, and from when until when it is agreed."""

    line_key: int
    rule: Rule
    starts_on: date
    billed_from: date | None
    ends_on: date | None
    starts_at: datetime
    ends_at: datetime | None
    zone: ZoneInfo

    def days_of(self, month: Period) -> Period | None:
        """The days of a month that the line is agreed for."""
        return policy.line_days(
            month=month, starts_on=self.starts_on, billed_from=self.billed_from, ends_on=self.ends_on,
            ends_at=self.ends_at, zone=self.zone,
        )  # fmt: skip


def metered_lines(*, line_keys: Sequence[int]) -> Iterator[MeteredLine]:
    """Those of the lines that have a measuring rule, by key."""
    for start in range(0, len(line_keys), _LINES_AT_A_TIME):
        rows = MeasuringRule.objects.filter(line_id__in=list(line_keys[start : start + _LINES_AT_A_TIME])).order_by(
            "line_id"
        )
        for key, method, unit, profile, month_by, starts_on, billed_from, ends_on, starts_at, *ends, zone in rows.values_list(
            "line_id", "method", "unit", "profile", "month_by", "line__starts_on", "line__billed_from", "line__ends_on",
            "line__service__starts_at", "line__service__ends_at", "line__contract__ends_at",
            "line__contract__customer__sales_organisation__time_zone",
        ):  # fmt: skip
            yield MeteredLine(
                line_key=key, starts_on=starts_on, billed_from=billed_from, ends_on=ends_on, starts_at=starts_at,
                rule=Rule(method=Method(method), unit=unit, profile=profile, month_by=MonthBy(month_by)),
                ends_at=min((end for end in ends if end is not None), default=None), zone=ZoneInfo(zone),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Assigned:
    """A meter that counts for a line on some days; hours also end with the instants of its own service."""

    meter_key: int
    meter_id: str
    days: Period
    starts_at: datetime | None
    ends_at: datetime | None


def measurements(
    *, line_keys: Sequence[int], month: Period, until: datetime | None = None
) -> Iterator[tuple[int, metering.MeasuredQuantity]]:
    """What each line used in a month, by line. With `until`, what came of it before that instant.

    A stream: the days of a hundred meters are held at one time. A line that was not agreed for any day is left out.
    """
    lines = {line.line_key: line for line in metered_lines(line_keys=sorted(line_keys))}
    days_by_line = {key: days for key, line in lines.items() if (days := line.days_of(month)) is not None}
    assigned = _assigned(days_by_line)
    sampled = [
        (key, meter)
        for key in days_by_line
        for meter in assigned.get(key, ())
        if lines[key].rule.method is not Method.HOURS
    ]
    flows = groupby(_flows(sampled, lines, until), key=lambda item: item[0])
    ahead = next(flows, None)
    for key, days in days_by_line.items():
        line = lines[key]
        if line.rule.method is Method.HOURS:
            yield key, _hours(line, month, days, assigned.get(key, []), until)
            continue
        digest = samples.SamplesHash()
        if ahead is not None and ahead[0] == key:
            result = metering.measure(line.rule, (_hashed(digest, item) for item in ahead[1]))
            ahead = next(flows, None)
        else:
            result = metering.measure(line.rule, ())
        yield key, metering.MeasuredQuantity(
            period=month, quantity=result.quantity, unit=line.rule.unit, method=line.rule.method.value,
            profile=line.rule.profile, counted=days,
            samples_sha256=digest.hexdigest(), sample_count=result.sample_count, expected_count=result.expected_count,
        )  # fmt: skip


def _assigned(days_by_line: dict[int, Period]) -> dict[int, list[_Assigned]]:
    found: dict[int, list[_Assigned]] = defaultdict(list)
    keys = list(days_by_line)
    for start in range(0, len(keys), _LINES_AT_A_TIME):
        rows = MeterAssignment.objects.filter(line_id__in=keys[start : start + _LINES_AT_A_TIME])
        for line_key, key, meter_id, first, end, starts_at, ends_at in rows.order_by(
            "line_id", "meter__meter_id", "valid_from"
        ).values_list(
            "line_id",
            "meter_id",
            "meter__meter_id",
            "valid_from",
            "valid_until",
            "meter__service__starts_at",
            "meter__service__ends_at",
        ):
            counted = days_by_line[line_key].overlap(Period(first, end or date.max))
            if counted is not None:
                found[line_key].append(_Assigned(key, meter_id, counted, starts_at, ends_at))
    return found


_Flows = tuple[int, str, datetime, samples.Flow, samples.Flow]


def _flows(
    wanted: Sequence[tuple[int, _Assigned]], lines: dict[int, MeteredLine], until: datetime | None
) -> Iterator[_Flows]:
    """Line, meter, first instant and samples of each meter, in the order that was asked for."""
    for start in range(0, len(wanted), _METERS_AT_A_TIME):
        part = wanted[start : start + _METERS_AT_A_TIME]
        spans = [counted_instants(line=lines[line_key], days=meter.days, until=until) for line_key, meter in part]
        first, last = min(begin for begin, _end in spans), max(end for _begin, end in spans)
        rows = MeterDay.objects.filter(
            meter_id__in=[meter.meter_key for _line, meter in part], day__gte=first.date(), day__lte=last.date()
        )
        days: dict[int, dict[date, bytes]] = defaultdict(dict)
        for meter_key, day, packed in rows.values_list("meter_id", "day", "samples"):
            days[meter_key][day] = packed
        for (line_key, meter), (begin, end) in zip(part, spans, strict=True):
            if begin < end:
                bytes_in, bytes_out = samples.flows_between(days[meter.meter_key], begin, end)
                yield line_key, meter.meter_id, begin, bytes_in, bytes_out


def counted_instants(*, line: MeteredLine, days: Period, until: datetime | None) -> tuple[datetime, datetime]:
    """The instants between which samples of these days count, by the line's rule."""
    begin, end = metering.instants_of(days, line.zone if line.rule.month_by is MonthBy.LOCAL else None)
    if until is not None:
        # A slot that has not ended has no sample yet.
        end = min(end, until.replace(minute=until.minute // 5 * 5, second=0, microsecond=0))
    return begin, end


def _hashed(digest: samples.SamplesHash, item: _Flows) -> metering.FlowPair:
    _line, meter_id, begin, bytes_in, bytes_out = item
    digest.add(meter_id, begin, bytes_in, bytes_out)
    return bytes_in, bytes_out


def _hours(
    line: MeteredLine, month: Period, days: Period, meters: Sequence[_Assigned], until: datetime | None
) -> metering.MeasuredQuantity:
    """Started hours of each metered service, in every state from creation to destruction (B7); of the line's own without."""
    own = _Assigned(0, "", days, line.starts_at, line.ends_at)
    digest, hours = samples.SamplesHash(), 0
    for meter in meters or [own]:
        begin, end = metering.instants_of(meter.days, line.zone)
        begin = max(begin, meter.starts_at or begin)
        ends = [end, *(moment for moment in (meter.ends_at, line.ends_at, until) if moment is not None)]
        if begin < min(ends):
            hours += metering.billed_hours(begin, min(ends))
            digest.add_hours(meter.meter_id, begin, min(ends))
    return metering.MeasuredQuantity(
        period=month, quantity=Decimal(hours), unit="h", method=Method.HOURS.value, samples_sha256=digest.hexdigest(),
        counted=days,
    )  # fmt: skip
