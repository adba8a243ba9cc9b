"""Steps of a story that move money between documents by hand."""

from datetime import datetime
from typing import TYPE_CHECKING

from rackbill.core.money import Money, exact_minor_from_decimal
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries as receivable_queries
from rackbill.domain.receivables.errors import MoneyRefused
from rackbill.domain.receivables.operations import MoneySource
from rackbill.formats.scenario_file import Step
from rackbill.formats.scenario_file import steps as said
from rackbill.interfaces.console.scenario.world import EVERYTHING, STORY

if TYPE_CHECKING:
    from rackbill.interfaces.console.scenario.acting import Story


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
