"""Half-open periods of days, billing cycles, and month steps counted from an anchor."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

CYCLE_MONTHS = (1, 3, 6, 12)
"""Billing cycles that can be sold (B10)."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` up to, not including, `end`, in the sales organisation's time zone. Never empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period ends after it starts; got {self.start} to {self.end}")

    @property
    def day_count(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    def overlap(self, other: "Period") -> "Period | None":
        """The days in both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def holds(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"{self.start}/{self.end}"


def add_months(anchor: date, months: int) -> date:
    """The day `months` after (or before) the anchor; the last day of the month where that day does not exist.

    Count from the anchor every time: 31 January + 1 is 28 February, + 2 is 31 March.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    if anchor.day <= 28:
        return date(year, month, anchor.day)
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def first_of_month(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def cycle_index(anchor: date, cycle_months: int, day: date) -> int:
    """n of the cycle [anchor + n·cycle, anchor + (n+1)·cycle) that holds the day; negative before the anchor."""
    n = ((day.year - anchor.year) * 12 + day.month - anchor.month) // cycle_months
    return n if add_months(anchor, n * cycle_months) <= day else n - 1


def cycle_period(anchor: date, cycle_months: int, n: int) -> Period:
    """The n-th cycle counted from the anchor."""
    return Period(add_months(anchor, n * cycle_months), add_months(anchor, (n + 1) * cycle_months))
