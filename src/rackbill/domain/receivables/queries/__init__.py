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
from rackbill.domain.receivables.queries.invoices import (
    SORTS,
    STATUSES,
    InvoiceRow,
    MandateRow,
    customer_mandates,
    invoice,
    invoices,
    mandates,
    open_sums,
    paid_shares,
)
from rackbill.domain.receivables.queries.reminders import Notice, NoticeItem, reminder_ladder, reminder_plan

__all__ = [
    "AGING",
    "SORTS",
    "STATUSES",
    "AccountEntry",
    "AccountItem",
    "CustomerAccount",
    "InvoiceRow",
    "MandateRow",
    "MoneyOnAccount",
    "Notice",
    "NoticeItem",
    "ParkedLine",
    "Suggestion",
    "customer_account",
    "customer_mandates",
    "invoice",
    "invoices",
    "mandates",
    "open_sums",
    "paid_shares",
    "parked_lines",
    "parked_sums",
    "reminder_ladder",
    "reminder_plan",
]  # fmt: skip
