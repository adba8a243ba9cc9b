"""Files on disk, named by their SHA-256: the same bytes are kept once, and a file never changes."""

import hashlib
import os
import secrets
from pathlib import Path


class FileMissing(LookupError):
    """The file is not there, or its bytes are no longer those of its name."""


def store_file(*, root: Path, content: bytes) -> str:
    """The SHA-256 under which the bytes are kept. May run twice; a half-written file is never seen."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(root, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several machines may share the folder, so a process number is no name of its own.
        half = path.with_suffix(f".{secrets.token_hex(8)}")
        with half.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        half.replace(path)
    return digest


def load_file(*, root: Path, digest: str) -> bytes:
    """The bytes kept under a SHA-256. Raises FileMissing where they are gone or changed."""
    try:
        content = _path(root, digest).read_bytes()
    except FileNotFoundError:
        raise FileMissing(f"no stored file {digest}; restore it from the backup") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise FileMissing(f"stored file {digest} was changed on disk; restore it from the backup")
    return content


def _path(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest
