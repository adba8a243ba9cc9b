"""What both syntaxes of e-invoices need to write texts, amounts and numbers."""

from datetime import date, timedelta
from decimal import Decimal

from rackbill.core.document.texts import decimal_text
from rackbill.core.money import minor_digits

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DAY = timedelta(days=1)
# What XML 1.0 cannot carry is left out; a carriage return would come back as a line feed.
_ESCAPES: dict[int, str | None] = {
    **dict.fromkeys([*range(9), 11, 12, *range(13, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]),
    ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;",
}  # fmt: skip


def escaped(text: str) -> str:
    """A text for an element or an attribute, without what XML cannot carry."""
    return text.translate(_ESCAPES)


class Amounts:
    """Minor units of one currency as text: 12995 → 129.95, of JPY 14800 → 14800."""

    __slots__ = ("_digits", "_scale")

    def __init__(self, currency: str) -> None:
        self._digits = minor_digits(currency)
        self._scale = 10**self._digits

    def text(self, minor: int) -> str:
        """The amount in the main unit with all its digits."""
        if not self._digits:
            return str(minor)
        whole, rest = divmod(abs(minor), self._scale)
        return f"{'-' if minor < 0 else ''}{whole}.{rest:0{self._digits}d}"


def last_day(end: date) -> date:
    """The last day included of a half-open period."""
    return end - _DAY


def number_text(value: Decimal) -> str:
    """A quantity, price or rate without exponent and trailing zeros."""
    return decimal_text(value)
