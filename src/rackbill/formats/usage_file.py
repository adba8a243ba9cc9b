"""Usage files: CSV of days, of five-minute samples or of counter readings → days of samples; docs/guide/usage-files.md."""

import csv
import gzip
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec

from rackbill.core.samples import (
    LARGEST_SAMPLE,
    SAMPLE_SECONDS,
    SLOTS_PER_DAY,
    Flow,
    SampleDay,
    SamplesRefused,
    deltas_of_counter,
    flow_of,
    slot_of,
    values_of,
)

DAYS = ["meter_id", "day", "bytes_in", "bytes_out"]
SAMPLES = ["meter_id", "time", "bytes_in", "bytes_out"]
COUNTERS = ["meter_id", "time", "counter_in", "counter_out", "bits", "port_mbps"]
_READINGS_AT_A_TIME = 100_000
_NUMBERS = msgspec.json.Decoder(list[int])


class UsageFileRefused(ValueError):
    """A usage file cannot be read; the message names the line and the way out."""


def read_usage_file(path: Path) -> Iterator[SampleDay]:
    """The days of samples of a file, in its order; a name that ends in .gz is unpacked. Raises UsageFileRefused.

    The header tells the kind. A meter's day comes once for each stretch of lines that hold it.
    """
    with _opened(path) as text:
        header = text.readline().strip().split(",")
        if header == DAYS:
            yield from _days(text)
        elif header == SAMPLES:
            yield from _samples(csv.reader(text))
        elif header == COUNTERS[: max(len(header), 4)]:
            yield from _counters(csv.reader(text), len(header))
        else:
            raise UsageFileRefused(
                f"{path.name} begins with {','.join(header)[:80]!r}; a usage file begins with one of "
                f"{','.join(DAYS)} or {','.join(SAMPLES)} or {','.join(COUNTERS)}"
            )


def day_line(day: SampleDay) -> str:
    """A line of a file of days, without its end. The meter's ID has neither comma nor quote."""
    return f"{day.meter_id},{day.day},{_printed(day.bytes_in)},{_printed(day.bytes_out)}"


def _printed(flow: Flow) -> str:
    return " ".join("-" if value is None else str(value) for value in values_of(flow))


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOBase]:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
                yield packed
        else:
            with path.open(encoding="utf-8", newline="") as plain:
                yield plain
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as fault:
        raise UsageFileRefused(f"{path.name} cannot be read: {fault}; write it as UTF-8 text, packed or not") from None
    except csv.Error as fault:
        raise UsageFileRefused(f"{path.name} is no CSV: {fault}") from None


def _refuse(line: int, words: str) -> UsageFileRefused:
    return UsageFileRefused(f"line {line}: {words}; mend it and load the file again, what is loaded stays as it is")


# --- a line for each meter and day ---------------------------------------------------------------------------------------------


def _days(lines: Iterable[str]) -> Iterator[SampleDay]:
    # No field of such a file is ever quoted, and lines of 5 KB are split five times faster than the CSV reader reads them.
    for number, line in enumerate(lines, start=2):
        row = line.rstrip("\r\n").split(",")
        if len(row) != 4:
            raise _refuse(number, f"{len(row)} columns, not 4")
        meter_id, day, bytes_in, bytes_out = row
        try:
            yield SampleDay(meter_id, date.fromisoformat(day), _flow(bytes_in), _flow(bytes_out))
        except ValueError as fault:
            raise _refuse(number, str(fault)) from None


def _flow(text: str) -> Flow:
    try:
        # A decoder of JSON reads numbers three times faster than int() does.
        numbers: Sequence[int | None] = _NUMBERS.decode(f"[{text.replace(' ', ',')}]")
    except msgspec.DecodeError:
        numbers = [None if number == "-" else int(number) for number in text.split(" ", SLOTS_PER_DAY)]
    if len(numbers) != SLOTS_PER_DAY:
        raise SamplesRefused(f"a day has {SLOTS_PER_DAY} samples with a blank between them, - for a missing one")
    return flow_of(numbers)


# --- a line for each sample ----------------------------------------------------------------------------------------------------


class _Day:
    """A meter's day while it is gathered: eight bytes a sample, -1 for one that did not come yet."""

    __slots__ = ("flows",)

    def __init__(self) -> None:
        self.flows = array("q", [-1]) * SLOTS_PER_DAY, array("q", [-1]) * SLOTS_PER_DAY

    def put(self, slot: int, values: Iterable[int | None]) -> None:
        """In and out of a slot. Raises SamplesRefused."""
        for flow, value in zip(self.flows, values, strict=True):
            if value is None:
                continue
            if not 0 <= value <= LARGEST_SAMPLE:
                raise SamplesRefused(f"a sample of {value} bytes is negative or has more than 60 bits")
            if flow[slot] not in (-1, value):
                raise SamplesRefused(f"a sample of {slot // 12:02}:{slot % 12 * 5:02} stands twice, with another value")
            flow[slot] = value

    def value(self, meter_id: str, day: date) -> SampleDay:
        """The day as it will be kept."""
        bytes_in, bytes_out = (flow_of(None if sample < 0 else sample for sample in flow) for flow in self.flows)
        return SampleDay(meter_id, day, bytes_in, bytes_out)


def _samples(rows: Iterator[list[str]]) -> Iterator[SampleDay]:
    """Days of all meters are gathered until the file goes on to another day, so that files by time and by meter both work."""
    open_days: dict[str, _Day] = {}
    current: date | None = None
    for number, row in enumerate(rows, start=2):
        if len(row) != 4:
            raise _refuse(number, f"{len(row)} columns, not 4")
        try:
            moment = _moment(row[1])
            day, slot = slot_of(moment)
            if day != current:
                yield from (found.value(meter_id, current) for meter_id, found in open_days.items() if current)
                open_days, current = {}, day
            open_days.setdefault(row[0], _Day()).put(slot, (_number(row[2]), _number(row[3])))
        except ValueError as fault:
            raise _refuse(number, str(fault)) from None
    yield from (found.value(meter_id, current) for meter_id, found in open_days.items() if current)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC; write it as 2020-10-01T00:05:00+00:00")
    return moment.astimezone(UTC)


def _number(text: str) -> int | None:
    return None if text in ("", "-") else int(text)


# --- a line for each reading of a counter --------------------------------------------------------------------------------------


def _counters(rows: Iterator[list[str]], columns: int) -> Iterator[SampleDay]:
    """Readings stand by meter and time. The first of a meter only tells where counting begins."""
    numbered = ((number, row) for number, row in enumerate(rows, start=2))

    def meter(item: tuple[int, list[str]]) -> str:
        if len(item[1]) != columns:
            raise _refuse(item[0], f"{len(item[1])} columns, not {columns}")
        return item[1][0]

    for meter_id, items in groupby(numbered, key=meter):
        yield from _days_of_counter(meter_id, list(items))


def _days_of_counter(meter_id: str, items: Sequence[tuple[int, list[str]]]) -> Iterator[SampleDay]:
    first_line = items[0][0]
    readings: dict[int, tuple[int | None, int | None]] = {}
    number, last = first_line, -1
    try:
        row = items[0][1]
        bits = int(row[4]) if len(row) > 4 and row[4] else 64
        port_mbps = int(row[5]) if len(row) > 5 and row[5] else None
        if bits not in (32, 64):
            raise ValueError(f"a counter has 32 or 64 bits, not {bits}")
        for place, row in items:
            number = place
            # A poller is seldom on the second; a reading belongs to the nearest border between two slots.
            border = (int(_moment(row[1]).timestamp()) + SAMPLE_SECONDS // 2) // SAMPLE_SECONDS
            if border <= last:
                raise ValueError(f"a reading of {meter_id} at {row[1]} is not later than the one before")
            last = border
            readings[border] = _number(row[2]), _number(row[3])
        start = min(readings)
        if last - start > _READINGS_AT_A_TIME:
            raise ValueError(f"readings of {meter_id} are more than 11 months apart; split the file by month")
        flows = [
            deltas_of_counter(
                [readings.get(border, (None, None))[way] for border in range(start, last + 1)],
                bits=bits,
                port_mbps=port_mbps,
            )
            for way in (0, 1)
        ]
        yield from _days_from(meter_id, start, flows[0], flows[1])
    except ValueError as fault:
        raise _refuse(number, str(fault)) from None


def _days_from(
    meter_id: str, start: int, bytes_in: Sequence[int | None], bytes_out: Sequence[int | None]
) -> Iterator[SampleDay]:
    days: dict[date, _Day] = {}
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=start * SAMPLE_SECONDS)
    for place, pair in enumerate(zip(bytes_in, bytes_out, strict=True)):
        day, slot = slot_of(begin + timedelta(seconds=place * SAMPLE_SECONDS))
        days.setdefault(day, _Day()).put(slot, pair)
    for day, found in days.items():
        yield found.value(meter_id, day)
