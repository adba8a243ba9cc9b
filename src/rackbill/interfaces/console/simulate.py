"""`rackbill simulate`: write a synthetic legacy system as a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from rackbill.cutover import simulator
from rackbill.interfaces.console import answers


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("simulate")
    def simulate(
        out: Annotated[Path, typer.Option(help="folder to write; must be empty or absent")],
        customers: Annotated[int, typer.Option(min=1)] = 400,
        seed: Annotated[int, typer.Option()] = 1,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Write a legacy bundle that looks real; the same seed and size give the same bytes."""
        if out.exists() and any(out.iterdir()):
            raise answers.Refused(f"{out} is not empty; name a folder that is empty or does not exist")
        with answers.steps(as_json=as_json) as steps:
            rows = simulator.simulate(customers=customers, seed=seed, out=out, on_step=steps)
        if as_json:
            answers.print_json({"out": str(out), "rows": rows})
        else:
            answers.out.print(f"legacy bundle in {out}: {sum(rows.values())} rows in {len(rows)} files")
