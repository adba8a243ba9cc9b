"""The rule that lets every run converge: its four properties, its arithmetic, its corrections."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.charges import Charge, ChargeKind, ContradictoryTerms, charges_owed, charges_unbilled
from rackbill.core.money import minor_digits, round_half_up
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
from tests.core.stories import Books, amendments, currencies, days, lines, owed_total, terms


def line(**changes: object) -> TermLine:
    plain = TermLine(
        line_id=1, kind=LineKind.RECURRING, start=date(2020, 1, 20), end=None,
        prices=(DatedPrice(date(2020, 1, 1), None, Decimal("129.95")),),
        quantities=(DatedQuantity(date(2020, 1, 1), None, Decimal(1)),),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def owed(subject: TermLine, through: date, currency: str = "EUR") -> list[Charge]:
    return charges_owed(terms=terms(subject, currency), through=through)


# --- the four properties ---------------------------------------------------------------------------------------------------


@given(lines(), days, currencies)
def test_a_second_run_gives_nothing(subject: TermLine, through: date, currency: str) -> None:
    books = Books(currency)
    books.run(subject, through)
    assert books.run(subject, through) == []


@given(lines(), days, days, currencies)
def test_two_steps_sum_to_one(subject: TermLine, first: date, second: date, currency: str) -> None:
    books = Books(currency)
    books.run(subject, min(first, second))
    books.run(subject, max(first, second))
    assert books.total == owed_total(subject, max(first, second), currency)


@given(lines(), days, days)
def test_an_end_set_later_brings_the_sum_to_what_is_owed(subject: TermLine, through: date, end: date) -> None:
    books = Books()
    books.run(subject, through)
    ended = replace(subject, end=end)
    books.run(ended, through)
    assert books.total == owed_total(ended, through)
    assert books.run(ended, through) == []


@given(
    lines(),
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from(["prices", "quantities", "discounts"]),
    currencies,
)
def test_a_row_that_repeats_the_one_before_it_changes_nothing(
    subject: TermLine, later: int, much_later: int, what: str, currency: str
) -> None:
    subject = replace(subject, discounts=subject.discounts[:1], suspensions=(), billed_from=None)
    day = subject.start + timedelta(days=later)
    through = day + timedelta(days=much_later)
    repeated = replace(subject, **{what: tuple(row for one in getattr(subject, what) for row in split(one, day))})
    books = Books(currency)
    books.run(subject, through)
    assert books.run(repeated, through) == []
    assert owed_total(repeated, through, currency) == owed_total(subject, through, currency)


def split(row: DatedPrice | DatedQuantity | Discount, day: date) -> list[DatedPrice | DatedQuantity | Discount]:
    if row.valid_from < day and (row.valid_until is None or day < row.valid_until):
        return [replace(row, valid_until=day), replace(row, valid_from=day)]
    return [row]


@given(lines(), days)
def test_periods_leave_no_gap_and_no_overlap(subject: TermLine, through: date) -> None:
    subject = replace(subject, suspensions=(), proration=replace(subject.proration, day_count=DayCount.START))
    charges = [c for c in owed(subject, through) if c.kind is ChargeKind.RECURRING]
    for before, after in zip(charges, charges[1:], strict=False):
        assert before.period.end == after.period.start
    if charges:
        assert charges[0].period.start == subject.charged_from
        if subject.end is not None:
            assert charges[-1].period.end <= subject.end
        if subject.timing is Timing.ADVANCE and (subject.end is None or subject.end > through):
            assert charges[-1].period.end >= through


@given(st.data(), lines(), currencies)
def test_a_whole_life_of_amendments_converges(data: st.DataObject, subject: TermLine, currency: str) -> None:
    books = Books(currency)
    through = data.draw(days)
    for _ in range(data.draw(st.integers(1, 5))):
        books.run(subject, through)
        assert books.total == owed_total(subject, through, currency)
        assert books.run(subject, through) == []
        subject = data.draw(amendments(subject))
        through = max(through, data.draw(days))
    books.run(subject, through)
    assert books.total == owed_total(subject, through, currency)


@given(st.data(), lines())
def test_a_life_with_credits_converges_and_never_gives_back_more_than_was_charged(
    data: st.DataObject, subject: TermLine
) -> None:
    books, through, credited = Books(), data.draw(days), 0
    for _ in range(data.draw(st.integers(1, 5))):
        books.run(subject, through)
        assert books.run(subject, through) == []
        owed_now = owed_total(subject, through)
        assert max(owed_now - credited, 0) <= books.total <= owed_now
        if books.charged and data.draw(st.booleans()):
            before = books.total
            books.credit(data.draw(st.integers(1, len(books.charged))), data.draw(st.integers(1, 20_000)))
            credited += before - books.total
            assert books.run(subject, through) == []
        subject = data.draw(amendments(subject))
        through = max(through, data.draw(days))


@given(lines(), days, days)
def test_the_settled_path_equals_the_full_one(subject: TermLine, first: date, second: date) -> None:
    books = Books()
    earlier, later = sorted((first, second))
    books.run(subject, earlier)
    settled = replace(subject, settled_until=earlier)
    fast = charges_unbilled(terms=terms(settled), charged={}, through=later)
    full = charges_unbilled(terms=terms(subject), charged={1: books.charged}, through=later)
    assert fast == full


@given(lines(), days, currencies)
def test_line_arithmetic(subject: TermLine, through: date, currency: str) -> None:
    for charge in owed(subject, through, currency):
        gross = (charge.quantity * charge.unit_price / charge.price_base_quantity).scaleb(minor_digits(currency))
        assert round_half_up(gross) - charge.allowance_minor == charge.amount_minor
        assert charge.amount_minor >= 0
        assert charge.unit_price >= 0
        assert charge.allowance_minor >= 0


# --- cases on paper --------------------------------------------------------------------------------------------------------


def test_pro_rata_then_whole_months() -> None:
    charges = owed(line(), date(2020, 3, 1))
    assert [
        (c.period.start, c.period.end, c.quantity, c.unit, c.price_base_quantity, c.amount_minor) for c in charges
    ] == [
        (date(2020, 1, 20), date(2020, 2, 1), 12, "DAY", 31, 5030),
        (date(2020, 2, 1), date(2020, 3, 1), 1, "MON", 1, 12995),
    ]
    assert charges[0].cause.formula == "12 * 129.95 / 31"


def test_the_days_before_a_yearly_cycle_are_a_share_of_the_year() -> None:
    first, year = owed(line(cycle_months=12), date(2020, 2, 2))
    assert (first.quantity, first.price_base_quantity, first.amount_minor) == (12, 31 * 12, 419)
    assert (year.period.end, year.unit, year.amount_minor) == (date(2021, 2, 1), "ANN", 12995)


def test_arrears_wait_for_the_end_of_the_period() -> None:
    subject = line(timing=Timing.ARREARS)
    assert [c.period.end for c in owed(subject, date(2020, 2, 29))] == [date(2020, 2, 1)]
    assert [c.period.end for c in owed(subject, date(2020, 3, 1))] == [date(2020, 2, 1), date(2020, 3, 1)]


def test_arrears_have_ended_on_the_day_of_the_run_however_far_ahead_it_bills() -> None:
    # The invoice of 1 February bills February in advance (B5); what is charged in arrears (B6) ends with January.
    def run(subject: TermLine) -> list[str]:
        due = charges_unbilled(
            terms=terms(subject), charged={}, through=date(2020, 3, 1), ended_by=date(2020, 2, 1)
        )  # fmt: skip
        return [str(c.period) for c in due]

    assert run(line()) == ["2020-01-20/2020-02-01", "2020-02-01/2020-03-01"]
    assert run(line(timing=Timing.ARREARS)) == ["2020-01-20/2020-02-01"]


def test_advance_is_charged_when_its_period_begins_before_the_through_date() -> None:
    assert [c.period.start for c in owed(line(), date(2020, 2, 1))] == [date(2020, 1, 20)]
    assert [c.period.start for c in owed(line(), date(2020, 2, 2))][-1] == date(2020, 2, 1)


def test_after_the_boundary_cycles_go_on_from_there() -> None:
    subject = line(start=date(2019, 3, 15), cycle_months=12, billed_from=date(2020, 3, 1))
    assert [str(c.period) for c in owed(subject, date(2020, 10, 1))] == ["2020-03-01/2021-03-01"]


@pytest.mark.parametrize("missing", ["price", "quantity"])
def test_a_single_price_or_quantity_that_ends_inside_a_period_is_not_charged_beyond(missing: str) -> None:
    # Found by a story: 62.00 until 15 January was charged for the whole of January.
    start, end = date(2020, 1, 1), date(2020, 1, 15)
    subject = line(
        start=start,
        prices=(DatedPrice(start, end if missing == "price" else None, Decimal(62)),),
        quantities=(DatedQuantity(start, end if missing == "quantity" else None, Decimal(1)),),
    )  # fmt: skip
    with pytest.raises(ContradictoryTerms, match=f"no {missing} on 2020-01-15"):
        owed(subject, date(2020, 2, 1))
    assert [c.amount_minor for c in owed(replace(subject, end=end), date(2020, 2, 1))] == [2800]


@pytest.mark.parametrize(
    ("rounding", "amount_minor", "allowances"),
    [(Rounding.HALF_UP, 4839, []), (Rounding.DOWN, 4838, [("Rounding", 1)]), (Rounding.HALF_EVEN, 4839, [])],
)
def test_another_rounding_is_seen_on_the_line(rounding: Rounding, amount_minor: int, allowances: list[object]) -> None:
    # 15 of 31 days at 100.00 = 48.387…; quantity x price - allowances is the net amount in every profile (BT-131).
    subject = line(
        start=date(2020, 3, 17), prices=(DatedPrice(date(2020, 1, 1), None, Decimal(100)),),
        proration=ProrationProfile(rounding=rounding),
    )  # fmt: skip
    (charge,) = owed(subject, date(2020, 4, 1))
    assert charge.amount_minor == amount_minor
    assert [(a.reason, a.amount_minor) for a in charge.allowances] == allowances


def test_a_price_change_inside_a_period_cuts_it() -> None:
    subject = line(
        start=date(2020, 1, 1),
        prices=(
            DatedPrice(date(2020, 1, 1), date(2020, 1, 11), Decimal(31)),
            DatedPrice(date(2020, 1, 11), None, Decimal(62)),
        ),
    )
    assert [c.amount_minor for c in owed(subject, date(2020, 2, 1))] == [1000, 4200]


def test_discounts_percent_first_then_amount_never_below_zero() -> None:
    subject = line(
        start=date(2020, 1, 1),
        discounts=(
            Discount(DiscountKind.AMOUNT, Decimal(20), "Welcome", date(2020, 1, 1), None),
            Discount(DiscountKind.PERCENT, Decimal(10), "Term", date(2020, 1, 1), None),
        ),
    )
    (charge,) = owed(subject, date(2020, 2, 1))
    assert [(a.reason, a.amount_minor) for a in charge.allowances] == [("Term 10 %", 1299), ("Welcome", 2000)]
    assert charge.amount_minor == 9696
    free = replace(subject, discounts=(Discount(DiscountKind.AMOUNT, Decimal(500), "All", date(2020, 1, 1), None),))
    assert owed(free, date(2020, 2, 1))[0].amount_minor == 0


FEBRUARY = {
    "start": date(2020, 2, 10),
    "end": date(2020, 2, 25),
    "prices": (DatedPrice(date(2020, 1, 1), None, Decimal(100)),),
}
SHARES = [  # 15 days of a February with 29, at 100.00 a month
    (ProrationProfile(), (15, "DAY", 29, 5172)),
    (ProrationProfile(method=Proration.DAYS_OF_MONTH), (15, "DAY", 29, 5172)),
    (ProrationProfile(method=Proration.THIRTY_360), (15, "DAY", 30, 5000)),
    (ProrationProfile(method=Proration.HOURS), (360, "HUR", 696, 5172)),
    (ProrationProfile(method=Proration.WHOLE_CYCLE), (1, "MON", 1, 10000)),
    (ProrationProfile(day_price_digits=2), (15, "DAY", 1, 5175)),
    (ProrationProfile(rounding=Rounding.DOWN), (15, "DAY", 29, 5172)),
]


@pytest.mark.parametrize(("profile", "expected"), SHARES)
def test_profiles_of_a_part_of_a_month(profile: ProrationProfile, expected: tuple[object, ...]) -> None:
    (charge,) = owed(line(**FEBRUARY, proration=profile), date(2020, 3, 1))
    assert (charge.quantity, charge.unit, charge.price_base_quantity, charge.amount_minor) == expected


def test_days_of_month_prices_each_month_of_a_quarter_by_itself() -> None:
    profile = ProrationProfile(method=Proration.DAYS_OF_MONTH)
    prices = (DatedPrice(date(2020, 1, 1), None, Decimal(300)),)
    subject = line(start=date(2020, 1, 1), end=date(2020, 2, 15), cycle_months=3, prices=prices, proration=profile)
    assert [(str(c.period), c.quantity, c.unit, c.amount_minor) for c in owed(subject, date(2020, 4, 1))] == [
        ("2020-01-01/2020-02-01", 1, "MON", 10000),
        ("2020-02-01/2020-02-15", 14, "DAY", 4828),
    ]
    whole = replace(subject, proration=ProrationProfile())
    assert [c.amount_minor for c in owed(whole, date(2020, 4, 1))] == [14835]


def test_an_anniversary_line_bills_from_its_own_day_and_comes_back_to_the_31st() -> None:
    subject = line(start=date(2020, 1, 31), anchor_on=date(2020, 1, 31))
    periods = [str(c.period) for c in owed(subject, date(2020, 4, 1))]
    assert periods == ["2020-01-31/2020-02-29", "2020-02-29/2020-03-31", "2020-03-31/2020-04-30"]
    assert {c.amount_minor for c in owed(subject, date(2020, 4, 1))} == {12995}


def test_an_anniversary_line_after_the_boundary_pays_the_rest_of_its_cycle() -> None:
    subject = line(start=date(2019, 3, 15), anchor_on=date(2019, 3, 15), billed_from=date(2020, 3, 1))
    first, second = owed(subject, date(2020, 4, 1))
    assert (str(first.period), first.quantity, first.price_base_quantity) == ("2020-03-01/2020-03-15", 14, 29)
    assert str(second.period) == "2020-03-15/2020-04-15"


def test_hours_count_from_the_instant_and_know_summer_time() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    profile = ProrationProfile(method=Proration.HOURS)
    subject = line(start=date(2020, 3, 28), started_at=datetime(2020, 3, 28, 13, 30, tzinfo=zone), proration=profile)
    first, april = owed(subject, date(2020, 4, 2))
    # 10.5 started hours of the 28th make 11, the 29th has 23, then two days.
    assert (first.quantity, first.unit, first.price_base_quantity) == (11 + 23 + 48, "HUR", 743)
    assert (april.quantity, april.unit) == (1, "MON")


def test_suspended_days_are_not_charged_and_come_back_with_the_reconnection() -> None:
    books = Books()
    subject = line(start=date(2020, 10, 1))
    books.run(subject, date(2020, 11, 1))
    off = replace(subject, suspensions=(Suspension(date(2020, 10, 11), date(2020, 10, 21)),))
    back, again = books.run(off, date(2020, 11, 1))
    assert (str(back.period), back.quantity, str(again.period), again.quantity) == (
        "2020-10-11/2020-11-01", -21, "2020-10-21/2020-11-01", 11,
    )  # fmt: skip
    assert books.total == owed_total(off, date(2020, 11, 1))


def test_a_credit_follows_the_charge_that_replaces_the_credited_one() -> None:
    books = Books()
    subject = line(start=date(2020, 10, 1))
    books.run(subject, date(2020, 11, 1))
    books.credit(1, 3000)
    cheaper = replace(subject, prices=(DatedPrice(date(2020, 1, 1), None, Decimal(100)),))
    back, anew = books.run(cheaper, date(2020, 11, 1))
    assert (back.amount_minor, anew.amount_minor, anew.cause.formula) == (-9995, 7000, "1 * 100 - 30.00")
    assert books.total == 7000
    assert books.run(cheaper, date(2020, 11, 1)) == []


def test_a_half_goes_away_from_zero_once() -> None:
    cheap = line(start=date(2020, 1, 1), prices=(DatedPrice(date(2020, 1, 1), None, Decimal("0.125")),))
    assert owed(cheap, date(2020, 2, 1))[0].amount_minor == 13
    assert owed(cheap, date(2020, 2, 1), "JPY")[0].amount_minor == 0


def test_a_one_off_is_charged_once() -> None:
    subject = line(kind=LineKind.ONE_OFF, start=date(2020, 1, 31))
    (charge,) = owed(subject, date(2020, 6, 1))
    assert (charge.kind, charge.unit, charge.period.day_count) == (ChargeKind.ONE_OFF, "C62", 1)
    assert owed(replace(subject, billed_from=date(2020, 2, 1)), date(2020, 6, 1)) == []


def test_an_earlier_end_takes_back_only_the_last_days() -> None:
    books = Books()
    subject = line(start=date(2020, 10, 1))
    books.run(subject, date(2020, 11, 1))
    (back,) = books.run(replace(subject, end=date(2020, 10, 15)), date(2020, 11, 1))
    assert (back.kind, str(back.period), back.quantity, back.price_base_quantity) == (
        ChargeKind.REVERSAL, "2020-10-15/2020-11-01", -17, 31,
    )  # fmt: skip
    assert (back.amount_minor, back.corrects) == (-7126, 1)


def test_a_corrected_price_is_a_mirror_line_and_a_new_one() -> None:
    books = Books()
    subject = line(start=date(2020, 10, 1))
    books.run(subject, date(2020, 11, 1))
    dearer = replace(subject, prices=(DatedPrice(date(2020, 1, 1), None, Decimal("139.95")),))
    back, anew = books.run(dearer, date(2020, 11, 1))
    assert (back.quantity, back.unit, back.amount_minor, back.revision) == (-1, "MON", -12995, 0)
    assert (anew.amount_minor, anew.revision, str(anew.period)) == (13995, 1, str(back.period))


def test_a_removed_end_charges_the_days_again_as_a_revision() -> None:
    books = Books()
    subject = line(start=date(2020, 10, 1))
    for end in (None, date(2020, 10, 15), None, date(2020, 10, 20)):
        books.run(replace(subject, end=end), date(2020, 11, 1))
    assert books.total == owed_total(replace(subject, end=date(2020, 10, 20)), date(2020, 11, 1))


def test_a_day_without_a_price_is_a_contradiction() -> None:
    gap = line(prices=(DatedPrice(date(2020, 1, 1), date(2020, 2, 1), Decimal(1)),))
    with pytest.raises(ContradictoryTerms, match="no price on 2020-02-01"):
        owed(gap, date(2020, 3, 1))


@given(lines(), days)
def test_an_end_before_the_first_day_owes_nothing(subject: TermLine, through: date) -> None:
    # Where the end day itself is charged, a line that ended on its first day owes that day.
    is_end_charged = subject.proration.day_count in (DayCount.END, DayCount.BOTH)
    end = subject.charged_from - timedelta(days=int(is_end_charged))
    assert owed(replace(subject, end=end), through) == []
    assert owed(subject, subject.start - timedelta(days=1)) == []
