"""One pass of the cut-over: read, stage untouched, translate, adopt in one transaction, report."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from django.db import transaction

from rackbill.adapters import file_storage
from rackbill.cutover import adoption
from rackbill.cutover.connectors.bundle import Bundle, Fault
from rackbill.cutover.models import CutoverRun, Finding, StagedRecord
from rackbill.domain.history import operations as history
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit import bulk
from rackbill.domain.kit.actor import Actor

OnStep = Callable[[str, int, int], None]


class NoConnector(LookupError):
    """No connector of that name is installed."""


class AlreadyAdopted(ValueError):
    """Another state of the same legacy system was adopted before."""


@dataclass(slots=True)
class CutoverReport:
    """What a pass did: its stage (refused, adopted, unchanged), rows staged, findings, changes by noun."""

    stage: str
    system: str
    records: int
    findings: list[Fault] = field(default_factory=list)
    consequences: int = 0
    changes: dict[str, int] = field(default_factory=dict)
    legacy_ids: int = 0
    unresolved_legacy_ids: int = 0

    def as_json(self) -> dict[str, Any]:
        """The keys that scripts rely on: stage, records, findings, changes."""
        return {**asdict(self), "change_count": sum(self.changes.values())}


def connector(name: str) -> Callable[..., Bundle]:
    """The reader of a legacy source (entry points `rackbill.legacy_connectors`). Raises NoConnector."""
    found = {entry.name: entry for entry in entry_points(group="rackbill.legacy_connectors")}
    if name not in found:
        raise NoConnector(
            f"no legacy connector {name!r} is installed; installed are: {', '.join(sorted(found)) or 'none'}"
        )
    reader: Callable[..., Bundle] = found[name].load()
    return reader


def run_cutover(
    *, folder: Path, cutover_on: date, now: datetime, actor: Actor, files_root: Path, on_step: OnStep | None = None,
    source: str = "bundle",
) -> CutoverReport:  # fmt: skip
    """The pass. Running it again with the same bundle changes nothing; with any primary finding nothing is adopted.

    Raises NotABundle, NoConnector, AlreadyAdopted.
    """
    step = on_step or (lambda _stage, _done, _total: None)
    bundle = connector(source)(folder, on_step=step)
    earlier = CutoverRun.objects.filter(system=bundle.system, state="adopted").first()
    if earlier is not None:
        return _repeated(bundle, earlier, cutover_on)
    run = _stage(bundle, cutover_on, now, step)
    primary = [fault for fault in bundle.faults if fault.is_primary]
    report = CutoverReport(
        stage="refused", system=bundle.system, records=sum(map(len, bundle.rows.values())), findings=primary,
        consequences=len(bundle.faults) - len(primary),
    )  # fmt: skip
    if primary:
        CutoverRun.objects.filter(pk=run.pk).update(state="refused", closed_at=now)
        return report
    hashes = _keep_files(bundle, files_root, step)
    with transaction.atomic():
        report.changes = adoption.adopt(bundle, cutover_on=cutover_on, file_hashes=hashes, on_step=step)
        CutoverRun.objects.filter(pk=run.pk).update(state="adopted", closed_at=now, counts=report.changes)
        history.record_change(
            now=now, actor=actor, verb="cut_over", object_kind="legacy_system", object_id=bundle.system,
            detail={"on": str(cutover_on), "fingerprint": bundle.fingerprint, "changes": report.changes},
        )  # fmt: skip
    report.stage = "adopted"
    report.legacy_ids = identifiers.legacy_count(system=bundle.system)
    report.unresolved_legacy_ids = identifiers.unresolved_legacy_count(system=bundle.system)
    return report


def _repeated(bundle: Bundle, earlier: CutoverRun, cutover_on: date) -> CutoverReport:
    if earlier.fingerprint != bundle.fingerprint or earlier.cutover_on != cutover_on:
        raise AlreadyAdopted(
            f"{bundle.system} was adopted on {earlier.cutover_on} from another state of the bundle ({earlier.source}); "
            "a second state of the same system cannot be adopted over it"
        )
    return CutoverReport(
        stage="unchanged", system=bundle.system, records=sum(map(len, bundle.rows.values())),
        legacy_ids=identifiers.legacy_count(system=bundle.system),
        unresolved_legacy_ids=identifiers.unresolved_legacy_count(system=bundle.system),
    )  # fmt: skip


@transaction.atomic
def _stage(bundle: Bundle, cutover_on: date, now: datetime, step: OnStep) -> CutoverRun:
    """Keeps every row as it was read, and every finding. An earlier pass that was not adopted is staged anew."""
    CutoverRun.objects.filter(system=bundle.system).exclude(state="adopted").delete()
    run = CutoverRun.objects.create(
        system=bundle.system, cutover_on=cutover_on, state="staged", source=str(bundle.folder)[:300],
        fingerprint=bundle.fingerprint, started_at=now,
    )  # fmt: skip
    for done, rows in enumerate(bundle.rows.values(), start=1):
        bulk.insert_rows(
            StagedRecord, ("run", "file_name", "line_number", "cells"),
            ((run.pk, row.file_name, row.line_number, _storable(row.cells)) for row in rows),
        )  # fmt: skip
        step("stage rows", done, len(bundle.rows))
    bulk.insert_rows(
        Finding, ("run", "file_name", "line_number", "column", "code", "reason", "is_primary"),
        ((run.pk, f.file_name, f.line_number, f.column[:60], f.code, _text(f.reason)[:500], f.is_primary) for f in bundle.faults),
    )  # fmt: skip
    return run


def _text(value: str) -> str:
    """Bytes that are no UTF-8 stand as their hex value, since a database keeps only text."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def _storable(cells: dict[str, str]) -> dict[str, str]:
    return {_text(name): _text(cell) for name, cell in cells.items()}


def _keep_files(bundle: Bundle, files_root: Path, step: OnStep) -> dict[str, str]:
    """Stores the old PDFs by their hash; by document number. Harmless to repeat."""
    rows = [row for row in bundle.values["invoices"] if row["pdf_file"]]
    hashes = {}
    for done, row in enumerate(rows, start=1):
        content = (bundle.folder / "pdf" / row["pdf_file"]).read_bytes()
        hashes[row["number"]] = file_storage.store_file(root=files_root, content=content)
        if done % 50 == 0 or done == len(rows):
            step("keep old documents", done, len(rows))
    return hashes
