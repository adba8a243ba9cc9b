"""Five-minute samples: counters that wrap and reset, packed days, merging, the slots of a month, the hash."""

import hashlib
from array import array
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core import samples
from rackbill.core.samples import (
    SLOTS_PER_DAY,
    SamplesHash,
    SamplesRefused,
    added,
    days_of,
    deltas_of_counter,
    flow_of,
    flows_between,
    joined,
    known,
    known_count,
    merge_day,
    pack_day,
    slot_of,
    slots_between,
    unpack_day,
    values_of,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
byte_counts = (
    st.none() | st.integers(0, 10**9) | st.sampled_from([0, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**59, 2**60 - 1])
)
flows = st.lists(byte_counts, max_size=40)
slots = st.dictionaries(st.integers(0, SLOTS_PER_DAY - 1), byte_counts, max_size=12)


def day_of(values: dict[int, int | None], rest: int | None = None) -> samples.Flow:
    return flow_of(values.get(slot, rest) for slot in range(SLOTS_PER_DAY))


# --- flows ---------------------------------------------------------------------------------------------------------------------


@given(flows)
def test_a_flow_gives_back_what_it_was_made_of(values: list[int | None]) -> None:
    flow = flow_of(values)
    assert values_of(flow) == values
    assert known(flow) == [v for v in values if v is not None]
    assert known_count(flow) == len(known(flow))


def test_a_flow_is_as_narrow_as_it_can_be() -> None:
    assert flow_of([0, 2**32 - 2, None]).itemsize == 4
    assert flow_of([2**32 - 1]).itemsize == 8
    assert flow_of([]).itemsize == 4
    assert samples.missing(flow_of([None])) == 2**32 - 1
    assert samples.missing(flow_of([2**40])) == 2**64 - 1


def test_set_bits_across_two_samples_are_no_gap() -> None:
    flow = flow_of([0xFFFF0000, 0x0000FFFF, 0xFF000000, 0x00FFFFFF])
    assert known_count(flow) == 4
    assert None not in values_of(flow)


@pytest.mark.parametrize("value", [-1, 2**60, 2**64])
def test_refuses_what_is_no_byte_count(value: int) -> None:
    with pytest.raises(SamplesRefused, match="five minutes"):
        flow_of([5, value])


@given(st.lists(flows, max_size=4))
def test_joined_flows_stand_one_after_the_other(parts: list[list[int | None]]) -> None:
    assert values_of(joined([flow_of(part) for part in parts])) == [value for part in parts for value in part]


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(byte_counts, min_size=n, max_size=n), max_size=4)))
def test_added_flows_count_gaps_as_nothing(rows: list[list[int | None]]) -> None:
    for slot in zip(*rows, strict=True):
        if sum(v or 0 for v in slot) >= 2**60:
            with pytest.raises(SamplesRefused):
                added([flow_of(row) for row in rows])
            return
    expected = [None if all(v is None for v in slot) else sum(v or 0 for v in slot) for slot in zip(*rows, strict=True)]
    assert values_of(added([flow_of(row) for row in rows])) == expected


def test_added_flows_must_have_the_same_slots() -> None:
    with pytest.raises(SamplesRefused, match="a meter has 1 slots, another 2"):
        added([flow_of([1, 2]), flow_of([1])])


# --- counters ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readings", "bits", "port_mbps", "deltas"),
    [
        ([100, 250, 250, 300], 64, None, [150, 0, 50]),
        ([2**32 - 100, 50], 32, None, [150]),  # wrapped
        ([2**64 - 100, 50], 64, None, [150]),
        ([5 * 10**12, 700], 64, None, [700]),  # reset: a wrap would be more than the counter's half
        ([2**31, 2**31 - 1], 32, None, [2**31 - 1]),  # 2^32 - 1 back is no plausible wrap
        ([2**31 + 1, 0], 32, None, [2**31 - 1]),  # the largest plausible wrap
        ([2**31, 0], 32, None, [0]),  # one more is a reset
        ([3_000_000_000, 1000], 32, None, [1_294_968_296]),  # without the port's speed this looks like a wrap
        ([3_000_000_000, 1000], 32, 10, [1000]),  # 10 Mbps carry 375 MB in five minutes: a reset
        ([3_000_000_000, None, None, None, 1000], 32, 10, [None, None, None, 1_294_968_296]),  # in 20 minutes they may
        ([2_999_999_000, 3_000_000_000, None, 1000], 32, 10, [1000, None, 1000]),  # 10 minutes are too few for a wrap
        ([4_000_000_000, 80_032_704], 32, 10, [375_000_000]),  # exactly what the port carries
        ([4_000_000_000, 80_032_705], 32, 10, [80_032_705]),
        ([100, None, 400, 500], 64, None, [None, 300, 100]),  # bytes across a gap come with the next reading
        ([None, 100, 150], 64, None, [None, 50]),
        ([7], 64, None, []),
        ([], 64, None, []),
    ],
)  # fmt: skip
def test_counters(readings: list[int | None], bits: int, port_mbps: int | None, deltas: list[int | None]) -> None:
    assert deltas_of_counter(readings, bits=bits, port_mbps=port_mbps) == deltas


def test_a_counter_has_64_bits_where_nothing_else_is_said() -> None:
    assert deltas_of_counter([2**64 - 100, 50]) == [150]
    with pytest.raises(SamplesRefused, match="of 64 bits"):
        deltas_of_counter([0, 2**64])


@pytest.mark.parametrize("reading", [-1, 2**32])
def test_refuses_a_reading_out_of_range(reading: int) -> None:
    with pytest.raises(SamplesRefused, match=r"reading 1 is .* of 32 bits"):
        deltas_of_counter([0, reading], bits=32)


@given(
    st.lists(st.integers(0, 2**31 - 1), max_size=30), st.integers(0, 2**32 - 1), st.sampled_from([32, 64]),
    st.sets(st.integers(0, 30)),
)  # fmt: skip
def test_a_counter_that_wraps_loses_no_byte(steps: list[int], first: int, bits: int, gaps: set[int]) -> None:
    """Whatever readings are lost in between, the bytes up to the last reading that came are counted."""
    totals = [first]
    for step in steps:
        totals.append(totals[-1] + step)
    lost = {place for place in gaps if 0 < place < len(totals)}
    # A gap may hide more than half a round of 32 bits, which nobody can count; wide counters have no such end.
    lost = lost if bits == 64 else set()
    readings = [None if place in lost else total % 2**bits for place, total in enumerate(totals)]
    last = max(place for place, reading in enumerate(readings) if reading is not None)
    assert sum(v or 0 for v in deltas_of_counter(readings, bits=bits)) == totals[last] - first


# --- packed days ---------------------------------------------------------------------------------------------------------------


@given(slots, slots)
def test_a_packed_day_gives_back_its_samples(a: dict[int, int | None], b: dict[int, int | None]) -> None:
    bytes_in, bytes_out = day_of(a), day_of(b, rest=7)
    back_in, back_out = unpack_day(pack_day(bytes_in, bytes_out))
    assert (values_of(back_in), values_of(back_out)) == (values_of(bytes_in), values_of(bytes_out))
    assert pack_day(back_in, back_out) == pack_day(bytes_in, bytes_out)


def test_a_day_has_288_samples() -> None:
    with pytest.raises(SamplesRefused, match="288 samples in each direction, not 288 and 287"):
        pack_day(day_of({}), day_of({})[:287])
    with pytest.raises(SamplesRefused, match="not 289 and 288"):
        pack_day(joined([day_of({}), flow_of([1])]), day_of({}))


@given(slots, slots)
def test_merging_the_same_again_changes_nothing(a: dict[int, int | None], b: dict[int, int | None]) -> None:
    packed = pack_day(day_of(a), day_of(b))
    assert merge_day(packed, day_of(a), day_of(b)) == packed


@given(slots, slots, st.booleans())
def test_merging_adds_what_was_missing(a: dict[int, int | None], b: dict[int, int | None], replaces: bool) -> None:
    before = pack_day(day_of(a), day_of({}))
    contradicts = any(v is not None and b.get(slot) is not None and b[slot] != v for slot, v in a.items())
    if contradicts and not replaces:
        with pytest.raises(SamplesRefused, match="--replace"):
            merge_day(before, day_of(b), day_of({}))
        return
    merged = merge_day(before, day_of(b), day_of({}), replaces=replaces)
    known_now = {slot: v for slot, v in a.items() if v is not None} | {s: v for s, v in b.items() if v is not None}
    assert values_of(unpack_day(merged)[0]) == values_of(day_of(known_now))
    assert merge_day(merged, day_of(b), day_of({}), replaces=replaces) == merged


def test_a_contradiction_names_slot_and_direction() -> None:
    packed = pack_day(day_of({3: 10}), day_of({5: 20}))
    with pytest.raises(SamplesRefused, match="slot 5 out holds 20 bytes already, not 21"):
        merge_day(packed, day_of({3: 10}), day_of({5: 21}))
    with pytest.raises(SamplesRefused, match="slot 3 in holds 10 bytes already, not 11"):
        merge_day(packed, day_of({3: 11}), day_of({5: 20}))


def test_new_samples_take_the_place_of_kept_ones_where_asked() -> None:
    packed = pack_day(day_of({3: 10, 4: 11}), day_of({5: 20}))
    bytes_in, bytes_out = unpack_day(merge_day(packed, day_of({3: 12}), day_of({5: 21, 6: 0}), replaces=True))
    assert values_of(bytes_in) == values_of(day_of({3: 12, 4: 11}))
    assert values_of(bytes_out) == values_of(day_of({5: 21, 6: 0}))


def test_an_idle_day_is_small_and_a_busy_one_is_kept_as_it_is() -> None:
    assert len(pack_day(day_of({}, 0), day_of({7: 5}, 0))) < 60
    busy = flow_of(0x01010101 + slot for slot in range(SLOTS_PER_DAY))
    assert len(pack_day(busy, busy)) == 2 * SLOTS_PER_DAY * 4 + 1
    half = pack_day(day_of({}, 0), flow_of(0x01010101 + slot % 200 for slot in range(SLOTS_PER_DAY)))
    assert len(half) == 2 * SLOTS_PER_DAY * 4 + 1
    low = flow_of(200 for _ in range(SLOTS_PER_DAY))  # three bytes of four are 0
    assert len(pack_day(low, low)) < 60


# --- the slots of a month ------------------------------------------------------------------------------------------------------


def test_the_slots_of_months() -> None:
    september = datetime(2020, 9, 1, tzinfo=UTC), datetime(2020, 10, 1, tzinfo=UTC)
    assert slots_between(*september) == 8640  # B38
    assert slot_of(datetime(2020, 9, 1, 0, 4, 59, tzinfo=UTC)) == (date(2020, 9, 1), 0)
    assert slot_of(datetime(2020, 9, 1, 23, 55, tzinfo=UTC)) == (date(2020, 9, 1), 287)
    assert slot_of(datetime(2020, 9, 1, tzinfo=AMSTERDAM)) == (date(2020, 8, 31), 264)
    assert list(days_of(datetime(2020, 9, 1, 12, tzinfo=UTC), datetime(2020, 9, 3, 1, tzinfo=UTC))) == [
        (date(2020, 9, 1), 144, 288), (date(2020, 9, 2), 0, 288), (date(2020, 9, 3), 0, 12),
    ]  # fmt: skip
    assert list(days_of(*september))[-1] == (date(2020, 9, 30), 0, 288)
    assert list(days_of(datetime(2020, 9, 1, 1, tzinfo=UTC), datetime(2020, 9, 1, 2, tzinfo=UTC))) == [
        (date(2020, 9, 1), 12, 24)
    ]


@given(st.integers(0, 30_000), st.integers(0, 3000))
def test_days_hold_every_slot_once(first: int, count: int) -> None:
    begin = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * first)
    end = begin + timedelta(minutes=5 * count)
    spans = list(days_of(begin, end))
    assert sum(last - first for _day, first, last in spans) == count == slots_between(begin, end)
    assert len({day for day, _first, _last in spans}) == len(spans)


def test_flows_between_two_instants_take_a_missing_day_for_a_gap() -> None:
    first, third = date(2020, 9, 1), date(2020, 9, 3)
    days = {first: pack_day(day_of({}, 1), day_of({}, 2)), third: pack_day(day_of({}, 3), day_of({0: 2**40}, 4))}
    bytes_in, bytes_out = flows_between(days, datetime(2020, 9, 1, 23, tzinfo=UTC), datetime(2020, 9, 3, 1, tzinfo=UTC))
    assert values_of(bytes_in) == [1] * 12 + [None] * 288 + [3] * 12
    assert values_of(bytes_out) == [2] * 12 + [None] * 288 + [2**40] + [4] * 11


# --- the hash ------------------------------------------------------------------------------------------------------------------


def test_the_hash_is_what_its_description_says() -> None:
    digest = SamplesHash()
    digest.add("port-1", datetime(2020, 9, 1, 2, tzinfo=AMSTERDAM), flow_of([1, None]), flow_of([2**32, 3]))
    digest.add_hours("vm-1", datetime(2020, 9, 1, tzinfo=UTC), datetime(2020, 9, 2, tzinfo=UTC))
    text = b"port-1\n2020-09-01T00:00:00+00:00\n" + bytes.fromhex("01000000ffffffff")
    text += bytes.fromhex("00000000010000000300000000000000")
    text += b"vm-1\n2020-09-01T00:00:00+00:00\n2020-09-02T00:00:00+00:00\n"
    assert digest.hexdigest() == hashlib.sha256(text).hexdigest()


def test_the_hash_changes_with_every_sample() -> None:
    def of(*values: int | None) -> str:
        digest = SamplesHash()
        digest.add("m", datetime(2020, 9, 1, tzinfo=UTC), flow_of(values), flow_of([0] * len(values)))
        return digest.hexdigest()

    assert len({of(1, 2), of(2, 1), of(1, None), of(1, 0), of(None, 2), of()}) == 6


def test_days_kept_eight_bytes_wide_are_read_as_well() -> None:
    import zlib

    old = zlib.compress(array("q", [5, -1] * 288).tobytes(), 6)
    bytes_in, bytes_out = unpack_day(old)
    assert values_of(bytes_in) == values_of(bytes_out) == [5, None] * 144
