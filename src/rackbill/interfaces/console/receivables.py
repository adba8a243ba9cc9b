"""`rackbill receivables`: a customer's account, write-offs, credits that find their invoices."""

import uuid
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from rackbill.core.money import decimal_from_minor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries
from rackbill.domain.receivables.queries import CustomerAccount
from rackbill.interfaces.console import answers
from rackbill.interfaces.console.payments import (
    EVERYTHING,
    Amount,
    AsJson,
    OwnId,
    Reason,
    SalesOrg,
    actor,
    customer_of,
    minor,
)
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
def show(
    customer: Annotated[str, typer.Argument(help="any ID the customer ever had")],
    at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
    as_json: AsJson = False,
) -> None:
    """What a customer owes, what paid it, what money of his is left, and how old the debt is."""
    from rackbill.interfaces.console import main

    today = main.set_clock(at).date()
    account = queries.customer_account(scope=EVERYTHING, customer_id=customer_of(customer), today=today)
    if as_json:
        answers.print_json(asdict(account))
    else:
        _print(account)


def _print(account: CustomerAccount) -> None:
    answers.out.print(f"[bold]{account.customer_id}[/bold] {escape(account.name)}")
    items = Table("document", "issued", "due", "age", "movement", "of", "amount", "open", box=None)
    for item in account.items:
        left = f"{decimal_from_minor(item.open_minor, item.currency):,} {item.currency}"
        items.add_row(
            item.number,
            str(item.issued_on),
            str(item.due_on),
            item.age if item.open_minor > 0 else "",
            "",
            "",
            "",
            left,
        )
        for entry in item.entries:
            amount = f"{decimal_from_minor(entry.amount_minor, item.currency):,}"
            origin = f"{entry.source} ({entry.source_id})" if entry.source else entry.source_id
            items.add_row("", str(entry.booked_on), "", "", entry.kind, origin, amount, "")
    answers.out.print(items)
    money = Table("money", "received", "amount", "left", "text", box=None)
    for row in account.money:
        amount, left = (
            f"{decimal_from_minor(m, row.currency):,} {row.currency}" for m in (row.amount_minor, row.left_minor)
        )
        money.add_row(f"{row.kind}:{row.identity}", str(row.received_on), amount, left, Text(row.text))
    if account.money:
        answers.out.print(money)
    for write_off_id, number, amount_minor, asked_by in account.waiting_write_offs:
        answers.out.print(
            f"write-off {write_off_id} of {amount_minor} of {number}, asked for by {asked_by}, waits for approval"
        )
    for currency, ages in account.aging.items():
        said = ", ".join(f"{name} {decimal_from_minor(value, currency):,}" for name, value in ages.items())
        sums = ", ".join(
            f"{name} {decimal_from_minor(value[currency], currency):,}"
            for name, value in (("open", account.open), ("overdue", account.overdue), ("credits", account.credits),
                                ("on account", account.on_account), ("balance", account.balance))
        )  # fmt: skip
        answers.out.print(f"{currency}: {sums}; by days overdue: {said}")


@app.command("settle-credits")
def settle_credits(sales_org: SalesOrg, as_json: AsJson = False) -> None:
    """Set credit notes with something left off against the invoices they correct."""
    seller = parties.seller(organisation_id=sales_org)
    settled = receivables.settle_credits(organisation_key=seller.key, on=clock.now().date())
    if as_json:
        answers.print_json({"settled_minor": settled})
    else:
        answers.out.print(f"{len(settled)} credit notes set off against their invoices")


@app.command("write-off")
def write_off(
    number: Annotated[str, typer.Argument(help="the document")], reason: Reason,
    by: Annotated[str, typer.Option(help="who asks for it")], amount: Amount = None, currency: str = "EUR",
    own_id: OwnId = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give up what is open of a document; above the limit it waits for a second person."""
    write_off_id = own_id or f"hand-{uuid.uuid4().hex}"
    is_booked = receivables.write_off_item(
        write_off_id=write_off_id, number=number, reason=reason, now=clock.now(), actor=actor(by),
        amount_minor=None if amount is None else minor(amount, currency),
    )  # fmt: skip
    if as_json:
        answers.print_json({"write_off": write_off_id, "is_booked": is_booked})
    else:
        waits = f"waits; somebody else runs `rackbill receivables approve-write-off {write_off_id} --by NAME`"
        answers.out.print(f"write-off {write_off_id} {'is booked' if is_booked else waits}")


@app.command("approve-write-off")
def approve_write_off(
    write_off: str,
    by: Annotated[str, typer.Option(help="who approves it; not who asked for it")],
    as_json: AsJson = False,
) -> None:
    """Book a write-off that waits."""
    amount = receivables.approve_write_off(write_off_id=write_off, now=clock.now(), actor=actor(by))
    if as_json:
        answers.print_json({"write_off": write_off, "amount_minor": amount})
    else:
        answers.out.print(f"write-off {write_off} of {amount} is booked")
