"""Each invariant of receivables finds what breaks it, and the tables of money refuse to be changed."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import invariants
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.models import (
    Allocation,
    BankLine,
    Deposit,
    LedgerEntry,
    OpenItem,
    Payment,
    Refund,
    Reminder,
    ReminderHold,
    ReminderStep,
    WriteOff,
)
from rackbill.domain.receivables.operations import MoneySource
from tests.world import money
from tests.world import provider as world_of
from tests.world.money import CLERK, NOW, TODAY

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Scene:
    """Two customers, open items, a bank line that was paid in, one that is parked, a deposit."""

    buyer: Customer
    other: Customer
    item: OpenItem
    credit: OpenItem
    foreign: OpenItem
    dollars: OpenItem
    payment: Payment
    parked: BankLine
    deposit: Deposit


@pytest.fixture
def scene() -> Scene:
    world = world_of.provider()
    buyer, other = world_of.customer(world), world_of.customer(world)
    item, credit = money.item(buyer, "21000010", "100.00"), money.item(buyer, "21900001", "-5.00", kind="credit_note")
    foreign, dollars = money.item(other, "21000055", "70.00"), money.item(buyer, "21000012", "5.00", currency="USD")
    receivables.propose_reminders(organisation_id="2100", today=TODAY, now=NOW, actor=CLERK)
    money.imported(money.line("60.00", "21000010"), money.line("3.00", "?"))
    payment = Payment.objects.get()
    receivables.deallocate_money(allocation_id=f"{payment.payment_id}:1", reason="x", on=TODAY, now=NOW, actor=CLERK)
    source = MoneySource("payment", payment.payment_id)
    receivables.refund_money(
        refund_id="r", source=source, amount_minor=100, paid_on=TODAY, reason="x", now=NOW, actor=CLERK
    )
    deposit = Deposit.objects.create(
        deposit_id="d", customer=buyer, currency="EUR", amount_minor=300, reason="x", created_on=TODAY
    )
    return Scene(buyer, other, item, credit, foreign, dollars, payment, BankLine.objects.get(text="?"), deposit)


def allocation(identity: str, amount: int, **columns: object) -> Allocation:
    return Allocation.objects.create(
        allocation_id=identity, amount_minor=amount, booked_on=TODAY, reason="x", **columns
    )


def entry(item: OpenItem, amount: int, source_kind: str, source_id: str, kind: str = "payment") -> LedgerEntry:
    return LedgerEntry.objects.create(
        open_item=item, kind=kind, amount_minor=amount, booked_on=TODAY, source_kind=source_kind, source_id=source_id
    )


def payment(owner: Customer, amount: int, **columns: object) -> Payment:
    return Payment.objects.create(
        payment_id="p", customer=owner, received_on=TODAY, currency="EUR", amount_minor=amount, method="x", **columns
    )


def bank_line(scene: Scene, kind: str, ignored_because: str = "") -> BankLine:
    return BankLine.objects.create(
        line_id=kind, sales_organisation=scene.buyer.sales_organisation, account="x", booked_on=TODAY, value_on=TODAY, kind=kind,
        currency="EUR", amount_minor=300, ignored_because=ignored_because, file_sha256="0" * 64, imported_at=NOW,
    )  # fmt: skip


def write_off(scene: Scene, amount: int, approved_by: str) -> WriteOff:
    return WriteOff.objects.create(
        write_off_id="w", open_item=scene.item, amount_minor=amount, reason="x", asked_by="a", asked_at=NOW, approved_by=approved_by,
        approved_at=NOW,
    )  # fmt: skip


def far_customer() -> Customer:
    return world_of.customer(world_of.Provider(world_of.provider("2200").organisation, 70))


BREAKS: dict[str, tuple[Callable[[Scene], object], str]] = {
    "an item without entries": (
        lambda s: OpenItem.objects.create(
            customer=s.buyer, sales_organisation=s.buyer.sales_organisation, document_number="x", document_kind="invoice", currency="EUR",
            issued_on=TODAY, due_on=TODAY,
        ), "has no ledger entry",
    ),
    "an overpaid invoice": (lambda s: entry(s.item, -10_001, "x", "x"), "is paid by more than it was"),
    "a credit note that gave too much": (lambda s: entry(s.credit, 501, "x", "x"), "has given more than it was: 1"),
    "a payment spent twice": (lambda s: allocation("a", 5901, payment=s.payment, open_item=s.item), "pays more than it was: 1 too much"),
    "a deposit spent twice": (lambda s: allocation("a", 301, deposit=s.deposit, open_item=s.item), "deposit d pays more than it was: 1"),
    "a payment of nothing": (lambda s: payment(s.buyer, 0), "is no money received"),
    "another customer's document": (lambda s: allocation("a", 1, payment=s.payment, open_item=s.foreign), "of another customer"),
    "another currency": (lambda s: allocation("a", 1, deposit=s.deposit, open_item=s.dollars), "in another currency"),
    "a taking back of less": (
        lambda s: allocation("b", -1, payment=s.payment, open_item=s.item, takes_back=allocation("a", 2, payment=s.payment, open_item=s.item)),
        "does not mirror",
    ),
    "a taking back of something else": (
        lambda s: allocation("b", -2, deposit=s.deposit, open_item=s.item, takes_back=allocation("a", 2, payment=s.payment, open_item=s.item)),
        "does not mirror",
    ),
    "an allocation without entry": (lambda s: allocation("a", 1, payment=s.payment, open_item=s.item), "allocation a and its ledger entries differ"),
    "an entry without allocation": (lambda s: entry(s.item, -1, "allocation", "a"), "allocation a and its ledger entries differ"),
    "a credit with one half": (
        lambda s: (allocation("a", 1, credit_item=s.credit, open_item=s.item), entry(s.item, -1, "allocation", "a")),
        "allocation a and its ledger entries differ by 1",
    ),
    "a refund without entry": (
        lambda s: Refund.objects.create(refund_id="x", credit_item=s.credit, amount_minor=1, paid_on=TODAY, reason="x"),
        "refund x and its ledger entries differ",
    ),
    "a write-off without entry": (lambda s: write_off(s, 1, "b"), "write off w and its ledger entries differ"),
    "a write-off by one person": (lambda s: write_off(s, 5001, "a"), "approved by the same person"),
    "half a bank line": (lambda s: payment(s.buyer, 299, bank_line=s.parked), "is not the money of its bank line"),
    "money that left": (lambda s: payment(s.buyer, 300, bank_line=bank_line(s, "paid_out", "x")), "brought no money"),
    "money of another sales organisation": (
        lambda s: payment(far_customer(), 300, bank_line=s.parked), "came to another sales organisation",
    ),
    "money kept and sent back": (
        lambda s: (
            payment(s.buyer, 300, bank_line=s.parked),
            Refund.objects.create(refund_id="x", bank_line=s.parked, amount_minor=300, paid_on=TODAY, reason="x"),
        ), "is a payment and was sent back as well",
    ),
    "half a line sent back": (
        lambda s: Refund.objects.create(refund_id="x", bank_line=s.parked, amount_minor=299, paid_on=TODAY, reason="x"),
        "refund x 299 is not the money of its bank line",
    ),
    "a line left out for nothing": (lambda s: bank_line(s, "bank_charge"), "left out without a reason"),
    "a reminder that shouts": (
        lambda s: Reminder.objects.create(open_item=s.item, step=9, action="shout", open_minor=1, proposed_on=TODAY), "no ladder knows: shout",
    ),
    "a step that shouts": (
        lambda s: ReminderStep.objects.create(sales_organisation=s.buyer.sales_organisation, valid_from=TODAY, step=1, days_after_due=1, action="shout"),
        "is to do something that no ladder knows",
    ),
    "a hold of another's document": (
        lambda s: ReminderHold.objects.create(hold_id="h", customer=s.other, open_item=s.item, reason="x", held_from=TODAY),
        "names a document of another customer",
    ),
}  # fmt: skip


def test_an_untouched_ledger_breaks_none(scene: Scene) -> None:
    assert list(invariants.violations()) == []


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_each_invariant_finds_what_breaks_it(scene: Scene, name: str) -> None:
    breaks, words = BREAKS[name]
    breaks(scene)
    found = list(invariants.violations())
    assert any(words in sentence for sentence in found), found


REFUSED: dict[str, Callable[[Scene], object]] = {
    "an allocation of no money": lambda s: allocation("a", 1, open_item=s.item),
    "an allocation of two moneys": lambda s: allocation("a", 1, payment=s.payment, deposit=s.deposit, open_item=s.item),
    "an allocation below zero": lambda s: allocation("a", -1, payment=s.payment, open_item=s.item),
    "a taking back above zero": lambda s: allocation(
        "a", 1, payment=s.payment, open_item=s.item, takes_back=Allocation.objects.get(takes_back=None)
    ),
    "a second taking back": lambda s: allocation(
        "a", -6000, payment=s.payment, open_item=s.item, takes_back=Allocation.objects.get(takes_back=None)
    ),
    "a refund of nothing": lambda s: Refund.objects.create(
        refund_id="x", payment=s.payment, amount_minor=0, paid_on=TODAY, reason="x"
    ),
    "a refund from nowhere": lambda s: Refund.objects.create(refund_id="x", amount_minor=1, paid_on=TODAY, reason="x"),
    "a second payment of a line": lambda s: payment(s.buyer, 6000, bank_line=s.payment.bank_line),
    "the same line twice": lambda s: (bank_line(s, "received"), bank_line(s, "received")),
    "the same step twice": lambda s: Reminder.objects.create(
        open_item=s.item, step=2, action="remind", open_minor=1, proposed_on=TODAY
    ),
    "a disputed part of everything": lambda s: ReminderHold.objects.create(
        hold_id="h", customer=s.buyer, disputed_minor=5, reason="x", held_from=TODAY
    ),
    "a write-off of nothing": lambda s: write_off(s, 0, "b"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_the_database_refuses(scene: Scene, name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED[name](scene)


@pytest.mark.parametrize("model", [BankLine, Payment, Allocation, Refund, Reminder])
def test_booked_money_never_changes(scene: Scene, model: type[models.Model]) -> None:
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    statements = [f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"']
    if connection.vendor == "postgresql":
        statements.append(f'TRUNCATE "{table}" CASCADE')
    else:
        statements.append(f'INSERT OR REPLACE INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"')
    count = model._default_manager.count()
    assert count
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            connection.check_constraints()
    assert model._default_manager.count() == count
