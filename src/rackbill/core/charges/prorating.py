"""What share of a cycle's price a part of it costs, by profile, in the form a document prints: quantity, unit, base."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from rackbill.core.charges.charge import CYCLE_UNITS, ROUNDING, Allowance
from rackbill.core.money import round_half_up
from rackbill.core.periods import Period, add_months, cycle_index
from rackbill.core.terms import DayCount, LineKind, Proration, Rounding, TermLine

_ONE = Decimal(1)
UTC = ZoneInfo("UTC")
WHOLE_CYCLE_RULE = "whole cycle (B1)"


@dataclass(frozen=True, slots=True)
class Share:
    """`count` units of which `base` cost the price of one cycle; `rule` says why, in words."""

    count: Decimal
    unit: str
    base: Decimal
    rule: str


def share(line: TermLine, part: Period, slot: Period) -> Share:
    """The share of one cycle's price that the part costs; a whole slot of whole cycles costs it once."""
    months = line.cycle_months
    is_before_cycles = line.anchor_on is None and slot.start < line.anchor
    method = line.proration.method
    if method is Proration.WHOLE_CYCLE:
        if is_before_cycles:
            return Share(_ONE, "MON", Decimal(months), "started month in full")
        return Share(_ONE, CYCLE_UNITS[months], _ONE, "started cycle in full")
    if part == slot and not is_before_cycles and not _lost_hours(line, part):
        return Share(_ONE, CYCLE_UNITS[months], _ONE, WHOLE_CYCLE_RULE)
    month_factor = months if is_before_cycles else 1
    if method is Proration.DAYS_OF_MONTH:
        month = _month_of(line, slot, part.start)
        if part == month and months > 1:
            return Share(_ONE, "MON", Decimal(months), f"one of {months} months")
        base = month.day_count * months
        return Share(Decimal(part.day_count), "DAY", Decimal(base), _words(part.day_count, base, "days"))
    if method is Proration.THIRTY_360:
        days, base = _days_360(part), 30 * months
        return Share(Decimal(days), "DAY", Decimal(base), _words(days, base, "days of 30/360"))
    if method is Proration.DAYS_OF_30:
        base = 30 * months
        return Share(Decimal(part.day_count), "DAY", Decimal(base), _words(part.day_count, base, "days"))
    if method is Proration.HOURS:
        zone = _zone(line)
        hours = _hours(line, part, zone)
        base = _whole_hours(slot, zone) * month_factor
        return Share(Decimal(hours), "HUR", Decimal(base), _words(hours, base, "hours").replace("B2", "B4"))
    base = slot.day_count * month_factor
    return Share(Decimal(part.day_count), "DAY", Decimal(base), _words(part.day_count, base, "days"))


def month_cuts(line: TermLine, active: Period, slot: Period) -> Iterator[date]:
    """Where a part of a cycle is cut into months, for the profile that prices each month by itself."""
    if line.proration.method is not Proration.DAYS_OF_MONTH:
        return
    n = 1
    while (cut := add_months(slot.start, n)) < active.end:
        if cut > active.start:
            yield cut
        n += 1


def counted(line: TermLine) -> TermLine:
    """The line with its days as its profile counts them: other engines leave the first day out or charge the end day."""
    count = line.proration.day_count
    if count is DayCount.START or line.kind is not LineKind.RECURRING:
        return line
    day = timedelta(days=1)
    start = line.start + day if count in (DayCount.END, DayCount.NEITHER) else line.start
    end = line.end + day if line.end is not None and count in (DayCount.END, DayCount.BOTH) else line.end
    return replace(line, start=start, end=end)


def rounded(value: Decimal, rounding: Rounding) -> int:
    """Whole minor units by the profile."""
    if rounding is Rounding.HALF_UP:
        return round_half_up(value)
    return int(value.quantize(_ONE, ROUND_HALF_EVEN if rounding is Rounding.HALF_EVEN else ROUND_DOWN))


def printed_amount(value: Decimal, rounding: Rounding) -> tuple[int, tuple[Allowance, ...]]:
    """Whole minor units by the profile, and the allowance that leads there from half up, which a document's reader reckons

    (BR-CO-10): a cent that another engine drops must be seen on the line.
    """
    amount = rounded(value, rounding)
    if rounding is Rounding.HALF_UP:
        return amount, ()
    off = round_half_up(value) - amount
    return amount, (Allowance(ROUNDING, off),) if off else ()


def _words(count: int, base: int, unit: str) -> str:
    return f"pro rata, {count} of {base} {unit} (B2)"


def _month_of(line: TermLine, slot: Period, day: date) -> Period:
    n = cycle_index(slot.start, 1, day)
    return Period(add_months(slot.start, n), add_months(slot.start, n + 1))


def _days_360(period: Period) -> int:
    """30/360 by the European rule: a 31st counts as a 30th."""
    a, b = period.start, period.end
    return (b.year - a.year) * 360 + (b.month - a.month) * 30 + min(b.day, 30) - min(a.day, 30)


def _lost_hours(line: TermLine, part: Period) -> bool:
    """Whether an hourly line began or ended within a day of the part."""
    if line.proration.method is not Proration.HOURS or (line.started_at is None and line.ended_at is None):
        return False
    zone = _zone(line)
    return _hours(line, part, zone) != _whole_hours(part, zone)


def _zone(line: TermLine) -> ZoneInfo:
    """The zone of the line's own instants; UTC where it has none."""
    moment = line.started_at or line.ended_at
    return moment.tzinfo if moment is not None and isinstance(moment.tzinfo, ZoneInfo) else UTC


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _hours_between(start: datetime, end: datetime) -> int:
    """Started hours of real time, so that a day on which clocks change has 23 or 25."""
    seconds = int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())
    return -(-seconds // 3600)


def _whole_hours(period: Period, zone: ZoneInfo) -> int:
    return _hours_between(_midnight(period.start, zone), _midnight(period.end, zone))


def _hours(line: TermLine, part: Period, zone: ZoneInfo) -> int:
    start, end = _midnight(part.start, zone), _midnight(part.end, zone)
    if line.started_at is not None:
        start = max(start, line.started_at)
    if line.ended_at is not None:
        end = min(end, line.ended_at)
    return max(_hours_between(start, end), 0)
