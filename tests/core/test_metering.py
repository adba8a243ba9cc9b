"""Measured quantities against paper cases (B36 to B42) and naive oracles."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.metering import (
    PROFILES,
    UNIT_CODES,
    Direction,
    Gaps,
    MeasuringRule,
    MeteringRefused,
    Method,
    MonthBy,
    PercentileProfile,
    billed_hours,
    carried_on,
    instants_of,
    measure,
    month_of,
    percentile,
    percentile_bytes,
    percentile_of_sums,
    rate_quantity,
    traffic_quantity,
)
from rackbill.core.periods import Period
from rackbill.core.samples import Flow, flow_of, joined

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MB = 1_000_000
counts = st.none() | st.integers(0, 2**33)
slot_pairs = st.lists(st.tuples(counts, counts), max_size=60)


def mbps(value: int) -> int:
    """Bytes of five minutes at a rate in Mbps."""
    return value * 37_500_000


def pair(rows: list[tuple[int | None, int | None]]) -> tuple[Flow, Flow]:
    return flow_of(i for i, _o in rows), flow_of(o for _i, o in rows)


def rule(method: Method, unit: str, profile: str = "") -> MeasuringRule:
    return MeasuringRule(method=method, unit=unit, profile=profile)


# --- paper cases ---------------------------------------------------------------------------------------------------------------


def test_86_megabytes_in_five_minutes_are_2_293_mbps() -> None:
    """B39, the worked example of the source."""
    assert rate_quantity(86 * MB) == Decimal("2.293333")
    assert rate_quantity(86 * MB).quantize(Decimal("0.001")) == Decimal("2.293")
    assert rate_quantity(mbps(1000), "Gbps") == 1
    assert rate_quantity(0) == 0


def test_a_month_of_30_days_drops_432_samples() -> None:
    """B38: 8,640 samples; the top 432 (36 hours) are dropped, the next highest is billed."""
    flow = flow_of([mbps(1000)] * 432 + [mbps(40)] + [mbps(1)] * (8640 - 433))
    assert len(flow) == 8640
    assert percentile_bytes(flow, percent=95, gaps=Gaps.LEFT_OUT) == mbps(40)
    one_more = flow_of([mbps(1000)] * 433 + [mbps(1)] * (8640 - 433))
    assert percentile_bytes(one_more, percent=95, gaps=Gaps.LEFT_OUT) == mbps(1000)


@pytest.mark.parametrize(
    ("count", "percent", "dropped"),
    [(20, 95, 1), (19, 95, 0), (39, 95, 1), (40, 95, 2), (8928, 95, 446), (10, 90, 1), (9, 90, 0)],
)
def test_the_number_dropped_is_rounded_down(count: int, percent: int, dropped: int) -> None:
    assert percentile_bytes(flow_of(range(count)), percent=percent, gaps=Gaps.LEFT_OUT) == count - 1 - dropped


def test_missing_samples_are_left_out_or_zero() -> None:
    flow = flow_of([None] * 20 + list(range(1, 21)))
    assert percentile_bytes(flow, percent=95, gaps=Gaps.LEFT_OUT) == 19
    assert percentile_bytes(flow, percent=95, gaps=Gaps.ZERO) == 18
    nothing = flow_of([None] * 40)
    assert {percentile_bytes(nothing, percent=95, gaps=gaps) for gaps in Gaps} == {0}
    assert percentile_bytes(flow_of([None] * 39 + [8]), percent=95, gaps=Gaps.ZERO) == 0
    assert percentile_bytes(flow_of([None] * 19 + [8]), percent=95, gaps=Gaps.ZERO) == 0
    assert percentile_bytes(flow_of([None] * 18 + [8]), percent=95, gaps=Gaps.ZERO) == 8


# Twenty slots, one is dropped. In: 19 x 10 and a 100; out: 18 x 4, a 50, a 60.
IN_OUT = pair([(10, 4)] * 17 + [(100, 4), (10, 50), (10, 60)])


@pytest.mark.parametrize(
    ("profile", "billed"),
    [
        ("95TH", 50), ("95TH_IN", 10), ("95TH_OUT", 50), ("95TH_SUM", 70), ("95TH_MAX_OF_SAMPLES", 60), ("90TH", 10),
        ("95TH_GAPS_ZERO", 50),
    ],
)  # fmt: skip
def test_profiles(profile: str, billed: int) -> None:
    assert percentile(*IN_OUT, PROFILES[profile]) == billed


def test_every_profile_has_its_own_name() -> None:
    assert {profile.name for profile in PROFILES.values()} == set(PROFILES)
    assert PROFILES["95TH"] == PercentileProfile(
        name="95TH", percent=95, direction=Direction.MAX_OF_PERCENTILES, gaps=Gaps.LEFT_OUT
    )
    assert PROFILES["90TH"].percent == 90  # B42


def test_a_sample_of_one_direction_alone_is_none_of_both() -> None:
    flows = pair([(10, None), (None, 10), (3, 4)])
    assert percentile(*flows, PROFILES["95TH_SUM"]) == 7
    assert percentile(*flows, PROFILES["95TH_MAX_OF_SAMPLES"]) == 4
    assert percentile(*pair([(2**32 - 2, 2**32 - 2)]), PROFILES["95TH_SUM"]) == 2**33 - 4


def test_an_aggregated_percentile_is_the_sum_of_percentiles_or_the_percentile_of_sums() -> None:
    """B40: two servers with bursts at different times. Each 100 Mbps at its percentile; together never more than 110."""
    night = pair([(mbps(100), 0)] * 10 + [(mbps(10), 0)] * 10)
    day = pair([(mbps(10), 0)] * 10 + [(mbps(100), 0)] * 10)
    assert measure(rule(Method.PERCENTILE, "Mbps", "95TH"), [night, day]).quantity == 200
    assert measure(rule(Method.PERCENTILE_OF_SUMS, "Mbps", "95TH"), [night, day]).quantity == 110
    assert measure(rule(Method.PERCENTILE, "Gbps", "95TH"), [night, day]).quantity == Decimal("0.2")


def test_aggregated_traffic_is_the_sum_of_all_bytes_in_decimal_units() -> None:
    """B36, B40."""
    meters = [pair([(6 * 10**8, 10**8), (None, 10**8)]), pair([(10**8, None)])]
    taken = measure(rule(Method.TRAFFIC, "GB"), meters)
    assert (taken.quantity, taken.sample_count, taken.expected_count) == (Decimal("0.9"), 1, 3)
    assert measure(rule(Method.TRAFFIC, "TB"), meters).quantity == Decimal("0.0009")
    assert traffic_quantity(1_500_000_000, "GB") == Decimal("1.5")
    assert traffic_quantity(499, "GB") == 0
    assert traffic_quantity(500, "GB") == Decimal("0.000001")


def test_nothing_metered_is_zero() -> None:
    for one in (
        rule(Method.TRAFFIC, "GB"),
        rule(Method.PERCENTILE, "Mbps", "95TH"),
        rule(Method.PERCENTILE_OF_SUMS, "Mbps", "95TH"),
    ):
        assert measure(one, []).quantity == 0
    assert percentile_of_sums([], PROFILES["95TH"]) == 0


@pytest.mark.parametrize(
    ("method", "unit", "profile", "words"),
    [
        (Method.TRAFFIC, "Mbps", "", "traffic is not measured in 'Mbps'; give GB or TB"),
        (Method.PERCENTILE, "GB", "95TH", "give Mbps or Gbps"),
        (Method.PERCENTILE, "Mbps", "", "'' is no percentile profile; the profiles are 95TH"),
        (Method.PERCENTILE_OF_SUMS, "Mbps", "99TH", "'99TH' is no percentile profile"),
        (Method.TRAFFIC, "GB", "95TH", "takes no percentile profile"),
        (Method.HOURS, "unit", "", "give h"),
        (Method.HOURS, "h", "95TH", "takes no percentile profile"),
    ],
)
def test_refuses_rules_that_cannot_be(method: Method, unit: str, profile: str, words: str) -> None:
    with pytest.raises(MeteringRefused, match=words):
        rule(method, unit, profile)


def test_refuses_directions_of_different_length_and_hours_from_samples() -> None:
    with pytest.raises(MeteringRefused, match="2 samples in and 1 out"):
        measure(rule(Method.TRAFFIC, "GB"), [(flow_of([1, 2]), flow_of([1]))])
    with pytest.raises(MeteringRefused, match="between instants"):
        measure(rule(Method.HOURS, "h"), [])


def test_codes_and_stored_names_never_change() -> None:
    """UN/ECE recommendation 20; methods and months are stored with the rule of a line."""
    assert UNIT_CODES == {"GB": "E34", "TB": "E35", "Mbps": "E20", "Gbps": "B80", "h": "HUR", "unit": "C62"}
    assert [method.value for method in Method] == ["traffic", "percentile", "percentile_of_sums", "hours"]
    assert [month.value for month in MonthBy] == ["utc", "local"]


# --- months and hours ----------------------------------------------------------------------------------------------------------


def hours_of(month: date, zone: ZoneInfo | None) -> int:
    return billed_hours(*instants_of(month_of(month), zone))


def test_march_in_amsterdam_has_743_hours() -> None:
    assert hours_of(date(2021, 3, 15), AMSTERDAM) == 743
    assert hours_of(date(2021, 3, 15), None) == 744
    assert hours_of(date(2020, 10, 1), AMSTERDAM) == 745
    assert instants_of(month_of(date(2020, 10, 9)), AMSTERDAM) == (
        datetime(2020, 9, 30, 22, tzinfo=UTC), datetime(2020, 10, 31, 23, tzinfo=UTC),
    )  # fmt: skip
    assert MonthBy("utc") is MeasuringRule(method=Method.TRAFFIC, unit="GB").month_by


@pytest.fixture
def clock_of_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine itself keeps Tokyo's time."""
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("clock_of_tokyo")
def test_a_month_without_a_zone_is_that_of_utc_wherever_the_machine_stands() -> None:
    assert instants_of(month_of(date(2020, 10, 9))) == (
        datetime(2020, 10, 1, tzinfo=UTC), datetime(2020, 11, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (datetime(2020, 3, 28, 23, tzinfo=AMSTERDAM), datetime(2020, 3, 29, 5, tzinfo=AMSTERDAM), 5),
        (datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 3, 1, 0, 0, 1, tzinfo=UTC), 1),
        (datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 3, 1, 1, tzinfo=UTC), 1),
        (datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 3, 1, 1, 0, 1, tzinfo=UTC), 2),
        (datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC), 0),
        (datetime(2020, 3, 2, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC), 0),
    ],
)
def test_started_hours_of_real_time(start: datetime, end: datetime, hours: int) -> None:
    assert billed_hours(start, end) == hours


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2020, 1, 31), date(2020, 2, 1)),
        (date(2020, 12, 1), date(2021, 1, 1)),
        (date(2020, 2, 29), date(2020, 3, 1)),
    ],
)
def test_months(day: date, end: date) -> None:
    assert month_of(day) == Period(day.replace(day=1), end)


def test_carries_on_at_the_same_pace() -> None:
    start, end = instants_of(month_of(date(2020, 9, 1)))
    until = datetime(2020, 9, 11, tzinfo=UTC)
    assert carried_on(Decimal(100), start=start, end=end, until=until) == 300
    assert carried_on(Decimal(1), start=start, end=end, until=datetime(2020, 9, 8, tzinfo=UTC)) == Decimal("4.285714")
    assert carried_on(Decimal(100), start=start, end=end, until=datetime(2021, 1, 1, tzinfo=UTC)) == 100
    for nothing in (start, datetime(2020, 8, 1, tzinfo=UTC)):
        with pytest.raises(MeteringRefused, match="nothing has passed"):
            carried_on(Decimal(100), start=start, end=end, until=nothing)


# --- properties ----------------------------------------------------------------------------------------------------------------


def naive(values: list[int], percent: int) -> int:
    """The textbook: sort from the highest, cross out the top, read the next."""
    ordered = sorted(values, reverse=True)
    for _ in range(len(ordered) * (100 - percent) // 100):
        ordered.pop(0)
    return ordered[0] if ordered else 0


@given(slot_pairs, st.integers(50, 100), st.sampled_from(Direction), st.sampled_from(Gaps))
def test_a_percentile_is_the_textbook_one(
    rows: list[tuple[int | None, int | None]], percent: int, direction: Direction, gaps: Gaps
) -> None:
    profile = PercentileProfile(name="x", percent=percent, direction=direction, gaps=gaps)

    def textbook(values: list[int | None]) -> int:
        return naive([v or 0 for v in values if v is not None or gaps is Gaps.ZERO], percent)

    def both(combine: object) -> list[int | None]:
        return [None if i is None or o is None else combine([i, o]) for i, o in rows]  # type: ignore[operator]

    expected = {
        Direction.IN: lambda: textbook([i for i, _ in rows]), Direction.OUT: lambda: textbook([o for _, o in rows]),
        Direction.MAX_OF_PERCENTILES: lambda: max(textbook([i for i, _ in rows]), textbook([o for _, o in rows])),
        Direction.SUM: lambda: textbook(both(sum)), Direction.MAX_OF_SAMPLES: lambda: textbook(both(max)),
    }[direction]()  # fmt: skip
    assert percentile(*pair(rows), profile) == expected


@given(slot_pairs, st.sampled_from(list(PROFILES.values())), st.integers(0, 10**9))
def test_more_traffic_is_never_billed_less(
    rows: list[tuple[int | None, int | None]], profile: PercentileProfile, more: int
) -> None:
    heavier = [(None if i is None else i + more, o) for i, o in rows]
    assert percentile(*pair(heavier), profile) >= percentile(*pair(rows), profile)


@given(slot_pairs, st.sampled_from(list(PROFILES.values())), st.randoms())
def test_the_order_of_samples_does_not_matter(
    rows: list[tuple[int | None, int | None]], profile: PercentileProfile, random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert percentile(*pair(shuffled), profile) == percentile(*pair(rows), profile)


@given(st.lists(st.lists(st.tuples(counts, counts), min_size=25, max_size=25), min_size=1, max_size=4))
def test_packs_against_a_naive_sum(meters: list[list[tuple[int | None, int | None]]]) -> None:
    flows = [pair(rows) for rows in meters]
    summed = [
        tuple(
            None if all(m[slot][way] is None for m in meters) else sum(m[slot][way] or 0 for m in meters)
            for way in (0, 1)
        )
        for slot in range(25)
    ]
    for profile in PROFILES.values():
        assert percentile_of_sums(flows, profile) == percentile(*pair(summed), profile)
    sums = measure(rule(Method.PERCENTILE, "Mbps", "95TH"), flows).quantity
    assert sums == rate_quantity(sum(percentile(*flow, PROFILES["95TH"]) for flow in flows))
    whole = measure(rule(Method.TRAFFIC, "GB"), flows)
    assert whole.quantity == traffic_quantity(sum((i or 0) + (o or 0) for rows in meters for i, o in rows), "GB")
    assert whole.sample_count == sum(i is not None and o is not None for rows in meters for i, o in rows)
    assert whole.expected_count == 25 * len(meters)


@given(slot_pairs, slot_pairs)
def test_traffic_of_two_halves_is_that_of_the_whole(
    first: list[tuple[int | None, int | None]], second: list[tuple[int | None, int | None]]
) -> None:
    a, b = pair(first), pair(second)
    whole = joined([a[0], b[0]]), joined([a[1], b[1]])
    one = rule(Method.TRAFFIC, "GB")
    # Bytes are added before they are rounded, so the whole is exact however it is cut.
    assert measure(one, [whole]).quantity == measure(one, [a, b]).quantity
