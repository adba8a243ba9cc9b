"""`rackbill seller`: the head of a sales organisation's documents, and its own texts on them."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.operations import einvoices as operations
from rackbill.domain.parties.queries import documents as party_documents
from rackbill.interfaces.console import acting, answers, main
from rackbill.interfaces.console.billing import day
from rackbill.interfaces.console.customers import At
from rackbill.interfaces.console.payments import AsJson, SalesOrg
from rackbill.interfaces.jobs import einvoice_readiness

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
def show(sales_org: SalesOrg, as_json: AsJson = False) -> None:
    """Print what a sales organisation's documents say of it, and its texts."""
    seller = parties.seller(organisation_id=sales_org)
    party = seller.party
    answer: dict[str, Any] = {
        "organisation_id": seller.organisation_id, "name": party.name, "company_number": party.company_number,
        "company_scheme": party.company_scheme, "contact_name": party.contact_name, "billing_email": party.email,
        "billing_phone": party.phone, "electronic_address": party.electronic_address, "paynow_uen": seller.paynow_uen,
        "creditor_id": seller.creditor_ids.get("EUR", ""), "portal_url": seller.details_url,
        "texts": [asdict(row) for row in party_documents.seller_text_rows(organisation_id=sales_org)],
        "unprintable": [asdict(n) for n in einvoice_readiness.unprintable_names((party.name, party.contact_name))],
    }  # fmt: skip
    if as_json:
        answers.print_json(answer)
        return
    for name, value in answer.items():
        if name not in ("texts", "unprintable"):
            answers.out.print(f"{name.replace('_', ' '):<20} {value or '-'}", soft_wrap=True, markup=False)
    for row in answer["texts"]:
        last = row["valid_until"] - timedelta(days=1) if row["valid_until"] else "further notice"
        where = f"{row['name']} ({row['kind'] or 'every kind'}, {row['language']})"
        answers.out.print(
            f"text {where}, {row['valid_from']} to {last}: {row['text']}", soft_wrap=True, markup=False
        )  # fmt: skip
    for name in answer["unprintable"]:
        answers.out.print(
            f"warning: no document font has {name['characters']} of {name['text']}; documents print {name['printed']}",
            markup=False, soft_wrap=True,
        )  # fmt: skip


@app.command("edit")
def edit(
    sales_org: SalesOrg,
    contact_name: Annotated[str | None, typer.Option(help="whom customers ask about bills (BT-41)")] = None,
    billing_phone: Annotated[str | None, typer.Option(help="BT-42")] = None,
    billing_email: Annotated[str | None, typer.Option(help="BT-43")] = None,
    electronic_address: Annotated[str | None, typer.Option(help="scheme and ID (BT-34)")] = None,
    company_number: Annotated[str | None, typer.Option(help="BT-30")] = None,
    company_scheme: Annotated[str | None, typer.Option(help="register of the company number, ISO 6523")] = None,
    paynow_uen: Annotated[str | None, typer.Option(help="the UEN that PayNow pays to")] = None,
    creditor_id: Annotated[str | None, typer.Option(help="SEPA creditor identifier for direct debits (BT-90)")] = None,
    portal_url: Annotated[str | None, typer.Option(help="start of the link to a document's details")] = None,
    email: acting.As = None,
    token_file: acting.TokenFile = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named; an empty text takes a value away."""
    values = {
        "contact_name": contact_name, "billing_phone": billing_phone, "billing_email": billing_email,
        "electronic_address": electronic_address, "company_number": company_number, "company_scheme": company_scheme,
        "paynow_uen": paynow_uen, "portal_url": portal_url,
    }  # fmt: skip
    given = {name: value for name, value in values.items() if value is not None}
    if not given and creditor_id is None:
        raise answers.Refused("nothing to change; rackbill seller edit --help lists what can be")
    about: dict[str, Any] = {
        "organisation_id": sales_org, "now": main.set_clock(at), "actor": acting.actor(email, token_file)
    }  # fmt: skip
    if creditor_id is not None:
        operations.change_creditor_id(creditor_id=creditor_id, **about)
    operations.change_sales_organisation(fields=given, **about)
    show(sales_org, as_json)


@app.command("text")
def text(
    sales_org: SalesOrg,
    words: Annotated[str, typer.Argument(help="what documents say")],
    name: Annotated[str, typer.Option(help="what the text is about; translations share it")],
    language: Annotated[str, typer.Option(help="en, de, nl, ru, ja, zh …")],
    since: Annotated[str, typer.Option("--from", help="first day")],
    until: Annotated[str | None, typer.Option(help="last day")] = None,
    kind: Annotated[str, typer.Option(help="invoice, credit_note, quote …; every kind where left out")] = "",
    email: acting.As = None,
    token_file: acting.TokenFile = None,
    at: At = None,
) -> None:
    """Put a text of its own on a sales organisation's documents."""
    operations.store_seller_text(
        organisation_id=sales_org, name=name, kind=kind, language=language, text=words, valid_from=day(since, "--from"),
        valid_until=day(until, "--until") + timedelta(days=1) if until else None, now=main.set_clock(at),
        actor=acting.actor(email, token_file),
    )  # fmt: skip
    answers.out.print(f"{name} ({kind or 'every kind'}, {language}) from {since}", markup=False)
