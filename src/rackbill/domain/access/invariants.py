"""What must always hold over log-ins and keys; yields violations, mends nothing."""

import re
from collections.abc import Iterator

from rackbill.domain.access.models import ApiKey, StaffToken

_METHODS = {"GET", "POST", "PUT", "DELETE"}


def violations() -> Iterator[str]:
    """Keys and tokens are kept only as hashes, and keys name only methods that exist."""
    for key in ApiKey.objects.all().iterator():
        if not re.fullmatch(r"[0-9a-f]{64}", key.secret_hash):
            yield f"API key {key.key_id} is not kept as a hash"
        if not key.methods or not set(key.methods) <= _METHODS:
            yield f"API key {key.key_id} names methods that do not exist: {key.methods}"
    for token in StaffToken.objects.select_related("user").iterator(chunk_size=2000):
        if not re.fullmatch(r"[0-9a-f]{64}", token.secret_hash):
            yield f"a staff token of {token.user.email} is not kept as a hash"
