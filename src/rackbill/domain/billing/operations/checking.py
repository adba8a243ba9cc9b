"""What the check of e-invoices found: noted with the draft, or the billing group parked; or why the run must wait."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import RunNotFound
from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDraft:
    """A draft that does not meet the rules: why in words, and each rule as {rule, text, place}."""

    key: int
    reason: str
    failures: tuple[dict[str, str], ...]


@transaction.atomic
def record_checks(*, run_id: str, checked_with: Mapping[int, str], now: datetime) -> int:
    """Notes by draft key which rules a draft has passed; how many were noted. May run twice. Raises RunNotFound."""
    run = _computed_run(run_id)
    if run is None:
        return 0
    keys: dict[str, list[int]] = defaultdict(list)
    for key, label in checked_with.items():
        keys[label].append(key)
    return sum(
        BillDraft.objects.filter(run=run, pk__in=own, document_number=None).update(
            checked_at=now, checked_with=label[:300]
        )
        for label, own in keys.items()
    )


@transaction.atomic
def park_failed_groups(*, run_id: str, failed: Sequence[FailedDraft], now: datetime) -> int:
    """Takes the billing groups of the drafts out of the run, with all their drafts and charges; how many. May run twice.

    Their customers are computed in full when they are retried, and in the next run. Raises RunNotFound.
    """
    run = _computed_run(run_id)
    if run is None:
        return 0
    by_key = {draft.key: draft for draft in failed}
    rows = BillDraft.objects.filter(run=run, pk__in=list(by_key), document_number=None).order_by("pk")
    groups: dict[int, tuple[int, list[FailedDraft]]] = {}
    for key, group_key, customer_key in rows.values_list("pk", "billing_group_id", "customer_id"):
        groups.setdefault(group_key, (customer_key, []))[1].append(by_key[key])
    if not groups:
        return 0
    drafts = BillDraft.objects.filter(run=run, billing_group_id__in=list(groups))
    charges = Charge.objects.filter(draft__in=drafts)
    # As in discarding a run: nothing points at charges and drafts that are not issued.
    charges._raw_delete(charges.db)
    count = drafts._raw_delete(drafts.db)
    contracts.unsettle_customers(customer_keys=sorted({customer_key for customer_key, _own in groups.values()}))
    ParkedBill.objects.bulk_create(
        ParkedBill(
            run=run, customer_id=customer_key, billing_group_id=group_key, code=policy.EINVOICE_CODE,
            reason=" ".join(draft.reason for draft in own)[:1000],
            failures=[failure for draft in own for failure in draft.failures][: policy.KEPT_FAILURES],
        )
        for group_key, (customer_key, own) in groups.items()
    )  # fmt: skip
    # A first person's approval was given to another content.
    run.reviewed_by, run.reviewed_at, run.provisional_report = "", None, ""
    run.save(update_fields=["reviewed_by", "reviewed_at", "provisional_report"])
    history.record_change(
        now=now, actor=SYSTEM, verb="park_einvoices", object_kind="bill_run", object_id=run_id,
        detail={"billing_groups": len(groups), "drafts": int(count or 0)},
    )  # fmt: skip
    return len(groups)


@transaction.atomic
def hold_run(*, run_id: str, reason: str) -> None:
    """Says with the run why its e-invoices are not checked; an empty reason takes that back. Raises RunNotFound."""
    run = _computed_run(run_id)
    if run is not None and run.hold_reason != reason[:300]:
        run.hold_reason = reason[:300]
        run.save(update_fields=["hold_reason"])


def _computed_run(run_id: str) -> BillRun | None:
    """The locked run; None where it went on or back meanwhile, so that what was found is about drafts of the past."""
    run = locks.locked(BillRun.objects.filter(run_id=run_id)).first()
    if run is None:
        raise RunNotFound(f"there is no bill run {run_id}; list them with rackbill run list")
    return run if run.state == "computed" else None
