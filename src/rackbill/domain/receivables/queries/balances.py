"""What is open of items and what is left of money, as sums of ledger entries, allocations and refunds."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from django.db.models import F, Model, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from rackbill.core.settling import OpenAmount
from rackbill.domain.kit.fields import MinorField
from rackbill.domain.receivables.models import (
    Allocation,
    BankLine,
    Deposit,
    LedgerEntry,
    OpenItem,
    Payment,
    Refund,
    WriteOff,
)

CHUNK = 900
"""Values in one IN list; SQLite builds with an old limit take 999."""


def chunks(*, values: Collection[Any]) -> Iterator[list[Any]]:
    """The values in lists that fit one statement."""
    waiting = iter(values)
    while part := list(islice(waiting, CHUNK)):
        yield part


def open_minor(*, item_keys: Collection[int]) -> dict[int, int]:
    """By key of the item: the sum of its entries."""
    found: dict[int, int] = {}
    for part in chunks(values=item_keys):
        rows = LedgerEntry.objects.filter(open_item_id__in=part).values_list("open_item").annotate(Sum("amount_minor"))
        found.update(rows)
    return found


def face_minor(*, item_keys: Collection[int]) -> dict[int, int]:
    """By key of the item: what the document was made out for, or what came over from the legacy system as open."""
    found: dict[int, int] = {}
    for part in chunks(values=item_keys):
        rows = LedgerEntry.objects.filter(open_item_id__in=part, kind__in=("invoice", "opening"))
        found.update(rows.values_list("open_item").annotate(Sum("amount_minor")))
    return found


def open_amounts(*, customer_keys: Collection[int]) -> dict[int, list[OpenAmount]]:
    """By key of the customer: every item of his with something to pay. Customers that owe nothing are left out."""
    found: dict[int, list[OpenAmount]] = {}
    for part in chunks(values=sorted(customer_keys)):
        rows = OpenItem.objects.filter(customer_id__in=part).annotate(left=Sum("entries__amount_minor"))
        for customer_key, key, currency, issued_on, due_on, left in rows.filter(left__gt=0).values_list(
            "customer_id", "pk", "currency", "issued_on", "due_on", "left"
        ):
            item = OpenAmount(key=key, currency=currency, issued_on=issued_on, due_on=due_on, open_minor=left)
            found.setdefault(customer_key, []).append(item)
    return found


def payments_with_left(*, rows: QuerySet[Payment]) -> QuerySet[Payment]:
    """The payments with `left_minor`: received, less what is allocated and what went back.

    A legacy system's payments are spent: what was left of them came over as deposits and open amounts.
    """
    return rows.filter(system="").annotate(left_minor=_left("payment"))


def deposits_with_left(*, rows: QuerySet[Deposit]) -> QuerySet[Deposit]:
    """The deposits with `left_minor`."""
    return rows.annotate(left_minor=_left("deposit"))


def credits_with_left(*, rows: QuerySet[OpenItem]) -> QuerySet[OpenItem]:
    """Credit notes of ours with `left_minor`, positive: what of the credit is not used yet."""
    return rows.filter(document_kind="credit_note").annotate(left_minor=-_sum(LedgerEntry, "open_item"))


def currency_of(*, kind: str, identity: str) -> str:
    """The currency of a payment, deposit, document, allocation or write-off, or of a bank line by how its ID begins.

    Empty where there is none of that name.
    """
    model, column, path = _NAMED[kind]
    return model._default_manager.filter(**{column: identity}).values_list(path, flat=True).first() or ""


_NAMED: dict[str, tuple[type[Model], str, str]] = {
    "payment": (Payment, "payment_id", "currency"), "deposit": (Deposit, "deposit_id", "currency"),
    "credit_note": (OpenItem, "document_number", "currency"), "line": (BankLine, "line_id__startswith", "currency"),
    "allocation": (Allocation, "allocation_id", "open_item__currency"),
    "write_off": (WriteOff, "write_off_id", "open_item__currency"),
}  # fmt: skip


def _left(source: str) -> Any:
    return F("amount_minor") - _sum(Allocation, source) - _sum(Refund, source)


def _sum(model: Any, column: str) -> Any:
    rows = model.objects.filter(**{column: OuterRef("pk")}).order_by().values(column)
    return Coalesce(
        Subquery(rows.annotate(total=Sum("amount_minor")).values("total")), Value(0), output_field=MinorField()
    )
