"""The contract lines that a bill run charges, read as plain rows; core values are made of those that need them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from json import loads
from typing import Any

from rackbill.core.document.texts import subject_text
from rackbill.core.pricing import UsagePrice, usage_price_from_plain
from rackbill.core.terms import (
    DatedPrice,
    DatedQuantity,
    DayCount,
    Discount,
    DiscountKind,
    LineKind,
    Proration,
    ProrationProfile,
    Rounding,
    Suspension,
    TermLine,
    Timing,
)
from rackbill.domain.contracts import policy
from rackbill.domain.contracts.models import ContractLine, LineDiscount, LinePrice, LineQuantity, LineSuspension
from rackbill.domain.kit import bulk
from rackbill.domain.kit.fields import plain_decimal

_COLUMNS = (
    "pk", "kind", "timing", "cycle_months", "starts_on", "ends_on", "billed_from", "settled_until", "anchor_on", "proration",
    "day_price_digits", "rounding", "description", "service__service_id", "service__customer_id",
    "service__billing_group_id", "service__starts_at", "service__ends_at", "service__reference", "service__cost_centre",
    "service__legacy_id", "service__legacy_name", "service__contract__contract_id", "service__contract__currency",
    "service__contract__ends_at", "service__contract__po_number", "service__product__product_id",
    "service__product__code", "service__product__tax_class", "service__equipment__equipment_id",
    "service__equipment__site__code", "day_count", "is_unit_rounded", "counts", "amendment_count",
)  # fmt: skip


Row = tuple[Any, ...]
"""A dated row as the database keeps it: line, valid from, valid until, then what it says."""


class BillableLine:
    """A contract line with what it is about; days are ISO texts, as the database keeps them.

    `prices`, `quantities`, `discounts`, `suspensions` are plain rows, oldest first. The cycles of a plain line in which
    nothing changes (`in_force`) can be charged without making values of it.
    """

    __slots__ = (
        "amendment_count", "anchor_on", "billed_from", "contract_ends_at", "contract_id", "cost_centre", "counted",
        "counts", "currency", "customer_key", "cycle_months", "day_count", "day_price_digits", "description",
        "discounts", "ends_on", "equipment_id", "group_key", "is_unit_rounded", "kind", "legacy_id", "legacy_name",
        "line_key", "po_number", "prices", "product_code", "product_id", "proration", "quantities", "reference",
        "rounding", "service_ends_at", "service_id", "service_starts_at", "settled_until", "site", "starts_on",
        "suspensions", "tax_class", "timing",
    )  # fmt: skip

    def __init__(self, row: tuple[Any, ...], prices: Any, quantities: Any, discounts: Any, suspensions: Any) -> None:
        (
            self.line_key, self.kind, self.timing, self.cycle_months, self.starts_on, self.ends_on, self.billed_from,
            self.settled_until, self.anchor_on, self.proration, self.day_price_digits, self.rounding, self.description,
            self.service_id, self.customer_key, self.group_key, self.service_starts_at, self.service_ends_at, self.reference,
            self.cost_centre, self.legacy_id, self.legacy_name, self.contract_id, self.currency, self.contract_ends_at,
            self.po_number, self.product_id, self.product_code, self.tax_class, self.equipment_id, self.site,
            self.day_count, self.is_unit_rounded, self.counts, self.amendment_count,
        ) = row  # fmt: skip
        self.counted: tuple[int, ...] = ()
        self.prices = prices
        self.quantities = quantities
        self.discounts = discounts
        self.suspensions = suspensions

    @property
    def is_plain(self) -> bool:
        """Whole calendar cycles by the standard profile, no end."""
        return (
            self.kind == "recurring" and self.ends_on is None and self.service_ends_at is None
            and self.contract_ends_at is None and self.anchor_on is None
            and self.proration == "days_of_cycle" and self.rounding == "half_up" and self.day_price_digits is None
            and self.day_count == "start" and not self.is_unit_rounded
        )  # fmt: skip

    def in_force(self, start: str, end: str) -> tuple[Row, Row, tuple[Row, ...]] | None:
        """The price, the quantity and the discounts of every day from `start` up to `end`; None where one changes in between

        or the line is suspended.
        """
        prices, quantities = _whole(self.prices, start, end), _whole(self.quantities, start, end)
        if prices is None or quantities is None or len(prices) != 1 or len(quantities) != 1:
            return None
        discounts = _whole(self.discounts, start, end) if self.discounts else ()
        if discounts is None or (self.suspensions and _whole(self.suspensions, start, end) != ()):
            return None
        return prices[0], quantities[0], discounts

    @property
    def is_arrears(self) -> bool:
        """Charged once its period has ended (B6), not when it begins."""
        return self.timing == "arrears" or self.kind in ("metered", "minimum")

    @property
    def first_day(self) -> str:
        """The first day that is ours to charge."""
        return max(self.starts_on, self.billed_from) if self.billed_from else self.starts_on

    @property
    def subject(self) -> str:
        """What a document says the line is about, in the canonical form."""
        return subject_text(
            self.contract_id, self.cost_centre, self.description, self.equipment_id or "", self.legacy_id, self.legacy_name,
            self.site or "", "", self.po_number, self.product_code, self.product_id, self.reference, self.service_id,
        )  # fmt: skip

    def usage_price_on(self, day: str) -> UsagePrice | None:
        """The price of what is used in a month whose first charged day it is; None where there is none."""
        for _line, valid_from, valid_until, _unit_price, plain in self.prices:
            if valid_from <= day and (valid_until is None or day < valid_until) and plain is not None:
                return _usage_price(plain)
        return None

    def terms(self, *, zone: tzinfo, settled_until: date | None) -> TermLine:
        """The line as the sums need it. Raises ValueError where its own data contradict themselves."""
        try:
            return TermLine(
                line_id=self.line_key, kind=LineKind(self.kind), start=_day(self.starts_on), end=self._end(zone),
                prices=tuple(map(_price, self.prices)), quantities=tuple(map(_quantity, self.quantities)),
                discounts=tuple(map(_discount, self.discounts)), cycle_months=self.cycle_months, timing=Timing(self.timing),
                billed_from=_maybe_day(self.billed_from), settled_until=settled_until,
                anchor_on=_maybe_day(self.anchor_on), suspensions=tuple(map(_suspension, self.suspensions)),
                counted_lines=self.counted, **self._profile(zone),
            )  # fmt: skip
        except ValueError as fault:
            raise ValueError(f"service {self.service_id}: {fault}") from None

    def _profile(self, zone: tzinfo) -> dict[str, Any]:
        """What differs from the standard way of pricing parts of a cycle; nothing for nearly every line."""
        columns = (self.proration, self.day_price_digits, self.rounding, self.day_count, bool(self.is_unit_rounded))
        if columns == ("days_of_cycle", None, "half_up", "start", False):
            return {}
        profile = ProrationProfile(
            method=Proration(self.proration), day_price_digits=self.day_price_digits, rounding=Rounding(self.rounding),
            day_count=DayCount(self.day_count), is_unit_rounded=bool(self.is_unit_rounded),
        )  # fmt: skip
        found: dict[str, Any] = {"proration": profile}
        if self.proration == Proration.HOURS:
            starts_at = _instant(self.service_starts_at).astimezone(zone)
            if starts_at.date() == _day(self.starts_on):
                found["started_at"] = starts_at
            if self.service_ends_at is not None and self.ends_on is None:
                found["ended_at"] = _instant(self.service_ends_at).astimezone(zone)
        return found

    def _end(self, zone: tzinfo) -> date | None:
        """The first day no longer charged: the earliest end of line, service and contract."""
        instants = (self.service_ends_at, self.contract_ends_at)
        moments = [_instant(moment).astimezone(zone) for moment in instants if moment is not None]
        # Hours and usage are charged up to the instant, so the day it lies in still counts; else it is the day of the end.
        counts_day = self.proration == Proration.HOURS or self.kind == LineKind.METERED
        extra = timedelta(days=1) if counts_day else timedelta()
        ends = [m.date() + extra if m.time() != time() else m.date() for m in moments]
        return min((*ends, _day(self.ends_on))) if self.ends_on is not None else min(ends, default=None)


def _whole(rows: Sequence[Row], start: str, end: str) -> tuple[Row, ...] | None:
    """The rows that hold on every day from `start` up to `end`; None where one holds on some of them only."""
    if len(rows) == 1:
        row = rows[0]
        if row[1] <= start and (row[2] is None or row[2] >= end):
            return (row,)
    found: tuple[Row, ...] = ()
    for row in rows:
        since, until = row[1], row[2]
        if since <= start and (until is None or until >= end):
            found = (*found, row)
        elif since < end and (until is None or until > start):
            return None
    return found


def billable_lines(*, customer_keys: Sequence[int]) -> list[BillableLine]:
    """The lines of the customers' delivered services by contract and service, in six queries."""
    of_customers = {
        "service__customer_id__any_of": bulk.Keys(customer_keys),
        "service__status__in": policy.BILLED_STATUSES,
    }
    rows = ContractLine.objects.filter(**of_customers)
    on_line = {f"line__{name}": value for name, value in of_customers.items()}
    dated = ("line_id", "valid_from", "valid_until")
    prices = _by_line(LinePrice, on_line, (*dated, "unit_price", "usage_price"))
    quantities = _by_line(LineQuantity, on_line, (*dated, "quantity"))
    discounts = _by_line(LineDiscount, on_line, (*dated, "kind", "value", "reason"))
    suspensions = _by_line(LineSuspension, on_line, dated)
    nothing: tuple[()] = ()
    lines = [
        BillableLine(
            row, prices.get(row[0], nothing), quantities.get(row[0], nothing), discounts.get(row[0], nothing),
            suspensions.get(row[0], nothing),
        )
        for row in bulk.plain_rows(rows.order_by("service__contract__contract_id", "service__service_id", "pk"), *_COLUMNS)
    ]  # fmt: skip
    _name_former_products(lines, rows)
    for minimum in lines:
        if minimum.kind == "minimum":
            minimum.counted = tuple(line.line_key for line in lines if _counts(minimum, line))
    return lines


def _name_former_products(lines: Sequence[BillableLine], rows: Any) -> None:
    """A line whose service got another product since is still about its own, with that one's tax class."""
    columns = ("pk", "product__product_id", "product__code", "product__tax_class")
    former = {row[0]: row[1:] for row in bulk.plain_rows(rows.filter(product__isnull=False), *columns)}
    if former:
        for line in lines:
            if line.line_key in former:
                line.product_id, line.product_code, line.tax_class = former[line.line_key]


def _counts(minimum: BillableLine, line: BillableLine) -> bool:
    """Whether a line counts to a minimum: one of its service or contract, charged again and again, on the same invoice."""
    return (
        line.kind in ("recurring", "metered") and line.contract_id == minimum.contract_id
        and line.group_key == minimum.group_key and (minimum.counts == "contract" or line.service_id == minimum.service_id)
    )  # fmt: skip


def _by_line(model: Any, conditions: dict[str, Any], columns: tuple[str, ...]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in bulk.plain_rows(model.objects.filter(**conditions).order_by("valid_from", "pk"), *columns):
        key = row[0]
        if key in found:
            found[key].append(row)
        else:
            found[key] = [row]
    return found


@lru_cache(maxsize=8192)
def _day(text: str) -> date:
    """A day from its ISO text."""
    return date.fromisoformat(text)


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else _day(text)


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=8192)
def _usage_price(plain: str) -> UsagePrice:
    return usage_price_from_plain(loads(plain))


def _price(row: tuple[Any, ...]) -> DatedPrice:
    usage_price = _usage_price(row[4]) if row[4] is not None else None
    return DatedPrice(_day(row[1]), _maybe_day(row[2]), plain_decimal(row[3]), usage_price)


def _quantity(row: tuple[Any, ...]) -> DatedQuantity:
    return DatedQuantity(_day(row[1]), _maybe_day(row[2]), plain_decimal(row[3]))


def _discount(row: tuple[Any, ...]) -> Discount:
    return Discount(DiscountKind(row[3]), plain_decimal(row[4]), row[5], _day(row[1]), _maybe_day(row[2]))


def _suspension(row: tuple[Any, ...]) -> Suspension:
    return Suspension(_day(row[1]), _maybe_day(row[2]))
