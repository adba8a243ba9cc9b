"""The legacy system's calendar: its last day, its bill runs, and billing cycles that begin on the 1st (B1)."""

from calendar import monthrange
from datetime import date, timedelta

EXPORT_DAY = date(2020, 9, 12)
BILL_RUNS = (date(2020, 7, 1), date(2020, 8, 1), date(2020, 9, 1))
LAST_RUN = BILL_RUNS[-1]
# Lines with a longer cycle that start inside the months we print begin on the 1st, so no bill shows half a cycle.
WHOLE_CYCLES_SINCE = date(2020, 5, 15)
ONE_DAY = timedelta(days=1)


def first_of_month(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_first(day: date) -> date:
    """The day itself when it is a 1st, else the 1st of the month after."""
    return day if day.day == 1 else months_later(first_of_month(day), 1)


def days_in_month(day: date) -> int:
    """28 to 31."""
    return monthrange(day.year, day.month)[1]


def cycle_start(anchor: date, cycle: int, day: date) -> date:
    """First day of the cycle that holds `day`, cycles being counted from the month of `anchor`."""
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    return months_later(first_of_month(anchor), months - months % cycle)


def term_end(start: date, term: int, not_before: date) -> date:
    """First end of a term of so many months, counted from `start`, that is not before a day."""
    count = 1
    while (end := months_later(start, term * count)) < not_before:
        count += 1
    return end
