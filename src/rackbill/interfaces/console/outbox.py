"""`rackbill outbox`: the mail that is not sent, with the reason, and what a person does about it."""

from dataclasses import asdict
from typing import Annotated

import typer

from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.dispatch import queries
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.console import acting, answers
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def outbox() -> None:
    """Mail that is not sent, and sending it again."""


@app.command("list")
def show(
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List what is not sent: failed and parked mail first, which waits for a person, then what is tried again by itself."""
    page = queries.unsent(scope=WholeInstallation(), limit=limit, offset=offset)
    if as_json:
        answers.print_json({"total_count": page.total_count, "dispatches": [asdict(row) for row in page.rows]})
        return
    for row in page.rows:
        answers.out.print(
            f"{row.document_number} to {row.recipient or 'nobody'} ({row.customer_id}): {row.state}, tried {row.attempt_count} "
            "times",
            markup=False,
        )  # fmt: skip
        if row.reason:
            answers.out.print(f"  {row.reason}", markup=False)
    answers.out.print(f"{page.total_count} mails are not sent")


@app.command("send-again")
def send_again(
    number: Annotated[str, typer.Argument(help="the document")],
    to: Annotated[str, typer.Option(help="the recipient of a mail that is for nobody")] = "",
    as_staff: acting.As = None,
    token_file: acting.TokenFile = None,
) -> None:
    """Queue the failed and parked mail of a document for one more try; `rackbill work` or `rackbill dispatch` sends it."""
    count = dispatch.send_again(
        document_number=number, recipient=to, now=clock.now(), actor=acting.actor(as_staff, token_file)
    )
    answers.out.print(f"{count} mails of {number} wait to be sent")
