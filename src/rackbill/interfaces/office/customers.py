"""Customers: found, and what their documents and e-invoices are made from, shown with what is missing, and changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rackbill.domain.access import queries as access
from rackbill.domain.kit.scope import StaffScope
from rackbill.domain.parties.errors import BillingGroupNotFound, CustomerNotFound, EinvoiceDataRefused
from rackbill.domain.parties.operations import einvoices as operations
from rackbill.domain.parties.policy import people
from rackbill.domain.parties.policy.readiness import BUYER, RULES, SELLER
from rackbill.domain.parties.queries import einvoices
from rackbill.domain.parties.queries.einvoices import CustomerData
from rackbill.domain.receivables import queries as receivables_queries
from rackbill.interfaces.jobs import clock, einvoice_readiness
from rackbill.interfaces.office.staff import actor, with_staff
from rackbill.interfaces.portal import einvoice_forms, lists
from rackbill.interfaces.portal import einvoice_words as words
from rackbill.interfaces.portal.einvoice_forms import Entry

ADDRESS = ("street", "city", "postal_code")
CUSTOMER_NAMES = ("name", *ADDRESS, "tax_id", "company_number", "company_scheme", "electronic_address")
GROUP_NAMES = (
    "einvoice_choice", "electronic_address", "buyer_reference", "po_number", "addressee", "contact_name", "project_reference",
    "cost_centre",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MandateEntry:
    """What a person sent as a mandate, and why it was refused."""

    values: Mapping[str, str] = field(default_factory=dict)
    fault: Any = ""


@with_staff(people.VIEWERS)
def customers(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Customers of the person's sales organisations, searched by what stands in the address."""
    search = request.GET.get("q", "").strip()
    page = einvoices.customer_list(scope=scope, search=search, limit=lists.PAGE, offset=lists.offset(request))
    context = {"page": page, "links": lists.links(request, page), "search": search, "section": "customers"}
    return render(request, "office/customers.html", context)


@with_staff(people.VIEWERS)
def customer(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """One customer: can it receive an e-invoice today, and the data that decide it."""
    return _page(request, scope, customer_id, Entry())


@require_POST
@with_staff(people.EDITORS)
def change(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """Stores the form of the customer, or of one of its billing groups."""
    about = request.POST.get("group", "")
    try:
        if about:
            if not about.startswith(f"{customer_id}-"):
                raise Http404
            einvoice_forms.store(
                request, scope=scope, names=(*GROUP_NAMES, *ADDRESS), now=clock.now(), actor=actor(request)
            )
        else:
            operations.change_customer(
                scope=scope, customer_id=customer_id, is_public_body="is_public_body" in request.POST, now=clock.now(),
                fields={name: request.POST[name] for name in CUSTOMER_NAMES if name in request.POST}, actor=actor(request),
            )  # fmt: skip
    except (CustomerNotFound, BillingGroupNotFound):
        raise Http404 from None
    except EinvoiceDataRefused as fault:
        return _page(request, scope, customer_id, einvoice_forms.entry_of(request, fault), status=422)
    saved = about or customer_id
    return redirect(f"{reverse('office_customer', args=[customer_id])}?saved={saved}#group-{saved}")


def page_with_mandate(request: HttpRequest, scope: StaffScope, customer_id: str, entry: MandateEntry) -> HttpResponse:
    """The page once more, with a mandate that was refused."""
    return _page(request, scope, customer_id, Entry(), status=422, mandate_entry=entry)


def _page(
    request: HttpRequest, scope: StaffScope, customer_id: str, entry: Entry, status: int = 200,
    mandate_entry: MandateEntry | None = None,
) -> HttpResponse:  # fmt: skip
    today, profiles = clock.now().date(), einvoice_readiness.imported_profiles()
    try:
        data = einvoices.customer_data(scope=scope, customer_id=customer_id, on=today)
        ready = einvoices.einvoice_readiness(
            scope=scope, customer_id=customer_id, on=today, imported=profiles, mandates=receivables_queries.mandates
        )
    except CustomerNotFound:
        raise Http404 from None
    roles = access.staff_organisations(user_key=int(request.user.pk or 0))
    mandates = receivables_queries.customer_mandates(scope=scope, customer_id=customer_id)
    context = {
        "customer": data, "section": "customers", "saved": request.GET.get("saved", ""), "today": today,
        "target": reverse("office_change_customer", args=[customer_id]), "mandate_entry": mandate_entry or MandateEntry(),
        "mandate_target": reverse("office_mandate", args=[customer_id]),
        "mandates": mandates, "mandate_in_force": next((row.reference for row in mandates if not row.is_revoked), ""),
        "may_edit": bool(roles.get(data.organisation_id, frozenset()) & people.EDITORS), **_customer_form(data, entry),
        "sections": einvoice_forms.sections(
            data, ready, names=GROUP_NAMES, profiles=profiles, today=today, sides=(BUYER, SELLER, RULES), entry=entry
        ),
    }  # fmt: skip
    return render(request, "office/customer.html", context, status=status)


def _customer_form(data: CustomerData, entry: Entry) -> dict[str, Any]:
    is_own = not entry.about and bool(entry.fault)
    entered = entry.values if is_own else {}
    return {
        "fields": [
            einvoice_forms.text_field(name, entered.get(name, getattr(data, name)), f"{name}-{data.customer_id}")
            for name in CUSTOMER_NAMES
        ],
        "is_public_body": "is_public_body" in entered if is_own else data.is_public_body,
        "fault": entry.fault if is_own else "", "limit": words.LIMITS.get(data.rule.limit, ""),
        "unprintable": einvoice_readiness.unprintable_names((data.name, data.street, data.city)),
    }  # fmt: skip
