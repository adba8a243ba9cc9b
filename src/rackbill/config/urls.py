"""Which door a path leads to."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("rackbill.interfaces.api.urls")),
    path("", include("rackbill.interfaces.portal.urls")),
    path("", include("rackbill.interfaces.office.urls")),
]

handler403 = "rackbill.interfaces.portal.errors.forbidden"
handler404 = "rackbill.interfaces.portal.errors.not_found"
handler500 = "rackbill.interfaces.portal.errors.failed"
