"""Paths of the public API."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from rackbill.interfaces.api import errors, invoices, servers, services
from rackbill.interfaces.api.authentication import ApiKeyAuth

api = NinjaAPI(
    title="Rackbill public API",
    version="1",
    docs_url=None,
    openapi_url=None,
    auth=ApiKeyAuth(),
    urls_namespace="public_api",
)
api.add_router("/invoices/v1", invoices.router)
api.add_router("/services/v1", services.router)
api.add_router("/bareMetals/v2", servers.router)
api.add_exception_handler(errors.ApiRefusal, errors.on_refusal)
api.add_exception_handler(AuthenticationError, errors.on_authentication)
api.add_exception_handler(ValidationError, errors.on_validation)


def nothing_here(request: HttpRequest, **_: Any) -> HttpResponse:
    """Any other path below the API's: 404 for everybody, key or not."""
    return errors.error_object(request, 404)


_patterns, _app_name, _namespace = api.urls
# The API has no root of its own; the portal's first page is there.
_resources = [pattern for pattern in _patterns if pattern.name != "api-root"]

urlpatterns = [
    path("", (_resources, _app_name, _namespace)),
    re_path(r"^(?:invoices|services|bareMetals)/v\d+(?:/|$)", nothing_here),
]
