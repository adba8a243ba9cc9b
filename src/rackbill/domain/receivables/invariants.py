"""What must always hold over the ledger; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import Count, Q, Sum

from rackbill.domain.receivables.models import LedgerEntry, OpenItem


def violations() -> Iterator[str]:
    """Every open item has a first entry; no item of an invoice is overpaid by its own entries."""
    rows = OpenItem.objects.annotate(entry_count=Count("entries"), open_minor=Sum("entries__amount_minor"))
    for item in rows.filter(entry_count=0).iterator():
        yield f"open item {item.document_number} has no ledger entry"
    for item in rows.filter(Q(document_kind="invoice") & Q(open_minor__lt=0)).iterator():
        yield f"open item {item.document_number} is paid by more than it was: {item.open_minor}"


def invoiced_minor_by_number() -> dict[str, int]:
    """By number of a document of ours: what its first ledger entry says."""
    rows = LedgerEntry.objects.filter(open_item__system="", source_kind="document")
    return dict(rows.values_list("source_id", "amount_minor"))
