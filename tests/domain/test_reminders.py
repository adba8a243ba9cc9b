"""Reminders: which step is next, what is held back, each step once; the ladder is dated and the organisation's own."""

from datetime import date, timedelta

import pytest

from rackbill.domain.parties.models import BillingAuthority, Contact, ContactRole, Customer
from rackbill.domain.receivables import invariants, policy, queries
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, OpenItemNotFound, ReminderRefused
from rackbill.domain.receivables.models import Reminder, ReminderStep
from rackbill.domain.receivables.policy import DEFAULT_LADDER, LadderStep, next_step, remindable_minor
from tests.world import money
from tests.world import provider as world_of
from tests.world.money import CLERK, NOW, TODAY

DUE = date(2020, 10, 31)
ISSUED = date(2020, 10, 1)


def step_on(day: int, taken: tuple[int, ...] = (), last: int | None = None, *, issued_on: date = ISSUED) -> int | None:
    """The number of the step that is next so many days after the due date."""
    found = next_step(
        ladder=DEFAULT_LADDER, taken=taken, last_taken_on=None if last is None else DUE + timedelta(last), issued_on=issued_on,
        due_on=DUE, today=DUE + timedelta(day),
    )  # fmt: skip
    return found.step if found else None


@pytest.mark.parametrize(
    ("day", "taken", "last", "step"),
    [
        (-16, (), None, None), (-15, (), None, 1), (-1, (), None, 1), (0, (), None, 1), (0, (1,), -15, None), (1, (1,), -15, 2),
        (1, (), None, 2), (2, (1, 2), 1, None), (3, (1, 2), 1, 3), (7, (1, 2, 3), 3, None), (8, (1, 2, 3), 3, 4), (15, (1, 2, 3, 4), 8, 5),
        (30, (1, 2, 3, 4, 5), 15, 6), (90, (1, 2, 3, 4, 5, 6), 30, None),
        (60, (), None, 2), (61, (2,), 60, None), (62, (2,), 60, 3), (66, (2, 3), 62, None), (67, (2, 3), 62, 4),
    ],
)  # fmt: skip
def test_one_step_at_a_time(day: int, taken: tuple[int, ...], last: int | None, step: int | None) -> None:
    assert step_on(day, taken, last) == step


def test_no_reminder_before_the_due_date_where_the_term_is_short() -> None:
    short = DUE - timedelta(15)
    assert step_on(0, issued_on=short) is None
    assert step_on(1, issued_on=short) == 2
    assert step_on(0, issued_on=short - timedelta(1)) == 1


@pytest.mark.parametrize(
    ("open_minor", "disputed", "left"),
    [(100, [], 100), (100, [30], 70), (100, [30, 30], 40), (100, [120], 0), (100, [None], 0), (100, [30, None], 0)],
)
def test_what_may_be_reminded_of(open_minor: int, disputed: list[int | None], left: int) -> None:
    assert remindable_minor(open_minor=open_minor, disputed_minor=disputed) == left


@pytest.fixture
def buyer(db: None) -> Customer:
    """A customer with two billing contacts and two invoices, one of them due on 15 October 2020."""
    owner = world_of.customer(world_of.provider())
    for place, (email, is_primary) in enumerate([("copy@buyer.example", False), ("boss@buyer.example", True)]):
        contact = Contact.objects.create(contact_id=f"c{place}", customer=owner, last_name="X", email=email)
        ContactRole.objects.create(contact=contact, customer=owner, role="BILLING", is_primary=is_primary)
    money.item(owner, "21000010", "150.00")
    money.item(owner, "21000011", "99.00", due_in=60)
    money.item(owner, "21900001", "-5.00", kind="credit_note")
    return owner


def plan(today: date = TODAY) -> list[queries.Notice]:
    return queries.reminder_plan(organisation_id="2100", today=today)


def propose(today: date = TODAY) -> list[queries.Notice]:
    return receivables.propose_reminders(organisation_id="2100", today=today, now=NOW, actor=CLERK)


def hold(
    owner: Customer,
    *,
    hold_id: str = "h-1",
    number: str = "",
    part: int | None = None,
    until: date | None = None,
    reason: str = "disputed",
) -> None:
    receivables.hold_reminders(
        hold_id=hold_id, customer_id=owner.customer_id, number=number, disputed_minor=part, reason=reason, held_from=TODAY,
        held_until=until, now=NOW, actor=CLERK,
    )  # fmt: skip


def test_a_notice_names_what_is_overdue_and_who_is_to_act(buyer: Customer) -> None:
    (notice,) = plan()
    assert (notice.customer_id, notice.action, notice.total_minor, notice.currency) == (
        buyer.customer_id,
        "remind",
        15000,
        "EUR",
    )
    assert notice.recipients == ("boss@buyer.example", "copy@buyer.example")
    assert [(i.number, i.step.step, i.overdue_days) for i in notice.items] == [("21000010", 2, 5)]
    assert Reminder.objects.count() == 0, "a plan writes nothing"


def test_each_step_is_taken_once(buyer: Customer) -> None:
    assert len(propose()) == 1
    assert propose() == []
    assert plan() == []
    assert [n.action for n in propose(TODAY + timedelta(2))] == ["suspend"]
    later = propose(TODAY + timedelta(40))
    assert [(i.number, i.step.step) for n in later for i in n.items] == [("21000010", 4), ("21000011", 1)]
    assert list(Reminder.objects.order_by("pk").values_list("step", "open_minor")) == [
        (2, 15000),
        (3, 15000),
        (4, 15000),
        (1, 9900),
    ]
    fee = propose(TODAY + timedelta(47))
    assert [(n.fee_minor, n.fee_currency) for n in fee] == [(4500, "EUR")]
    assert list(invariants.violations()) == []


def test_only_whom_we_bill_is_reminded_by_us(buyer: Customer) -> None:
    BillingAuthority.objects.filter(customer=buyer).update(authority="shadow")
    assert plan() == []


def test_a_paid_invoice_is_not_reminded(buyer: Customer) -> None:
    money.imported(money.line("150.00", "21000010"))
    assert plan() == []


def test_a_disputed_part_a_document_and_a_customer_are_held_back(buyer: Customer) -> None:
    for _ in range(2):
        hold(buyer, number="21000010", part=4000)
    assert plan()[0].total_minor == 11000
    hold(buyer, hold_id="h-2", number="21000010", until=TODAY + timedelta(5))
    assert plan() == []
    assert plan(TODAY + timedelta(4)) == []
    assert plan(TODAY + timedelta(5))[0].total_minor == 11000
    receivables.lift_hold(hold_id="h-2", on=TODAY, now=NOW, actor=CLERK)
    receivables.lift_hold(hold_id="h-2", on=TODAY, now=NOW, actor=CLERK)
    assert plan()[0].total_minor == 11000
    hold(buyer, hold_id="h-3")
    assert plan() == []
    assert plan(TODAY - timedelta(1)) != [], "before the holds began nothing was held back"


def test_what_cannot_be_held(buyer: Customer) -> None:
    cases: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"reason": " "}, ReminderRefused, "needs a reason"), ({"until": TODAY}, ReminderRefused, "ends after that day"),
        ({"part": 5}, ReminderRefused, "name its number"), ({"part": 0, "number": "21000010"}, ReminderRefused, "above zero"),
        ({"number": "21999999"}, OpenItemNotFound, "no document"),
    ]  # fmt: skip
    for change, refusal, words in cases:
        with pytest.raises(refusal, match=words):
            hold(buyer, **change)  # type: ignore[arg-type]
    hold(buyer)
    with pytest.raises(IdReused, match="stands already"):
        hold(buyer, number="21000010")
    buyer.customer_id = "19999999"
    with pytest.raises(MoneyNotFound, match="no customer"):
        hold(buyer)
    with pytest.raises(MoneyNotFound, match="no hold h-9"):
        receivables.lift_hold(hold_id="h-9", on=TODAY, now=NOW, actor=CLERK)


def set_ladder(*steps: LadderStep, on: date = TODAY) -> None:
    receivables.set_reminder_ladder(organisation_id="2100", valid_from=on, steps=steps, now=NOW, actor=CLERK)


def test_the_ladder_is_dated_and_the_organisations_own(buyer: Customer) -> None:
    assert queries.reminder_ladder(organisation_id="2100", on=TODAY) == DEFAULT_LADDER
    own = (
        LadderStep(step=1, days_after_due=5, action="suspend"),
        LadderStep(step=2, days_after_due=9, action="collect", fee_minor=100, fee_currency="EUR"),
    )
    for _ in range(2):
        set_ladder(*own)
    assert queries.reminder_ladder(organisation_id="2100", on=TODAY) == own
    assert queries.reminder_ladder(organisation_id="2100", on=TODAY - timedelta(1)) == DEFAULT_LADDER
    assert [n.action for n in plan()] == ["suspend"]
    assert [n.action for n in plan(TODAY - timedelta(1))] == ["remind"]
    assert ReminderStep.objects.count() == 2
    with pytest.raises(ReminderRefused, match="another ladder"):
        set_ladder(own[0])


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "numbered 1, 2, 3"),
        ([LadderStep(step=2, days_after_due=1, action="remind")], "numbered 1, 2, 3"),
        (
            [
                LadderStep(step=1, days_after_due=2, action="remind"),
                LadderStep(step=2, days_after_due=1, action="remind"),
            ],
            "never fall",
        ),
        ([LadderStep(step=1, days_after_due=1, action="shout")], "not to 'shout'"),
        (
            [LadderStep(step=1, days_after_due=1, action="remind", fee_minor=5)],
            "needs an amount above zero and a currency",
        ),
        (
            [LadderStep(step=1, days_after_due=1, action="remind", fee_currency="EUR")],
            "needs an amount above zero and a currency",
        ),
    ],
)
def test_what_is_no_ladder(buyer: Customer, steps: list[LadderStep], words: str) -> None:
    with pytest.raises(ReminderRefused, match=words):
        set_ladder(*steps)


def test_the_default_ladder_could_be_entered(buyer: Customer) -> None:
    set_ladder(*policy.DEFAULT_LADDER)
    assert queries.reminder_ladder(organisation_id="2100", on=TODAY) == DEFAULT_LADDER
