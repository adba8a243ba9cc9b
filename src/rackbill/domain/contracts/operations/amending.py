"""Changes of what was agreed: prices, quantities, discounts, in the past, the present and the future.

Each change takes `settled_until` off the line, so that the next run computes it in full and corrects what was charged.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from rackbill.core.terms import DiscountKind, indexed_price
from rackbill.domain.contracts.errors import AmendmentRefused, LineNotFound
from rackbill.domain.contracts.models import ContractLine, LineDiscount, LinePrice, LineQuantity
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor


@transaction.atomic
def set_price(
    *, line_key: int, unit_price: Decimal, valid_from: date, valid_until: date | None = None,
    usage_price: dict[str, Any] | None = None, now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """The price from a day on, until another day where one is given; prices before and after stay. Raises LineNotFound,

    AmendmentRefused.
    """
    if unit_price < 0:
        raise AmendmentRefused(f"a price of {unit_price} is negative; give a discount or a credit note instead")
    line = _locked(line_key)
    _replace(LinePrice, line, valid_from, valid_until, {"unit_price": unit_price, "usage_price": usage_price})
    _amended(line, now, actor, "set_price", {"unit_price": str(unit_price), "from": str(valid_from)})


@transaction.atomic
def set_quantity(
    *, line_key: int, quantity: Decimal, valid_from: date, valid_until: date | None = None, now: datetime, actor: Actor
) -> None:
    """How many from a day on, until another day where one is given. Raises LineNotFound, AmendmentRefused."""
    if quantity < 0:
        raise AmendmentRefused(f"a quantity of {quantity} is negative; end the line instead")
    line = _locked(line_key)
    _replace(LineQuantity, line, valid_from, valid_until, {"quantity": quantity})
    _amended(line, now, actor, "set_quantity", {"quantity": str(quantity), "from": str(valid_from)})


@transaction.atomic
def add_discount(
    *, line_key: int, kind: DiscountKind, value: Decimal, reason: str, valid_from: date, valid_until: date | None,
    now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """A named reduction. Percents are applied first, then amounts, oldest first. Raises LineNotFound, AmendmentRefused."""
    if value <= 0 or (kind is DiscountKind.PERCENT and value > 100):
        raise AmendmentRefused(
            f"a discount of {value} {kind.value} is out of reach; give more than 0, at most 100 percent"
        )
    line = _locked(line_key)
    LineDiscount.objects.create(
        line=line, kind=kind.value, value=value, reason=reason, valid_from=valid_from, valid_until=valid_until
    )
    _amended(line, now, actor, "add_discount", {"reason": reason, "value": str(value), "from": str(valid_from)})


@transaction.atomic
def end_discount(*, line_key: int, reason: str, valid_until: date, now: datetime, actor: Actor) -> None:
    """The discounts of that reason end on a day (exclusive). Raises LineNotFound, AmendmentRefused where there is none."""
    line = _locked(line_key)
    rows = LineDiscount.objects.filter(Q(valid_until=None) | Q(valid_until__gt=valid_until), line=line, reason=reason)
    if not rows.exists():
        raise AmendmentRefused(f"line {line} has no discount {reason!r} that runs beyond {valid_until}")
    rows.filter(valid_from__gte=valid_until).delete()
    rows.update(valid_until=valid_until)
    _amended(line, now, actor, "end_discount", {"reason": reason, "until": str(valid_until)})


@transaction.atomic
def end_line(*, line_key: int, ends_on: date | None, now: datetime, actor: Actor) -> None:
    """The first day the line is no longer charged; None takes an end away. Raises LineNotFound."""
    line = _locked(line_key)
    line.ends_on = ends_on
    line.save(update_fields=["ends_on"])
    _amended(line, now, actor, "end_line", {"ends_on": str(ends_on)})


@transaction.atomic
def index_prices(
    *,
    line_keys: list[int],
    cpi_percent: Decimal,
    floor_percent: Decimal,
    on: date,
    digits: int,
    now: datetime,
    actor: Actor,
) -> int:
    """The yearly rise (B13, B14) of the lines' prices from a 1 January on; how many rose. Once a year for each line.

    Raises AmendmentRefused for another day.
    """
    if (on.month, on.day) != (1, 1):
        raise AmendmentRefused(f"prices rise from 1 January on (B13), not from {on}")
    count = 0
    for key in line_keys:
        line = _locked(key)
        row = _in_force(LinePrice, line, on)
        if row is None or row.usage_price is not None or row.valid_from == on:
            continue
        price = indexed_price(row.unit_price, cpi_percent=cpi_percent, floor_percent=floor_percent, digits=digits)
        _replace(LinePrice, line, on, row.valid_until, {"unit_price": price, "usage_price": None})
        _amended(line, now, actor, "index_price", {"unit_price": str(price), "from": str(on)})
        count += 1
    return count


def _locked(line_key: int) -> ContractLine:
    line = locks.locked(ContractLine.objects.filter(pk=line_key)).first()
    if line is None:
        raise LineNotFound(f"there is no contract line {line_key}")
    return line


def _in_force(model: Any, line: ContractLine, day: date) -> Any:
    rows = model.objects.filter(Q(valid_until=None) | Q(valid_until__gt=day), line=line, valid_from__lte=day)
    return rows.order_by("-valid_from").first()


def _replace(model: Any, line: ContractLine, start: date, end: date | None, values: Mapping[str, Any]) -> None:
    """Puts dated values in place of what was valid from `start` until `end`; the rest before and after stays."""
    if end is not None and end <= start:
        raise AmendmentRefused(f"{start} to {end} is no time; the end must lie after the start")
    later = _in_force(model, line, end) if end is not None else None
    kept = {name: getattr(later, name) for name in values} if later is not None else None
    kept_until = later.valid_until if later is not None else None
    rows = model.objects.filter(line=line)
    covered = rows.filter(valid_from__gte=start)
    if end is not None:
        covered = covered.filter(valid_from__lt=end)
    covered.delete()
    rows.filter(Q(valid_until=None) | Q(valid_until__gt=start), valid_from__lt=start).update(valid_until=start)
    if end is not None and kept is not None:
        model.objects.update_or_create(line=line, valid_from=end, defaults={"valid_until": kept_until, **kept})
    model.objects.create(line=line, valid_from=start, valid_until=end, **values)


def _amended(line: ContractLine, now: datetime, actor: Actor, verb: str, detail: dict[str, str]) -> None:
    unsettle_lines(line_keys=[line.pk])
    service = line.service
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="service", object_id=service.service_id,
        customer_id=service.customer.customer_id, detail={"line": line.description, **detail},
    )  # fmt: skip


def unsettle_lines(*, line_keys: Sequence[int]) -> None:
    """The lines are computed in full on the next run."""
    ContractLine.objects.filter(pk__in=list(line_keys)).update(settled_until=None)


def mark_settled(*, line_keys: Sequence[int], through: date) -> None:
    """Notes that all that is owed of the lines through a day is charged, and that they were not amended since."""
    for start in range(0, len(line_keys), 5000):
        ContractLine.objects.filter(pk__in=line_keys[start : start + 5000]).update(settled_until=through)
