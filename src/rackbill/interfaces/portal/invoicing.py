"""Invoicing details: what stands on the customer's documents and where its e-invoices go; the customer's own to change."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.parties.errors import BillingGroupNotFound, EinvoiceDataRefused
from rackbill.domain.parties.policy.readiness import BUYER
from rackbill.domain.parties.queries import einvoices
from rackbill.domain.receivables import queries as receivables
from rackbill.interfaces.jobs import clock, einvoice_readiness
from rackbill.interfaces.portal import einvoice_forms
from rackbill.interfaces.portal.account import actor, with_account
from rackbill.interfaces.portal.einvoice_forms import Entry

NAMES = (
    "einvoice_choice", "electronic_address", "buyer_reference", "po_number", "contact_name", "project_reference", "cost_centre",
)  # fmt: skip


@with_account(policy.SET_INVOICING)
def invoicing(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """The billing groups with their forms; POST stores one of them."""
    if request.method == "POST":
        try:
            group_id = einvoice_forms.store(
                request, scope=account.scope, names=NAMES, now=clock.now(), actor=actor(request)
            )
        except BillingGroupNotFound:
            raise Http404 from None
        except EinvoiceDataRefused as fault:
            return _page(request, account, einvoice_forms.entry_of(request, fault), status=422)
        return redirect(f"{reverse('invoicing')}?saved={group_id}#group-{group_id}")
    return _page(request, account, Entry())


def _page(request: HttpRequest, account: AccountAccess, entry: Entry, status: int = 200) -> HttpResponse:
    today, profiles = clock.now().date(), einvoice_readiness.imported_profiles()
    customer_id = account.scope.customer_id
    data = einvoices.customer_data(scope=account.scope, customer_id=customer_id, on=today)
    ready = einvoices.einvoice_readiness(
        scope=account.scope, customer_id=customer_id, on=today, imported=profiles, mandates=receivables.mandates
    )
    context = {
        "customer": data, "saved": request.GET.get("saved", ""), "today": today, "target": reverse("invoicing"),
        "may_edit": True, "section": "invoicing",
        "unprintable": einvoice_readiness.unprintable_names((data.name, data.street, data.city)),
        "sections": einvoice_forms.sections(
            data, ready, names=NAMES, profiles=profiles, today=today, sides=(BUYER,), entry=entry
        ),
    }  # fmt: skip
    return render(request, "portal/invoicing.html", context, status=status)
