"""What changed since the last invoice of a billing group: rows for page one, each a reason, how many services, and how much.

The rows sum to the difference of the two totals: every reason counts what it does to the net amount, the last row what all
of them do to the tax.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from json import loads

from rackbill.core.bill_comparison import (
    ComparedBill,
    ComparedLine,
    Reason,
    ThingFacts,
    compare_bills,
    months_and_count,
    nature_of,
)
from rackbill.core.charges import ChargeKind
from rackbill.core.document import Change
from rackbill.core.periods import Period

ORDER = ("new", "ended", "price", "quantity", "usage", "discount", "period", "one_off", "correction", "tax")
"""Every reason, in the order in which a document lists them."""
_TOLD = {
    Reason.NEW: "new", Reason.LATE: "new", Reason.ENDED: "ended", Reason.QUANTITY: "quantity", Reason.PRICE: "price",
    Reason.DISCOUNT: "discount", Reason.PERIOD: "period", Reason.CYCLE: "period", Reason.SUSPENSION: "period",
    Reason.USAGE: "usage", Reason.ONE_OFF: "one_off", Reason.CORRECTION: "correction", Reason.ROUNDING: "price",
}  # fmt: skip
"""What a customer reads for a reason of the comparison. A service billed for the first time is new, however late it comes."""

BilledCharge = tuple[int, str, str, str, int, int, str, int, int, int, str, str]
"""The first twelve of PLAIN_FIELDS: contract line, kind, first day, day after the last, revision, quantity, unit, unit price,
price base quantity, amount, currency, allowances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """One invoice's charges, each with the service it is for; days as ISO texts."""

    charges: Sequence[tuple[BilledCharge, str]]
    tax_minor: int
    issued_on: date
    through: date


def what_changed(*, before: Billed, after: Billed, facts: Mapping[int, ThingFacts]) -> tuple[Change, ...]:
    """The rows; none where both bills are the same. `facts` are those of the contract lines that are known.

    They sum to the difference of the totals.
    """
    old, new = _by_line(before), _by_line(after)
    services: dict[str, str] = {}
    differing: list[int] = []
    for key in {**old, **new}:
        if _prints(old.get(key, ())) != _prints(new.get(key, ())):
            differing.append(key)
            services[str(key)] = (new.get(key) or old[key])[0][1]
    found: dict[str, int] = defaultdict(int)
    counted: dict[str, set[str]] = defaultdict(set)
    if differing:
        bills = [
            ComparedBill(
                currency="", through=bill.through, issued_on=bill.issued_on,
                lines=tuple(_line(charge) for key in differing for charge, _service in own.get(key, ())),
            )
            for bill, own in ((before, old), (after, new))
        ]  # fmt: skip
        known = {str(key): facts[key] for key in differing if key in facts}
        for row in compare_bills(before=bills[0], after=bills[1], facts=known):
            reason = _TOLD[row.reason]
            found[reason] += row.net_minor
            counted[reason].add(services[row.thing])
    if after.tax_minor != before.tax_minor:
        found["tax"] = after.tax_minor - before.tax_minor
    return tuple(
        Change(reason=reason, service_count=len(counted[reason]), difference_minor=found[reason])
        for reason in ORDER
        if reason in found
    )


def _by_line(bill: Billed) -> dict[int, list[tuple[BilledCharge, str]]]:
    found: dict[int, list[tuple[BilledCharge, str]]] = {}
    for row in bill.charges:
        found.setdefault(row[0][0], []).append(row)
    return found


def _prints(rows: Iterable[tuple[BilledCharge, str]]) -> list[tuple[object, ...]]:
    """What of a line's charges must agree for nothing to have changed: all but the days."""
    return sorted((c[1], *c[4:10], c[11]) for c, _service in rows)


def _line(charge: BilledCharge) -> ComparedLine:
    line_key, kind, start, end, revision, quantity, unit, _price, base, amount, _currency, allowances = charge
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    months, count = months_and_count(
        quantity=abs(Decimal(quantity).scaleb(-6)), unit=unit, base=Decimal(base).scaleb(-6), period=period
    )
    discount = sum(minor for _reason, minor in loads(allowances)) if allowances != "[]" else 0
    return ComparedLine(
        thing=str(line_key), nature=nature_of(ChargeKind(kind), revision), period=period, months=months, count=count,
        gross_minor=amount + discount, discount_minor=discount,
    )  # fmt: skip
