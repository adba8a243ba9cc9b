"""`rackbill bench bill-run`: how fast a bill run computes and issues, against bare rows written in the same process."""

import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.interfaces.console import answers

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
YARDSTICK_ROWS = 100_000
_CREATE = """CREATE TABLE invoice_line (
    id INTEGER PRIMARY KEY, invoice_id INTEGER NOT NULL, position INTEGER NOT NULL,
    description TEXT NOT NULL, quantity NUMERIC NOT NULL, unit_price NUMERIC NOT NULL,
    net NUMERIC NOT NULL, tax_rate NUMERIC NOT NULL, tax NUMERIC NOT NULL, gross NUMERIC NOT NULL,
    period_start DATE NOT NULL, period_end DATE NOT NULL)"""


@app.callback()
def bench() -> None:
    """Benchmarks: ratios to a yardstick of the same run."""


@app.command("bill-run")
def bill_run(
    services: Annotated[int, typer.Option(min=100)] = 2000,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Bill a simulated provider of about so many services, in a throw-away installation on SQLite."""
    with tempfile.TemporaryDirectory(prefix="rackbill-bench-") as folder:
        environment = {**os.environ, "RACKBILL_HOME": folder, "DATABASE_URL": ""}
        code = f"from rackbill.interfaces.console import benches; benches.child({services})"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise answers.Refused(f"the bench broke: {done.stderr.strip().splitlines()[-1]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    if as_json:
        answers.print_json(answer)
    else:
        for name, value in answer.items():
            answers.out.print(f"{name:>22}  {value}")


def child(services: int) -> None:
    """Runs in the throw-away installation: builds it, then measures; prints one JSON line."""
    import django

    from rackbill.interfaces.console import demo

    (Path(os.environ["RACKBILL_HOME"]) / "installation.json").write_text('{"kind": "test"}')
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    django.setup()
    from django.conf import settings

    work = demo.Demo(Path(settings.RACKBILL_HOME), answers.Steps(None, False))
    demo.move_in(work, customers=max(services // 5, 20), seed=7)
    demo.open_series()
    seconds, cpu_seconds, lines = _measured(demo)
    yardstick = statistics.median(_yardstick(Path(settings.RACKBILL_HOME)) for _ in range(3))
    from rackbill.domain.contracts import queries as contracts

    size = contracts.service_count()
    ratio = (cpu_seconds * YARDSTICK_ROWS / lines) / yardstick if lines else 0
    print(json.dumps({
        "name": "bill-run", "size": size, "database": "sqlite", "seconds": _rounded(seconds),
        "cpu_seconds": _rounded(cpu_seconds),
        "per_second": _rounded(lines / seconds), "yardstick": "S", "yardstick_cpu_seconds": _rounded(yardstick),
        "cpu_ratio": _rounded(ratio), "wall_ratio": None, "p95_ms": None,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "lines": lines,
    }))  # fmt: skip


def _measured(demo: Any) -> tuple[float, float, int]:
    from rackbill.domain.parties import queries as parties
    from rackbill.interfaces.console import installation
    from rackbill.interfaces.console.billing import CONSOLE
    from rackbill.interfaces.jobs import bill_run as runs

    signer = installation.signer()
    wall, cpu, lines = time.perf_counter(), time.process_time(), 0
    for organisation_id in parties.sellers():
        summary = runs.run_bill(
            organisation_id=organisation_id, through=demo.THROUGH, now=demo.BILLED_AT, actor=CONSOLE, signer=signer
        )
        lines += summary.lines
    return time.perf_counter() - wall, time.process_time() - cpu, lines


def _yardstick(folder: Path) -> float:
    """CPU seconds for 100,000 bare rows with one index, one executemany, one transaction (yardstick S)."""
    day: Callable[[int], str] = lambda d: date(2026, 11, d).isoformat()  # noqa: E731
    rows = [
        (i, i // 5 + 1, i % 5 + 1, f"Dedicated server #{i:06d}, November 2026", "1", "89.00", "89.00", "21.00", "18.69", "107.69",
         day(1), day(30))
        for i in range(1, YARDSTICK_ROWS + 1)
    ]  # fmt: skip
    path = folder / "yardstick.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute(_CREATE)
    connection.execute("CREATE INDEX il_inv ON invoice_line (invoice_id)")
    connection.commit()
    cpu = time.process_time()
    with connection:
        connection.executemany("INSERT INTO invoice_line VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    cpu = time.process_time() - cpu
    connection.close()
    path.unlink()
    return cpu


def _rounded(value: float) -> float:
    return float(round(Decimal(value), 3))
