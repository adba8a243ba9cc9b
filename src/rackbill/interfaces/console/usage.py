"""`rackbill usage`: meters, files of samples, freezing months, estimates of running ones."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from rackbill.core.money import decimal_from_minor
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.parties import queries as parties
from rackbill.domain.usage import operations
from rackbill.domain.usage import queries as usage_queries
from rackbill.domain.usage.operations import FrozenLines
from rackbill.domain.usage.queries import UsageEstimate
from rackbill.formats import usage_file
from rackbill.interfaces.console import answers, billing, main
from rackbill.interfaces.jobs import usage

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json")]
At = Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")]


@app.callback()
def usage_commands() -> None:
    """Usage: meters, samples, frozen months, estimates."""


@app.command("meter")
def add_meter(
    meter_id: str,
    service: Annotated[str, typer.Option(help="service ID of the metered line")],
    method: Annotated[str, typer.Option(help="traffic, percentile, percentile_of_sums or hours")],
    unit: Annotated[str, typer.Option(help="GB, TB, Mbps, Gbps or h")],
    since: Annotated[str, typer.Option(help="first day it counts for the line")],
    until: Annotated[str, typer.Option(help="first day it no longer counts for it")] = "",
    line: Annotated[str, typer.Option(help="the line's description, where the service has several metered lines")] = "",
    of: Annotated[str, typer.Option(help="service ID that the meter itself stands at; the line's own without")] = "",
    profile: Annotated[str, typer.Option(help="percentile profile, such as 95TH")] = "",
    month_by: Annotated[str, typer.Option(help="utc or local midnights of a month of samples")] = "utc",
) -> None:
    """Let a meter count for a metered line; several meters of one line are a pack."""
    line_key, own_service = contracts.metered_line(service_id=service, description=line)
    if of:
        own_service = contracts.service_key(service_id=of)
    operations.set_measuring_rule(line_key=line_key, method=method, unit=unit, profile=profile, month_by=month_by)
    operations.add_meter(meter_id=meter_id, service_key=own_service)
    operations.assign_meter(
        meter_id=meter_id, line_key=line_key, valid_from=billing.day(since, "--since"),
        valid_until=billing.day(until, "--until") if until else None,
    )  # fmt: skip
    answers.out.print(f"meter {meter_id} counts {method} in {unit} for service {service} from {since}")


@app.command("load")
def load(
    file: Path,
    replace: Annotated[bool, typer.Option("--replace", help="the file's samples take the place of kept ones")] = False,
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """Load a file of samples; the same file again changes nothing. Months that were frozen before are measured anew."""
    now = main.set_clock(at)
    with answers.steps(as_json=as_json) as steps:
        loaded = usage.load_samples(days=usage_file.read_usage_file(file), now=now, replaces=replace, on_step=steps)
    answer = {
        "file": file.name, "days_new": loaded.days.new, "days_changed": loaded.days.changed, "days_same": loaded.days.same,
        "measured_anew": {f"{month:%Y-%m}": _frozen_json(done) for month, done in loaded.anew.items()},
    }  # fmt: skip
    if as_json:
        answers.print_json(answer)
        return
    answers.out.print(
        f"{file.name}: {loaded.days.new} days of meters new, {loaded.days.changed} completed, {loaded.days.same} known before"
    )
    for month, done in loaded.anew.items():
        answers.out.print(f"{month:%B %Y} measured anew: {done.revised} lines revised, {done.same} as they were")


@app.command("freeze")
def freeze(
    month: Annotated[str, typer.Option(help="such as 2020-10")],
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """Measure a month of all metered lines and freeze the quantities; again, it keeps only what differs."""
    now = main.set_clock(at)
    first = billing.day(f"{month}-01", "--month (with -01 at its end)")
    with answers.steps(as_json=as_json) as steps:
        done = usage.freeze_month(month=first, now=now, on_step=steps)
        anew = usage.measure_anew(now=now, on_step=steps)
    unmeasured = len(usage_queries.unmeasured_lines(month=first))
    answer = {
        "month": month, **_frozen_json(done), "unmeasured": unmeasured,
        "measured_anew": {f"{other:%Y-%m}": _frozen_json(row) for other, row in anew.items()},
    }  # fmt: skip
    if as_json:
        answers.print_json(answer)
        return
    answers.out.print(
        f"{month}: {done.new} lines frozen, {done.revised} revised, {done.same} as they were; "
        f"{done.sample_count} of {done.expected_count} samples came"
    )
    for other, row in anew.items():
        answers.out.print(f"{other:%B %Y} measured anew: {row.revised} lines revised, {row.same} as they were")


def _frozen_json(done: FrozenLines) -> dict[str, int]:
    return {
        "new": done.new, "revised": done.revised, "same": done.same, "samples": done.sample_count,
        "samples_expected": done.expected_count,
    }  # fmt: skip


@app.command("estimate")
def estimate(
    customer: Annotated[str, typer.Option(help="eight digits")],
    as_json: AsJson = False,
    at: At = None,
) -> None:
    """What a customer's running month comes to: if it ended now, and if it goes on as it did. Net, before tax."""
    now = main.set_clock(at)
    rows = usage_queries.usage_estimates(scope=parties.customer_scope(customer_id=customer), now=now)
    if as_json:
        answers.print_json({"customer_id": customer, "at": now.isoformat(), "lines": [_estimate_json(r) for r in rows]})
        return
    table = Table(
        Column("service", no_wrap=True, min_width=14),
        "line",
        "month",
        "so far",
        "now",
        "carried on",
        "then",
        "samples",
        box=None,
    )
    for row in rows:
        table.add_row(
            row.service_id, row.description, f"{row.month.start:%Y-%m}", f"{_plain(row.quantity_so_far)} {row.unit}",
            _amount(row.amount_so_far_minor, row.currency), f"{_plain(row.quantity_carried_on)} {row.unit}",
            _amount(row.amount_carried_on_minor, row.currency), f"{row.sample_count} of {row.expected_count}",
        )  # fmt: skip
    answers.out.print(table)
    for row in rows:
        if row.contradiction:
            answers.people.print(f"[yellow]warning[/yellow]: service {row.service_id}: {row.contradiction}")


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _amount(minor: int, currency: str) -> str:
    return f"{decimal_from_minor(minor, currency)} {currency}"


def _estimate_json(row: UsageEstimate) -> dict[str, Any]:
    last: date = row.month.end
    return {
        "contract_id": row.contract_id, "service_id": row.service_id, "description": row.description,
        "period_start": row.month.start.isoformat(), "period_end": last.isoformat(), "unit": row.unit,
        "profile": row.profile, "currency": row.currency, "quantity_so_far": _plain(row.quantity_so_far),
        "net_so_far_minor": row.amount_so_far_minor, "quantity_carried_on": _plain(row.quantity_carried_on),
        "net_carried_on_minor": row.amount_carried_on_minor, "samples": row.sample_count,
        "samples_expected": row.expected_count, "contradiction": row.contradiction,
    }  # fmt: skip
