"""What became of a credit note: the documents that it was set off against, and what of it went back."""

from dataclasses import dataclass
from datetime import date

from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope
from rackbill.domain.receivables.models import Allocation, LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUse:
    """One movement of a credit note's money; `amount_minor` is negative where it came back to the credit note.

    `number` is the document that it was set off against, empty for money that was paid out; `is_ours` says that the number
    is one of our series and not a legacy system's.
    """

    booked_on: date
    kind: str
    amount_minor: int
    number: str = ""
    is_ours: bool = False


def credit_uses(*, scope: Scope, number: str, limit: int = 50, offset: int = 0) -> Page[CreditUse]:
    """The movements of a credit note of ours, the oldest first; three queries. Empty for another customer's."""
    rows = scope.limit(
        LedgerEntry.objects.filter(
            open_item__document_number=number, open_item__document_kind="credit_note", open_item__system=""
        ),
        customer="open_item__customer",
    ).exclude(source_kind="document")
    page = page_of(rows.order_by("booked_on", "pk"), limit=limit, offset=offset, make=lambda row: row)
    identities = [row.source_id for row in page.rows if row.source_kind == "allocation"]
    found = Allocation.objects.filter(allocation_id__in=identities, credit_item__document_number=number)
    against = {
        identity: (document, not system)
        for identity, document, system in found.values_list(
            "allocation_id", "open_item__document_number", "open_item__system"
        )
    }
    return Page([_use(row, against) for row in page.rows], page.total_count, page.limit, page.offset)


def _use(row: LedgerEntry, against: dict[str, tuple[str, bool]]) -> CreditUse:
    number, is_ours = against.get(row.source_id, ("", False)) if row.source_kind == "allocation" else ("", False)
    kind = "set_off" if row.source_kind == "allocation" else row.kind
    return CreditUse(booked_on=row.booked_on, kind=kind, amount_minor=row.amount_minor, number=number, is_ours=is_ours)
