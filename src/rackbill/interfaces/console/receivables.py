"""`rackbill receivables`: a customer's account, write-offs, credits that find their invoices."""

import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from rackbill.core.aging import AGES, AgedCustomer, AgedSums
from rackbill.core.money import decimal_from_minor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries
from rackbill.domain.receivables.queries import AgedPage, CustomerAccount
from rackbill.formats.receivables_csv import write_receivables_csv
from rackbill.interfaces.console import acting, answers
from rackbill.interfaces.console.acting import TOKEN_VARIABLE, TokenFile
from rackbill.interfaces.console.payments import (
    EVERYTHING,
    Amount,
    AsJson,
    OwnId,
    Reason,
    SalesOrg,
    customer_of,
    in_words,
    minor,
)
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
TOKEN = f"the token is in {TOKEN_VARIABLE}"


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
    for waiting in account.waiting_write_offs:
        amount = in_words(waiting.amount_minor, waiting.currency)
        answers.out.print(
            f"write-off {waiting.write_off_id} of {amount} of {waiting.number}, asked for by {waiting.asked_by}, "
            "waits for approval"
        )
    for currency, ages in account.aging.items():
        said = ", ".join(f"{name} {decimal_from_minor(value, currency):,}" for name, value in ages.items())
        sums = ", ".join(
            f"{name} {decimal_from_minor(value[currency], currency):,}"
            for name, value in (("open", account.open), ("overdue", account.overdue), ("credits", account.credits),
                                ("on account", account.on_account), ("balance", account.balance))
        )  # fmt: skip
        answers.out.print(f"{currency}: {sums}; by days overdue: {said}")


@app.command("list")
def list_aged(
    sales_org: Annotated[str, typer.Option(help="four digits; all where left out")] = "",
    on: Annotated[str, typer.Option(help="as it stood at the end of that day; today where left out")] = "",
    currency: Annotated[str, typer.Option(help="only this currency")] = "",
    search: Annotated[str, typer.Option(help="how a customer ID begins, a legacy ID, a part of a name")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="only who is overdue")] = False,
    sort: Annotated[str, typer.Option(help=f"{', '.join(queries.AGED_SORTS)}; with - turned")] = "-overdue",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    output: Annotated[Path | None, typer.Option("-o", help="write the whole list to this file, as CSV")] = None,
    as_json: AsJson = False,
) -> None:
    """Who owes how much and for how long, customer by customer, on any day (the aged list)."""
    from rackbill.interfaces.console.runs import day

    if sort.lstrip("-") not in queries.AGED_SORTS:
        raise answers.Refused(f"--sort takes {', '.join(queries.AGED_SORTS)}, not {sort!r}")
    if sales_org:
        parties.seller(organisation_id=sales_org)
    asked: dict[str, Any] = {
        "organisation_id": sales_org, "on": day(on, "--on") if on else clock.now().date(), "currency": currency.upper(),
        "search": search, "is_overdue": overdue, "sort": sort,
    }  # fmt: skip
    if output is not None:
        output.write_bytes(write_receivables_csv(_all_rows(asked), on=asked["on"]))
        answers.out.print(f"written to {output}", markup=False)
        return
    page = queries.aged_customers(scope=EVERYTHING, limit=limit, offset=offset, **asked)
    if as_json:
        answers.print_json(
            {
                "on": str(asked["on"]), "total": page.total_count,
                "totals": [{"customers": t.customer_count, **_as_json(t.sums)} for t in page.totals],
                "customers": [
                    {
                        "customer": row.customer_id, "name": row.name, "sales_org": row.organisation_id,
                        "oldest_due_on": row.oldest_due_on and str(row.oldest_due_on), **_as_json(row.sums),
                    }
                    for row in page.rows
                ],
            }
        )  # fmt: skip
    else:
        _print_aged(page, asked["on"])


def _as_json(sums: AgedSums) -> dict[str, Any]:
    return {
        **asdict(sums), "open_minor": sums.open_minor, "overdue_minor": sums.overdue_minor, "balance_minor": sums.balance_minor,
    }  # fmt: skip


def _all_rows(asked: dict[str, Any]) -> Iterator[AgedCustomer]:
    offset: int | None = 0
    while offset is not None:
        page = queries.aged_customers(scope=EVERYTHING, limit=500, offset=offset, **asked)
        yield from page.rows
        offset = page.next_offset


def _print_aged(page: AgedPage, on: date) -> None:
    """Figures are never cut: columns without any are left out, and names give way."""
    names = (*AGES, "open", "credits", "on account", "balance")
    sums = [row.sums for row in page.rows] + [total.sums for total in page.totals]
    told = [_amounts(one) for one in sums]
    used = [place for place in range(len(names)) if any(row[place] for row in told)]
    table = Table(box=None, pad_edge=False)
    table.add_column("customer", no_wrap=True, min_width=8)
    table.add_column("name", no_wrap=True, overflow="ellipsis", min_width=6)
    table.add_column("", no_wrap=True, min_width=3)
    for place in used:
        width = max(len(names[place]), *(len(row[place]) for row in told))
        table.add_column(names[place], justify="right", no_wrap=True, min_width=width)
    labels = [(row.customer_id, row.name, "") for row in page.rows]
    labels += [("all", f"{total.customer_count} customers", "bold") for total in page.totals]
    for (identity, name, style), one, row in zip(labels, sums, told, strict=True):
        table.add_row(identity, Text(name), one.currency, *(row[place] for place in used), style=style)
    if sums:
        answers.out.print(table, crop=False)
    shown = f"{page.offset + 1} to {page.offset + len(page.rows)} of " if page.rows else ""
    answers.out.print(f"{shown}{page.total_count} on {on}; the ages are days after the due date")


def _amounts(sums: AgedSums) -> list[str]:
    amounts = (
        *sums.ages_minor.values(), sums.open_minor, sums.credits_minor, sums.on_account_minor, sums.balance_minor,
    )  # fmt: skip
    return [f"{decimal_from_minor(one, sums.currency):,}" if one else "" for one in amounts]


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
    as_staff: Annotated[str, typer.Option("--as", help=f"who asks for it; {TOKEN}")], token_file: TokenFile = None,
    amount: Amount = None, currency: str = "EUR", own_id: OwnId = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give up what is open of a document; above the limit it waits for a second person."""
    write_off_id = own_id or f"hand-{uuid.uuid4().hex}"
    is_booked = receivables.write_off_item(
        write_off_id=write_off_id, number=number, reason=reason, now=clock.now(), actor=acting.actor(as_staff, token_file),
        amount_minor=None if amount is None else minor(amount, currency),
    )  # fmt: skip
    if as_json:
        answers.print_json({"write_off": write_off_id, "is_booked": is_booked})
    else:
        waits = f"waits; somebody else runs `rackbill receivables approve-write-off {write_off_id} --as EMAIL`"
        answers.out.print(f"write-off {write_off_id} {'is booked' if is_booked else waits}")


@app.command("approve-write-off")
def approve_write_off(
    write_off: str,
    as_staff: Annotated[
        str, typer.Option("--as", help=f"an approver of the sales organisation, not who asked for it; {TOKEN}")
    ],
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Book a write-off that waits."""
    booked = receivables.approve_write_off(
        write_off_id=write_off, now=clock.now(), actor=acting.actor(as_staff, token_file)
    )
    if as_json:
        answers.print_json({"write_off": write_off, "amount_minor": booked.amount_minor, "currency": booked.currency})
    else:
        answers.out.print(f"write-off {write_off} of {booked} is booked")
