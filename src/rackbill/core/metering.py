"""Samples → measured quantity: traffic sums, percentiles by named profiles, aggregation, hours (B36 to B42).

Units are decimal: 1 GB = 10^9 bytes, 1 Mbps = 10^6 bits a second.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import add
from zoneinfo import ZoneInfo

from rackbill.core.money import quantize
from rackbill.core.periods import Period
from rackbill.core.samples import SAMPLE_SECONDS, Flow, added, flow_of, known, known_count, values_of

_BYTES = {"GB": Decimal(10) ** 9, "TB": Decimal(10) ** 12}
_MBPS = {"Mbps": Decimal(1), "Gbps": Decimal(1000)}
UNIT_CODES = {"GB": "E34", "TB": "E35", "Mbps": "E20", "Gbps": "B80", "h": "HUR", "unit": "C62"}
"""UN/ECE recommendation 20 codes (BT-130) of the units that are measured."""


class MeteringRefused(ValueError):
    """Nothing can be measured this way; the message says why and what to do."""


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


class Method(StrEnum):
    """What of a line's meters is measured: all bytes, each meter's percentile added up (B40), one percentile of all meters

    added up sample by sample, or the hours that the metered services stood.
    """

    TRAFFIC = "traffic"
    PERCENTILE = "percentile"
    PERCENTILE_OF_SUMS = "percentile_of_sums"
    HOURS = "hours"


class MonthBy(StrEnum):
    """Whose midnight a month of samples begins at."""

    UTC = "utc"
    LOCAL = "local"


_UNITS = {
    Method.TRAFFIC: tuple(_BYTES), Method.PERCENTILE: tuple(_MBPS), Method.PERCENTILE_OF_SUMS: tuple(_MBPS),
    Method.HOURS: ("h",),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringRule:
    """How a line's month is measured. Hours are always counted by local months, real hours (March in Amsterdam has 743)."""

    method: Method
    unit: str
    profile: str = ""
    month_by: MonthBy = MonthBy.UTC

    def __post_init__(self) -> None:
        if self.unit not in _UNITS[self.method]:
            raise MeteringRefused(
                f"{self.method} is not measured in {self.unit!r}; give {' or '.join(_UNITS[self.method])}"
            )
        takes_profile = self.method in (Method.PERCENTILE, Method.PERCENTILE_OF_SUMS)
        if takes_profile and self.profile not in PROFILES:
            raise MeteringRefused(f"{self.profile!r} is no percentile profile; the profiles are {', '.join(PROFILES)}")
        if not takes_profile and self.profile:
            raise MeteringRefused(f"{self.method} takes no percentile profile, not {self.profile!r}; leave it out")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredQuantity:
    """What was used in a month, as a charge cites it: quantity to six places, and the hash of the samples behind it.

    `period` is the whole month; `counted` the days of it that the line was agreed for when it was measured. `method` is empty
    where it was measured elsewhere.
    """

    period: Period
    quantity: Decimal
    unit: str
    samples_sha256: str = ""
    profile: str = ""
    sample_count: int = 0
    expected_count: int = 0
    counted: Period | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity to six places, and how many samples of how many slots it was taken from."""

    quantity: Decimal
    sample_count: int
    expected_count: int


FlowPair = tuple[Flow, Flow]


def measure(rule: MeasuringRule, meters: Iterable[FlowPair]) -> Measure:
    """The quantity of all meters of a line by its rule. Meters are taken one by one, so that a stream needs little memory."""
    counts = [0, 0]

    def counted() -> Iterable[FlowPair]:
        for bytes_in, bytes_out in meters:
            if len(bytes_in) != len(bytes_out):
                raise MeteringRefused(
                    f"{len(bytes_in)} samples in and {len(bytes_out)} out; both directions need the same slots"
                )
            counts[0] += _complete_count(bytes_in, bytes_out)
            counts[1] += len(bytes_in)
            yield bytes_in, bytes_out

    quantity = _quantity(rule, counted())
    return Measure(quantity, counts[0], counts[1])


def _complete_count(bytes_in: Flow, bytes_out: Flow) -> int:
    """Slots of which both directions came."""
    if known_count(bytes_in) == known_count(bytes_out) == len(bytes_in):
        return len(bytes_in)
    pairs = zip(values_of(bytes_in), values_of(bytes_out), strict=True)
    return sum(1 for i, o in pairs if i is not None and o is not None)


def _quantity(rule: MeasuringRule, meters: Iterable[FlowPair]) -> Decimal:
    if rule.method is Method.TRAFFIC:
        return traffic_quantity(sum(sum(known(i)) + sum(known(o)) for i, o in meters), rule.unit)
    if rule.method is Method.HOURS:
        raise MeteringRefused("hours are counted between instants, not from samples")
    profile = PROFILES[rule.profile]
    if rule.method is Method.PERCENTILE:
        return rate_quantity(sum(percentile(i, o, profile) for i, o in meters), rule.unit)
    return rate_quantity(percentile_of_sums(meters, profile), rule.unit)


def traffic_quantity(byte_count: int, unit: str) -> Decimal:
    """Bytes in GB or TB, decimal, rounded half up to six places once."""
    return quantize(Decimal(byte_count) / _BYTES[unit], 6)


def rate_quantity(byte_count: int, unit: str = "Mbps") -> Decimal:
    """The mean rate of one sample: bytes x 8 / 300 seconds, decimal, to six places (B39: 86 MB → 2.293 Mbps)."""
    return quantize(Decimal(byte_count * 8) / (SAMPLE_SECONDS * 1_000_000 * _MBPS[unit]), 6)


def percentile_bytes(flow: Flow, *, percent: int, gaps: Gaps) -> int:
    """The billed sample: sort, drop the top floor(n x (100 - percent) %), take the next (B38). 0 without samples."""
    came = known(flow)
    count = len(flow) if gaps is Gaps.ZERO else len(came)
    place = len(came) - 1 - count * (100 - percent) // 100
    if place < 0:
        return 0
    came.sort()
    return came[place]


def percentile(bytes_in: Flow, bytes_out: Flow, profile: PercentileProfile) -> int:
    """The billed sample of one meter by a profile, in bytes of five minutes."""

    def taken(flow: Flow) -> int:
        return percentile_bytes(flow, percent=profile.percent, gaps=profile.gaps)

    if profile.direction is Direction.IN:
        return taken(bytes_in)
    if profile.direction is Direction.OUT:
        return taken(bytes_out)
    if profile.direction is Direction.MAX_OF_PERCENTILES:
        return max(taken(bytes_in), taken(bytes_out))
    combine = add if profile.direction is Direction.SUM else max
    if _complete_count(bytes_in, bytes_out) == len(bytes_in):
        # Sums of two samples may need more than four bytes; eight always hold them.
        return taken(array("Q", map(combine, bytes_in, bytes_out)))
    pairs = zip(values_of(bytes_in), values_of(bytes_out), strict=True)
    return taken(flow_of(None if i is None or o is None else combine(i, o) for i, o in pairs))


def percentile_of_sums(meters: Iterable[FlowPair], profile: PercentileProfile) -> int:
    """The billed sample of the samples of all meters added slot by slot, in bytes. One meter's gap counts as nothing."""
    total: FlowPair | None = None
    for bytes_in, bytes_out in meters:
        if total is None:
            total = bytes_in, bytes_out
        else:
            total = added((total[0], bytes_in)), added((total[1], bytes_out))
    return 0 if total is None else percentile(total[0], total[1], profile)


# --- months and hours ----------------------------------------------------------------------------------------------------------


def instants_of(period: Period, zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """The instants (UTC) at which days begin and end, by UTC or by a zone's own midnights."""
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone or UTC).astimezone(UTC) for day in (period.start, period.end)
    )
    return start, end


def billed_hours(start: datetime, end: datetime) -> int:
    """Started hours of real time between two instants; March in Amsterdam has 743. 0 where the end is not after the start."""
    return max(-(-int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()) // 3600), 0)


def carried_on(so_far: Decimal, *, start: datetime, end: datetime, until: datetime) -> Decimal:
    """A quantity that grows with time (bytes, hours) carried on to the end at the same pace; six places.

    Raises MeteringRefused where nothing has passed.
    """
    passed = min(until, end) - start
    if passed <= timedelta():
        raise MeteringRefused(f"nothing has passed between {start} and {until}; ask again later")
    return quantize(so_far * int((end - start).total_seconds()) / int(passed.total_seconds()), 6)


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1))
