"""Runs the suites of domain, cutover and interfaces on PostgreSQL: a server that is there, or one started for this run."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

SUITES = ["tests/domain", "tests/cutover", "tests/api", "tests/portal", "tests/office", "tests/jobs", "tests/journeys"]

ALWAYS_SQLITE = [
    "tests/journeys/test_demo.py",
    "tests/journeys/test_fresh_tables.py",
    "tests/journeys/test_scenario_command.py",
]
"""Journeys of installations that are made on SQLite whatever the environment says; here they would only be repeated."""

WITHOUT_DATABASE = ["tests/cutover/test_bundle.py", "tests/cutover/test_simulator.py"]
"""They read and write files and no more."""


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3):
            return True
    except psycopg.Error:
        return False


def _binaries() -> Path | None:
    """The newest folder that holds initdb and postgres."""
    found = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).parent if on_path else None


@contextmanager
def _started(binaries: Path) -> Iterator[str]:
    """A server of our own in a temporary folder; postgres refuses to run as root, so root hands it to another user."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="rackbill-pg-") as folder:
        as_user: list[str] = []
        if os.geteuid() == 0:
            user = next(name for name in ("postgres", "nobody") if _exists(name))
            shutil.chown(folder, user)
            as_user = ["runuser", "-u", user, "--"]
        data = f"{folder}/data"
        run = [
            *as_user,
            str(binaries / "initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [*as_user, str(binaries / "pg_ctl"), "-D", data, "-w"]
        subprocess.run([*control, "-o", options, "-l", f"{folder}/log", "start"], check=True, stdout=subprocess.DEVNULL)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL)


def _exists(user: str) -> bool:
    return subprocess.run(["id", user], capture_output=True, check=False).returncode == 0


def _run(url: str) -> int:
    print(f"PostgreSQL suites on {url.rpartition('@')[2]}", flush=True)
    suites = [suite for suite in SUITES if Path(suite).exists()]
    ignored = [f"--ignore={path}" for path in (*ALWAYS_SQLITE, *WITHOUT_DATABASE)]
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *suites, *ignored, *sys.argv[1:]]
    # Commits do not wait for the disk: what is killed here is a client, never the server.
    environment = {**os.environ, "DATABASE_URL": url, "PGOPTIONS": "-c synchronous_commit=off"}
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    """0 when all passed, or when there is no PostgreSQL at all and this is not CI."""
    given = os.environ.get("TEST_DATABASE_URL")
    for url in filter(None, (given, "postgresql://postgres@127.0.0.1:5432/postgres")):
        if _answers(url):
            return _run(url)
    binaries = _binaries()
    if binaries is not None:
        with _started(binaries) as url:
            return _run(url)
    print(
        "LEFT OUT: the PostgreSQL suites; no server answers and no initdb is installed (TEST_DATABASE_URL names one)."
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
