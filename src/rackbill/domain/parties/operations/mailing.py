"""Writes to who gets the documents of a billing group by e-mail, and how."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties.errors import RecipientNotFound
from rackbill.domain.parties.models import BillingRecipient
from rackbill.domain.parties.policy import mailing


@transaction.atomic
def choose_attachments(*, group_id: str, email: str, names: Sequence[str], now: datetime, actor: Actor) -> None:
    """Sets which files go with the mail to a recipient; none: what suits. Raises RecipientNotFound, AttachmentsRefused."""
    chosen = " ".join(mailing.checked_attachments(names))
    rows = BillingRecipient.objects.filter(billing_group__group_id=group_id, email__iexact=email)
    row = rows.select_related("billing_group__customer").first()
    if row is None:
        raise RecipientNotFound(
            f"billing group {group_id} has no recipient {email}; rackbill recipients list shows them"
        )
    before, row.attachments = row.attachments, chosen
    row.save(update_fields=["attachments"])
    history.record_change(
        now=now, actor=actor, verb="choose_attachments", object_kind="billing_group", object_id=group_id,
        customer_id=row.billing_group.customer.customer_id, detail={"before": before, "after": chosen},
    )  # fmt: skip
