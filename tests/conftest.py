"""One home for each test process, before Django reads its settings; and tables that can be emptied between tests."""

import gc
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest

from tests import tables

_home = Path(tempfile.mkdtemp(prefix="rackbill-test-"))
os.environ["RACKBILL_HOME"] = str(_home)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
# Playwright keeps an event loop in the thread that also talks to the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
(_home / "installation.json").write_text(json.dumps({"kind": "test", "clock": "2020-10-02T09:00:00+00:00"}))
django.setup()

# Thousands of modules and test items live as long as the process. Looking through them again and again for garbage takes a
# sixth of the processor time of a run; garbage is still collected, only less often and not among what will stay.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    """What was imported and collected stays; nobody needs to look whether it is garbage."""
    gc.collect()
    gc.freeze()


_run = pytest.StashKey[Any]()


def pytest_configure(config: pytest.Config) -> None:
    """Workers belong to the run of the process that started them."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.stash[_run] = tables.begin_run(os.environ.get("DATABASE_URL", ""))


def pytest_unconfigure(config: pytest.Config) -> None:
    """When every worker has ended."""
    tables.end_run(config.stash.get(_run, None))


@pytest.fixture(scope="session")
def shared_tables(tmp_path_factory: pytest.TempPathFactory) -> tables.SharedTables:
    """The tables that the workers of this run share."""
    folder, worker = tmp_path_factory.getbasetemp(), os.environ.get("PYTEST_XDIST_WORKER", "")
    return tables.SharedTables(folder.parent if worker else folder, worker or "alone")


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    shared_tables: tables.SharedTables,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> None:
    """The test database, by migrations in the first worker that wants one, as a copy in the others."""
    with django_db_blocker.unblock(), shared_tables.alone():
        shared_tables.take()
        request.getfixturevalue("django_db_setup")
        shared_tables.leave()


@pytest.fixture(scope="session")
def made_tables(django_db_setup: None, shared_tables: tables.SharedTables, django_db_blocker: Any) -> str:
    """A copy of the tables for databases that a test makes itself: a file of SQLite, or the name of a database."""
    with django_db_blocker.unblock():
        shared_tables.make()
    return shared_tables.source


@pytest.fixture(autouse=True, scope="session")
def emptied_in_spite_of_the_guards() -> Iterator[None]:
    """Tests with a live server empty the tables afterwards; the guards of frozen tables are lifted for that moment only."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    original = BaseDatabaseOperations.execute_sql_flush

    def flush(self: Any, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = replica")
                original(self, sql_list)
                cursor.execute("SET session_replication_role = DEFAULT")
                return
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            original(self, sql_list)
            for _name, sql in triggers:
                cursor.execute(sql)

    BaseDatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    yield
    BaseDatabaseOperations.execute_sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="module")
def clock_put_back() -> Iterator[None]:
    """A command that a test runs with another day moves the clock of the process; the next file finds it where it stood."""
    from rackbill.interfaces.jobs import clock

    yield
    clock.move(None)
