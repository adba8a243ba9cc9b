"""The facts a charge keeps beside its formula, one by one: only what differs from the standard is told."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.charges import charges_owed
from rackbill.core.charges.causes import facts_of
from rackbill.core.terms import Discount, DiscountKind, Proration, ProrationProfile, Rounding
from tests.core.stories import terms
from tests.core.test_charging_cases import line, price, quantity

JANUARY = date(2019, 1, 1)
FACTS = [  # profile, is a part → facts after that of the price
    (ProrationProfile(), True, []),
    (ProrationProfile(rounding=Rounding.DOWN), True, [("rounding", "down")]),
    (ProrationProfile(rounding=Rounding.HALF_EVEN), False, [("rounding", "half_even")]),
    (ProrationProfile(method=Proration.HOURS), True, [("proration", "hours")]),
    (ProrationProfile(method=Proration.HOURS), False, []),
    (ProrationProfile(method=Proration.DAYS_OF_30), True, [("proration", Proration.DAYS_OF_30.value)]),
    (ProrationProfile(day_price_digits=4), True, [("day_price_digits", "4")]),
    (ProrationProfile(day_price_digits=0), True, [("day_price_digits", "0")]),
    (ProrationProfile(day_price_digits=4), False, []),
]


@pytest.mark.parametrize(("profile", "part", "expected"), FACTS)
def test_a_profile_tells_what_is_not_the_standard(
    profile: ProrationProfile, part: bool, expected: list[tuple[str, str]]
) -> None:
    subject = line(proration=profile)
    found = facts_of(subject, subject.prices[0], subject.quantities[0], (), is_part=part)
    assert found == (("price_from", "2019-01-01"), *expected)


def test_the_standard_profile_is_told_apart_by_what_it_says_not_by_where_it_came_from() -> None:
    """A stored line's profile is another object than the default, and says the same."""
    subject = line(proration=ProrationProfile())
    assert facts_of(subject, subject.prices[0], subject.quantities[0], (), is_part=True) == (
        ("price_from", "2019-01-01"),
    )


@pytest.mark.parametrize(
    ("count", "start", "part", "expected"),
    [
        (1, JANUARY, True, []), (3, JANUARY, False, []), (3, JANUARY, True, [("count", "3")]),
        (1, date(2018, 12, 31), False, [("quantity_from", "2018-12-31")]),
        (100, date(2019, 2, 1), True, [("quantity_from", "2019-02-01"), ("count", "100")]),
    ],
)  # fmt: skip
def test_a_quantity_tells_its_own_day_and_the_count_of_parts(
    count: int, start: date, part: bool, expected: list[tuple[str, str]]
) -> None:
    found = facts_of(line(), price("31"), quantity(count, start), (), is_part=part)
    assert found == (("price_from", "2019-01-01"), *expected)


def test_discounts_are_told_in_their_order_with_their_days() -> None:
    term = Discount(DiscountKind.PERCENT, Decimal("10.00"), "Term", JANUARY, date(2021, 1, 1))
    welcome = Discount(DiscountKind.AMOUNT, Decimal("200.00"), "Welcome", date(2020, 2, 1), None)
    odd = replace(
        line(), proration=ProrationProfile(rounding=Rounding.DOWN, method=Proration.HOURS, day_price_digits=2)
    )
    found = facts_of(odd, price("31"), quantity(2), (term, welcome), is_part=True)
    assert found == (
        ("price_from", "2019-01-01"), ("count", "2"), ("proration", "hours"), ("day_price_digits", "2"), ("rounding", "down"),
        ("discount", "Term: 10 % from 2019-01-01 until 2021-01-01"), ("discount", "Welcome: 200 per cycle from 2020-02-01"),
    )  # fmt: skip


def test_a_part_of_a_cycle_tells_how_many_and_a_whole_one_does_not() -> None:
    contract = terms(line(start=date(2020, 10, 20), quantities=(quantity(3),)))
    part, whole = charges_owed(terms=contract, through=date(2020, 11, 2))
    assert part.cause.facts == (("price_from", "2019-01-01"), ("count", "3"))
    assert whole.cause.facts == (("price_from", "2019-01-01"),)
