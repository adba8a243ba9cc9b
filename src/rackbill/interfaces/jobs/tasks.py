"""What can be handed to workers. A task carries only the ID of a row that says what to do; the same code on every engine."""

import logging

from rackbill.domain.billing import operations as billing
from rackbill.interfaces.jobs.engine import task

log = logging.getLogger(__name__)


@task
def compute_shard(run_id: str, shard_number: int) -> None:
    """One shard of a bill run, unless it is computed or in another's hands. May run twice, late, or not at all."""
    done = billing.compute_free_shard(run_id=run_id, shard_number=shard_number)
    log.info("run %s, shard %d: %s", run_id, shard_number, "computed" if done else "done or taken by another")
