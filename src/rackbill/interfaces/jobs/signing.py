"""The installation's signer; its key lies in RACKBILL_HOME/keys, outside the database."""

from pathlib import Path

from django.conf import settings

from rackbill.adapters import signing_key
from rackbill.domain.kit.secrets import Signer


def signer() -> Signer:
    """Signs chain heads and reports."""
    return Signer(signing_key.load_signing_key(path=Path(settings.RACKBILL_HOME) / "keys" / "signing.pem"))
