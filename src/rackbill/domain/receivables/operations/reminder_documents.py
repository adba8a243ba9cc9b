"""Reminders as documents: the steps of a day are taken, and what they say to a customer is issued and queued with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from rackbill.core.document import DocumentKind, RemindedItem, canonical_bytes
from rackbill.core.reminding import draft_reminder
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.queries import documents as party_documents
from rackbill.domain.receivables.operations.reminding import keep_steps, lock_due_steps
from rackbill.domain.receivables.queries.reminders import Notice, NoticeItem

REMIND = "remind"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedReminder:
    """A notice and the number of the document that says it; empty where nothing of it is to be said to the customer."""

    notice: Notice
    number: str


@transaction.atomic
def issue_reminders(*, organisation_id: str, today: date, now: datetime, actor: Actor) -> list[IssuedReminder]:
    """Takes every step that is due today; what reminds is issued as a document per customer and currency, and queued.

    Suspension and collection stay proposals: no document says them. Again on the same day: nothing is left. Raises what
    documents.issue_documents raises; then no step is taken.
    """
    notices = lock_due_steps(organisation_id=organisation_id, today=today)
    said = [(notice, items) for notice in notices if (items := _said(notice))]
    groups = parties.default_group_keys(customer_keys=[notice.customer_key for notice, _items in said])
    requests = [_request(notice, items, groups[notice.customer_key], today) for notice, items in said]
    issued = documents.issue_documents(
        organisation_key=parties.seller(organisation_id=organisation_id).key, kind="reminder", requests=requests, run_id="",
        now=now,
    )  # fmt: skip
    numbers = {
        item.item_key: document.number
        for (_notice, items), document in zip(said, issued, strict=True)
        for item in items
    }
    keep_steps(notices=notices, numbers=numbers, today=today)
    dispatch.queue_documents(issued=issued, recipients=_recipients(said, groups), now=now)
    by_notice = {id(notice): document.number for (notice, _items), document in zip(said, issued, strict=True)}
    if notices:
        history.record_change(
            now=now, actor=actor, verb="issue_reminders", object_kind="sales_organisation", object_id=organisation_id,
            detail={"notices": len(notices), "documents": len(issued), "today": today.isoformat()},
        )  # fmt: skip
    return [IssuedReminder(notice=notice, number=by_notice.get(id(notice), "")) for notice in notices]


def _said(notice: Notice) -> list[NoticeItem]:
    return [item for item in notice.items if item.step.action == REMIND]


def _request(notice: Notice, items: Sequence[NoticeItem], group_key: int, today: date) -> IssueRequest:
    head = party_documents.bill_head(
        kind=DocumentKind.REMINDER, group_key=group_key, currency=notice.currency, issued_on=today
    )
    draft = draft_reminder(
        head=head, step=max(item.step.step for item in items),
        items=[
            RemindedItem(
                number=item.number, issued_on=item.issued_on, due_on=item.due_on, gross_minor=item.gross_minor,
                open_minor=item.remindable_minor,
            )
            for item in items
        ],
    )  # fmt: skip
    return IssueRequest(
        canonical=canonical_bytes(draft).decode(), customer_key=notice.customer_key, group_key=group_key, line_keys=()
    )


def _recipients(
    said: Sequence[tuple[Notice, Sequence[NoticeItem]]], groups: Mapping[int, int]
) -> dict[int, Sequence[str]]:
    """The billing contacts (B47), and where a customer has none, whoever gets its invoices."""
    invoiced = parties.recipients(group_keys=list(groups.values()))
    found: dict[int, Sequence[str]] = {}
    for notice, _items in said:
        group_key = groups[notice.customer_key]
        found[group_key] = notice.recipients or invoiced.get(group_key, ())
    return found
