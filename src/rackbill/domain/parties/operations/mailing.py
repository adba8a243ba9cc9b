"""Writes to who gets the documents of a billing group by e-mail, and how."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties.errors import BillingGroupNotFound, RecipientNotFound
from rackbill.domain.parties.models import BillingGroup, BillingRecipient
from rackbill.domain.parties.policy import mailing


@transaction.atomic
def choose_attachments(
    *, scope: Scope, group_id: str, choices: Mapping[str, Sequence[str]], now: datetime, actor: Actor
) -> None:
    """Sets which files go with the mail to each of the named recipients; none: what suits. What stands is not noted again.

    Raises BillingGroupNotFound, also outside the scope, RecipientNotFound, AttachmentsRefused; then nothing is changed.
    """
    groups = scope.limit(BillingGroup.objects.filter(group_id=group_id)).select_related("customer")
    group = groups.first()
    if group is None:
        raise BillingGroupNotFound(f"there is no billing group {group_id}; rackbill recipients list shows a customer's")
    rows = locks.locked(BillingRecipient.objects.filter(billing_group=group))
    by_email = {row.email.lower(): row for row in rows.order_by("pk")}
    for email, names in choices.items():
        chosen = " ".join(mailing.checked_attachments(names))
        row = by_email.get(email.lower())
        if row is None:
            raise RecipientNotFound(
                f"billing group {group_id} has no recipient {email}; rackbill recipients list shows them"
            )
        before, row.attachments = row.attachments, chosen
        if before == chosen:
            continue
        row.save(update_fields=["attachments"])
        history.record_change(
            now=now, actor=actor, verb="choose_attachments", object_kind="billing_group", object_id=group_id,
            customer_id=group.customer.customer_id, detail={"before": before, "after": chosen},
        )  # fmt: skip
