"""One search over every identifier that was ever valid."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.identifiers.queries import Resolution
from rackbill.interfaces.jobs import named_things
from rackbill.interfaces.portal.account import with_account

EVERYBODY = policy.SEE_EQUIPMENT | policy.SEE_SERVICES


@with_account(EVERYBODY)
def search(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """Straight to the thing where the text names one; a list with kind and dates where it names several or none."""
    text = request.GET.get("q", "").strip()
    may = request.may  # type: ignore[attr-defined]
    found = named_things.resolutions(scope=account.scope, text=text, with_documents=may["see_amounts"])
    hits = [(resolution, _address(request, resolution)) for resolution in found]
    addresses = {address for _, address in hits if address}
    # A service and its equipment share their old names; the service's page shows both.
    services = [address for resolution, address in hits if address and resolution.target_kind == "service"]
    if len(addresses) == 1 or (len(services) == 1 and {r.target_kind for r in found} == {"service", "equipment"}):
        return redirect(services[0] if services else addresses.pop())
    return render(request, "portal/search.html", {"text": text, "hits": hits, "section": ""})


def _address(request: HttpRequest, resolution: Resolution) -> str:
    may = request.may  # type: ignore[attr-defined]
    if resolution.target_kind == "service" and may["see_services"]:
        return reverse("service", args=[resolution.target_id])
    if resolution.target_kind == "equipment" and may["see_equipment"]:
        return reverse("equipment", args=[resolution.target_id])
    if resolution.target_kind == "contract" and may["see_services"]:
        return f"{reverse('services')}?q={resolution.target_id}"
    if resolution.target_kind in ("invoice", "credit_note"):
        return reverse("invoice", args=[resolution.target_id])
    return ""
