"""Who acts on the console: the system, or a member of staff who shows a token."""

import os
from pathlib import Path
from typing import Annotated

import typer

from rackbill.domain.access import queries as access
from rackbill.domain.kit.actor import Actor
from rackbill.interfaces.console import answers
from rackbill.interfaces.jobs import clock

CONSOLE = Actor("system", "console")
TOKEN_VARIABLE = "RACKBILL_STAFF_TOKEN"

As = Annotated[str | None, typer.Option("--as", help=f"act as this member of staff; the token is in {TOKEN_VARIABLE}")]
TokenFile = Annotated[Path | None, typer.Option(help=f"a file that holds the token, in place of {TOKEN_VARIABLE}")]


def actor(email: str | None, token_file: Path | None) -> Actor:
    """The member of staff with a valid token; the console itself without `--as`. Raises Refused."""
    if email is None:
        return CONSOLE
    secret = token_file.read_text(encoding="utf-8").strip() if token_file else os.environ.get(TOKEN_VARIABLE, "")
    if not secret:
        raise answers.Refused(f"--as needs the token of {email} in {TOKEN_VARIABLE} or --token-file")
    # A token ends by the real clock, wherever the installation's clock stands.
    member = access.staff_member(email=email, secret=secret, now=clock.wall())
    if member is None:
        raise answers.Refused(f"the token is not one of {email}, or it has expired; rackbill staff add gives a new one")
    return Actor("person", member.email)


def actor_with_role(
    email: str | None, token_file: Path | None, *, organisation_id: str, roles: frozenset[str]
) -> Actor:
    """The same, and a person has one of the roles at the sales organisation. Raises Refused."""
    who = actor(email, token_file)
    if who.kind == "person" and not access.staff_roles(email=who.identity, organisation_id=organisation_id) & roles:
        where = organisation_id or "all sales organisations at once"
        raise answers.Refused(
            f"{who.identity} may not do this for {where}; it needs one of the roles {', '.join(sorted(roles))}"
        )
    return who
