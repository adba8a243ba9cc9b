"""`rackbill scenario FILE.yaml`: a customer's story, played in a throw-away database through the operations of real life."""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.interfaces.console import answers

PLAY = "play"


def prepare(arguments: list[str]) -> None:
    """Makes the throw-away installation before the settings are read; `export` reads the real one instead."""
    if "export" in arguments[:1]:
        return
    home = Path(tempfile.mkdtemp(prefix="rackbill-scenario-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "installation.json").write_text(json.dumps({"kind": "test"}))
    os.environ["RACKBILL_HOME"] = str(home)
    os.environ.pop("DATABASE_URL", None)


class _FileFirst(typer.core.TyperGroup):
    """`scenario FILE` means `scenario play FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = [argument for argument in args if not argument.startswith("-")]
        if named and named[0] not in self.commands:
            args = [PLAY, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=_FileFirst)


@app.command(PLAY)
def play(
    file: Annotated[Path, typer.Argument(help="the story, a YAML file (docs/guide/scenario.md)")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Play a story and print every document it comes to; exit code 1 where it is not as the file expects."""
    from rackbill.formats import scenario_file
    from rackbill.interfaces.console import installation
    from rackbill.interfaces.console.scenario import playing, printing

    if not file.is_file():
        raise answers.Refused(f"there is no file {file}; `rackbill scenario schema` says what belongs into one")
    try:
        scenario, place = scenario_file.read_scenario(file.read_bytes())
        installation.migrate()
        told = playing.play(scenario, place)
    except scenario_file.ScenarioRefused as fault:
        raise answers.Refused(f"{file.name}: {fault}") from None
    if as_json:
        answers.print_json(told)
    else:
        printing.show(told)
    if told["differences"] or told["violations"]:
        raise answers.CheckFailed


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of a scenario file."""
    from rackbill.formats import scenario_file

    answers.print_json(scenario_file.scenario_schema())


@app.command("export")
def export(
    customer: Annotated[str, typer.Argument(help="customer ID, eight digits")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="where the file goes; else it is printed")
    ] = None,
) -> None:
    """Write a real case of the installation as a story: names replaced, amounts and dates kept, its documents expected."""
    from rackbill.formats import scenario_file
    from rackbill.interfaces.console.scenario import exporting

    scenario = exporting.export_case(customer_id=customer)
    comment = "Exported with `rackbill scenario export`; play it with `rackbill scenario FILE`."
    content = scenario_file.write_scenario(scenario, comment=comment)
    if output is None:
        typer.echo(content.decode(), nl=False)
    else:
        output.write_bytes(content)
        answers.people.print(f"{len(scenario.story)} steps, {len(scenario.expect or [])} documents: {output}")
