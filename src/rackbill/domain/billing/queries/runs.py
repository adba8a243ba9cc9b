"""Bill runs as staff see them: the list, one run with what was parked, who may approve it, its report."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum

from rackbill.domain.access import queries as access
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import ReportNotFound, RunNotFound
from rackbill.domain.billing.models import ApprovalLimit, BillDraft, BillRun, RunReport
from rackbill.domain.billing.policy import ApprovalAnswer
from rackbill.domain.billing.queries.checking import unchecked_count
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """A customer that a run could not bill: why, and what to do."""

    customer_id: str
    name: str
    code: str
    reason: str
    way_out: str
    failures: tuple[dict[str, Any], ...] = ()
    """E-invoice rules that are not met: rule, text, place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One bill run in a list; who did what when, as history writes actors."""

    run_id: str
    organisation_id: str
    organisation_name: str
    through: date
    issued_on: date
    state: str
    planned_by: str
    planned_at: datetime
    computed_by: str
    computed_at: datetime | None
    reviewed_by: str
    reviewed_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    issue_asked_by: str
    issue_asked_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One bill run in full. Amounts are net in minor units, what is credited counted negative."""

    row: RunRow
    shards_total: int
    shards_done: int
    documents: int
    issued: int
    net_minor_by_currency: dict[str, int]
    parked: tuple[ParkedRow, ...]
    unchecked: int
    hold_reason: str
    """How many e-invoices of it are not checked against the official rules, and what keeps them, where something does."""
    above: tuple[tuple[str, int, int], ...]
    """Currencies in which it is above the limit: currency, what the run moves, the limit, in minor units."""


def runs(*, scope: Scope, limit: int = 50, offset: int = 0) -> Page[RunRow]:
    """Bill runs of the sales organisations in scope, newest first."""
    return page_of(_runs(scope).order_by("-planned_at", "-pk"), limit=limit, offset=offset, make=_row)


def run(*, scope: Scope, run_id: str) -> RunView:
    """One bill run. Raises RunNotFound, also for another organisation's."""
    found = _found(scope, run_id)
    net: dict[str, int] = {}
    rows = found.drafts.order_by().values_list("currency", "kind").annotate(Sum("net_minor"))
    for currency, kind, minor in rows:
        net[currency] = net.get(currency, 0) + (-minor if kind == "credit_note" else minor)
    counts = found.drafts.aggregate(documents=Count("pk"), issued=Count("document_number"))
    parked = found.parked.order_by("customer__customer_id", "billing_group__group_id").values_list(
        "customer__customer_id", "customer__name", "code", "reason", "failures"
    )
    limits, moved = limits_on(organisation_key=found.sales_organisation_id, on=found.issued_on), _moved(found)
    return RunView(
        row=_row(found), shards_total=found.shards.count(), shards_done=found.shards.filter(is_computed=True).count(),
        documents=counts["documents"], issued=counts["issued"], net_minor_by_currency=dict(sorted(net.items())),
        parked=tuple(
            ParkedRow(customer_id=customer_id, name=name, code=code, reason=reason, way_out=policy.way_out(code),
                      failures=tuple(failures))
            for customer_id, name, code, reason, failures in parked
        ),
        unchecked=unchecked_count(run_key=found.pk), hold_reason=found.hold_reason,
        above=tuple(
            (currency, moved[currency], limits.get(currency, 0))
            for currency in policy.above_limits(totals=moved, limits=limits)
        ),
    )  # fmt: skip


def run_under_way(*, organisation_id: str) -> RunRow | None:
    """The run of a sales organisation that is neither issued nor discarded."""
    rows = BillRun.objects.filter(sales_organisation__organisation_id=organisation_id).defer("provisional_report")
    found = rows.exclude(state__in=policy.CLOSED_STATES).select_related("sales_organisation").first()
    return None if found is None else _row(found)


def approval_answer(*, scope: Scope, run_id: str, actor: Actor) -> ApprovalAnswer:
    """What an approval by the actor would do now. Raises RunNotFound."""
    found = _found(scope, run_id)
    limits = limits_on(organisation_key=found.sales_organisation_id, on=found.issued_on)
    return policy.approval(
        actor_kind=actor.kind, approver=actor.identity, roles=_roles(actor, found.sales_organisation.organisation_id),
        needs_four_eyes=bool(policy.above_limits(totals=_moved(found), limits=limits)), reviewer=_person(found.reviewed_by),
        people=frozenset(filter(None, (_person(found.planned_by), _person(found.computed_by)))),
    )  # fmt: skip


def limits_on(*, organisation_key: int, on: date) -> dict[str, int]:
    """The approval limits of a sales organisation in force on a day, by currency, in minor units."""
    rows = ApprovalLimit.objects.filter(sales_organisation_id=organisation_key, valid_from__lte=on)
    return dict(rows.order_by("valid_from").values_list("currency", "amount_minor"))


def report(*, scope: Scope, run_id: str) -> tuple[str, str]:
    """The signed report of a run as JSON with the SHA-256 of its PDF, empty while it is provisional. Raises ReportNotFound."""
    found = _found(scope, run_id)
    kept = RunReport.objects.filter(run=found).values_list("content", "pdf_sha256").first()
    if kept is not None:
        return kept
    if found.provisional_report:
        return found.provisional_report, ""
    raise ReportNotFound(f"run {run_id} has no report yet; make it with rackbill run report {run_id}")


def is_report_frozen(*, run_id: str) -> bool:
    """Whether the report of an issued run is kept already."""
    return RunReport.objects.filter(run__run_id=run_id).exists()


def issued_numbers(*, run_id: str) -> list[tuple[str, str, str, int]]:
    """Kind, first and last number, and how many documents of each kind a run has issued."""
    rows = BillDraft.objects.filter(run__run_id=run_id, document_number__isnull=False).order_by("kind")
    # All numbers have the same count of digits, so that the first as a text is the first as a number.
    found = rows.values("kind").annotate(first=Min("document_number"), last=Max("document_number"), count=Count("pk"))
    return [(row["kind"], row["first"], row["last"], row["count"]) for row in found]


def draft_counts(*, run_id: str) -> dict[str, int]:
    """How many documents of each kind a run makes, with numbers or still without."""
    rows = BillDraft.objects.filter(run__run_id=run_id).order_by("kind")
    return {row["kind"]: row["count"] for row in rows.values("kind").annotate(count=Count("pk"))}


def _runs(scope: Scope) -> QuerySet[BillRun]:
    rows = BillRun.objects.select_related("sales_organisation").defer("provisional_report")
    return scope.limit(rows, organisation="sales_organisation")


def _found(scope: Scope, run_id: str) -> BillRun:
    found = _runs(scope).filter(run_id=run_id).first()
    if found is None:
        raise RunNotFound(f"there is no bill run {run_id}; list them with rackbill run list")
    return found


def _moved(found: BillRun) -> dict[str, int]:
    """What a run moves in each currency, invoices and credit notes alike: both are money."""
    return dict(found.drafts.order_by().values_list("currency").annotate(Sum("net_minor")))


def _roles(actor: Actor, organisation_id: str) -> frozenset[str]:
    if actor.kind != "person":
        return frozenset()
    return access.staff_roles(email=actor.identity, organisation_id=organisation_id)


def _person(actor_text: str) -> str:
    kind, _, identity = actor_text.partition(":")
    return identity if kind == "person" else ""


def _row(found: BillRun) -> RunRow:
    organisation = found.sales_organisation
    return RunRow(
        run_id=found.run_id, organisation_id=organisation.organisation_id, organisation_name=organisation.legal_name,
        through=found.through, issued_on=found.issued_on, state=found.state, planned_by=found.planned_by,
        planned_at=found.planned_at, computed_by=found.computed_by, computed_at=found.computed_at,
        reviewed_by=found.reviewed_by, reviewed_at=found.reviewed_at, approved_by=found.approved_by,
        approved_at=found.approved_at, issue_asked_by=found.issue_asked_by, issue_asked_at=found.issue_asked_at,
        closed_at=found.closed_at,
    )  # fmt: skip
