"""Changes of what was agreed: prices, quantities, discounts, in the past, the present and the future.

Each change takes `settled_until` off the line, so that the next run computes it in full and corrects what was charged.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from rackbill.core.terms import DiscountKind
from rackbill.domain.contracts.errors import AmendmentRefused, LineNotFound
from rackbill.domain.contracts.models import ContractLine, LineDiscount, LinePrice, LineQuantity
from rackbill.domain.history import operations as history
from rackbill.domain.kit import bulk, locks
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
    line = lock_line(line_key=line_key)
    before, values = dated_rows(model=LinePrice, line=line), {"unit_price": unit_price, "usage_price": usage_price}
    replace_dated(model=LinePrice, line=line, start=valid_from, end=valid_until, values=values)
    detail = {**values, "from": valid_from, "until": valid_until, "before": before}
    amend_line(line=line, now=now, actor=actor, verb="set_price", detail=detail)


@transaction.atomic
def set_quantity(
    *, line_key: int, quantity: Decimal, valid_from: date, valid_until: date | None = None, now: datetime, actor: Actor
) -> None:
    """How many from a day on, until another day where one is given. Raises LineNotFound, AmendmentRefused."""
    if quantity < 0:
        raise AmendmentRefused(f"a quantity of {quantity} is negative; end the line instead")
    line = lock_line(line_key=line_key)
    before = dated_rows(model=LineQuantity, line=line)
    replace_dated(model=LineQuantity, line=line, start=valid_from, end=valid_until, values={"quantity": quantity})
    detail = {"quantity": quantity, "from": valid_from, "until": valid_until, "before": before}
    amend_line(line=line, now=now, actor=actor, verb="set_quantity", detail=detail)


@transaction.atomic
def add_discount(
    *, line_key: int, kind: DiscountKind, value: Decimal, reason: str, valid_from: date, valid_until: date | None,
    now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """A named reduction. Percents are applied first, then amounts, oldest first. The same again changes nothing.

    Raises LineNotFound, AmendmentRefused.
    """
    if value <= 0 or (kind is DiscountKind.PERCENT and value > 100):
        raise AmendmentRefused(
            f"a discount of {value} {kind.value} is out of reach; give more than 0, at most 100 percent"
        )
    check_days(start=valid_from, end=valid_until)
    line = lock_line(line_key=line_key)
    before, values = dated_rows(model=LineDiscount, line=line), {"kind": kind.value, "value": value, "reason": reason}
    row = {"line": line, "valid_from": valid_from, "valid_until": valid_until, **values}
    if LineDiscount.objects.filter(**row).exists():
        return
    LineDiscount.objects.create(**row)
    detail = {**values, "from": valid_from, "until": valid_until, "before": before}
    amend_line(line=line, now=now, actor=actor, verb="add_discount", detail=detail)


@transaction.atomic
def end_discount(*, line_key: int, reason: str, valid_until: date, now: datetime, actor: Actor) -> None:
    """The discounts of that reason end on a day (exclusive). Raises LineNotFound, AmendmentRefused where there is none."""
    line = lock_line(line_key=line_key)
    rows = LineDiscount.objects.filter(Q(valid_until=None) | Q(valid_until__gt=valid_until), line=line, reason=reason)
    if not rows.exists():
        raise AmendmentRefused(f"line {line} has no discount {reason!r} that runs beyond {valid_until}")
    before = dated_rows(model=LineDiscount, line=line)
    rows.filter(valid_from__gte=valid_until).delete()
    rows.update(valid_until=valid_until)
    detail = {"reason": reason, "until": valid_until, "before": before}
    amend_line(line=line, now=now, actor=actor, verb="end_discount", detail=detail)


@transaction.atomic
def end_line(*, line_key: int, ends_on: date | None, now: datetime, actor: Actor) -> None:
    """The first day the line is no longer charged; None takes an end away. Raises LineNotFound, AmendmentRefused."""
    line = lock_line(line_key=line_key)
    if ends_on is not None and ends_on < line.starts_on:
        raise AmendmentRefused(
            f"line {line} starts on {line.starts_on}, after {ends_on}; end it on {line.starts_on} to charge none of it"
        )
    before, line.ends_on = line.ends_on, ends_on
    line.save(update_fields=["ends_on"])
    amend_line(line=line, now=now, actor=actor, verb="end_line", detail={"ends_on": ends_on, "before": before})


def lock_line(*, line_key: int) -> ContractLine:
    """The line, locked until the transaction ends. Raises LineNotFound."""
    line = locks.locked(ContractLine.objects.filter(pk=line_key)).first()
    if line is None:
        raise LineNotFound(f"there is no contract line {line_key}; rackbill contract show lists those of a contract")
    return line


def check_days(*, start: date, end: date | None) -> None:
    """Raises AmendmentRefused where the first day not included lies at or before the first."""
    if end is not None and end <= start:
        raise AmendmentRefused(f"{start} to {end} is no time; the end must lie after the start")


def _in_force(model: Any, line: ContractLine, day: date) -> Any:
    rows = model.objects.filter(Q(valid_until=None) | Q(valid_until__gt=day), line=line, valid_from__lte=day)
    return rows.order_by("-valid_from").first()


def price_in_force(*, line: ContractLine, on: date) -> Any:
    """The price row of a day, or None."""
    return _in_force(LinePrice, line, on)


def replace_dated(*, model: Any, line: ContractLine, start: date, end: date | None, values: Mapping[str, Any]) -> None:
    """Puts dated values in place of what was valid from `start` until `end`; the rest before and after stays."""
    check_days(start=start, end=end)
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


def dated_rows(*, model: Any, line: ContractLine) -> list[dict[str, Any]]:
    """What was agreed until now, for history: with it every former state of a line can be told."""
    rows = model.objects.filter(line=line).order_by("valid_from", "pk").values()
    return [{name: value for name, value in row.items() if name not in ("id", "line_id")} for row in rows]


def amend_line(*, line: ContractLine, now: datetime, actor: Actor, verb: str, detail: dict[str, Any]) -> None:
    """Notes a change of a line and has it computed in full on the next run."""
    unsettle_lines(line_keys=[line.pk])
    service = line.service
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="service", object_id=service.service_id,
        customer_id=service.customer.customer_id, detail={"line": line.description, "line_key": line.pk, **detail},
    )  # fmt: skip


def unsettle_lines(*, line_keys: Sequence[int]) -> None:
    """The lines are computed in full on the next run; one that is computing them just now does not settle them."""
    ContractLine.objects.filter(pk__in=list(line_keys)).update(
        settled_until=None, amendment_count=F("amendment_count") + 1
    )


def unsettle_organisation(*, organisation_key: int) -> None:
    """All lines of a sales organisation's customers are computed in full on the next run."""
    lines = ContractLine.objects.filter(
        service__customer__sales_organisation_id=organisation_key, settled_until__isnull=False
    )
    lines.update(settled_until=None, amendment_count=F("amendment_count") + 1)


def unsettle_customers(*, customer_keys: Sequence[int]) -> None:
    """All lines of the customers are computed in full on the next run."""
    lines = ContractLine.objects.filter(
        service__customer_id__any_of=bulk.Keys(customer_keys), settled_until__isnull=False
    )
    lines.update(settled_until=None, amendment_count=F("amendment_count") + 1)


def mark_settled(*, amendment_count_by_line: Mapping[int, int], through: date) -> None:
    """Notes that all that is owed of the lines through a day is charged, of those that were not amended since they were read."""
    keys_by_count: dict[int, list[int]] = {}
    for key, count in amendment_count_by_line.items():
        keys_by_count.setdefault(count, []).append(key)
    for count, keys in sorted(keys_by_count.items()):
        rows = ContractLine.objects.filter(pk__any_of=bulk.Keys(keys), amendment_count=count)
        # A minimum looks at other lines, which may be amended while it is not.
        rows.exclude(kind="minimum").update(settled_until=through)
