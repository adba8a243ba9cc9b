"""The connector: a clean bundle has no fault; every planted fault is one primary finding at its place."""

import shutil
from pathlib import Path

import pytest

from rackbill.cutover import simulator
from rackbill.cutover.connectors.bundle import NotABundle, read_bundle
from rackbill.cutover.simulator.faults import plant_faults

# One worker makes the bundle and has all its tests.
pytestmark = pytest.mark.xdist_group("bundle")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "clean"
    simulator.simulate(customers=400, seed=11, out=folder)
    return folder


def test_a_clean_bundle_has_no_fault(clean: Path) -> None:
    bundle = read_bundle(clean)
    assert bundle.faults == []
    assert len(bundle.values["customers"]) == 400
    assert bundle.fingerprint == read_bundle(clean).fingerprint


@pytest.mark.parametrize("seed", range(1, 7))
def test_fifty_planted_faults_are_fifty_primary_findings(clean: Path, tmp_path: Path, seed: int) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(clean, damaged)
    planted = plant_faults(damaged, seed=seed, count=50)
    found = [fault for fault in read_bundle(damaged).faults if fault.is_primary]
    assert sorted((f.file_name, f.line_number, f.column) for f in found) == sorted(
        (str(p["file"]), p["line"], p["column"]) for p in planted
    )
    assert all(len(fault.reason) > 15 for fault in found)


def test_a_changed_file_is_found_by_its_hash(clean: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(clean, damaged)
    with (damaged / "credits.csv").open("ab") as handle:
        handle.write(b"\r\n")
    assert "changed_file" in {fault.code for fault in read_bundle(damaged).faults}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no manifest"),
        (b"{", "not JSON"),
        (b'{"format": 2}', "format 1"),
        (b'{"format": 1, "system": "A B"}', "system"),
    ],
)
def test_what_is_no_bundle_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(NotABundle, match=words):
        read_bundle(tmp_path)
    with pytest.raises(NotABundle, match="no folder"):
        read_bundle(tmp_path / "absent")
