"""Reads of receivables: open amounts and what money is left are always sums of rows, never stored flags."""

from rackbill.domain.receivables.queries.accounts import (
    AGING,
    AccountEntry,
    AccountItem,
    CustomerAccount,
    MoneyOnAccount,
    customer_account,
)
from rackbill.domain.receivables.queries.bank import ParkedLine, Suggestion, parked_lines, parked_sums
from rackbill.domain.receivables.queries.credits import CreditUse, credit_uses
from rackbill.domain.receivables.queries.invoices import (
    CREDIT_STATUSES,
    SORTS,
    STATUSES,
    InvoiceRow,
    MandateRow,
    customer_mandates,
    invoice,
    invoices,
    mandates,
    open_sums,
)
from rackbill.domain.receivables.queries.movements import Movement, movements, standing_allocations
from rackbill.domain.receivables.queries.reminders import Notice, NoticeItem, reminder_ladder, reminder_plan

__all__ = [
    "AGING",
    "CREDIT_STATUSES",
    "SORTS",
    "STATUSES",
    "AccountEntry",
    "AccountItem",
    "CreditUse",
    "CustomerAccount",
    "InvoiceRow",
    "MandateRow",
    "MoneyOnAccount",
    "Movement",
    "Notice",
    "NoticeItem",
    "ParkedLine",
    "Suggestion",
    "credit_uses",
    "customer_account",
    "customer_mandates",
    "invoice",
    "invoices",
    "mandates",
    "movements",
    "open_sums",
    "parked_lines",
    "parked_sums",
    "reminder_ladder",
    "reminder_plan",
    "standing_allocations",
]  # fmt: skip
