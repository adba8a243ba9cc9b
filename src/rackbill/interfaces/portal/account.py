"""Which customer account a person is in, and what the roles there allow. Every page goes through `with_account`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from rackbill.domain.access import policy
from rackbill.domain.access import queries as access
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.kit.actor import Actor

View = Callable[..., HttpResponse]
SESSION_KEY = "customer_id"


def with_account(needed: frozenset[str]) -> Callable[[View], View]:
    """Demands log-in, an account and one of the roles; the view gets the account as its second argument."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            accounts = access.accounts(user_key=int(request.user.pk))
            if not accounts:
                return render(request, "portal/no_account.html", status=403)
            account = _chosen(request, accounts)
            request.account = account  # type: ignore[attr-defined]
            request.accounts = accounts  # type: ignore[attr-defined]
            request.may = _permissions(account)  # type: ignore[attr-defined]
            language = getattr(request.user, "language", "en")
            if "django_language" not in request.COOKIES:
                translation.activate(language)
                request.LANGUAGE_CODE = translation.get_language()  # type: ignore[attr-defined]
            if not policy.is_allowed(account.roles, needed):
                return render(request, "portal/forbidden.html", {"needed": sorted(needed)}, status=403)
            return view(request, account, *args, **kwargs)

        return page

    return decorate


def _chosen(request: HttpRequest, accounts: list[AccountAccess]) -> AccountAccess:
    wanted = request.session.get(SESSION_KEY)
    return next((account for account in accounts if account.scope.customer_id == wanted), accounts[0])


def _permissions(account: AccountAccess) -> dict[str, bool]:
    return {
        "see_amounts": policy.is_allowed(account.roles, policy.SEE_AMOUNTS),
        "see_services": policy.is_allowed(account.roles, policy.SEE_SERVICES),
        "see_equipment": policy.is_allowed(account.roles, policy.SEE_EQUIPMENT),
        "set_invoicing": policy.is_allowed(account.roles, policy.SET_INVOICING),
        "set_reference": policy.is_allowed(account.roles, policy.SET_REFERENCE),
    }


def actor(request: HttpRequest) -> Actor:
    """The person, as history keeps it."""
    return Actor("person", request.user.get_username())


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Enters another customer account of the same person; an account that is not his is left as it was."""
    wanted = request.POST.get("customer_id", "")
    if any(account.scope.customer_id == wanted for account in access.accounts(user_key=int(request.user.pk))):
        request.session[SESSION_KEY] = wanted
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "/")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """To the first page that the roles allow; staff who belong to no customer go to the office."""
    user_key = int(request.user.pk)
    roles = frozenset(role for account in access.accounts(user_key=user_key) for role in account.roles)
    if not roles and access.staff_organisations(user_key=user_key):
        return redirect("office_runs")
    return redirect("services" if policy.is_allowed(roles, policy.SEE_SERVICES) or not roles else "equipment_list")
