"""What must always hold over log-ins and keys; yields violations, mends nothing."""

import re
from collections.abc import Iterator

from rackbill.domain.access.models import ApiKey

_METHODS = {"GET", "POST", "PUT", "DELETE"}


def violations() -> Iterator[str]:
    """Keys are kept only as hashes and name only methods that exist."""
    for key in ApiKey.objects.all().iterator():
        if not re.fullmatch(r"[0-9a-f]{64}", key.secret_hash):
            yield f"API key {key.key_id} is not kept as a hash"
        if not key.methods or not set(key.methods) <= _METHODS:
            yield f"API key {key.key_id} names methods that do not exist: {key.methods}"
