"""Samples → measured quantity: traffic sums, percentiles by named profiles, aggregation, hours (B36 to B41).

Samples come every five minutes as bytes in and out. A missing sample is None. Units are decimal: 1 GB = 10^9 bytes.
"""

import hashlib
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from rackbill.core.money import quantize
from rackbill.core.periods import Period, add_months

SAMPLE_SECONDS = 300
SLOTS_PER_DAY = 288
MISSING = -1
"""In packed days, the slot of a sample that never came."""

_BYTES = {"GB": Decimal(10) ** 9, "TB": Decimal(10) ** 12}
UNIT_CODES = {"GB": "E34", "TB": "E35", "Mbps": "E20", "Gbps": "B80", "h": "HUR", "unit": "C62"}
"""UN/ECE recommendation 20 codes (BT-130) of the units that are measured."""


class MeteringRefused(ValueError):
    """Samples contradict each other or themselves; the message says where and what to do."""


class Direction(StrEnum):
    """What of in and out a percentile is taken of."""

    IN = "in"
    OUT = "out"
    SUM = "sum"
    MAX_OF_SAMPLES = "max_of_samples"
    MAX_OF_PERCENTILES = "max_of_percentiles"


class Gaps(StrEnum):
    """What a missing sample counts as in a percentile."""

    LEFT_OUT = "left_out"
    ZERO = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileProfile:
    """How a bandwidth percentile is taken. Of n sorted samples the highest floor(n x (100 - percent) / 100) are dropped."""

    name: str
    percent: int = 95
    direction: Direction = Direction.MAX_OF_PERCENTILES
    gaps: Gaps = Gaps.LEFT_OUT


PROFILES = {
    profile.name: profile
    for profile in (
        PercentileProfile(name="95TH"),
        PercentileProfile(name="95TH_SUM", direction=Direction.SUM),
        PercentileProfile(name="95TH_IN", direction=Direction.IN),
        PercentileProfile(name="95TH_OUT", direction=Direction.OUT),
        PercentileProfile(name="95TH_MAX_OF_SAMPLES", direction=Direction.MAX_OF_SAMPLES),
        PercentileProfile(name="95TH_GAPS_ZERO", gaps=Gaps.ZERO),
        PercentileProfile(name="90TH", percent=90),
    )
}
"""By name; a provider's own are added here."""

Flow = Sequence[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredQuantity:
    """What was used in a period, as a charge cites it: quantity to six places, and the hash of the samples behind it."""

    period: Period
    quantity: Decimal
    unit: str
    samples_sha256: str = ""
    profile: str = ""
    sample_count: int = 0
    expected_count: int = 0


def deltas_of_counter(readings: Flow, *, bits: int = 64) -> list[int | None]:
    """Bytes between each reading of a counter and the one before it; one fewer than readings.

    A counter that falls has wrapped where that explains a plausible step (less than half its range), else it was reset and
    what it shows was counted since. Bytes across a gap come with the first reading after it.
    """
    span = 1 << bits
    result: list[int | None] = []
    last: int | None = None
    for place, reading in enumerate(readings):
        if reading is not None and not 0 <= reading < span:
            raise MeteringRefused(f"reading {place} is {reading}, out of the range of a counter of {bits} bits")
        if place:
            if reading is None or last is None:
                result.append(None)
            else:
                step = reading - last
                if step < 0:
                    wrapped = step + span
                    step = wrapped if wrapped < span // 2 else reading
                result.append(step)
        if reading is not None:
            last = reading
    return result


def mbps_of_bytes(byte_count: int) -> Decimal:
    """The mean rate of one sample: bytes x 8 / 300 seconds in decimal Mbps, to six places (B39: 86 MB → 2.293 Mbps)."""
    return quantize(Decimal(byte_count * 8) / (SAMPLE_SECONDS * 1_000_000), 6)


def percentile_bytes(flow: Flow, *, percent: int, gaps: Gaps) -> int:
    """The billed sample: sort, drop the top floor(n x (100 - percent) %), take the next (B38). 0 without samples."""
    known = sorted(0 if value is None else value for value in flow if value is not None or gaps is Gaps.ZERO)
    if not known:
        return 0
    dropped = len(known) * (100 - percent) // 100
    return known[len(known) - 1 - dropped]


def percentile_mbps(bytes_in: Flow, bytes_out: Flow, profile: PercentileProfile) -> Decimal:
    """The billed rate in Mbps of one meter by a profile. In and out must have the same slots."""
    if len(bytes_in) != len(bytes_out):
        raise MeteringRefused(
            f"{len(bytes_in)} samples in and {len(bytes_out)} out; both directions need the same slots"
        )

    def taken(flow: Flow) -> int:
        return percentile_bytes(flow, percent=profile.percent, gaps=profile.gaps)

    if profile.direction is Direction.IN:
        return mbps_of_bytes(taken(bytes_in))
    if profile.direction is Direction.OUT:
        return mbps_of_bytes(taken(bytes_out))
    if profile.direction is Direction.MAX_OF_PERCENTILES:
        return mbps_of_bytes(max(taken(bytes_in), taken(bytes_out)))
    pairs = zip(bytes_in, bytes_out, strict=True)
    if profile.direction is Direction.SUM:
        return mbps_of_bytes(taken([None if i is None or o is None else i + o for i, o in pairs]))
    return mbps_of_bytes(taken([None if i is None or o is None else max(i, o) for i, o in pairs]))


def percentile_of_sums(meters: Sequence[tuple[Flow, Flow]], profile: PercentileProfile) -> Decimal:
    """Aggregated rate: the samples of all meters added slot by slot, then the percentile. One meter's gap counts as nothing."""
    total_in = [_added(slot) for slot in zip(*(m[0] for m in meters), strict=True)]
    total_out = [_added(slot) for slot in zip(*(m[1] for m in meters), strict=True)]
    return percentile_mbps(total_in, total_out, profile)


def _added(slot: Iterable[int | None]) -> int | None:
    known = [value for value in slot if value is not None]
    return sum(known) if known else None


def sum_of_percentiles(meters: Sequence[tuple[Flow, Flow]], profile: PercentileProfile) -> Decimal:
    """Aggregated rate as the sum of each meter's own percentile (B40)."""
    return sum((percentile_mbps(i, o, profile) for i, o in meters), Decimal(0))


def traffic_quantity(byte_count: int, unit: str) -> Decimal:
    """Bytes in GB or TB, decimal, rounded half up to six places once."""
    return quantize(Decimal(byte_count) / _BYTES[unit], 6)


def traffic_bytes(bytes_in: Flow, bytes_out: Flow) -> int:
    """All bytes in and out; what was not sampled was counted by the next reading and is 0 here."""
    return sum(value or 0 for value in bytes_in) + sum(value or 0 for value in bytes_out)


def month_instants(first: date, zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """The instants (UTC) at which the month of a day begins and ends, by UTC or by a zone's own midnights."""
    start = first.replace(day=1)
    end = add_months(start, 1)
    at = [datetime(d.year, d.month, d.day, tzinfo=zone or UTC).astimezone(UTC) for d in (start, end)]
    return at[0], at[1]


def slots_between(start: datetime, end: datetime) -> int:
    """Five-minute samples expected between two instants."""
    return int((end - start).total_seconds()) // SAMPLE_SECONDS


def billed_hours(start: datetime, end: datetime) -> int:
    """Started hours of real time between two instants; March in Amsterdam has 743."""
    return -(-int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()) // 3600)


# --- one row for each meter and day --------------------------------------------------------------------------------------------


def pack_day(bytes_in: Flow, bytes_out: Flow) -> bytes:
    """A day's 288 samples of both directions, small. Equal samples give equal bytes."""
    if len(bytes_in) != SLOTS_PER_DAY or len(bytes_out) != SLOTS_PER_DAY:
        raise MeteringRefused(
            f"a day has {SLOTS_PER_DAY} samples in each direction, not {len(bytes_in)} and {len(bytes_out)}"
        )
    values = array("q", (MISSING if v is None else v for flow in (bytes_in, bytes_out) for v in flow))
    return zlib.compress(values.tobytes(), 6)


def unpack_day(packed: bytes) -> tuple[list[int | None], list[int | None]]:
    """The samples in and out of a packed day."""
    values = array("q")
    values.frombytes(zlib.decompress(packed))
    flow = [None if v == MISSING else v for v in values]
    return flow[:SLOTS_PER_DAY], flow[SLOTS_PER_DAY:]


def merge_day(before: bytes | None, bytes_in: Flow, bytes_out: Flow) -> bytes:
    """A packed day with further samples. The same again changes nothing; a contradicting one is refused."""
    if before is None:
        return pack_day(bytes_in, bytes_out)
    merged = []
    for name, old, new in zip(("in", "out"), unpack_day(before), (bytes_in, bytes_out), strict=True):
        flow = []
        for slot, (a, b) in enumerate(zip(old, new, strict=True)):
            if a is not None and b is not None and a != b:
                raise MeteringRefused(
                    f"slot {slot} {name} holds {a} bytes already, not {b}; correct the sample explicitly"
                )
            flow.append(b if a is None else a)
        merged.append(flow)
    return pack_day(merged[0], merged[1])


def samples_hash(days: Iterable[tuple[date, bytes]]) -> str:
    """SHA-256 over the samples of days in their order; compression does not matter."""
    digest = hashlib.sha256()
    for day, packed in sorted(days):
        digest.update(day.isoformat().encode())
        digest.update(zlib.decompress(packed))
    return digest.hexdigest()


def estimate_for_month(so_far: Decimal, *, month: date, measured_until: datetime) -> Decimal:
    """A traffic quantity carried on to the month's end at the same pace; six places. Raises MeteringRefused before it began."""
    start, end = month_instants(month)
    passed = min(measured_until.astimezone(UTC), end) - start
    if passed <= timedelta():
        raise MeteringRefused(f"nothing of {month:%B %Y} has passed at {measured_until}")
    return quantize(so_far * int((end - start).total_seconds()) / int(passed.total_seconds()), 6)
