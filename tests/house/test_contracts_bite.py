"""The import contracts fail when they are broken on purpose, each once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
BROKEN = {
    "Floors: arrows point down only": ("core/party.py", "import rackbill.formats.fonts"),
    "Nouns stand in the order of the house": ("domain/parties/policy.py", "import rackbill.domain.billing.policy"),
    "Adopting is for the cut-over alone": ("interfaces/jobs/clock.py", "import rackbill.domain.parties.adopting"),
    "Only console and office know the cut-over": ("interfaces/portal/lists.py", "import rackbill.cutover.run"),
    "The simulator cannot agree with us by construction": ("cutover/simulator/days.py", "import rackbill.core.money"),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(REPOSITORY / "src" / "rackbill", folder / "rackbill", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / ".importlinter", folder)
    return folder


def lint(tree: Path) -> str:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.parametrize("contract", sorted(BROKEN))
def test_each_contract_bites(tree: Path, contract: str) -> None:
    name, line = BROKEN[contract]
    path = tree / "rackbill" / name
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        assert f"{contract} BROKEN" in lint(tree)
    finally:
        path.write_text(before) if before is not None else path.unlink()
