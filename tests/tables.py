"""The tables of one run of tests: migrations make them once, and every further worker and every journey takes a copy.

Copies live as long as the run: the next one migrates anew, so that each run sees whether the migrations still work.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from django.db import connection

RUN = "RACKBILL_TEST_RUN"
LOCK_OF_RUNS = 20_200_914


def begin_run(url: str) -> psycopg.Connection | None:
    """Numbers the run, for its workers too, so that two runs on one PostgreSQL server have databases of their own.

    The number is the run's as long as the connection that it gives is open, and no longer than its process lives.
    """
    if not url.startswith("postgres"):
        return None
    held = psycopg.connect(f"{url.rsplit('/', 1)[0]}/postgres", autocommit=True)
    for number in range(1, 1000):
        if held.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK_OF_RUNS, number)).fetchone() == (True,):
            os.environ[RUN] = str(number)
            return held
    raise RuntimeError("a thousand runs on one server; somebody must end some")


def end_run(held: psycopg.Connection | None) -> None:
    """Drops what the run shared; its number is free again."""
    if held is not None:
        held.execute(f'DROP DATABASE IF EXISTS "{_database("tables")}"')  # type: ignore[call-overload]
        held.close()


def _database(name: str) -> str:
    return f"test_rackbill_{os.environ[RUN]}_{name}"


class SharedTables:
    """What the workers of a run leave for each other in a folder, or beside each other on the server."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder, self._worker = folder, worker
        self._filled: sqlite3.Connection | None = None
        self.source = _database("tables") if connection.vendor == "postgresql" else str(folder / "tables.sqlite3")
        """The copy: a file of SQLite, or the name of a database."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other worker of the run takes tables or makes them."""
        with (self._folder / "tables.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def take(self) -> None:
        """Before Django makes the test database: where it begins, if another worker left tables."""
        self._before = connection.settings_dict["NAME"]
        if connection.vendor == "postgresql":
            names = {"NAME": _database(self._worker), "TEMPLATE": self.source if self._are_there else None}
            connection.settings_dict["TEST"].update(names)
        elif self._are_there:
            # A database in memory is there as long as somebody is connected.
            name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
            self._filled = sqlite3.connect(name, uri=True)
            with closing(sqlite3.connect(self.source)) as copy:
                copy.backup(self._filled)

    def leave(self) -> None:
        """After Django has made the test database: a copy for the others, unless it was one itself.

        Where no test of the worker wants a database, Django made none.
        """
        if self._filled is not None:
            self._filled.close()
        if self._are_there or connection.settings_dict["NAME"] == self._before:
            return
        connection.ensure_connection()
        if connection.vendor == "postgresql":
            made = connection.settings_dict["NAME"]
            connection.close()
            with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
                cursor.execute(f'DROP DATABASE IF EXISTS "{self.source}"')
                cursor.execute(f'CREATE DATABASE "{self.source}" TEMPLATE "{made}"')
        else:
            with closing(sqlite3.connect(self.source)) as copy:
                connection.connection.backup(copy)
        self._mark.touch()

    def make(self) -> None:
        """For a journey in a worker whose tests want no database of Django's, when nobody else has left tables."""
        with self.alone():
            if self._are_there:
                return
            self.take()
            connection.creation.create_test_db(verbosity=0, autoclobber=True)
            self.leave()
            connection.creation.destroy_test_db(self._before, verbosity=0)

    @property
    def _mark(self) -> Path:
        return self._folder / "tables.made"

    @property
    def _are_there(self) -> bool:
        return self._mark.exists()
