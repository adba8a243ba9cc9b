"""Bulk writes of legacy open items, payments, deposits and mandates; for the cut-over alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.receivables.models import Deposit, LedgerEntry, Mandate, OpenItem, Payment

Rows = Iterable[Mapping[str, Any]]


def adopt_open_items(*, rows: Rows, entries: Rows) -> int:
    """How many items were kept; entries name their item by document number under `number`."""
    made = OpenItem.objects.bulk_create([OpenItem(**row) for row in rows], batch_size=500)
    keys = {row.document_number: row.pk for row in made}
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(**{k: v for k, v in row.items() if k != "number"}, open_item_id=keys[row["number"]])
            for row in entries
        ],
        batch_size=1000,
    )
    return len(made)


def adopt_money(*, payments: Rows, deposits: Rows, mandates: Rows) -> int:
    """How many payments, deposits and mandates were kept."""
    made = [
        *Payment.objects.bulk_create([Payment(**row) for row in payments], batch_size=500),
        *Deposit.objects.bulk_create([Deposit(**row) for row in deposits], batch_size=500),
        *Mandate.objects.bulk_create([Mandate(**row) for row in mandates], batch_size=500),
    ]
    return len(made)
