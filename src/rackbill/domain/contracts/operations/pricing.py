"""The yearly rise of prices: by the consumer price index, at least by a floor, from a 1 January on (B13, B14)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from rackbill.core.terms import indexed_price
from rackbill.domain.contracts import policy
from rackbill.domain.contracts.errors import AmendmentRefused
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.contracts.operations.amending import (
    amend_line,
    dated_rows,
    lock_line,
    price_in_force,
    replace_dated,
)
from rackbill.domain.kit.actor import Actor

FLOOR_PERCENT = Decimal(5)
"""The least that prices rise by (B14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RisenPrice:
    """One line's price before and after a rise, in the main unit."""

    line_key: int
    service_id: str
    customer_id: str
    description: str
    currency: str
    unit_price: Decimal
    risen_price: Decimal


def preview_rise(
    *, organisation_id: str, on: date, cpi_percent: Decimal, floor_percent: Decimal = FLOOR_PERCENT, digits: int = 2,
    product_classes: Sequence[str] = (), customer_ids: Sequence[str] = (), started_before: date | None = None,
) -> list[RisenPrice]:  # fmt: skip
    """What raise_prices with the same filter would do; nothing is stored. Raises AmendmentRefused."""
    _check(on, cpi_percent, floor_percent)
    rows = _lines(organisation_id, on, product_classes, customer_ids, started_before)
    return [rise for line in rows for rise in _rises(line, on, cpi_percent, floor_percent, digits)]


@transaction.atomic
def raise_prices(
    *, organisation_id: str, on: date, cpi_percent: Decimal, floor_percent: Decimal = FLOOR_PERCENT, digits: int = 2,
    product_classes: Sequence[str] = (), customer_ids: Sequence[str] = (), started_before: date | None = None, now: datetime,
    actor: Actor,
) -> list[RisenPrice]:  # fmt: skip
    """Raises the recurring prices of a sales organisation's lines, of some product classes or customers where given, of

    services that started before a day where given. Once a year for each line: running it again raises what is left.
    Raises AmendmentRefused for another day than a 1 January.
    """
    _check(on, cpi_percent, floor_percent)
    keys = [line.pk for line in _lines(organisation_id, on, product_classes, customer_ids, started_before)]
    return _raise(keys, on, cpi_percent, floor_percent, digits, now, actor)


@transaction.atomic
def index_prices(
    *, line_keys: list[int], cpi_percent: Decimal, floor_percent: Decimal, on: date, digits: int, now: datetime, actor: Actor
) -> int:  # fmt: skip
    """The yearly rise of the named lines; how many rose. Raises as raise_prices does, and LineNotFound."""
    _check(on, cpi_percent, floor_percent)
    return len(_raise(line_keys, on, cpi_percent, floor_percent, digits, now, actor))


def _check(on: date, cpi_percent: Decimal, floor_percent: Decimal) -> None:
    if not policy.is_rise_day(on):
        raise AmendmentRefused(f"prices rise from 1 January on (B13), not from {on}")
    if max(cpi_percent, floor_percent) <= 0:
        raise AmendmentRefused(f"a rise by {max(cpi_percent, floor_percent)} percent is none; set prices one by one")


def _lines(
    organisation_id: str, on: date, product_classes: Sequence[str], customer_ids: Sequence[str], started_before: date | None
) -> list[ContractLine]:  # fmt: skip
    rows = ContractLine.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=on), kind="recurring", starts_on__lt=started_before or on,
        service__customer__sales_organisation__organisation_id=organisation_id,
    )  # fmt: skip
    if product_classes:
        rows = rows.filter(service__product__product_id__in=list(product_classes))
    if customer_ids:
        rows = rows.filter(service__customer__customer_id__in=list(customer_ids))
    return list(rows.select_related("service__customer", "contract").order_by("service__service_id", "pk"))


def _rises(line: ContractLine, on: date, cpi: Decimal, floor: Decimal, digits: int) -> Iterator[RisenPrice]:
    row = price_in_force(line=line, on=on)
    # A price that begins on the day itself was raised already, or agreed for that day.
    if row is None or row.usage_price is not None or row.valid_from == on:
        return
    price = indexed_price(row.unit_price, cpi_percent=cpi, floor_percent=floor, digits=digits)
    if price != row.unit_price:
        yield RisenPrice(
            line_key=line.pk, service_id=line.service.service_id, customer_id=line.service.customer.customer_id,
            description=line.description, currency=line.contract.currency, unit_price=row.unit_price, risen_price=price,
        )  # fmt: skip


def _raise(
    keys: Sequence[int], on: date, cpi: Decimal, floor: Decimal, digits: int, now: datetime, actor: Actor
) -> list[RisenPrice]:
    risen = []
    for key in keys:
        line = lock_line(line_key=key)
        for rise in _rises(line, on, cpi, floor, digits):
            until = price_in_force(line=line, on=on).valid_until
            values = {"unit_price": rise.risen_price, "usage_price": None}
            before = dated_rows(model=LinePrice, line=line)
            replace_dated(model=LinePrice, line=line, start=on, end=until, values=values)
            detail = {**values, "from": on, "until": until, "before": before}
            amend_line(line=line, now=now, actor=actor, verb="index_price", detail=detail)
            risen.append(rise)
    return risen
