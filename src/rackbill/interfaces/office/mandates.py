"""Mandates of direct debit on a customer's page: entered, listed with the end of their account, revoked."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from rackbill.domain.kit.scope import StaffScope
from rackbill.domain.parties.errors import CustomerNotFound
from rackbill.domain.parties.policy import people
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.errors import MandateRefused
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.office import customers
from rackbill.interfaces.office.customers import MandateEntry
from rackbill.interfaces.office.staff import actor, with_staff

REFUSALS = {
    "mandate_reference": _("A mandate needs a reference of at most 35 letters, digits, blanks and + ? / : ( ) . , ' -"),
    "mandate_known": _("Mandate %(given)s was entered before; a changed account needs a mandate of its own."),
    "mandate_holder": _("A mandate needs the holder of the account."),
    "mandate_day": _("The mandate would be signed on %(given)s, which is still to come."),
    "mandate_day_missing": _("Enter the day of the signature as year-month-day."),
    "mandate_unknown": _("The customer has no mandate %(given)s."),
    "bic": _("“%(given)s” is no BIC; leave it out or enter 8 or 11 characters."),
    "iban": _("“%(given)s” is no IBAN: its length or check digits are wrong."),
}


@require_POST
@with_staff(people.EDITORS)
def mandate(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """Enters a mandate, or revokes the one that is named."""
    sent = request.POST
    about: dict[str, Any] = {
        "scope": scope, "customer_id": customer_id, "reference": sent.get("reference", ""), "now": clock.now(),
        "actor": actor(request),
    }  # fmt: skip
    try:
        if sent.get("act") == "revoke":
            receivables.revoke_mandate(**about)
        else:
            receivables.enter_mandate(
                holder=sent.get("holder", ""), iban=sent.get("iban", ""), bic=sent.get("bic", ""),
                signed_on=_day(sent.get("signed_on", "")), **about,
            )  # fmt: skip
    except CustomerNotFound:
        raise Http404 from None
    except MandateRefused as fault:
        return customers.page_with_mandate(request, scope, customer_id, MandateEntry(_entered(sent), _words(fault)))
    return redirect(f"{reverse('office_customer', args=[customer_id])}?saved=mandates#mandates")


def _entered(sent: Mapping[str, str]) -> dict[str, str]:
    """What was sent, to be shown again; of a mandate that was to be revoked there is nothing to correct."""
    return {} if sent.get("act") == "revoke" else {name: str(value) for name, value in sent.items()}


def _words(fault: MandateRefused) -> Any:
    return REFUSALS[fault.code] % {"given": fault.given}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise MandateRefused(f"{text!r} is no day; enter it as 2026-11-30", code="mandate_day_missing") from None
