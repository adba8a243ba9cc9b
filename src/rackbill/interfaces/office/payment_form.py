"""The form by which staff enter a payment: read, booked, or shown again with why not."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rackbill.core.money import Money, UnknownCurrency, exact_minor_from_decimal
from rackbill.domain.receivables import operations
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, MoneyRefused, OpenItemNotFound
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.office.staff import actor

METHODS = {
    "transfer": _("Bank transfer"), "card": _("Card"), "cash": _("Cash"), "cheque": _("Cheque"), "other": _("Other"),
}  # fmt: skip
OWN_ID = "office-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEntry:
    """What a person sent as a payment, and why it was refused: `words` in their language, `fault` in English."""

    values: dict[str, str] = field(default_factory=dict)
    words: Any = ""
    fault: str = ""


def book(request: HttpRequest, customer_id: str) -> PaymentEntry | None:
    """Books what was sent; None where it is booked. The form carries the payment's ID: sent twice, it is booked once."""
    sent = {name: str(value).strip() for name, value in request.POST.items()}
    now, currency = clock.now(), sent.get("currency", "").upper()
    try:
        amount = exact_minor_from_decimal(Decimal(sent.get("amount", "").replace(",", ".")), currency)
        received_on = date.fromisoformat(sent.get("received_on", ""))
    except (InvalidOperation, UnknownCurrency, ValueError):
        return PaymentEntry(values=sent, words=_("Enter an amount such as 12.50 with its currency, and the day."))
    if received_on > now.date():
        return PaymentEntry(values=sent, words=_("The day is still to come."))
    payment_id = sent.get("payment_id", "")
    if not payment_id.startswith(OWN_ID) or len(payment_id) > 48:
        payment_id = f"{OWN_ID}{uuid.uuid4().hex}"
    method = sent.get("method", "")
    try:
        operations.record_payment(
            payment_id=payment_id, customer_id=customer_id, money=Money(amount, currency), received_on=received_on,
            method=method if method in METHODS else "other", text=sent.get("text", ""), to_number=sent.get("to", ""),
            now=now, actor=actor(request),
        )  # fmt: skip
    except (MoneyRefused, MoneyNotFound, OpenItemNotFound, IdReused) as fault:
        return PaymentEntry(values=sent, fault=str(fault))
    return None


def context(entry: PaymentEntry | None, *, currency: str, today: date) -> dict[str, Any]:
    """What the form shows: as it was sent, or empty with an ID of its own."""
    values = dict(entry.values) if entry else {}
    values.setdefault("payment_id", f"{OWN_ID}{uuid.uuid4().hex}")
    values.setdefault("received_on", today.isoformat())
    values.setdefault("currency", currency)
    return {"values": values, "methods": METHODS.items(), "entry": entry or PaymentEntry()}
