"""Until when late usage still corrects what was charged."""

from datetime import date

from rackbill.core.periods import add_months

LATE_MONTHS = 12
"""Usage that comes later than this after the end of its period is refused; a credit or a one-off line settles it by hand."""


def is_too_late(*, period_end: date, on: date) -> bool:
    """Whether a measured quantity comes too late to be charged by itself."""
    return add_months(period_end, LATE_MONTHS) < on
