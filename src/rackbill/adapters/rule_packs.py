"""Imported rule packs on disk: a folder for each, named by its checksum, and one manifest for each profile in use."""

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

MAX_FILES, MAX_BYTES = 5000, 400_000_000
_WANTED = re.compile(r"\.(xslt|xsl|xml|xsd|sch)$|/(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)


class PackDamaged(RuntimeError):
    """A file of an imported pack is gone or is not the one that was imported."""


def folder_files(*, folder: Path) -> dict[str, bytes]:
    """What a downloaded folder holds of style sheets, schemas, code lists, sources and licence texts, by path below it.

    Raises FileNotFoundError, and ValueError for a folder that is far too large to be one pack.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; unpack the download and name the folder it lies in")
    found: dict[str, bytes] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or not _WANTED.search(f"/{name}"):
            continue
        found[name] = path.read_bytes()
        size += len(found[name])
        if len(found) > MAX_FILES or size > MAX_BYTES:
            raise ValueError(f"{folder} holds more than one pack of rules; name the folder of one version")
    return found


def store_pack(*, root: Path, profile: str, checksum: str, manifest: bytes, files: Mapping[str, bytes]) -> None:
    """Keeps a pack and puts it in use for its profile. Earlier ones stay: what they let pass can be checked again."""
    folder = root / checksum
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, content)
    _write(folder / f"{profile}.manifest.json", manifest)
    _write(root / f"{profile}.json", manifest)


def manifests(*, root: Path) -> list[bytes]:
    """The manifests of the packs in use."""
    return [path.read_bytes() for path in sorted(root.glob("*.json"))]


def pack_file(*, root: Path, checksum: str, name: str, sha256: str) -> bytes:
    """A file of an imported pack. Raises PackDamaged where it is not the one that was imported."""
    try:
        content = (root / checksum / name).read_bytes()
    except OSError:
        raise PackDamaged(
            f"{name} of the imported rule pack {checksum[:12]} cannot be read; import the pack again"
        ) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PackDamaged(
            f"{name} of the imported rule pack {checksum[:12]} was changed on disk; import the pack again"
        )
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with half.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    half.replace(path)
