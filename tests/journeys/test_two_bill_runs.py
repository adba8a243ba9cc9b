"""Two bill-run processes at once for one sales organisation give one set of invoices, on both databases."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.databases import Books, suite_books
from tests.journeys.separate_books import child

ROUNDS = 3
NUMBERS = "SELECT number, sha256, chain_hash FROM rackbill_documents_document ORDER BY number"
RUNS = "SELECT state FROM rackbill_billing_billrun ORDER BY id"
CHARGED = "SELECT count(*), sum(amount_minor) FROM rackbill_billing_charge WHERE draft_id IS NOT NULL"
QUEUED = "SELECT count(*), count(DISTINCT dispatch_id) FROM rackbill_dispatch_dispatch"
PARKED = "SELECT DISTINCT customer_id, code FROM rackbill_billing_parkedbill"


@pytest.fixture
def books(tmp_path: Path, made_tables: str) -> Books:
    return suite_books(tmp_path, made_tables)


def start(books: Books, name: str, home: Path, gate: Path) -> subprocess.Popen[str]:
    """A process that has loaded everything and bills as soon as the gate opens."""
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": books.url(name), "RACKBILL_GATE": str(gate),
        "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.bill_run_child", "wait"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_processes_give_one_set_of_invoices(books: Books, tmp_path: Path) -> None:
    for name in ("base", "alone", "both"):
        books.drop(name)
    books.create("base")
    built = child(books, "base", tmp_path, "build")
    assert built.returncode == 0, built.stderr
    books.copy("base", "alone")
    assert child(books, "alone", tmp_path, "run").returncode == 0
    expected = [books.rows("alone", sql) for sql in (CHARGED, QUEUED, PARKED)]
    alone = books.rows("alone", NUMBERS)
    assert len(alone) == 30
    for turn in range(ROUNDS):
        books.copy("base", "both")
        gate = tmp_path / f"gate-{turn}"
        gate.mkdir()
        workers = [start(books, "both", tmp_path, gate) for _ in range(2)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        (gate / "open").touch()
        for worker in workers:
            _, errors = worker.communicate(timeout=120)
            assert worker.returncode == 0, errors
        assert books.rows("both", NUMBERS) == alone, f"round {turn}"
        assert [books.rows("both", sql) for sql in (CHARGED, QUEUED, PARKED)] == expected
        # Where one process had finished before the other planned, the other's run is empty; never are there two bills.
        assert {state for (state,) in books.rows("both", RUNS)} == {"issued"}
        books.drop("both")
    for name in ("base", "alone"):
        books.drop(name)
