"""What can be handed to workers. A task carries only the ID of a row that says what to do; the same code on every engine."""

from rackbill.domain.billing import operations as billing
from rackbill.interfaces.jobs.engine import task


@task
def compute_shard(run_id: str, shard_number: int) -> None:
    """One shard of a bill run, unless it is computed or in another's hands. May run twice, late, or not at all."""
    billing.compute_free_shard(run_id=run_id, shard_number=shard_number)
