"""Writes to receivables: the ledger, payments and what they pay, bank files, write-offs, reminders. Append only."""

from rackbill.domain.receivables.operations.allocating import (
    MoneySource,
    allocate_credit,
    allocate_money,
    deallocate_money,
    settle_credits,
)
from rackbill.domain.receivables.operations.banking import (
    ImportSummary,
    assign_line,
    import_statement,
    match_parked,
    return_line,
)
from rackbill.domain.receivables.operations.mandates import enter_mandate, revoke_mandate
from rackbill.domain.receivables.operations.opening import NewItem, open_items
from rackbill.domain.receivables.operations.paying import record_payment, refund_money, return_payment
from rackbill.domain.receivables.operations.reminder_documents import IssuedReminder, issue_reminders
from rackbill.domain.receivables.operations.reminding import (
    hold_reminders,
    lift_hold,
    propose_reminders,
    set_reminder_ladder,
)
from rackbill.domain.receivables.operations.writing_off import approve_write_off, write_off_item

__all__ = [
    "ImportSummary", "IssuedReminder", "MoneySource", "NewItem", "allocate_credit", "allocate_money",
    "approve_write_off", "assign_line", "deallocate_money", "enter_mandate", "hold_reminders", "import_statement",
    "issue_reminders", "lift_hold", "match_parked", "open_items", "propose_reminders", "record_payment", "refund_money",
    "return_line", "return_payment", "revoke_mandate", "set_reminder_ladder", "settle_credits", "write_off_item",
]  # fmt: skip
