"""`rackbill bench usage`: a month of five-minute samples of many meters, loaded from files day by day, measured and frozen."""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.interfaces.console import answers, bench_bill_run, benches

MONTH, OVER = date(2020, 10, 1), datetime(2020, 11, 1, 3, tzinfo=UTC)
FIRST = datetime(2020, 9, 1, 6, tzinfo=UTC)
DIFFERENT_TEXTS = 250
_EACH = {"method": "percentile", "unit": "Mbps", "profile": "95TH"}
_SUMS = {"method": "percentile_of_sums", "unit": "Mbps", "profile": "95TH"}
RULES: list[dict[str, Any]] = [_EACH] * 5 + [{"method": "traffic", "unit": "GB"}] * 4 + [_SUMS]
_MASK = int.from_bytes((0x05FFFFFF).to_bytes(4, "little") * 576, "little")


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("usage")
    def usage(
        meters: Annotated[int, typer.Option(min=100)] = 200,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Load and freeze October of so many meters in a throw-away installation.

        On SQLite, or in a database of its own on the server that DATABASE_URL names. Twenty meters are a pack: five packs in
        ten add up percentiles, four count traffic, one takes the percentile of sums. Files are made between the measurements.
        """
        with (
            tempfile.TemporaryDirectory(prefix="rackbill-bench-") as folder,
            bench_bill_run.Database(os.environ.get("DATABASE_URL", "")) as url,
        ):
            (Path(folder) / "installation.json").write_text('{"kind": "test"}')
            environment = {**os.environ, "RACKBILL_HOME": folder, "DATABASE_URL": url}
            code = f"from rackbill.interfaces.console import bench_usage; bench_usage.child({meters})"
            done = subprocess.run(
                [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=False
            )
        if done.returncode:
            raise answers.Refused("the bench broke; what it said stands above")
        answer = json.loads(done.stdout.splitlines()[-1])
        if as_json:
            answers.print_json(answer)
            return
        for name, value in answer.items():
            answers.out.print(f"{name:>24}  {value}")


def child(meters: int) -> None:
    """Runs in the throw-away installation: makes the lines, then measures; prints one JSON line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from rackbill.interfaces.console import installation

    installation.migrate()
    lines = _metered_lines(meters)
    parts = {"load": _Stopwatch(), "freeze": _Stopwatch()}
    folder, dice = Path(settings.RACKBILL_HOME), random.Random(20_201_001)
    yard_before = benches.yardstick_runs()
    counts = _measure(folder, meters, dice, parts)
    yard_cpu, yard_wall = benches.yardstick(yard_before)
    cpu = parts["load"].cpu + parts["freeze"].cpu
    print(json.dumps({
        "name": "usage", "size": meters, "database": connection.vendor, "lines": lines, **counts,
        "load_seconds": benches.rounded(parts["load"].wall), "load_cpu_seconds": benches.rounded(parts["load"].cpu),
        "freeze_seconds": benches.rounded(parts["freeze"].wall), "freeze_cpu_seconds": benches.rounded(parts["freeze"].cpu),
        "seconds": benches.rounded(parts["load"].wall + parts["freeze"].wall), "cpu_seconds": benches.rounded(cpu),
        "samples_per_cpu_second": benches.rounded(counts["samples"] / cpu, 0),
        "yardstick": "S", "yardstick_cpu_seconds": benches.rounded(yard_cpu), "yardstick_seconds": benches.rounded(yard_wall),
        "cpu_ratio": benches.rounded(cpu / yard_cpu, 1),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "server_peak_rss_mb": _server_peak_mb(),
    }))  # fmt: skip


class _Stopwatch:
    """Adds up wall and processor time of what runs inside it."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), benches.processor_seconds()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._wall
        self.cpu += benches.processor_seconds() - self._cpu


def _measure(folder: Path, meters: int, dice: random.Random, parts: dict[str, _Stopwatch]) -> dict[str, int]:
    """Each day's file is made, loaded and removed; then the month is frozen."""
    from rackbill.core.metering import month_of
    from rackbill.formats import usage_file
    from rackbill.interfaces.jobs import usage

    days = byte_count = 0
    month = month_of(MONTH)
    for place in range(month.day_count):
        path = folder / "day.csv"
        with path.open("w") as file:
            file.writelines(_lines_of_a_day(MONTH + timedelta(days=place), meters, dice))
        byte_count += path.stat().st_size
        with parts["load"]:
            days += usage.load_samples(days=usage_file.read_usage_file(path), now=OVER).days.new
        path.unlink()
        answers.people.print(f"loaded {place + 1}/{month.day_count}", end="\r")
    with parts["freeze"]:
        frozen = usage.freeze_month(month=MONTH, now=OVER)
    return {
        "meter_days": days, "samples": days * 288, "samples_complete": frozen.sample_count, "frozen": frozen.new,
        "file_mb": byte_count // 1_000_000,
    }  # fmt: skip


def _lines_of_a_day(day: date, meters: int, dice: random.Random) -> Iterator[str]:
    """Random samples up to 100 MB; a day in twenty misses one. Some hundred texts are dealt out among the meters."""
    texts = []
    for _ in range(min(meters, DIFFERENT_TEXTS)):
        noise = int.from_bytes(dice.randbytes(2304), "little") & _MASK
        numbers = list(map(str, array("I", noise.to_bytes(2304, "little"))))
        if dice.random() < 1 / 20:
            numbers[dice.randrange(576)] = "-"
        texts.append(f"{' '.join(numbers[:288])},{' '.join(numbers[288:])}\n")
    yield "meter_id,day,bytes_in,bytes_out\n"
    for number in range(meters):
        yield f"m{number:06d},{day},{dice.choice(texts)}"


def _metered_lines(meters: int) -> int:
    """The data set of all benches with as many services as meters: a metered line in twenty, here a pack of twenty meters."""
    from rackbill.cutover import large_base
    from rackbill.domain.usage import operations as usage
    from rackbill.domain.usage.operations import NewMeter

    large_base.adopt_large_base(services=meters, now=FIRST, on_step=_on_step)
    keys = large_base.metered_line_keys(services=meters)
    usage.add_meters(
        meters=[
            NewMeter(
                meter_id=f"m{number:06d}", line_key=keys[number % len(keys)], valid_from=MONTH, **RULES[number % len(keys) % 10]
            )
            for number in range(meters)
        ]
    )  # fmt: skip
    return len(keys)


def _on_step(stage: str, done: int, total: int) -> None:
    answers.people.print(f"{stage} {done}/{total}", end="\r")


def _server_peak_mb() -> int | None:
    """The most memory that a process of the database server for us has held, shared buffers included; None on SQLite."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = [row[0] for row in cursor.fetchall()]
    peaks = [0]
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks)
