"""What is left of a run for a machine, how far it is, and which runs nobody carries on."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import RunNotFound
from rackbill.domain.billing.models import BillRun, RunReport
from rackbill.domain.billing.queries.checking import einvoice_counts
from rackbill.domain.kit.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """What a run waits for: one of policy.STEPS, or empty for a person; how much of it is done; who asked for it.

    Counts are shards to compute, e-invoices to check, documents to issue; 0 of 0 where it cannot be told. `carried_at`
    (wall clock) is the last sign of who carries it on, `stop_reason` what the last one stumbled over.
    """

    run_id: str
    state: str
    step: str
    done: int
    total: int
    carried_at: datetime | None
    stop_reason: str
    issue_asked_by: str

    def is_silent(self, now: datetime) -> bool:
        """Whether something is left to do and nobody has given a sign of doing it for a while. `now` is the wall clock."""
        return bool(self.step) and (self.carried_at is None or now - self.carried_at > policy.SILENT)


def run_progress(*, scope: Scope, run_id: str) -> RunProgress:
    """How far a run is. Raises RunNotFound, also for another organisation's."""
    rows = scope.limit(BillRun.objects.filter(run_id=run_id), organisation="sales_organisation")
    found = rows.annotate(
        is_reported=Exists(RunReport.objects.filter(run=OuterRef("pk"))), is_provisional=~Q(provisional_report="")
    ).defer("provisional_report").first()  # fmt: skip
    if found is None:
        raise RunNotFound(f"there is no bill run {run_id}; list them with rackbill run list")
    has_report = found.is_reported if found.state == "issued" else found.is_provisional
    step = policy.step_left(
        state=found.state, is_issue_asked=found.issue_asked_at is not None, has_report=has_report
    )  # fmt: skip
    done, total = _counts(found, step)
    return RunProgress(
        run_id=run_id, state=found.state, step=step, done=done, total=total, carried_at=found.carried_at,
        stop_reason=found.stop_reason, issue_asked_by=found.issue_asked_by,
    )  # fmt: skip


def _counts(run: BillRun, step: str) -> tuple[int, int]:
    if step == "compute":
        return run.shards.filter(is_computed=True).count(), run.shards.count()
    if step == "check":
        return einvoice_counts(run_id=run.run_id)
    if step == "issue":
        return run.drafts.filter(document_number__isnull=False).count(), run.drafts.count()
    return 0, 0


def has_runner(*, run_id: str) -> bool:
    """Whether a runner, and not a worker, gave the last sign of carrying a run on: it goes on by itself."""
    return BillRun.objects.filter(run_id=run_id, carried_by="runner").exists()


def runs_to_carry_on() -> list[str]:
    """The IDs of the runs in which something is left for a machine (policy.step_left), oldest first."""
    return list(_left().order_by("planned_at", "pk").values_list("run_id", flat=True))


def _left() -> QuerySet[BillRun]:
    """As policy.step_left, in the database's words."""
    return BillRun.objects.filter(
        Q(state="planned")
        | Q(state="computed", provisional_report="")
        | Q(state="approved", issue_asked_at__isnull=False)
        | Q(state="issued", report=None)
    )
