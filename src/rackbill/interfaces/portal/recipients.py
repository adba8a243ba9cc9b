"""Who gets the customer's documents by e-mail, and which files come with them; the customer's own to choose."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.parties.errors import BillingGroupNotFound, RecipientNotFound
from rackbill.domain.parties.queries import mailing
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.portal import recipient_forms
from rackbill.interfaces.portal.account import actor, with_account


@with_account(policy.SET_INVOICING)
def recipients(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """The recipients of each billing group with the files they get; POST stores those of one group."""
    if request.method != "POST":
        return _page(request, account)
    group_id = request.POST.get("group", "")
    try:
        recipient_forms.store(request, scope=account.scope, group_id=group_id, now=clock.now(), actor=actor(request))
    except BillingGroupNotFound:
        raise Http404 from None
    except RecipientNotFound:
        return _page(request, account, fault=recipient_forms.GONE, about=group_id, status=422)
    return redirect(f"{reverse('recipients')}?saved={group_id}#group-{group_id}")


def _page(
    request: HttpRequest, account: AccountAccess, *, fault: Any = "", about: str = "", status: int = 200
) -> HttpResponse:
    groups = mailing.recipient_groups(
        scope=account.scope, customer_id=account.scope.customer_id, on=clock.now().date()
    )  # fmt: skip
    context = {
        "sections": recipient_forms.sections(groups), "saved": request.GET.get("saved", ""), "fault": fault, "about": about,
        "target": reverse("recipients"), "may_edit": True, "section": "invoicing",
    }  # fmt: skip
    return render(request, "portal/recipients.html", context, status=status)
