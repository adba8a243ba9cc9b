"""The outbox: rows are queued in the transaction that issues, claimed one by one, and closed with their outcome."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from rackbill.domain.dispatch import policy
from rackbill.domain.dispatch.errors import DispatchRefused
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents.operations import Issued
from rackbill.domain.history import operations as history
from rackbill.domain.kit import bulk, locks
from rackbill.domain.kit.actor import Actor

NAMESPACE = uuid.UUID("0d7f5b0a-5b1c-5f53-8a57-9b5f8b0f1c22")
NOBODY = (
    "the billing group has no recipient; add one with `rackbill recipients add`, then send it with `rackbill outbox send-again "
    "NUMBER --to EMAIL`"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A dispatch in a worker's hands."""

    key: int
    dispatch_id: str
    document_number: str
    customer_id: str
    recipient: str
    attempt_count: int


_FIELDS = (
    "dispatch_id", "document", "customer", "purpose", "way", "recipient", "state", "reason", "next_attempt_at",
)  # fmt: skip


def queue_documents(*, issued: Sequence[Issued], recipients: Mapping[int, Sequence[str]], now: datetime) -> int:
    """One row for each document and recipient, parked where a billing group has none; how many. Call where it is issued."""
    waits_from = bulk.plain_instant(now)
    rows = [
        (
            str(uuid.uuid5(NAMESPACE, f"{item.number}|original|email|{recipient}")), item.key, item.customer_key, "original",
            "email", recipient, "queued" if recipient else "parked", "" if recipient else NOBODY, waits_from,
        )
        for item in issued
        for recipient in recipients.get(item.group_key, ()) or ("",)
    ]  # fmt: skip
    return bulk.insert_plain_rows(Dispatch, _FIELDS, rows)


@transaction.atomic
def claim_next(*, worker: str, now: datetime) -> Claimed | None:
    """The next row to send, held for this worker for some minutes; None when nothing waits."""
    waiting = Q(state="queued", next_attempt_at__lte=now) | Q(state="claimed", claimed_until__lt=now)
    rows = Dispatch.objects.filter(waiting).order_by("next_attempt_at", "pk")
    row = locks.locked(rows, skip_locked=True).select_related("document", "customer").first()
    if row is None:
        return None
    row.state, row.claimed_by, row.claimed_until = "claimed", worker, now + policy.CLAIM
    row.attempt_count += 1
    row.save(update_fields=["state", "claimed_by", "claimed_until", "attempt_count"])
    return Claimed(
        row.pk, row.dispatch_id, row.document.number, row.customer.customer_id, row.recipient, row.attempt_count
    )


def record_sent(*, key: int, message_sha256: str, now: datetime) -> None:
    """The message was handed over. May run twice: the first hand-over stays."""
    Dispatch.objects.filter(pk=key).exclude(state="sent").update(
        state="sent", sent_at=now, message_sha256=message_sha256, reason="", claimed_until=None
    )


def record_failure(*, key: int, attempt_count: int, reason: str, now: datetime) -> None:
    """It was not handed over: tried again after a while, or left to a person.

    Says nothing where the claim ran out meanwhile and another worker took the row over, or has sent it.
    """
    held = Dispatch.objects.filter(pk=key).values_list("hold_count", flat=True).first() or 0
    wait = policy.back_off(attempt_count - held)
    # Each claim raises the count, so it tells whether the row is still in this worker's hands.
    own = Dispatch.objects.filter(pk=key, state="claimed", attempt_count=attempt_count)
    if wait is None:
        own.update(state="failed", reason=reason[:300], claimed_until=None)
    else:
        own.update(state="queued", reason=reason[:300], claimed_until=None, next_attempt_at=now + wait)


def record_hold(*, key: int, attempt_count: int, reason: str, now: datetime, wait: timedelta = policy.HOLD) -> None:
    """It could not be checked or sent through no fault of its own, so it waits.

    Says nothing where the row is no longer in this worker's hands.
    """
    own = Dispatch.objects.filter(pk=key, state="claimed", attempt_count=attempt_count)
    own.update(
        state="queued", reason=reason[:300], claimed_until=None, next_attempt_at=now + wait,
        hold_count=F("hold_count") + 1,
    )  # fmt: skip


def park_dispatch(*, key: int, attempt_count: int, reason: str) -> None:
    """It may not leave as it is and is left to a person; says nothing where the row is no longer in this worker's hands."""
    own = Dispatch.objects.filter(pk=key, state="claimed", attempt_count=attempt_count)
    own.update(state="parked", reason=reason[:300], claimed_until=None)


@transaction.atomic
def send_again(*, document_number: str, recipient: str = "", now: datetime, actor: Actor) -> int:
    """Queues what of a document failed or was parked, for one more try each; how many. Mail for nobody goes to the recipient.

    Raises DispatchRefused where nothing of the document stands still, or it is for nobody and none is named.
    """
    rows = Dispatch.objects.filter(document__number=document_number, state__in=("failed", "parked"))
    found = list(locks.locked(rows.order_by("pk")).select_related("document", "customer"))
    if not found:
        raise DispatchRefused(
            f"no mail of document {document_number} stands still; `rackbill outbox list` shows which do"
        )
    for row in found:
        row.recipient = row.recipient or recipient
        if not row.recipient:
            raise DispatchRefused(
                f"the mail of document {document_number} is for nobody; name somebody with --to EMAIL"
            )
        before, row.state, row.reason, row.next_attempt_at = row.reason, "queued", "", now
        row.save(update_fields=["recipient", "state", "reason", "next_attempt_at"])
        history.record_change(
            now=now, actor=actor, verb="send_again", object_kind="document", object_id=document_number,
            customer_id=row.customer.customer_id, detail={"dispatch": row.dispatch_id, "stood_still": before},
        )  # fmt: skip
    return len(found)
