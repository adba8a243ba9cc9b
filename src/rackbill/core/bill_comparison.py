"""Two bills of one customer (last month and this, a legacy system's and ours) → pairs, differences, reason codes.

The differences by reason always sum to the difference of the totals, to the last minor unit: each pair is walked from the
former amount to the latter in steps, and a step is what lies between two whole amounts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rackbill.core.charges import Charge, ChargeKind
from rackbill.core.document import Document, DocumentKind, DocumentLine
from rackbill.core.money import round_half_up
from rackbill.core.periods import CYCLE_MONTHS, Period

_ZERO = Decimal(0)
_ONE = Decimal(1)
_MONTHS = {"MON": 1, "QAN": 3, "SAN": 6, "ANN": 12}


class Reason(StrEnum):
    """Why a bill differs from the one before, in the order in which a report lists them."""

    NEW = "new"
    ENDED = "ended"
    QUANTITY = "quantity"
    PRICE = "price"
    DISCOUNT = "discount"
    PERIOD = "period"
    CYCLE = "cycle"
    SUSPENSION = "suspension"
    USAGE = "usage"
    ONE_OFF = "one_off"
    CORRECTION = "correction"
    LATE = "late"
    PARKED = "parked"
    TAX = "tax"
    ROUNDING = "rounding"


class Nature(StrEnum):
    """How a line is compared: regular ones pair by pair, the others as a whole."""

    REGULAR = "regular"
    ONE_OFF = "one_off"
    USAGE = "usage"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedLine:
    """One line of a bill. `thing` is what pairs: the same text in both bills, a contract line or a service, say.

    `months` is how many months of the price it covers, `count` how many things; amounts are in minor units and negative
    where money is given back. `tax_key` names category and rate.
    """

    thing: str
    nature: Nature
    period: Period
    months: Decimal
    count: Decimal
    gross_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    tax_key: str = ""

    @property
    def net_minor(self) -> int:
        """After discounts, before tax."""
        return self.gross_minor - self.discount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedBill:
    """What one customer was billed in one currency through a date. A bill that was not made has no lines."""

    currency: str
    through: date
    issued_on: date
    lines: tuple[ComparedLine, ...] = ()
    is_parked: bool = False

    @property
    def total_minor(self) -> int:
        """Net and tax together."""
        return sum(line.net_minor + line.tax_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingFacts:
    """What is known of a thing beside its lines; all may be left open."""

    starts_on: date | None = None
    ends_on: date | None = None
    cycle_months: int = 1
    is_suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one reason adds to or takes off one thing's amounts, in minor units."""

    thing: str
    reason: Reason
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Net and tax together."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPair:
    """The lines of one thing in the bill before and in the bill after."""

    thing: str
    before: tuple[ComparedLine, ...]
    after: tuple[ComparedLine, ...]


def pairs(before: ComparedBill, after: ComparedBill) -> list[ComparedPair]:
    """The lines of both bills by thing, in the order in which things first appear."""
    things = dict.fromkeys(line.thing for line in (*before.lines, *after.lines))
    old, new = _by_thing(before.lines), _by_thing(after.lines)
    return [ComparedPair(thing=t, before=tuple(old.get(t, ())), after=tuple(new.get(t, ()))) for t in things]


def compare_bills(
    *, before: ComparedBill, after: ComparedBill, facts: Mapping[str, ThingFacts] | None = None
) -> list[Difference]:
    """Every difference with its reason; they sum to `after.total_minor - before.total_minor`. Raises ValueError: currencies."""
    if before.currency != after.currency:
        raise ValueError(
            f"a bill in {before.currency} and one in {after.currency} cannot be compared; take one currency"
        )
    known = facts or {}
    found: list[Difference] = []
    for pair in pairs(before, after):
        found += _differences(pair, before, after, known.get(pair.thing, ThingFacts()))
    return [row for row in found if row.net_minor or row.tax_minor]


_WHOLE = {Nature.ONE_OFF: Reason.ONE_OFF, Nature.USAGE: Reason.USAGE, Nature.CORRECTION: Reason.CORRECTION}


def _differences(
    pair: ComparedPair, before: ComparedBill, after: ComparedBill, facts: ThingFacts
) -> Iterator[Difference]:
    is_parked = after.is_parked and not after.lines
    for nature, reason in _WHOLE.items():
        old, new = _of(pair.before, nature), _of(pair.after, nature)
        if old or new:
            yield _step(pair.thing, Reason.PARKED if is_parked else reason, old, new)
    old, new = _of(pair.before, Nature.REGULAR), _of(pair.after, Nature.REGULAR)
    if old and new:
        yield from _walk(pair.thing, _Sums.of(old), _Sums.of(new), _days_reason(old, new, after, facts))
    elif new:
        yield _step(pair.thing, _appeared(new, before, facts), old, new)
    elif old:
        yield _step(pair.thing, Reason.PARKED if is_parked else _vanished(old, after, facts), old, new)


def _appeared(new: Sequence[ComparedLine], before: ComparedBill, facts: ThingFacts) -> Reason:
    """Why a thing is billed now that was not billed before."""
    if facts.starts_on is None or facts.starts_on >= before.issued_on:
        return Reason.NEW
    if facts.is_suspended:
        return Reason.SUSPENSION
    if facts.cycle_months > 1 and min(line.period.start for line in new) >= before.through:
        return Reason.CYCLE
    return Reason.LATE


def _vanished(old: Sequence[ComparedLine], after: ComparedBill, facts: ThingFacts) -> Reason:
    """Why a thing that was billed before is not billed now."""
    if facts.ends_on is not None and facts.ends_on <= after.through:
        return Reason.ENDED
    if max(line.period.end for line in old) >= after.through:
        return Reason.CYCLE
    return Reason.SUSPENSION if facts.is_suspended else Reason.ENDED


def _days_reason(
    old: Sequence[ComparedLine], new: Sequence[ComparedLine], after: ComparedBill, facts: ThingFacts
) -> Reason:
    """Why a thing is billed for more or fewer months than before."""
    if facts.ends_on is not None and facts.ends_on < after.through and sum(n.months for n in new) < sum(
        o.months for o in old
    ):  # fmt: skip
        return Reason.ENDED
    return Reason.SUSPENSION if facts.is_suspended else Reason.PERIOD


@dataclass(frozen=True, slots=True)
class _Sums:
    """The regular lines of one thing together."""

    months: Decimal
    units: Decimal
    gross: int
    discount: int
    tax: int
    tax_keys: frozenset[str]

    @classmethod
    def of(cls, lines: Sequence[ComparedLine]) -> "_Sums":
        return cls(
            sum((line.months for line in lines), _ZERO), sum((line.months * line.count for line in lines), _ZERO),
            sum(line.gross_minor for line in lines), sum(line.discount_minor for line in lines),
            sum(line.tax_minor for line in lines), frozenset(line.tax_key for line in lines),
        )  # fmt: skip

    @property
    def net(self) -> int:
        return self.gross - self.discount


def _walk(thing: str, old: _Sums, new: _Sums, days: Reason) -> Iterator[Difference]:
    """From the former amount to the latter: months, quantity, price, discount, then the tax that these do not explain."""
    nets = [(days, old.net), *_net_steps(old, new, days)]
    steps = [(reason, nets[n - 1][1], net) for n, (reason, net) in enumerate(nets) if n and net != nets[n - 1][1]]
    tax = old.tax
    for reason, before, after in steps:
        follows = round_half_up(Decimal(after) * old.tax / old.net) if old.net else tax
        yield Difference(thing=thing, reason=reason, net_minor=after - before, tax_minor=follows - tax)
        tax = follows
    if new.tax != tax:
        # A minor unit or so is what is left of rounding each document's tax once.
        reason = Reason.ROUNDING if old.tax_keys == new.tax_keys and abs(new.tax - tax) <= 2 else Reason.TAX
        yield Difference(thing=thing, reason=reason, net_minor=0, tax_minor=new.tax - tax)


def _net_steps(old: _Sums, new: _Sums, days: Reason) -> Iterator[tuple[Reason, int]]:
    """The net amount after each step; the last is the new one."""
    gross = old.gross
    if old.units and new.units:
        same_count = old.units * new.months == new.units * old.months
        per_unit_old, per_unit_new = Decimal(old.gross) / old.units, Decimal(new.gross) / new.units
        at_old_price = round_half_up(per_unit_old * new.units)
        # Amounts are rounded per line: prices that agree within that are the same price.
        same_price = abs(at_old_price - new.gross) <= 2 and (
            old.units == new.units or abs(per_unit_old - per_unit_new) * min(old.units, new.units) <= 2
        )
        if old.months and old.months != new.months:
            gross = (
                new.gross if same_count and same_price else round_half_up(Decimal(old.gross) * new.months / old.months)
            )
            yield days, gross - old.discount
        if not same_count:
            gross = new.gross if same_price else at_old_price
            yield Reason.QUANTITY, gross - old.discount
    elif old.units != new.units:
        gross = new.gross
        yield Reason.QUANTITY, gross - old.discount
    yield Reason.PRICE, new.gross - old.discount
    yield Reason.DISCOUNT, new.net


def _step(thing: str, reason: Reason, old: Sequence[ComparedLine], new: Sequence[ComparedLine]) -> Difference:
    return Difference(
        thing=thing, reason=reason,
        net_minor=sum(line.net_minor for line in new) - sum(line.net_minor for line in old),
        tax_minor=sum(line.tax_minor for line in new) - sum(line.tax_minor for line in old),
    )  # fmt: skip


def _of(lines: Iterable[ComparedLine], nature: Nature) -> list[ComparedLine]:
    return [line for line in lines if line.nature is nature]


def _by_thing(lines: Iterable[ComparedLine]) -> dict[str, list[ComparedLine]]:
    found: dict[str, list[ComparedLine]] = defaultdict(list)
    for line in lines:
        found[line.thing].append(line)
    return found


# --- bills from documents --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """Which thing a document line is about, and which kind and revision of charge it prints."""

    thing: str
    kind: ChargeKind
    revision: int

    @classmethod
    def of(cls, charge: Charge) -> "LineOrigin":
        """Of a charge: its contract line."""
        return cls(str(charge.line_id), charge.kind, charge.revision)


def compared_lines(document: Document, origins: Sequence[LineOrigin]) -> list[ComparedLine]:
    """A document's lines for comparison, with the tax of each; their tax sums to that of the document."""
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
    taxes = line_taxes(document)
    return [
        _compared(line, origin, sign, tax) for line, origin, tax in zip(document.lines, origins, taxes, strict=True)
    ]


def line_taxes(document: Document) -> list[int]:
    """The tax of each line in minor units; what rounding leaves goes to the largest line."""
    taxes = [
        sum(round_half_up(line.net_minor * tax.base_rate * tax.rate / 100) for tax in line.taxes)
        for line in document.lines
    ]
    largest = max(range(len(taxes)), key=lambda n: abs(document.lines[n].net_minor))
    taxes[largest] += document.totals.tax_minor - sum(taxes)
    return taxes


def _compared(line: DocumentLine, origin: LineOrigin, sign: int, tax_minor: int) -> ComparedLine:
    months, count = months_and_count(
        quantity=abs(line.quantity), unit=line.unit, base=line.price_base_quantity, period=line.period
    )
    discount = sum(a.amount_minor for a in line.allowances)
    return ComparedLine(
        thing=origin.thing, nature=nature_of(origin.kind, origin.revision), period=line.period, months=months, count=count,
        gross_minor=sign * (line.net_minor + discount), discount_minor=sign * discount, tax_minor=sign * tax_minor,
        tax_key="+".join(f"{t.regime} {t.code} {t.rate.normalize():f}" for t in line.taxes),
    )  # fmt: skip


def nature_of(kind: ChargeKind, revision: int) -> Nature:
    """How a charge is compared. What is charged anew for a past period belongs to the correction that took it back."""
    if revision or kind in (ChargeKind.REVERSAL, ChargeKind.CREDIT):
        return Nature.CORRECTION
    if kind is ChargeKind.ONE_OFF:
        return Nature.ONE_OFF
    return Nature.USAGE if kind is ChargeKind.USAGE else Nature.REGULAR


def months_and_count(*, quantity: Decimal, unit: str, base: Decimal, period: Period) -> tuple[Decimal, Decimal]:
    """How many months of its price a printed quantity covers, and of how many things."""
    if unit in _MONTHS:
        return Decimal(_MONTHS[unit]), quantity
    if unit not in ("DAY", "HUR"):
        return _ONE, quantity
    length = Decimal(period.day_count) * (1 if unit == "DAY" else 24)
    count = _near_whole(quantity / length)
    month = Decimal("30.4") * (1 if unit == "DAY" else 24)
    cycle = min(CYCLE_MONTHS, key=lambda months: abs(base / month - months))
    return (quantity / count if count else _ZERO) / base * cycle, count


def _near_whole(value: Decimal) -> Decimal:
    """The whole number next to it where it is near: profiles such as 30/360 count other days than the calendar."""
    whole = Decimal(round_half_up(value))
    return whole if whole and abs(value - whole) <= whole / 8 else value


# --- sums over many customers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One customer's bill in one currency, before and after, with the reasons of its difference."""

    customer_id: str
    name: str
    currency: str
    before_minor: int
    after_minor: int
    by_reason: tuple[tuple[Reason, int], ...]

    @property
    def difference_minor(self) -> int:
        """After minus before, in minor units."""
        return self.after_minor - self.before_minor
