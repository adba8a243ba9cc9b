"""Who carries a run on: handed to a worker, signs of life on the way, and what a worker stumbled over."""

from datetime import datetime

from django.db.models import Q

from rackbill.domain.billing import policy
from rackbill.domain.billing.models import BillRun


def hand_on_run(*, run_id: str, now: datetime) -> bool:
    """Marks a run as handed to a worker, unless somebody gave a sign of carrying it on lately; whether this call did.

    `now` is the wall clock.
    """
    stale = Q(carried_at=None) | Q(carried_at__lt=now - policy.CARRIED)
    return bool(BillRun.objects.filter(stale, run_id=run_id).update(carried_at=now, carried_by="worker"))


def note_carried(*, run_id: str, now: datetime, by: str = "") -> None:
    """A sign of life from who carries the run on: `by` is runner or worker, empty for who only helps. `now` is the wall clock."""
    BillRun.objects.filter(run_id=run_id).update(carried_at=now, **({"carried_by": by} if by else {}))


def note_stop(*, run_id: str, reason: str) -> None:
    """Says with the run what stopped the worker that carried it on; an empty reason takes that back."""
    BillRun.objects.filter(~Q(stop_reason=reason[:300]), run_id=run_id).update(stop_reason=reason[:300])
