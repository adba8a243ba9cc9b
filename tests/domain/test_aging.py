"""The aged list: equal to what each customer's account says, the same for a day whenever it is asked for, and scoped."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rackbill.core.aging import AGES, age_of
from rackbill.core.money import Money
from rackbill.domain.kit.scope import CustomerScope, StaffScope, WholeInstallation
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries
from rackbill.domain.receivables.models import Deposit
from rackbill.domain.receivables.operations import MoneySource
from tests.world import money
from tests.world import provider as world_of
from tests.world.money import CLERK, NOW, TODAY

pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()


def pay(owner: Customer, amount: str, *, on: date = TODAY, to: str = "", currency: str = "EUR") -> None:
    receivables.record_payment(
        payment_id=f"{owner.customer_id}-{amount}-{on}", customer_id=owner.customer_id, received_on=on, method="cash", text="",
        money=Money.from_decimal(Decimal(amount), currency), to_number=to, now=NOW, actor=CLERK,
    )  # fmt: skip


@pytest.fixture
def owners() -> list[Customer]:
    """One with every age and a legacy debt, one with a credit and a deposit, one in two currencies, one who paid all."""
    world = world_of.provider()
    first, second, third, fourth = (
        world_of.customer(world, name=name) for name in ("Alpha", "Bravo 100%", "Charlie", "Delta")
    )
    for place, days in enumerate((-5, 0, 1, 30, 31, 60, 61, 90, 91)):
        due = TODAY - timedelta(days)
        money.item(first, f"2100001{place}", f"{2**place}.00", issued_on=due - timedelta(14))
    money.item(first, "OLD-1", "1000.00", issued_on=date(2020, 5, 1), system="oldbill")
    money.item(second, "21000030", "50.00", issued_on=TODAY)
    money.item(second, "21900031", "-20.00", kind="credit_note", issued_on=TODAY)
    Deposit.objects.create(
        deposit_id="d", customer=second, currency="EUR", amount_minor=700, reason="prepaid", created_on=date(2020, 8, 1)
    )
    money.item(third, "21000040", "10.00", issued_on=date(2020, 9, 1))
    money.item(third, "21000041", "300.00", issued_on=date(2020, 9, 1), currency="USD")
    pay(third, "100.00", to="21000041", currency="USD")
    money.item(fourth, "21000050", "10.00", issued_on=date(2020, 9, 1))
    pay(fourth, "10.00", to="21000050")
    return [first, second, third, fourth]


def listed(**asked: object) -> list[tuple[str, str, int]]:
    page = queries.aged_customers(scope=EVERYTHING, on=TODAY, **asked)  # type: ignore[arg-type]
    return [(row.name, row.sums.currency, row.sums.open_minor) for row in page.rows]


def test_it_says_what_each_account_says(owners: list[Customer]) -> None:
    page = queries.aged_customers(scope=EVERYTHING, on=TODAY)
    rows = {(row.customer_id, row.sums.currency): row.sums for row in page.rows}
    expected = {}
    for owner in owners:
        account = queries.customer_account(scope=EVERYTHING, customer_id=owner.customer_id, today=TODAY)
        for currency, ages in account.aging.items():
            found = (ages, account.credits[currency], account.on_account[currency], account.balance[currency])
            if any(ages.values()) or found[1] or found[2]:
                expected[owner.customer_id, currency] = found
    assert {
        key: (dict(s.ages_minor), s.credits_minor, s.on_account_minor, s.balance_minor) for key, s in rows.items()
    } == expected
    assert len(expected) == 4, "who owes nothing and has nothing is left out"
    first = rows[owners[0].customer_id, "EUR"]
    assert list(first.ages_minor.values()) == [300, 400 + 800, 1600 + 3200, 6400 + 12800, 25600 + 100000]
    assert (first.open_minor, first.overdue_minor) == (151100, 150800)
    second = rows[owners[1].customer_id, "EUR"]
    assert (second.open_minor, second.credits_minor, second.on_account_minor, second.balance_minor) == (
        5000,
        2000,
        700,
        2300,
    )


def test_the_totals_are_those_of_all_pages(owners: list[Customer]) -> None:
    page = queries.aged_customers(scope=EVERYTHING, on=TODAY, limit=1, offset=1)
    assert (len(page.rows), page.total_count, page.next_offset) == (1, 4, 2)
    totals = {total.sums.currency: (total.customer_count, total.sums.open_minor) for total in page.totals}
    assert totals == {"EUR": (3, 151100 + 5000 + 1000), "USD": (1, 20000)}
    assert queries.aged_customers(scope=EVERYTHING, on=TODAY, offset=9).rows == []


def test_it_is_filtered_and_sorted(owners: list[Customer]) -> None:
    assert [row[0] for row in listed(is_overdue=True)] == ["Alpha", "Charlie", "Charlie"]
    assert [row[0] for row in listed(sort="name")] == ["Alpha", "Bravo 100%", "Charlie", "Charlie"]
    assert [row[2] for row in listed(sort="-open")] == [151100, 20000, 5000, 1000]
    assert listed(currency="USD") == [("Charlie", "USD", 20000)]
    assert [row[0] for row in listed(search="0%")] == ["Bravo 100%"]
    assert [row[0] for row in listed(search="char")] == ["Charlie", "Charlie"]
    assert [row[0] for row in listed(search=owners[0].customer_id)] == ["Alpha"]
    assert [row[0] for row in listed(search=owners[0].legacy_id.lower())] == ["Alpha"]
    assert listed(search="_") == listed(search="' OR 1=1 --") == listed(search="\\") == []
    assert listed(organisation_id="9999") == []
    assert len(listed(sort="nonsense")) == 4
    dues = [row.oldest_due_on for row in queries.aged_customers(scope=EVERYTHING, on=TODAY, sort="oldest").rows]
    assert dues == [date(2020, 5, 15), date(2020, 9, 15), date(2020, 9, 15), date(2020, 11, 3)]


def test_a_day_in_the_past_stays_as_it_was(owners: list[Customer]) -> None:
    def seen() -> list[object]:
        return list(queries.aged_customers(scope=EVERYTHING, on=date(2020, 9, 30)).rows)

    before = seen()
    assert [(row.name, row.sums.open_minor) for row in before if row.name == "Delta"] == [("Delta", 1000)]  # type: ignore[attr-defined]
    pay(owners[0], "64.00", to="21000016")
    pay(owners[2], "10.00", to="21000040")
    receivables.allocate_money(
        allocation_id="c", source=MoneySource("credit_note", "21900031"), number="21000030", reason="x", amount_minor=None, on=TODAY,
        now=NOW, actor=CLERK,
    )  # fmt: skip
    receivables.refund_money(
        refund_id="r",
        source=MoneySource("deposit", "d"),
        amount_minor=200,
        paid_on=TODAY,
        reason="x",
        now=NOW,
        actor=CLERK,
    )
    assert seen() == before
    # And today it follows what was booked.
    for row in queries.aged_customers(scope=EVERYTHING, on=TODAY).rows:
        account = queries.customer_account(scope=EVERYTHING, customer_id=row.customer_id, today=TODAY)
        currency = row.sums.currency
        assert row.sums.balance_minor == account.balance[currency]
        assert dict(row.sums.ages_minor) == account.aging[currency]


def test_another_organisation_does_not_exist(owners: list[Customer]) -> None:
    assert queries.aged_customers(scope=StaffScope(frozenset({"2600"})), on=TODAY).total_count == 0
    assert queries.aged_customers(scope=StaffScope(frozenset()), on=TODAY).total_count == 0
    own = StaffScope(frozenset({"2100"}))
    assert queries.aged_customers(scope=own, on=TODAY).total_count == 4
    with CaptureQueriesContext(connection) as caught:
        queries.aged_customers(scope=own, on=TODAY)
    assert len(caught) == 2


def test_a_customers_open_documents(owners: list[Customer]) -> None:
    second = owners[1]
    scope = CustomerScope(second.pk, second.customer_id)
    page = queries.open_items(scope=scope, today=TODAY)
    assert [(row.number, row.kind, row.face_minor, row.open_minor, row.age) for row in page.rows] == [
        ("21000030", "invoice", 5000, 5000, "not due"),
        ("21900031", "credit_note", -2000, -2000, ""),
    ]
    paid = CustomerScope(owners[3].pk, owners[3].customer_id)
    assert queries.open_items(scope=paid, today=TODAY).total_count == 0
    assert [row.open_minor for row in queries.open_items(scope=paid, today=TODAY, is_all=True).rows] == [0]
    first = CustomerScope(owners[0].pk, owners[0].customer_id)
    page = queries.open_items(scope=first, today=TODAY, sort="-open", limit=2)
    assert [(row.number, row.system) for row in page.rows] == [("OLD-1", "oldbill"), ("21000018", "")]
    assert page.total_count == 10


def test_ages_have_no_gap() -> None:
    assert [age_of(due_on=TODAY - timedelta(days), today=TODAY) for days in (-1, 0, 1, 30, 31, 60, 61, 90, 91, 5000)] == [
        AGES[0], AGES[0], AGES[1], AGES[1], AGES[2], AGES[2], AGES[3], AGES[3], AGES[4], AGES[4],
    ]  # fmt: skip
