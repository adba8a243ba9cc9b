"""Column types: amounts, prices and quantities are whole numbers in the database, exact on SQLite and PostgreSQL alike."""

from decimal import Decimal
from typing import Any

from django.db import models


class MinorField(models.BigIntegerField):
    """An amount in whole minor units; the currency stands in a column beside it."""


class CurrencyField(models.CharField):
    """An ISO 4217 code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 3
        super().__init__(*args, **kwargs)


class DecimalSixField(models.BigIntegerField):
    """A price, quantity or rate with up to six decimals, kept as millionths (a NUMERIC column is a float on SQLite)."""

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else plain_decimal(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else millionths(Decimal(value))


def millionths(value: Decimal) -> int:
    """A decimal as whole millionths. Raises ValueError where it has more than six decimals."""
    scaled = value.scaleb(6)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{value} has more than six decimals")
    return whole


def plain_decimal(value_millionths: int) -> Decimal:
    """Millionths as a decimal without trailing zeros: 129950000 → 129.95, 1000000 → 1."""
    whole, rest = divmod(value_millionths, 1_000_000)
    if rest == 0:
        return Decimal(whole)
    return Decimal(value_millionths).scaleb(-6).normalize()
