"""Issuing an approved run: one ordered pass, in blocks; numbers follow the plan and never the workers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min

from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import RunNotFound, RunRefused
from rackbill.domain.billing.models import BillDraft, BillRun, Charge
from rackbill.domain.billing.operations.remaining import remaining_after
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import Issued, IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit import bulk, locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.operations import NewItem

_COLUMNS = ("pk", "customer_id", "billing_group_id", "kind", "canonical", "checked_sha256")


@transaction.atomic
@bulk.without_collector()
def issue_block(*, run_id: str, now: datetime) -> int:
    """Issues the next drafts of an approved run with all that belongs to them, in one transaction; how many. 0 = all done.

    Raises RunNotFound, RunRefused, and what documents.issue_documents raises.
    """
    run = locks.locked(BillRun.objects.filter(run_id=run_id)).first()
    if run is None:
        raise RunNotFound(f"there is no bill run {run_id}")
    if run.state == "issued":
        return 0
    if run.state != "approved":
        raise RunRefused(f"run {run_id} is {run.state}; it must be approved before it is issued", code="not_approved")
    drafts = _next_drafts(run)
    if not drafts:
        return 0
    line_keys = _line_keys([draft[0] for draft in drafts])
    recipients = parties.recipients(group_keys=[draft[2] for draft in drafts])
    numbers: dict[int, str] = {}
    remaining = remaining_after(draft_keys=[draft[0] for draft in drafts if draft[3] == "credit_note"])
    for kind in sorted({draft[3] for draft in drafts}):
        own = [draft for draft in drafts if draft[3] == kind]
        issued = documents.issue_documents(
            organisation_key=run.sales_organisation_id, kind=kind, run_id=run_id, now=run.planned_at,
            requests=[
                IssueRequest(
                    canonical=canonical, customer_key=customer, group_key=group, line_keys=line_keys[key],
                    checked_sha256=sha256, remaining=remaining.get(key, ()),
                )
                for key, customer, group, _kind, canonical, sha256 in own
            ],
        )  # fmt: skip
        numbers.update((draft[0], document.number) for draft, document in zip(own, issued, strict=True))
        receivables.open_items(items=[_item(run, document) for document in issued])
        dispatch.queue_documents(issued=issued, recipients=recipients, now=now)
    bulk.set_column(BillDraft, "document_number", numbers)
    return len(drafts)


def _next_drafts(run: BillRun) -> list[tuple[Any, ...]]:
    """The next ones in the order of the plan: customer, billing group, currency, place. Shards are ranges of customers."""
    waiting = BillDraft.objects.filter(run=run, document_number=None)
    shard = waiting.aggregate(first=Min("shard_number"))["first"]
    if shard is None:
        return []
    ordered = waiting.filter(shard_number=shard).order_by(
        "customer__customer_id", "billing_group__group_id", "currency", "place"
    )
    return bulk.plain_rows(ordered, *_COLUMNS, at_most=policy.ISSUE_BLOCK)


def _line_keys(draft_keys: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {key: [] for key in draft_keys}
    rows = Charge.objects.filter(draft_id__any_of=bulk.Keys(draft_keys)).order_by("draft_id", "line_number")
    for draft_key, line_key in bulk.plain_rows(rows, "draft_id", "contract_line_id"):
        found[draft_key].append(line_key)
    return found


def _item(run: BillRun, issued: Issued) -> NewItem:
    sign = -1 if issued.kind == "credit_note" else 1
    return NewItem(
        customer_key=issued.customer_key, organisation_key=run.sales_organisation_id, document_number=issued.number,
        document_kind=issued.kind, currency=issued.currency, issued_on=issued.issued_on, due_on=issued.due_on,
        amount_minor=sign * issued.due_minor,
    )  # fmt: skip


@transaction.atomic
def close_run(*, run_id: str, now: datetime, actor: Actor) -> None:
    """Marks a run as issued once no draft is left. May run twice."""
    run = locks.locked(BillRun.objects.filter(run_id=run_id)).get()
    if run.state == "issued":
        return
    if run.state != "approved" or run.drafts.filter(document_number=None).exists():
        raise RunRefused(f"run {run_id} still has drafts to issue; run the bill run again to go on")
    run.state, run.closed_at = "issued", now
    run.save(update_fields=["state", "closed_at"])
    history.record_change(now=now, actor=actor, verb="issue_run", object_kind="bill_run", object_id=run_id)
