"""Writes to the open-item ledger; append only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from rackbill.core.money import Money
from rackbill.domain.history import operations as history
from rackbill.domain.kit import bulk, locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables.models import LedgerEntry, OpenItem, Payment


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


@transaction.atomic
def record_payment(
    *, payment_id: str, customer_id: str, money: Money, received_on: date, method: str, text: str, to_number: str,
    now: datetime, actor: Actor,
) -> int:  # fmt: skip
    """Books money that staff received on the document of `to_number`, then on those its text names, then on the oldest due.

    What of it is booked, in minor units. May run twice under the same payment ID. Raises CustomerNotFound.
    """
    customer = parties.customer(scope=WholeInstallation(), customer_id=customer_id)
    _payment, is_new = Payment.objects.get_or_create(
        payment_id=payment_id,
        defaults={
            "customer_id": customer.key, "received_on": received_on, "currency": money.currency,
            "amount_minor": money.amount_minor, "method": method, "remittance_text": text[:300],
        },
    )  # fmt: skip
    entries = LedgerEntry.objects.filter(source_kind="payment", source_id=payment_id)
    if not is_new:
        return -(entries.aggregate(Sum("amount_minor"))["amount_minor__sum"] or 0)
    rows = locks.locked(OpenItem.objects.filter(customer_id=customer.key, currency=money.currency))
    items = list(rows.order_by("due_on", "pk"))
    sums = dict(LedgerEntry.objects.filter(open_item__in=items).values_list("open_item").annotate(Sum("amount_minor")))
    left = money.amount_minor
    for item in sorted(items, key=lambda r: (r.document_number != to_number, r.document_number not in text)):
        share = min(left, sums.get(item.pk, 0))
        if share > 0:
            LedgerEntry.objects.create(
                open_item=item, kind="payment", amount_minor=-share, booked_on=received_on, source_kind="payment",
                source_id=payment_id,
            )  # fmt: skip
            left -= share
    history.record_change(
        now=now, actor=actor, verb="record_payment", object_kind="payment", object_id=payment_id, customer_id=customer_id,
        detail={"amount_minor": money.amount_minor, "currency": money.currency, "left_minor": left},
    )  # fmt: skip
    return money.amount_minor - left
