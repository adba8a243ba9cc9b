"""`rackbill bench …`: the family of benchmarks, the yardstick S, and the processor time that a measurement may count."""

import os
import sqlite3
import statistics
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import typer
from django.db import connection

YARDSTICK_ROWS = 100_000
_CREATE = """CREATE TABLE invoice_line (
    id INTEGER PRIMARY KEY, invoice_id INTEGER NOT NULL, position INTEGER NOT NULL,
    description TEXT NOT NULL, quantity NUMERIC NOT NULL, unit_price NUMERIC NOT NULL,
    net NUMERIC NOT NULL, tax_rate NUMERIC NOT NULL, tax NUMERIC NOT NULL, gross NUMERIC NOT NULL,
    period_start DATE NOT NULL, period_end DATE NOT NULL)"""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def bench() -> None:
    """Benchmarks: ratios to a yardstick of the same run."""


Runs = list[tuple[float, float]]
"""CPU and wall seconds of each repetition."""


def yardstick_runs(*, repetitions: int = 5) -> Runs:
    """S so many times: 100,000 bare rows, one index, one executemany, one transaction, a file database."""
    return [_bare_rows() for _ in range(repetitions)]


def yardstick(before: Runs) -> tuple[float, float]:
    """(CPU, wall) seconds of S, medians over what was measured before the work and as many now, after it.

    A machine whose pace changes meanwhile changes S as well.
    """
    runs = [*before, *yardstick_runs(repetitions=len(before))]
    return statistics.median(cpu for cpu, _wall in runs), statistics.median(wall for _cpu, wall in runs)


def _bare_rows() -> tuple[float, float]:
    start, end = date(2026, 11, 1).isoformat(), date(2026, 11, 30).isoformat()
    rows = [
        (i, i // 5 + 1, i % 5 + 1, f"Dedicated server #{i:06d}, November 2026", "1", "89.00", "89.00", "21.00", "18.69",
         "107.69", start, end)
        for i in range(1, YARDSTICK_ROWS + 1)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        bare = sqlite3.connect(Path(folder) / "yardstick.sqlite3")
        bare.execute(_CREATE)
        bare.execute("CREATE INDEX il_inv ON invoice_line (invoice_id)")
        bare.commit()
        cpu, wall = time.process_time(), time.perf_counter()
        with bare:
            bare.executemany("INSERT INTO invoice_line VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", rows)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        bare.close()
    return cpu, wall


def processor_seconds() -> float:
    """Of this process and its children that ended, and of the database server's processes for this database.

    The server's common writers (log, checkpoints) are counted too; what else runs on the server makes the figure worse.
    """
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    if connection.vendor != "postgresql":
        return own
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() OR datname IS NULL")
        pids = [row[0] for row in cursor.fetchall()]
    return own + sum(seconds_of(pid) for pid in pids)


def seconds_of(pid: int) -> float:
    """User and system time of a process on this machine; 0 where the server is elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rounded(value: float, digits: int = 3) -> float:
    """For printing."""
    return float(round(Decimal(value), digits))
