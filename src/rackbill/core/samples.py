"""Five-minute samples: counters → bytes, days packed small, the slots between two instants, and what proves them.

A flow holds the bytes of one direction, one number for each slot of five minutes. It is an array of four bytes a sample, of
eight where one does not fit; a sample that never came has all bits set (`missing`).
"""

import hashlib
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias, cast

SAMPLE_SECONDS = 300
SLOTS_PER_DAY = 288
_NARROW, _WIDE = "I", "Q"
_MISSING = {_NARROW: (1 << 32) - 1, _WIDE: (1 << 64) - 1}
_PLAIN = b"p"
_LEVEL = 1

Flow: TypeAlias = "array[int]"


LARGEST_SAMPLE = (1 << 60) - 1
"""Bytes of five minutes that no port will carry; sums of a pack's samples stay below 64 bits."""


class SamplesRefused(ValueError):
    """Samples contradict each other or themselves; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class SampleDay:
    """A meter's samples of one UTC day, in and out, 288 each."""

    meter_id: str
    day: date
    bytes_in: Flow
    bytes_out: Flow


def missing(flow: Flow) -> int:
    """What stands in a flow for a sample that never came."""
    return _MISSING[flow.typecode]


def flow_of(values: Iterable[int | None]) -> Flow:
    """A flow of byte counts; None is a sample that never came. Raises SamplesRefused for what is no byte count."""
    listed = list(values)
    try:
        flow = array(_NARROW, cast(list[int], listed))
        if not _has_gaps(flow):
            return flow
    except (OverflowError, TypeError):
        # A gap, or a number that needs more than four bytes or is none of bytes.
        pass
    highest = max((value for value in listed if value is not None), default=0)
    code = _NARROW if highest < _MISSING[_NARROW] else _WIDE
    if highest > LARGEST_SAMPLE or min((value for value in listed if value is not None), default=0) < 0:
        raise SamplesRefused("a sample is negative or has more than 60 bits; a sample is the bytes of five minutes")
    nothing = _MISSING[code]
    return array(code, [nothing if value is None else value for value in listed])


def values_of(flow: Flow) -> list[int | None]:
    """The byte counts of a flow; None where a sample never came."""
    nothing = missing(flow)
    return [None if value == nothing else value for value in flow]


def known(flow: Flow) -> list[int]:
    """The byte counts that came, in order."""
    if not _has_gaps(flow):
        return flow.tolist()
    nothing = missing(flow)
    return [value for value in flow if value != nothing]


def known_count(flow: Flow) -> int:
    """How many samples came."""
    return len(known(flow)) if _has_gaps(flow) else len(flow)


def _has_gaps(flow: Flow) -> bool:
    # A run of set bits across two samples is taken for a gap as well; the slow way then finds none.
    return b"\xff" * flow.itemsize in memoryview(flow).tobytes()


def joined(flows: Sequence[Flow]) -> Flow:
    """One flow after the other."""
    if all(flow.typecode == _NARROW for flow in flows):
        result = array(_NARROW)
        for flow in flows:
            result.frombytes(memoryview(flow).cast("B"))
        return result
    return flow_of(value for flow in flows for value in values_of(flow))


def added(flows: Iterable[Flow]) -> Flow:
    """All flows slot by slot; a flow's gap counts as nothing, a slot that no flow knows stays missing."""
    total: list[int | None] = []
    for place, flow in enumerate(flows):
        if place == 0:
            total = values_of(flow)
            continue
        if len(flow) != len(total):
            raise SamplesRefused(f"a meter has {len(flow)} slots, another {len(total)}; all need the same month")
        total = [a if b is None else b if a is None else a + b for a, b in zip(total, values_of(flow), strict=True)]
    return flow_of(total)


# --- counters ------------------------------------------------------------------------------------------------------------------


def deltas_of_counter(
    readings: Sequence[int | None], *, bits: int = 64, port_mbps: int | None = None
) -> list[int | None]:
    """Bytes between each reading of a counter and the one before it; one fewer than readings.

    A counter that falls has wrapped where that explains a plausible step, else it was reset and what it shows was counted
    since. Plausible is what the port can carry in that time, or without its speed less than half the counter's range.
    Bytes across a gap come with the first reading after it.
    """
    span = 1 << bits
    result: list[int | None] = []
    last: int | None = None
    since = 0
    for place, reading in enumerate(readings):
        if reading is not None and not 0 <= reading < span:
            raise SamplesRefused(f"reading {place} is {reading}, out of the range of a counter of {bits} bits")
        if place:
            if reading is None or last is None:
                result.append(None)
            else:
                most = span // 2 - 1 if port_mbps is None else port_mbps * 125_000 * SAMPLE_SECONDS * (place - since)
                result.append(_step(last, reading, span, most))
        if reading is not None:
            last, since = reading, place
    return result


def _step(last: int, reading: int, span: int, most: int) -> int:
    if reading >= last:
        return reading - last
    wrapped = reading - last + span
    return wrapped if wrapped <= most else reading


# --- one row for each meter and day --------------------------------------------------------------------------------------------


def pack_day(bytes_in: Flow, bytes_out: Flow) -> bytes:
    """A day's 288 samples of both directions, small. Equal samples give equal bytes."""
    raw = _raw_day(bytes_in, bytes_out)
    # Traffic is noise: compressing it costs more time than all else and saves a tenth. An idle day shrinks to nothing.
    return zlib.compress(raw, _LEVEL) if 2 * raw.count(0) > len(raw) else _PLAIN + raw


def _unpacked(packed: bytes) -> bytes:
    return packed[1:] if packed[:1] == _PLAIN else zlib.decompress(packed)


def _raw_day(bytes_in: Flow, bytes_out: Flow) -> bytes:
    if len(bytes_in) != SLOTS_PER_DAY or len(bytes_out) != SLOTS_PER_DAY:
        raise SamplesRefused(
            f"a day has {SLOTS_PER_DAY} samples in each direction, not {len(bytes_in)} and {len(bytes_out)}"
        )
    return _raw(joined((bytes_in, bytes_out)))


def _raw(flow: Flow) -> bytes:
    """Little-endian on every machine."""
    if sys.byteorder == "big":
        flow = flow[:]
        flow.byteswap()
    return flow.tobytes()


def unpack_day(packed: bytes) -> tuple[Flow, Flow]:
    """The samples in and out of a packed day."""
    flow = _from_raw(_unpacked(packed))
    return flow[:SLOTS_PER_DAY], flow[SLOTS_PER_DAY:]


def _from_raw(raw: bytes) -> Flow:
    flow = array(_NARROW if len(raw) == 2 * SLOTS_PER_DAY * 4 else _WIDE)
    flow.frombytes(raw)
    if sys.byteorder == "big":
        flow.byteswap()
    return flow


def merge_day(before: bytes, bytes_in: Flow, bytes_out: Flow, *, replaces: bool = False) -> bytes:
    """A packed day with further samples. The same again changes nothing.

    Raises SamplesRefused for a sample that contradicts a kept one, unless the new ones take their place (`replaces`).
    """
    if _unpacked(before) == _raw_day(bytes_in, bytes_out):
        return before
    merged = []
    for name, old, new in zip(("in", "out"), unpack_day(before), (bytes_in, bytes_out), strict=True):
        flow = []
        for slot, (a, b) in enumerate(zip(values_of(old), values_of(new), strict=True)):
            if a is not None and b is not None and a != b and not replaces:
                raise SamplesRefused(
                    f"slot {slot} {name} holds {a} bytes already, not {b}; load the file with --replace if it is right"
                )
            flow.append(a if b is None else b)
        merged.append(flow_of(flow))
    return pack_day(merged[0], merged[1])


# --- the slots of a month ------------------------------------------------------------------------------------------------------


def slots_between(start: datetime, end: datetime) -> int:
    """Five-minute samples expected between two instants."""
    return int((end - start).total_seconds()) // SAMPLE_SECONDS


def slot_of(instant: datetime) -> tuple[date, int]:
    """The UTC day and slot in which an instant lies."""
    moment = instant.astimezone(UTC)
    return moment.date(), (moment.hour * 60 + moment.minute) // 5


def days_of(start: datetime, end: datetime) -> Iterator[tuple[date, int, int]]:
    """Every UTC day between two instants with its first slot and the one after its last."""
    day, first = slot_of(start)
    last_day, last = slot_of(end)
    while day < last_day:
        yield day, first, SLOTS_PER_DAY
        day, first = day + timedelta(days=1), 0
    if first < last:
        yield day, first, last


def flows_between(days: Mapping[date, bytes], start: datetime, end: datetime) -> tuple[Flow, Flow]:
    """A meter's samples in and out between two instants from its packed days; a day that is not there is missing."""
    parts_in, parts_out = [], []
    nothing = array(_NARROW, [_MISSING[_NARROW]]) * SLOTS_PER_DAY
    for day, first, last in days_of(start, end):
        packed = days.get(day)
        day_in, day_out = unpack_day(packed) if packed is not None else (nothing, nothing)
        parts_in.append(day_in[first:last])
        parts_out.append(day_out[first:last])
    return joined(parts_in), joined(parts_out)


class SamplesHash:
    """SHA-256 over the samples that a quantity was measured from, so that anybody who holds them can prove it.

    For each meter in the order of its ID: the ID, a line feed, the first instant as ISO text in UTC, a line feed, then all
    samples in and all samples out, little-endian, four bytes each (eight where one of that direction does not fit).
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, meter_id: str, start: datetime, bytes_in: Flow, bytes_out: Flow) -> None:
        """A meter's samples from an instant on."""
        self._digest.update(f"{meter_id}\n{start.astimezone(UTC).isoformat()}\n".encode())
        self._digest.update(_raw(bytes_in))
        self._digest.update(_raw(bytes_out))

    def add_hours(self, meter_id: str, start: datetime, end: datetime) -> None:
        """The instants between which hours were counted."""
        text = f"{meter_id}\n{start.astimezone(UTC).isoformat()}\n{end.astimezone(UTC).isoformat()}\n"
        self._digest.update(text.encode())

    def hexdigest(self) -> str:
        """The hash of all that was added."""
        return self._digest.hexdigest()
