"""Bulk writes of legacy orders; for the cut-over alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.ordering.models import Order, OrderedService


def adopt_orders(*, rows: Iterable[Mapping[str, Any]], services: Iterable[Mapping[str, Any]]) -> int:
    """How many orders were kept; services name their order by ID under `order`."""
    made = Order.objects.bulk_create([Order(**row) for row in rows], batch_size=500)
    keys = {row.order_id: row.pk for row in made}
    OrderedService.objects.bulk_create(
        [
            OrderedService(order_id=keys[row["order"]], service_id=row["service_id"], position=row["position"])
            for row in services
        ],
        batch_size=500,
    )
    return len(made)
