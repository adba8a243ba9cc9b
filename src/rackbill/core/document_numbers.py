"""Document number ↔ counter: the look of a number, never the giving of one."""

DIGITS = 8


class WrongNumber(ValueError):
    """A text is not a document number."""


def print_number(counter: int) -> str:
    """Eight digits (`12345678`). The counter must have them all; raises WrongNumber where it has not."""
    text = str(counter)
    if len(text) != DIGITS or counter <= 0:
        raise WrongNumber(f"a document number has {DIGITS} digits; counter {counter} has {len(text)}")
    return text


def parse_number(text: str) -> int:
    """The counter behind a printed number. Raises WrongNumber."""
    if len(text) != DIGITS or not (text.isascii() and text.isdigit()) or text[0] == "0":
        raise WrongNumber(f"{text!r} is not a document number: {DIGITS} digits, the first not 0")
    return int(text)
