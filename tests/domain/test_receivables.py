"""The ledger by hand: payments, allocations and their taking back, refunds, credits, write-offs; each may run twice."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from rackbill.core.money import Money
from rackbill.domain.documents.models import Document
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import CustomerScope, WholeInstallation
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import invariants, policy, queries
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, MoneyRefused, OpenItemNotFound
from rackbill.domain.receivables.models import Allocation, Deposit, LedgerEntry, OpenItem, Payment, Refund, WriteOff
from rackbill.domain.receivables.operations import MoneySource
from tests.world import money
from tests.world import provider as world_of
from tests.world.money import APPROVER, CLERK, NOW, TODAY, open_of

pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


@pytest.fixture
def buyer(world: world_of.Provider) -> Customer:
    """Two invoices, a credit note that is not used yet, and a deposit."""
    owner = world_of.customer(world)
    money.item(owner, "21000010", "150.00")
    money.item(owner, "21000011", "99.00", due_in=30)
    money.item(owner, "21900001", "-40.00", kind="credit_note")
    money.item(owner, "21000020", "10.00", currency="USD")
    Deposit.objects.create(
        deposit_id="oldbill:C1",
        customer=owner,
        currency="EUR",
        amount_minor=3000,
        reason="prepaid",
        created_on=date(2020, 8, 1),
    )
    return owner


def pay(
    owner: Customer, amount: str, *, payment_id: str = "p-1", text: str = "", to: str = "", currency: str = "EUR"
) -> int:
    return receivables.record_payment(
        payment_id=payment_id, customer_id=owner.customer_id, money=Money.from_decimal(Decimal(amount), currency), received_on=TODAY,
        method="cash", text=text, to_number=to, now=NOW, actor=CLERK,
    )  # fmt: skip


def allocate(source: MoneySource, number: str, amount: int | None = None, allocation_id: str = "a-1") -> int:
    return receivables.allocate_money(
        allocation_id=allocation_id,
        source=source,
        number=number,
        amount_minor=amount,
        reason="by hand",
        on=TODAY,
        now=NOW,
        actor=CLERK,
    )


def deallocate(allocation_id: str) -> int:
    return receivables.deallocate_money(allocation_id=allocation_id, reason="wrong", on=TODAY, now=NOW, actor=CLERK)


def refund(source: MoneySource, amount: int | None = None, refund_id: str = "r-1") -> int:
    return receivables.refund_money(
        refund_id=refund_id, source=source, amount_minor=amount, paid_on=TODAY, reason="asked for", now=NOW, actor=CLERK
    )


def account(owner: Customer) -> queries.CustomerAccount:
    return queries.customer_account(scope=EVERYTHING, customer_id=owner.customer_id, today=TODAY)


PAYMENT, CREDIT, DEPOSIT = (
    MoneySource("payment", "p-1"),
    MoneySource("credit_note", "21900001"),
    MoneySource("deposit", "oldbill:C1"),
)


def test_a_payment_of_staff_pays_what_it_names_once(buyer: Customer) -> None:
    for _ in range(2):
        assert pay(buyer, "99.00", text="for 2100 0011") == 9900
    assert (open_of("21000010"), open_of("21000011")) == (15000, 0)
    assert (Payment.objects.count(), Allocation.objects.count()) == (1, 1)
    with pytest.raises(IdReused, match="with other facts"):
        pay(buyer, "98.00")
    assert pay(buyer, "20.00", payment_id="p-2", to="21000010") == 2000
    assert open_of("21000010") == 13000
    assert HistoryEntry.objects.filter(verb="record_payment").count() == 2
    assert list(invariants.violations()) == []


@pytest.mark.parametrize(
    ("change", "refusal", "words"),
    [
        ({"amount": "-1"}, MoneyRefused, "is money received"),
        ({"amount": "0"}, MoneyRefused, "is money received"),
        ({"to": "21000099"}, OpenItemNotFound, "no document 21000099"),
        ({"to": "21000020"}, MoneyRefused, "is in USD, the money in EUR"),
    ],
)
def test_what_is_no_payment(buyer: Customer, change: dict[str, str], refusal: type[Exception], words: str) -> None:
    with pytest.raises(refusal, match=words):
        pay(buyer, **{"amount": "5", **change})
    assert Payment.objects.count() == 0


def test_a_payment_of_nobody_is_refused(buyer: Customer) -> None:
    buyer.customer_id = "19999999"
    with pytest.raises(MoneyRefused, match="there is no customer 19999999"):
        pay(buyer, "5")


def test_money_too_much_waits_on_account_and_is_allocated_later(buyer: Customer) -> None:
    assert pay(buyer, "300") == 24900
    assert account(buyer).on_account == {"EUR": 5100 + 3000, "USD": 0}
    money.item(buyer, "21000012", "60.00")
    for _ in range(2):
        assert allocate(PAYMENT, "21000012") == 5100
    assert open_of("21000012") == 900
    with pytest.raises(MoneyRefused, match=r"0\.00 EUR of payment p-1 is left"):
        allocate(PAYMENT, "21000012", allocation_id="a-2")
    assert allocate(DEPOSIT, "21000012", 400, "a-3") == 400
    assert allocate(DEPOSIT, "21000012", None, "a-4") == 500
    assert account(buyer).on_account["EUR"] == 3000 - 900
    assert list(invariants.violations()) == []


def test_an_allocation_is_taken_back_by_a_row_of_its_own_and_may_be_made_again(buyer: Customer) -> None:
    pay(buyer, "150", to="21000010")
    made = Allocation.objects.get().allocation_id
    for _ in range(2):
        assert deallocate(made) == 15000
    assert open_of("21000010") == 15000
    assert [
        e.amount_minor for e in LedgerEntry.objects.filter(open_item__document_number="21000010").order_by("pk")
    ] == [15000, -15000, 15000]
    assert allocate(PAYMENT, "21000010", 15000) == 15000
    assert open_of("21000010") == 0
    with pytest.raises(MoneyRefused, match="itself takes an allocation back"):
        deallocate(f"{made}:back")
    with pytest.raises(MoneyNotFound, match="no allocation nothing"):
        deallocate("nothing")
    assert list(invariants.violations()) == []


def test_what_cannot_be_allocated(buyer: Customer, world: world_of.Provider) -> None:
    far = world_of.customer(world)
    money.item(far, "21000050", "5.00")
    pay(buyer, "10", to="21000010")
    deallocate(Allocation.objects.get(takes_back=None).allocation_id)
    cases: list[tuple[MoneySource, str, int | None, str, type[Exception], str]] = [
        (PAYMENT, "21000050", None, "a", OpenItemNotFound, "no document 21000050 of this customer"),
        (PAYMENT, "21000020", None, "a", MoneyRefused, "is in EUR and document 21000020 in USD"),
        (PAYMENT, "21000010", 1001, "a", MoneyRefused, "only 10.00 EUR of payment p-1 is left"),
        (DEPOSIT, "21900001", None, "a", MoneyRefused, "nothing to allocate"),
        (DEPOSIT, "21000010", 0, "a", MoneyRefused, "nothing to allocate"),
        (DEPOSIT, "21000010", -5, "a", MoneyRefused, "nothing to allocate"),
        (DEPOSIT, "21000010", 5, "a" * 60, MoneyRefused, "at most 59 characters"),
        (MoneySource("payment", "p-9"), "21000010", None, "a", MoneyNotFound, "there is no payment p-9"),
        (MoneySource("credit_note", "21000010"), "21000011", None, "a", MoneyNotFound, "there is no credit note 21000010"),
        (MoneySource("gift", "1"), "21000010", None, "a", MoneyNotFound, "not from a 'gift'"),
    ]  # fmt: skip
    for source, number, amount, allocation_id, refusal, words in cases:
        with pytest.raises(refusal, match=words):
            allocate(source, number, amount, allocation_id)
    assert allocate(DEPOSIT, "21000010", 1000) == 1000
    for source, number, amount in (
        (PAYMENT, "21000010", 1000),
        (DEPOSIT, "21000011", 1000),
        (DEPOSIT, "21000010", 999),
    ):
        with pytest.raises(IdReused, match="was made before"):
            allocate(source, number, amount)
    money.item(buyer, "21000013", "1.00")
    with pytest.raises(MoneyRefused, match=r"only 1\.00 EUR of document 21000013 is open, not 2\.00 EUR"):
        allocate(DEPOSIT, "21000013", 200, "a-5")
    assert list(invariants.violations()) == []


def test_a_legacy_payment_is_spent(buyer: Customer) -> None:
    Payment.objects.create(
        payment_id="oldbill:P1",
        customer=buyer,
        received_on=TODAY,
        currency="EUR",
        amount_minor=500,
        method="bank",
        system="oldbill",
    )
    with pytest.raises(MoneyNotFound):
        allocate(MoneySource("payment", "oldbill:P1"), "21000010")
    assert account(buyer).on_account["EUR"] == 3000


def test_money_on_account_goes_back_once(buyer: Customer) -> None:
    pay(buyer, "300")
    for _ in range(2):
        assert refund(PAYMENT) == 5100
    assert account(buyer).on_account["EUR"] == 3000
    with pytest.raises(MoneyRefused, match=r"0\.00 EUR of payment p-1 is on account"):
        refund(PAYMENT, refund_id="r-2")
    with pytest.raises(MoneyRefused, match=r"30\.00 EUR of deposit oldbill:C1 is on account, so 30\.01 EUR cannot"):
        refund(DEPOSIT, 3001, "r-2")
    assert refund(DEPOSIT, 1000, "r-2") == 1000
    with pytest.raises(IdReused, match="was noted before"):
        refund(DEPOSIT, 999, "r-2")
    with pytest.raises(IdReused, match="was noted before"):
        refund(CREDIT, None, "r-2")
    assert refund(CREDIT, 1500, "r-3") == 1500
    assert open_of("21900001") == -2500
    assert list(invariants.violations()) == []


def test_a_returned_payment_opens_all_that_it_paid(buyer: Customer) -> None:
    pay(buyer, "249")
    for _ in range(2):
        assert (
            receivables.return_payment(payment_id="p-1", line_id="", reason="bounced", on=TODAY, now=NOW, actor=CLERK)
            == 24900
        )
    assert (open_of("21000010"), open_of("21000011"), account(buyer).on_account["EUR"]) == (15000, 9900, 3000)
    pay(buyer, "1", payment_id="p-2")
    deallocate("p-2:1")
    refund(MoneySource("payment", "p-2"), None, "r-8")
    with pytest.raises(MoneyRefused, match="nothing of payment p-2 is left"):
        receivables.return_payment(payment_id="p-2", line_id="", reason="x", on=TODAY, now=NOW, actor=CLERK)
    assert list(invariants.violations()) == []


def test_a_credit_is_set_off_against_its_invoice(buyer: Customer) -> None:
    for _ in range(2):
        assert receivables.allocate_credit(credit_number="21900001", invoice_number="21000010", booked_on=TODAY) == 4000
    assert (open_of("21900001"), open_of("21000010")) == (0, 11000)
    money.item(buyer, "21900002", "-200.00", kind="credit_note")
    assert receivables.allocate_credit(credit_number="21900002", invoice_number="21000010", booked_on=TODAY) == 11000
    assert open_of("21900002") == -9000
    assert receivables.allocate_credit(credit_number="21900002", invoice_number="21000020", booked_on=TODAY) == 0, (
        "another currency"
    )
    assert account(buyer).credits == {"EUR": 9000, "USD": 0}
    assert list(invariants.violations()) == []


def test_a_credit_that_is_left_pays_another_invoice_without_cancelling_it(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner)
    world_of.bill_october()
    number = Document.objects.get().number
    total = open_of(number)
    money.item(owner, "21900050", f"-{total / 100:.2f}", kind="credit_note")
    source = MoneySource("credit_note", "21900050")
    assert allocate(source, number) == total
    row = queries.invoice(scope=CustomerScope(owner.pk, owner.customer_id), number=number, today=TODAY)
    assert row is not None and (row.status, row.open_minor) == ("PAID", 0)
    assert deallocate("a-1") == total
    assert (open_of(number), open_of("21900050")) == (total, -total)
    assert list(invariants.violations()) == []


def test_the_status_of_an_invoice_is_a_sum(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner)
    world_of.bill_october()
    number, scope = Document.objects.get().number, CustomerScope(owner.pk, owner.customer_id)
    due_on = OpenItem.objects.get().due_on

    def status(today: date = TODAY) -> str:
        row = queries.invoice(scope=scope, number=number, today=today)
        assert row is not None
        return row.status

    assert [status(due_on), status(due_on + timedelta(1))] == ["OPEN", "OVERDUE"]
    pay(owner, "1000")
    assert status(due_on + timedelta(1)) == "PAID"
    for allocation in Allocation.objects.all():
        deallocate(allocation.allocation_id)
    assert status(due_on + timedelta(1)) == "OVERDUE"


def test_credits_with_something_left_find_their_invoices_by_themselves(world: world_of.Provider) -> None:
    from rackbill.core.crediting import CreditItem
    from rackbill.domain.billing import operations as billing

    owner = world_of.customer(world)
    world_of.service(world, owner)
    world_of.bill_october()
    number = Document.objects.get().number
    pay(owner, f"{open_of(number) / 100:.2f}")
    credit = billing.credit_document(
        number=number,
        items=[CreditItem(line_number=1)],
        reason="outage",
        is_reissued=False,
        on=TODAY,
        now=NOW,
        actor=SYSTEM,
    )
    left = -open_of(credit)
    assert left > 0, "the invoice was paid, so the credit is not used yet"
    assert receivables.settle_credits(organisation_key=world.organisation.pk, on=TODAY) == {}
    deallocate("p-1:1")
    for expected in ({credit: left}, {}):
        assert receivables.settle_credits(organisation_key=world.organisation.pk, on=TODAY) == expected
    assert open_of(credit) == 0
    assert list(invariants.violations()) == []


def write_off(number: str, amount: int | None, write_off_id: str = "w-1", reason: str = "insolvent") -> bool:
    return receivables.write_off_item(
        write_off_id=write_off_id, number=number, amount_minor=amount, reason=reason, now=NOW, actor=CLERK
    )


def test_a_small_amount_is_written_off_by_one_person(buyer: Customer) -> None:
    for _ in range(2):
        assert write_off("21000010", policy.WRITE_OFF_LIMIT_MINOR) is True
    assert open_of("21000010") == 15000 - policy.WRITE_OFF_LIMIT_MINOR
    assert LedgerEntry.objects.get(kind="write_off").amount_minor == -policy.WRITE_OFF_LIMIT_MINOR
    assert list(invariants.violations()) == []


def test_a_large_amount_takes_two_people(buyer: Customer) -> None:
    for _ in range(2):
        assert write_off("21000010", None) is False
    assert open_of("21000010") == 15000
    assert [row.write_off_id for row in account(buyer).waiting_write_offs] == ["w-1"]
    with pytest.raises(MoneyRefused, match="somebody else must approve"):
        receivables.approve_write_off(write_off_id="w-1", now=NOW, actor=CLERK)
    with pytest.raises(MoneyRefused, match=r"anton@meridian\.example is no approver of 2100; ask one who is"):
        receivables.approve_write_off(write_off_id="w-1", now=NOW, actor=APPROVER)
    money.staff(buyer, APPROVER, "approver")
    for _ in range(2):
        assert receivables.approve_write_off(write_off_id="w-1", now=NOW, actor=APPROVER) == Money(15000, "EUR")
    assert open_of("21000010") == 0
    assert write_off("21000010", None) is True
    row = WriteOff.objects.get()
    assert (row.asked_by, row.approved_by) == (str(CLERK), str(APPROVER))
    assert account(buyer).waiting_write_offs == []
    assert list(invariants.violations()) == []


def test_what_cannot_be_written_off(buyer: Customer) -> None:
    for number, amount, reason, words in (
        ("21000010", 15001, "x", "150.00 EUR of document 21000010 is open, so 150.01 EUR"), ("21000010", 0, "x", "so 0.00 EUR cannot"),
        ("21900001", None, "x", "cannot be written off"), ("21000010", 1, " ", "needs a reason"),
    ):  # fmt: skip
        with pytest.raises(MoneyRefused, match=words):
            write_off(number, amount, reason=reason)
    with pytest.raises(MoneyNotFound, match="no write-off w-9"):
        receivables.approve_write_off(write_off_id="w-9", now=NOW, actor=APPROVER)
    write_off("21000010", None)
    with pytest.raises(IdReused, match="for something else"):
        write_off("21000011", None)
    pay(buyer, "100", to="21000010")
    money.staff(buyer, APPROVER, "approver")
    with pytest.raises(MoneyRefused, match=r"only 50\.00 EUR of 21000010 is open by now"):
        receivables.approve_write_off(write_off_id="w-1", now=NOW, actor=APPROVER)
    assert open_of("21000010") == 5000


def test_the_account_says_how_old_the_debt_is(buyer: Customer) -> None:
    for days, number in ((31, "21000031"), (61, "21000061"), (91, "21000091"), (1, "21000001")):
        money.item(buyer, number, "1.00", issued_on=TODAY - timedelta(days), due_in=0)
    money.item(buyer, "21000030", "2.00", issued_on=TODAY - timedelta(30), due_in=0)
    found = account(buyer)
    assert found.aging["EUR"] == {
        "not due": 9900,
        "1-30": 15000 + 100 + 200,
        "31-60": 100,
        "61-90": 100,
        "over 90": 100,
    }
    assert found.open == {"EUR": 25500, "USD": 1000}
    assert found.overdue == {"EUR": 15600, "USD": 1000}
    assert found.balance["EUR"] == 25500 - 4000 - 3000
    pay(buyer, "1", text="21000001")
    items = {i.number: i for i in account(buyer).items}
    assert [(e.kind, e.amount_minor, e.source) for e in items["21000001"].entries] == [
        ("invoice", 100, ""),
        ("payment", -100, "p-1"),
    ]
    with pytest.raises(MoneyNotFound, match="no customer 19999999"):
        queries.customer_account(scope=EVERYTHING, customer_id="19999999", today=TODAY)
    far = CustomerScope(buyer.pk + 1, "12000009")
    seen = queries.customer_account(scope=far, customer_id=buyer.customer_id, today=TODAY)
    assert (seen.items, seen.money, seen.waiting_write_offs) == ([], [], [])


def test_every_act_is_in_history(buyer: Customer) -> None:
    pay(buyer, "300")
    refund(PAYMENT)
    deallocate("p-1:1")
    allocate(DEPOSIT, "21000010")
    write_off("21000010", 5)
    found = HistoryEntry.objects.filter(customer_id=buyer.customer_id).order_by("pk")
    acts = ["record_payment", "refund_money", "deallocate_money", "allocate_money", "write_off_item"]
    assert list(found.values_list("verb", flat=True)) == acts
    assert set(found.values_list("actor_identity", flat=True)) == {CLERK.identity}
    assert Refund.objects.get().reason == "asked for"
