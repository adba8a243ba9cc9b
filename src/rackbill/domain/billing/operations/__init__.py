"""Bill runs: planned → computed → approved → issued. Every step may run twice; a worker may die at any line."""

from rackbill.domain.billing.operations.computing import compute_shard, preview_bills
from rackbill.domain.billing.operations.crediting import credit_document, credit_invoice
from rackbill.domain.billing.operations.issuing import close_run, issue_block
from rackbill.domain.billing.operations.planning import approve_run, plan_run
from rackbill.domain.billing.operations.previewing import preview_coming_bill
from rackbill.domain.billing.operations.sharding import compute_free_shard, compute_next_shard, queue_shards

__all__ = [
    "approve_run", "close_run", "compute_free_shard", "compute_next_shard", "compute_shard", "credit_document",
    "credit_invoice", "issue_block", "plan_run", "preview_bills", "preview_coming_bill", "queue_shards",
]  # fmt: skip
