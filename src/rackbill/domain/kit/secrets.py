"""Secrets that are stored only as hashes, and signatures whose key lies outside the database."""

import base64
import hashlib
import json
import secrets as randomness
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def secret_hash(secret: str) -> str:
    """SHA-256 of an API key's secret, 64 hex digits. The secrets are long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """A fresh secret for an API key; shown once, never stored."""
    return randomness.token_urlsafe(30)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with an Ed25519 key handed in by a door."""

    private_key: Ed25519PrivateKey

    @property
    def public_key_text(self) -> str:
        """The public key, 32 bytes in base64."""
        raw = self.private_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def sign(self, message: bytes) -> str:
        """The signature in base64."""
        return base64.b64encode(self.private_key.sign(message)).decode()


def is_signed(message: bytes, signature: str, public_key_text: str) -> bool:
    """Whether the signature over the message was made with the key that belongs to the public key."""
    public_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key_text))
    try:
        public_key.verify(base64.b64decode(signature), message)
    except InvalidSignature:
        return False
    return True


def signed_report(*, report: dict[str, Any], signer: Signer) -> dict[str, Any]:
    """The report with its signature and public key; `rackbill verify` checks it on a bare machine."""
    body = json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return {"report": report, "signature": signer.sign(body), "public_key": signer.public_key_text}
