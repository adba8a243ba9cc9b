"""Yes or no: when a number series needs a further range."""

from decimal import Decimal

NEARLY_USED_UP = Decimal("0.9")
"""The share of a range beyond which runs warn of it and a further range may be added."""


def is_nearly_used_up(*, range_start: int, range_end: int, next_counter: int) -> bool:
    """Whether nine tenths of a range of numbers are used."""
    return next_counter - range_start >= (range_end - range_start + 1) * NEARLY_USED_UP
