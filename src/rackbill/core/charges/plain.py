"""Charges as tables keep them: whole numbers and texts in one tuple; and the whole cycles of lines that nothing happened to.

Nine lines in ten were not amended since they were charged and nothing changes within their next cycle. Its charge is written
straight as a tuple, equal to what `charges_owed` gives (a property of the tests, and a check of the books).
"""

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache

from rackbill.core.charges.charge import CYCLE_UNITS, Allowance, Cause, Charge, ChargeKind
from rackbill.core.charges.owed import charge_of
from rackbill.core.charges.prorating import WHOLE_CYCLE_RULE, share
from rackbill.core.money import minor_digits
from rackbill.core.periods import Period, add_months, cycle_index, cycle_period, first_of_month
from rackbill.core.terms import DatedPrice, DatedQuantity, Discount, DiscountKind, LineKind, TermLine

PLAIN_FIELDS = (
    "contract_line", "kind", "period_start", "period_end", "revision", "quantity", "unit", "unit_price",
    "price_base_quantity", "amount_minor", "currency", "allowances", "step", "rule", "formula", "facts", "corrects",
)  # fmt: skip
PlainCharge = tuple[
    int, str, str, str, int, int, str, int, int, int, str, str, int, str, str, str, int | None
]  # fmt: skip
"""Values of PLAIN_FIELDS: prices and quantities in millionths, days as ISO texts, lists as JSON."""

MILLION = 1_000_000


def plain_charge(charge: Charge) -> PlainCharge:
    """The tuple of a charge."""
    cause = charge.cause
    return (
        charge.line_id, charge.kind.value, charge.period.start.isoformat(), charge.period.end.isoformat(), charge.revision,
        _millionths(charge.quantity), charge.unit, _millionths(charge.unit_price), _millionths(charge.price_base_quantity),
        charge.amount_minor, charge.currency,
        _json([[a.reason, a.amount_minor] for a in charge.allowances]) if charge.allowances else "[]",
        charge.step, cause.rule, cause.formula, _json(cause.facts), charge.corrects,
    )  # fmt: skip


def charge_from_plain(plain: PlainCharge) -> Charge:
    """The charge of a tuple."""
    (
        line_id, kind, start, end, revision, quantity, unit, unit_price, base, amount, currency, allowances, step, rule,
        formula, facts, corrects,
    ) = plain  # fmt: skip
    return Charge(
        line_id=line_id, kind=ChargeKind(kind), period=Period(date.fromisoformat(start), date.fromisoformat(end)),
        revision=revision, quantity=_decimal(quantity), unit=unit, unit_price=_decimal(unit_price),
        price_base_quantity=_decimal(base), amount_minor=amount, currency=currency,
        cause=Cause(rule, formula, tuple((name, text) for name, text in json.loads(facts))), step=step, corrects=corrects,
        allowances=tuple(Allowance(*row) for row in json.loads(allowances)) if allowances != "[]" else (),
    )  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _millionths(value: Decimal) -> int:
    scaled = value.scaleb(6)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{value:f} has more than six decimals")
    return whole


@lru_cache(maxsize=4096)
def whole_cycles(
    first_day: str, cycle_months: int, is_arrears: bool, settled_until: str, through: date
) -> tuple[tuple[str, str], ...] | None:
    """The whole calendar cycles (first day, day after the last) that come to be charged between `settled_until` and

    `through`; None where the line, whose first day of ours is `first_day`, had not reached its first whole cycle then.
    """
    first, after = date.fromisoformat(first_day), date.fromisoformat(settled_until)
    anchor = first_of_month(first)
    anchor = anchor if anchor == first else add_months(anchor, 1)
    if after < anchor:
        return None
    n = cycle_index(anchor, cycle_months, after)
    found = []
    while (period := cycle_period(anchor, cycle_months, n)).start < through:
        due = after < period.end <= through if is_arrears else period.start >= after
        if due:
            found.append((period.start.isoformat(), period.end.isoformat()))
        n += 1
    return tuple(found)


@lru_cache(maxsize=65_536)
def whole_cycle_amount(unit_price: int, quantity: int, currency: str) -> tuple[int, str]:
    """(amount in minor units, formula) of one whole cycle; price and quantity in millionths, not negative."""
    scaled = unit_price * quantity * 10 ** minor_digits(currency)
    formula = f"{_decimal(quantity)} * {_decimal(unit_price)}"
    return (2 * scaled + MILLION * MILLION) // (2 * MILLION * MILLION), formula


@lru_cache(maxsize=4096)
def plain_facts(price_from: str, quantity_from: str) -> str:
    """The facts of a charge at a price and a quantity that are valid from a day each (`causes.facts_of`)."""
    facts = [["price_from", price_from]]
    return _json(facts if quantity_from == price_from else [*facts, ["quantity_from", quantity_from]])


def _decimal(value: int) -> Decimal:
    whole, rest = divmod(value, MILLION)
    return Decimal(value).scaleb(-6).normalize() if rest else Decimal(whole)


def whole_cycle(
    line_id: int, period: tuple[str, str], cycle_months: int, unit_price: int, quantity: int, currency: str, price_from: str,
    quantity_from: str,
) -> PlainCharge:  # fmt: skip
    """The charge of one whole cycle at one price."""
    amount, formula = whole_cycle_amount(unit_price, quantity, currency)
    return (
        line_id, "recurring", period[0], period[1], 0, quantity, CYCLE_UNITS[cycle_months], unit_price, MILLION, amount,
        currency, "[]", 0, WHOLE_CYCLE_RULE, formula, plain_facts(price_from, quantity_from), None,
    )  # fmt: skip


PlainDiscount = tuple[str, str | None, str, int, str]
"""Valid from, valid until, kind, value in millionths, reason."""
PlainAllowances = tuple[tuple[str, int], ...]
"""Reason and minor units of each."""


@lru_cache(maxsize=65_536)
def _discounted(
    cycle_months: int, unit_price: int, quantity: int, currency: str, price_from: str, quantity_from: str,
    discounts: tuple[PlainDiscount, ...],
) -> tuple[PlainCharge, PlainAllowances]:  # fmt: skip
    """The charge of any whole cycle on whose every day these hold, of a day on which all of them are valid."""
    start = date.fromisoformat(max(price_from, quantity_from, *(row[0] for row in discounts)))
    line = TermLine(
        line_id=0, kind=LineKind.RECURRING, start=start, end=None, anchor_on=start, cycle_months=cycle_months,
        prices=(DatedPrice(date.fromisoformat(price_from), None, _decimal(unit_price)),),
        quantities=(DatedQuantity(date.fromisoformat(quantity_from), None, _decimal(quantity)),),
        discounts=tuple(
            Discount(
                DiscountKind(kind), _decimal(value), reason, date.fromisoformat(since),
                None if until is None else date.fromisoformat(until),
            )
            for since, until, kind, value, reason in discounts
        ),
    )  # fmt: skip
    slot = cycle_period(start, cycle_months, 0)
    charge = charge_of(line, currency, ChargeKind.RECURRING, slot, share(line, slot, slot))
    return plain_charge(charge), tuple((a.reason, a.amount_minor) for a in charge.allowances)


def discounted_cycle(
    line_id: int, period: tuple[str, str], cycle_months: int, unit_price: int, quantity: int, currency: str, price_from: str,
    quantity_from: str, discounts: tuple[PlainDiscount, ...],
) -> tuple[PlainCharge, PlainAllowances]:  # fmt: skip
    """The charge of one whole cycle at one price less what is taken off on each of its days, and its allowances."""
    plain, allowances = _discounted(cycle_months, unit_price, quantity, currency, price_from, quantity_from, discounts)
    return (line_id, plain[1], *period, *plain[4:]), allowances
