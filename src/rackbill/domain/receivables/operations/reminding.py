"""Reminders: the ladder, what is held back, and the steps taken."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import policy
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, ReminderRefused
from rackbill.domain.receivables.models import OpenItem, Reminder, ReminderHold, ReminderStep
from rackbill.domain.receivables.operations import allocating
from rackbill.domain.receivables.policy import LadderStep
from rackbill.domain.receivables.queries import reminders
from rackbill.domain.receivables.queries.reminders import Notice


@transaction.atomic
def set_reminder_ladder(
    *, organisation_id: str, valid_from: date, steps: Sequence[LadderStep], now: datetime, actor: Actor
) -> None:
    """The ladder of a sales organisation from a day on; the same again changes nothing.

    Raises SalesOrganisationNotFound, ReminderRefused.
    """
    seller = parties.seller(organisation_id=organisation_id)
    numbers, days = [step.step for step in steps], [step.days_after_due for step in steps]
    if not steps or numbers != list(range(1, len(steps) + 1)) or days != sorted(days):
        raise ReminderRefused("the steps of a ladder are numbered 1, 2, 3, … and their days never fall")
    for step in steps:
        if step.action not in policy.ACTIONS:
            raise ReminderRefused(f"a step is to {', '.join(policy.ACTIONS)}, not to {step.action!r}")
        if step.fee_minor < 0 or bool(step.fee_minor) != bool(step.fee_currency):
            raise ReminderRefused(f"the fee of step {step.step} needs an amount above zero and a currency")
    rows = ReminderStep.objects.filter(sales_organisation_id=seller.key, valid_from=valid_from)
    present = reminders.reminder_ladder(organisation_id=organisation_id, on=valid_from) if rows.exists() else ()
    if tuple(steps) == present:
        return
    if rows.exists():
        raise ReminderRefused(
            f"{organisation_id} has another ladder from {valid_from} on; begin the new one on a later day"
        )
    ReminderStep.objects.bulk_create(
        ReminderStep(
            sales_organisation_id=seller.key, valid_from=valid_from, step=step.step, days_after_due=step.days_after_due,
            action=step.action, fee_minor=step.fee_minor, fee_currency=step.fee_currency,
        )
        for step in steps
    )  # fmt: skip
    history.record_change(
        now=now, actor=actor, verb="set_reminder_ladder", object_kind="sales_organisation", object_id=organisation_id,
        detail={"valid_from": valid_from.isoformat(), "steps": len(steps)},
    )  # fmt: skip


@transaction.atomic
def hold_reminders(
    *, hold_id: str, customer_id: str, number: str, disputed_minor: int | None, reason: str, held_from: date,
    held_until: date | None, now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """No reminders of a customer (`number` empty), a document, or its disputed part; `held_until` is the first day again.

    May run twice. Raises MoneyNotFound, OpenItemNotFound, ReminderRefused, IdReused.
    """
    customer = parties.customer_names(customer_ids=[customer_id]).get(customer_id)
    if customer is None:
        raise MoneyNotFound(f"there is no customer {customer_id}; `rackbill resolve TEXT` finds one by any old number")
    if not reason.strip():
        raise ReminderRefused("a hold needs a reason; say what is disputed")
    if held_until is not None and held_until <= held_from:
        raise ReminderRefused(f"a hold from {held_from} ends after that day, not on {held_until}")
    if disputed_minor is not None and (not number or disputed_minor <= 0):
        raise ReminderRefused("a disputed part is an amount above zero of one document; name its number")
    item = allocating.lock_item(number=number, customer_key=customer.key) if number else None
    facts = {
        "customer_id": customer.key, "open_item_id": item.pk if item else None, "disputed_minor": disputed_minor,
        "held_from": held_from,
    }  # fmt: skip
    known = ReminderHold.objects.filter(hold_id=hold_id).first()
    if known is not None:
        if any(getattr(known, name) != value for name, value in facts.items()):
            raise IdReused(f"hold {hold_id} stands already, for something else; give this one an ID of its own")
        return
    ReminderHold.objects.create(hold_id=hold_id, reason=reason[:200], held_until=held_until, **facts)
    history.record_change(
        now=now, actor=actor, verb="hold_reminders", object_kind="reminder_hold", object_id=hold_id, customer_id=customer_id,
        detail={"document": number, "disputed_minor": disputed_minor, "reason": reason},
    )  # fmt: skip


@transaction.atomic
def lift_hold(*, hold_id: str, on: date, now: datetime, actor: Actor) -> None:
    """Ends a hold on a day. May run twice. Raises MoneyNotFound."""
    row = locks.locked(ReminderHold.objects.filter(hold_id=hold_id).select_related("customer")).first()
    if row is None:
        raise MoneyNotFound(f"there is no hold {hold_id}")
    if row.held_until is not None and row.held_until <= on:
        return
    row.held_until = max(on, row.held_from)
    row.save(update_fields=["held_until"])
    history.record_change(
        now=now, actor=actor, verb="lift_hold", object_kind="reminder_hold", object_id=hold_id,
        customer_id=row.customer.customer_id,
    )  # fmt: skip


@transaction.atomic
def propose_reminders(*, organisation_id: str, today: date, now: datetime, actor: Actor) -> list[Notice]:
    """Takes every step that is due today and notes it; the notices, for whoever says them in another way than we do.

    Again on the same day: nothing is left. `issue_reminders` takes the same steps and issues documents that say them.
    Suspension and collection are proposals: a person, or the operation of contracts, acts on them.
    """
    notices = lock_due_steps(organisation_id=organisation_id, today=today)
    keep_steps(notices=notices, numbers={}, today=today)
    if notices:
        history.record_change(
            now=now, actor=actor, verb="propose_reminders", object_kind="sales_organisation", object_id=organisation_id,
            detail={"notices": len(notices), "today": today.isoformat()},
        )  # fmt: skip
    return notices


def lock_due_steps(*, organisation_id: str, today: date) -> list[Notice]:
    """What is to be said today, with its open items locked; call inside a transaction."""
    rows = OpenItem.objects.filter(sales_organisation__organisation_id=organisation_id)
    first = reminders.reminder_plan(organisation_id=organisation_id, today=today)
    keys = [item.item_key for notice in first for item in notice.items]
    for start in range(0, len(keys), 900):
        list(locks.locked(rows.filter(pk__in=keys[start : start + 900]).order_by("pk")).values_list("pk"))
    # Planned again under the locks: another process may have taken the same steps meanwhile.
    return reminders.reminder_plan(organisation_id=organisation_id, today=today) if keys else []


def keep_steps(*, notices: Sequence[Notice], numbers: Mapping[int, str], today: date) -> None:
    """Notes the steps as taken; `numbers` are those of the documents that say them, by key of the open item."""
    Reminder.objects.bulk_create(
        [
            Reminder(
                open_item_id=item.item_key, step=item.step.step, action=item.step.action, open_minor=item.remindable_minor,
                fee_minor=item.step.fee_minor, fee_currency=item.step.fee_currency, proposed_on=today,
                document_number=numbers.get(item.item_key),
            )
            for notice in notices
            for item in notice.items
        ],
        batch_size=500,
    )  # fmt: skip
