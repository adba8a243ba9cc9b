"""Bill runs: planned → computed → approved → issued. Every step may run twice; a worker may die at any line."""

from rackbill.domain.billing.operations.carrying import hand_on_run, note_carried, note_stop
from rackbill.domain.billing.operations.checking import FailedDraft, hold_run, park_failed_groups, record_checks
from rackbill.domain.billing.operations.computing import compute_shard, preview_bills
from rackbill.domain.billing.operations.controlling import (
    approve_run,
    ask_to_check,
    ask_to_issue,
    check_operator,
    finish_computing,
    keep_provisional_report,
    keep_report,
    set_approval_limit,
)
from rackbill.domain.billing.operations.crediting import CheckedDraft, credit_document, credit_invoice
from rackbill.domain.billing.operations.discarding import discard_run, reset_run, retry_parked
from rackbill.domain.billing.operations.dry_running import ParkedPreview, RunFilter, preview_run
from rackbill.domain.billing.operations.issuing import close_run, issue_block
from rackbill.domain.billing.operations.planning import plan_run
from rackbill.domain.billing.operations.previewing import (
    ComingLines,
    issue_pro_formas,
    preview_coming_bill,
    preview_coming_lines,
)
from rackbill.domain.billing.operations.sharding import compute_free_shard, compute_next_shard, queue_shards

__all__ = [
    "CheckedDraft", "ComingLines", "FailedDraft", "ParkedPreview", "RunFilter", "approve_run", "ask_to_check", "ask_to_issue",
    "check_operator", "close_run",
    "compute_free_shard", "compute_next_shard", "compute_shard", "credit_document", "credit_invoice", "discard_run",
    "finish_computing", "hand_on_run", "hold_run", "issue_block",
    "issue_pro_formas", "keep_provisional_report", "keep_report", "note_carried", "note_stop", "park_failed_groups",
    "plan_run", "preview_bills", "preview_coming_bill", "preview_coming_lines",
    "preview_run", "queue_shards", "record_checks", "reset_run",
    "retry_parked", "set_approval_limit",
]  # fmt: skip
