"""Yes or no: when a number series needs a further range."""

from decimal import Decimal

NEARLY_USED_UP = Decimal("0.9")
"""The share of a range beyond which runs warn of it and a further range may be added."""


def is_nearly_used_up(*, used: int, size: int) -> bool:
    """Whether nine tenths of a range of numbers are used."""
    return used >= size * NEARLY_USED_UP
