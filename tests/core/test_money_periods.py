"""Money, periods, numbers, identifiers: the smallest sums."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core import document_numbers, id_shapes
from rackbill.core.id_shapes import IdKind
from rackbill.core.money import (
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    decimal_from_minor,
    exact_minor_from_decimal,
    round_half_up,
    split_minor,
)
from rackbill.core.periods import Period, add_months, cycle_index, cycle_period


def test_money_of_two_currencies_does_not_add() -> None:
    with pytest.raises(CurrencyMismatch, match="cannot add USD to EUR"):
        Money(1, "EUR") + Money(1, "USD")
    assert Money(5, "EUR") - Money(7, "EUR") == -Money(2, "EUR")
    with pytest.raises(UnknownCurrency):
        Money(1, "EUX")
    with pytest.raises(TypeError):
        Money(True, "EUR")


@pytest.mark.parametrize(("value", "whole"), [("2.5", 3), ("-2.5", -3), ("2.4999", 2), ("-2.5001", -3), ("0", 0)])
def test_half_goes_away_from_zero(value: str, whole: int) -> None:
    assert round_half_up(Decimal(value)) == whole


@pytest.mark.parametrize(
    ("currency", "minor", "text"), [("EUR", 1230, "12.30"), ("JPY", 1230, "1230"), ("KWD", 1230, "1.230")]
)
def test_minor_units_of_currencies(currency: str, minor: int, text: str) -> None:
    assert str(decimal_from_minor(minor, currency)) == text
    assert exact_minor_from_decimal(Decimal(text), currency) == minor


def test_too_many_decimals_are_refused() -> None:
    with pytest.raises(ValueError, match="more decimals"):
        exact_minor_from_decimal(Decimal("1.005"), "EUR")


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 1000), min_size=1).filter(any))
def test_splitting_loses_no_cent(amount: int, weights: list[int]) -> None:
    parts = split_minor(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Decimal(amount) * weight / sum(weights)) < 1


def test_months_are_counted_from_the_anchor() -> None:
    anchor = date(2020, 1, 31)
    assert [add_months(anchor, n) for n in (1, 2, 13)] == [date(2020, 2, 29), date(2020, 3, 31), date(2021, 2, 28)]
    assert add_months(anchor, -2) == date(2019, 11, 30)


@given(
    st.dates(date(2015, 1, 1), date(2030, 1, 1)),
    st.sampled_from([1, 3, 6, 12]),
    st.dates(date(2010, 1, 1), date(2035, 1, 1)),
)
def test_every_day_lies_in_exactly_one_cycle(anchor: date, months: int, day: date) -> None:
    n = cycle_index(anchor, months, day)
    assert cycle_period(anchor, months, n).holds(day)
    assert cycle_period(anchor, months, n).end == cycle_period(anchor, months, n + 1).start


def test_periods_are_half_open_and_never_empty() -> None:
    october = Period(date(2020, 10, 1), date(2020, 11, 1))
    assert (october.day_count, october.holds(date(2020, 10, 31)), october.holds(date(2020, 11, 1))) == (31, True, False)
    assert october.overlap(Period(date(2020, 11, 1), date(2020, 12, 1))) is None
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(date(2020, 10, 1), date(2020, 10, 1))


@given(st.integers(10_000_000, 99_999_999))
def test_document_numbers_come_back(counter: int) -> None:
    assert document_numbers.parse_number(document_numbers.print_number(counter)) == counter


@pytest.mark.parametrize("text", ["1234567", "123456789", "01234567", "1234567a", "١٢٣٤٥٦٧٨"])
def test_what_is_no_document_number(text: str) -> None:
    with pytest.raises(document_numbers.WrongNumber):
        document_numbers.parse_number(text)


def test_identifiers_have_their_shapes() -> None:
    assert id_shapes.print_service_id("44010000", 2) == "44010000000200"
    assert id_shapes.is_shaped(IdKind.EQUIPMENT, "838")
    assert not id_shapes.is_shaped(IdKind.CONTRACT, "674382")
    assert not id_shapes.is_shaped(IdKind.CUSTOMER, "١٢٣٤٥٦٧٨")
    with pytest.raises(id_shapes.WrongShape):
        id_shapes.check_shape(IdKind.SERVICE, "1")
    with pytest.raises(id_shapes.WrongShape):
        id_shapes.print_service_id("44010000", 10_000)


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = id_shapes.normalise(text)
    assert id_shapes.normalise(once) == once


def test_tolerant_spellings_meet() -> None:
    assert id_shapes.normalise(" abcd123-xyz ") == id_shapes.normalise("ABCD123 XYZ") == "ABCD123XYZ"
    assert id_shapes.is_blank(" \u2003\t")
