"""`rackbill run`: the acts of a bill run one by one, and what it looks like between them."""

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rackbill.core.money import decimal_from_minor, exact_minor_from_decimal
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.queries import runs
from rackbill.domain.billing.queries.runs import RunRow, RunView
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.formats.wording import LANGUAGES
from rackbill.interfaces.console import acting, answers, main
from rackbill.interfaces.console.acting import As, TokenFile
from rackbill.interfaces.jobs import bill_run, clock, einvoice_check, run_report, signing

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
EVERYTHING = WholeInstallation()
Run = Annotated[str, typer.Argument(metavar="RUN", help="the ID of a run, as rackbill run list prints it")]
Json = Annotated[bool, typer.Option("--json")]
At = Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")]


def day(text: str, option: str) -> date:
    """A date from an option. Raises Refused."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise answers.Refused(f"{option} takes a date such as 2020-11-01, not {text!r}") from None


def _operator(run_id: str, email: str | None, token_file: Path | None) -> Actor:
    who = acting.actor(email, token_file)
    organisation_id = runs.run(scope=EVERYTHING, run_id=run_id).row.organisation_id
    billing.check_operator(organisation_id=organisation_id, actor=who)
    return who


@app.command("plan")
def plan(
    sales_org: Annotated[str, typer.Option(help="four digits")],
    through: Annotated[str, typer.Option(help="bill everything before this day")],
    as_: As = None,
    token_file: TokenFile = None,
    as_json: Json = False,
    at: At = None,
) -> None:
    """Plan a run over one sales organisation; nothing is computed yet."""
    now, who = main.set_clock(at), acting.actor(as_, token_file)
    billing.check_operator(organisation_id=sales_org, actor=who)
    show_run(
        bill_run.plan_run(organisation_id=sales_org, through=day(through, "--through"), now=now, actor=who), as_json
    )


@app.command("compute")
def compute(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Compute what is left of a planned run, and its provisional report."""
    now, who = main.set_clock(at), _operator(run, as_, token_file)
    with answers.steps(as_json=as_json) as steps:
        bill_run.compute_run(run_id=run, now=now, actor=who, on_step=steps)
    run_report.prepare_report(run_id=run, signer=signing.signer())
    show_run(run, as_json)


@app.command("recompute")
def recompute(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Throw the drafts of a run away and compute it anew; refused once a document is issued."""
    now, who = main.set_clock(at), _operator(run, as_, token_file)
    billing.reset_run(run_id=run, now=now, actor=who)
    compute(run, as_=as_, token_file=token_file, as_json=as_json)


@app.command("retry")
def retry(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Compute the parked customers of a run again, after mending; the others stay as they are."""
    now, who = main.set_clock(at), _operator(run, as_, token_file)
    billing.retry_parked(run_id=run, now=now, actor=who)
    compute(run, as_=as_, token_file=token_file, as_json=as_json)


@app.command("check")
def check(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Check the e-invoices of a computed run against the official rules, as computing does; after the checker was down."""
    now = main.set_clock(at)
    _operator(run, as_, token_file)
    with answers.steps(as_json=as_json) as steps:
        is_done = einvoice_check.check_run(run_id=run, now=now, on_step=steps)
    show_run(run, as_json)
    if not is_done:
        raise answers.CheckFailed


@app.command("approve")
def approve(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Let a computed run be issued; above the limit two different people must."""
    now, who = main.set_clock(at), acting.actor(as_, token_file)
    state = billing.approve_run(run_id=run, now=now, actor=who)
    if state == "computed" and not as_json:
        answers.people.print("The first of two approvals is noted; one more person must approve it.")
    show_run(run, as_json)


@app.command("issue")
def issue(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Issue what is left of an approved run, seal the chains, and keep the signed report."""
    now, who, signer = main.set_clock(at), _operator(run, as_, token_file), signing.signer()
    with answers.steps(as_json=as_json) as steps:
        bill_run.issue_run(run_id=run, now=now, actor=who, signer=signer, on_step=steps)
    run_report.freeze_report(run_id=run, signer=signer)
    show_run(run, as_json)


@app.command("discard")
def discard(run: Run, as_: As = None, token_file: TokenFile = None, as_json: Json = False, at: At = None) -> None:
    """Take a run back with its drafts and charges; refused once a document is issued."""
    now, who = main.set_clock(at), _operator(run, as_, token_file)
    billing.discard_run(run_id=run, now=now, actor=who)
    show_run(run, as_json)


@app.command("show")
def show(run: Run, as_json: Json = False) -> None:
    """Where a run stands: who did what, what it bills, who is parked and what to do."""
    show_run(run, as_json)


@app.command("list")
def list_runs(
    as_json: Json = False, at_most: Annotated[int, typer.Option(min=1, max=500)] = 50
) -> None:  # fmt: skip
    """Runs, newest first."""
    page = runs.runs(scope=EVERYTHING, limit=at_most)
    if as_json:
        answers.print_json({"runs": [_row_json(row) for row in page.rows], "total_count": page.total_count})
        return
    for row in page.rows:
        answers.out.print(f"{row.run_id}  {row.organisation_id}  through {row.through}  {row.state}", soft_wrap=True)


@app.command("report")
def report(
    run: Run,
    pdf: Annotated[Path | None, typer.Option(help="write the PDF to this file")] = None,
    language: Annotated[str, typer.Option(help="of the PDF: en, de, nl or ru")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="print the signed report")] = False,
) -> None:
    """The signed report of a run: provisional until it is issued, then frozen."""
    if language not in LANGUAGES:
        raise answers.Refused(f"--language is one of {', '.join(LANGUAGES)}, not {language!r}")
    state, signer = runs.run(scope=EVERYTHING, run_id=run).row.state, signing.signer()
    if state not in ("computed", "approved", "issued"):
        raise answers.Refused(f"run {run} is {state}; a run has a report once it is computed")
    make = run_report.freeze_report if state == "issued" else run_report.prepare_report
    signed = make(run_id=run, signer=signer)
    if pdf is not None:
        pdf.write_bytes(run_report.report_pdf(scope=EVERYTHING, run_id=run, language=language))
    if as_json:
        answers.print_json(signed)
    else:
        print_differences(signed["report"]["differences"])
        print_parked(signed["report"]["parked"])
        if pdf is not None:
            answers.people.print(f"PDF in {pdf}")


@app.command("limit")
def limit(
    sales_org: Annotated[str, typer.Option(help="four digits")],
    currency: Annotated[str, typer.Option(help="such as EUR")],
    amount: Annotated[str, typer.Option(help="runs above it need two people; 0 means every run")],
    from_: Annotated[str | None, typer.Option("--from", help="first day; today without it")] = None,
    as_: As = None,
    token_file: TokenFile = None,
    at: At = None,
) -> None:
    """Set the amount above which two different people must see a run."""
    now, who = main.set_clock(at), acting.actor(as_, token_file)
    try:
        minor = exact_minor_from_decimal(Decimal(amount), currency)
    except InvalidOperation:
        raise answers.Refused(f"--amount takes a number such as 50000.00, not {amount!r}") from None
    valid_from = day(from_, "--from") if from_ else clock.now().date()
    billing.set_approval_limit(
        organisation_id=sales_org, currency=currency, amount_minor=minor, valid_from=valid_from, now=now, actor=who
    )
    answers.out.print(f"{sales_org}: from {valid_from} on, runs above {decimal_from_minor(minor, currency):,} {currency} "
                      "need two people")  # fmt: skip


def show_run(run_id: str, as_json: bool) -> None:
    """Prints one run."""
    view = runs.run(scope=EVERYTHING, run_id=run_id)
    if as_json:
        answers.print_json(_view_json(view))
        return
    row = view.row
    print_ = answers.out.print
    print_(f"Run {row.run_id} of {row.organisation_id} through {row.through} is {row.state}")
    acts = (("planned", row.planned_by, row.planned_at), ("computed", row.computed_by, row.computed_at),
            ("first approval", row.reviewed_by, row.reviewed_at), ("approved", row.approved_by, row.approved_at))  # fmt: skip
    for act, who, when in acts:
        if when is not None:
            print_(f"  {act:<14} {when:%Y-%m-%d %H:%M} by {who.partition(':')[2]}")
    print_(f"  {view.documents} documents, {view.issued} issued, {len(view.parked)} customers parked")
    for currency, minor in view.net_minor_by_currency.items():
        print_(f"  net {decimal_from_minor(minor, currency):>16,} {currency}")
    for currency, moved, most in view.above:
        print_(f"  {decimal_from_minor(moved, currency):,} {currency} is above the limit of "
               f"{decimal_from_minor(most, currency):,}: two different people must see it")  # fmt: skip
    if view.unchecked:
        why = view.hold_reason or "not checked yet"
        print_(f"  {view.unchecked} e-invoices wait for the official rules: {why}", soft_wrap=True)
    print_parked(_view_json(view)["parked_customers"])


def print_parked(rows: list[dict[str, Any]]) -> None:
    """Parked customers with what to do."""
    if rows:
        table = Table("parked", "why", "what to do", box=None)
        for row in rows:
            table.add_row(row["customer_id"], row["reason"], row["way_out"])
        answers.out.print(table)


def print_differences(rows: list[dict[str, Any]]) -> None:
    """Differences against the month before by reason, then the customers that moved most."""
    for row in rows:
        currency = row["currency"]
        amounts = [
            f"{decimal_from_minor(row[key], currency):,}" for key in ("before_minor", "after_minor", "difference_minor")
        ]
        answers.out.print(f"{currency}: month before {amounts[0]}, this run {amounts[1]}, difference {amounts[2]}")
        table = Table("reason", "customers", "difference", box=None)
        for reason in row["reasons"]:
            table.add_row(
                reason["reason"], str(reason["customers"]), f"{decimal_from_minor(reason['total_minor'], currency):+,}"
            )
        for mover in row["movers"]:
            why = ", ".join(item["reason"] for item in mover["reasons"])
            amount = f"{decimal_from_minor(mover['difference_minor'], currency):+,}"
            table.add_row(f"{mover['customer_id']} {mover['name']}", why, amount)
        answers.out.print(table)


def _row_json(row: RunRow) -> dict[str, Any]:
    return {
        "run_id": row.run_id, "sales_org": row.organisation_id, "through": row.through, "issued_on": row.issued_on,
        "state": row.state, "planned_by": row.planned_by, "planned_at": row.planned_at, "computed_by": row.computed_by,
        "computed_at": row.computed_at, "reviewed_by": row.reviewed_by, "reviewed_at": row.reviewed_at,
        "approved_by": row.approved_by, "approved_at": row.approved_at, "closed_at": row.closed_at,
    }  # fmt: skip


def _view_json(view: RunView) -> dict[str, Any]:
    return {
        **_row_json(view.row), "shards": view.shards_total, "shards_computed": view.shards_done,
        "documents": view.documents, "issued": view.issued, "net_minor_by_currency": view.net_minor_by_currency,
        "unchecked_einvoices": view.unchecked, "hold_reason": view.hold_reason,
        "above_limits": [{"currency": c, "moved_minor": m, "limit_minor": most} for c, m, most in view.above],
        "parked_customers": [
            {"customer_id": p.customer_id, "name": p.name, "code": p.code, "reason": p.reason, "way_out": p.way_out}
            for p in view.parked
        ],
    }  # fmt: skip
