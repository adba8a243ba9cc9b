"""`rackbill explain`: why an invoice or credit note says what it says. `rackbill prove`: that it is the one that was issued."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from rackbill.core.money import decimal_from_minor
from rackbill.domain.billing import queries as billing
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.documents.queries import ArchivedRow
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.scope import Scope, StaffScope, WholeInstallation
from rackbill.formats.explanation_json import plain_explanation
from rackbill.formats.explanation_text import explained_text
from rackbill.interfaces.console import answers
from rackbill.interfaces.console import billing as billing_door

EVERYTHING = WholeInstallation()


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("prove")
    def prove(number: Annotated[str, typer.Argument(help="a document of ours")]) -> None:
        """Print the proof of a document as JSON: its form, its link in the chain and the seal; `rackbill verify` checks it."""
        print_proof(number.strip())

    @app.command("explain")
    def explain(
        number: Annotated[str | None, typer.Argument(help="an invoice or credit note, ours or a legacy one")] = None,
        line: Annotated[int | None, typer.Argument(help="one line of it")] = None,
        every: Annotated[bool, typer.Option("--all", help="every document, one JSON object on each line")] = False,
        sales_org: Annotated[str | None, typer.Option(help="with --all: four digits")] = None,
        since: Annotated[str | None, typer.Option(help="with --all: issued on this day or later")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Say why every amount of a document is what it is: formula, days, price, discounts, usage, tax and its evidence."""
        if every:
            if number is not None or not as_json:
                raise answers.Refused("--all takes no number and prints JSON; add --json")
            print_all(StaffScope(frozenset({sales_org})) if sales_org else EVERYTHING, since)
        elif number is None:
            raise answers.Refused("name an invoice or credit note, or --all --json for every one")
        else:
            print_one(number.strip(), line, as_json=as_json)


def print_proof(number: str) -> None:
    """The proof of one document, as `rackbill verify` reads it. Raises DocumentNotFound."""
    proof = documents.chain_proof(scope=EVERYTHING, number=number)
    answers.print_json({**asdict(proof), "sealed_at": proof.sealed_at.isoformat()})


def print_all(scope: Scope, since: str | None) -> None:
    """Every document of a scope as JSON lines, then how many; those that bill nothing are left out."""
    first = billing_door.day(since, "--since") if since else None
    numbers = list(documents.numbers(scope=scope, since=first))
    count = 0
    for found in billing.explained_in_turn(scope=EVERYTHING, numbers=numbers):
        answers.print_json(plain_explanation(found))
        count += 1
    answers.print_json({"explained": count, "documents": len(numbers)})


def print_one(text: str, line: int | None, *, as_json: bool) -> None:
    """One document, whoever billed it. Raises Refused where the text names none."""
    try:
        found = billing.explanation(scope=EVERYTHING, number=text)
    except DocumentNotFound:
        _print_archived(text, line, as_json)
        return
    if as_json:
        answers.print_json(plain_explanation(found, line_number=line))
        return
    for words in explained_text(found, line_number=line):
        answers.out.print(words, markup=False, soft_wrap=True)


def _print_archived(text: str, line: int | None, as_json: bool) -> None:
    """A legacy document: we did not bill it, so its lines are shown as the old system stored them."""
    things = identifiers.resolutions(scope=EVERYTHING, text=text)
    numbers = {thing.target_id for thing in things if thing.target_kind == "archived_document"} or {text}
    rows = [row for number in sorted(numbers) for row in documents.archived_documents(scope=EVERYTHING, number=number)]
    if not rows:
        named = ", ".join(f"{thing.target_kind} {thing.target_id}" for thing in things)
        is_else = f"{text!r} names {named}, no document" if named else f"there is no document {text}"
        raise answers.Refused(f"{is_else}; explain takes the number of an invoice or credit note")
    for row in rows:
        if as_json:
            answers.print_json(_archived_json(row, line))
        else:
            _print_archived_row(row, line)


def _archived_json(row: ArchivedRow, line: int | None) -> dict[str, object]:
    return {
        "schema": 1, "is_ours": False, "system": row.system, "number": row.number, "kind": row.kind,
        "issued_on": row.issued_on, "due_on": row.due_on, "currency": row.currency, "customer_id": row.customer_id,
        "net_minor": row.net_minor, "tax_minor": row.tax_minor, "gross_minor": row.gross_minor,
        "lines": [
            {
                "line_number": item.line_number, "service_id": item.service_id, "legacy_service_id": item.legacy_service_id,
                "description": item.description, "period": _period(item.period_start, item.period_end),
                "quantity": f"{item.quantity:f}", "unit_price": f"{item.unit_price:f}", "net_minor": item.net_minor,
                "tax_rate": f"{item.tax_rate:f}",
            }
            for item in row.lines
            if line in (None, item.line_number)
        ],
    }  # fmt: skip


def _period(start: date | None, end: date | None) -> dict[str, date | None] | None:
    return {"from": start, "until": end} if start else None


def _print_archived_row(row: ArchivedRow, line: int | None) -> None:
    def money(minor: int) -> str:
        return f"{decimal_from_minor(minor, row.currency):,} {row.currency}"

    show = answers.out.print
    show(
        f"{row.kind.replace('_', ' ').capitalize()} {row.number} of {row.issued_on} was billed by {row.system}, not by Rackbill."
    )
    show(
        f"Customer {row.customer_id}. Its reasons were not handed over; these are its lines as {row.system} stored them:"
    )
    for item in row.lines:
        if line in (None, item.line_number):
            days = f", {item.period_start} until {item.period_end}" if item.period_start else ""
            names = " ".join(name for name in (item.service_id, item.legacy_service_id) if name)
            show(
                f"  {item.line_number}: {item.description}{days}: {item.quantity:f} × {item.unit_price:f} = "
                f"{money(item.net_minor)}, tax {item.tax_rate:f} %, service {names or '–'}",
                markup=False, soft_wrap=True,
            )  # fmt: skip
    show(f"Net {money(row.net_minor)}, tax {money(row.tax_minor)}, total {money(row.gross_minor)}")
