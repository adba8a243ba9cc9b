"""Every refusal of the API as its error object, with a correlation ID that is passed on or made."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, ValidationError

from rackbill.interfaces.api.answers import json_answer

PREFIXES = re.compile(r"^/(?:invoices|services|bareMetals)/v\d+(?:/|$)")
HEADER = "APIGW-CORRELATION-ID"
MESSAGES = {
    400: "The request is not valid; see errorDetails.",
    401: "The X-LSW-Auth header holds no valid API key; create one in the portal.",
    403: "This API key may not use this method; allow it where the key is managed in the portal.",
    404: "There is nothing here under this identifier or path.",
    405: "This path does not take this method.",
    500: "Something went wrong here; quote the correlationId when you ask us.",
}


class ApiRefusal(Exception):
    """A refusal with its status, and for 400 what is wrong with each field."""

    def __init__(self, status: int, message: str = "", details: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.details = status, message, details


def correlation_id(request: HttpRequest) -> str:
    """The caller's correlation ID where it is a UUID, else a new one; the same all through a request."""
    known = getattr(request, "correlation_id", None)
    if known is None:
        given = request.headers.get(HEADER, "")
        known = given if re.fullmatch(r"[0-9a-fA-F-]{36}", given) else str(uuid.uuid4())
        request.correlation_id = known  # type: ignore[attr-defined]
    return str(known)


def error_object(
    request: HttpRequest, status: int, message: str = "", details: dict[str, list[str]] | None = None
) -> HttpResponse:
    """errorCode, errorMessage, correlationId, and errorDetails where fields are wrong."""
    body: dict[str, Any] = {
        "errorCode": str(status), "errorMessage": message or MESSAGES.get(status, MESSAGES[500]),
        "correlationId": correlation_id(request),
    }  # fmt: skip
    if details:
        body["errorDetails"] = details
    return json_answer(body, status=status)


def on_refusal(request: HttpRequest, refusal: Any) -> HttpResponse:
    """What a resource refused."""
    return error_object(request, refusal.status, refusal.message, refusal.details)


def on_authentication(request: HttpRequest, refusal: AuthenticationError | type[AuthenticationError]) -> HttpResponse:
    """No or bad key."""
    return error_object(request, 401)


def on_validation(request: HttpRequest, fault: Any) -> HttpResponse:
    """Query or body that does not fit."""
    details: dict[str, list[str]] = {}
    assert isinstance(fault, ValidationError)
    for error in fault.errors:
        name = next((str(part) for part in reversed(error["loc"]) if part not in ("query", "body")), "body")
        details.setdefault(name, []).append(f"{name}: {error['msg']}")
    return error_object(request, 400, details=details)


class ErrorObjects:
    """Middleware: below the API's paths every error is an error object, whoever made it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer with its correlation ID."""
        if not PREFIXES.match(request.path):
            return self._get_response(request)
        response = self._get_response(request)
        if response.status_code >= 400 and not response.headers.get("Content-Type", "").startswith("application/json"):
            allowed = response.headers.get("Allow")
            response = error_object(request, response.status_code)
            if allowed:
                response["Allow"] = allowed
        response[HEADER] = correlation_id(request)
        return response
