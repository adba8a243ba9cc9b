"""What a later run takes back, charges anew, or leaves alone: the borders that amounts alone do not show."""

from dataclasses import replace
from datetime import date

import pytest

from rackbill.core.charges import ChargeKind
from rackbill.core.terms import Suspension, TermLine
from tests.core.stories import Books
from tests.core.test_charging_cases import NOVEMBER, OCTOBER, line, percent, price, quantity

ONLY_ONE_CHANGES = [
    (line("31"), line("31.001")),
    (line("0"), line("0", quantities=(quantity(2),))),
]


@pytest.mark.parametrize(("before", "after"), ONLY_ONE_CHANGES)
def test_another_price_or_count_alone_is_restated_at_the_same_amount(before: TermLine, after: TermLine) -> None:
    books = Books()
    books.run(before, NOVEMBER)
    back, anew = books.run(after, NOVEMBER)
    assert (back.kind, back.corrects, str(back.period)) == (ChargeKind.REVERSAL, 1, "2020-10-01/2020-11-01")
    assert back.amount_minor == -anew.amount_minor
    assert (anew.unit_price, anew.quantity) == (after.prices[0].unit_price, after.quantities[0].quantity)


def test_a_credit_that_is_used_up_leaves_no_mark_on_what_follows() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 500)
    rise = (price("31", end=date(2020, 10, 11)), price("62", date(2020, 10, 11)))
    new = [charge for charge in books.run(line(prices=rise), NOVEMBER) if charge.corrects is None]
    assert [(charge.amount_minor, len(charge.allowances)) for charge in new] == [(500, 1), (4200, 0)]


def test_discounted_days_in_the_middle_are_no_beginning() -> None:
    books = Books()
    subject = line("31", discounts=(percent("10"),))
    books.run(subject, NOVEMBER)
    off = (Suspension(OCTOBER, date(2020, 10, 11)),)
    back, anew = books.run(replace(subject, suspensions=off, end=date(2020, 10, 21)), NOVEMBER)
    assert (str(back.period), back.amount_minor) == ("2020-10-01/2020-11-01", -2790)
    assert (str(anew.period), anew.amount_minor) == ("2020-10-11/2020-10-21", 900)
