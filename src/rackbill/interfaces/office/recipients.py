"""Who gets a customer's documents by e-mail, and which files come with them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rackbill.domain.access import queries as access
from rackbill.domain.kit.scope import StaffScope
from rackbill.domain.parties.errors import BillingGroupNotFound, CustomerNotFound, RecipientNotFound
from rackbill.domain.parties.policy import people
from rackbill.domain.parties.queries import einvoices, mailing
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.office.staff import actor, with_staff
from rackbill.interfaces.portal import recipient_forms


@with_staff(people.VIEWERS)
def recipients(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """The recipients of each billing group of a customer with the files they get."""
    return _page(request, scope, customer_id)


@require_POST
@with_staff(people.EDITORS)
def change(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """Stores the files of the recipients of one billing group."""
    group_id = request.POST.get("group", "")
    if not group_id.startswith(f"{customer_id}-"):
        raise Http404
    try:
        recipient_forms.store(request, scope=scope, group_id=group_id, now=clock.now(), actor=actor(request))
    except BillingGroupNotFound:
        raise Http404 from None
    except RecipientNotFound:
        return _page(request, scope, customer_id, fault=recipient_forms.GONE, about=group_id, status=422)
    return redirect(f"{reverse('office_recipients', args=[customer_id])}?saved={group_id}#group-{group_id}")


def _page(
    request: HttpRequest, scope: StaffScope, customer_id: str, *, fault: Any = "", about: str = "", status: int = 200
) -> HttpResponse:
    today = clock.now().date()
    try:
        data = einvoices.customer_data(scope=scope, customer_id=customer_id, on=today)
        groups = mailing.recipient_groups(scope=scope, customer_id=customer_id, on=today)
    except CustomerNotFound:
        raise Http404 from None
    roles = access.staff_organisations(user_key=int(request.user.pk or 0))
    context = {
        "customer": data, "section": "customers", "saved": request.GET.get("saved", ""), "fault": fault, "about": about,
        "sections": recipient_forms.sections(groups), "target": reverse("office_change_recipients", args=[customer_id]),
        "may_edit": bool(roles.get(data.organisation_id, frozenset()) & people.EDITORS),
    }  # fmt: skip
    return render(request, "office/recipients.html", context, status=status)
