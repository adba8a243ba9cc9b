"""The API key in the header X-LSW-Auth, in whatever letter case it comes."""

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyHeader

from rackbill.domain.access import queries as access
from rackbill.domain.access.queries import KeyHolder
from rackbill.domain.kit.actor import Actor
from rackbill.interfaces.api.errors import ApiRefusal
from rackbill.interfaces.jobs import clock


class ApiKeyAuth(APIKeyHeader):
    """401 for no or a bad key, 403 for a method that the key may not use."""

    param_name = "X-LSW-Auth"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The holder of the key, or None."""
        if not key:
            return None
        holder = access.key_holder(secret=key, address=request.META.get("REMOTE_ADDR", ""), now=clock.now())
        if holder is not None and request.method not in holder.methods:
            raise ApiRefusal(403)
        return holder


def holder(request: HttpRequest) -> KeyHolder:
    """Whose key the request came with."""
    found: KeyHolder = request.auth  # type: ignore[attr-defined]
    return found


def actor(request: HttpRequest) -> Actor:
    """The key, as history keeps it."""
    return Actor("api_key", holder(request).key_id)
