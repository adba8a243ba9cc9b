"""Computing a run's shards: workers take from the front of the queue, the runner from the back what nobody holds."""

import logging
import time
from collections.abc import Callable

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.kit import locks
from rackbill.interfaces.jobs import clock, engine, tasks

OnStep = Callable[[str, int, int], None]
PAUSE_SECONDS = 0.2
log = logging.getLogger(__name__)


def compute_shards(*, run_id: str, on_step: OnStep) -> None:
    """Returns when every shard of a planned run is computed, with workers or without.

    A shard is claimed by its row's lock: a worker that is killed lets go of it, and it is taken here. What a shard raises
    in a worker it raises here too, when nobody else is left to try it.
    """
    hand_out_shards(run_id=run_id)
    while run_id in billing_queries.runs_to_compute():
        on_step("compute", *billing_queries.shard_progress(run_id=run_id))
        number = billing.compute_next_shard(run_id=run_id)
        if number is None:
            time.sleep(PAUSE_SECONDS)
        else:
            log.info("run %s, shard %d: computed", run_id, number)
    on_step("compute", *billing_queries.shard_progress(run_id=run_id))


def compute_free_shards(*, run_id: str, on_step: OnStep) -> bool:
    """Computes the shards of a run that nobody holds, beginning at the end; whether all of the run's are computed then."""
    while (number := billing.compute_next_shard(run_id=run_id)) is not None:
        log.info("run %s, shard %d: computed", run_id, number)
        on_step("compute", *billing_queries.shard_progress(run_id=run_id))
        # Where the database has one writer, whoever waits for it (a page, the console) gets in between.
        time.sleep(0 if locks.has_row_locks() else PAUSE_SECONDS)
    done, total = billing_queries.shard_progress(run_id=run_id)
    return done == total


def hand_out_shards(*, run_id: str) -> int:
    """Gives the waiting shards of a run to workers; how many. Without a broker nothing is given and the runner does them."""
    handed = 0
    for number in billing.queue_shards(run_id=run_id, now=clock.wall()):
        try:
            tasks.compute_shard.enqueue(run_id=run_id, shard_number=number)
        except engine.EngineUnreachable as fault:
            log.warning("shards of run %s are not given to workers: %s", run_id, fault)
            return handed
        handed += 1
    return handed


def sweep_shards() -> int:
    """Hands out again what got lost on the way (a publish, a task whose worker died, a runner that died); how many."""
    return sum(hand_out_shards(run_id=run_id) for run_id in billing_queries.runs_to_compute())
