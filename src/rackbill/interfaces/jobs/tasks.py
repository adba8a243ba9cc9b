"""What can be handed to workers. A task carries only the ID of a row that says what to do; the same code on every engine."""

import logging

from rackbill.interfaces.jobs.engine import task

log = logging.getLogger(__name__)


@task
def compute_shard(run_id: str, shard_number: int) -> None:
    """One shard of a bill run, unless it is computed or in another's hands. May run twice, late, or not at all."""
    # The work hands out tasks itself, so it is loaded when it is done.
    from rackbill.interfaces.jobs import carrying

    done = carrying.compute_shard(run_id=run_id, shard_number=shard_number)
    log.info("run %s, shard %d: %s", run_id, shard_number, "computed" if done else "done or taken by another")


@task
def carry_run(run_id: str) -> None:
    """What is left of a bill run for a machine: its row says what. May run twice, late, or not at all."""
    from rackbill.interfaces.jobs import carrying

    carrying.carry_on(run_id=run_id)
