"""Runs in the client's own virtual environment: the published client, its host redirected, nothing else changed.

Usage: leaseweb_api_wrapper.py BASE_URL KEY SERVER_ID REFERENCE. Prints one JSON object.
"""

import json
import sys

import leaseweb_api.dedicated_servers as module
from leaseweb_api import DedicatedServers, LeasewebAuthenticationProvider

base_url, key, server_id, reference = sys.argv[1:]
module.BASE_URL = base_url
client = DedicatedServers(LeasewebAuthenticationProvider(key))
stranger = DedicatedServers(LeasewebAuthenticationProvider("no-such-key"))


def plain(value: object) -> object:
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {"type": type(value).__name__, **value.model_dump(mode="json")} if hasattr(value, "model_dump") else value


print(
    json.dumps(
        {
            "list_servers": plain(client.list_servers()),
            "get_server": plain(client.get_server(server_id)),
            "set_reference": plain(client.set_reference(server_id, reference)),
            "get_again": plain(client.get_server(server_id)),
            "unknown": plain(client.get_server("99999999")),
            "no_key": plain(stranger.list_servers()),
        }
    )
)
