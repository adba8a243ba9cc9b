"""Money of a customer and the items it pays: allocations, each with the ledger entries that say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from rackbill.core.money import Money
from rackbill.domain.documents import queries as documents
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, MoneyRefused, OpenItemNotFound
from rackbill.domain.receivables.models import Allocation, Deposit, LedgerEntry, OpenItem, Payment
from rackbill.domain.receivables.queries import balances

LONGEST_ID = 59
"""Of an allocation's own ID; the row that takes it back adds five characters."""


@dataclass(frozen=True, slots=True)
class MoneySource:
    """Where money is taken from: `kind` payment, credit_note or deposit; `identity` its ID, or the credit note's number."""

    kind: str
    identity: str

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.identity}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedMoney:
    """A source under its lock: whose it is and what is left of it. `column` is its column in allocations and refunds."""

    column: str
    key: int
    customer_key: int
    customer_id: str
    currency: str
    left_minor: int


def lock_money(*, source: MoneySource) -> LockedMoney:
    """The source, locked until the transaction ends. Raises MoneyNotFound."""
    if source.kind == "payment":
        column, rows = "payment", Payment.objects.filter(payment_id=source.identity, system="")
        counted = balances.payments_with_left(rows=rows)
    elif source.kind == "deposit":
        column, rows = "deposit", Deposit.objects.filter(deposit_id=source.identity)
        counted = balances.deposits_with_left(rows=rows)
    elif source.kind == "credit_note":
        column = "credit_item"
        rows = OpenItem.objects.filter(document_number=source.identity, document_kind="credit_note", system="")
        counted = balances.credits_with_left(rows=rows)
    else:
        raise MoneyNotFound(f"money is taken from a payment, a credit_note or a deposit, not from a {source.kind!r}")
    if locks.locked(rows).first() is None:
        raise MoneyNotFound(f"there is no {source}; `rackbill receivables show CUSTOMER` lists what there is")
    row = counted.select_related("customer").get()
    return LockedMoney(
        column=column, key=row.pk, customer_key=row.customer_id, customer_id=row.customer.customer_id, currency=row.currency,
        left_minor=row.left_minor,
    )  # fmt: skip


def lock_item(*, number: str, customer_key: int | None = None) -> OpenItem:
    """The open item of a document, ours or a legacy one, locked. Raises OpenItemNotFound, also where two have the number."""
    rows = OpenItem.objects.filter(document_number=number)
    if customer_key is not None:
        rows = rows.filter(customer_id=customer_key)
    found = list(locks.locked(rows.order_by("pk"))[:2])
    if not found:
        whose = "of this customer " if customer_key is not None else ""
        raise OpenItemNotFound(f"there is no document {number} {whose}that is to be paid")
    if len(found) == 2:
        raise OpenItemNotFound(f"two documents have the number {number}; name the customer as well")
    return found[0]


@transaction.atomic
def allocate_money(
    *, allocation_id: str, source: MoneySource, number: str, amount_minor: int | None, reason: str, on: date,
    now: datetime, actor: Actor,
) -> int:  # fmt: skip
    """Sets money of a customer against one of his documents, as much as is left and open, or just the amount; how much.

    May run twice: the second call gives the first one's amount. Raises MoneyNotFound, OpenItemNotFound, MoneyRefused, IdReused.
    """
    if len(allocation_id) > LONGEST_ID:
        raise MoneyRefused(f"the ID of an allocation has at most {LONGEST_ID} characters")
    money = lock_money(source=source)
    item = lock_item(number=number, customer_key=money.customer_key)
    known = Allocation.objects.filter(allocation_id=allocation_id).first()
    if known is not None:
        same = getattr(known, f"{money.column}_id") == money.key and known.open_item_id == item.pk
        if not same or amount_minor not in (None, known.amount_minor):
            raise IdReused(f"allocation {allocation_id} was made before, of other money or for another document")
        return known.amount_minor
    if item.currency != money.currency:
        raise MoneyRefused(
            f"{source} is in {money.currency} and document {number} in {item.currency}; refund it instead"
        )
    open_now = balances.open_minor(item_keys=[item.pk]).get(item.pk, 0)
    wanted = min(money.left_minor, open_now) if amount_minor is None else amount_minor
    left, is_open, asked = (Money(minor, money.currency) for minor in (money.left_minor, open_now, wanted))
    if wanted <= 0:
        raise MoneyRefused(f"{left} of {source} is left and {is_open} of {number} is open; nothing to allocate")
    if wanted > money.left_minor:
        raise MoneyRefused(f"only {left} of {source} is left, not {asked}; allocate that")
    if wanted > open_now:
        raise MoneyRefused(f"only {is_open} of document {number} is open, not {asked}; leave the rest on account")
    post_allocation(
        allocation_id=allocation_id, money=money, item=item, amount_minor=wanted, on=on, reason=reason,
        kind=_kind(source, number),
    )  # fmt: skip
    _record(now, actor, "allocate_money", money.customer_id, allocation_id, number, wanted, reason)
    return wanted


def _kind(source: MoneySource, number: str) -> str:
    """A credit note lowers the invoice it corrects; another invoice it pays. That keeps CANCELLED for what was credited."""
    if source.kind != "credit_note":
        return "payment"
    return "credit" if number in documents.corrected_numbers(numbers=[source.identity])[source.identity] else "payment"


def post_allocation(
    *, allocation_id: str, money: LockedMoney, item: OpenItem, amount_minor: int, on: date, reason: str, kind: str,
    takes_back: Allocation | None = None,
) -> None:  # fmt: skip
    """Writes the allocation and its entries; a credit note's own item takes the counter-entry. The caller has checked all."""
    Allocation.objects.create(
        allocation_id=allocation_id, open_item=item, amount_minor=amount_minor, booked_on=on, reason=reason[:200],
        takes_back=takes_back, **{f"{money.column}_id": money.key},
    )  # fmt: skip
    entries = [(item.pk, -amount_minor)]
    if money.column == "credit_item":
        entries.append((money.key, amount_minor))
    for item_key, amount in entries:
        LedgerEntry.objects.create(
            open_item_id=item_key, kind=kind, amount_minor=amount, booked_on=on, source_kind="allocation",
            source_id=allocation_id,
        )  # fmt: skip


@transaction.atomic
def deallocate_money(*, allocation_id: str, reason: str, on: date, now: datetime, actor: Actor) -> int:
    """Takes a whole allocation back by a row of its own; how much is on account again. May run twice.

    Raises MoneyNotFound, MoneyRefused.
    """
    row = (
        Allocation.objects.select_related("payment", "credit_item", "deposit")
        .filter(allocation_id=allocation_id)
        .first()
    )
    if row is None:
        raise MoneyNotFound(f"there is no allocation {allocation_id}")
    if row.takes_back_id is not None:
        raise MoneyRefused(f"{allocation_id} itself takes an allocation back; allocate the money anew instead")
    money = lock_money(source=source_of(row=row))
    item = locks.locked(OpenItem.objects.filter(pk=row.open_item_id)).get()
    if Allocation.objects.filter(takes_back=row).exists():
        return row.amount_minor
    kind = LedgerEntry.objects.get(open_item=item, source_kind="allocation", source_id=allocation_id).kind
    post_allocation(
        allocation_id=back_id(allocation_id=allocation_id), money=money, item=item, amount_minor=-row.amount_minor, on=on,
        reason=reason, kind=kind, takes_back=row,
    )  # fmt: skip
    _record(
        now, actor, "deallocate_money", money.customer_id, allocation_id, item.document_number, row.amount_minor, reason
    )
    return row.amount_minor


def back_id(*, allocation_id: str) -> str:
    """The ID of the row that takes an allocation back."""
    return f"{allocation_id}:back"


def source_of(*, row: Allocation) -> MoneySource:
    """Where an allocation's money is from."""
    if row.payment is not None:
        return MoneySource("payment", row.payment.payment_id)
    if row.deposit is not None:
        return MoneySource("deposit", row.deposit.deposit_id)
    assert row.credit_item is not None, "the database holds every allocation to exactly one source"
    return MoneySource("credit_note", row.credit_item.document_number)


@transaction.atomic
def allocate_credit(*, credit_number: str, invoice_number: str, booked_on: date) -> int:
    """Sets a credit note off against the invoice it corrects, as far as that is open; the amount. May run twice.

    Raises MoneyNotFound, OpenItemNotFound.
    """
    money = lock_money(source=MoneySource("credit_note", credit_number))
    item = lock_item(number=invoice_number, customer_key=money.customer_key)
    allocation_id = f"credit:{credit_number}:{invoice_number}"
    known = Allocation.objects.filter(allocation_id=allocation_id).first()
    if known is not None:
        return known.amount_minor
    open_now = balances.open_minor(item_keys=[item.pk]).get(item.pk, 0)
    amount = min(money.left_minor, open_now) if money.currency == item.currency else 0
    if amount <= 0:
        return 0
    post_allocation(
        allocation_id=allocation_id, money=money, item=item, amount_minor=amount, on=booked_on, kind="credit",
        reason=f"credit note {credit_number} corrects invoice {invoice_number}",
    )  # fmt: skip
    return amount


@transaction.atomic
def settle_credits(*, organisation_key: int, on: date) -> dict[str, int]:
    """By number: what of each credit note with something left was set off against the invoices it corrects, oldest first.

    May run twice; what stays left is the customer's, to be refunded or transferred.
    """
    rows = OpenItem.objects.filter(sales_organisation_id=organisation_key, system="").order_by("document_number")
    left = balances.credits_with_left(rows=rows).filter(left_minor__gt=0)
    numbers = list(left.values_list("document_number", flat=True))
    corrected = documents.corrected_numbers(numbers=numbers)
    known = _ours([number for found in corrected.values() for number in found])
    settled: dict[str, int] = {}
    for credit_number in numbers:
        for invoice_number in sorted(set(corrected[credit_number]) & known):
            amount = allocate_credit(credit_number=credit_number, invoice_number=invoice_number, booked_on=on)
            settled[credit_number] = settled.get(credit_number, 0) + amount
    return {number: amount for number, amount in settled.items() if amount}


def _ours(numbers: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for part in balances.chunks(values=numbers):
        rows = OpenItem.objects.filter(Q(document_number__in=part), system="")
        found.update(rows.values_list("document_number", flat=True))
    return found


def _record(
    now: datetime, actor: Actor, verb: str, customer_id: str, identity: str, number: str, amount_minor: int, reason: str
) -> None:
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="allocation", object_id=identity, customer_id=customer_id,
        detail={"document": number, "amount_minor": amount_minor, "reason": reason},
    )  # fmt: skip
