"""Writes to who gets the documents of a billing group by e-mail, and how."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties.errors import BillingGroupNotFound, RecipientNotFound, RecipientRefused
from rackbill.domain.parties.models import BillingGroup, BillingRecipient
from rackbill.domain.parties.policy import mailing


@transaction.atomic
def choose_attachments(
    *, scope: Scope, group_id: str, choices: Mapping[str, Sequence[str]], now: datetime, actor: Actor
) -> None:
    """Sets which files go with the mail to each of the named recipients; none: what suits. What stands is not noted again.

    Raises BillingGroupNotFound, also outside the scope, RecipientNotFound, AttachmentsRefused; then nothing is changed.
    """
    group = _group(scope, group_id)
    rows = locks.locked(BillingRecipient.objects.filter(billing_group=group))
    by_email = {row.email.lower(): row for row in rows.order_by("pk")}
    for email, names in choices.items():
        chosen = " ".join(mailing.checked_attachments(names))
        row = by_email.get(email.lower())
        if row is None:
            raise _no_recipient(group_id, email)
        before, row.attachments = row.attachments, chosen
        if before == chosen:
            continue
        row.save(update_fields=["attachments"])
        history.record_change(
            now=now, actor=actor, verb="choose_attachments", object_kind="billing_group", object_id=group_id,
            customer_id=group.customer.customer_id, detail={"before": before, "after": chosen},
        )  # fmt: skip


@transaction.atomic
def add_recipient(*, scope: Scope, group_id: str, email: str, now: datetime, actor: Actor) -> None:
    """Who gets the documents of a billing group from the next one on. May run twice.

    Raises BillingGroupNotFound, also outside the scope, and RecipientRefused for what is no address.
    """
    group = _group(scope, group_id)
    try:
        validate_email(email)
    except ValidationError:
        raise RecipientRefused(f"{email!r} is no e-mail address; write it as ap@buyer.example") from None
    if group.recipients.filter(email__iexact=email).exists():
        return
    BillingRecipient.objects.create(billing_group=group, email=email)
    _note(group, "add_recipient", ({}, {"email": email}), now, actor)


@transaction.atomic
def remove_recipient(*, scope: Scope, group_id: str, email: str, now: datetime, actor: Actor) -> None:
    """Who gets the documents of a billing group no more, from the next one on. Raises BillingGroupNotFound, RecipientNotFound."""
    group = _group(scope, group_id)
    if not group.recipients.filter(email__iexact=email).delete()[0]:
        raise _no_recipient(group_id, email)
    _note(group, "remove_recipient", ({"email": email}, {}), now, actor)


def _group(scope: Scope, group_id: str) -> BillingGroup:
    group = scope.limit(BillingGroup.objects.filter(group_id=group_id)).select_related("customer").first()
    if group is None:
        raise BillingGroupNotFound(f"there is no billing group {group_id}; rackbill recipients list shows a customer's")
    return group


def _no_recipient(group_id: str, email: str) -> RecipientNotFound:
    return RecipientNotFound(f"billing group {group_id} has no recipient {email}; rackbill recipients list shows them")


def _note(
    group: BillingGroup, verb: str, personal: tuple[dict[str, str], dict[str, str]], now: datetime, actor: Actor
) -> None:
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="billing_group", object_id=group.group_id,
        customer_id=group.customer.customer_id, personal=personal,
    )  # fmt: skip
