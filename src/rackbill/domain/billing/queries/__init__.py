"""Earlier charges as core values, and where a run stands."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Sum

from rackbill.core.charges import Cause, Charged
from rackbill.core.charges.plain import PLAIN_FIELDS, charge_from_plain
from rackbill.core.document import DocumentReference
from rackbill.core.invoicing import ExchangeRate
from rackbill.core.tax import TaxDecision
from rackbill.domain.billing.errors import RunNotFound
from rackbill.domain.billing.models import BillDraft, BillRun, BillShard, Charge, ParkedBill, RateCorrection
from rackbill.domain.billing.queries.causes import explained_in_turn, explanation, explanations
from rackbill.domain.billing.queries.completeness import Completeness, LineStanding, completeness, line_standings
from rackbill.domain.billing.queries.earlier_runs import LastRun, last_run
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit import bulk
from rackbill.domain.kit.scope import Scope

__all__ = [
    "BilledLine", "Completeness", "CorrectedLine", "CustomerRun", "LastRun", "LineStanding", "RunSummary",
    "billed_lines", "charged_by_line", "completeness", "corrected_lines", "customer_runs", "explained_in_turn",
    "explanation", "explanations", "issued_count", "last_run", "line_standings", "run_summary", "runs_to_compute",
    "shard_progress",
]  # fmt: skip

_CHARGED = ("pk", *(f"{name}_id" if name in ("contract_line", "corrects") else name for name in PLAIN_FIELDS))


def charged_by_line(*, line_keys: Sequence[int], mistaxed: Iterable[int] = ()) -> dict[int, list[Charged]]:
    """All charges of ours of the lines, oldest first. What the legacy system billed lies before the line's boundary.

    `mistaxed` are keys of charges whose wrong rate is not noted yet.
    """
    found: dict[int, list[Charged]] = defaultdict(list)
    corrections = RateCorrection.objects.filter(charge__contract_line_id__any_of=bulk.Keys(line_keys))
    mistaxed = {*mistaxed, *corrections.values_list("charge_id", flat=True)}
    rows = Charge.objects.filter(contract_line_id__any_of=bulk.Keys(line_keys), draft__isnull=False).order_by("pk")
    for key, *plain in bulk.plain_rows(rows, *_CHARGED):
        found[plain[0]].append(Charged(key=key, charge=charge_from_plain(tuple(plain)), is_mistaxed=key in mistaxed))
    return dict(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedLine:
    """The document line that billed a charge, with the taxes and the exchange rate it was billed at, and the canonical form of

    what it is about: what is taken back goes by the names it was billed under.
    """

    reference: DocumentReference
    subject: str
    taxes: tuple[TaxDecision, ...]
    exchange: ExchangeRate | None


def corrected_lines(*, charge_keys: Sequence[int]) -> dict[int, CorrectedLine]:
    """By key of a charge: where and how it was billed."""
    if not charge_keys:
        return {}
    rows = bulk.plain_rows(
        Charge.objects.filter(pk__any_of=bulk.Keys(charge_keys), draft__document_number__isnull=False, line_number__isnull=False),
        "pk", "line_number", "draft__document_number",
    )  # fmt: skip
    numbers = {number for _key, _line, number in rows}
    lines, rates = documents.lines_with_taxes(numbers=numbers), documents.exchange_rates_used(numbers=numbers)
    subjects = documents.line_subjects(lines={(number, line_number) for _key, line_number, number in rows})
    found: dict[int, CorrectedLine] = {}
    for key, line_number, number in rows:
        issued_on, taxes = lines[(number, line_number)]
        reference = DocumentReference(number=number, issued_on=issued_on, line_number=line_number)
        found[key] = CorrectedLine(
            reference=reference, subject=subjects[(number, line_number)], taxes=taxes, exchange=rates.get(number)
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """A line of an issued document: the contract line it charges, and why it is what it is."""

    line_key: int
    cause: Cause


def billed_lines(*, scope: Scope, number: str) -> dict[int, BilledLine]:
    """By line number of an issued document, the charge behind it. Empty for a document that is not there."""
    rows = scope.limit(Charge.objects.filter(draft__document_number=number), customer="draft__customer")
    return {
        row.line_number or 0: BilledLine(
            line_key=row.contract_line_id,
            cause=Cause(row.rule, row.formula, tuple((name, text) for name, text in row.facts)),
        )
        for row in rows.order_by("line_number")
    }


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
    hold_reason: str = ""


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
    parked = ParkedBill.objects.filter(run=run).order_by("customer__customer_id", "billing_group__group_id")
    return RunSummary(
        run_id=run_id, organisation_id=run.sales_organisation.organisation_id, state=run.state,
        invoices=sums["documents"], lines=sums["lines"] or 0, net_minor_by_currency=dict(sorted(net.items())),
        parked=[
            {"customer_id": customer, "code": code, "reason": reason}
            for customer, code, reason in parked.values_list("customer__customer_id", "code", "reason")
        ],
        hold_reason=run.hold_reason,
        shard_numbers=list(run.shards.filter(is_computed=False).order_by("shard_number").values_list("shard_number", flat=True)),
    )  # fmt: skip


def shard_progress(*, run_id: str) -> tuple[int, int]:
    """(computed, all) shards of a run."""
    shards = BillShard.objects.filter(run__run_id=run_id)
    return shards.filter(is_computed=True).count(), shards.count()


def runs_to_compute() -> list[str]:
    """The IDs of the runs that have shards left to compute, oldest first."""
    runs = BillRun.objects.filter(state="planned", shards__is_computed=False)
    return list(runs.order_by("planned_at").distinct().values_list("run_id", flat=True))


def issued_count(*, run_id: str) -> int:
    """How many documents of a run have their number."""
    return BillDraft.objects.filter(run__run_id=run_id, document_number__isnull=False).count()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRun:
    """A bill run that brought a customer documents, by number, or parked it."""

    run_id: str
    through: date
    planned_at: datetime
    numbers: tuple[str, ...]


def customer_runs(*, customer_key: int) -> list[CustomerRun]:
    """The issued runs that brought a customer anything, in their order."""
    numbers: dict[str, list[str]] = defaultdict(list)
    drafts = BillDraft.objects.filter(customer_id=customer_key, document_number__isnull=False, run__isnull=False)
    for run_id, number in drafts.order_by("document_number").values_list("run__run_id", "document_number"):
        numbers[run_id].append(number or "")
    parked = ParkedBill.objects.filter(customer_id=customer_key).values_list("run__run_id", flat=True)
    runs = BillRun.objects.filter(run_id__in=[*numbers, *parked], state="issued").order_by("planned_at", "pk")
    return [
        CustomerRun(
            run_id=run.run_id, through=run.through, planned_at=run.planned_at, numbers=tuple(numbers.get(run.run_id, ()))
        )
        for run in runs
    ]  # fmt: skip
