"""Two bills of one customer: every cent of the difference has a reason, and the reason is the right one."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.bill_comparison import (
    ComparedBill,
    ComparedLine,
    Difference,
    Nature,
    ThingFacts,
    compare_bills,
    months_and_count,
    pairs,
)
from rackbill.core.periods import Period
from rackbill.core.run_totals import MOVERS, RunDifferences

OCTOBER, NOVEMBER, DECEMBER = (date(2020, month, 1) for month in (10, 11, 12))
IN_OCTOBER, IN_NOVEMBER = Period(OCTOBER, NOVEMBER), Period(NOVEMBER, DECEMBER)


def line(
    period: Period = IN_NOVEMBER, gross: int = 10_000, *, thing: str = "1", nature: Nature = Nature.REGULAR, months: str = "1",
    count: str = "1", discount: int = 0, rate: int = 16,
) -> ComparedLine:  # fmt: skip
    net = gross - discount
    return ComparedLine(
        thing=thing, nature=nature, period=period, months=Decimal(months), count=Decimal(count), gross_minor=gross,
        discount_minor=discount, tax_minor=net * rate // 100, tax_key=f"S {rate}",
    )  # fmt: skip


def before(*lines: ComparedLine) -> ComparedBill:
    return ComparedBill(currency="EUR", through=NOVEMBER, issued_on=OCTOBER, lines=lines)


def after(*lines: ComparedLine, is_parked: bool = False) -> ComparedBill:
    return ComparedBill(currency="EUR", through=DECEMBER, issued_on=NOVEMBER, lines=lines, is_parked=is_parked)


def reasons(found: list[Difference]) -> dict[str, tuple[int, int]]:
    return {row.reason.value: (row.net_minor, row.tax_minor) for row in found}


OLD = line(IN_OCTOBER)
CASES: dict[str, tuple[ComparedBill, ComparedBill, ThingFacts, dict[str, tuple[int, int]]]] = {
    "nothing": (before(OLD), after(line()), ThingFacts(), {}),
    "new": (before(), after(line()), ThingFacts(starts_on=date(2020, 10, 20)), {"new": (10_000, 1_600)}),
    "ended": (before(OLD), after(), ThingFacts(ends_on=NOVEMBER), {"ended": (-10_000, -1_600)}),
    "ended in the month": (
        before(OLD), after(line(gross=5_000, months="0.5")), ThingFacts(ends_on=date(2020, 11, 16)), {"ended": (-5_000, -800)},
    ),
    "price": (before(OLD), after(line(gross=11_000)), ThingFacts(), {"price": (1_000, 160)}),
    "quantity": (before(OLD), after(line(gross=30_000, count="3")), ThingFacts(), {"quantity": (20_000, 3_200)}),
    "quantity and price": (
        before(OLD), after(line(gross=22_000, count="2")), ThingFacts(), {"quantity": (10_000, 1_600), "price": (2_000, 320)},
    ),
    "discount": (before(OLD), after(line(discount=2_500)), ThingFacts(), {"discount": (-2_500, -400)}),
    "first month was longer": (
        before(line(Period(date(2020, 9, 20), OCTOBER), 3_667, months=str(Decimal(11) / 30)), OLD), after(line()), ThingFacts(),
        {"period": (-3_667, -587), "rounding": (0, 1)},
    ),
    "a quarter paid in October": (
        before(line(Period(OCTOBER, date(2021, 1, 1)), 30_000, months="3")), after(), ThingFacts(cycle_months=3),
        {"cycle": (-30_000, -4_800)},
    ),
    "a quarter again": (
        before(), after(line(Period(NOVEMBER, date(2021, 2, 1)), 30_000, months="3")),
        ThingFacts(starts_on=date(2020, 8, 1), cycle_months=3), {"cycle": (30_000, 4_800)},
    ),
    "suspended": (before(OLD), after(), ThingFacts(is_suspended=True), {"suspension": (-10_000, -1_600)}),
    "suspended for half the month": (
        before(OLD), after(line(gross=5_000, months="0.5")), ThingFacts(is_suspended=True), {"suspension": (-5_000, -800)},
    ),
    "back again": (
        before(), after(line()), ThingFacts(starts_on=date(2020, 1, 1), is_suspended=True), {"suspension": (10_000, 1_600)},
    ),
    "was parked last month": (
        before(), after(line(IN_OCTOBER), line()), ThingFacts(starts_on=date(2020, 1, 1)), {"late": (20_000, 3_200)},
    ),
    "is parked this month": (before(OLD), after(is_parked=True), ThingFacts(), {"parked": (-10_000, -1_600)}),
    "usage": (
        before(line(IN_OCTOBER, 700, nature=Nature.USAGE)), after(line(gross=900, nature=Nature.USAGE)), ThingFacts(),
        {"usage": (200, 32)},
    ),
    "set-up last month": (
        before(OLD, line(IN_OCTOBER, 5_000, nature=Nature.ONE_OFF)), after(line()), ThingFacts(), {"one_off": (-5_000, -800)},
    ),
    "correction": (
        before(OLD), after(line(), line(IN_OCTOBER, -10_000, nature=Nature.CORRECTION), line(IN_OCTOBER, 9_000, nature=Nature.CORRECTION)),
        ThingFacts(), {"correction": (-1_000, -160)},
    ),
    "tax": (before(OLD), after(line(rate=19)), ThingFacts(), {"tax": (0, 300)}),
    "price and tax": (
        before(OLD), after(line(gross=11_000, rate=19)), ThingFacts(), {"price": (1_000, 160), "tax": (0, 330)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_reason_is_the_right_one(name: str) -> None:
    old, new, facts, expected = CASES[name]
    assert reasons(compare_bills(before=old, after=new, facts={"1": facts})) == expected


natures = st.sampled_from([Nature.REGULAR] * 4 + list(Nature))
periods = st.sampled_from(
    [IN_OCTOBER, IN_NOVEMBER, Period(date(2020, 9, 20), OCTOBER), Period(OCTOBER, date(2021, 10, 1))]
)


@st.composite
def compared(draw: st.DrawFn) -> ComparedLine:
    gross = draw(st.integers(-1_000_000, 1_000_000))
    return ComparedLine(
        thing=draw(st.sampled_from("abc")), nature=draw(natures), period=draw(periods),
        months=draw(st.sampled_from([Decimal(1), Decimal(11) / 30, Decimal(0), Decimal(12)])),
        count=draw(st.decimals(0, 20, places=1)), gross_minor=gross, discount_minor=draw(st.integers(0, abs(gross))),
        tax_minor=draw(st.integers(-200_000, 200_000)), tax_key=draw(st.sampled_from(["S 16", "S 19", "AE 0"])),
    )  # fmt: skip


bills = st.lists(compared(), max_size=6)
known = st.builds(
    ThingFacts, starts_on=st.none() | st.dates(date(2020, 1, 1), DECEMBER), ends_on=st.none() | st.dates(OCTOBER, DECEMBER),
    cycle_months=st.sampled_from([1, 3, 12]), is_suspended=st.booleans(),
)  # fmt: skip


@given(bills, bills, st.dictionaries(st.sampled_from("abc"), known), st.booleans())
def test_the_reasons_sum_to_the_difference_of_the_totals(
    old: list[ComparedLine], new: list[ComparedLine], facts: dict[str, ThingFacts], is_parked: bool
) -> None:
    one, two = before(*old), after(*new, is_parked=is_parked)
    found = compare_bills(before=one, after=two, facts=facts)
    assert sum(row.total_minor for row in found) == two.total_minor - one.total_minor
    assert sum(row.net_minor for row in found) == sum(n.net_minor for n in new) - sum(o.net_minor for o in old)
    lines = [item for pair in pairs(one, two) for item in (*pair.before, *pair.after)]
    assert sorted(map(repr, lines)) == sorted(map(repr, (*old, *new)))


@given(bills)
def test_the_same_bill_twice_differs_in_nothing(lines: list[ComparedLine]) -> None:
    assert compare_bills(before=before(*lines), after=after(*lines)) == []


@given(st.lists(st.tuples(bills, bills), max_size=30))
def test_the_sums_of_a_run_are_those_of_its_customers(
    customers: list[tuple[list[ComparedLine], list[ComparedLine]]],
) -> None:
    forwards, backwards = RunDifferences(), RunDifferences()
    rows = [(f"{n:03d}", before(*old), after(*new)) for n, (old, new) in enumerate(customers)]
    for sums, order in ((forwards, rows), (backwards, rows[::-1])):
        for customer_id, one, two in order:
            sums.add(
                customer_id=customer_id, name="", before=one, after=two, found=compare_bills(before=one, after=two)
            )
    assert forwards.plain() == backwards.plain()
    for answer in forwards.plain():
        assert sum(row["total_minor"] for row in answer["reasons"]) == answer["difference_minor"]
        sizes = [abs(mover["difference_minor"]) for mover in answer["movers"]]
        assert (
            sizes
            == sorted((abs(two.total_minor - one.total_minor) for _id, one, two in rows), reverse=True)[: len(sizes)]
        )
        assert len(sizes) == min(MOVERS, sum(two.total_minor != one.total_minor for _id, one, two in rows))


@pytest.mark.parametrize(
    ("quantity", "unit", "base", "period", "expected"),
    [
        ("2", "MON", "1", IN_OCTOBER, ("1", "2")), ("1", "ANN", "1", Period(OCTOBER, date(2021, 10, 1)), ("12", "1")),
        ("30", "DAY", "31", Period(OCTOBER, date(2020, 10, 16)), (str(Decimal(15) / 31), "2")),
        ("11", "DAY", "360", Period(date(2020, 9, 20), OCTOBER), (str(Decimal(11) / 360 * 12), "1")),
        ("14", "DAY", "336", Period(date(2021, 2, 15), date(2021, 3, 1)), (str(Decimal(14) / 336 * 12), "1")),
        ("361", "HUR", "743", Period(date(2020, 3, 17), date(2020, 4, 1)), (str(Decimal(361) / 743), "1")),
        ("5", "E34", "1", IN_OCTOBER, ("1", "5")),
    ],
)  # fmt: skip
def test_how_many_months_a_printed_quantity_covers(
    quantity: str, unit: str, base: str, period: Period, expected: tuple[str, str]
) -> None:
    found = months_and_count(quantity=Decimal(quantity), unit=unit, base=Decimal(base), period=period)
    assert found == (Decimal(expected[0]), Decimal(expected[1]))


def test_two_currencies_are_not_compared() -> None:
    other = ComparedBill(currency="USD", through=DECEMBER, issued_on=NOVEMBER)
    with pytest.raises(ValueError, match="take one currency"):
        compare_bills(before=before(), after=other)
