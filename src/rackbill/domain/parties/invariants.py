"""What must always hold over customers; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import Count, F, Q

from rackbill.domain.parties.errors import EinvoiceDataRefused
from rackbill.domain.parties.models import BillingAuthority, BillingGroup, Customer, PurchaseOrder, SalesOrganisation
from rackbill.domain.parties.policy import addresses
from rackbill.domain.parties.policy.einvoices import CHOICES


def violations() -> Iterator[str]:
    """Every customer has one default billing group and, on each day, at most one billing authority.

    On each day a billing group has at most one purchase order; electronic addresses are such that somebody can be reached.
    """
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
    yield from _two_orders()
    yield from _unreachable()


def _two_orders() -> Iterator[str]:
    last: PurchaseOrder | None = None
    for row in PurchaseOrder.objects.select_related("billing_group").order_by("billing_group_id", "valid_from"):
        if last is not None and last.billing_group_id == row.billing_group_id:
            if last.valid_until is None or last.valid_until > row.valid_from:
                yield f"billing group {row.billing_group.group_id} has two purchase orders from {row.valid_from}"
        last = row


def _unreachable() -> Iterator[str]:
    for model, identity in (
        (SalesOrganisation, "organisation_id"), (Customer, "customer_id"), (BillingGroup, "group_id"),
    ):  # fmt: skip
        rows = model._default_manager.exclude(electronic_address="")
        for name, address in rows.values_list(identity, "electronic_address"):
            try:
                is_right = addresses.checked_address(address) == address
            except EinvoiceDataRefused:
                is_right = False
            if not is_right:
                yield f"{identity} {name} has the electronic address {address}, which is none"
    for group_id in BillingGroup.objects.exclude(einvoice_choice__in=CHOICES).values_list("group_id", flat=True):
        yield f"billing group {group_id} has chosen an e-invoice that there is not"
