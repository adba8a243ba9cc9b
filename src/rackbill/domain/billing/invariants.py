"""What must always hold over charges and runs; yields violations, mends nothing."""

import hashlib
from collections.abc import Iterator

from django.db.models import Sum

from rackbill.domain.billing.models import ApprovalLimit, BillDraft, BillRun, Charge, RunReport
from rackbill.domain.receivables import invariants as receivables


def violations() -> Iterator[str]:
    """Charges = lines = ledger for every issued document; no two revision-0 recurring charges of a line overlap."""
    ledger = receivables.invoiced_minor_by_number()
    sums = dict(
        Charge.objects.filter(draft__document_number__isnull=False)
        .values_list("draft__document_number")
        .annotate(Sum("amount_minor"))
    )
    rows = BillDraft.objects.filter(document_number__isnull=False).order_by("document_number")
    for number, kind, net in rows.values_list("document_number", "kind", "net_minor"):
        sign = -1 if kind == "credit_note" else 1
        if sums.get(number) != sign * net:
            yield f"document {number}: its charges sum to {sums.get(number)}, its lines to {sign * net}"
        if number not in ledger:
            yield f"document {number} has no open item"
    yield from _overlaps()
    yield from _runs()


def _overlaps() -> Iterator[str]:
    rows = (
        Charge.objects.filter(kind="recurring", revision=0)
        .order_by("contract_line_id", "period_start")
        .values_list("contract_line_id", "period_start", "period_end")
    )
    last_line, last_end = None, None
    for line, start, end in rows.iterator(chunk_size=5000):
        if line == last_line and last_end is not None and start < last_end:
            yield f"contract line {line} is charged twice from {start} on"
        last_line, last_end = line, end


def _runs() -> Iterator[str]:
    """Two people saw every run above the limit; discarded runs hold nothing; reports are what was stored; limits are money."""
    for run in BillRun.objects.filter(is_four_eyes=True, state__in=("approved", "issued")).defer("provisional_report"):
        others = {who for who in (run.planned_by, run.computed_by, run.reviewed_by) if who.startswith("person:")}
        if not run.approved_by.startswith("person:") or not others - {run.approved_by}:
            yield f"run {run.run_id} was above the limit and one person alone let it pass"
    for draft in BillDraft.objects.filter(run__state="discarded").select_related("run"):
        yield f"run {draft.run.run_id if draft.run else ''} was discarded and still holds a draft"
    for report in RunReport.objects.select_related("run").iterator(chunk_size=100):
        if hashlib.sha256(report.content.encode()).hexdigest() != report.sha256:
            yield f"the report of run {report.run.run_id} is not the one that was stored"
    for limit in ApprovalLimit.objects.filter(amount_minor__lt=0):
        yield f"approval limit {limit} is negative"
