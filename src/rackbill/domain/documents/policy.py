"""Yes or no: when a number series needs a further range."""

NEARLY_USED_UP_PERCENT = 90
"""How much of a range is used when it is warned of, and when a further range may be added."""


def is_nearly_used_up(*, used: int, size: int) -> bool:
    """Whether nine tenths of a range of numbers are used."""
    return used * 100 >= size * NEARLY_USED_UP_PERCENT


def is_running_short(*, left: int, is_nearly_full: bool, run_count: int) -> bool:
    """Whether a run of so many documents should say that a further range is needed: the next one may find too few numbers."""
    return is_nearly_full or left < run_count
