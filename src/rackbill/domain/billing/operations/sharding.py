"""Who computes which shard: the row's lock is the claim, so a claim ends with the process that holds it, however it ends."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from rackbill.domain.billing import policy
from rackbill.domain.billing.models import BillShard
from rackbill.domain.billing.operations.computing import compute_shard
from rackbill.domain.kit import locks


@transaction.atomic
def compute_free_shard(*, run_id: str, shard_number: int) -> bool:
    """Computes a shard unless it is computed already or another process holds it; whether this call did. May run twice."""
    return _compute_one(_waiting(run_id).filter(shard_number=shard_number)) is not None


@transaction.atomic
def compute_next_shard(*, run_id: str) -> int | None:
    """Computes the last shard that nobody holds, for workers begin with the first; its number, or None where none is free."""
    return _compute_one(_waiting(run_id).order_by("-shard_number"))


@transaction.atomic
def queue_shards(*, run_id: str, now: datetime) -> Sequence[int]:
    """The numbers of the shards to hand to workers, marked so that they are not handed out again for a while.

    `now` is the wall clock. Shards that are being computed are passed over. Empty where the database has one writer:
    workers could only wait for each other there.
    """
    if not locks.has_row_locks():
        return ()
    stale = Q(queued_at=None) | Q(queued_at__lt=now - policy.QUEUED)
    rows = locks.locked(_waiting(run_id).filter(stale), skip_locked=True).order_by("shard_number")
    numbers = [shard.shard_number for shard in rows]
    BillShard.objects.filter(run__run_id=run_id, shard_number__in=numbers).update(queued_at=now)
    return numbers


def _waiting(run_id: str) -> QuerySet[BillShard]:
    return BillShard.objects.filter(run__run_id=run_id, run__state="planned", is_computed=False)


def _compute_one(rows: QuerySet[BillShard]) -> int | None:
    shard = locks.locked(rows, skip_locked=True).select_related("run").first()
    if shard is None:
        return None
    compute_shard(run_id=shard.run.run_id, shard_number=shard.shard_number)
    return shard.shard_number
