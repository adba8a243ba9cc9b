"""Taking a computed run back: discard it, compute it anew, or retry its parked customers. Nothing is numbered yet."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from rackbill.domain.billing.errors import RunNotFound, RunRefused
from rackbill.domain.billing.models import BillDraft, BillRun, BillShard, Charge
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.history import operations as history
from rackbill.domain.kit import bulk, locks
from rackbill.domain.kit.actor import Actor


@transaction.atomic
def discard_run(*, run_id: str, now: datetime, actor: Actor) -> None:
    """Takes a run back with all its drafts and charges; it stays in the list as discarded. May run twice.

    Raises RunNotFound, and RunRefused where a document of it is issued.
    """
    run = _reversible_run(run_id)
    if run.state == "discarded":
        return
    count = _empty(run)
    # A worker that waits for a shard finds it computed and leaves it.
    run.shards.update(is_computed=True)
    run.state, run.closed_at = "discarded", now
    run.save(update_fields=["state", "closed_at", "provisional_report"])
    history.record_change(
        now=now, actor=actor, verb="discard_run", object_kind="bill_run", object_id=run_id, detail={"drafts": count}
    )


@transaction.atomic
def reset_run(*, run_id: str, now: datetime, actor: Actor) -> None:
    """Brings a run back to planned, so that it is computed anew. Raises RunNotFound, RunRefused as discard_run."""
    run = _reversible_run(run_id)
    if run.state == "discarded":
        raise RunRefused(f"run {run_id} was discarded; plan a new one", code="discarded")
    count = _empty(run)
    run.shards.filter(is_retry=True).delete()
    run.shards.update(is_computed=False, queued_at=None)
    _back_to_planned(run, actor)
    history.record_change(
        now=now, actor=actor, verb="reset_run", object_kind="bill_run", object_id=run_id, detail={"drafts": count}
    )


@transaction.atomic
def retry_parked(*, run_id: str, now: datetime, actor: Actor) -> int:
    """Gives each parked customer of a run a shard of its own to be computed again; how many. The others stay as they are.

    Raises RunNotFound, RunRefused as discard_run.
    """
    run = _reversible_run(run_id)
    if run.state == "discarded":
        raise RunRefused(f"run {run_id} was discarded; plan a new one", code="discarded")
    customers = dict(run.parked.order_by("customer__customer_id").values_list("customer__customer_id", "customer_id"))
    ids = list(customers)
    if not ids:
        return 0
    # Of a customer whose one billing group was parked, the others are computed again too: mending may change them.
    _empty_customers(run, list(customers.values()))
    first = 1 + (run.shards.aggregate(last=Max("shard_number"))["last"] or 0)
    run.parked.all().delete()
    BillShard.objects.bulk_create(
        BillShard(run=run, shard_number=number, first_customer_id=one, last_customer_id=one, is_retry=True)
        for number, one in enumerate(ids, start=first)
    )
    _back_to_planned(run, actor)
    history.record_change(
        now=now, actor=actor, verb="retry_parked", object_kind="bill_run", object_id=run_id,
        detail={"customers": len(ids)},
    )  # fmt: skip
    return len(ids)


def _reversible_run(run_id: str) -> BillRun:
    # Shards before the run, in the order in which a computing worker locks them.
    list(locks.locked(BillShard.objects.filter(run__run_id=run_id).order_by("shard_number")).values_list("pk"))
    run = locks.locked(BillRun.objects.filter(run_id=run_id)).first()
    if run is None:
        raise RunNotFound(f"there is no bill run {run_id}; list them with rackbill run list")
    if run.state == "issued" or run.drafts.filter(document_number__isnull=False).exists():
        raise RunRefused(
            f"documents of run {run_id} are issued; what is issued stays, correct it with credit notes", code="issued"
        )
    return run


def _empty(run: BillRun) -> int:
    """Deletes charges, drafts and parked bills of the run in three statements; how many drafts."""
    charges = Charge.objects.filter(draft__run=run)
    # The run also settled lines that it did not charge; all are computed in full again.
    contracts.unsettle_organisation(organisation_key=run.sales_organisation_id)
    # Nothing points at charges and drafts of a run that is not issued, so there is nothing for a cascade to collect.
    charges._raw_delete(charges.db)
    drafts = BillDraft.objects.filter(run=run)
    count = drafts._raw_delete(drafts.db)
    run.parked.all().delete()
    run.provisional_report = ""
    return int(count or 0)


def _empty_customers(run: BillRun, customer_keys: Sequence[int]) -> None:
    drafts = BillDraft.objects.filter(run=run, customer_id__any_of=bulk.Keys(customer_keys))
    if drafts.exists():
        charges = Charge.objects.filter(draft__in=drafts)
        charges._raw_delete(charges.db)
        drafts._raw_delete(drafts.db)
        contracts.unsettle_customers(customer_keys=customer_keys)


def _back_to_planned(run: BillRun, actor: Actor) -> None:
    run.state, run.provisional_report = "planned", ""
    # Whoever wants it computed anew has computed it, though a worker may finish it: four eyes count this person.
    run.computed_by = str(actor)
    run.reviewed_by = run.approved_by = run.issue_asked_by = ""
    run.computed_at = run.reviewed_at = run.approved_at = run.issue_asked_at = None
    run.is_four_eyes, run.hold_reason, run.stop_reason = False, "", ""
    run.save()
