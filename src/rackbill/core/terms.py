"""What was agreed, as the sums need it: contract terms, their lines, dated prices, quantities and discounts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from rackbill.core.money import quantize
from rackbill.core.periods import CYCLE_MONTHS, add_months, first_of_month
from rackbill.core.pricing import UsagePrice


class LineKind(StrEnum):
    """How a contract line is charged."""

    RECURRING = "recurring"
    ONE_OFF = "one_off"
    METERED = "metered"
    MINIMUM = "minimum"


class Proration(StrEnum):
    """How a part of a cycle is priced. The default is the provider's (B2); the others imitate other engines to the cent."""

    DAYS_OF_CYCLE = "days_of_cycle"
    DAYS_OF_MONTH = "days_of_month"
    THIRTY_360 = "30/360"
    DAYS_OF_30 = "days/30"
    HOURS = "hours"
    WHOLE_CYCLE = "whole_cycle"


class Rounding(StrEnum):
    """How the amount of a charge becomes whole minor units."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


class DayCount(StrEnum):
    """Which of a line's first day and end day are charged. Ours is the half-open one: the start is, the end is not."""

    START = "start"
    END = "end"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProrationProfile:
    """How parts of a cycle are priced and rounded.

    With `day_price_digits` the price of one day (or hour) is rounded to so many decimals before it is multiplied, as engines
    do that print a price per day. With `is_unit_rounded` the part's price of one piece is rounded to whole minor units before
    it is multiplied by how many there are; else only their sum is.
    """

    method: Proration = Proration.DAYS_OF_CYCLE
    day_price_digits: int | None = None
    rounding: Rounding = Rounding.HALF_UP
    day_count: DayCount = DayCount.START
    is_unit_rounded: bool = False


STANDARD_PRORATION = ProrationProfile()


class Timing(StrEnum):
    """When a recurring line is charged: before its period (B5) or after it (B6)."""

    ADVANCE = "advance"
    ARREARS = "arrears"


class DiscountKind(StrEnum):
    """Percent of the price, or an amount per cycle."""

    PERCENT = "percent"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A unit price per quantity 1 and cycle, from a day until another (open where None).

    A metered line's price has a `usage_price` for the quantity used in a month; its `unit_price` is then 0.
    """

    valid_from: date
    valid_until: date | None
    unit_price: Decimal
    usage_price: UsagePrice | None = None


@dataclass(frozen=True, slots=True)
class DatedQuantity:
    """How many, from a day until another (open where None)."""

    valid_from: date
    valid_until: date | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Discount:
    """A named reduction (B11). `value` is percent, or an amount in the main unit per cycle."""

    kind: DiscountKind
    value: Decimal
    reason: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Suspension:
    """Days on which a line is not charged because its service was suspended (open where the end is None)."""

    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLine:
    """One contract line.

    `start` is the first day charged, `end` the first day no longer charged. `billed_from` is the boundary date: days before
    it were another system's to bill (C9). `settled_until` is the through date of the run that charged the line last: all
    that was owed through it is charged and the line was not amended since, so that a run may go on from there without reading
    its history. None demands the full computation.

    `anchor_on` is a day on which a cycle begins, of an anniversary line its first day; without it cycles begin on the first
    of a month (B1). `started_at` and `ended_at` are instants in the sales organisation's zone; they matter to prices by hours.
    `counted_lines` are the lines whose charges count to a minimum.
    """

    line_id: int
    kind: LineKind
    start: date
    end: date | None
    prices: tuple[DatedPrice, ...]
    quantities: tuple[DatedQuantity, ...]
    discounts: tuple[Discount, ...] = ()
    cycle_months: int = 1
    timing: Timing = Timing.ADVANCE
    billed_from: date | None = None
    settled_until: date | None = None
    anchor_on: date | None = None
    proration: ProrationProfile = STANDARD_PRORATION
    suspensions: tuple[Suspension, ...] = ()
    counted_lines: tuple[int, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.cycle_months not in CYCLE_MONTHS:
            raise ValueError(f"line {self.line_id}: a cycle has 1, 3, 6 or 12 months, not {self.cycle_months}")
        if not self.prices or not self.quantities:
            raise ValueError(f"line {self.line_id} has no price or no quantity")

    @property
    def is_arrears(self) -> bool:
        """Charged once its period has ended (B6): usage and what tops it up are not known before, whatever was agreed."""
        return self.timing is Timing.ARREARS or self.kind in (LineKind.METERED, LineKind.MINIMUM)

    @property
    def charged_from(self) -> date:
        """The first day that is ours to charge."""
        return max(self.start, self.billed_from) if self.billed_from else self.start

    @property
    def anchor(self) -> date:
        """The day from which cycles are counted: `anchor_on`, else the first of a month (B1) on or after the first day.

        After a boundary date cycles go on from there, whatever anchor the other system had counted from.
        """
        if self.anchor_on is not None:
            return self.anchor_on
        return self.first_whole_cycle(self.charged_from)

    @staticmethod
    def first_whole_cycle(first_day: date) -> date:
        """The first of a month on or after the first day (B1)."""
        first = first_of_month(first_day)
        return first if first == first_day else add_months(first, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """A contract's lines, all in one currency."""

    contract_id: str
    currency: str
    lines: tuple[TermLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRule:
    """How long before the end of a term a contract must be cancelled, for terms up to `longest_term_months`.

    A binding renewal runs for the first length again (B26); else the contract runs on after its first term until a notice has
    passed. A cancellation can be undone until so many hours before the end (B30).
    """

    longest_term_months: int
    notice_months: int = 0
    notice_hours: int = 0
    is_renewal_binding: bool = True
    undo_hours: int = 0

    @property
    def words(self) -> str:
        """The notice for people: `1 month`, `1 hour`, `1 month and 12 hours`, `no notice`."""
        parts = [(self.notice_months, "month"), (self.notice_hours, "hour")]
        return " and ".join(f"{n} {unit}{'s' if n > 1 else ''}" for n, unit in parts if n) or "no notice"


def term_end(start: date, term_months: int, day: date) -> date:
    """End of the term that runs on the day: a contract renews by itself for its first length (B26)."""
    periods = max(((day.year - start.year) * 12 + day.month - start.month) // term_months, 1)
    while add_months(start, periods * term_months) <= day:
        periods += 1
    return add_months(start, periods * term_months)


def notice_rule(rules: tuple[NoticeRule, ...], term_months: int) -> NoticeRule:
    """The rule for a term: the one with the shortest reach that still holds for it. Raises ValueError where none does."""
    found = [rule for rule in rules if term_months <= rule.longest_term_months]
    if not found:
        raise ValueError(f"no notice rule is stored for a term of {term_months} months; add one")
    return min(found, key=lambda rule: rule.longest_term_months)


def cancellation_end(
    *, start: date, term_months: int, given_at: datetime, zone: ZoneInfo, rules: tuple[NoticeRule, ...]
) -> date:
    """The day a contract ends that is cancelled at an instant: the next end of a term that the notice still reaches (B29).

    Where renewals do not bind, after the first term the first day that the notice reaches. Raises ValueError where no rule
    holds for the term.
    """
    rule = notice_rule(rules, term_months)
    given_at = given_at.astimezone(zone)
    end = term_end(start, term_months, max(given_at.date(), start))
    if not rule.is_renewal_binding:
        return _first_day_reached(add_months(start, term_months), given_at, rule, zone)
    while True:
        if _reaches(end, given_at, rule, zone):
            return end
        end = term_end(start, term_months, end)


def _reaches(end: date, given_at: datetime, rule: NoticeRule, zone: ZoneInfo) -> bool:
    """Whether a notice given at an instant is in time for an end."""
    last = add_months(end, -rule.notice_months)
    latest = datetime(last.year, last.month, last.day, tzinfo=zone) - timedelta(hours=rule.notice_hours)
    return given_at <= latest


def _first_day_reached(first_term_end: date, given_at: datetime, rule: NoticeRule, zone: ZoneInfo) -> date:
    day = max(first_term_end, add_months(given_at.date(), rule.notice_months))
    while not _reaches(day, given_at, rule, zone):
        day += timedelta(days=1)
    return day


def undo_until(*, end: date, rule: NoticeRule, zone: ZoneInfo) -> datetime:
    """Until when a cancellation for that end can be undone (B30)."""
    return datetime(end.year, end.month, end.day, tzinfo=zone) - timedelta(hours=rule.undo_hours)


def indexed_price(unit_price: Decimal, *, cpi_percent: Decimal, floor_percent: Decimal, digits: int) -> Decimal:
    """The price after the yearly rise: by the consumer price index of the year before, or by the floor if higher (B14)."""
    rise = max(cpi_percent, floor_percent)
    return quantize(unit_price * (100 + rise) / 100, digits)
