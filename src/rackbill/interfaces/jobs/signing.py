"""The installation's signer; its key lies in RACKBILL_HOME/keys, outside the database."""

import socket
from pathlib import Path

from django.conf import settings

from rackbill.adapters import signing_key
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.secrets import Signer


class SigningKeyMissing(LookupError):
    """The books are sealed with a key that this machine does not have."""


def signer() -> Signer:
    """Signs chain heads and reports. The first call of an installation makes its key."""
    return Signer(signing_key.load_signing_key(path=_path()))


def workers_signer() -> Signer:
    """As `signer`, for workers, who may run on any machine: where the books are sealed already, no second key is made.

    Raises SigningKeyMissing.
    """
    if not _path().exists() and documents.are_sealed():
        raise SigningKeyMissing(
            f"a worker on {socket.gethostname()} has no signing key ({_path()}); copy the folder keys/ from the machine that "
            "sealed the books, or run workers there alone"
        )
    return signer()


def _path() -> Path:
    return Path(settings.RACKBILL_HOME) / "keys" / "signing.pem"
