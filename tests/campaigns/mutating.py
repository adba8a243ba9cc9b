"""Runs the tests of a module of the core against each of its mutants: `python -m tests.campaigns.mutating core/periods`.

Every mutant lives in a child forked from a parent that has pytest and Hypothesis loaded but nothing of the core, so the fault
is simply what the child imports. A survivor is a fault that no test sees. Those that are argued in argued.toml are counted;
any other makes the exit code 1.
"""

import argparse
import contextlib
import importlib.abc
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from hypothesis import HealthCheck, settings

from tests.campaigns.mutants import Mutant, mutants

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "rackbill"
ARGUED = Path(__file__).with_name("argued.toml")
TESTS = {
    "core/charges": (
        "test_charging_cases",
        "test_taken_back",
        "test_charge_facts",
        "test_minimum",
        "test_charging_oracle",
        "test_usage",
        "test_charges",
    ),
    "core/charges/causes": ("test_charge_facts", "test_charging_cases", "test_formulas", "test_usage"),
    "core/charges/dividing": ("test_dividing", "test_tax_properties"),
    "core/charges/minimum": ("test_minimum",),
    "core/charges/plain": ("test_plain", "test_invoicing"),
    "core/charges/prorating": (
        "test_prorating",
        "test_charging_cases",
        "test_charging_oracle",
        "test_usage",
        "test_charges",
    ),
    "core/charges/usage": ("test_usage", "test_formulas"),
    "core/periods": ("test_money_periods", "test_charging_cases", "test_charging_oracle", "test_charges"),
    "core/terms": ("test_terms", "test_charging_cases", "test_charges", "test_charging_oracle"),
    "core/crediting": ("test_crediting",),
    "core/tax": ("test_tax", "test_tax_cases", "test_tax_tables", "test_tax_decisions", "test_tax_properties"),
    "core/metering": ("test_metering", "test_usage"),
    "core/samples": ("test_samples",),
    "core/pricing": ("test_pricing", "test_usage"),
    "core/settling": ("test_settling",),
    "core/remittance": ("test_remittance",),
}
"""The tests of a target, the likeliest to see a fault first; the longest name that fits a file counts."""
KILLED, SURVIVED, ARGUED_FATE = "killed", "survived", "argued"
SECONDS, GIGABYTES = 60, 3


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutated source for one module and leaves all others to Python."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self.module, self.path, self.source = module, path, source

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        is_package = self.path.name == "__init__.py"
        spec = importlib.util.spec_from_loader(fullname, self, origin=str(self.path), is_package=is_package)
        if spec is not None and is_package:
            spec.submodule_search_locations = [str(self.path.parent)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def files(target: str) -> list[Path]:
    """The files of a target such as core/charges, core/charges/owed or core/periods. Raises SystemExit for another."""
    folder = PACKAGE / target
    found = sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    if _key(target) is None or not found or not found[0].exists():
        sys.exit(f"no tests are named for {target!r}; the targets are {', '.join(TESTS)} and files in them")
    return found


def _key(target: str) -> str | None:
    fitting = [key for key in TESTS if f"{target}/".startswith(f"{key}/")]
    return max(fitting, key=len, default=None)


def tests(path: Path) -> list[str]:
    """The test files of a file of the core that there are, in the order in which they are tried."""
    key = _key(path.relative_to(PACKAGE).with_suffix("").as_posix())
    paths = [REPOSITORY / "tests" / "core" / f"{name}.py" for name in TESTS[key or ""]]
    return [str(test) for test in paths if test.exists()]


def fate(path: Path, source: str, test_files: list[str]) -> str:
    """Whether the tests see the fault. A child that dies, hangs or eats the memory has seen it too."""
    child = os.fork()
    if child == 0:
        _live(path, source, test_files)
    _pid, status = os.waitpid(child, 0)
    return SURVIVED if os.waitstatus_to_exitcode(status) == 0 else KILLED


def _live(path: Path, source: str, test_files: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES * 2**30, GIGABYTES * 2**30))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    sys.meta_path.insert(0, _Faulty(module, path, source))
    code = 1
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.suppress(BaseException):
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        arguments = [
            "-x",
            "-q",
            "--assert=plain",
            "--noconftest",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(REPOSITORY),
        ]
        # File by file: most faults are seen by the first, and the others need not even be read then.
        code = next((bad for file in test_files if (bad := int(pytest.main([*arguments, file])))), 0)
    os._exit(code)


def argued(name: str) -> dict[str, str]:
    """The survivors of a file that were looked at, each with the reason why it is no fault, or none worth a test."""
    return {row["mutant"]: row["reason"] for row in tomllib.loads(ARGUED.read_text(encoding="utf-8")).get(name, [])}


def _sampled(found: list[tuple[Path, Mutant]], size: int | None, seed: int) -> list[tuple[Path, Mutant]]:
    return found if size is None or size >= len(found) else random.Random(seed).sample(found, size)


def fates(target: str, given: argparse.Namespace) -> Iterator[tuple[Path, Mutant, str]]:
    """(file, mutant, fate) of every mutant of a target, or of those that were asked for."""
    found = [
        (path, mutant)
        for path in files(target)
        for mutant in mutants(path.read_text(encoding="utf-8"))
        if given.only in f"{path.stem}:{mutant.line} {mutant.name}"
    ]
    chosen = _sampled(found, given.sample, given.seed)
    for path in {path for path, _mutant in chosen}:
        if fate(path, path.read_text(encoding="utf-8"), tests(path)) == KILLED:
            sys.exit(f"the tests of {path.stem} fail without any fault; mend them first")

    def end_of(pair: tuple[Path, Mutant]) -> str:
        path, mutant = pair
        if not given.is_argued_too and mutant.name in argued(path.relative_to(PACKAGE).as_posix()):
            return ARGUED_FATE
        return fate(path, mutant.source, tests(path))

    with ThreadPoolExecutor(given.workers) as pool:
        yield from ((path, mutant, end) for (path, mutant), end in zip(chosen, pool.map(end_of, chosen), strict=True))


def _report(target: str, rows: Iterable[tuple[Path, Mutant, str]], *, is_json: bool) -> int:
    started, counts, open_names = time.monotonic(), Counter[str](), []
    for path, mutant, end in rows:
        name = path.relative_to(PACKAGE).as_posix()
        reason = argued(name).get(mutant.name)
        if end == SURVIVED and reason:
            end = ARGUED_FATE
        counts[end] += 1
        if end == SURVIVED:
            open_names.append({"file": name, "line": mutant.line, "mutant": mutant.name})
            if not is_json:
                print(f"  SURVIVED {name}:{mutant.line} {mutant.name}", flush=True)
    seconds = round(time.monotonic() - started)
    total = sum(counts.values())
    if is_json:
        print(json.dumps({"target": target, "mutants": total, **counts, "seconds": seconds, "survivors": open_names}))
    else:
        print(
            f"{target}: {total} mutants, {counts[KILLED]} killed, {counts[ARGUED_FATE]} argued, "
            f"{counts[SURVIVED]} survived, {seconds} s",
            flush=True,
        )
    return counts[SURVIVED]


def main() -> int:
    """0 when every survivor is argued."""
    parser = argparse.ArgumentParser(description="Mutation testing of the core.")
    parser.add_argument("targets", nargs="*", default=["core/charges", "core/periods"], help=", ".join(TESTS))
    parser.add_argument("--sample", type=int, help="only so many mutants of each target")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--examples", type=int, default=12, help="generated cases of each property")
    parser.add_argument("--only", default="", help="only mutants whose `file:line name` has these words")
    parser.add_argument(
        "--argued", action="store_true", dest="is_argued_too",
        help="try the argued ones again too; each costs all tests of its file",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", dest="is_json")
    given = parser.parse_args()
    os.chdir(REPOSITORY)
    # Each child starts pytest anew; the plug-ins of browsers and databases would cost more than the tests.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    settings.register_profile(
        "mutation", max_examples=given.examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )  # fmt: skip
    settings.load_profile("mutation")
    left = 0
    for target in given.targets:
        left += _report(target, fates(target, given), is_json=given.is_json)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
