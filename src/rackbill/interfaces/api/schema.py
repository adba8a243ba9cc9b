"""The OpenAPI document of the public API."""

import json

from rackbill.interfaces.api.urls import api


def openapi_json() -> str:
    """The document in a stable order."""
    return json.dumps(api.get_openapi_schema(path_prefix=""), indent=1, sort_keys=True, default=str) + "\n"
