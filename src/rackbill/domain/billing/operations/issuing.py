"""Issuing an approved run: one ordered pass, in blocks; numbers follow the plan and never the workers."""

from datetime import datetime

from django.db import transaction

from rackbill.core import document as frozen
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import RunNotFound, RunRefused
from rackbill.domain.billing.models import BillDraft, BillRun, Charge
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import Issued, IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.operations import NewItem


@transaction.atomic
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
        raise RunRefused(f"run {run_id} is {run.state}; it must be approved before it is issued")
    rows = BillDraft.objects.filter(run=run, document_number=None).order_by(
        "customer__customer_id", "billing_group__group_id", "currency", "place"
    )
    drafts = list(rows[: policy.ISSUE_BLOCK])
    if not drafts:
        return 0
    line_keys = _line_keys(drafts)
    recipients = parties.recipients(group_keys=[draft.billing_group_id for draft in drafts])
    for kind in sorted({draft.kind for draft in drafts}):
        own = [draft for draft in drafts if draft.kind == kind]
        issued = documents.issue_documents(
            organisation_key=run.sales_organisation_id, kind=kind, run_id=run_id, now=run.planned_at,
            requests=[
                IssueRequest(
                    draft=frozen.document_from_canonical(draft.canonical.encode()), customer_key=draft.customer_id,
                    group_key=draft.billing_group_id, line_keys=tuple(line_keys[draft.pk]),
                )
                for draft in own
            ],
        )  # fmt: skip
        for draft, document in zip(own, issued, strict=True):
            draft.document_number = document.number
        BillDraft.objects.bulk_update(own, ["document_number"], batch_size=200)
        receivables.open_items(items=[_item(run, document) for document in issued])
        dispatch.queue_documents(issued=issued, recipients=recipients, now=now)
    return len(drafts)


def _line_keys(drafts: list[BillDraft]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {draft.pk: [] for draft in drafts}
    rows = Charge.objects.filter(draft_id__in=list(found)).order_by("draft_id", "line_number")
    for draft_key, line_key in rows.values_list("draft_id", "contract_line_id"):
        found[draft_key].append(line_key)
    return found


def _item(run: BillRun, issued: Issued) -> NewItem:
    value = issued.document
    sign = -1 if value.kind is frozen.DocumentKind.CREDIT_NOTE else 1
    return NewItem(
        customer_key=issued.customer_key, organisation_key=run.sales_organisation_id, document_number=issued.number,
        document_kind=value.kind.value, currency=value.currency, issued_on=value.issued_on, due_on=value.due_on,
        amount_minor=sign * value.totals.due_minor,
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
