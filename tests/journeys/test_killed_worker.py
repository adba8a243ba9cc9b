"""A worker that is killed while it issues what the office asked for, and two workers at once: every number once, one report."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.databases import suite_books

DOCUMENTS = "SELECT number, sha256, chain_hash FROM rackbill_documents_document ORDER BY number"
STATE = "SELECT state, stop_reason FROM rackbill_billing_billrun"
REPORT = "SELECT content, pdf_sha256 FROM rackbill_billing_runreport"
SEALS = "SELECT last_number, chain_hash FROM rackbill_documents_chainseal ORDER BY last_number"
ITEMS = "SELECT count(*), count(DISTINCT document_number) FROM rackbill_receivables_openitem"
QUEUED = "SELECT count(*), count(DISTINCT dispatch_id) FROM rackbill_dispatch_dispatch"
EVERYTHING = (DOCUMENTS, STATE, REPORT, SEALS, ITEMS, QUEUED)
CUSTOMERS = 12


class Installation:
    """Books and a home of their own for processes that are killed."""

    def __init__(self, folder: Path) -> None:
        self.books, self.folder = suite_books(folder), folder
        (folder / "installation.json").write_text(json.dumps({"kind": "test", "clock": "2020-10-01T09:00:00+00:00"}))

    def start(self, name: str, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        environment = {
            **os.environ, "RACKBILL_HOME": str(self.folder), "DATABASE_URL": self.books.url(name),
            "DJANGO_SETTINGS_MODULE": "rackbill.config.settings", **more,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.carry_child", *arguments],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def must(self, name: str, *arguments: str) -> Any:
        process = self.start(name, *arguments)
        out, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return json.loads(out.strip().splitlines()[-1])

    def found(self, name: str) -> list[list[tuple[object, ...]]]:
        return [self.books.rows(name, sql) for sql in EVERYTHING]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, dict[str, list[int]], Any]]:
    """Books with a run that is asked to be issued, how a worker issues it undisturbed, and what that comes to."""
    there = Installation(tmp_path_factory.mktemp("carried"))
    books = there.books
    for name in ("asked", "calm", "hurt"):
        books.drop(name)
    books.create("asked")
    there.must("asked", "build")
    there.must("asked", "plan")
    there.must("asked", "work")
    assert books.rows("asked", STATE) == [("computed", "")], "computed by the worker alone"
    assert books.rows("asked", "SELECT count(*) FROM rackbill_billing_billrun WHERE provisional_report <> ''") == [(1,)]
    there.must("asked", "ask")
    books.copy("asked", "calm")
    begun = there.must("calm", "work")
    calm = there.found("calm")
    assert (len(calm[0]), calm[1], len(calm[2]), calm[4]) == (CUSTOMERS, [("issued", "")], 1, [(CUSTOMERS, CUSTOMERS)])
    yield there, begun, calm
    for name in ("asked", "calm", "hurt"):
        books.drop(name)


@pytest.mark.parametrize("where", ["first block", "second block", "before closing", "before the report"])
def test_a_killed_worker_is_followed_by_another(made: Any, where: str) -> None:
    there, begun, calm = made
    blocks = begun["issue_block"]
    assert len(blocks) > 3
    point, numbered, state = {
        "first block": (blocks[0] + 6, 0, "approved"),
        "second block": (blocks[1] + 6, 4, "approved"),
        "before closing": (begun["close_run"][0] + 1, CUSTOMERS, "approved"),
        "before the report": (begun["keep_report"][0] + 1, CUSTOMERS, "issued"),
    }[where]
    there.books.drop("hurt")
    there.books.copy("asked", "hurt")
    killed = there.start("hurt", "work", str(point))
    killed.communicate(timeout=300)
    assert killed.returncode == -9
    left = there.found("hurt")
    assert (len(left[0]), left[1], left[2]) == (numbered, [(state, "")], []), f"killed in {where}"
    assert there.must("hurt", "heal") == 1
    assert there.found("hurt") == calm


def test_two_workers_at_once_issue_every_number_once(made: Any, tmp_path: Path) -> None:
    there, _begun, calm = made
    for turn in range(2):
        there.books.drop("hurt")
        there.books.copy("asked", "hurt")
        gate = tmp_path / f"gate-{turn}"
        gate.mkdir()
        workers = [there.start("hurt", "wait", RACKBILL_GATE=str(gate)) for _ in range(2)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        (gate / "open").touch()
        for worker in workers:
            _, errors = worker.communicate(timeout=120)
            assert worker.returncode == 0, errors
        assert there.found("hurt") == calm, f"round {turn}"
