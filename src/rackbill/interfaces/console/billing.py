"""`rackbill bill-run`, `rackbill dispatch` and `rackbill series add|list`."""

from typing import Annotated

import typer
from rich.table import Table

from rackbill.core.money import decimal_from_minor
from rackbill.domain.billing.operations import RunFilter
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.dispatch import queries as dispatch_queries
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries as document_queries
from rackbill.domain.kit.scope import Scope, StaffScope, WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.interfaces.console import answers, dry_run, installation, main
from rackbill.interfaces.console.acting import CONSOLE
from rackbill.interfaces.console.runs import day
from rackbill.interfaces.jobs import bill_run, dispatch, document_files, run_report

series_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def summary_json(summary: RunSummary) -> dict[str, object]:
    """The keys that the provider's scripts rely on."""
    return {
        "run_id": summary.run_id,
        "invoices": summary.invoices,
        "lines": summary.lines,
        "parked": len(summary.parked),
        "net_minor_by_currency": summary.net_minor_by_currency,
        "state": summary.state,
        "sales_org": summary.organisation_id,
        "parked_customers": summary.parked,
    }


@series_app.command("add")
def add_series(
    sales_org: Annotated[str, typer.Option(help="four digits")],
    kind: Annotated[str, typer.Option(help="quote, order_confirmation, pro_forma, invoice, credit_note or reminder")],
    first: Annotated[int, typer.Option(help="first number, eight digits")],
    last: Annotated[int, typer.Option(help="last number, eight digits")],
    starts: Annotated[
        str | None, typer.Option("--from", help="a series for documents of this day and later, such as a fiscal year's")
    ] = None,
    early: Annotated[
        bool, typer.Option("--early", help="a further range before nine tenths of the last are used")
    ] = False,
) -> None:
    """Give a sales organisation a range of numbers for one kind of document."""
    seller = parties.seller(organisation_id=sales_org)
    documents.create_series(
        organisation_key=seller.key, kind=kind, range_start=first, range_end=last, is_early=early,
        valid_from=day(starts, "--from") if starts else None,
    )  # fmt: skip
    answers.out.print(f"{sales_org} {kind}: {first} to {last}" + (f", documents from {starts} on" if starts else ""))


@series_app.command("list")
def list_series(
    sales_org: Annotated[str, typer.Option(help="only this sales organisation's")] = "",
    offset: Annotated[int, typer.Option(help="rows to skip")] = 0,
    limit: Annotated[int, typer.Option(help="rows to show")] = 100,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What is used of each range of numbers; says which needs a further range, and how it is added."""
    scope: Scope = WholeInstallation()
    if sales_org:
        scope = StaffScope(frozenset([parties.seller(organisation_id=sales_org).organisation_id]))
    page = document_queries.number_series(scope=scope, limit=limit, offset=offset)
    rows = [
        {"sales_organisation": row.organisation_id, "kind": row.kind, "first": row.range_start, "last": row.range_end,
         "used": row.used_count, "of": row.size, "is_last": row.is_last, "is_nearly_full": row.is_nearly_full,
         "from": row.valid_from.isoformat() if row.valid_from else None, "is_over": row.is_over}
        for row in page.rows
    ]  # fmt: skip
    if as_json:
        answers.print_json({"total": page.total_count, "offset": page.offset, "series": rows})
        return
    for row in rows:
        state = f", documents from {row['from']} on" if row["from"] else ""
        if row["is_over"]:
            state += ", over: a later series has begun"
        elif not row["is_last"]:
            state += ", goes on in another range"
        answers.out.print(
            f"{row['sales_organisation']} {row['kind']}: {row['first']} to {row['last']}, {row['used']} of {row['of']} used"
            + state,
            soft_wrap=True,
        )
    if page.next_offset is not None:
        answers.people.print(f"{page.total_count} in all; go on with --offset {page.next_offset}")
    for organisation_id in dict.fromkeys(str(row["sales_organisation"]) for row in rows):
        for warning in document_queries.series_warnings(organisation_id=organisation_id):
            answers.people.print(f"[yellow]warning[/yellow]: {warning}", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @app.command("bill-run")
    def run(
        sales_org: Annotated[str, typer.Option(help="four digits")],
        through: Annotated[str, typer.Option(help="bill everything before this day")],
        as_json: Annotated[bool, typer.Option("--json")] = False,
        at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
        dry: Annotated[bool, typer.Option("--dry-run", help="compute and print, store nothing")] = False,
        customer: Annotated[list[str] | None, typer.Option(help="dry run: only this customer ID")] = None,
        country: Annotated[list[str] | None, typer.Option(help="dry run: only customers of this country")] = None,
        billing_group: Annotated[list[str] | None, typer.Option(help="dry run: only this billing group")] = None,
        contract: Annotated[list[str] | None, typer.Option(help="dry run: only this contract ID")] = None,
        product: Annotated[list[str] | None, typer.Option(help="dry run: only this product ID")] = None,
        currency: Annotated[list[str] | None, typer.Option(help="dry run: only this currency")] = None,
    ) -> None:
        """Bill one sales organisation through a date; running it again goes on, or changes nothing.

        Above the approval limit it stops at computed. Each filter of a dry run may be given several times.
        """
        now, until = main.set_clock(at), day(through, "--through")
        only = RunFilter(
            customer_ids=tuple(customer or ()), countries=tuple(country or ()), group_ids=tuple(billing_group or ()),
            contract_ids=tuple(contract or ()), product_ids=tuple(product or ()), currencies=tuple(currency or ()),
        )  # fmt: skip
        if dry:
            dry_run.print_dry_run(organisation_id=sales_org, through=until, only=only, now=now, as_json=as_json)
            return
        if only != RunFilter():
            raise answers.Refused("a run bills everybody; filters are for --dry-run")
        with answers.steps(as_json=as_json) as steps:
            summary = bill_run.run_bill(
                organisation_id=sales_org, through=until, now=now, actor=CONSOLE, signer=installation.signer(),
                on_step=steps,
            )  # fmt: skip
        is_issued = summary.state == "issued"
        (run_report.freeze_report if is_issued else run_report.prepare_report)(
            run_id=summary.run_id, signer=installation.signer()
        )
        for warning in document_queries.series_warnings(organisation_id=sales_org):
            answers.people.print(f"[yellow]warning[/yellow]: {warning}")
        waits = waits_for(summary)
        if as_json:
            answers.print_json(summary_json(summary) | ({} if is_issued else {"waits_for": waits}))
        else:
            print_summary(summary)
            if not is_issued:
                answers.out.print(f"It waits: {waits}", soft_wrap=True)

    @app.command("dispatch")
    def send(
        as_json: Annotated[bool, typer.Option("--json")] = False,
        at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
    ) -> None:
        """Make the PDF files that are missing and send what waits in the outbox."""
        now = main.set_clock(at)
        server = dispatch.mail_server()
        with answers.steps(as_json=as_json) as steps:
            waiting = dispatch_queries.counts_by_state().get("queued", 0)
            files = document_files.store_missing_pdfs(
                now=now, on_step=lambda done, total: steps("PDF files", done, total)
            )
            sent = dispatch.send_waiting(server=server, now=now, on_step=lambda done: steps("mails", done, waiting))
        server.close()
        answer = {"pdf_files": files, "sent": sent, "outbox": dispatch_queries.counts_by_state()}
        if as_json:
            answers.print_json(answer)
        else:
            answers.out.print(f"{files} PDF files made, {sent} mails sent; outbox: {answer['outbox']}")


def waits_for(summary: RunSummary) -> str:
    """What a run that stopped at computed waits for."""
    if summary.hold_reason:
        return f"{summary.hold_reason}; run it again, or rackbill run check {summary.run_id}"
    return (
        f"it is above the limit, two different people must approve it: rackbill run approve {summary.run_id} --as EMAIL"
    )


def print_summary(summary: RunSummary) -> None:
    """The run for people."""
    answers.out.print(
        f"Run {summary.run_id} of {summary.organisation_id} is {summary.state}: "
        f"{summary.invoices} documents, {summary.lines} lines, {len(summary.parked)} customers parked"
    )
    for currency, minor in summary.net_minor_by_currency.items():
        answers.out.print(f"  net {decimal_from_minor(minor, currency):>16,} {currency}")
    if summary.parked:
        table = Table("customer", "code", "reason", box=None)
        for row in summary.parked:
            table.add_row(row["customer_id"], row["code"], row["reason"])
        answers.out.print(table)
