"""Databases that can be made, copied, read and thrown away: files of SQLite, or databases on a PostgreSQL server."""

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import psycopg


class SqliteBooks:
    """The books in a file."""

    def __init__(self, folder: Path, tables: str = "") -> None:
        self.folder, self.tables = folder, tables

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3"

    def create(self, name: str) -> None:
        """SQLite makes its file itself; it begins as a copy of the tables that were given."""
        self.drop(name)
        if self.tables:
            shutil.copy(self.tables, self.folder / f"{name}.sqlite3")

    def copy(self, source: str, target: str) -> None:
        self.drop(target)
        with sqlite3.connect(self.folder / f"{source}.sqlite3") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.folder / f"{source}.sqlite3", self.folder / f"{target}.sqlite3")

    def rows(self, name: str, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.folder / f"{name}.sqlite3", timeout=30) as connection:
            connection.create_function(
                "md5", 1, lambda text: hashlib.md5(text.encode()).hexdigest(), deterministic=True
            )
            return connection.execute(sql).fetchall()

    def execute(self, name: str, sql: str) -> None:
        with sqlite3.connect(self.folder / f"{name}.sqlite3", timeout=30) as connection:
            connection.execute(sql)

    def drop(self, name: str) -> None:
        for ending in ("", "-wal", "-shm"):
            (self.folder / f"{name}.sqlite3{ending}").unlink(missing_ok=True)


class PostgresBooks:
    """The books on a PostgreSQL server."""

    def __init__(self, base: str, tables: str = "") -> None:
        self.base, self.tables = base.rsplit("/", 1)[0], tables
        self.prefix = f"rackbill_kill_{os.getpid()}_"

    def url(self, name: str) -> str:
        return f"{self.base}/{self.prefix}{name}"

    def _admin(self, sql: str) -> None:
        with psycopg.connect(f"{self.base}/postgres", autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[arg-type]

    def create(self, name: str) -> None:
        """Empty, or with the tables of the database that was given."""
        if self.tables:
            self.adopt(self.tables, name)
            return
        self.drop(name)
        self._admin(f'CREATE DATABASE "{self.prefix}{name}"')

    def copy(self, source: str, target: str) -> None:
        self.drop(target)
        self._admin(f'CREATE DATABASE "{self.prefix}{target}" TEMPLATE "{self.prefix}{source}"')

    def adopt(self, database: str, target: str) -> None:
        """A copy of any database of the server."""
        self.drop(target)
        self._admin(f'CREATE DATABASE "{self.prefix}{target}" TEMPLATE "{database}"')

    def rows(self, name: str, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(name)) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def execute(self, name: str, sql: str) -> None:
        with psycopg.connect(self.url(name)) as connection:
            connection.execute(sql)  # type: ignore[arg-type]

    def drop(self, name: str) -> None:
        self._admin(f'DROP DATABASE IF EXISTS "{self.prefix}{name}" WITH (FORCE)')


Books = SqliteBooks | PostgresBooks


def suite_books(folder: Path, tables: str = "") -> Books:
    """The kind of books that the running suite is on (DATABASE_URL); new ones begin with the tables of a copy."""
    url = os.environ.get("DATABASE_URL", "")
    return PostgresBooks(url, tables) if url.startswith("postgres") else SqliteBooks(folder, tables)
