"""Money that comes in by hand, and money that goes back."""

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from rackbill.core.id_shapes import normalise
from rackbill.core.money import Money
from rackbill.core.settling import items_named_in, settle
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, MoneyRefused
from rackbill.domain.receivables.models import Allocation, BankLine, LedgerEntry, OpenItem, Payment, Refund
from rackbill.domain.receivables.operations import allocating
from rackbill.domain.receivables.operations.allocating import LockedMoney, MoneySource
from rackbill.domain.receivables.queries import balances


@transaction.atomic
def record_payment(
    *, payment_id: str, customer_id: str, money: Money, received_on: date, method: str, text: str, to_number: str,
    now: datetime, actor: Actor,
) -> int:  # fmt: skip
    """Books money that staff received and settles it; what of it is allocated. `to_number` pays that document first.

    May run twice. Raises CustomerNotFound, OpenItemNotFound, MoneyRefused, IdReused.
    """
    customer = parties.customer_names(customer_ids=[customer_id]).get(customer_id)
    if customer is None:
        raise MoneyRefused(f"there is no customer {customer_id}; `rackbill resolve TEXT` finds one by any old number")
    if money.amount_minor <= 0:
        raise MoneyRefused(
            f"a payment is money received, so {money} cannot be one; a refund is an operation of its own"
        )
    lock_items_of(customer_key=customer.key)
    known = Payment.objects.filter(payment_id=payment_id).first()
    if known is not None:
        facts = (known.customer_id, known.amount_minor, known.currency, known.received_on)
        if facts != (customer.key, money.amount_minor, money.currency, received_on):
            raise IdReused(f"payment {payment_id} was recorded before with other facts; give this one an ID of its own")
        return (
            known.amount_minor - balances.payments_with_left(rows=Payment.objects.filter(pk=known.pk)).get().left_minor
        )
    named = frozenset()
    if to_number:
        item = allocating.lock_item(number=to_number, customer_key=customer.key)
        if item.currency != money.currency:
            raise MoneyRefused(
                f"document {to_number} is in {item.currency}, the money in {money.currency}; leave out --to"
            )
        named = frozenset({item.pk})
    payment = Payment.objects.create(
        payment_id=payment_id, customer_id=customer.key, received_on=received_on, currency=money.currency,
        amount_minor=money.amount_minor, method=method, remittance_text=text[:300],
    )  # fmt: skip
    allocated = settle_payment(payment=payment, named=named, text=text, on=received_on)
    history.record_change(
        now=now, actor=actor, verb="record_payment", object_kind="payment", object_id=payment_id, customer_id=customer_id,
        detail={"amount_minor": money.amount_minor, "currency": money.currency, "allocated_minor": allocated},
    )  # fmt: skip
    return allocated


def lock_items_of(*, customer_key: int) -> None:
    """Locks all open items of a customer, in the order of their keys."""
    list(locks.locked(OpenItem.objects.filter(customer_id=customer_key).order_by("pk")).values_list("pk"))


def settle_payment(*, payment: Payment, named: frozenset[int], text: str, on: date) -> int:
    """Allocates a fresh payment of a customer whose items are locked; how much."""
    items = balances.open_amounts(customer_keys=[payment.customer_id]).get(payment.customer_id, [])
    numbers = dict(OpenItem.objects.filter(pk__in=[item.key for item in items]).values_list("pk", "document_number"))
    named = named or items_named_in(
        text=text, items=[replace(item, names=(normalise(numbers[item.key]),)) for item in items]
    )
    result = settle(received=Money(payment.amount_minor, payment.currency), items=items, named=named)
    rows = {row.pk: row for row in OpenItem.objects.filter(pk__in=[share.key for share in result.shares])}
    money = LockedMoney(
        column="payment", key=payment.pk, customer_key=payment.customer_id, customer_id="", currency=payment.currency,
        left_minor=payment.amount_minor,
    )  # fmt: skip
    for place, share in enumerate(result.shares, start=1):
        allocating.post_allocation(
            allocation_id=f"{payment.payment_id}:{place}", money=money, item=rows[share.key], amount_minor=share.amount_minor,
            on=on, reason=share.ground.value, kind="payment",
        )  # fmt: skip
    return payment.amount_minor - result.remainder_minor


@transaction.atomic
def refund_money(
    *, refund_id: str, source: MoneySource, amount_minor: int | None, paid_on: date, reason: str, now: datetime,
    actor: Actor,
) -> int:  # fmt: skip
    """Notes that money on account went back to the customer: all that is left, or the amount; how much. May run twice.

    Raises MoneyNotFound, MoneyRefused, IdReused.
    """
    money = allocating.lock_money(source=source)
    known = Refund.objects.filter(refund_id=refund_id).first()
    if known is not None:
        if getattr(known, f"{money.column}_id") != money.key or amount_minor not in (None, known.amount_minor):
            raise IdReused(f"refund {refund_id} was noted before, of other money; give this one an ID of its own")
        return known.amount_minor
    wanted = money.left_minor if amount_minor is None else amount_minor
    if not 0 < wanted <= money.left_minor:
        left, asked = Money(money.left_minor, money.currency), Money(wanted, money.currency)
        raise MoneyRefused(f"{left} of {source} is on account, so {asked} cannot be refunded; deallocate first")
    _post_refund(refund_id, money, wanted, paid_on, reason)
    history.record_change(
        now=now, actor=actor, verb="refund_money", object_kind="refund", object_id=refund_id, customer_id=money.customer_id,
        detail={"source": str(source), "amount_minor": wanted, "reason": reason},
    )  # fmt: skip
    return wanted


def _post_refund(
    refund_id: str, money: LockedMoney, amount_minor: int, on: date, reason: str, line: BankLine | None = None
) -> None:
    Refund.objects.create(
        refund_id=refund_id, amount_minor=amount_minor, paid_on=on, reason=reason[:200], returned_line=line,
        **{f"{money.column}_id": money.key},
    )  # fmt: skip
    if money.column == "credit_item":
        LedgerEntry.objects.create(
            open_item_id=money.key, kind="refund", amount_minor=amount_minor, booked_on=on, source_kind="refund",
            source_id=refund_id,
        )  # fmt: skip


@transaction.atomic
def return_payment(*, payment_id: str, line_id: str, reason: str, on: date, now: datetime, actor: Actor) -> int:
    """The bank took a payment back (a returned debit, a reversal): what it paid is open again; the amount. May run twice.

    `line_id` names the bank line that says so, or is empty. Raises MoneyNotFound, MoneyRefused.
    """
    source = MoneySource("payment", payment_id)
    money = allocating.lock_money(source=source)
    refund_id = f"returned:{payment_id}"
    known = Refund.objects.filter(refund_id=refund_id).first()
    if known is not None:
        return known.amount_minor
    line = None
    if line_id:
        line = BankLine.objects.filter(line_id=line_id).first()
        if line is None or line.kind != "returned" or hasattr(line, "returned_money"):
            raise MoneyNotFound(f"there is no waiting bank line {line_id} that says that money was taken back")
    standing = Allocation.objects.filter(payment_id=money.key, takes_back=None, taken_back_by=None).order_by("pk")
    for allocation_id in list(standing.values_list("allocation_id", flat=True)):
        allocating.deallocate_money(allocation_id=allocation_id, reason=reason, on=on, now=now, actor=actor)
    money = allocating.lock_money(source=source)
    if line is not None and (line.amount_minor, line.currency) != (money.left_minor, money.currency):
        raise MoneyRefused(
            f"line {line_id} is of {Money(line.amount_minor, line.currency)}, but {Money(money.left_minor, money.currency)} of "
            f"{source} is left; name the payment that it takes back"
        )
    if money.left_minor <= 0:
        raise MoneyRefused(f"nothing of {source} is left; it was refunded before")
    _post_refund(refund_id, money, money.left_minor, on, reason, line)
    history.record_change(
        now=now, actor=actor, verb="return_payment", object_kind="payment", object_id=payment_id,
        customer_id=money.customer_id, detail={"amount_minor": money.left_minor, "bank_line": line_id, "reason": reason},
    )  # fmt: skip
    return money.left_minor
