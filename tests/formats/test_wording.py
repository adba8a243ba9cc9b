"""Numbers as CLDR writes them: our quick way and babel's give the same."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.money import decimal_from_minor
from rackbill.formats.wording import LANGUAGES, wording


@pytest.mark.parametrize("language", LANGUAGES)
@given(minor=st.integers(-(10**14), 10**14), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_amounts_are_those_of_cldr(language: str, minor: int, currency: str) -> None:
    words = wording(language)
    expected = format_currency(decimal_from_minor(minor, currency), currency, "#,##0.00", locale=words.locale)
    assert words.amount(minor, currency) == str(expected).strip().replace("-", "−")


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.decimals(-(10**9), 10**9, places=7, allow_nan=False))
def test_numbers_and_prices_are_those_of_cldr(language: str, value: Decimal) -> None:
    words = wording(language)
    for text, pattern in ((words.number(value), "#,##0.######"), (words.price(value), "#,##0.00####")):
        expected = str(format_decimal(value, format=pattern, locale=words.locale)).replace("-", "−")
        assert text == ("0" + expected[2:] if expected.startswith("−0") and not expected.strip("−0.,") else expected)


def test_differences_carry_their_sign() -> None:
    words = wording("en")
    assert [words.difference(minor, "EUR") for minor in (1200, -350, 0)] == ["+12.00", "−3.50", "0.00"]
