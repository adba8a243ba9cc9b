"""The legacy system's own arithmetic: amounts are whole cents, prices are decimals. Every currency here has two decimals."""

from decimal import ROUND_HALF_UP, Decimal

_ONE = Decimal(1)
_CENT = Decimal("0.01")
_SIX = Decimal("0.000001")


def cents(value: Decimal) -> int:
    """An amount in whole cents; half a cent goes away from zero."""
    return int((value * 100).quantize(_ONE, ROUND_HALF_UP))


def print_cents(amount: int) -> str:
    """1234 → `12.34`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def print_decimal(value: Decimal) -> str:
    """Plain digits, two decimals at least, six at most, no zeros beyond the second."""
    text = f"{value.quantize(_SIX, ROUND_HALF_UP):f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def print_quantity(value: Decimal) -> str:
    """Plain digits without needless decimals."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_price(value: Decimal, places: int = 2) -> Decimal:
    """A price rounded to so many decimals; cheap unit prices keep four."""
    places = max(places, 4) if value < 1 else places
    return value.quantize(_ONE.scaleb(-places), ROUND_HALF_UP)


def percent_of(amount: int, percent: Decimal) -> int:
    """So many percent of an amount in cents, in cents."""
    return cents(Decimal(amount) * percent / 10000)


def six_places(value: Decimal) -> Decimal:
    """Rounded to the six decimals that a bundle can hold."""
    return value.quantize(_SIX, ROUND_HALF_UP)


def in_units(amount: int) -> Decimal:
    """Cents as a decimal of the main unit."""
    return Decimal(amount) * _CENT
