"""Giving up what is open: with a reason, a name and, above the limit of policy, a second name."""

from datetime import datetime

from django.db import transaction

from rackbill.core.money import Money
from rackbill.domain.access import queries as access
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.receivables import policy
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, MoneyRefused
from rackbill.domain.receivables.models import LedgerEntry, OpenItem, WriteOff
from rackbill.domain.receivables.operations import allocating
from rackbill.domain.receivables.queries import balances


@transaction.atomic
def write_off_item(
    *, write_off_id: str, number: str, amount_minor: int | None, reason: str, now: datetime, actor: Actor
) -> bool:
    """Gives up what is open of a document, or the amount. True when booked, False while it waits for a second person.

    May run twice. Raises OpenItemNotFound, MoneyRefused, IdReused.
    """
    item = allocating.lock_item(number=number)
    known = WriteOff.objects.filter(write_off_id=write_off_id).first()
    if known is not None:
        if known.open_item_id != item.pk or amount_minor not in (None, known.amount_minor):
            raise IdReused(f"write-off {write_off_id} was asked for before, for something else")
        return known.approved_at is not None
    if not reason.strip():
        raise MoneyRefused("a write-off needs a reason; say why the money will not come")
    open_now = balances.open_minor(item_keys=[item.pk]).get(item.pk, 0)
    wanted = open_now if amount_minor is None else amount_minor
    if not 0 < wanted <= open_now:
        is_open, asked = Money(open_now, item.currency), Money(wanted, item.currency)
        raise MoneyRefused(
            f"{is_open} of document {number} is open, so {asked} cannot be written off; ask for what is open"
        )
    row = WriteOff.objects.create(
        write_off_id=write_off_id,
        open_item=item,
        amount_minor=wanted,
        reason=reason[:200],
        asked_by=str(actor),
        asked_at=now,
    )
    if not policy.needs_second_person(amount_minor=wanted):
        _book(row, now, actor)
    _record(row, item, now, actor, "write_off_item")
    return row.approved_at is not None


@transaction.atomic
def approve_write_off(*, write_off_id: str, now: datetime, actor: Actor) -> Money:
    """Books a write-off that waited; the amount. May run twice. Raises MoneyNotFound, MoneyRefused.

    A person who approves is an approver of the sales organisation, and not who asked for it.
    """
    row = locks.locked(WriteOff.objects.filter(write_off_id=write_off_id)).first()
    if row is None:
        raise MoneyNotFound(f"there is no write-off {write_off_id}")
    item = locks.locked(OpenItem.objects.filter(pk=row.open_item_id)).get()
    if row.approved_at is not None:
        return Money(row.amount_minor, item.currency)
    if row.asked_by == str(actor):
        raise MoneyRefused(f"{actor} asked for write-off {write_off_id}; somebody else must approve it")
    organisation_id = item.sales_organisation.organisation_id
    if actor.kind == "person" and not policy.may_approve_write_off(
        roles=access.staff_roles(email=actor.identity, organisation_id=organisation_id)
    ):
        raise MoneyRefused(f"{actor.identity} is no approver of {organisation_id}; ask one who is")
    open_now = balances.open_minor(item_keys=[item.pk]).get(item.pk, 0)
    if row.amount_minor > open_now:
        is_open = Money(open_now, item.currency)
        raise MoneyRefused(f"only {is_open} of {item.document_number} is open by now; ask for a new write-off of that")
    _book(row, now, actor)
    _record(row, item, now, actor, "approve_write_off")
    return Money(row.amount_minor, item.currency)


def _book(row: WriteOff, now: datetime, actor: Actor) -> None:
    row.approved_by, row.approved_at = str(actor), now
    row.save(update_fields=["approved_by", "approved_at"])
    LedgerEntry.objects.create(
        open_item_id=row.open_item_id, kind="write_off", amount_minor=-row.amount_minor, booked_on=now.date(),
        source_kind="write_off", source_id=row.write_off_id,
    )  # fmt: skip


def _record(row: WriteOff, item: OpenItem, now: datetime, actor: Actor, verb: str) -> None:
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="open_item", object_id=item.document_number,
        customer_id=item.customer.customer_id,
        detail={"write_off": row.write_off_id, "amount_minor": row.amount_minor, "reason": row.reason},
    )  # fmt: skip
