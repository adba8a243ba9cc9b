"""What changed since the last invoice of a billing group: rows for page one, each a reason, how many services, and how much.

The rows sum to the difference of the two totals: every reason counts what it does to the net amount, the last row what all
of them do to the tax.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from json import loads

from rackbill.core.bill_comparison import (
    ComparedBill,
    ComparedLine,
    Nature,
    Reason,
    ThingFacts,
    compare_bills,
    months_and_count,
)
from rackbill.core.document import Change
from rackbill.core.periods import Period

ORDER = ("new", "ended", "price", "quantity", "usage", "discount", "period", "one_off", "correction", "tax")
"""Every reason, in the order in which a document lists them."""
_TOLD = {
    Reason.NEW: "new", Reason.LATE: "new", Reason.ENDED: "ended", Reason.QUANTITY: "quantity", Reason.PRICE: "price",
    Reason.DISCOUNT: "discount", Reason.PERIOD: "period", Reason.CYCLE: "period", Reason.SUSPENSION: "period",
    Reason.ROUNDING: "price",
}  # fmt: skip
"""What a customer reads for a reason of the comparison. A service billed for the first time is new, however late it comes."""

BilledCharge = tuple[int, str, str, str, int, int, str, int, int, int, str, str]
"""The first twelve of PLAIN_FIELDS: contract line, kind, first day, day after the last, revision, quantity, unit, unit price,
price base quantity, amount, currency, allowances."""
_WHOLE = {"one_off": "one_off", "usage": "usage"}
"""Kinds of charge that are told as a whole; the others are recurring or corrections."""
Row = tuple[BilledCharge, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """One invoice's charges, each with the service it is for; days as ISO texts."""

    charges: Sequence[Row]
    tax_minor: int
    issued_on: date
    through: date


def what_changed(
    *, before: Billed, after: Billed, facts: Callable[[int], ThingFacts | None] = lambda _line: None
) -> tuple[Change, ...]:
    """The rows; none where both bills are the same. `facts` gives what is known of a contract line beside its charges.

    They sum to the difference of the totals.
    """
    old, new = _by_line(before), _by_line(after)
    found: dict[str, int] = {}
    services: dict[str, set[str]] = {}
    for key in {**old, **new}:
        rows = old.get(key, []), new.get(key, [])
        if _is_same(*rows):
            continue
        service = (rows[1] or rows[0])[0][1]
        for reason, net in _differences(key, rows, (before, after), facts):
            found[reason] = found.get(reason, 0) + net
            services.setdefault(reason, set()).add(service)
    if after.tax_minor != before.tax_minor:
        found["tax"] = after.tax_minor - before.tax_minor
    return tuple(
        Change(reason=reason, service_count=len(services.get(reason, ())), difference_minor=found[reason])
        for reason in ORDER
        if reason in found
    )


def _by_line(bill: Billed) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in bill.charges:
        found.setdefault(row[0][0], []).append(row)
    return found


def _is_same(old: Sequence[Row], new: Sequence[Row]) -> bool:
    """Whether nothing of a line's charges differs but the days."""
    if len(old) != len(new):
        return False
    if len(old) == 1:
        a, b = old[0][0], new[0][0]
        return a[4:10] == b[4:10] and a[1] == b[1] and a[11] == b[11]
    return sorted(map(_print, old)) == sorted(map(_print, new))


def _print(row: Row) -> tuple[object, ...]:
    charge = row[0]
    return (charge[1], *charge[4:10], charge[11])


def _differences(
    key: int, rows: tuple[Sequence[Row], Sequence[Row]], bills: tuple[Billed, Billed],
    facts: Callable[[int], ThingFacts | None],
) -> Iterator[tuple[str, int]]:  # fmt: skip
    """(reason, net in minor units) of one line; they sum to what its charges differ by."""
    regular: tuple[list[BilledCharge], list[BilledCharge]] = ([], [])
    nets: dict[str, int] = {}
    for place, sign in ((0, -1), (1, 1)):
        for charge, _service in rows[place]:
            if charge[4] or charge[1] in ("reversal", "credit"):
                reason = "correction"
            elif charge[1] == "recurring":
                regular[place].append(charge)
                continue
            else:
                reason = _WHOLE[charge[1]]
            nets[reason] = nets.get(reason, 0) + sign * charge[9]
    yield from ((reason, net) for reason, net in nets.items() if net)
    old, new = regular
    if len(old) == len(new) == 1 and old[0][5:7] == new[0][5:7] and old[0][8] == new[0][8]:
        before, after = _discount(old[0]), _discount(new[0])
        gross = new[0][9] + after - old[0][9] - before
        yield from ((reason, net) for reason, net in (("price", gross), ("discount", before - after)) if net)
    elif old or new:
        compared = (
            ComparedBill(currency="", through=bill.through, issued_on=bill.issued_on, lines=tuple(map(_line, charges)))
            for bill, charges in zip(bills, regular, strict=True)
        )
        known = facts(key)
        found = compare_bills(
            before=next(compared), after=next(compared), facts={str(key): known} if known is not None else None
        )
        yield from ((_TOLD[row.reason], row.net_minor) for row in found)


def _discount(charge: BilledCharge) -> int:
    return sum([minor for _reason, minor in loads(charge[11])]) if charge[11] != "[]" else 0


def _line(charge: BilledCharge) -> ComparedLine:
    line_key, _kind, start, end, _revision, quantity, unit, _price, base, amount, _currency, _allowances = charge
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    months, count = months_and_count(
        quantity=abs(Decimal(quantity).scaleb(-6)), unit=unit, base=Decimal(base).scaleb(-6), period=period
    )
    discount = _discount(charge)
    return ComparedLine(
        thing=str(line_key), nature=Nature.REGULAR, period=period, months=months, count=count,
        gross_minor=amount + discount, discount_minor=discount,
    )  # fmt: skip


def changes_text(changes: Sequence[Change]) -> str:
    """The rows as the canonical form has them; empty where there are none."""
    rows = (
        f'{{"difference_minor":{row.difference_minor},"reason":"{row.reason}","service_count":{row.service_count}}}'
        for row in changes
    )
    return f"[{','.join(rows)}]" if changes else ""
