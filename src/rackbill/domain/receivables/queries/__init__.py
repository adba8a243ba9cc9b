"""Reads of receivables: open amounts and what money is left are always sums of rows, never stored flags."""

from rackbill.domain.receivables.queries.accounts import (
    AccountEntry,
    AccountItem,
    CustomerAccount,
    ItemRow,
    MoneyOnAccount,
    customer_account,
    open_items,
)
from rackbill.domain.receivables.queries.aging import (
    AGED_SORTS,
    AgedPage,
    AgedTotal,
    aged_customers,
)
from rackbill.domain.receivables.queries.balances import currency_of
from rackbill.domain.receivables.queries.bank import ParkedLine, Suggestion, parked_line, parked_lines, parked_sums
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
    "AGED_SORTS",
    "CREDIT_STATUSES",
    "SORTS",
    "STATUSES",
    "AccountEntry",
    "AccountItem",
    "AgedPage",
    "AgedTotal",
    "CreditUse",
    "CustomerAccount",
    "InvoiceRow",
    "ItemRow",
    "MandateRow",
    "MoneyOnAccount",
    "Movement",
    "Notice",
    "NoticeItem",
    "ParkedLine",
    "Suggestion",
    "aged_customers",
    "credit_uses",
    "currency_of",
    "customer_account",
    "customer_mandates",
    "invoice",
    "invoices",
    "mandates",
    "movements",
    "open_items",
    "open_sums",
    "parked_line",
    "parked_lines",
    "parked_sums",
    "reminder_ladder",
    "reminder_plan",
    "standing_allocations",
]  # fmt: skip
