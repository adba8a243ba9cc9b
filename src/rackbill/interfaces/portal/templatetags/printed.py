"""How pages write amounts, days and identifiers."""

from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency
from django import template
from django.utils.translation import get_language

from rackbill.core.money import decimal_from_minor

register = template.Library()


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"))


@register.filter
def amount(minor: int, currency: str) -> str:
    """Minor units with their currency: SGD 1,234.50."""
    return price(decimal_from_minor(minor, currency), currency)


@register.filter
def price(value: Decimal, currency: str) -> str:
    """A price with its currency."""
    return f"{currency} {format_currency(value, currency, '#,##0.00##', locale=_locale(), currency_digits=False)}"


@register.filter
def figure(minor: int, currency: str) -> str:
    """Minor units without their currency, where the row names it: 1,234.50."""
    return str(
        format_currency(
            decimal_from_minor(minor, currency), currency, "#,##0.00", locale=_locale(), currency_digits=True
        )
    )


@register.filter
def day(value: date | datetime | None) -> str:
    """A day in words; a dash where there is none."""
    return format_date(value, "medium", locale=_locale()) if value else "–"
