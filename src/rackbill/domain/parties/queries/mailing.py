"""Who gets the documents of a billing group by e-mail, and which files go with them."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties.errors import CustomerNotFound
from rackbill.domain.parties.models import BillingGroup, BillingRecipient
from rackbill.domain.parties.policy import einvoices as policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """Who gets the documents of a billing group, and the files that they chose; none: what suits the customer."""

    group_id: str
    email: str
    attachments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientGroup:
    """A billing group with its recipients; `einvoice_profile` is the e-invoice that it gets on the day, blank for none."""

    group_id: str
    name: str
    einvoice_profile: str
    recipients: tuple[RecipientRow, ...]


def recipient_groups(*, scope: Scope, customer_id: str, on: date) -> list[RecipientGroup]:
    """The billing groups of a customer, the default one first, each with its recipients. Raises CustomerNotFound."""
    groups = scope.limit(BillingGroup.objects.filter(customer__customer_id=customer_id))
    found = [
        RecipientGroup(group_id=group.group_id, name=group.name, einvoice_profile=_profile(group, on), recipients=())
        for group in groups.select_related("customer__sales_organisation").order_by("-is_default", "group_id")
    ]
    if not found:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    by_group: dict[str, list[RecipientRow]] = defaultdict(list)
    for row in recipient_rows(scope=scope, customer_id=customer_id):
        by_group[row.group_id].append(row)
    return [replace(group, recipients=tuple(by_group[group.group_id])) for group in found]


def _profile(group: BillingGroup, on: date) -> str:
    owner = group.customer
    kind = policy.kind_of(owner.kind, owner.is_public_body)
    return policy.profile_of(group.einvoice_choice, owner.sales_organisation.country, owner.country, kind, on)


def recipient_rows(*, scope: Scope, customer_id: str) -> list[RecipientRow]:
    """The recipients of a customer by billing group, in the order they were entered."""
    rows = BillingRecipient.objects.filter(billing_group__in=scope.limit(
        BillingGroup.objects.filter(customer__customer_id=customer_id)
    ))  # fmt: skip
    return [
        RecipientRow(group_id=group_id, email=email, attachments=tuple(text.split()))
        for group_id, email, text in rows.order_by("billing_group__group_id", "pk").values_list(
            "billing_group__group_id", "email", "attachments"
        )
    ]


def chosen_attachments(*, group_id: str, email: str) -> tuple[str, ...]:
    """The files that a recipient of a billing group chose; none for one who chose nothing or is no recipient any more."""
    rows = BillingRecipient.objects.filter(billing_group__group_id=group_id, email=email)
    return tuple((rows.values_list("attachments", flat=True).first() or "").split())
