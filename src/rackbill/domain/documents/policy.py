"""Yes or no: when a number series needs a further range."""

NEARLY_USED_UP_PERCENT = 90
"""How much of a range is used when it is warned of, and when a further range may be added."""


def is_nearly_used_up(*, used: int, size: int) -> bool:
    """Whether nine tenths of a range of numbers are used."""
    return used * 100 >= size * NEARLY_USED_UP_PERCENT
