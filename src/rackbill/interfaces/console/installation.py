"""`rackbill init`: the database's tables, and the rates and wordings that come with Rackbill."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings

from rackbill.domain.kit.secrets import Signer, signed_report
from rackbill.domain.taxes import operations as taxes
from rackbill.interfaces.console import answers, fresh_tables
from rackbill.interfaces.jobs import signing


def create(*, kind: str, clock: str | None = None) -> None:
    """Writes down what kind of installation this is. May run twice. Raises Refused where it is another kind already."""
    path = Path(settings.RACKBILL_HOME) / "installation.json"
    wanted = {"kind": kind, **({"clock": clock} if clock else {})}
    if path.exists():
        present = json.loads(path.read_text())
        if present.get("kind") != kind:
            raise answers.Refused(
                f"{path.parent} holds a {present.get('kind')} installation; choose another RACKBILL_HOME"
            )
    half = path.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(wanted))
    half.replace(path)
    settings.INSTALLATION = wanted


def migrate() -> int:
    """Brings the tables up to date and loads the standard rates; how many rows were new."""
    fresh_tables.migrate()
    return taxes.load_standard_rates()


def signer() -> Signer:
    """The installation's signer."""
    return signing.signer()


def keep_report(name: str, report: dict[str, Any]) -> Path:
    """Writes a signed report to RACKBILL_HOME/reports, where `rackbill verify` can check it; the path."""
    path = Path(settings.RACKBILL_HOME) / "reports" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = json.loads(json.dumps(report, default=str))
    half = path.with_suffix(f".{os.getpid()}")
    half.write_text(
        json.dumps(signed_report(report=plain, signer=signer()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    half.replace(path)
    return path


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @app.command("init")
    def init(
        kind: Annotated[str, typer.Option(help="live, demo or test; only demo and test may move the clock")] = "live",
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Create the tables and load the standard tax rates; may be run again after an update."""
        if kind not in ("live", "demo", "test"):
            raise answers.Refused(f"--kind is live, demo or test, not {kind!r}")
        create(kind=kind)
        loaded = migrate()
        if as_json:
            answers.print_json({"kind": kind, "home": str(settings.RACKBILL_HOME), "rates_loaded": loaded})
        else:
            answers.out.print(f"{kind} installation in {settings.RACKBILL_HOME}: tables up to date, {loaded} rates new")
