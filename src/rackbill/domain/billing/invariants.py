"""What must always hold over charges and runs; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import Sum

from rackbill.domain.billing.models import BillDraft, Charge, RateCorrection
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
    left = RateCorrection.objects.filter(charge__corrected_by=None, charge__contract_line__settled_until__isnull=False)
    for key, line in left.values_list("charge_id", "charge__contract_line_id"):
        yield f"charge {key} bears a wrong rate but contract line {line} is settled; unsettle it"


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
