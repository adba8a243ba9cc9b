"""The tables of a new SQLite installation from a copy that this machine made before: a second instead of a quarter of a minute.

The copy is named by the hash of every migration, of Django and of SQLite, so that it is never another version's. It holds what
migrations make and nothing else.
"""

import hashlib
import os
import shutil
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader


def migrate() -> None:
    """Brings the tables of the database up to date."""
    copy = _copy_path() if _is_new_file() else None
    if copy is not None and copy.exists():
        connection.close()
        half = _database().with_name(f"{_database().name}.{os.getpid()}")
        shutil.copyfile(copy, half)
        # Never over a file that another process made in the meantime: its rows would be lost.
        with suppress(OSError):
            os.link(half, _database())
        half.unlink()
    call_command("migrate", verbosity=0, interactive=False)
    if copy is not None and not copy.exists():
        # A folder that cannot be written only costs the next installation its time.
        with suppress(OSError, sqlite3.Error):
            _keep(copy)


def _database() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _is_new_file() -> bool:
    if connection.vendor != "sqlite" or connection.in_atomic_block or ":memory:" in str(_database()):
        return False
    return not _database().exists()


def _copy_path() -> Path | None:
    """Where the copy of these migrations lies; None on a machine where nobody has a home."""
    digest = hashlib.sha256(f"{django.get_version()} {sqlite3.sqlite_version}".encode())
    for key, migration in sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items()):
        digest.update(repr(key).encode())
        digest.update(Path(str(sys.modules[migration.__module__].__file__)).read_bytes())
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return root / "rackbill" / f"tables-{digest.hexdigest()[:32]}.sqlite3"


def _keep(copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = copy.with_name(f"{copy.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(half)])
    half.replace(copy)
