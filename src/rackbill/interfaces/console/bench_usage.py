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
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from rackbill.interfaces.console import answers, bench_bill_run, benches

MONTH, OVER = date(2020, 10, 1), datetime(2020, 11, 1, 3, tzinfo=UTC)
METERS_OF_A_PACK = 20
_MASK = int.from_bytes((0x05FFFFFF).to_bytes(4, "little") * 576, "little")


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("usage")
    def usage(
        meters: Annotated[int, typer.Option(min=20)] = 200,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Load and freeze October of so many meters in a throw-away installation.

        On SQLite, or in a database of its own on the server that DATABASE_URL names. Five meters in ten have a 95th percentile
        of their own, four count traffic, one in ten belongs to a pack of twenty. The files are made between the measurements.
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
    parts = {"load": _Stopwatch(), "freeze": _Stopwatch(), "again": _Stopwatch()}
    folder, dice = Path(settings.RACKBILL_HOME), random.Random(20_201_001)
    counts = _measure(folder, meters, dice, parts)
    yard_cpu, yard_wall = benches.yardstick()
    cpu = parts["load"].cpu + parts["freeze"].cpu
    print(json.dumps({
        "name": "usage", "size": meters, "database": connection.vendor, "lines": lines, **counts,
        "load_seconds": benches.rounded(parts["load"].wall), "load_cpu_seconds": benches.rounded(parts["load"].cpu),
        "freeze_seconds": benches.rounded(parts["freeze"].wall), "freeze_cpu_seconds": benches.rounded(parts["freeze"].cpu),
        "freeze_again_seconds": benches.rounded(parts["again"].wall),
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
    """Each day's file is made, loaded and removed; then the month is frozen, and once more to see that nothing changes."""
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
    with parts["again"]:
        again = usage.freeze_month(month=MONTH, now=OVER)
    if again.new or again.revised:
        raise answers.Refused(f"freezing again changed {again.new + again.revised} lines")
    return {
        "meter_days": days, "samples": days * 288, "samples_complete": frozen.sample_count, "frozen": frozen.new,
        "file_mb": byte_count // 1_000_000,
    }  # fmt: skip


def _lines_of_a_day(day: date, meters: int, dice: random.Random) -> Iterator[str]:
    """Random samples up to 100 MB; a meter in twenty misses one."""
    yield "meter_id,day,bytes_in,bytes_out\n"
    for number in range(meters):
        noise = int.from_bytes(dice.randbytes(2304), "little") & _MASK
        numbers = list(map(str, array("I", noise.to_bytes(2304, "little"))))
        if dice.random() < 1 / 20:
            numbers[dice.randrange(576)] = "-"
        yield f"m{number:06d},{day},{' '.join(numbers[:288])},{' '.join(numbers[288:])}\n"


def _metered_lines(meters: int) -> int:
    """A sales organisation, a customer, and so many metered lines with their meters; how many lines."""
    from rackbill.domain.usage import operations as usage
    from rackbill.domain.usage.operations import NewMeter

    in_packs = meters // 10
    single = meters - in_packs
    keys = _ordered_lines(single + -(-in_packs // METERS_OF_A_PACK))
    made, own, packed = [], iter(keys), 0
    for number in range(meters):
        if number % 10 == 9:
            line_key, rule = keys[single + packed // METERS_OF_A_PACK], ("percentile_of_sums", "Mbps", "95TH")
            packed += 1
        else:
            line_key, rule = next(own), ("percentile", "Mbps", "95TH") if number % 10 < 5 else ("traffic", "GB", "")
        made.append(
            NewMeter(
                meter_id=f"m{number:06d}",
                line_key=line_key,
                method=rule[0],
                unit=rule[1],
                profile=rule[2],
                valid_from=MONTH,
            )
        )
    usage.add_meters(meters=made)
    return len(keys)


def _ordered_lines(count: int) -> list[int]:
    from rackbill.core.pricing import PriceModel, UsagePrice
    from rackbill.core.terms import DatedPrice, DatedQuantity
    from rackbill.domain.catalogue import operations as catalogue
    from rackbill.domain.contracts.operations import NewLine, NewService
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.domain.ordering import operations as ordering
    from rackbill.domain.parties import operations as parties
    from rackbill.domain.parties import queries as party_queries

    parties.add_sales_organisation(
        organisation_id="2100", fields=_SELLER, tax_numbers={}, bank_accounts={}, now=OVER, actor=SYSTEM
    )
    customer_id = parties.add_customer(
        organisation_id="2100",
        fields=_CUSTOMER,
        recipients=(),
        billed_from=MONTH,
        payment_days=14,
        now=OVER,
        actor=SYSTEM,
    )
    scope = party_queries.customer_scope(customer_id=customer_id)
    (group_key,) = party_queries.buyers(customer_keys=[scope.customer_key])
    price = UsagePrice(model=PriceModel.INCLUDED, included=Decimal(100), price=Decimal("0.5"))
    line = NewLine(
        kind="metered", description="Traffic", starts_on=MONTH, prices=(DatedPrice(MONTH, None, Decimal(0), price),),
        quantities=(DatedQuantity(MONTH, None, Decimal(1)),),
    )  # fmt: skip
    start = datetime(2020, 10, 1, tzinfo=UTC)
    service = NewService(
        product_key=catalogue.add_product(code="TR", product_id="TRAFFIC", name="Traffic"), description="Traffic", lines=(line,),
        billing_group_key=group_key, starts_at=start,
    )  # fmt: skip
    keys: list[int] = []
    while len(keys) < count:
        size = min(500, count - len(keys))
        order = ordering.place_order(
            customer_key=scope.customer_key, customer_id=customer_id, currency="EUR", ordered_on=MONTH, starts_at=start,
            term_months=12, services=[service] * size, zone=ZoneInfo("Europe/Berlin"), now=OVER, actor=SYSTEM,
        )  # fmt: skip
        keys += [opened.line_keys[0] for opened in order.services]
        answers.people.print(f"lines {len(keys)}/{count}", end="\r")
    return keys


_ADDRESS = {"street": "Street 1", "city": "Frankfurt", "country": "DE"}
_SELLER: dict[str, Any] = {
    "name": "Bench", "legal_name": "Bench GmbH", "accounting_currency": "EUR", "time_zone": "Europe/Berlin",
    "billing_email": "billing@bench.example", "payment_days": 14, **_ADDRESS,
}  # fmt: skip
_CUSTOMER: dict[str, Any] = {
    "kind": "business", "name": "Buyer", "email": "buyer@bench.example", "language": "en", **_ADDRESS,
}  # fmt: skip


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
