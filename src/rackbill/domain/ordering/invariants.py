"""What must always hold over orders; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import F

from rackbill.domain.ordering.models import OrderedService


def violations() -> Iterator[str]:
    """A service stands under the contract of its order, and its ID begins with the ID of the order that created it."""
    rows = OrderedService.objects.select_related("order", "service")
    for row in rows.exclude(service__contract=F("order__contract")):
        yield f"order {row.order.order_id} lists service {row.service.service_id} of another contract"
    for row in rows.filter(order__kind="NEW_ORDER"):
        if not row.service.service_id.startswith(row.order.order_id):
            yield f"service {row.service.service_id} does not begin with its order {row.order.order_id}"
