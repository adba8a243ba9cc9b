"""Equipment: what stands where. No amounts, so that Technical may see it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.errors import EquipmentNotFound
from rackbill.domain.identifiers import queries as identifiers
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.portal import lists
from rackbill.interfaces.portal.account import with_account
from rackbill.interfaces.portal.services import shown

_COLUMNS = [
    ("equipment", _("Equipment ID")),
    ("reference", _("Reference")),
    ("", _("Product")),
    ("status", _("Status")),
]


@with_account(policy.SEE_EQUIPMENT)
def equipment_list(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """Everything that has an Equipment ID."""
    search, sort = request.GET.get("q", "").strip(), request.GET.get("sort", "equipment")
    page = contracts.services(
        scope=account.scope, on=clock.now().date(), search=search, sort=sort, has_equipment=True, limit=lists.PAGE,
        offset=lists.offset(request),
    )  # fmt: skip
    context = {
        "page": page, "rows": [{"row": row, **shown(row)} for row in page.rows], "search": search,
        "columns": lists.columns(request, sort, _COLUMNS), "links": lists.links(request, page), "section": "equipment",
    }  # fmt: skip
    return render(request, "portal/equipment_list.html", context)


@with_account(policy.SEE_EQUIPMENT)
def equipment(request: HttpRequest, account: AccountAccess, equipment_id: str) -> HttpResponse:
    """One equipment; an old identifier leads to the new address."""
    try:
        row = contracts.server(scope=account.scope, equipment_id=equipment_id, on=clock.now().date(), kind="")
    except EquipmentNotFound:
        current = identifiers.target_id(scope=account.scope, target_kind="equipment", text=equipment_id)
        if current is None:
            raise Http404 from None
        return redirect("equipment", equipment_id=current)
    return render(request, "portal/equipment.html", {"row": row, "section": "equipment", **shown(row)})
