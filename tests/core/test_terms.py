"""What was agreed: terms, notice, undoing, the yearly rise, and lines that check themselves."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.periods import add_months
from rackbill.core.terms import (
    DatedPrice,
    DatedQuantity,
    LineKind,
    NoticeRule,
    TermLine,
    cancellation_end,
    indexed_price,
    notice_rule,
    term_end,
    undo_until,
)

ZONE = ZoneInfo("Europe/Amsterdam")
START = date(2020, 9, 15)
MONTH = (NoticeRule(longest_term_months=3, notice_hours=1), NoticeRule(longest_term_months=1200, notice_months=1))
starts = st.dates(date(2015, 1, 1), date(2025, 12, 31))
lengths = st.sampled_from([1, 3, 6, 12, 24, 36])


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZONE)  # type: ignore[misc, arg-type]


def end(term: int, given_at: datetime, rules: tuple[NoticeRule, ...] = MONTH, start: date = START) -> date:
    return cancellation_end(start=start, term_months=term, given_at=given_at, zone=ZONE, rules=rules)


TERMS = [
    (START, 1, START, date(2020, 10, 15)), (START, 1, date(2020, 10, 14), date(2020, 10, 15)),
    (START, 1, date(2020, 10, 15), date(2020, 11, 15)), (START, 36, date(2023, 9, 15), date(2026, 9, 15)),
    (date(2020, 1, 31), 1, date(2020, 2, 28), date(2020, 2, 29)), (date(2020, 1, 31), 1, date(2020, 2, 29), date(2020, 3, 31)),
    (date(2020, 2, 29), 12, date(2021, 2, 28), date(2022, 2, 28)), (date(2020, 8, 31), 6, date(2021, 2, 28), date(2021, 8, 31)),
]  # fmt: skip


@pytest.mark.parametrize(("start", "months", "day", "expected"), TERMS)
def test_the_end_of_the_term_that_runs_on_a_day(start: date, months: int, day: date, expected: date) -> None:
    assert term_end(start, months, day) == expected


@given(starts, lengths, st.integers(0, 4000))
def test_a_term_end_is_the_first_renewal_after_the_day(start: date, months: int, later: int) -> None:
    day = date.fromordinal(start.toordinal() + later)
    n = 1
    while add_months(start, n * months) <= day:
        n += 1
    assert term_end(start, months, day) == add_months(start, n * months)


NOTICES = [
    (1, at(2020, 10, 14, 23, 0), date(2020, 10, 15)), (1, at(2020, 10, 14, 23, 0, 1), date(2020, 11, 15)),
    (6, at(2021, 2, 15), date(2021, 3, 15)), (6, at(2021, 2, 15, 0, 0, 1), date(2021, 9, 15)),
    (12, at(2020, 9, 1), date(2021, 9, 15)),
]  # fmt: skip


@pytest.mark.parametrize(("term", "given_at", "expected"), NOTICES)
def test_a_contract_ends_with_the_term_the_notice_still_reaches(term: int, given_at: datetime, expected: date) -> None:
    assert end(term, given_at) == expected


def test_an_instant_is_read_in_the_organisations_zone() -> None:
    utc = datetime(2020, 10, 14, 21, 30, tzinfo=ZoneInfo("UTC"))  # 23:30 in Amsterdam
    assert end(1, utc) == date(2020, 11, 15)


def test_a_renewal_that_does_not_bind() -> None:
    free = (NoticeRule(longest_term_months=1200, notice_months=1, is_renewal_binding=False),)
    assert end(12, at(2020, 10, 1), free) == date(2021, 9, 15)
    assert end(12, at(2021, 8, 15), free) == date(2021, 9, 15)
    assert end(12, at(2021, 8, 16), free) == date(2021, 9, 16)
    assert end(12, at(2022, 5, 1, 0, 1), free) == date(2022, 6, 2)


@given(starts, lengths, st.integers(-30, 4000), st.integers(0, 3), st.integers(0, 72), st.booleans())
def test_no_end_is_before_its_notice_or_inside_a_binding_term(
    start: date, months: int, later: int, notice_months: int, hours: int, binding: bool
) -> None:
    day = date.fromordinal(start.toordinal() + later)
    given_at = datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)
    rule = NoticeRule(
        longest_term_months=36, notice_months=notice_months, notice_hours=hours, is_renewal_binding=binding
    )
    found = end(months, given_at, (rule,), start)
    assert found >= add_months(start, months)
    assert found > day
    last = add_months(found, -notice_months)
    assert (
        given_at.timestamp() <= datetime(last.year, last.month, last.day, tzinfo=ZONE).timestamp() - (hours - 1) * 3600
    )
    if binding:
        assert any(add_months(start, n * months) == found for n in range(1, 200))


def test_the_rule_with_the_shortest_reach_holds() -> None:
    rules = (MONTH[1], MONTH[0])
    assert (notice_rule(rules, 3), notice_rule(rules, 4)) == (MONTH[0], MONTH[1])
    with pytest.raises(ValueError, match="a term of 36 months"):
        notice_rule((MONTH[0],), 36)


def test_notice_in_words() -> None:
    words = [
        NoticeRule(longest_term_months=1, notice_months=m, notice_hours=h).words
        for m, h in ((0, 0), (1, 0), (0, 1), (2, 12))
    ]
    assert words == ["no notice", "1 month", "1 hour", "2 months and 12 hours"]


def test_until_when_a_cancellation_can_be_undone() -> None:
    rule = NoticeRule(longest_term_months=1, undo_hours=24)
    assert undo_until(end=date(2020, 10, 15), rule=rule, zone=ZONE) == at(2020, 10, 14)
    assert undo_until(end=date(2020, 10, 15), rule=NoticeRule(longest_term_months=1), zone=ZONE) == at(2020, 10, 15)


@pytest.mark.parametrize(
    ("cpi", "floor", "digits", "expected"),
    [("2.1", "5", 2, "104.99"), ("7.9", "5", 2, "107.89"), ("2.1", "5", 0, "105")],
)
def test_the_yearly_rise_is_the_higher_of_index_and_floor(cpi: str, floor: str, digits: int, expected: str) -> None:
    risen = indexed_price(Decimal("99.99"), cpi_percent=Decimal(cpi), floor_percent=Decimal(floor), digits=digits)
    assert risen == Decimal(expected)


def test_a_line_checks_itself() -> None:
    prices, quantities = (DatedPrice(START, None, Decimal(1)),), (DatedQuantity(START, None, Decimal(1)),)
    with pytest.raises(ValueError, match="1, 3, 6 or 12 months, not 2"):
        TermLine(
            line_id=7,
            kind=LineKind.RECURRING,
            start=START,
            end=None,
            prices=prices,
            quantities=quantities,
            cycle_months=2,
        )
    for p, q in (((), quantities), (prices, ())):
        with pytest.raises(ValueError, match="line 7 has no price or no quantity"):
            TermLine(line_id=7, kind=LineKind.RECURRING, start=START, end=None, prices=p, quantities=q)
