"""`rackbill cutover run`: move a customer base out of a legacy system."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from rackbill.cutover.run import CutoverReport, run_cutover
from rackbill.domain.kit.actor import Actor
from rackbill.interfaces.console import answers, installation, main
from rackbill.interfaces.jobs import document_files

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
SHOWN = 100


@app.callback()
def cutover() -> None:
    """Move a customer base out of a legacy billing system."""


@app.command("run")
def run(
    folder: Path,
    on: Annotated[str, typer.Option(help="the day on which new identifiers and documents come into force")],
    source: Annotated[str, typer.Option(help="the connector that reads the source")] = "bundle",
    as_json: Annotated[bool, typer.Option("--json")] = False,
    at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
) -> None:
    """Stage, check, translate and adopt a bundle; running it again changes nothing."""
    try:
        cutover_on = date.fromisoformat(on)
    except ValueError:
        raise answers.Refused(f"--on takes a date such as 2020-09-14, not {on!r}") from None
    now = main.set_clock(at)
    with answers.steps(as_json=as_json) as steps:
        report = run_cutover(
            folder=folder, cutover_on=cutover_on, now=now, actor=Actor("system", "console"), source=source,
            files_root=document_files.files_root(), on_step=steps,
        )  # fmt: skip
    installation.keep_report(f"cutover-{report.system}-{report.stage}", report.as_json())
    if as_json:
        answers.print_json(report.as_json())
    else:
        _print(report)
    if report.findings:
        raise answers.CheckFailed


def _print(report: CutoverReport) -> None:
    answers.out.print(f"{report.system}: {report.records} rows staged, {report.stage}")
    if report.findings:
        table = Table("file", "line", "column", "reason", box=None)
        for fault in report.findings[:SHOWN]:
            table.add_row(fault.file_name, str(fault.line_number), fault.column, fault.reason)
        answers.out.print(table)
        more = len(report.findings) - SHOWN
        answers.out.print(
            f"{len(report.findings)} findings{f' ({more} more in --json)' if more > 0 else ''}, "
            f"{report.consequences} rows that only follow from them; nothing was adopted"
        )
        return
    for noun, count in report.changes.items():
        answers.out.print(f"  {count:>8} {noun.replace('_', ' ')}")
    answers.out.print(f"{report.legacy_ids} legacy identifiers, {report.unresolved_legacy_ids} of them unresolved")
