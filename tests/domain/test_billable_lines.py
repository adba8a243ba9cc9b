"""What holds on every day of a cycle, so that it can be charged without a look at each day."""

from typing import Any

import pytest

from rackbill.domain.contracts.queries.billable import BillableLine

MARCH = ("2020-03-01", "2020-04-01")
PRICE = (1, "2020-01-01", None, 100)
ONE = (1, "2020-01-01", None, 1)


def line(prices: Any = (PRICE,), quantities: Any = (ONE,), discounts: Any = (), suspensions: Any = ()) -> BillableLine:
    row = [None] * 35
    return BillableLine(tuple(row), prices, quantities, discounts, suspensions)


def test_what_holds_on_every_day() -> None:
    old = (1, "2019-01-01", "2020-01-01", 90)
    past, now = (1, "2020-01-01", "2020-03-01", "percent"), (1, "2020-03-01", "2020-04-01", "percent")
    assert line().in_force(*MARCH) == (PRICE, ONE, ())
    assert line(prices=(old, PRICE)).in_force(*MARCH) == (PRICE, ONE, ())
    assert line(discounts=(past, now)).in_force(*MARCH) == (PRICE, ONE, (now,))
    assert line(suspensions=((1, "2020-01-05", "2020-02-05"),)).in_force(*MARCH) == (PRICE, ONE, ())


@pytest.mark.parametrize(
    "changing",
    [
        {"prices": ((1, "2020-01-01", "2020-03-15", 90), (1, "2020-03-15", None, 100))},
        {"prices": ((1, "2020-01-01", "2020-03-31", 90),)},
        {"prices": ()},
        {"prices": (PRICE, PRICE)},
        {"quantities": ((1, "2020-03-02", None, 2),)},
        {"discounts": ((1, "2020-03-10", None, "percent"),)},
        {"discounts": ((1, "2020-01-01", "2020-03-02", "percent"),)},
        {"suspensions": ((1, "2020-03-10", "2020-03-12"),)},
        {"suspensions": ((1, "2020-01-01", None),)},
    ],
    ids=str,
)
def test_what_changes_in_between_is_looked_at_day_by_day(changing: Any) -> None:
    assert line(**changing).in_force(*MARCH) is None
