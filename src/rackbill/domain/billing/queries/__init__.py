"""Earlier charges as core values, and where a run stands."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from rackbill.core.charges import Allowance, Cause, Charged, ChargeKind
from rackbill.core.charges import Charge as OwedCharge
from rackbill.core.document import DocumentReference, document_from_canonical
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision
from rackbill.domain.billing.errors import RunNotFound
from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill


def charged_by_line(*, line_keys: Sequence[int]) -> dict[int, list[Charged]]:
    """All charges of ours of the lines, oldest first. What the legacy system billed lies before the line's boundary."""
    found: dict[int, list[Charged]] = defaultdict(list)
    for start in range(0, len(line_keys), 10_000):
        rows = Charge.objects.filter(
            contract_line_id__in=list(line_keys[start : start + 10_000]), draft__isnull=False
        ).order_by("pk")
        for row in rows:
            found[row.contract_line_id].append(Charged(key=row.pk, charge=_owed(row)))
    return dict(found)


def _owed(row: Charge) -> OwedCharge:
    return OwedCharge(
        line_id=row.contract_line_id, kind=ChargeKind(row.kind), period=Period(row.period_start, row.period_end),
        revision=row.revision, quantity=row.quantity, unit=row.unit, unit_price=row.unit_price,
        price_base_quantity=row.price_base_quantity, amount_minor=row.amount_minor, currency=row.currency,
        cause=Cause(row.rule, row.formula, tuple((name, text) for name, text in row.facts)),
        allowances=tuple(Allowance(r, a) for r, a in row.allowances), step=row.step, corrects=row.corrects_id,
    )  # fmt: skip


def corrected_lines(*, charge_keys: Sequence[int]) -> dict[int, tuple[DocumentReference, tuple[TaxDecision, ...]]]:
    """By key of a charge: the document line that billed it, with the taxes it was billed at."""
    found: dict[int, tuple[DocumentReference, tuple[TaxDecision, ...]]] = {}
    rows = Charge.objects.filter(pk__in=list(charge_keys), draft__document_number__isnull=False).select_related("draft")
    for row in rows:
        if row.draft is None or row.line_number is None:
            continue
        value = document_from_canonical(row.draft.canonical.encode())
        line = value.lines[row.line_number - 1]
        reference = DocumentReference(
            number=row.draft.document_number or "", issued_on=value.issued_on, line_number=row.line_number
        )
        found[row.pk] = (reference, line.taxes)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Where a run stands: documents, lines, parked customers, net by currency in minor units."""

    run_id: str
    organisation_id: str
    state: str
    invoices: int
    lines: int
    parked: list[dict[str, str]]
    net_minor_by_currency: dict[str, int]
    shard_numbers: list[int]


def run_summary(*, run_id: str) -> RunSummary:
    """One run. Raises RunNotFound."""
    run = BillRun.objects.filter(run_id=run_id).select_related("sales_organisation").first()
    if run is None:
        raise RunNotFound(f"there is no bill run {run_id}")
    drafts = BillDraft.objects.filter(run=run)
    sums = drafts.aggregate(documents=Count("pk"), lines=Sum("line_count"))
    net: dict[str, int] = {}
    for currency, kind, minor in drafts.values_list("currency", "kind").annotate(Sum("net_minor")):
        net[currency] = net.get(currency, 0) + (-minor if kind == "credit_note" else minor)
    parked = ParkedBill.objects.filter(run=run).order_by("customer__customer_id")
    return RunSummary(
        run_id=run_id, organisation_id=run.sales_organisation.organisation_id, state=run.state,
        invoices=sums["documents"], lines=sums["lines"] or 0, net_minor_by_currency=dict(sorted(net.items())),
        parked=[
            {"customer_id": customer, "code": code, "reason": reason}
            for customer, code, reason in parked.values_list("customer__customer_id", "code", "reason")
        ],
        shard_numbers=list(run.shards.filter(is_computed=False).order_by("shard_number").values_list("shard_number", flat=True)),
    )  # fmt: skip


def issued_count(*, run_id: str) -> int:
    """How many documents of a run have their number."""
    return BillDraft.objects.filter(run__run_id=run_id, document_number__isnull=False).count()
