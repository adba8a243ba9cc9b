"""Steps of a story that are about money: it comes in, moves between documents, goes back, is asked for, is given up."""

from datetime import datetime
from typing import TYPE_CHECKING

from rackbill.core.money import Money, exact_minor_from_decimal
from rackbill.domain.kit.actor import Actor
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries as receivable_queries
from rackbill.domain.receivables.errors import MoneyRefused
from rackbill.domain.receivables.operations import MoneySource
from rackbill.formats.scenario_file import Step
from rackbill.formats.scenario_file import steps as said
from rackbill.interfaces.console.scenario import world as worlds
from rackbill.interfaces.console.scenario.world import EVERYTHING, STORY

if TYPE_CHECKING:
    from rackbill.interfaces.console.scenario.acting import Story

SECOND_PERSON = Actor("system", "second person")


def payment(story: "Story", step: Step, value: said.PaymentStep) -> str:
    """Money comes in."""
    buyer, number = story.world.buyer(value.customer), ""
    currency = value.currency or buyer.currency
    if value.document is not None:
        number = story.number(value.document)
        document = story.shown[value.document - 1].document
        buyer = next(b for b in story.world.buyers.values() if b.customer_id == document.bill_to.customer_id)
        currency = document.currency
    money = Money(exact_minor_from_decimal(value.amount, currency), currency)
    story.payments += 1
    story.currencies.append(currency)
    booked = receivables.record_payment(
        payment_id=f"scenario-{story.payments}", customer_id=buyer.customer_id, money=money, received_on=step.day,
        method="TRANSFER", text=value.text, to_number=number, now=worlds.now_of(step, buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{money} of {buyer.name}, booked {Money(booked, currency)}"


def return_payment(story: "Story", step: Step, value: said.ReturnPaymentStep) -> str:
    """The bank takes a payment back."""
    minor = receivables.return_payment(
        payment_id=story.payment(value.payment), line_id="", reason=value.reason, on=step.day,
        now=worlds.now_of(step, next(iter(story.world.sellers.values()))), actor=STORY,
    )  # fmt: skip
    return f"payment {value.payment} taken back: {Money(minor, story.currencies[value.payment - 1])}"


def refund(story: "Story", step: Step, value: said.RefundStep) -> str:
    """Money on account goes back."""
    if value.payment is not None:
        source, currency = MoneySource("payment", story.payment(value.payment)), story.currencies[value.payment - 1]
    else:
        number = story.number(value.document or 0)
        source, currency = MoneySource("credit_note", number), story.shown[(value.document or 0) - 1].document.currency
    story.refunds += 1
    minor = receivables.refund_money(
        refund_id=f"scenario-{story.refunds}", source=source, paid_on=step.day, reason=value.reason,
        amount_minor=None if value.amount is None else exact_minor_from_decimal(value.amount, currency),
        now=worlds.now_of(step, next(iter(story.world.sellers.values()))), actor=STORY,
    )  # fmt: skip
    return f"{Money(minor, currency)} of {source} went back"


def write_off(story: "Story", step: Step, value: said.WriteOffStep) -> str:
    """What is open is given up, by two people above the limit."""
    number = story.number(value.document)
    document = story.shown[value.document - 1].document
    now = worlds.now_of(step, story.world.sellers[document.sales_organisation_id])
    story.write_offs += 1
    write_off_id = f"scenario-{story.write_offs}"
    is_booked = receivables.write_off_item(
        write_off_id=write_off_id, number=number, reason=value.reason, now=now, actor=STORY,
        amount_minor=None if value.amount is None else exact_minor_from_decimal(value.amount, document.currency),
    )  # fmt: skip
    if not is_booked:
        receivables.approve_write_off(write_off_id=write_off_id, now=now, actor=SECOND_PERSON)
    return f"{number}: {value.reason}" + ("" if is_booked else ", agreed by a second person")


def remind(story: "Story", step: Step, value: said.RemindStep) -> str:
    """Every step of the ladder that is due is taken."""
    issued = [
        reminder
        for seller in story.world.sellers.values()
        if value.sales_organisation in ("", seller.organisation_id)
        for reminder in receivables.issue_reminders(
            organisation_id=seller.organisation_id, today=step.day, now=worlds.now_of(step, seller), actor=STORY
        )
    ]
    return f"{sum(1 for reminder in issued if reminder.number)} reminders, {len(issued)} notices"


def allocate(story: "Story", step: Step, value: said.AllocateStep, now: datetime) -> str:
    """Money on account pays a document."""
    source, number = _source(story, value), story.number(value.document)
    minor, currency = _amount(story, value)
    done = receivables.allocate_money(
        allocation_id=story.allocation_id(), source=source, number=number, amount_minor=minor, reason=value.reason, on=step.day,
        now=now, actor=STORY,
    )  # fmt: skip
    return f"{Money(done, currency)} of {source} pays {number}"


def deallocate(story: "Story", step: Step, value: said.DeallocateStep, now: datetime) -> str:
    """What money paid of a document is taken off it, the newest allocation first; what is too much of one goes back on it."""
    source, number = _source(story, value), story.number(value.document)
    wanted, currency = _amount(story, value)
    standing = receivable_queries.standing_allocations(
        scope=EVERYTHING, source_kind=source.kind, source_id=source.identity, number=number
    )
    paid = sum(minor for _identity, minor in standing)
    asked = paid if wanted is None else wanted
    if not 0 < asked <= paid:
        raise MoneyRefused(f"{source} pays {Money(paid, currency)} of {number}; that much can be taken off, or less")
    off = 0
    for identity, _minor in standing:
        if off < asked:
            given = {"reason": value.reason, "on": step.day, "now": now, "actor": STORY}
            off += receivables.deallocate_money(allocation_id=identity, **given)
    if off > asked:
        receivables.allocate_money(
            allocation_id=story.allocation_id(), source=source, number=number, amount_minor=off - asked, reason=value.reason,
            on=step.day, now=now, actor=STORY,
        )  # fmt: skip
    return f"{Money(asked, currency)} of {source} taken off {number}"


def _source(story: "Story", value: said.AllocateStep | said.DeallocateStep) -> MoneySource:
    if value.payment is not None:
        return MoneySource("payment", story.payment(value.payment))
    return MoneySource("credit_note", story.number(value.credit or 0))


def _amount(story: "Story", value: said.AllocateStep | said.DeallocateStep) -> tuple[int | None, str]:
    currency = story.shown[value.document - 1].document.currency
    return None if value.amount is None else exact_minor_from_decimal(value.amount, currency), currency
