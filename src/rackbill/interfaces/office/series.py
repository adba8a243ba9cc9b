"""Number series: what is used of each range, and what to do where one is nearly used up."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rackbill.domain.billing import policy
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import StaffScope
from rackbill.interfaces.office.staff import with_staff
from rackbill.interfaces.portal import lists


@with_staff(policy.READERS)
def series(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """The ranges of the person's sales organisations."""
    page = documents.number_series(scope=scope, limit=lists.PAGE, offset=lists.offset(request))
    context = {
        "page": page, "links": lists.links(request, page), "section": "series",
        "nearly_full": documents.nearly_full_series(scope=scope),
    }  # fmt: skip
    return render(request, "office/series.html", context)
