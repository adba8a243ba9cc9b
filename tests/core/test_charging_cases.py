"""Charging on paper, case by case: words, units, borders, and what is taken back."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rackbill.core.charges import CYCLE_UNITS, Charge, ChargeKind, ContradictoryTerms, charges_owed, charges_unbilled
from rackbill.core.terms import (
    DatedPrice,
    DatedQuantity,
    DayCount,
    Discount,
    DiscountKind,
    LineKind,
    Proration,
    ProrationProfile,
    Rounding,
    Suspension,
    TermLine,
    Timing,
)
from tests.core.stories import Books, owed_total, terms

JANUARY, OCTOBER, NOVEMBER = date(2020, 1, 1), date(2020, 10, 1), date(2020, 11, 1)


def price(amount: str, start: date = date(2019, 1, 1), end: date | None = None) -> DatedPrice:
    return DatedPrice(start, end, Decimal(amount))


def quantity(count: int, start: date = date(2019, 1, 1), end: date | None = None) -> DatedQuantity:
    return DatedQuantity(start, end, Decimal(count))


def line(amount: str = "31", **changes: object) -> TermLine:
    plain = TermLine(
        line_id=1, kind=LineKind.RECURRING, start=OCTOBER, end=None, prices=(price(amount),), quantities=(quantity(1),)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def owed(subject: TermLine, through: date = NOVEMBER, currency: str = "EUR") -> list[Charge]:
    return charges_owed(terms=terms(subject, currency), through=through)


def spans(charges: list[Charge]) -> list[tuple[str, int]]:
    return [(str(c.period), c.amount_minor) for c in charges]


def percent(value: str, start: date = date(2019, 1, 1), end: date | None = None, reason: str = "Term") -> Discount:
    return Discount(DiscountKind.PERCENT, Decimal(value), reason, start, end)


def amount(value: str, start: date = date(2019, 1, 1), end: date | None = None, reason: str = "Welcome") -> Discount:
    return Discount(DiscountKind.AMOUNT, Decimal(value), reason, start, end)


# --- words and codes -------------------------------------------------------------------------------------------------------


def test_units_and_kinds_are_what_tables_and_documents_hold() -> None:
    assert CYCLE_UNITS == {1: "MON", 3: "QAN", 6: "SAN", 12: "ANN"}
    assert [kind.value for kind in ChargeKind] == ["recurring", "one_off", "usage", "reversal", "credit"]


STARTED = line(start=date(2020, 10, 20))
RULES = [
    (line(), "whole cycle (B1)", "1 * 31"),
    (STARTED, "pro rata, 12 of 31 days (B2)", "12 * 31 / 31"),
    (replace(STARTED, cycle_months=12), "pro rata, 12 of 372 days (B2)", "12 * 31 / 372"),
    (replace(STARTED, proration=ProrationProfile(method=Proration.THIRTY_360)), "pro rata, 11 of 30 days of 30/360 (B2)", "11 * 31 / 30"),
    (replace(STARTED, proration=ProrationProfile(method=Proration.DAYS_OF_30)), "pro rata, 12 of 30 days (B2)", "12 * 31 / 30"),
    (replace(STARTED, proration=ProrationProfile(method=Proration.HOURS)), "pro rata, 288 of 744 hours (B4)", "288 * 31 / 744"),
    (replace(STARTED, proration=ProrationProfile(method=Proration.WHOLE_CYCLE)), "started month in full", "1 * 31"),
    (replace(STARTED, cycle_months=3, proration=ProrationProfile(method=Proration.WHOLE_CYCLE)), "started month in full", "1 * 31 / 3"),
    (line(end=date(2020, 10, 5), proration=ProrationProfile(method=Proration.WHOLE_CYCLE)), "started cycle in full", "1 * 31"),
    (replace(STARTED, cycle_months=6, proration=ProrationProfile(method=Proration.DAYS_OF_MONTH)), "pro rata, 12 of 186 days (B2)", "12 * 31 / 186"),
    (line(cycle_months=3, end=date(2020, 12, 9), proration=ProrationProfile(method=Proration.DAYS_OF_MONTH)), "one of 3 months", "1 * 31 / 3"),
    (replace(STARTED, proration=ProrationProfile(day_price_digits=4)), "pro rata, 12 of 31 days (B2), price of one rounded to 4 decimals", "12 * 1.0000"),
    (replace(STARTED, proration=ProrationProfile(is_unit_rounded=True)), "pro rata, 12 of 31 days (B2), price of each piece rounded", "1 * 12.00"),
    (line(kind=LineKind.ONE_OFF), "one-off", "1 * 31"),
    (replace(STARTED, discounts=(percent("10"),)), "pro rata, 12 of 31 days (B2)", "(12 * 31 / 31) * (100 - 10) / 100"),
    (replace(STARTED, discounts=(amount("6.2"),)), "pro rata, 12 of 31 days (B2)", "max(12 * 31 / 31 - 6.2 * 12 / 31, 0)"),
    (line(discounts=(amount("5"), percent("10"))), "whole cycle (B1)", "max((1 * 31) * (100 - 10) / 100 - 5, 0)"),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "rule", "formula"), RULES)
def test_a_charge_says_why(subject: TermLine, rule: str, formula: str) -> None:
    charge = owed(subject)[0]
    assert (charge.cause.rule, charge.cause.formula) == (rule, formula)
    assert charge.cause.facts[0] == ("price_from", "2019-01-01")
    assert (charge.step, charge.revision, charge.corrects, charge.taxes) == (0, 0, None, ())


def test_pieces_are_rounded_before_they_are_counted() -> None:
    forty = replace(STARTED, prices=(price("129.95"),), quantities=(quantity(40),))
    assert owed(forty)[0].amount_minor == 201213
    (charge,) = owed(replace(forty, proration=ProrationProfile(is_unit_rounded=True)))
    assert (charge.amount_minor, charge.quantity, charge.unit, charge.unit_price) == (
        201200,
        40,
        "C62",
        Decimal("50.30"),
    )
    (whole,) = owed(line("129.955", proration=ProrationProfile(is_unit_rounded=True, day_price_digits=2)))
    assert (whole.amount_minor, whole.unit_price, whole.unit) == (12996, Decimal("129.955"), "MON")


# --- borders of days -------------------------------------------------------------------------------------------------------


def test_the_through_date_is_not_charged() -> None:
    assert owed(line(), OCTOBER) == []
    assert spans(owed(line(), date(2020, 10, 2))) == [("2020-10-01/2020-11-01", 3100)]
    assert owed(line(kind=LineKind.ONE_OFF), OCTOBER) == []
    assert len(owed(line(kind=LineKind.ONE_OFF), date(2020, 10, 2))) == 1
    assert owed(STARTED, date(2020, 10, 20)) == []
    assert spans(owed(STARTED, date(2020, 10, 21))) == [("2020-10-20/2020-11-01", 1200)]


def test_an_end_on_a_border_of_cycles_leaves_no_empty_rest() -> None:
    assert spans(owed(line(end=NOVEMBER), date(2021, 1, 1))) == [("2020-10-01/2020-11-01", 3100)]
    assert spans(owed(line(end=NOVEMBER + timedelta(days=1)), date(2021, 1, 1)))[1:] == [("2020-11-01/2020-11-02", 103)]
    assert owed(line(end=OCTOBER)) == []
    assert spans(owed(line(end=date(2020, 10, 2)))) == [("2020-10-01/2020-10-02", 100)]


def test_an_arrears_line_that_ends_inside_waits_for_its_end() -> None:
    subject = line(timing=Timing.ARREARS, end=date(2020, 10, 11))
    assert owed(subject, date(2020, 10, 10)) == []
    assert spans(owed(subject, date(2020, 10, 11))) == [("2020-10-01/2020-10-11", 1000)]


COUNTS = [
    (DayCount.START, ("2020-10-05/2020-10-15", 1000)), (DayCount.END, ("2020-10-06/2020-10-16", 1000)),
    (DayCount.BOTH, ("2020-10-05/2020-10-16", 1100)), (DayCount.NEITHER, ("2020-10-06/2020-10-15", 900)),
]  # fmt: skip


@pytest.mark.parametrize(("count", "expected"), COUNTS)
def test_which_of_first_and_end_day_is_charged(count: DayCount, expected: tuple[str, int]) -> None:
    subject = line(start=date(2020, 10, 5), end=date(2020, 10, 15), proration=ProrationProfile(day_count=count))
    assert spans(owed(subject)) == [expected]
    once = replace(subject, kind=LineKind.ONE_OFF, end=None)
    assert str(owed(once)[0].period) == "2020-10-05/2020-10-06"


def test_an_open_line_has_no_end_to_shift() -> None:
    subject = line(start=date(2020, 10, 5), proration=ProrationProfile(day_count=DayCount.BOTH))
    assert spans(owed(subject)) == [("2020-10-05/2020-11-01", 2700)]


CHANGES = [
    {"prices": (price("31", end=date(2020, 10, 11)), price("62", date(2020, 10, 11)))},
    {"quantities": (quantity(1, end=date(2020, 10, 11)), quantity(2, date(2020, 10, 11)))},
    {"prices": (price("62", date(2020, 10, 11)), price("31", end=date(2020, 10, 11)))},
    {"quantities": (quantity(2, date(2020, 10, 11)), quantity(1, end=date(2020, 10, 11)))},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_a_change_inside_cuts_the_period(changes: dict[str, object]) -> None:
    assert spans(owed(line(**changes))) == [("2020-10-01/2020-10-11", 1000), ("2020-10-11/2020-11-01", 4200)]


def test_a_change_that_was_taken_back_on_its_own_day_costs_no_cent() -> None:
    june, second, july = date(2022, 6, 1), date(2022, 6, 2), date(2022, 7, 1)
    as_agreed = line("0.45", start=june)
    books = Books()
    books.run(as_agreed, july)
    # Twice as many from 2 June, and once more as many as before, noted before any run: two rows say the same.
    changed = replace(as_agreed, quantities=(quantity(1, end=second), quantity(1, second)))
    # Cut at 2 June it would be 0.02 and 0.44.
    assert spans(owed(changed, july)) == [("2022-06-01/2022-07-01", 45)]
    assert books.run(changed, july) == []


@pytest.mark.parametrize("day", [OCTOBER, NOVEMBER])
def test_a_change_on_a_border_does_not_cut(day: date) -> None:
    subject = line(
        prices=(price("31", end=day), price("31", day)), quantities=(quantity(1, end=day), quantity(1, day)),
        discounts=(percent("10", end=day), percent("10", day)),
    )  # fmt: skip
    assert spans(owed(subject)) == [("2020-10-01/2020-11-01", 2790)]


def test_a_discount_holds_from_its_first_day_to_before_its_end() -> None:
    subject = line(discounts=(percent("50", date(2020, 10, 11), date(2020, 10, 21)),))
    assert spans(owed(subject)) == [
        ("2020-10-01/2020-10-11", 1000), ("2020-10-11/2020-10-21", 500), ("2020-10-21/2020-11-01", 1100),
    ]  # fmt: skip
    assert owed(subject)[0].allowances == owed(subject)[2].allowances == ()
    assert [(a.reason, a.amount_minor) for a in owed(subject)[1].allowances] == [("Term 50 %", 500)]


def test_an_amount_is_off_each_cycle_and_its_share_off_a_part() -> None:
    subject = line(start=date(2020, 10, 22), discounts=(amount("15.50"),))
    assert [(c.amount_minor, c.allowances[0].amount_minor) for c in owed(subject, date(2020, 11, 2))] == [
        (500, 500),
        (1550, 1550),
    ]
    rounded_day = replace(subject, proration=ProrationProfile(day_price_digits=2))
    assert [(c.amount_minor, c.allowances[0].amount_minor) for c in owed(rounded_day)] == [(500, 500)]


def test_discounts_of_one_kind_apply_oldest_first_then_by_name() -> None:
    first, second = percent("10", date(2019, 1, 1), reason="B"), percent("20", date(2019, 2, 1), reason="A")
    other = percent("50", date(2019, 2, 1), reason="0")
    charge = owed(line("100", discounts=(second, other, amount("1"), first)))[0]
    assert [(a.reason, a.amount_minor) for a in charge.allowances] == [
        ("B 10 %", 1000), ("0 50 %", 4500), ("A 20 %", 900), ("Welcome", 100),
    ]  # fmt: skip


def test_no_price_before_its_first_day_and_no_quantity_after_its_last() -> None:
    with pytest.raises(ContradictoryTerms, match="line 1 has no price on 2020-10-01"):
        owed(line(prices=(price("1", date(2020, 10, 2)),)))
    with pytest.raises(ContradictoryTerms, match="line 1 has no quantity on 2020-10-01"):
        owed(line(quantities=(quantity(1, end=OCTOBER),)))


ROUNDINGS = [
    ("0.125", Rounding.HALF_UP, 13, ()), ("0.125", Rounding.HALF_EVEN, 12, (("Rounding", 1),)),
    ("0.135", Rounding.HALF_EVEN, 14, ()), ("0.139", Rounding.DOWN, 13, (("Rounding", 1),)), ("0.131", Rounding.DOWN, 13, ()),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "rounding", "minor", "explained"), ROUNDINGS)
def test_another_rounding_is_explained_by_an_allowance(
    unit: str, rounding: Rounding, minor: int, explained: tuple[tuple[str, int], ...]
) -> None:
    (charge,) = owed(line(unit, proration=ProrationProfile(rounding=rounding)))
    assert (charge.amount_minor, tuple((a.reason, a.amount_minor) for a in charge.allowances)) == (minor, explained)


def test_suspended_days_cut_a_whole_cycle_and_may_fill_it() -> None:
    off = Suspension(date(2020, 10, 11), date(2020, 10, 21))
    assert spans(owed(line(suspensions=(off,)))) == [("2020-10-01/2020-10-11", 1000), ("2020-10-21/2020-11-01", 1100)]
    assert owed(line(suspensions=(Suspension(OCTOBER, None),))) == []
    assert spans(owed(line(suspensions=(Suspension(date(2020, 9, 1), OCTOBER), Suspension(NOVEMBER, None))))) == [
        ("2020-10-01/2020-11-01", 3100)
    ]


def test_months_of_a_quarter_stand_apart_where_a_price_changes_inside_it() -> None:
    changed = (price("93", end=date(2020, 10, 11)), price("186", date(2020, 10, 11)))
    subject = line(cycle_months=3, prices=changed, proration=ProrationProfile(method=Proration.DAYS_OF_MONTH))
    assert spans(owed(subject)) == [
        ("2020-10-01/2020-10-11", 1000), ("2020-10-11/2020-11-01", 4200), ("2020-11-01/2020-12-01", 6200),
        ("2020-12-01/2021-01-01", 6200),
    ]  # fmt: skip


# --- anchors ---------------------------------------------------------------------------------------------------------------

ANCHORS = [  # start, anchor, cycle, through → last two periods
    (date(2019, 12, 31), date(2019, 12, 31), 1, date(2020, 3, 1), ["2020-01-31/2020-02-29", "2020-02-29/2020-03-31"]),
    (date(2020, 11, 30), date(2020, 11, 30), 3, date(2021, 6, 1), ["2021-02-28/2021-05-30", "2021-05-30/2021-08-30"]),
    (date(2020, 2, 29), date(2020, 2, 29), 12, date(2024, 3, 1), ["2023-02-28/2024-02-29", "2024-02-29/2025-02-28"]),
    (date(2020, 8, 31), date(2020, 8, 31), 6, date(2021, 3, 1), ["2020-08-31/2021-02-28", "2021-02-28/2021-08-31"]),
    (date(2020, 10, 20), date(2020, 1, 15), 6, date(2021, 1, 16), ["2020-10-20/2021-01-15", "2021-01-15/2021-07-15"]),
    (date(2020, 10, 20), date(2020, 12, 15), 1, date(2020, 11, 16), ["2020-10-20/2020-11-15", "2020-11-15/2020-12-15"]),
    (date(2020, 10, 20), None, 3, date(2020, 11, 2), ["2020-10-20/2020-11-01", "2020-11-01/2021-02-01"]),
]  # fmt: skip


@pytest.mark.parametrize(("start", "anchor", "months", "through", "expected"), ANCHORS)
def test_cycles_from_their_anchor(
    start: date, anchor: date | None, months: int, through: date, expected: list[str]
) -> None:
    charges = owed(line(start=start, anchor_on=anchor, cycle_months=months), through)
    assert [str(c.period) for c in charges[-2:]] == expected
    assert {c.unit for c in charges[-1:]} == {CYCLE_UNITS[months]}


def test_hours_end_at_the_instant_and_need_no_start() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    profile = ProrationProfile(method=Proration.HOURS)
    subject = line(end=date(2020, 10, 3), ended_at=datetime(2020, 10, 2, 0, 30, tzinfo=zone), proration=profile)
    (charge,) = owed(subject)
    # October has 745 hours: the clock is put back on the 25th.
    assert (charge.quantity, charge.unit, charge.price_base_quantity) == (25, "HUR", 745)
    late = replace(subject, end=None, ended_at=None, started_at=datetime(2020, 10, 1, 0, 0, 1, tzinfo=zone))
    assert owed(late)[0].unit == "MON"
    later = replace(late, started_at=datetime(2020, 10, 1, 1, 0, tzinfo=zone))
    assert (owed(later)[0].quantity, owed(later)[0].unit) == (744, "HUR")
    assert owed(replace(subject, started_at=datetime(2020, 10, 5, tzinfo=zone)))[0].quantity == 0


def test_a_quarter_in_hours_started_inside_a_month_is_a_share_of_its_months() -> None:
    profile = ProrationProfile(method=Proration.HOURS)
    (charge,) = owed(line(start=date(2020, 10, 20), cycle_months=3, proration=profile), date(2020, 10, 31))
    assert (charge.quantity, charge.price_base_quantity) == (288, 744 * 3)


# --- what is taken back ----------------------------------------------------------------------------------------------------


def test_an_end_inside_an_amended_month_takes_back_its_own_days() -> None:
    books = Books()
    subject = line(discounts=(percent("10"),))
    books.run(subject, NOVEMBER)
    (back,) = books.run(replace(subject, end=date(2020, 10, 11)), NOVEMBER)
    assert (str(back.period), back.quantity, back.unit, back.price_base_quantity, back.amount_minor) == (
        "2020-10-11/2020-11-01", -21, "DAY", 31, -1890,
    )  # fmt: skip
    assert [(a.reason, a.amount_minor) for a in back.allowances] == [("Term 10 %", -210)]
    assert (back.cause.rule, back.cause.formula) == ("taken back: no longer owed", "9.00 - 27.90")


def test_a_mirror_line_carries_the_allowances_with_the_other_sign() -> None:
    books = Books()
    subject = line(discounts=(percent("10"), amount("1")), quantities=(quantity(2),))
    books.run(subject, NOVEMBER)
    back, anew = books.run(replace(subject, quantities=(quantity(3),)), NOVEMBER)
    assert (back.quantity, back.unit, back.price_base_quantity, back.amount_minor) == (-2, "MON", 1, -5480)
    assert [(a.reason, a.amount_minor) for a in back.allowances] == [("Term 10 %", -620), ("Welcome", -100)]
    assert (back.revision, anew.revision, anew.amount_minor) == (0, 1, 8270)


def test_a_price_and_its_way_back_are_told_apart_by_revisions() -> None:
    books = Books()
    for amount_now in ("31", "62", "31", "62"):
        books.run(line(amount_now), NOVEMBER)
    revisions = [(c.charge.kind.value, c.charge.revision) for c in books.charged]
    assert revisions == [
        ("recurring", 0), ("reversal", 0), ("recurring", 1), ("reversal", 1), ("recurring", 2), ("reversal", 2), ("recurring", 3),
    ]  # fmt: skip
    assert books.total == owed_total(line("62"), NOVEMBER)


def test_a_credit_bounds_what_is_taken_back_and_goes_on_with_what_replaces_it() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 1000)
    back, anew = books.run(line("62"), NOVEMBER)
    assert (back.amount_minor, [(a.reason, a.amount_minor) for a in back.allowances]) == (
        -2100,
        [("Credited before", -1000)],
    )
    assert (anew.amount_minor, [(a.reason, a.amount_minor) for a in anew.allowances]) == (
        5200,
        [("Credited before", 1000)],
    )
    back, anew = books.run(line("5"), NOVEMBER)
    assert (back.amount_minor, anew.amount_minor) == (-5200, 0)
    assert anew.allowances[-1].amount_minor == 500
    assert books.run(line("5"), NOVEMBER) == []


def test_a_credited_charge_that_ends_earlier_is_taken_back_whole() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 100)
    back, anew = books.run(line("31", end=date(2020, 10, 11)), NOVEMBER)
    assert (str(back.period), back.amount_minor, str(anew.period), anew.amount_minor) == (
        "2020-10-01/2020-11-01", -3000, "2020-10-01/2020-10-11", 900,
    )  # fmt: skip


def test_a_profile_that_prices_no_days_takes_back_all_and_charges_anew() -> None:
    books = Books()
    subject = line(proration=ProrationProfile(method=Proration.THIRTY_360))
    books.run(subject, NOVEMBER)
    back, anew = books.run(replace(subject, end=date(2020, 10, 11)), NOVEMBER)
    assert (back.amount_minor, anew.amount_minor, anew.quantity, anew.price_base_quantity) == (-3100, 1033, 10, 30)


def test_an_earlier_end_twice_takes_back_twice() -> None:
    books = Books()
    books.run(line(), NOVEMBER)
    for end, minor in ((date(2020, 10, 21), -1100), (date(2020, 10, 11), -1000), (OCTOBER, -1000)):
        (back,) = books.run(line(end=end), NOVEMBER)
        assert (back.period.start, back.amount_minor, back.corrects) == (end, minor, 1)
    assert books.total == 0
    (again,) = books.run(line(), NOVEMBER)
    assert (again.revision, again.amount_minor) == (1, 3100)


# --- going on from where a line is settled ---------------------------------------------------------------------------------

SETTLED = [  # line, settled through, run through → what is new
    (line(), OCTOBER, date(2020, 10, 2), ["2020-10-01/2020-11-01"]),
    (line(), date(2020, 10, 2), NOVEMBER, []),
    (line(), date(2020, 10, 2), date(2020, 11, 2), ["2020-11-01/2020-12-01"]),
    (line(), date(2020, 10, 2), date(2020, 12, 2), ["2020-11-01/2020-12-01", "2020-12-01/2021-01-01"]),
    (line(timing=Timing.ARREARS), date(2020, 10, 31), NOVEMBER, ["2020-10-01/2020-11-01"]),
    (line(timing=Timing.ARREARS), NOVEMBER, NOVEMBER, []),
    (line(timing=Timing.ARREARS), NOVEMBER, date(2020, 12, 1), ["2020-11-01/2020-12-01"]),
    (line(timing=Timing.ARREARS, end=date(2020, 10, 11)), date(2020, 10, 11), NOVEMBER, []),
    (line(kind=LineKind.ONE_OFF), OCTOBER, NOVEMBER, ["2020-10-01/2020-10-02"]),
    (line(kind=LineKind.ONE_OFF), date(2020, 10, 2), NOVEMBER, []),
    (line(kind=LineKind.ONE_OFF), date(2020, 9, 1), NOVEMBER, ["2020-10-01/2020-10-02"]),
    (STARTED, date(2020, 10, 2), date(2020, 10, 21), ["2020-10-20/2020-11-01"]),
    (line(start=date(2020, 10, 20), anchor_on=date(2020, 1, 15)), date(2020, 3, 1), date(2020, 10, 21), ["2020-10-20/2020-11-15"]),
    (STARTED, date(2020, 10, 20), date(2020, 10, 21), ["2020-10-20/2020-11-01"]),
    (STARTED, date(2020, 10, 21), date(2020, 11, 2), ["2020-11-01/2020-12-01"]),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "settled", "through", "expected"), SETTLED)
def test_a_settled_line_goes_on_from_its_last_run(
    subject: TermLine, settled: date, through: date, expected: list[str]
) -> None:
    new = charges_unbilled(terms=terms(replace(subject, settled_until=settled)), charged={}, through=through)
    assert [str(charge.period) for charge in new] == expected
    books = Books()
    books.run(subject, settled)
    assert [str(charge.period) for charge in books.run(subject, through)] == expected


# --- faults that only a second look finds ----------------------------------------------------------------------------------


def test_a_part_rounded_down_after_a_discount_explains_both() -> None:
    cut_off = ProrationProfile(rounding=Rounding.DOWN)
    (plain,) = owed(replace(STARTED, prices=(price("129.95"),), proration=cut_off))
    assert (plain.amount_minor, plain.allowances) == (5030, ())
    (charge,) = owed(line("0.139", discounts=(percent("10"),), proration=cut_off))
    assert (charge.amount_minor, [(a.reason, a.amount_minor) for a in charge.allowances]) == (
        12, [("Term 10 %", 1), ("Rounding", 1)],
    )  # fmt: skip


def test_a_settled_line_does_not_hide_those_after_it() -> None:
    first = line(settled_until=date(2020, 10, 2))
    contract = replace(terms(first), lines=(first, line("62", line_id=2)))
    new = charges_unbilled(terms=contract, charged={}, through=date(2020, 10, 2))
    assert [(charge.line_id, charge.amount_minor) for charge in new] == [(2, 6200)]


RESTATED = [
    (line("31"), line("15.5", quantities=(quantity(2),))),
    (line(discounts=(amount("5", reason="A"),)), line(discounts=(amount("5", reason="B"),))),
    (line(discounts=(amount("5"),)), line(discounts=(amount("6"),))),
    (line("31", quantities=(quantity(2),)), line("62")),
]


@pytest.mark.parametrize(("before", "after"), RESTATED)
def test_another_price_quantity_or_reason_is_restated_even_at_the_same_amount(
    before: TermLine, after: TermLine
) -> None:
    books = Books()
    books.run(before, NOVEMBER)
    back, anew = books.run(after, NOVEMBER)
    assert (back.kind, back.amount_minor, str(back.period)) == (
        ChargeKind.REVERSAL, -owed_total(before, NOVEMBER), "2020-10-01/2020-11-01",
    )  # fmt: skip
    assert (anew.amount_minor, anew.quantity) == (owed_total(after, NOVEMBER), after.quantities[0].quantity)


@pytest.mark.parametrize(("credit", "expected"), [(1000, [6200, 5200]), (1, [6200, 6199])])
def test_a_credit_goes_on_in_its_own_month(credit: int, expected: list[int]) -> None:
    books, december = Books(), date(2020, 12, 1)
    books.run(line("31"), december)
    books.credit(2, credit)
    new = books.run(line("62"), december)
    assert [charge.amount_minor for charge in new if charge.corrects is None] == expected
    assert [len(charge.allowances) for charge in new if charge.corrects is None] == [0, 1]


def test_a_credit_is_used_up_part_by_part() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 1500)
    rise = (price("31", end=date(2020, 10, 11)), price("62", date(2020, 10, 11)))
    new = books.run(line(prices=rise), NOVEMBER)
    assert [charge.amount_minor for charge in new if charge.corrects is None] == [0, 3700]


def test_a_charge_that_carries_a_credit_is_taken_back_whole() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 1000)
    books.run(line("62"), NOVEMBER)
    back, anew = books.run(line("62", end=date(2020, 10, 11)), NOVEMBER)
    assert (str(back.period), back.amount_minor, anew.amount_minor) == ("2020-10-01/2020-11-01", -5200, 1000)


def test_days_in_the_middle_are_no_beginning() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    off = (Suspension(OCTOBER, date(2020, 10, 11)),)
    back, anew = books.run(line("31", suspensions=off, end=date(2020, 10, 21)), NOVEMBER)
    assert (str(back.period), back.amount_minor) == ("2020-10-01/2020-11-01", -3100)
    assert (str(anew.period), anew.amount_minor) == ("2020-10-11/2020-10-21", 1000)


def test_a_whole_quarter_priced_by_months_is_one_charge() -> None:
    subject = line("93", cycle_months=3, proration=ProrationProfile(method=Proration.DAYS_OF_MONTH))
    assert spans(owed(subject)) == [("2020-10-01/2021-01-01", 9300)]
