"""Shares of a cycle by each profile, in days, months and hours that can be counted on a calendar."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rackbill.core.charges import Allowance
from rackbill.core.charges.prorating import counted, month_cuts, printed_amount, rounded, share
from rackbill.core.periods import Period
from rackbill.core.terms import DayCount, LineKind, Proration, ProrationProfile, Rounding, TermLine
from tests.core.test_charging_cases import line

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONTH, QUARTER = "2020-10-01/2020-11-01", "2020-10-01/2021-01-01"
LATE = line(start=date(2020, 10, 20))
"""Its days of October come before its first whole cycle."""


def period(text: str) -> Period:
    start, end = text.split("/")
    return Period(date.fromisoformat(start), date.fromisoformat(end))


def by(method: Proration, subject: TermLine | None = None, **changes: object) -> TermLine:
    return replace(subject or line(), proration=ProrationProfile(method=method), **changes)  # type: ignore[arg-type]


CYCLE, OF_MONTH, OF_30 = Proration.DAYS_OF_CYCLE, Proration.DAYS_OF_MONTH, Proration.DAYS_OF_30
BOND, HOURS, WHOLE = Proration.THIRTY_360, Proration.HOURS, Proration.WHOLE_CYCLE
SHARES = [  # line, part, slot → count, unit, base, words
    (by(CYCLE), MONTH, MONTH, 1, "MON", 1, "whole cycle (B1)"),
    (by(CYCLE, cycle_months=3), QUARTER, QUARTER, 1, "QAN", 1, "whole cycle (B1)"),
    (by(CYCLE, cycle_months=3), "2020-10-11/2021-01-01", QUARTER, 82, "DAY", 92, "pro rata, 82 of 92 days (B2)"),
    (by(CYCLE, LATE), MONTH, MONTH, 31, "DAY", 31, "pro rata, 31 of 31 days (B2)"),
    (by(CYCLE, LATE, cycle_months=6), "2020-10-20/2020-11-01", MONTH, 12, "DAY", 186, "pro rata, 12 of 186 days (B2)"),
    (by(CYCLE, LATE, cycle_months=6, anchor_on=date(2020, 12, 1)), "2020-10-20/2020-12-01", "2020-06-01/2020-12-01",
     42, "DAY", 183, "pro rata, 42 of 183 days (B2)"),
    (by(OF_MONTH, cycle_months=3), "2020-11-10/2020-12-01", QUARTER, 21, "DAY", 90, "pro rata, 21 of 90 days (B2)"),
    (by(OF_MONTH, cycle_months=3), "2020-11-01/2020-12-01", QUARTER, 1, "MON", 3, "one of 3 months"),
    (by(OF_MONTH, cycle_months=3), "2020-12-01/2020-12-31", QUARTER, 30, "DAY", 93, "pro rata, 30 of 93 days (B2)"),
    (by(OF_MONTH, LATE), MONTH, MONTH, 31, "DAY", 31, "pro rata, 31 of 31 days (B2)"),
    (by(OF_MONTH), "2020-10-01/2020-10-11", MONTH, 10, "DAY", 31, "pro rata, 10 of 31 days (B2)"),
    (by(OF_30, cycle_months=3), "2020-10-11/2021-01-01", QUARTER, 82, "DAY", 90, "pro rata, 82 of 90 days (B2)"),
    (by(OF_30), "2020-10-01/2020-10-11", MONTH, 10, "DAY", 30, "pro rata, 10 of 30 days (B2)"),
    (by(BOND, cycle_months=12), "2020-12-31/2021-01-31", "2020-10-01/2021-10-01", 30, "DAY", 360,
     "pro rata, 30 of 360 days of 30/360 (B2)"),
    (by(BOND, cycle_months=3), "2021-02-28/2021-03-31", "2021-01-01/2021-04-01", 32, "DAY", 90,
     "pro rata, 32 of 90 days of 30/360 (B2)"),
    (by(BOND, cycle_months=12), "2020-01-30/2022-03-01", "2020-01-01/2021-01-01", 751, "DAY", 360,
     "pro rata, 751 of 360 days of 30/360 (B2)"),
    (by(HOURS), "2020-10-01/2020-10-02", MONTH, 24, "HUR", 744, "pro rata, 24 of 744 hours (B4)"),
    (by(HOURS, LATE, cycle_months=3), "2020-10-20/2020-11-01", MONTH, 288, "HUR", 2232, "pro rata, 288 of 2232 hours (B4)"),
    (by(HOURS, cycle_months=3), "2020-10-01/2020-10-02", QUARTER, 24, "HUR", 2208, "pro rata, 24 of 2208 hours (B4)"),
    (by(WHOLE, LATE, cycle_months=3), "2020-10-20/2020-11-01", MONTH, 1, "MON", 3, "started month in full"),
    (by(WHOLE, cycle_months=3), "2020-10-01/2020-10-05", QUARTER, 1, "QAN", 1, "started cycle in full"),
    (by(WHOLE, LATE, anchor_on=date(2020, 11, 1)), "2020-10-20/2020-11-01", MONTH, 1, "MON", 1, "started cycle in full"),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "part", "slot", "count", "unit", "base", "rule"), SHARES)
def test_the_share_of_a_cycle(
    subject: TermLine, part: str, slot: str, count: int, unit: str, base: int, rule: str
) -> None:
    found = share(subject, period(part), period(slot))
    assert (found.count, found.unit, found.base, found.rule) == (count, unit, base, rule)


def test_hours_are_those_of_the_zone_of_the_lines_own_instants() -> None:
    """The day on which the clock is put on has 23 hours in Amsterdam and 24 by UTC."""
    march, day = period("2020-03-01/2020-04-01"), period("2020-03-29/2020-03-30")
    early = datetime(2020, 1, 1, tzinfo=AMSTERDAM)
    for instants in ({"started_at": early}, {"ended_at": datetime(2021, 1, 1, tzinfo=AMSTERDAM)}):
        found = share(by(HOURS, **instants), day, march)
        assert (found.count, found.base) == (23, 743)
    for instants in ({}, {"started_at": datetime(2020, 1, 1, tzinfo=UTC)}):
        found = share(by(HOURS, **instants), day, march)
        assert (found.count, found.base) == (24, 744)


def test_an_offset_is_no_zone_so_days_are_those_of_utc() -> None:
    summer = timezone(timedelta(hours=2))
    begun = by(HOURS, started_at=datetime(2020, 10, 5, 1, tzinfo=summer))
    assert share(begun, period("2020-10-05/2020-10-06"), period(MONTH)).count == 24


STARTED_HOURS = [  # started, ended → hours of 5 October in Amsterdam
    (None, None, 24), ("2020-10-05T00:00:00", None, 24), ("2020-10-05T00:00:01", None, 24), ("2020-10-05T01:00:00", None, 23),
    (None, "2020-10-05T23:00:00", 23), (None, "2020-10-05T23:00:01", 24), ("2020-10-04T12:00:00", "2020-10-06T12:00:00", 24),
    ("2020-10-05T10:30:00", "2020-10-05T11:30:01", 2), ("2020-10-05T10:30:00", "2020-10-05T11:30:00", 1),
    ("2020-10-06T00:00:00", None, 0), ("2020-10-07T00:00:00", None, 0), (None, "2020-10-05T00:00:00", 0),
]  # fmt: skip


@pytest.mark.parametrize(("started", "ended", "hours"), STARTED_HOURS)
def test_started_hours_count_whole(started: str | None, ended: str | None, hours: int) -> None:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM) if text else None

    subject = by(HOURS, started_at=moment(started), ended_at=moment(ended))
    assert share(subject, period("2020-10-05/2020-10-06"), period(MONTH)).count == hours


def test_a_whole_month_by_the_hour_is_a_month_unless_an_hour_of_it_is_lost() -> None:
    late, end = datetime(2020, 10, 1, 1, tzinfo=AMSTERDAM), datetime(2020, 10, 31, 22, tzinfo=AMSTERDAM)
    month = period(MONTH)
    assert share(by(HOURS), month, month).unit == "MON"
    assert share(by(HOURS, started_at=late), month, month).count == 744
    assert share(by(HOURS, ended_at=end), month, month).count == 743
    assert share(by(CYCLE, started_at=late), month, month).unit == "MON"
    assert (
        share(by(HOURS, started_at=late), period("2020-11-01/2020-12-01"), period("2020-11-01/2020-12-01")).unit
        == "MON"
    )


def test_months_inside_the_active_days_are_cuts_for_the_profile_that_prices_each() -> None:
    def cuts(subject: TermLine, active: str) -> list[str]:
        return [day.isoformat() for day in month_cuts(subject, period(active), period(QUARTER))]

    subject = by(OF_MONTH, cycle_months=3)
    assert cuts(subject, QUARTER) == ["2020-11-01", "2020-12-01"]
    assert cuts(subject, "2020-11-01/2020-12-01") == []
    assert cuts(subject, "2020-10-31/2020-12-02") == ["2020-11-01", "2020-12-01"]
    assert cuts(subject, "2020-11-15/2021-01-01") == ["2020-12-01"]
    assert cuts(by(CYCLE, cycle_months=3), QUARTER) == []


@pytest.mark.parametrize(
    ("count", "start", "end"),
    [
        (DayCount.START, "2020-10-05", "2020-10-15"), (DayCount.END, "2020-10-06", "2020-10-16"),
        (DayCount.BOTH, "2020-10-05", "2020-10-16"), (DayCount.NEITHER, "2020-10-06", "2020-10-15"),
    ],
)  # fmt: skip
def test_the_days_of_a_line_as_its_profile_counts_them(count: DayCount, start: str, end: str) -> None:
    profile = ProrationProfile(day_count=count)
    subject = line(start=date(2020, 10, 5), end=date(2020, 10, 15), proration=profile)
    found = counted(subject)
    assert (found.start.isoformat(), str(found.end)) == (start, end)
    assert counted(replace(subject, end=None)).end is None
    once = replace(subject, kind=LineKind.ONE_OFF)
    assert counted(once) == once


ROUNDED = [  # value → half up, half even, down
    ("0.5", 1, 0, 0), ("1.5", 2, 2, 1), ("2.4", 2, 2, 2), ("2.6", 3, 3, 2), ("-0.5", -1, 0, 0), ("-1.6", -2, -2, -1), ("3", 3, 3, 3),
]  # fmt: skip


@pytest.mark.parametrize(("value", "up", "even", "down"), ROUNDED)
def test_an_amount_by_each_rounding_and_the_allowance_that_leads_there(
    value: str, up: int, even: int, down: int
) -> None:
    exact = Decimal(value)
    assert printed_amount(exact, Rounding.HALF_UP) == (up, ())
    for rounding, minor in ((Rounding.HALF_EVEN, even), (Rounding.DOWN, down)):
        assert rounded(exact, rounding) == minor
        off = (Allowance("Rounding", up - minor),) if up != minor else ()
        assert printed_amount(exact, rounding) == (minor, off)
