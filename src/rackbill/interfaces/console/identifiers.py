"""`rackbill resolve`: any identifier ever valid → the thing, with all its identifiers."""

from typing import Annotated

import typer
from rich.table import Table

from rackbill.domain.identifiers.queries import Identity, Resolution
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.console import answers
from rackbill.interfaces.jobs import named_things


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("resolve")
    def resolve(text: str, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Find what an identifier names, whatever system gave it; exit code 1 where it names nothing."""
        found = named_things.resolutions(scope=WholeInstallation(), text=text)
        if as_json:
            answers.print_json({"text": text, "things": [_thing(resolution) for resolution in found]})
        for resolution in [] if as_json else found:
            _print(resolution)
        if not found:
            if not as_json:
                answers.out.print(f"{text!r} names nothing: no identifier of any system was ever written like this")
            raise answers.CheckFailed


def _thing(resolution: Resolution) -> dict[str, object]:
    return {
        "kind": resolution.target_kind,
        "id": resolution.target_id,
        "customer_id": resolution.customer_id,
        "found_by": _identity(resolution.found_by),
        "is_exact": resolution.is_exact,
        "identifiers": [_identity(identity) for identity in resolution.identities],
    }


def _identity(identity: Identity) -> dict[str, object]:
    return {
        "kind": identity.kind,
        "text": identity.text,
        "system": identity.system,
        "valid_from": identity.valid_from,
        "valid_until": identity.valid_until,
    }


def _print(resolution: Resolution) -> None:
    answers.out.print(
        f"[bold]{resolution.target_kind} {resolution.target_id}[/bold] of customer {resolution.customer_id or '–'}"
        f", found by {resolution.found_by.kind}{'' if resolution.is_exact else ' (tolerant)'}"
    )
    table = Table("identifier", "kind", "system", "from", "until", box=None)
    for identity in resolution.identities:
        table.add_row(
            identity.text, identity.kind, identity.system or "rackbill", str(identity.valid_from or ""),
            str(identity.valid_until or ""),
        )  # fmt: skip
    answers.out.print(table)
