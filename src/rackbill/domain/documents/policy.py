"""Which number series counts, when one needs a further range, and which may follow."""

from collections.abc import Collection
from datetime import date

from rackbill.domain.documents.errors import SeriesRefused

NEARLY_USED_UP_PERCENT = 90
"""How much of a range is used when it is warned of, and when a further range may be added."""


def is_nearly_used_up(*, used: int, size: int) -> bool:
    """Whether nine tenths of a range of numbers are used."""
    return used * 100 >= size * NEARLY_USED_UP_PERCENT


def is_running_short(*, left: int, is_nearly_full: bool, run_count: int) -> bool:
    """Whether a run of so many documents should say that a further range is needed: the next one may find too few numbers."""
    return is_nearly_full or left < run_count


def series_of_day(*, starts: Collection[date | None], day: date) -> date | None:
    """From which day the series is valid that numbers the documents of a day; None: the first of its kind."""
    return max((start for start in starts if start is not None and start <= day), default=None)


def check_further_range(*, last: str, highest: int, range_start: int, is_due: bool) -> None:
    """A further range lies above the last one of its series, and is not added without need. Raises SeriesRefused."""
    if not is_due or range_start <= highest:
        raise SeriesRefused(
            f"the series {last} exists; it cannot be moved, and a further range, above {highest}, is added once nine tenths "
            "of it are used, or before with --early"
        )


def check_later_series(
    *, kind: str, valid_from: date | None, range_start: int, highest: int, starts: Collection[date | None],
    issued_on: Collection[date | None],
) -> None:  # fmt: skip
    """A series that takes over from a day on: after all others, above their numbers, before any document of its days.

    `starts` and `issued_on` are the first days and the last issue days of the kind's other series. Raises SeriesRefused.
    """
    latest = max((start for start in starts if start is not None), default=None)
    if valid_from is None or (latest is not None and valid_from < latest):
        raise SeriesRefused(
            f"the {kind} series from {latest} exists; a new one begins later than that: name its day with --from"
        )
    days = [day for day in issued_on if day is not None and day >= valid_from]
    if days:
        raise SeriesRefused(f"{kind} documents of {max(days)} have their numbers already; choose a day after that")
    if range_start <= highest:
        raise SeriesRefused(f"numbers rise from one {kind} series to the next; choose a range above {highest}")
