"""What was agreed, as the sums need it: contract terms, their lines, dated prices, quantities and discounts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rackbill.core.periods import CYCLE_MONTHS, Period, add_months, first_of_month


class LineKind(StrEnum):
    """How a contract line is charged."""

    RECURRING = "recurring"
    ONE_OFF = "one_off"


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
    """A unit price per quantity 1 and cycle, from a day until another (open where None)."""

    valid_from: date
    valid_until: date | None
    unit_price: Decimal


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLine:
    """One contract line.

    `start` is the first day charged, `end` the first day no longer charged. `billed_from` is the boundary date: days before
    it were another system's to bill (C9). `settled_until` says that everything up to there is charged and the line was not
    amended since, so that a run may start from there without reading its history; None demands the full computation.
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

    def __post_init__(self) -> None:
        if self.cycle_months not in CYCLE_MONTHS:
            raise ValueError(f"line {self.line_id}: a cycle has 1, 3, 6 or 12 months, not {self.cycle_months}")
        if not self.prices or not self.quantities:
            raise ValueError(f"line {self.line_id} has no price or no quantity")

    @property
    def charged_from(self) -> date:
        """The first day that is ours to charge."""
        return max(self.start, self.billed_from) if self.billed_from else self.start

    @property
    def anchor(self) -> date:
        """The first of a month on which whole cycles begin (B1): the first day that is ours, or the first of the month after.

        After a boundary date cycles go on from there, whatever anchor the other system had counted from.
        """
        first = first_of_month(self.charged_from)
        return first if first == self.charged_from else add_months(first, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """A contract's lines, all in one currency."""

    contract_id: str
    currency: str
    lines: tuple[TermLine, ...]


def term_end(start: date, term_months: int, day: date) -> date:
    """End of the term that runs on the day: a contract renews by itself for its first length (B26)."""
    periods = 1
    while add_months(start, periods * term_months) <= day:
        periods += 1
    return add_months(start, periods * term_months)


def line_period(line: TermLine) -> Period | None:
    """The line's own days, where its end is known."""
    return Period(line.start, line.end) if line.end and line.end > line.start else None
