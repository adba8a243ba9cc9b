"""The hash chain of a number series: each link is the link before with the document's own hash; a seal signs a link."""

import hashlib
import json
from collections.abc import Iterable

GENESIS = "0" * 64
"""The link before the first document."""


def next_chain_hash(*, previous: str, sha256: str) -> str:
    """The link of a hash chain: SHA-256 over the link before and the document's own hash, both as hex digits."""
    return hashlib.sha256(f"{previous}{sha256}".encode()).hexdigest()


def chain_hash_after(*, previous: str, hashes: Iterable[str]) -> str:
    """The link after several documents."""
    for sha256 in hashes:
        previous = next_chain_hash(previous=previous, sha256=sha256)
    return previous


def chain_seal_message(*, last_number: str, chain_hash: str) -> bytes:
    """What a seal signs."""
    return json.dumps(
        {"chain_hash": chain_hash, "last_number": last_number}, sort_keys=True, separators=(",", ":")
    ).encode()
