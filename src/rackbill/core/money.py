"""Money in whole minor units, rounding, and splitting without losing a cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 currencies in use. Digits after the decimal point: 2 unless listed below.
_CURRENCIES = frozenset(
    (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
        "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
        "HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
        "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
        "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
        "TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
    ).split()
)
_OTHER_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
_ONE = Decimal(1)
_QUANTA = {digits: _ONE.scaleb(-digits) for digits in range(7)}


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


class UnknownCurrency(ValueError):
    """A text is not a currency of ISO 4217."""


def minor_digits(currency: str) -> int:
    """Digits after the decimal point of an ISO 4217 currency: 2 for EUR, 0 for JPY. Raises UnknownCurrency."""
    if currency not in _CURRENCIES:
        raise UnknownCurrency(f"{currency!r} is not a currency of ISO 4217; write three capital letters such as EUR")
    return _OTHER_DIGITS.get(currency, 2)


def round_half_up(value: Decimal) -> int:
    """The nearest whole number; a half goes away from zero (2.5 → 3, -2.5 → -3)."""
    return int(value.quantize(_ONE, ROUND_HALF_UP))


def minor_from_decimal(value: Decimal, currency: str) -> int:
    """An amount in the main unit, rounded half up once, as whole minor units: 12.345 EUR → 1235."""
    return round_half_up(value.scaleb(minor_digits(currency)))


def exact_minor_from_decimal(value: Decimal, currency: str) -> int:
    """As `minor_from_decimal`, for amounts that must already fit the currency. Raises ValueError where they do not."""
    scaled = value.scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more decimals than {currency} has")
    return int(scaled)


def decimal_from_minor(amount_minor: int, currency: str) -> Decimal:
    """Whole minor units as an amount in the main unit, with all its digits: 1230 EUR → Decimal('12.30')."""
    return Decimal(amount_minor).scaleb(-minor_digits(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole minor units of one currency."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount_minor, int) or isinstance(self.amount_minor, bool):
            raise TypeError(f"Money takes whole minor units, got {self.amount_minor!r}")
        minor_digits(self.currency)

    @classmethod
    def from_decimal(cls, value: Decimal, currency: str) -> "Money":
        """Rounds half up, once."""
        return cls(minor_from_decimal(value, currency), currency)

    def to_decimal(self) -> Decimal:
        """The amount in the main unit."""
        return decimal_from_minor(self.amount_minor, self.currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"cannot add {other.currency} to {self.currency}; convert first, with a dated rate")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __str__(self) -> str:
        return f"{self.to_decimal()} {self.currency}"


def split_minor(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to the weights whose sum is the whole: largest remainders get the odd units, first come first.

    Raises ValueError where no weight is positive.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and at least one must be positive")
    sign = -1 if amount_minor < 0 else 1
    whole = abs(amount_minor)
    parts = [whole * weight // total for weight in weights]
    odd = whole - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in by_remainder[:odd]:
        parts[i] += 1
    return [sign * part for part in parts]


def quantize(value: Decimal, digits: int) -> Decimal:
    """Half up to so many digits after the point (0 to 6)."""
    return value.quantize(_QUANTA[digits], ROUND_HALF_UP)
