"""A customer's account: what he owes document by document, what paid it, what money of his is left, how old the debt is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from rackbill.core.aging import AGES, NOT_DUE, age_of
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import CustomerScope, Scope
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables.errors import MoneyNotFound
from rackbill.domain.receivables.models import Allocation, Deposit, LedgerEntry, OpenItem, Payment, WriteOff
from rackbill.domain.receivables.queries import balances


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEntry:
    """One movement on an item; `source` names the payment, credit note or deposit that an allocation took money from."""

    kind: str
    amount_minor: int
    booked_on: date
    source_kind: str
    source_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountItem:
    """One document with its movements; `open_minor` is their sum, negative where a credit is not used yet."""

    number: str
    system: str
    kind: str
    issued_on: date
    due_on: date
    currency: str
    open_minor: int
    age: str
    entries: tuple[AccountEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One document in a list of what is open, ours or a legacy one; `open_minor` is negative where a credit is not used yet."""

    number: str
    system: str
    kind: str
    issued_on: date
    due_on: date
    currency: str
    face_minor: int
    open_minor: int
    age: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOnAccount:
    """A payment or deposit of which something is left, or a payment at all where all is allocated."""

    kind: str
    identity: str
    received_on: date
    currency: str
    amount_minor: int
    left_minor: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWriteOff:
    """A write-off that waits for a second person; the amount in minor units."""

    write_off_id: str
    number: str
    amount_minor: int
    currency: str
    asked_by: str


@dataclass(slots=True, kw_only=True)
class CustomerAccount:
    """The whole account on a day; sums in minor units by currency. `balance` = `open` − `credits` − `on_account`."""

    customer_id: str
    name: str
    items: list[AccountItem]
    money: list[MoneyOnAccount]
    waiting_write_offs: list[WaitingWriteOff]
    open: dict[str, int] = field(default_factory=dict)
    overdue: dict[str, int] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=dict)
    on_account: dict[str, int] = field(default_factory=dict)
    balance: dict[str, int] = field(default_factory=dict)
    aging: dict[str, dict[str, int]] = field(default_factory=dict)


def customer_account(*, scope: Scope, customer_id: str, today: date) -> CustomerAccount:
    """Everything of a customer's account. Raises MoneyNotFound where the scope has no such customer."""
    customer = parties.customer_names(customer_ids=[customer_id]).get(customer_id)
    rows = scope.limit(OpenItem.objects.filter(customer__customer_id=customer_id)).order_by(
        "issued_on", "document_number"
    )
    if customer is None:
        raise MoneyNotFound(f"there is no customer {customer_id}; `rackbill resolve TEXT` finds one by any old number")
    items = _items(list(rows), today)
    waiting = (
        WriteOff.objects.filter(open_item__in=rows, approved_at=None).order_by("asked_at").select_related("open_item")
    )
    account = CustomerAccount(
        customer_id=customer_id, name=customer.name, items=items, money=_money(scope, customer_id),
        waiting_write_offs=[
            WaitingWriteOff(
                write_off_id=row.write_off_id, number=row.open_item.document_number, amount_minor=row.amount_minor,
                currency=row.open_item.currency, asked_by=row.asked_by,
            )
            for row in waiting
        ],
    )  # fmt: skip
    _sum_up(account)
    return account


ITEM_SORTS = {"number": "document_number", "issued": "issued_on", "due": "due_on", "open": "open_minor"}


def open_items(
    *, scope: CustomerScope, today: date, is_all: bool = False, sort: str = "due", limit: int = 50, offset: int = 0
) -> Page[ItemRow]:
    """A customer's documents that something is open of, or all of them, whatever system they are of; two queries.

    `face_minor` is what the document was made out for, or what came over from the legacy system as open.
    """
    rows = scope.limit(OpenItem.objects.all()).annotate(
        open_minor=Coalesce(Sum("entries__amount_minor"), 0),
        face_minor=Coalesce(
            Sum("entries__amount_minor", filter=Q(entries__source_kind="document") | Q(entries__kind="opening")), 0
        ),
    )
    if not is_all:
        rows = rows.exclude(open_minor=0)
    turned, column = "-" if sort.startswith("-") else "", ITEM_SORTS.get(sort.lstrip("-"), "due_on")
    ordered = rows.order_by(f"{turned}{column}", "document_number", "pk")
    return page_of(ordered, limit=limit, offset=offset, make=lambda row: _item_row(row, today))


def _item_row(row: Any, today: date) -> ItemRow:
    return ItemRow(
        number=row.document_number, system=row.system, kind=row.document_kind, issued_on=row.issued_on, due_on=row.due_on,
        currency=row.currency, face_minor=row.face_minor, open_minor=row.open_minor,
        age=age_of(due_on=row.due_on, today=today) if row.open_minor > 0 else "",
    )  # fmt: skip


def _items(rows: Sequence[OpenItem], today: date) -> list[AccountItem]:
    entries: dict[int, list[LedgerEntry]] = defaultdict(list)
    for part in balances.chunks(values=[row.pk for row in rows]):
        for entry in LedgerEntry.objects.filter(open_item_id__in=part).order_by("booked_on", "pk"):
            entries[entry.open_item_id].append(entry)
    ids = [e.source_id for found in entries.values() for e in found if e.source_kind == "allocation"]
    sources = _sources(ids)
    return [
        AccountItem(
            number=row.document_number, system=row.system, kind=row.document_kind, issued_on=row.issued_on,
            due_on=row.due_on, currency=row.currency, open_minor=sum(e.amount_minor for e in entries[row.pk]),
            age=age_of(due_on=row.due_on, today=today),
            entries=tuple(
                AccountEntry(
                    kind=e.kind, amount_minor=e.amount_minor, booked_on=e.booked_on, source_kind=e.source_kind,
                    source_id=e.source_id, source=sources.get(e.source_id, "") if e.source_kind == "allocation" else "",
                )
                for e in entries[row.pk]
            ),
        )
        for row in rows
    ]  # fmt: skip


def _sources(allocation_ids: Sequence[str]) -> dict[str, str]:
    """By allocation ID: the payment, deposit or credit note whose money it is."""
    found: dict[str, str] = {}
    for part in balances.chunks(values=allocation_ids):
        rows = Allocation.objects.filter(allocation_id__in=part)
        for allocation_id, payment, deposit, credit in rows.values_list(
            "allocation_id", "payment__payment_id", "deposit__deposit_id", "credit_item__document_number"
        ):
            found[allocation_id] = payment or deposit or credit
    return found


def _money(scope: Scope, customer_id: str) -> list[MoneyOnAccount]:
    payments = scope.limit(Payment.objects.filter(customer__customer_id=customer_id))
    deposits = scope.limit(Deposit.objects.filter(customer__customer_id=customer_id))
    found = [
        MoneyOnAccount(
            kind="payment", identity=row.payment_id, received_on=row.received_on, currency=row.currency,
            amount_minor=row.amount_minor, left_minor=row.left_minor, text=row.remittance_text,  # type: ignore[attr-defined]
        )
        for row in balances.payments_with_left(rows=payments).order_by("received_on", "pk")
    ]  # fmt: skip
    return found + [
        MoneyOnAccount(
            kind="deposit", identity=row.deposit_id, received_on=row.created_on, currency=row.currency,
            amount_minor=row.amount_minor, left_minor=row.left_minor, text=row.reason,  # type: ignore[attr-defined]
        )
        for row in balances.deposits_with_left(rows=deposits).order_by("created_on", "pk")
    ]  # fmt: skip


def _sum_up(account: CustomerAccount) -> None:
    currencies = {item.currency for item in account.items} | {money.currency for money in account.money}
    for currency in sorted(currencies):
        own = [item for item in account.items if item.currency == currency]
        debts = [item for item in own if item.open_minor > 0]
        ages = {name: sum(i.open_minor for i in debts if i.age == name) for name in AGES}
        account.aging[currency] = ages
        account.open[currency] = sum(ages.values())
        account.overdue[currency] = account.open[currency] - ages[NOT_DUE]
        account.credits[currency] = -sum(item.open_minor for item in own if item.open_minor < 0)
        account.on_account[currency] = sum(m.left_minor for m in account.money if m.currency == currency)
        taken = account.credits[currency] + account.on_account[currency]
        account.balance[currency] = account.open[currency] - taken
