"""Usage files: days, samples, counters; packed or not; every refusal names the line."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.samples import SampleDay, flow_of, values_of
from rackbill.formats.usage_file import UsageFileRefused, day_line, read_usage_file

DAY = date(2020, 10, 1)
START = datetime(2020, 10, 1, tzinfo=UTC)
DAYS_HEAD = "meter_id,day,bytes_in,bytes_out"
SAMPLES_HEAD = "meter_id,time,bytes_in,bytes_out"
COUNTERS_HEAD = "meter_id,time,counter_in,counter_out"
COUNTERS_FULL_HEAD = "meter_id,time,counter_in,counter_out,bits,port_mbps"
ZEROS = " ".join(["0"] * 288)


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def read(folder: Path, *lines: str) -> list[SampleDay]:
    path = folder / "usage.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(read_usage_file(path))


def known(day: SampleDay) -> dict[int, tuple[int | None, int | None]]:
    pairs = zip(values_of(day.bytes_in), values_of(day.bytes_out), strict=True)
    return {slot: pair for slot, pair in enumerate(pairs) if pair != (None, None)}


@given(st.lists(st.none() | st.integers(0, 2**60 - 1), min_size=288, max_size=288), st.integers(0, 10**9))
def test_a_day_that_was_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[int | None], more: int
) -> None:
    day = SampleDay("rack-1:port/2", DAY, flow_of(values), flow_of([more] * 288))
    assert read(tmp_path_factory.mktemp("usage"), DAYS_HEAD, day_line(day)) == [day]


def test_a_packed_file_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv.gz"
    path.write_bytes(gzip.compress(f"{DAYS_HEAD}\r\nm,2020-10-01,{ZEROS},{ZEROS}\r\n".encode()))
    assert [(d.meter_id, d.day) for d in read_usage_file(path)] == [("m", DAY)]


def test_samples_by_time_or_by_meter_give_the_same_days(tmp_path: Path) -> None:
    lines = [f"{m},{at(5 * n)},{n},{n + 1}" for n in range(300) for m in ("a", "b")]
    by_time = read(tmp_path, SAMPLES_HEAD, *lines)
    assert [(d.meter_id, d.day) for d in by_time] == [
        ("a", DAY),
        ("b", DAY),
        ("a", date(2020, 10, 2)),
        ("b", date(2020, 10, 2)),
    ]
    assert known(by_time[0]) == {n: (n, n + 1) for n in range(288)}
    assert known(by_time[3]) == {n - 288: (n, n + 1) for n in range(288, 300)}
    by_meter = read(tmp_path, SAMPLES_HEAD, *sorted(lines, key=lambda line: line[0]))
    assert sorted(by_meter, key=lambda d: (d.day, d.meter_id)) == by_time


def test_a_sample_of_one_direction_and_one_of_another_zone(tmp_path: Path) -> None:
    (day,) = read(tmp_path, SAMPLES_HEAD, f"m,{at(0)},5,", "m,2020-10-01T02:05:30+02:00,-,7", f"m,{at(0)},5,6")
    assert known(day) == {0: (5, 6), 1: (None, 7)}


def test_counters_give_what_came_between_two_readings(tmp_path: Path) -> None:
    """The poller is some seconds late; the 15th minute is lost; in wraps at 32 bits."""
    lines = [
        f"m,{at(0)},4294967000,100,32,1000", f"m,{at(5.1)},204,150,32,1000", f"m,{at(9.9)},304,200,32,1000",
        f"m,{at(20)},904,900,32,1000", f"n,{at(0)},10,10,,", f"n,{at(5)},5,30,,",
    ]  # fmt: skip
    first, second = read(tmp_path, COUNTERS_FULL_HEAD, *lines)
    assert (first.meter_id, first.day, known(first)) == ("m", DAY, {0: (500, 50), 1: (100, 50), 3: (600, 700)})
    assert (second.meter_id, known(second)) == ("n", {0: (5, 20)})


def test_counters_across_midnight_and_without_bits(tmp_path: Path) -> None:
    days = read(tmp_path, COUNTERS_HEAD, *[f"m,{at(1430 + 5 * n)},{100 * n},{n}" for n in range(4)])
    assert [(d.day, known(d)) for d in days] == [
        (DAY, {286: (100, 1), 287: (100, 1)}), (date(2020, 10, 2), {0: (100, 1)}),
    ]  # fmt: skip
    assert read(tmp_path, COUNTERS_HEAD, f"m,{at(0)},5,5") == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("meter,when",), r"usage.csv begins with 'meter,when'; a usage file begins with one of meter_id,day"),
        (("",), "begins with ''"),
        ((DAYS_HEAD, "m,2020-10-01,1 2"), "line 2: 3 columns, not 4"),
        ((DAYS_HEAD, f"m,2020-10-01,{ZEROS},1 2"), "line 2: a day has 288 samples with a blank between them"),
        ((DAYS_HEAD, f"m,2020-10-01,{ZEROS},{ZEROS} 0"), "line 2: a day has 288"),
        ((DAYS_HEAD, f"m,2020-10-01,{ZEROS},{ZEROS}", f"m,yesterday,{ZEROS},{ZEROS}"), "line 3: Invalid isoformat"),
        ((DAYS_HEAD, f"m,2020-10-01,{ZEROS},{ZEROS[:-1]}x"), "line 2: invalid literal"),
        ((DAYS_HEAD, f"m,2020-10-01,{ZEROS},{ZEROS[:-1]}-5"), "line 2: a sample is negative"),
        ((SAMPLES_HEAD, f"m,{at(0)},1"), "line 2: 3 columns"),
        ((SAMPLES_HEAD, f"m,{at(0)},1,2", f"m,{at(0)},1,3"), "line 3: a sample of 00:00 stands twice, with another value"),
        ((SAMPLES_HEAD, "m,2020-10-01T00:00:00,1,2"), "line 2: 2020-10-01T00:00:00 has no offset from UTC"),
        ((SAMPLES_HEAD, f"m,{at(0)},-1,2"), "line 2: a sample of -1 bytes is negative"),
        ((SAMPLES_HEAD, f"m,{at(0)},1.5,2"), "line 2: invalid literal"),
        ((COUNTERS_HEAD, f"m,{at(0)},1,2,32"), "line 2: 5 columns, not 4"),
        ((COUNTERS_HEAD, f"m,{at(5)},1,2", f"m,{at(0)},1,3"), "line 3: a reading of m at .* is not later"),
        ((COUNTERS_FULL_HEAD, f"m,{at(0)},1,2,16,"), "line 2: a counter has 32 or 64 bits, not 16"),
        ((COUNTERS_FULL_HEAD, f"m,{at(0)},1,2,32,", f"m,{at(5)},4294967296,3,32,"), "line 3: reading 1 is 4294967296"),
        ((COUNTERS_HEAD, f"m,{at(0)},1,2", "m,2021-10-01T00:00:00Z,2,3"), "more than 11 months apart; split the file"),
    ],
)  # fmt: skip
def test_refusals_name_the_line(tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageFileRefused, match=words):
        read(tmp_path, *lines)


def test_refuses_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_bytes(f"{DAYS_HEAD}\n".encode() + b"\xff\xfe")
    with pytest.raises(UsageFileRefused, match=r"usage.csv cannot be read: .*; write it as UTF-8"):
        list(read_usage_file(path))
    packed = tmp_path / "usage.csv.gz"
    packed.write_bytes(gzip.compress(DAYS_HEAD.encode() * 1000)[:30])
    with pytest.raises(UsageFileRefused, match="cannot be read"):
        list(read_usage_file(packed))
    packed.write_bytes(b"plain text")
    with pytest.raises(UsageFileRefused, match="cannot be read"):
        list(read_usage_file(packed))
