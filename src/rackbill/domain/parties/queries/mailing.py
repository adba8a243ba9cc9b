"""Who gets the documents of a billing group by e-mail, and which files go with them."""

from dataclasses import dataclass

from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties.models import BillingGroup, BillingRecipient


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """Who gets the documents of a billing group, and the files that they chose; none: what suits the customer."""

    group_id: str
    email: str
    attachments: tuple[str, ...]


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
