"""`rackbill recipients`: who gets the documents of a customer by e-mail, and which files go with them."""

from typing import Annotated

import typer
from rich.table import Table

from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.operations import mailing as mailing_operations
from rackbill.domain.parties.policy import mailing
from rackbill.domain.parties.queries import mailing as mailing_queries
from rackbill.interfaces.console import acting, answers
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def show(
    customer: Annotated[str, typer.Argument(help="customer ID, eight digits")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List the recipients of each billing group of a customer with the files that they chose."""
    parties.customer(scope=WholeInstallation(), customer_id=customer)
    rows = mailing_queries.recipient_rows(scope=WholeInstallation(), customer_id=customer)
    if as_json:
        for row in rows:
            answers.print_json({"group_id": row.group_id, "email": row.email, "attachments": list(row.attachments)})
        return
    table = Table("billing group", "recipient", "attached", box=None)
    for row in rows:
        table.add_row(row.group_id, row.email, ", ".join(row.attachments) or "what suits the customer")
    answers.out.print(table)


@app.command("attach")
def attach(
    group: Annotated[str, typer.Argument(help="billing group ID, such as 12000456-01")],
    email: Annotated[str, typer.Argument(help="one of its recipients")],
    forms: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(mailing.ATTACHMENTS)}; none: what suits")
    ] = None,
    as_staff: acting.As = None,
    token_file: acting.TokenFile = None,
) -> None:
    """Set which files go with the mail to a recipient, from the next mail on."""
    actor = acting.actor(as_staff, token_file)
    mailing_operations.choose_attachments(
        scope=WholeInstallation(), group_id=group, choices={email: forms or ()}, now=clock.now(), actor=actor
    )
    answers.out.print(f"{email} of {group} gets: {', '.join(forms or ()) or 'what suits the customer'}", markup=False)


@app.command("add")
def add(
    group: Annotated[str, typer.Argument(help="billing group ID, such as 12000456-01")],
    email: Annotated[str, typer.Argument(help="who gets its documents as well")],
    as_staff: acting.As = None,
    token_file: acting.TokenFile = None,
) -> None:
    """Add somebody who gets the documents of a billing group, from the next one on."""
    mailing_operations.add_recipient(
        scope=WholeInstallation(), group_id=group, email=email, now=clock.now(),
        actor=acting.actor(as_staff, token_file),
    )  # fmt: skip
    answers.out.print(f"{email} gets the documents of {group}", markup=False)


@app.command("remove")
def remove(
    group: Annotated[str, typer.Argument(help="billing group ID, such as 12000456-01")],
    email: Annotated[str, typer.Argument(help="who gets its documents no more")],
    as_staff: acting.As = None,
    token_file: acting.TokenFile = None,
) -> None:
    """Take somebody off the recipients of a billing group, from the next document on."""
    mailing_operations.remove_recipient(
        scope=WholeInstallation(), group_id=group, email=email, now=clock.now(),
        actor=acting.actor(as_staff, token_file),
    )  # fmt: skip
    answers.out.print(f"{email} no longer gets the documents of {group}", markup=False)
