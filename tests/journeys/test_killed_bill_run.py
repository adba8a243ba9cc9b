"""kill -9 at any place of a bill run, then the same command again: the same documents as an undisturbed run."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

PLACES = int(os.environ.get("RACKBILL_KILLS", "20"))


class SqliteBooks:
    """The books in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3"

    def create(self, name: str) -> None:
        """SQLite makes its file itself."""

    def copy(self, source: str, target: str) -> None:
        shutil.copy(self.folder / f"{source}.sqlite3", self.folder / f"{target}.sqlite3")

    def rows(self, name: str, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.folder / f"{name}.sqlite3") as connection:
            return connection.execute(sql).fetchall()

    def drop(self, name: str) -> None:
        (self.folder / f"{name}.sqlite3").unlink(missing_ok=True)


class PostgresBooks:
    """The books on the PostgreSQL server that the suite runs on."""

    def __init__(self, base: str) -> None:
        self.base = base.rsplit("/", 1)[0]
        self.prefix = f"rackbill_kill_{os.getpid()}_"

    def url(self, name: str) -> str:
        return f"{self.base}/{self.prefix}{name}"

    def _admin(self, sql: str) -> None:
        with psycopg.connect(f"{self.base}/postgres", autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[arg-type]

    def create(self, name: str) -> None:
        self._admin(f'CREATE DATABASE "{self.prefix}{name}"')

    def copy(self, source: str, target: str) -> None:
        self._admin(f'CREATE DATABASE "{self.prefix}{target}" TEMPLATE "{self.prefix}{source}"')

    def rows(self, name: str, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(name)) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def drop(self, name: str) -> None:
        self._admin(f'DROP DATABASE IF EXISTS "{self.prefix}{name}" WITH (FORCE)')


Books = SqliteBooks | PostgresBooks
ISSUED = "SELECT number, sha256, chain_hash FROM rackbill_documents_document ORDER BY number"
QUEUED = "SELECT count(*), count(DISTINCT dispatch_id) FROM rackbill_dispatch_dispatch"
PARKED = "SELECT DISTINCT customer_id, code FROM rackbill_billing_parkedbill"
SEALED = "SELECT last_number, chain_hash FROM rackbill_documents_chainseal ORDER BY last_number"


def child(books: Books, name: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": books.url(name),
        "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.bill_run_child", *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def books(tmp_path: Path) -> Books:
    url = os.environ.get("DATABASE_URL", "")
    return PostgresBooks(url) if url.startswith("postgres") else SqliteBooks(tmp_path)


def test_a_killed_run_goes_on_to_the_same_documents(books: Books, tmp_path: Path) -> None:
    for name in ("base", "calm", "hurt"):
        books.drop(name)
    books.create("base")
    built = child(books, "base", tmp_path, "build")
    assert built.returncode == 0, built.stderr
    books.copy("base", "calm")
    calm = child(books, "calm", tmp_path, "run")
    assert calm.returncode == 0, calm.stderr
    expected = [books.rows("calm", sql) for sql in (ISSUED, QUEUED, PARKED, SEALED)]
    assert len(expected[0]) == 30
    total = int(calm.stdout)
    for place in range(PLACES):
        books.copy("base", "hurt")
        killed = child(books, "hurt", tmp_path, "run", str(1 + place * total // PLACES))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        resumed = child(books, "hurt", tmp_path, "run")
        assert resumed.returncode == 0, resumed.stderr
        assert [books.rows("hurt", sql) for sql in (ISSUED, QUEUED, PARKED, SEALED)] == expected, (
            f"killed at place {place}"
        )
        books.drop("hurt")
    for name in ("base", "calm"):
        books.drop(name)
