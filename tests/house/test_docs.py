"""The pages that lead a reader through the house name what is there: files, functions, commands, settings, rules, decisions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from rackbill.interfaces.console import main

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "rackbill"
GUIDES = sorted((REPOSITORY / "docs" / "guide").glob("*.md"))
HOUSE = (REPOSITORY / "docs" / "house.md").read_text(encoding="utf-8")
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
SET_BY_OURSELVES = {"RACKBILL_PARENT", "RACKBILL_DEBUG"}
"""Settings that no operator sets: what a worker is started with, and reloading while one works on the code."""


def named_in_the_map() -> Iterator[tuple[str, str]]:
    """(path, name in it or blank) of each row of `Where to find what`; a path without a folder stands beside the one before."""
    for row in HOUSE.partition("## 9.")[2].splitlines():
        folder = ""
        for cell in re.findall(r"`([^`]+)`", row.rpartition("|")[0].rpartition("|")[2]):
            path, _, name = cell.partition(": ")
            if "/" in path:
                folder = path if path.endswith("/") else path.rpartition("/")[0] + "/"
                yield path, name
            elif path.endswith((".py", ".csv")):
                yield f"{folder}{path}", name


def test_the_map_of_the_house_leads_to_what_is_there() -> None:
    rows = list(named_in_the_map())
    assert len(rows) > 60
    lost = []
    for path, name in rows:
        found = [base / path for base in (PACKAGE, REPOSITORY) if list(base.glob(path.rstrip("/")))]
        if not found:
            # A file may stand in a room of the noun that was named before it.
            found = [one for one in SOURCES if one.name == Path(path).name]
        if not found:
            lost.append(path)
        elif (
            name
            and "…" not in name
            and name.split(".")[-1] not in "".join(text for one, text in SOURCES.items() if one.name == Path(path).name)
        ):
            lost.append(f"{path}: {name}")
    assert lost == []


def test_what_the_tree_shows_is_there_or_marked() -> None:
    tree = HOUSE.partition("## 2. The tree")[2].partition("## 3.")[0]
    core, formats, adapters = (
        tree[tree.index(f"── {one}/") : tree.index(f"── {after}/", tree.index(f"── {one}/"))]
        for one, after in (("core", "formats"), ("formats", "adapters"), ("adapters", "domain"))
    )
    for room, part in (("core", core), ("formats", formats), ("adapters", adapters)):
        there = {path.name for path in (PACKAGE / room).iterdir()} | {"__init__.py"}
        shown = re.findall(r"\b(\w+\.py)(°?)", part)
        assert [name for name, mark in shown if (name in there) == bool(mark)] == [], room
    for mark in re.findall(r"── (\w+)/(°?)\s", tree[tree.index("── domain/") : tree.index("── cutover/")]):
        if mark[0] not in ("domain", "rooms"):
            assert (PACKAGE / "domain" / mark[0]).is_dir() != bool(mark[1]), mark[0]


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """Every command, with its family."""
    before, main.app = main.app, typer.Typer(no_args_is_help=True)
    try:
        main._add_commands()
        root = typer.main.get_command(main.app)
    finally:
        main.app = before
    found = set()
    for name, one in root.commands.items():  # type: ignore[attr-defined]
        found |= {name} | {f"{name} {sub}" for sub in getattr(one, "commands", {})}
    return found


@pytest.mark.parametrize("page", [REPOSITORY / "README.md", *GUIDES], ids=lambda page: page.name)
def test_every_command_that_a_page_shows_is_there(page: Path, commands: set[str]) -> None:
    families = {name.split()[0] for name in commands if " " in name}
    for first, second in re.findall(
        r"rackbill ([a-z][a-z-]+)(?: ([a-z][a-z-]*(?:\\\|[a-z-]+)*))?", page.read_text(encoding="utf-8")
    ):
        assert first in families or first in commands, f"{page.name}: rackbill {first}"
        if first in families and second and first not in ("bench", "scenario"):
            for one in second.split("\\|"):
                assert f"{first} {one}" in commands, f"{page.name}: rackbill {first} {one}"


def test_every_setting_is_told_and_every_setting_that_is_told_is_read() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (REPOSITORY / "README.md", *GUIDES))
    told = set(re.findall(r"RACKBILL_[A-Z_]+", pages))
    read = set(re.findall(r"""["'](RACKBILL_[A-Z_]+)["']""", "".join(SOURCES.values()))) - SET_BY_OURSELVES
    assert told == read


def test_every_rule_and_decision_that_is_named_is_written_down() -> None:
    words = "".join(SOURCES.values())
    rules = (REPOSITORY / "docs" / "rules.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b([BNX]\d{1,2}b?)\b(?!/)", re.sub(r'"[A-Z]\d\d"|BT-\d+|BG-\d+', "", words)))
    missing = {rule for rule in named if not re.search(rf"\b{rule}\b", rules)}
    assert missing == set()
    decisions = {int(path.name[:4]) for path in (REPOSITORY / "docs" / "decisions").glob("[0-9]*.md")}
    asked = {int(number) for number in re.findall(r"decisions? (\d+)\b", words + HOUSE)}
    assert asked <= decisions
