"""What moved on a customer's documents, and which allocations of a sum stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from rackbill.domain.kit.scope import Scope
from rackbill.domain.receivables.models import Allocation, LedgerEntry, Refund
from rackbill.domain.receivables.queries import balances


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A movement on a document of ours: paid, taken back, refunded, written off; minor units, what lowers the debt is negative.

    `source` is whose money it is, by kind (payment, credit_note, deposit) and ID; both empty where no allocation says it.
    `is_returned` says that the bank took it back, on that day.
    """

    on: date
    kind: str
    number: str
    amount_minor: int
    source_kind: str = ""
    source_id: str = ""
    is_returned: bool = False


def movements(*, customer_key: int) -> list[Movement]:
    """All of a customer, in the order of booking; of credits only what somebody set off or took off by hand."""
    by_hand = Q(kind="credit", source_kind="allocation") & (
        ~Q(source_id__startswith="credit:") | Q(source_id__endswith=":back")
    )
    rows = LedgerEntry.objects.filter(
        Q(kind__in=("payment", "refund", "write_off")) | by_hand,
        open_item__customer_id=customer_key,
        open_item__system="",
    ).order_by("booked_on", "pk")
    found = list(
        rows.values_list("booked_on", "kind", "open_item__document_number", "amount_minor", "source_kind", "source_id")
    )
    sources = _sources([identity for *_row, kind, identity in found if kind == "allocation"])
    returned = dict(
        Refund.objects.filter(refund_id__startswith="returned:", payment__customer_id=customer_key).values_list(
            "payment__payment_id", "paid_on"
        )
    )
    return [
        Movement(
            on=on, kind=kind, number=number, amount_minor=minor, source_kind=source[0], source_id=source[1],
            is_returned=minor > 0 and source[0] == "payment" and returned.get(source[1]) == on,
        )
        for on, kind, number, minor, entry_kind, identity in found
        for source in [sources.get(identity, ("", "")) if entry_kind == "allocation" else ("", "")]
    ]  # fmt: skip


def _sources(identities: Sequence[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for part in balances.chunks(values=identities):
        rows = Allocation.objects.filter(allocation_id__in=part)
        for identity, payment, deposit, credit in rows.values_list(
            "allocation_id", "payment__payment_id", "deposit__deposit_id", "credit_item__document_number"
        ):
            named = {"payment": payment, "deposit": deposit, "credit_note": credit}
            found[identity] = next((kind, text) for kind, text in named.items() if text is not None)
    return found


def standing_allocations(*, scope: Scope, source_kind: str, source_id: str, number: str) -> list[tuple[str, int]]:
    """(allocation ID, minor units) of what money pays of a document and nobody took back, the newest first."""
    column = {"payment": "payment__payment_id", "deposit": "deposit__deposit_id",
              "credit_note": "credit_item__document_number"}[source_kind]  # fmt: skip
    rows = Allocation.objects.filter(
        **{column: source_id}, open_item__document_number=number, takes_back=None, taken_back_by=None
    )
    return list(
        scope.limit(rows, customer="open_item__customer").order_by("-pk").values_list("allocation_id", "amount_minor")
    )
