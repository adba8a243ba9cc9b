"""The mutation campaign itself: its mutants are real faults, and a small sample of them is killed in every check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns import mutating
from tests.campaigns.mutants import mutants

SOURCE = '''
"""Words."""
LIMIT = 3


def within(day: "int | None", words: str = "x") -> bool:
    """Words."""
    if not day:
        raise ValueError(f"no {day} + 1")
    total = 0
    total += day
    return LIMIT <= total < 9 and bool(words)
'''


def test_mutants_are_the_faults_of_somebody_tired() -> None:
    names = [mutant.name for mutant in mutants(SOURCE)]
    for name in (
        "module: LIMIT = 3 → LIMIT = 4",
        "within: not day → day",
        "within: total = 0 → total = 1",
        "within: total += day → total -= day",
        "within: total += day → pass",
        "within: LIMIT <= total < 9 → LIMIT < total < 9",
        "within: LIMIT <= total < 9 → LIMIT <= total <= 9",
        "within: LIMIT <= total < 9 and bool(words) → LIMIT <= total < 9 or bool(words)",
        "within: LIMIT <= total < 9 and bool(words) → bool(words)",
        "within: return LIMIT <= total < 9 and bool(words) → return None",
    ):
        assert name in names
    assert not any("Words" in name or "no {day}" in name or "int | None?" in name for name in names)


def test_each_mutant_is_a_whole_module_with_one_fault() -> None:
    found = list(mutants(SOURCE))
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        compile(mutant.source, "mutant", "exec")


def test_a_fault_that_no_test_sees_survives(tmp_path: Path) -> None:
    blind = tmp_path / "test_blind.py"
    blind.write_text("from rackbill.core.periods import add_months\n\ndef test_nothing():\n    assert add_months\n")
    path = mutating.PACKAGE / "core" / "periods.py"
    broken = path.read_text().replace(
        "def add_months(anchor: date, months: int) -> date:",
        "def add_months(*given):\n    return 1\n\n\ndef _x(anchor, months):",
    )
    call = "import sys\nfrom pathlib import Path\nfrom tests.campaigns import mutating\n"
    call += "print(mutating.fate(Path(sys.argv[1]), sys.stdin.read(), [sys.argv[2]]))\n"
    for text, words in (
        (blind.read_text(), "survived"),
        (
            blind.read_text().replace(
                "assert add_months", "assert add_months(__import__('datetime').date(2020, 1, 31), 1).day == 29"
            ),
            "killed",
        ),
    ):
        blind.write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", call, str(path), str(blind)], input=broken, capture_output=True, text=True, check=True
        )  # fmt: skip
        assert done.stdout.strip() == words


@pytest.mark.parametrize("target", ["core/periods", "core/charges/owed"])
def test_a_sample_is_killed(target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.mutating", target, "--sample", "6", "--examples", "10", "--json"],
        cwd=mutating.REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["mutants"], answer["survivors"]) == (0, 6, [])


def test_a_file_is_tried_by_the_tests_named_for_it_and_all_of_them_exist() -> None:
    def names(file: str) -> list[str]:
        return [Path(test).stem for test in mutating.tests(mutating.PACKAGE / "core" / file)]

    assert names("charges/dividing.py")[0] == "test_dividing"
    assert names("charges/owed.py") == list(mutating.TESTS["core/charges"])
    assert names("tax/place.py") == list(mutating.TESTS["core/tax"])
    for key, tests in mutating.TESTS.items():
        assert mutating.files(key)
        assert [name for name in tests if not (mutating.REPOSITORY / "tests" / "core" / f"{name}.py").exists()] == []


def test_every_argued_survivor_is_a_mutant_that_there_is() -> None:
    for name, rows in mutating.tomllib.loads(mutating.ARGUED.read_text(encoding="utf-8")).items():
        known = {mutant.name for mutant in mutants((mutating.PACKAGE / name).read_text(encoding="utf-8"))}
        for row in rows:
            assert row["mutant"] in known, f"{name}: {row['mutant']} is no mutant any more; take it out of argued.toml"
            assert row["reason"].strip()
