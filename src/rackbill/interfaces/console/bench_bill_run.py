"""`rackbill bench bill-run`: compute and issue of a month, timed apart, against the yardstick S of the same run."""

import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import typer

from rackbill.interfaces.console import answers, bench_crew, benches

PROFILE_ROWS = 25


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("bill-run")
    def bill_run(
        services: Annotated[int, typer.Option(min=100)] = 2000,
        workers: Annotated[int, typer.Option(min=0, help="Celery workers beside it (PostgreSQL and a broker)")] = 0,
        profile: Annotated[bool, typer.Option(help="also print where the time goes (slower)")] = False,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Bill October for a made base of so many services, in a throw-away installation.

        On SQLite, or in a database of its own on the server that DATABASE_URL names.
        """
        if workers and not os.environ.get("DATABASE_URL", "").startswith("postgres"):
            raise answers.Refused("workers need a server: name a PostgreSQL database in DATABASE_URL")
        with (
            tempfile.TemporaryDirectory(prefix="rackbill-bench-") as folder,
            Database(os.environ.get("DATABASE_URL", "")) as url,
        ):
            (Path(folder) / "installation.json").write_text('{"kind": "test"}')
            environment = {
                **os.environ,
                "RACKBILL_HOME": folder,
                "DATABASE_URL": url,
                **bench_crew.environment(workers),
            }
            code = (
                "from rackbill.interfaces.console import bench_bill_run;"
                f"bench_bill_run.child({services}, {workers}, {profile})"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=False
            )
        if done.returncode:
            raise answers.Refused("the bench broke; what it said stands above")
        *told, last = done.stdout.splitlines()
        if as_json:
            answers.print_json(json.loads(last))
            return
        for line in told:
            answers.out.print(line, markup=False)
        for name, value in json.loads(last).items():
            answers.out.print(f"{name:>24}  {value}")


class Database:
    """A database of its own for the length of a bench: a file in RACKBILL_HOME, or one made and dropped on the server."""

    def __init__(self, url: str) -> None:
        self._server = url if url.startswith("postgres") else ""
        self._name = f"rackbill_bench_{os.getpid()}"

    def __enter__(self) -> str:
        if not self._server:
            return ""
        self._run(f'CREATE DATABASE "{self._name}"')
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{self._name}"))

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._run(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(statement)


def child(services: int, workers: int, profile: bool) -> None:
    """Runs in the throw-away installation: fills it, then measures; prints a profile where asked, then one JSON line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    import django

    django.setup()
    from django.db import connection

    from rackbill.interfaces.console import bench_data, installation

    installation.migrate()
    counts = bench_data.build(services=services, on_step=_on_step)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
    profiler = cProfile.Profile() if profile else None
    yard_before = benches.yardstick_runs()
    with bench_crew.BenchCrew(workers) as crew:
        before = crew.processor_seconds()
        parts = _measured(profiler)
        told = {
            "workers": workers, "worker_cpu_seconds": crew.processor_seconds() - before,
            "worker_peak_rss_mb": crew.peak_rss_mb(),
        } if workers else {}  # fmt: skip
    yard_cpu, yard_wall = benches.yardstick(yard_before)
    answer = _answer(counts, {**parts, **told}, yard_cpu, yard_wall, connection.vendor)
    if profiler is not None:
        pstats.Stats(profiler, stream=sys.stdout).sort_stats("tottime").print_stats(PROFILE_ROWS)
    print(json.dumps(answer))


def _on_step(stage: str, done: int, total: int) -> None:
    answers.people.print(f"{stage} {done}/{total}", end="\r")


def _answer(
    counts: dict[str, int], parts: dict[str, Any], yard_cpu: float, yard_wall: float, vendor: str
) -> dict[str, Any]:
    cpu = parts["compute_cpu_seconds"] + parts["issue_cpu_seconds"] + parts.get("worker_cpu_seconds", 0)
    wall = parts["compute_seconds"] + parts["issue_seconds"]
    scale = benches.YARDSTICK_ROWS / counts["services"]
    return {
        "name": "bill-run", "size": counts["services"], "database": vendor, **counts,
        **{name: benches.rounded(value) for name, value in parts.items()},
        "seconds": benches.rounded(wall), "cpu_seconds": benches.rounded(cpu),
        "services_per_second": benches.rounded(counts["services"] / wall, 0),
        "yardstick": "S", "yardstick_cpu_seconds": benches.rounded(yard_cpu), "yardstick_seconds": benches.rounded(yard_wall),
        "cpu_ratio": benches.rounded(cpu * scale / yard_cpu, 1), "wall_ratio": benches.rounded(wall * scale / yard_wall, 1),
        "p95_ms": None, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def _measured(profiler: cProfile.Profile | None) -> dict[str, Any]:
    """Seconds of compute and issue over all sales organisations, and what came out."""
    from rackbill.domain.billing import operations as billing
    from rackbill.domain.billing import queries as billing_queries
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.domain.parties import queries as parties
    from rackbill.interfaces.console import bench_data, installation
    from rackbill.interfaces.jobs import bill_run

    signer = installation.signer()
    totals = dict.fromkeys(("compute_seconds", "compute_cpu_seconds", "issue_seconds", "issue_cpu_seconds"), 0.0)
    counts = {"invoices": 0, "lines": 0, "parked": 0}
    for organisation_id in parties.sellers():
        marks: list[tuple[float, float]] = []

        def mark(into: list[tuple[float, float]] = marks) -> None:
            into.append((time.perf_counter(), benches.processor_seconds()))

        mark()
        if profiler is not None:
            profiler.enable()
        run_id = billing.plan_run(
            organisation_id=organisation_id, through=bench_data.THROUGH, now=bench_data.BILLED_AT, actor=SYSTEM
        )
        bill_run.compute_run(run_id=run_id, now=bench_data.BILLED_AT, actor=SYSTEM)
        mark()
        billing.approve_run(run_id=run_id, now=bench_data.BILLED_AT, actor=SYSTEM)
        bill_run.issue_run(run_id=run_id, now=bench_data.BILLED_AT, actor=SYSTEM, signer=signer)
        summary = billing_queries.run_summary(run_id=run_id)
        if profiler is not None:
            profiler.disable()
        mark()
        for name, (before, after) in {"compute": (0, 1), "issue": (1, 2)}.items():
            totals[f"{name}_seconds"] += marks[after][0] - marks[before][0]
            totals[f"{name}_cpu_seconds"] += marks[after][1] - marks[before][1]
        counts["invoices"] += summary.invoices
        counts["lines"] += summary.lines
        counts["parked"] += len(summary.parked)
    return {**totals, **counts}
