"""Charges of measured quantities: months, parts of months, prices that change, discounts, the minimum, corrections."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.charges import (
    Charge,
    Charged,
    ChargeKind,
    ContradictoryTerms,
    charges_owed,
    charges_unbilled,
)
from rackbill.core.charges.usage import MINIMUM_STEP
from rackbill.core.metering import MeasuredQuantity, month_of
from rackbill.core.periods import Period
from rackbill.core.pricing import PriceModel, Tier, UsagePrice
from rackbill.core.terms import (
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    LineKind,
    ProrationProfile,
    Rounding,
    TermLine,
)
from tests.core.stories import terms
from tests.core.test_pricing import prices

D = Decimal
JANUARY, SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (date(2020, m, 1) for m in (1, 9, 10, 11, 12))
COMMIT = UsagePrice(model=PriceModel.COMMIT, included=D(100), price=D(2), overage_price=D(3))


def dated(price: UsagePrice, start: date = JANUARY, end: date | None = None) -> DatedPrice:
    return DatedPrice(start, end, D(0), price)


def line(price: UsagePrice = COMMIT, **changes: Any) -> TermLine:
    plain = TermLine(
        line_id=1, kind=LineKind.METERED, start=JANUARY, end=None, prices=(dated(price),),
        quantities=(DatedQuantity(JANUARY, None, D(1)),),
    )  # fmt: skip
    return replace(plain, **changes)


def used(quantity: str, month: date = OCTOBER, **more: Any) -> MeasuredQuantity:
    return MeasuredQuantity(period=month_of(month), quantity=D(quantity), unit="Mbps", **more)


def owed(subject: TermLine, through: date, *measured: MeasuredQuantity, currency: str = "EUR") -> list[Charge]:
    return charges_owed(terms=terms(subject, currency), through=through, usage={1: measured})


def amounts(charges: list[Charge]) -> list[tuple[str, int]]:
    return [(str(c.period), c.amount_minor) for c in charges]


def test_a_commit_and_its_overage_are_two_charges_in_arrears() -> None:
    commit, overage = owed(line(), NOVEMBER, used("102.293333", profile="95TH", samples_sha256="ab" * 32))
    assert (commit.quantity, commit.unit, commit.unit_price, commit.amount_minor) == (100, "E20", 2, 20000)
    assert (overage.quantity, overage.unit_price, overage.amount_minor) == (D("2.293333"), 3, 688)
    assert (commit.step, overage.step) == (1, 2)
    assert commit.period == overage.period == Period(OCTOBER, NOVEMBER)
    assert commit.kind is ChargeKind.USAGE
    assert overage.cause.rule == "usage, beyond the commit of 100 (B6)"
    assert overage.cause.formula == "2.293333 * 3.000000"
    assert overage.cause.facts == (
        ("price_from", "2020-01-01"), ("used", "102.293333 Mbps"), ("profile", "95TH"), ("samples_sha256", "ab" * 32),
    )  # fmt: skip


def test_missing_samples_are_told() -> None:
    (charge, _overage) = owed(line(), NOVEMBER, used("101", sample_count=8900, expected_count=8928))
    assert ("samples", "8900 of 8928") in charge.cause.facts
    (charge, _overage) = owed(line(), NOVEMBER, used("101", sample_count=8928, expected_count=8928))
    assert [name for name, _text in charge.cause.facts] == ["price_from", "used"]


def test_a_month_is_charged_when_it_is_over() -> None:
    assert owed(line(), date(2020, 10, 31), used("5")) == []
    assert len(owed(line(), NOVEMBER, used("5"))) == 1


@pytest.mark.parametrize(("ended_by", "count"), [(None, 1), (date(2020, 10, 31), 0), (NOVEMBER, 1)])
def test_a_month_that_has_not_ended_by_the_day_of_the_run_is_not_charged(ended_by: date | None, count: int) -> None:
    new = charges_unbilled(
        terms=terms(line()), charged={}, through=DECEMBER, usage={1: [used("5")]}, ended_by=ended_by
    )  # fmt: skip
    assert len(new) == count


@pytest.mark.parametrize(
    ("settled", "expected"),
    [
        (date(2020, 10, 31), ["2020-10-01/2020-11-01", "2020-11-01/2020-12-01"]), (NOVEMBER, ["2020-11-01/2020-12-01"]),
        (date(2020, 11, 30), ["2020-11-01/2020-12-01"]), (DECEMBER, []),
    ],
)  # fmt: skip
def test_a_settled_line_is_charged_the_months_that_ended_since(settled: date, expected: list[str]) -> None:
    new = charges_unbilled(
        terms=terms(line(settled_until=settled)), charged={}, through=DECEMBER, usage={1: [used("5", NOVEMBER), used("5")]}
    )  # fmt: skip
    assert [str(charge.period) for charge in new] == expected


def test_what_is_not_measured_in_a_unit_counts_pieces() -> None:
    package = UsagePrice(model=PriceModel.PACKAGE, price=D(9), size=D(10))
    (charge,) = owed(line(package), NOVEMBER, used("25"))
    assert (charge.quantity, charge.unit, charge.amount_minor) == (3, "C62", 2700)
    (charge,) = owed(line(UsagePrice(model=PriceModel.PER_UNIT, price=D(1))), NOVEMBER, replace(used("25"), unit="h"))
    assert charge.unit == "HUR"
    (charge,) = owed(
        line(UsagePrice(model=PriceModel.PER_UNIT, price=D(1))), NOVEMBER, replace(used("2"), unit="tapes")
    )
    assert charge.unit == "C62"


@pytest.mark.parametrize(
    ("start", "end", "period", "amount"),
    [
        (date(2020, 10, 15), None, "2020-10-15/2020-11-01", 10968),  # 17 of 31 days of the commit of 200
        (JANUARY, date(2020, 10, 15), "2020-10-01/2020-10-15", 9032),
        (date(2020, 10, 10), date(2020, 10, 20), "2020-10-10/2020-10-20", 6452),
    ],
)
def test_first_and_last_months_have_their_part_of_the_commit(
    start: date, end: date | None, period: str, amount: int
) -> None:
    (charge,) = owed(line(start=start, end=end), NOVEMBER, used("0"))
    assert amounts([charge]) == [(period, amount)]


def test_a_month_without_any_day_of_the_line_costs_nothing() -> None:
    assert owed(line(end=OCTOBER), NOVEMBER, used("50")) == []
    assert owed(line(start=NOVEMBER), DECEMBER, used("50")) == []
    assert owed(line(billed_from=NOVEMBER), DECEMBER, used("50")) == []


def test_the_price_of_the_first_day_holds_for_the_month() -> None:
    dearer = UsagePrice(model=PriceModel.PER_UNIT, price=D(2))
    cheap = UsagePrice(model=PriceModel.PER_UNIT, price=D(1))
    middle = date(2020, 10, 15)
    subject = line(prices=(dated(cheap, JANUARY, middle), dated(dearer, middle)))
    assert amounts(owed(subject, DECEMBER, used("10"), used("10", NOVEMBER))) == [
        ("2020-10-01/2020-11-01", 1000), ("2020-11-01/2020-12-01", 2000),
    ]  # fmt: skip
    # A line that begins that day has that day's price.
    assert amounts(owed(replace(subject, start=middle), NOVEMBER, used("10"))) == [("2020-10-15/2020-11-01", 2000)]


def test_a_day_without_usage_price_contradicts() -> None:
    for prices_of_line in (
        (dated(COMMIT, NOVEMBER),),
        (dated(COMMIT, JANUARY, OCTOBER),),
        (DatedPrice(JANUARY, None, D(5)),),
    ):
        with pytest.raises(ContradictoryTerms, match="metered line 1 has no usage price on 2020-10-01"):
            owed(line(prices=prices_of_line), NOVEMBER, used("5"))


def test_the_minimum_lifts_the_month_to_the_cent() -> None:
    # Three steps that each round up: 0.005 + 0.005 + ... and still 1.00 together.
    rows = (Tier(D(1), D("0.005")), Tier(D(2), D("0.005")), Tier(None, D("0.005")))
    subject = line(UsagePrice(model=PriceModel.TIERED, tiers=rows, minimum=D(1)))
    charges = owed(subject, NOVEMBER, used("3"))
    assert [c.amount_minor for c in charges] == [1, 1, 1, 97]
    last = charges[-1]
    assert MINIMUM_STEP == 1000, "the books hold it"
    assert (last.step, last.quantity, last.unit, last.unit_price) == (MINIMUM_STEP, 1, "C62", D("0.97"))
    assert last.cause.rule == "usage, up to the minimum charge (B6)"
    half = owed(replace(subject, start=date(2020, 10, 17)), NOVEMBER, used("0"))
    assert amounts(half) == [("2020-10-17/2020-11-01", 48)]
    assert [c.amount_minor for c in owed(subject, NOVEMBER, used("200"))] == [1, 1, 99]
    assert [c.amount_minor for c in owed(subject, NOVEMBER, used("197"))] == [1, 1, 98]
    assert [c.amount_minor for c in owed(subject, NOVEMBER, used("196"))] == [1, 1, 97, 1]


def test_discounts_take_percent_of_each_step_and_an_amount_once_a_month() -> None:
    percent = Discount(DiscountKind.PERCENT, D(10), "Term", JANUARY, None)
    amount = Discount(DiscountKind.AMOUNT, D("182.50"), "Loyalty", JANUARY, None)
    later = Discount(DiscountKind.PERCENT, D(50), "Later", NOVEMBER, None)
    over = Discount(DiscountKind.PERCENT, D(50), "Over", JANUARY, OCTOBER)
    subject = line(discounts=(later, over, amount, percent))
    commit, overage = owed(subject, NOVEMBER, used("110"))
    assert [(a.reason, a.amount_minor) for a in commit.allowances] == [("Term 10 %", 2000), ("Loyalty", 18000)]
    assert [(a.reason, a.amount_minor) for a in overage.allowances] == [("Term 10 %", 300), ("Loyalty", 250)]
    assert (commit.amount_minor, overage.amount_minor) == (0, 2450)
    assert overage.cause.formula == "max((10.000000 * 3.000000) * (100 - 10) / 100 - 2.5, 0)"
    half = replace(subject, start=date(2020, 10, 17), discounts=(amount,))
    (charge,) = owed(half, NOVEMBER, used("0"))
    assert (charge.amount_minor, charge.allowance_minor) == (847, 8830)


@pytest.mark.parametrize(
    ("start", "end", "allowances"),
    [
        (JANUARY, None, 1), (OCTOBER, None, 1), (date(2020, 10, 2), None, 0), (JANUARY, NOVEMBER, 1), (JANUARY, date(2020, 10, 2), 1),
        (JANUARY, OCTOBER, 0), (OCTOBER, date(2020, 10, 2), 1),
    ],
)  # fmt: skip
def test_a_discount_that_holds_on_the_first_day_holds_for_the_month(
    start: date, end: date | None, allowances: int
) -> None:
    percent = Discount(DiscountKind.PERCENT, D(10), "Term", start, end)
    (charge,) = owed(line(discounts=(percent,)), NOVEMBER, used("0"))
    assert len(charge.allowances) == allowances


def test_the_minimum_comes_after_discounts() -> None:
    price = UsagePrice(model=PriceModel.PER_UNIT, price=D(1), minimum=D(10))
    subject = line(price, discounts=(Discount(DiscountKind.PERCENT, D(50), "Term", JANUARY, None),))
    assert [c.amount_minor for c in owed(subject, NOVEMBER, used("16"))] == [800, 200]
    assert owed(subject, NOVEMBER, used("16"))[-1].allowances == ()


def test_the_line_rounds_by_its_profile() -> None:
    price = UsagePrice(model=PriceModel.PER_UNIT, price=D("0.005"))
    for rounding, amount in ((Rounding.HALF_UP, 1), (Rounding.HALF_EVEN, 0), (Rounding.DOWN, 0)):
        (charge,) = owed(line(price, proration=ProrationProfile(rounding=rounding)), NOVEMBER, used("1"))
        assert charge.amount_minor == amount
    (charge,) = owed(line(UsagePrice(model=PriceModel.PER_UNIT, price=D("2.5"))), NOVEMBER, used("1"), currency="JPY")
    assert charge.amount_minor == 3


# --- corrections ---------------------------------------------------------------------------------------------------------------


class UsageBooks:
    """Charges of one metered line under keys, run after run."""

    def __init__(self, currency: str = "EUR") -> None:
        self.currency = currency
        self.charged: list[Charged] = []

    def run(self, subject: TermLine, through: date, *measured: MeasuredQuantity) -> list[Charge]:
        new = charges_unbilled(
            terms=terms(subject, self.currency), charged={1: self.charged}, through=through, usage={1: measured}
        )
        keys = {(c.charge.kind, c.charge.period, c.charge.revision, c.charge.step) for c in self.charged}
        for charge in new:
            key = (charge.kind, charge.period, charge.revision, charge.step)
            assert key not in keys, f"charged twice: {charge}"
            keys.add(key)
            self.charged.append(Charged(key=len(self.charged) + 1, charge=charge))
        return new

    @property
    def total(self) -> int:
        return sum(c.charge.amount_minor for c in self.charged)


def test_late_usage_takes_back_the_step_that_changed_and_charges_it_anew() -> None:
    books = UsageBooks()
    assert [c.amount_minor for c in books.run(line(), NOVEMBER, used("110"))] == [20000, 3000]
    back, anew = books.run(line(), DECEMBER, used("115"))
    assert (back.kind, back.amount_minor, back.quantity, back.corrects, back.step) == (
        ChargeKind.REVERSAL,
        -3000,
        -10,
        2,
        2,
    )
    assert back.period == anew.period == Period(OCTOBER, NOVEMBER)
    assert (anew.kind, anew.amount_minor, anew.revision) == (ChargeKind.USAGE, 4500, 1)
    assert books.run(line(), DECEMBER, used("115")) == []


def test_an_end_set_later_is_another_quantity_never_fewer_days_of_the_same() -> None:
    per_unit = UsagePrice(model=PriceModel.PER_UNIT, price=D("0.01"))
    books = UsageBooks()
    books.run(line(per_unit), NOVEMBER, used("1"))
    ended = line(per_unit, end=date(2020, 10, 20))
    back, anew = books.run(ended, DECEMBER, used("0.6"))
    assert (back.unit, back.quantity, back.amount_minor) == ("E20", -1, -1)
    assert (anew.quantity, anew.amount_minor, str(anew.period)) == (D("0.6"), 1, "2020-10-01/2020-10-20")


def test_the_same_quantity_of_fewer_days_is_taken_back_and_charged_anew() -> None:
    per_unit = UsagePrice(model=PriceModel.PER_UNIT, price=D("0.01"))
    books = UsageBooks()
    books.run(line(per_unit), NOVEMBER, used("1"))
    back, anew = books.run(line(per_unit, end=date(2020, 10, 20)), NOVEMBER, used("1"))
    assert (str(back.period), back.amount_minor) == ("2020-10-01/2020-11-01", -1)
    assert (str(anew.period), anew.amount_minor) == ("2020-10-01/2020-10-20", 1)


def test_what_is_taken_back_of_each_step_is_counted_by_itself() -> None:
    books = UsageBooks()
    books.run(line(), NOVEMBER, used("110"))
    books.run(line(), NOVEMBER, used("115"))
    dearer = UsagePrice(model=PriceModel.COMMIT, included=D(100), price=D(4), overage_price=D(3))
    back, anew = books.run(line(dearer), NOVEMBER, used("115"))
    assert (back.step, back.revision, back.amount_minor) == (1, 0, -20000)
    assert (anew.step, anew.revision, anew.amount_minor) == (1, 1, 40000)


quantities = st.decimals(0, 5000, places=6)
months = st.sampled_from([SEPTEMBER, OCTOBER, NOVEMBER])
ends = st.none() | st.dates(date(2020, 8, 20), date(2020, 12, 10))
lives = st.lists(
    st.tuples(st.sampled_from([OCTOBER, NOVEMBER, DECEMBER]), st.dictionaries(months, quantities), ends),
    min_size=1,
    max_size=4,
)
discount_rows = st.builds(
    Discount, st.sampled_from(DiscountKind), st.decimals("0.5", 100, places=2), st.sampled_from(["Term", "Loyalty"]),
    st.just(JANUARY), st.none() | st.just(OCTOBER),
)  # fmt: skip


@given(
    prices(),
    lives,
    st.dates(JANUARY, date(2020, 10, 20)),
    st.lists(discount_rows, max_size=2),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_a_life_of_late_usage_converges(
    price: UsagePrice, life: list[Any], start: date, discounts: list[Discount], currency: str
) -> None:
    """Months come late, again and corrected, lines end and go on: the books always sum to what is owed, and a second run adds none."""
    books = UsageBooks(currency)
    known: dict[date, Decimal] = {}
    through = SEPTEMBER
    for day, fresh, end in life:
        through = max(through, day)
        known |= fresh
        subject = line(price, start=start, end=end, discounts=tuple(discounts))
        measured = [used(str(quantity), month) for month, quantity in known.items()]
        books.run(subject, through, *measured)
        assert books.total == sum(c.amount_minor for c in owed(subject, through, *measured, currency=currency))
        assert books.run(subject, through, *measured) == []


@given(prices(), quantities, st.dates(JANUARY, date(2020, 10, 31)), st.lists(discount_rows, max_size=3))
def test_every_charge_is_its_formula_and_none_is_negative(
    price: UsagePrice, quantity: Decimal, start: date, discounts: list[Discount]
) -> None:
    charges = owed(line(price, start=start, discounts=tuple(discounts)), NOVEMBER, used(str(quantity)))
    for charge in charges:
        assert charge.amount_minor >= 0
        exact = eval(
            re.sub(r"\d+(\.\d+)?", lambda number: f"D('{number[0]}')", charge.cause.formula), {"D": D, "max": max}
        )
        assert abs(exact * 100 - charge.amount_minor) <= D("0.5")
        gross = charge.quantity * charge.unit_price * 100
        assert abs(gross - charge.amount_minor - charge.allowance_minor) <= D("0.5")
    assert len({charge.step for charge in charges}) == len(charges)
