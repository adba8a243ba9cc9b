"""Reads a legacy bundle of format 1 (docs/guide/legacy-bundle.md): every row untouched, every fault in one go."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rackbill.cutover.connectors.columns import FILES

FORMAT = 1
OnStep = Callable[[str, int, int], None]


class NotABundle(ValueError):
    """The folder holds no legacy bundle that this version reads."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: file, line (the header is 1, the file itself 0), column (blank = the row) and a sentence.

    `is_primary` is False for what only follows from another fault.
    """

    file_name: str
    line_number: int
    column: str
    code: str
    reason: str
    is_primary: bool = True

    def __str__(self) -> str:
        place = f"{self.file_name}, line {self.line_number}" + (f", {self.column}" if self.column else "")
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file as it stands there."""

    file_name: str
    line_number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Bundle:
    """A bundle as it was read: rows by file stem in file order, and all faults.

    `values` holds what the cells of good rows mean; `refused` the (stem, line) of rows that have a fault.
    """

    folder: Path
    system: str
    exported_at: str
    fingerprint: str
    rows: dict[str, list[Row]] = field(default_factory=dict)
    values: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    refused: set[tuple[str, int]] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def refuse(self, stem: str, line: int, column: str, code: str, reason: str, *, is_primary: bool = True) -> None:
        """Notes a fault of a row."""
        self.faults.append(Fault(f"{stem}.csv", line, column, code, reason, is_primary))
        self.refused.add((stem, line))


def read_bundle(folder: Path, *, on_step: OnStep | None = None) -> Bundle:
    """The bundle in a folder with all that is wrong with it. Raises NotABundle where there is none at all."""
    # Here, since the checks know the bundle and the bundle only calls them.
    from rackbill.cutover.connectors import checks

    manifest = _manifest(folder)
    bundle = Bundle(folder, manifest["system"], str(manifest.get("exported_at", "")), "")
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
    for done, stem in enumerate(FILES, start=1):
        content = _content(bundle, stem, manifest["files"])
        digest.update(content)
        bundle.rows[stem] = _rows(bundle, stem, content)
        if on_step is not None:
            on_step("read bundle", done, len(FILES))
    bundle.fingerprint = digest.hexdigest()
    checks.check(bundle, on_step)
    bundle.faults.sort(key=lambda f: (list(FILES).index(f.file_name.removesuffix(".csv")), f.line_number, f.column))
    return bundle


def _manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise NotABundle(f"there is no folder {folder}")
    path = folder / "manifest.json"
    if not path.is_file():
        raise NotABundle(f"{folder} has no manifest.json; is it a legacy bundle?")
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError as fault:
        raise NotABundle(f"{path} is not JSON: {fault}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise NotABundle(f"{path} is not of format {FORMAT}")
    if not re.fullmatch(r"[a-z0-9-]{1,32}", str(manifest.get("system", ""))):
        raise NotABundle(f"{path}: `system` takes lower-case letters, digits and dashes, at most 32")
    if not isinstance(manifest.get("files"), dict):
        raise NotABundle(f"{path} lists no files")
    return manifest


def _content(bundle: Bundle, stem: str, listed: dict[str, Any]) -> bytes:
    name = f"{stem}.csv"
    path = bundle.folder / name
    if not path.is_file():
        bundle.broken.add(stem)
        bundle.refuse(
            stem, 0, "", "missing_file", f"the file {name} is missing; write it, with its header alone if need be"
        )
        return b""
    content = path.read_bytes()
    entry = listed.get(name)
    if not isinstance(entry, dict):
        bundle.refuse(stem, 0, "", "not_in_manifest", f"manifest.json does not list {name}; add its rows and sha256")
    elif entry.get("sha256") != hashlib.sha256(content).hexdigest():
        bundle.refuse(
            stem, 0, "", "changed_file", f"{name} is not the file that manifest.json describes: its SHA-256 differs"
        )
    return content


def _decoded(bundle: Bundle, stem: str, content: bytes) -> str:
    """UTF-8; bytes that are not stand as surrogates, so that the rest of the file can be read and each named once."""
    return content.decode("utf-8", errors="surrogateescape")


def _rows(bundle: Bundle, stem: str, content: bytes) -> list[Row]:
    if stem in bundle.broken:
        return []
    reader = csv.reader(io.StringIO(_decoded(bundle, stem, content), newline=""))
    header = next(reader, [])
    wanted = [column.name for column in FILES[stem]]
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in wanted]
    for name in missing:
        bundle.refuse(
            stem, 1, name, "missing_column", f"the column {name} is missing; add it, blank cells may be allowed"
        )
    for name in unknown:
        bundle.refuse(stem, 1, name, "unknown_column", f"the column {name!r} is not part of format 1; take it out")
    rows: list[Row] = []
    for line, cells in _numbered(reader):
        if len(cells) != len(header):
            rows.append(Row(f"{stem}.csv", line, dict(zip(header, cells, strict=False))))
            if not missing and not unknown:
                reason = f"the row has {len(cells)} cells, the header {len(header)}; check quotes and commas"
                bundle.refuse(stem, line, "", "row_length", reason)
            continue
        rows.append(Row(f"{stem}.csv", line, dict(zip(header, cells, strict=True))))
    if missing or unknown:
        bundle.broken.add(stem)
        if rows:
            reason = f"the {len(rows)} rows were not checked, because the header is wrong"
            bundle.refuse(stem, 1, "", "not_checked", reason, is_primary=False)
    return rows


def _numbered(reader: Any) -> Any:
    """(line, cells): the line is that of the row's place in the file, the header being line 1."""
    for line, cells in enumerate(reader, start=2):
        yield line, cells
