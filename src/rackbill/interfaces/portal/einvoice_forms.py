"""The forms for what e-invoices need, one for each billing group: what stands in them, and what a person sent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest

from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties.errors import EinvoiceDataRefused
from rackbill.domain.parties.operations import einvoices as operations
from rackbill.domain.parties.policy.readiness import Readiness
from rackbill.domain.parties.queries.einvoices import CustomerData, GroupData, OrderRow
from rackbill.interfaces.jobs import einvoice_readiness
from rackbill.interfaces.portal import einvoice_words as words

_DAY = timedelta(days=1)
CHOICE = "einvoice_choice"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person sent for one billing group (or the customer, where `about` is its ID) and why it was refused."""

    about: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    fault: Any = ""


def sections(
    data: CustomerData, ready: list[Readiness], *, names: Collection[str], profiles: frozenset[str], today: date,
    sides: Collection[str], entry: Entry,
) -> list[dict[str, Any]]:  # fmt: skip
    """For each billing group: its readiness in words, its fields, its purchase orders. `sides` are the gaps to be listed."""
    by_group = {one.group_id: one for one in ready}
    found = []
    for group in data.groups:
        own = entry if entry.about == group.group_id else Entry()
        one = by_group[group.group_id]
        gaps = [gap for gap in one.gaps if gap.side in sides]
        found.append({
            "group": group, "ready": one, "limit": words.LIMITS.get(one.rule.limit, "") if one.profile or one.is_beyond else "",
            "gaps": [{"gap": gap, "text": words.missing(gap)} for gap in gaps],
            "others": any(gap.blocks for gap in one.gaps if gap.side not in sides),
            "fields": _fields(group, data, names, profiles, own.values), "orders": [_order(o, today) for o in group.orders],
            "unprintable": einvoice_readiness.unprintable_names(
                (group.name, group.addressee, group.contact_name, group.project_reference)
            ),
            "fault": own.fault, "entered": own.values,
        })  # fmt: skip
    return found


def _fields(
    group: GroupData, data: CustomerData, names: Collection[str], profiles: frozenset[str], entered: Mapping[str, str]
) -> list[dict[str, Any]]:
    found = []
    # An address of its own is shown with the addressee, to whom it belongs.
    own_address = ("street", "city", "postal_code") if group.street and "addressee" in names else ()
    for name in (*names, *own_address):
        one = text_field(name, entered.get(name, getattr(group, name)), f"{name}-{group.group_id}")
        if name == CHOICE:
            # What was chosen stays to be seen, though its rules may be gone.
            one["options"] = words.choices(data.rule, profiles | {group.einvoice_choice})
        if name == "electronic_address" and not group.electronic_address:
            one["inherited"] = data.electronic_address
        found.append(one)
    return found


def text_field(name: str, value: str, identity: str) -> dict[str, Any]:
    """One field with its label and hint."""
    return {
        "name": name,
        "id": identity,
        "value": value,
        "label": words.LABELS[name],
        "hint": words.HINTS.get(name, ""),
    }


def _order(order: OrderRow, today: date) -> dict[str, Any]:
    is_over = order.valid_until is not None and order.valid_until <= today
    return {
        "number": order.number, "first_day": order.valid_from, "is_over": is_over, "is_ahead": order.valid_from > today,
        "last_day": None if order.valid_until is None else order.valid_until - _DAY,
    }  # fmt: skip


def store(request: HttpRequest, *, scope: Scope, names: Collection[str], now: datetime, actor: Actor) -> str:
    """Does what the form of a billing group asks for; its ID. Raises BillingGroupNotFound, EinvoiceDataRefused."""
    sent, today = request.POST, now.date()
    group_id = sent.get("group", "")
    about: dict[str, Any] = {"scope": scope, "group_id": group_id, "now": now, "actor": actor}
    match sent.get("act"):
        case "add_order":
            first, last = _day(sent.get("first_day", "")), sent.get("last_day", "").strip()
            operations.add_purchase_order(
                number=sent.get("number", ""),
                valid_from=first,
                valid_until=_day(last) + _DAY if last else None,
                **about,
            )
        case "end_order":
            # An order that has not begun is taken away.
            first = _day(sent.get("first_day", ""))
            ends_on = max(first, today + _DAY) if first <= today else first
            operations.end_purchase_order(number=sent.get("number", ""), ends_on=ends_on, **about)
        case _:
            fields = {name: sent[name] for name in names if name in sent}
            operations.change_billing_group(fields=fields, on=today, **about)
    return group_id


def entry_of(request: HttpRequest, fault: EinvoiceDataRefused) -> Entry:
    """What was sent and refused, to be shown again."""
    return Entry(request.POST.get("group", ""), {k: str(v) for k, v in request.POST.items()}, words.refusal(fault))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise EinvoiceDataRefused(
            f"{text!r} is no day; enter it as 2026-11-30", code="day_missing", given=text
        ) from None
