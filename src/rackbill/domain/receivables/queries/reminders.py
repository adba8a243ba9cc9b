"""What is to be reminded of: the ladder in force, and the plan for a day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import policy
from rackbill.domain.receivables.models import LedgerEntry, OpenItem, Reminder, ReminderHold, ReminderStep
from rackbill.domain.receivables.policy import LadderStep
from rackbill.domain.receivables.queries import balances


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """One document in a notice: the step it has come to, its total, what of it is open, and what of that is not disputed."""

    item_key: int
    number: str
    issued_on: date
    due_on: date
    overdue_days: int
    step: LadderStep
    gross_minor: int
    open_minor: int
    remindable_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one customer is to be told at once, in one currency. `action` is the gravest of its items'.

    The first address is the one that is expected to act, the others get a copy (B47).
    """

    customer_key: int
    customer_id: str
    name: str
    currency: str
    action: str
    recipients: tuple[str, ...]
    items: tuple[NoticeItem, ...]
    total_minor: int
    fee_minor: int
    fee_currency: str


def reminder_ladder(*, organisation_id: str, on: date) -> tuple[LadderStep, ...]:
    """The steps in force on a day: the sales organisation's newest ladder that has begun, else the default one."""
    rows = ReminderStep.objects.filter(sales_organisation__organisation_id=organisation_id, valid_from__lte=on)
    newest = rows.order_by("-valid_from").values_list("valid_from", flat=True).first()
    if newest is None:
        return policy.DEFAULT_LADDER
    return tuple(
        LadderStep(
            step=row.step, days_after_due=row.days_after_due, action=row.action, fee_minor=row.fee_minor,
            fee_currency=row.fee_currency,
        )
        for row in rows.filter(valid_from=newest).order_by("step")
    )  # fmt: skip


def reminder_plan(*, organisation_id: str, today: date) -> list[Notice]:
    """What is to be said to whom today, by customer; nothing is written. Only customers that we bill are reminded by us."""
    ladder = reminder_ladder(organisation_id=organisation_id, on=today)
    ours = {
        key: customer_id
        for customer_id, key in parties.customers_billed_by_us(organisation_id=organisation_id, on=today)
    }
    rows = (
        OpenItem.objects.filter(sales_organisation__organisation_id=organisation_id)
        .exclude(document_kind="credit_note")
        .annotate(left=Sum("entries__amount_minor"))
        .filter(left__gt=0)
        .order_by("customer_id", "currency", "due_on", "document_number")
    )
    items = [row for row in rows if row.customer_id in ours]
    taken = _taken([row.pk for row in items])
    holds = _holds(organisation_id, today)
    totals = _totals([row.pk for row in items])
    groups: dict[tuple[int, str], list[NoticeItem]] = defaultdict(list)
    for row in items:
        made = _notice_item(row, ladder, taken.get(row.pk, []), holds, today, totals.get(row.pk, 0))
        if made is not None:
            groups[row.customer_id, row.currency].append(made)
    names = parties.customer_names(customer_ids=[ours[key] for key, _currency in groups])
    recipients = parties.billing_contacts(customer_keys=[key for key, _currency in groups])
    notices = [
        _notice(key, ours[key], names[ours[key]].name, currency, found, recipients.get(key, []))
        for (key, currency), found in groups.items()
    ]
    return sorted(notices, key=lambda notice: (notice.customer_id, notice.currency))


def _notice(
    key: int, customer_id: str, name: str, currency: str, items: Sequence[NoticeItem], recipients: Sequence[str]
) -> Notice:
    gravest = max(items, key=lambda item: policy.ACTIONS.index(item.step.action))
    fees = [item.step for item in items if item.step.fee_minor]
    return Notice(
        customer_key=key, customer_id=customer_id, name=name, currency=currency, action=gravest.step.action,
        recipients=tuple(recipients), items=tuple(items), total_minor=sum(item.remindable_minor for item in items),
        fee_minor=max((step.fee_minor for step in fees), default=0), fee_currency=fees[0].fee_currency if fees else "",
    )  # fmt: skip


def _notice_item(
    row: OpenItem, ladder: Sequence[LadderStep], taken: Sequence[tuple[int, date]],
    holds: Mapping[tuple[int, int | None], list[int | None]], today: date, total_minor: int,
) -> NoticeItem | None:  # fmt: skip
    disputed = [*holds.get((row.customer_id, None), []), *holds.get((row.customer_id, row.pk), [])]
    open_minor: int = row.left  # type: ignore[attr-defined]
    remindable = policy.remindable_minor(open_minor=open_minor, disputed_minor=disputed)
    step = policy.next_step(
        ladder=ladder, taken=[one for one, _on in taken], last_taken_on=max((on for _one, on in taken), default=None),
        issued_on=row.issued_on, due_on=row.due_on, today=today,
    )  # fmt: skip
    if step is None or remindable <= 0:
        return None
    return NoticeItem(
        item_key=row.pk, number=row.document_number, issued_on=row.issued_on, due_on=row.due_on,
        overdue_days=max(0, (today - row.due_on).days), step=step, open_minor=open_minor, remindable_minor=remindable,
        gross_minor=max(total_minor, open_minor),
    )  # fmt: skip


def _totals(item_keys: Sequence[int]) -> dict[int, int]:
    """What each item was opened with; money that was charged back may leave more open than that."""
    found: dict[int, int] = {}
    for part in balances.chunks(values=item_keys):
        rows = LedgerEntry.objects.filter(open_item_id__in=part, kind__in=("invoice", "opening"))
        found.update(rows.values_list("open_item_id").annotate(Sum("amount_minor")))
    return found


def _taken(item_keys: Sequence[int]) -> dict[int, list[tuple[int, date]]]:
    found: dict[int, list[tuple[int, date]]] = defaultdict(list)
    for part in balances.chunks(values=item_keys):
        rows = Reminder.objects.filter(open_item_id__in=part).order_by("step")
        for key, step, on in rows.values_list("open_item_id", "step", "proposed_on"):
            found[key].append((step, on))
    return found


def _holds(organisation_id: str, today: date) -> dict[tuple[int, int | None], list[int | None]]:
    """By customer and item (None: all of his): the disputed parts in force; None means the whole."""
    found: dict[tuple[int, int | None], list[int | None]] = defaultdict(list)
    rows = ReminderHold.objects.filter(
        Q(held_until__isnull=True) | Q(held_until__gt=today), held_from__lte=today,
        customer__sales_organisation__organisation_id=organisation_id,
    )  # fmt: skip
    for customer_key, item_key, disputed in rows.values_list("customer_id", "open_item_id", "disputed_minor"):
        found[customer_key, item_key].append(disputed)
    return found
