"""Runs: two people saw every one above the limit, a discarded one holds nothing, a report is what was stored."""

import hashlib
from collections.abc import Callable, Iterator

from django.db.models import Q

from rackbill.domain.billing.models import BillDraft, BillRun, RunReport


def misrun(*, organisation_key: int, seen: Callable[[str, int], None]) -> Iterator[tuple[str, str]]:
    """(check, sentence) for each run of a sales organisation that is not as it was let pass."""
    runs = BillRun.objects.filter(sales_organisation_id=organisation_key)
    seen("runs", runs.count())
    for run in runs.filter(is_four_eyes=True, state__in=("approved", "issued")).defer("provisional_report"):
        others = {who for who in (run.planned_by, run.computed_by, run.reviewed_by) if who.startswith("person:")}
        if not run.approved_by.startswith("person:") or not others - {run.approved_by}:
            yield "runs", f"run {run.run_id} was above the limit and one person alone let it pass"
    unchecked = BillDraft.objects.filter(~Q(einvoice_profile=""), run__in=runs.filter(state__in=("approved", "issued")))
    for number, run_id in unchecked.filter(checked_at=None).values_list("document_number", "run__run_id"):
        yield "runs", f"run {run_id} was approved with an e-invoice ({number or 'not issued yet'}) that passed no rules"
    held = BillDraft.objects.filter(run__in=runs.filter(state="discarded"))
    for run_id in held.order_by("run").values_list("run__run_id", flat=True).distinct():
        yield "runs", f"run {run_id} was discarded and still holds a draft"
    for report in RunReport.objects.filter(run__in=runs).select_related("run").iterator(chunk_size=100):
        if hashlib.sha256(report.content.encode()).hexdigest() != report.sha256:
            yield "runs", f"the report of run {report.run.run_id} is not the one that was stored"
