"""Opening items: one for each document that is issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rackbill.domain.receivables.models import LedgerEntry, OpenItem


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A document of ours that is to be paid, or paid out: positive for an invoice, negative for a credit note."""

    customer_key: int
    organisation_key: int
    document_number: str
    document_kind: str
    currency: str
    issued_on: date
    due_on: date
    amount_minor: int


def open_items(*, items: Sequence[NewItem]) -> None:
    """One open item and its first entry for each document; call inside the transaction that issues it."""
    OpenItem.objects.bulk_create(
        [
            OpenItem(
                customer_id=i.customer_key,
                sales_organisation_id=i.organisation_key,
                document_number=i.document_number,
                document_kind=i.document_kind,
                currency=i.currency,
                issued_on=i.issued_on,
                due_on=i.due_on,
            )  # fmt: skip
            for i in items
        ],
        batch_size=500,
    )
    numbers = [i.document_number for i in items]
    keys = dict(OpenItem.objects.filter(system="", document_number__in=numbers).values_list("document_number", "pk"))
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(
                open_item_id=keys[i.document_number],
                kind="invoice" if i.amount_minor >= 0 else "credit",
                amount_minor=i.amount_minor,
                booked_on=i.issued_on,
                source_kind="document",
                source_id=i.document_number,
            )  # fmt: skip
            for i in items
        ],
        batch_size=500,
    )
