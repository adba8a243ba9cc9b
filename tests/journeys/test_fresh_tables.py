"""New SQLite installations: the first makes the tables, the second takes a copy of them, and both are the same."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

CODE = "from rackbill.interfaces.console.main import run; run()"


def init(home: Path, cache: Path) -> list[tuple[str, str]]:
    home.mkdir()
    environment = {**os.environ, "RACKBILL_HOME": str(home), "XDG_CACHE_HOME": str(cache), "DATABASE_URL": ""}
    subprocess.run(
        [sys.executable, "-c", CODE, "init", "--kind", "test"], env=environment, check=True, capture_output=True
    )
    with sqlite3.connect(home / "rackbill.sqlite3") as tables:
        made = tables.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        applied = tables.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
        rates = tables.execute("SELECT cast(count(*) AS text), '' FROM rackbill_taxes_taxrate").fetchall()
    return [*made, *applied, *rates]


def test_a_copy_has_the_same_tables_and_guards(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = init(tmp_path / "one", cache)
    (copy,) = (cache / "rackbill").iterdir()
    kept = copy.read_bytes()
    assert init(tmp_path / "two", cache) == first
    assert copy.read_bytes() == kept
    assert sum("_frozen_" in name for name, _sql in first) > 10


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.write_text("a file where a folder should be")
    assert init(tmp_path / "one", cache)
