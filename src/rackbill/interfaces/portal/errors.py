"""Error pages in the design."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: there is nothing here, or it is somebody else's; the page looks the same."""
    return render(request, "portal/not_found.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 outside the roles: a form that was too old, say."""
    return render(request, "portal/too_old.html", status=403)


def failed(request: HttpRequest) -> HttpResponse:
    """500."""
    return render(request, "portal/failed.html", status=500)
