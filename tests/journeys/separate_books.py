"""Books of their own for journeys of several processes: a file, or a database beside the one that the suite runs on."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg


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


def child(books: Books, name: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": books.url(name),
        "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.bill_run_child", *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
