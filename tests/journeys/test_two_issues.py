"""The same quote, and the same reminder, asked for at the same moment by several processes: one number, one document, one mail.

On PostgreSQL the test holds the row that they queue at until all of them wait there, so that they do meet.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.campaigns.databases import Books, PostgresBooks, suite_books

ASKERS = 3
DOCUMENTS = "SELECT number FROM rackbill_documents_document ORDER BY number"
SENDINGS = "SELECT COUNT(*) FROM rackbill_dispatch_dispatch"
STEPS = "SELECT step, document_number FROM rackbill_receivables_reminder"
ENTRIES = "SELECT COUNT(*) FROM rackbill_history_historyentry WHERE verb IN ('issue_quote', 'issue_reminders')"
NEXT = "SELECT next_counter FROM rackbill_documents_numberseries WHERE kind = '{kind}'"
WAITING = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def books(tmp_path: Path, made_tables: str) -> Iterator[Books]:
    made = suite_books(tmp_path, made_tables)
    made.drop("issues")
    made.create("issues")
    yield made
    made.drop("issues")


def process(books: Books, home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": books.url("issues"),
        "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.issue_child", *arguments],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@contextmanager
def held_until_all_wait(books: Books, table: str) -> Iterator[None]:
    """Keeps the rows of a table locked until every asker waits for a lock; nothing on SQLite, which has one writer at a time."""
    if not isinstance(books, PostgresBooks):
        yield
        return
    with (
        psycopg.connect(books.url("issues")) as holder,
        psycopg.connect(books.url("issues"), autocommit=True) as viewer,
    ):
        holder.execute(f"SELECT id FROM {table} FOR UPDATE")  # type: ignore[arg-type]
        yield
        ends_at = time.monotonic() + 60
        while viewer.execute(WAITING).fetchone() != (ASKERS,):
            assert time.monotonic() < ends_at, "they never met"
            time.sleep(0.02)


def answers_at_once(books: Books, home: Path, what: str, table: str) -> list[str]:
    built = process(books, home, "build")
    _out, errors = built.communicate(timeout=180)
    assert built.returncode == 0, errors
    askers = [process(books, home, what) for _ in range(ASKERS)]
    for asker in askers:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "ready\n"
    with held_until_all_wait(books, table):
        for asker in askers:
            assert asker.stdin is not None
            asker.stdin.write("go\n")
            asker.stdin.flush()
    ended = [asker.communicate(timeout=120) for asker in askers]
    assert [asker.returncode for asker in askers] == [0] * ASKERS, ended
    return sorted(out.strip() for out, _errors in ended)


def test_one_quote_asked_for_at_once_is_one_document(books: Books, tmp_path: Path) -> None:
    given = answers_at_once(books, tmp_path, "quote", "rackbill_documents_numberseries")
    assert given == ["70210000"] * ASKERS, "each learns the number that it has"
    assert books.rows("issues", DOCUMENTS) == [("70210000",)]
    assert books.rows("issues", SENDINGS) == books.rows("issues", ENTRIES) == [(1,)]
    assert books.rows("issues", NEXT.format(kind="quote")) == [(70210001,)], "no number was spent beside it"


def test_one_reminder_due_at_once_is_one_document(books: Books, tmp_path: Path) -> None:
    given = answers_at_once(books, tmp_path, "remind", "rackbill_receivables_openitem")
    assert given == [""] * (ASKERS - 1) + ["70310000"], "one took the step, the others found nothing due"
    assert books.rows("issues", DOCUMENTS) == [("70310000",)]
    assert books.rows("issues", STEPS) == [(2, "70310000")]
    assert books.rows("issues", SENDINGS) == books.rows("issues", ENTRIES) == [(1,)]
    assert books.rows("issues", NEXT.format(kind="reminder")) == [(70310001,)]
