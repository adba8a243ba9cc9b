"""What must always hold over customers; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import Count, F, Q

from rackbill.domain.parties.models import BillingAuthority, BillingGroup, Customer


def violations() -> Iterator[str]:
    """Every customer has one default billing group and, on each day, at most one billing authority."""
    groups = Count("billing_groups", filter=Q(billing_groups__is_default=True))
    for customer_id in (
        Customer.objects.annotate(default_count=groups).exclude(default_count=1).values_list("customer_id", flat=True)
    ):
        yield f"customer {customer_id} has no default billing group"
    last: BillingAuthority | None = None
    for row in BillingAuthority.objects.select_related("customer").order_by(
        "customer_id", F("valid_from").asc(nulls_first=True)
    ):
        if last is not None and last.customer_id == row.customer_id:
            if last.valid_until is None or (row.valid_from is not None and last.valid_until > row.valid_from):
                yield f"customer {row.customer.customer_id} has two billing authorities from {row.valid_from}"
        last = row
    for group in BillingGroup.objects.select_related("customer"):
        if not group.group_id.startswith(group.customer.customer_id):
            yield f"billing group {group.group_id} does not begin with its customer's ID"
