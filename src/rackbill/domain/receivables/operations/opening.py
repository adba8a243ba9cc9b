"""Opening items: one for each document that is issued."""

from collections.abc import Sequence
from dataclasses import dataclass

from rackbill.domain.kit import bulk
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
