"""`rackbill payments`: bank files, payments entered by hand, and where their money goes."""

import hashlib
import uuid
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from rackbill.core.bank_statement import BankStatement
from rackbill.core.money import Money, decimal_from_minor, exact_minor_from_decimal
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries
from rackbill.domain.receivables.operations import ImportSummary, MoneySource
from rackbill.formats.bank_csv import CsvLayout
from rackbill.formats.bank_file import FORMS, read_bank_file
from rackbill.interfaces.console import acting, answers
from rackbill.interfaces.console.acting import CONSOLE, As, TokenFile
from rackbill.interfaces.console.billing import day
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
EVERYTHING = WholeInstallation()
SalesOrg = Annotated[str, typer.Option(help="four digits")]
AsJson = Annotated[bool, typer.Option("--json")]
Reason = Annotated[str, typer.Option(help="why, in words")]
OwnId = Annotated[str, typer.Option("--id", help="an ID of your own: the same command again changes nothing")]
Amount = Annotated[str | None, typer.Option(help="in the main unit, such as 12.50; all that there is where left out")]
Source = Annotated[str, typer.Argument(help="payment:ID, credit_note:NUMBER or deposit:ID")]


def minor(text: str, currency: str, option: str = "--amount") -> int:
    """An amount from an option, in minor units. Raises Refused."""
    try:
        return exact_minor_from_decimal(Decimal(text), currency)
    except (InvalidOperation, ValueError):
        raise answers.Refused(f"{option} takes an amount such as 12.50, not {text!r} {currency}") from None


def customer_of(text: str) -> str:
    """The customer ID behind any identifier a customer ever had. Raises Refused."""
    found = identifiers.target_id(scope=EVERYTHING, target_kind="customer", text=text)
    if found is None:
        raise answers.Refused(f"{text!r} names no customer; `rackbill resolve {text}` says what it names")
    return found


def source_of(text: str) -> MoneySource:
    """A source from an argument. Raises Refused."""
    kind, _, identity = text.partition(":")
    if not identity:
        raise answers.Refused(f"money is payment:ID, credit_note:NUMBER or deposit:ID, not {text!r}")
    return MoneySource(kind, identity)


def statement_of(file: Path, form: str, layout: CsvLayout) -> BankStatement:
    """The file as lines; without a form, XML is CAMT.053 and anything else CSV."""
    if form not in ("", *FORMS):
        raise answers.Refused(f"--format is camt053 or csv, not {form!r}")
    return read_bank_file(file.read_bytes(), form=form, layout=layout)


def summary_json(summary: ImportSummary) -> dict[str, object]:
    """What became of the lines, with sums in minor units by currency."""
    return {
        "lines": summary.line_count, "known": summary.known_count, "matched": summary.matched_count,
        "parked": summary.parked_count, "waiting_returns": summary.waiting_returns, "ignored": dict(summary.ignored),
        "received_minor": dict(summary.received), "allocated_minor": dict(summary.allocated),
        "on_account_minor": dict(summary.on_account), "parked_minor": dict(summary.parked),
    }  # fmt: skip


def _print_summary(summary: ImportSummary, as_json: bool, left_out: tuple[str, ...] = ()) -> None:
    if as_json:
        answers.print_json({**summary_json(summary), "left_out": list(left_out)})
        return
    answers.out.print(
        f"{summary.line_count} lines, {summary.known_count} of them known already: {summary.matched_count} matched, "
        f"{summary.parked_count} parked, {summary.waiting_returns} taken back by the bank"
    )
    for currency, received in sorted(summary.received.items()):
        parts = (("received", received), ("allocated", summary.allocated[currency]),
                 ("on account", summary.on_account[currency]), ("parked", summary.parked[currency]))  # fmt: skip
        said = ", ".join(f"{name} {decimal_from_minor(value, currency):,}" for name, value in parts)
        answers.out.print(f"  {currency}: {said}")
    for reason, count in sorted(summary.ignored.items()):
        answers.out.print(f"  {count} ignored: {reason}")
    for sentence in left_out:
        answers.out.print(f"  left out: {sentence}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    sales_org: SalesOrg,
    form: Annotated[str, typer.Option("--format", help="camt053 or csv; seen from the file where left out")] = "",
    column: Annotated[
        list[str], typer.Option(help="csv: our column=the bank's header, such as text=Verwendungszweck")
    ] = [],  # noqa: B006
    delimiter: Annotated[str, typer.Option(help="csv")] = ",",
    decimal_mark: Annotated[str, typer.Option(help="csv: . or ,")] = ".",
    day_form: Annotated[str, typer.Option(help="csv: such as DD.MM.YYYY")] = "YYYY-MM-DD",
    encoding: Annotated[str, typer.Option(help="csv")] = "utf-8-sig",
    account: Annotated[str, typer.Option(help="csv without such a column: our account")] = "",
    currency: Annotated[str, typer.Option(help="csv without such a column")] = "",
    as_json: AsJson = False,
) -> None:
    """Read a bank file, settle what is certain, park the rest. The same file again changes nothing."""
    pairs = [text.partition("=") for text in column]
    if any(not header for _name, _mark, header in pairs):
        raise answers.Refused("--column takes our column=the bank's header, such as text=Verwendungszweck")
    layout = CsvLayout(
        headers={name: header for name, _mark, header in pairs}, delimiter=delimiter, decimal_mark=decimal_mark,
        day_form=day_form, encoding=encoding, account=account, currency=currency,
    )  # fmt: skip
    read = statement_of(file, form, layout)
    summary = receivables.import_statement(
        organisation_id=sales_org, lines=read.lines, file_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        now=clock.now(), actor=CONSOLE,
    )  # fmt: skip
    _print_summary(summary, as_json, read.left_out)


@app.command("match")
def match(sales_org: SalesOrg, as_json: AsJson = False) -> None:
    """Try all parked money again, by what is open and known today."""
    summary = receivables.match_parked(organisation_id=sales_org, now=clock.now(), actor=CONSOLE)
    _print_summary(summary, as_json)


@app.command("list-parked")
def list_parked(
    sales_org: SalesOrg,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Bank lines that wait for a person, with whose they may be."""
    page = queries.parked_lines(scope=EVERYTHING, organisation_id=sales_org, limit=limit, offset=offset)
    sums = queries.parked_sums(scope=EVERYTHING, organisation_id=sales_org)
    if as_json:
        answers.print_json(
            {"total": page.total_count, "parked_minor": sums, "lines": [asdict(row) for row in page.rows]}
        )
        return
    for row in page.rows:
        amount = decimal_from_minor(row.amount_minor, row.currency)
        answers.out.print(
            f"[bold]{row.line_id}[/bold]  {row.booked_on}  {amount:,} {row.currency}  {escape(row.payer_name)}"
        )
        answers.out.print(f"  {row.text}", markup=False)
        answers.out.print(f"  parked: {row.reason}", markup=False)
        for one in row.suggestions:
            fits = ", amount fits" if one.is_amount_open else ""
            answers.out.print(f"  perhaps customer {one.customer_id} {one.number}: {one.reason}{fits}", markup=False)
    said = ", ".join(f"{decimal_from_minor(value, currency):,} {currency}" for currency, value in sorted(sums.items()))
    answers.out.print(f"{page.total_count} lines wait; received and nobody's yet: {said or 'nothing'}")


@app.command("assign")
def assign(
    line: Annotated[str, typer.Argument(help="the line's ID, or how it begins (six characters at least)")],
    to: Annotated[str, typer.Option(help="a document number, or any ID a customer ever had")],
    as_staff: As = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say whose a parked line is."""
    kind, _, text = to.partition(":") if to.startswith(("customer:", "document:")) else ("", "", to)
    customer_id = (
        "" if kind == "document" else identifiers.target_id(scope=EVERYTHING, target_kind="customer", text=text) or ""
    )
    if kind == "customer" and not customer_id:
        customer_id = customer_of(text)
    allocated = receivables.assign_line(
        line_id=line,
        customer_id=customer_id,
        number="" if customer_id else text,
        now=clock.now(),
        actor=acting.actor(as_staff, token_file),
    )
    _say({"line": line}, "allocated", allocated, queries.currency_of(kind="line", identity=line), as_json)


@app.command("add")
def add(
    customer: Annotated[str, typer.Option(help="any ID the customer ever had")],
    amount: Annotated[str, typer.Option(help="in the main unit, such as 12.50")],
    currency: str = "EUR",
    received_on: Annotated[str, typer.Option(help="the day; today where left out")] = "",
    method: Annotated[str, typer.Option(help="such as cash, card, cheque")] = "other",
    text: Annotated[str, typer.Option(help="what the payer wrote")] = "",
    to: Annotated[str, typer.Option(help="the document that it pays first")] = "",
    own_id: OwnId = "",
    as_staff: As = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Enter a payment by hand and settle it."""
    payment_id = own_id or f"hand-{uuid.uuid4().hex}"
    allocated = receivables.record_payment(
        payment_id=payment_id, customer_id=customer_of(customer), money=Money(minor(amount, currency), currency),
        received_on=day(received_on, "--received-on") if received_on else clock.now().date(), method=method[:12], text=text,
        to_number=to, now=clock.now(), actor=acting.actor(as_staff, token_file),
    )  # fmt: skip
    _say({"payment": payment_id}, "allocated", allocated, currency, as_json)


@app.command("allocate")
def allocate(
    source: Source, to: Annotated[str, typer.Option(help="a document of the same customer")], reason: Reason,
    amount: Amount = None, currency: str = "EUR", own_id: OwnId = "",
    as_staff: As = None, token_file: TokenFile = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Set money on account, a credit note or a deposit against a document."""
    allocation_id = own_id or f"hand-{uuid.uuid4().hex}"
    allocated = receivables.allocate_money(
        allocation_id=allocation_id, source=source_of(source), number=to, reason=reason, on=clock.now().date(),
        amount_minor=None if amount is None else minor(amount, currency), now=clock.now(),
        actor=acting.actor(as_staff, token_file),
    )  # fmt: skip
    _say(
        {"allocation": allocation_id}, "allocated", allocated,
        queries.currency_of(kind="allocation", identity=allocation_id), as_json,
    )  # fmt: skip


@app.command("deallocate")
def deallocate(
    allocation: str, reason: Reason, as_staff: As = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Take an allocation back; the money is on account again."""
    taken = receivables.deallocate_money(
        allocation_id=allocation,
        reason=reason,
        on=clock.now().date(),
        now=clock.now(),
        actor=acting.actor(as_staff, token_file),
    )
    _say(
        {"allocation": allocation},
        "taken_back",
        taken,
        queries.currency_of(kind="allocation", identity=allocation),
        as_json,
    )


@app.command("refund")
def refund(
    source: Source, reason: Reason, amount: Amount = None, currency: str = "EUR",
    paid_on: Annotated[str, typer.Option(help="the day; today where left out")] = "", own_id: OwnId = "",
    as_staff: As = None, token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Note that money on account went back to the customer."""
    refund_id = own_id or f"hand-{uuid.uuid4().hex}"
    refunded = receivables.refund_money(
        refund_id=refund_id, source=source_of(source), reason=reason, now=clock.now(), actor=acting.actor(as_staff, token_file),
        amount_minor=None if amount is None else minor(amount, currency),
        paid_on=day(paid_on, "--paid-on") if paid_on else clock.now().date(),
    )  # fmt: skip
    source_kind, _, identity = source.partition(":")
    _say({"refund": refund_id}, "refunded", refunded, queries.currency_of(kind=source_kind, identity=identity), as_json)


@app.command("return")
def return_payment(
    payment: str, reason: Reason, line: Annotated[str, typer.Option(help="the bank line that says so")] = "",
    as_staff: As = None, token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """The bank took a payment back: what it paid is open again."""
    returned = receivables.return_payment(
        payment_id=payment,
        line_id=line,
        reason=reason,
        on=clock.now().date(),
        now=clock.now(),
        actor=acting.actor(as_staff, token_file),
    )
    _say({"payment": payment}, "returned", returned, queries.currency_of(kind="payment", identity=payment), as_json)


@app.command("send-back")
def send_back(
    line: str, reason: Reason, as_staff: As = None, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Note that parked money went back to whoever sent it."""
    returned = receivables.return_line(
        line_id=line, reason=reason, on=clock.now().date(), now=clock.now(), actor=acting.actor(as_staff, token_file)
    )
    _say({"line": line}, "returned", returned, queries.currency_of(kind="line", identity=line), as_json)


def _say(about: dict[str, str], did: str, amount_minor: int, currency: str, as_json: bool) -> None:
    """Minor units for programs, an amount with its currency for people."""
    if as_json:
        answers.print_json({**about, f"{did}_minor": amount_minor})
    else:
        named = ", ".join(f"{name} {value}" for name, value in about.items())
        answers.out.print(f"{named}: {did.replace('_', ' ')} {in_words(amount_minor, currency)}", markup=False)


def in_words(amount_minor: int, currency: str) -> str:
    """12.50 EUR."""
    return f"{decimal_from_minor(amount_minor, currency):,} {currency}"
