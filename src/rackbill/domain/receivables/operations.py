"""Writes to the open-item ledger; append only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Sum

from rackbill.domain.kit import bulk, locks
from rackbill.domain.receivables.models import LedgerEntry, OpenItem


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A document of ours that is to be paid (positive) or paid out (negative, a credit note). Days are ISO texts."""

    customer_key: int
    organisation_key: int
    document_number: str
    document_kind: str
    currency: str
    issued_on: str
    due_on: str
    amount_minor: int


_ITEM_FIELDS = (
    "id", "customer", "sales_organisation", "document_number", "document_kind", "currency", "issued_on", "due_on",
)  # fmt: skip
_ENTRY_FIELDS = ("open_item", "kind", "amount_minor", "booked_on", "source_kind", "source_id")


def open_items(*, items: Sequence[NewItem]) -> None:
    """One open item and its first entry for each document; call inside the transaction that issues it."""
    keys = bulk.reserve_keys(OpenItem, len(items))
    bulk.insert_plain_rows(
        OpenItem, _ITEM_FIELDS,
        [
            (k, i.customer_key, i.organisation_key, i.document_number, i.document_kind, i.currency, i.issued_on, i.due_on)
            for k, i in zip(keys, items, strict=True)
        ],
    )  # fmt: skip
    bulk.insert_plain_rows(
        LedgerEntry, _ENTRY_FIELDS,
        [
            (k, "invoice" if i.amount_minor >= 0 else "credit", i.amount_minor, i.issued_on, "document", i.document_number)
            for k, i in zip(keys, items, strict=True)
        ],
    )  # fmt: skip


@transaction.atomic
def allocate_credit(*, credit_number: str, invoice_number: str, booked_on: date) -> int:
    """Sets a credit note off against the invoice it corrects, as far as that is open; the amount. May run twice."""
    rows = locks.locked(OpenItem.objects.filter(system="", document_number__in=[credit_number, invoice_number]))
    items = {row.document_number: row for row in rows.order_by("document_number")}
    credit, invoice = items[credit_number], items[invoice_number]
    sums = dict(
        LedgerEntry.objects.filter(open_item__in=[credit, invoice])
        .values_list("open_item")
        .annotate(Sum("amount_minor"))
    )
    amount = min(-sums.get(credit.pk, 0), sums.get(invoice.pk, 0))
    if amount <= 0:
        return 0
    for item, sign, other in ((invoice, -1, credit_number), (credit, 1, invoice_number)):
        LedgerEntry.objects.create(
            open_item=item, kind="credit", amount_minor=sign * amount, booked_on=booked_on, source_kind="allocation",
            source_id=f"{other}",
        )  # fmt: skip
    return amount
