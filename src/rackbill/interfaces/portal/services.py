"""All Products → Services: list, detail, the reference edited in place."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.contracts import operations as contract_operations
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.errors import ReferenceRefused, ServiceNotFound
from rackbill.domain.contracts.queries import ServiceRow
from rackbill.domain.identifiers import queries as identifiers
from rackbill.interfaces.jobs import clock, einvoice_readiness
from rackbill.interfaces.portal import lists
from rackbill.interfaces.portal.account import actor, with_account

STATUS_WORDS = {
    "NEW_CONTRACT": _("New"),
    "TO_BE_PROVISIONED": _("To be provisioned"),
    "SCHEDULED": _("Scheduled"),
    "ACTIVE": _("Active"),
    "TO_BE_MODIFIED": _("To be modified"),
    "TO_BE_SUSPENDED": _("To be suspended"),
    "SUSPENDED": _("Suspended"),
    "TO_BE_RECONNECTED": _("To be reconnected"),
}


@with_account(policy.SEE_SERVICES)
def services(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """The list, searched, filtered, sorted and paged by what stands in the address."""
    search, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    sort = request.GET.get("sort", "service")
    page = contracts.services(
        scope=account.scope, on=clock.now().date(), search=search, status=status if status in STATUS_WORDS else "",
        sort=sort, limit=lists.PAGE, offset=lists.offset(request),
    )  # fmt: skip
    rows = [{"row": row, "why": _why(row, search), **shown(row)} for row in page.rows]
    context = {
        "page": page, "rows": rows, "search": search, "status": status, "statuses": STATUS_WORDS.items(), "sort": sort,
        "columns": lists.columns(request, sort, _COLUMNS), "links": lists.links(request, page), "section": "services",
    }  # fmt: skip
    return render(request, "portal/services.html", context)


_COLUMNS = [
    ("equipment", _("Equipment ID")), ("contract", _("Contract ID")), ("reference", _("Reference")), ("", _("Product")),
    ("status", _("Status")),
]  # fmt: skip


def shown(row: ServiceRow) -> dict[str, Any]:
    """What a list shows of a service in words."""
    reference, origin = row.shown_reference
    return {
        "reference": reference, "is_legacy": origin == "legacy_id", "is_own": origin == "reference",
        "status": STATUS_WORDS.get(row.status, row.status),
    }  # fmt: skip


def _why(row: ServiceRow, search: str) -> str:
    """The old name that a search found the service by, where the list does not show it anyway."""
    wanted = search.casefold()
    if (
        not wanted
        or wanted in row.shown_reference[0].casefold()
        or wanted in row.equipment_id
        or wanted in row.contract_id
    ):
        return ""
    return next((text for text in (row.legacy_name, row.legacy_id) if wanted in text.casefold()), "")


@with_account(policy.SEE_SERVICES)
def service(request: HttpRequest, account: AccountAccess, service_id: str) -> HttpResponse:
    """One service with everything it is and was called; an old identifier leads to the new address."""
    try:
        row = contracts.service(scope=account.scope, service_id=service_id, on=clock.now().date())
    except ServiceNotFound:
        current = identifiers.target_id(scope=account.scope, target_kind="service", text=service_id)
        if current is None:
            raise Http404 from None
        return redirect("service", service_id=current)
    found = identifiers.resolutions(scope=account.scope, text=row.service_id)
    names = next((r.identities for r in found if r.target_kind == "service" and r.target_id == row.service_id), ())
    unprintable = einvoice_readiness.unprintable_names((row.reference,))
    context = {"row": row, "names": names, "section": "services", "unprintable": unprintable, **shown(row)}
    return render(request, "portal/service.html", context)


@with_account(policy.SET_REFERENCE)
def reference(request: HttpRequest, account: AccountAccess, service_id: str) -> HttpResponse:
    """The form for a reference, in its cell with htmx, else as a page; POST stores it."""
    try:
        row = contracts.service(scope=account.scope, service_id=service_id, on=clock.now().date())
        if request.method == "POST":
            text = request.POST.get("reference", "")
            try:
                contract_operations.set_reference(
                    scope=account.scope, service_id=service_id, reference=text, now=clock.now(), actor=actor(request)
                )
            except ReferenceRefused as refusal:
                return _form(request, row, text, str(refusal), status=422)
            return _stored(request, account, service_id)
    except ServiceNotFound:
        raise Http404 from None
    if request.GET.get("cancel") and request.htmx:  # type: ignore[attr-defined]
        return _cell(request, row)
    return _form(request, row, row.reference, "")


def _form(request: HttpRequest, row: ServiceRow, text: str, error: str, status: int = 200) -> HttpResponse:
    template = "portal/_reference_form.html" if request.htmx else "portal/reference.html"  # type: ignore[attr-defined]
    context = {"row": row, "text": text, "error": error, "section": "services", "back": back(request, row)}
    # htmx swaps only good answers; the form with its message is one.
    return render(request, template, context, status=200 if request.htmx else status)  # type: ignore[attr-defined]


def back(request: HttpRequest, row: ServiceRow) -> str:
    """Where a person goes after setting a reference: the service, or its equipment for those who see no services."""
    if request.may["see_services"]:  # type: ignore[attr-defined]
        return reverse("service", args=[row.service_id])
    return reverse("equipment", args=[row.equipment_id]) if row.equipment_id else "/"


def _cell(request: HttpRequest, row: ServiceRow) -> HttpResponse:
    unprintable = einvoice_readiness.unprintable_names((row.reference,))
    item = {"row": row, "unprintable": unprintable, **shown(row)}
    return render(request, "portal/_reference_cell.html", {"item": item, "focus": True})


def _stored(request: HttpRequest, account: AccountAccess, service_id: str) -> HttpResponse:
    row = contracts.service(scope=account.scope, service_id=service_id, on=clock.now().date())
    return _cell(request, row) if request.htmx else redirect(back(request, row))  # type: ignore[attr-defined]
