"""Orders: a first order opens a contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core.id_shapes import IdKind
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.operations import NewService, OpenedService
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.actor import Actor
from rackbill.domain.ordering.models import Order, OrderedService


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """A first order with the contract it opened."""

    order_id: str
    contract_id: str
    services: tuple[OpenedService, ...]


@transaction.atomic
def place_order(
    *, customer_key: int, customer_id: str, currency: str, ordered_on: date, starts_at: datetime, term_months: int,
    services: Sequence[NewService], zone: ZoneInfo, now: datetime, actor: Actor, po_number: str = "", origin: str = "OTHER",
) -> PlacedOrder:  # fmt: skip
    """A new order and the contract it opens, with its services and lines."""
    (order_id,) = identifiers.give_ids(kind=IdKind.ORDER, count=1)
    contract_id, contract_key, opened = contracts.open_contract(
        order_id=order_id, customer_key=customer_key, customer_id=customer_id, currency=currency, ordered_on=ordered_on,
        starts_at=starts_at, term_months=term_months, po_number=po_number, services=services, zone=zone, now=now, actor=actor,
    )  # fmt: skip
    order = Order.objects.create(
        order_id=order_id, contract_id=contract_key, kind="NEW_ORDER", origin=origin, created_at=now
    )
    OrderedService.objects.bulk_create(
        OrderedService(order=order, service_id=row.service_key, position=position)
        for position, row in enumerate(opened, start=1)
    )
    alias = NewAlias(
        kind="order", raw_text=order_id, target_kind="contract", target_id=contract_id, customer_id=customer_id
    )
    identifiers.register_aliases(aliases=[alias])
    return PlacedOrder(order_id=order_id, contract_id=contract_id, services=tuple(opened))
