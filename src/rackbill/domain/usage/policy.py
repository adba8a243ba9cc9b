"""Until when late usage still corrects what was charged, and which days of a month count for a line."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from rackbill.core.metering import month_of
from rackbill.core.periods import Period, add_months

LATE_MONTHS = 12
"""Usage that comes later than this after the end of its month is refused; a credit or a one-off line settles it by hand."""


def is_too_late(*, period_end: date, on: date) -> bool:
    """Whether a measured quantity comes too late to be charged by itself."""
    return add_months(period_end, LATE_MONTHS) < on


def is_over(*, month: Period, on: date) -> bool:
    """Whether a month has ended wherever it is counted from."""
    return month.end <= on


def line_days(
    *, month: Period, starts_on: date, billed_from: date | None, ends_on: date | None, ends_at: datetime | None,
    zone: ZoneInfo,
) -> Period | None:  # fmt: skip
    """The days of a month that a metered line is charged for; the day in which an instant of end lies still counts."""
    start = max(month.start, starts_on, billed_from or starts_on)
    ends = [month.end]
    if ends_on is not None:
        ends.append(ends_on)
    if ends_at is not None:
        local = ends_at.astimezone(zone)
        ends.append(local.date() if local.time() == local.time().min else date.fromordinal(local.toordinal() + 1))
    return Period(start, min(ends)) if start < min(ends) else None


def months_touched(*, day: date) -> set[date]:
    """First days of the months, by UTC or by any zone, in which a UTC day lies."""
    return {month_of(date.fromordinal(day.toordinal() + step)).start for step in (-1, 0, 1)}
