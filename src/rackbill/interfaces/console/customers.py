"""`rackbill customer`: what a customer's documents are made from, whether it can receive an e-invoice, and what is missing."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.operations import einvoices as operations
from rackbill.domain.parties.policy import people
from rackbill.domain.parties.policy.readiness import Readiness
from rackbill.domain.parties.queries import einvoices
from rackbill.domain.parties.queries.einvoices import CustomerData
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries as receivables_queries
from rackbill.domain.receivables.queries import MandateRow
from rackbill.interfaces.console import acting, answers, main
from rackbill.interfaces.console.billing import day
from rackbill.interfaces.console.payments import EVERYTHING, AsJson, SalesOrg, customer_of
from rackbill.interfaces.jobs import einvoice_readiness

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
AnyId = Annotated[str, typer.Argument(help="any ID the customer ever had")]
Group = Annotated[str | None, typer.Option(help="billing group ID; the customer's default one where left out")]
At = Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")]
DECIDES_TAX = {"country", "state", "postal_code", "kind", "tax_id"}
TAX_FROM_NOW = (
    "Taxes go by this in what is billed from now on; what was billed keeps its tax: rackbill credit NUMBER --reissue has it "
    "charged anew."
)


@app.command("show")
def show(customer: AnyId, at: At = None, as_json: AsJson = False) -> None:
    """Say whether a customer can receive an e-invoice today, of which profile, and what is missing for it."""
    today, customer_id, imported = (
        main.set_clock(at).date(),
        customer_of(customer),
        einvoice_readiness.imported_profiles(),
    )
    data = einvoices.customer_data(scope=EVERYTHING, customer_id=customer_id, on=today)
    ready = einvoices.einvoice_readiness(
        scope=EVERYTHING, customer_id=customer_id, on=today, imported=imported, mandates=receivables_queries.mandates
    )
    mandates = receivables_queries.customer_mandates(scope=EVERYTHING, customer_id=customer_id)
    if as_json:
        answers.print_json({
            **_plain(data), "mandates": [asdict(row) for row in mandates], "unprintable": _unprintable(data),
            "readiness": [readiness_json(r) for r in ready],
        })  # fmt: skip
        return
    _print(data, mandates, ready)


@app.command("edit")
def edit(
    customer: AnyId,
    group: Group = None,
    name: Annotated[str | None, typer.Option(help="the customer's name")] = None,
    street: Annotated[str | None, typer.Option(help="of the customer (BT-50)")] = None,
    city: Annotated[str | None, typer.Option(help="BT-52")] = None,
    postal_code: Annotated[str | None, typer.Option(help="BT-53")] = None,
    state: Annotated[str | None, typer.Option(help="BT-54; of US and CA the two letters, taxes go by them")] = None,
    country: Annotated[str | None, typer.Option(help="two letters (BT-55)")] = None,
    kind: Annotated[str | None, typer.Option(help="business or consumer")] = None,
    tax_id: Annotated[str | None, typer.Option(help="a VAT ID that was checked (BT-48)")] = None,
    company_number: Annotated[str | None, typer.Option(help="BT-47")] = None,
    company_scheme: Annotated[str | None, typer.Option(help="register of that number, ISO 6523: 0106 …")] = None,
    public_body: Annotated[
        bool | None, typer.Option("--public-body/--no-public-body", help="authority or the like")
    ] = None,
    einvoice: Annotated[str | None, typer.Option(help="a profile, none, or empty: what the country says")] = None,
    electronic_address: Annotated[str | None, typer.Option(help="scheme and ID, 0208:0428759497 (BT-49)")] = None,
    buyer_reference: Annotated[str | None, typer.Option(help="routing value, Leitweg-ID (BT-10)")] = None,
    project_reference: Annotated[str | None, typer.Option(help="BT-11")] = None,
    po: Annotated[str | None, typer.Option(help="purchase order without dates (BT-13)")] = None,
    cost_centre: Annotated[str | None, typer.Option(help="BT-19")] = None,
    addressee: Annotated[str | None, typer.Option(help="in place of the customer's name")] = None,
    contact_name: Annotated[str | None, typer.Option(help="BT-56")] = None,
    email: acting.As = None,
    token_file: acting.TokenFile = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named; an empty text takes a value away. Warns of names that documents cannot print."""
    now, customer_id = main.set_clock(at), customer_of(customer)
    actor = _editor(customer_id, email, token_file)
    own = _given(
        name=name, street=street, city=city, postal_code=postal_code, state=state, country=country, kind=kind, tax_id=tax_id,
        company_number=company_number, company_scheme=company_scheme,
    )  # fmt: skip
    if own or public_body is not None:
        operations.change_customer(
            scope=EVERYTHING, customer_id=customer_id, fields=own, is_public_body=public_body, now=now, actor=actor
        )
    of_group = _given(
        einvoice_choice=einvoice, electronic_address=electronic_address, buyer_reference=buyer_reference,
        project_reference=project_reference, po_number=po, cost_centre=cost_centre, addressee=addressee,
        contact_name=contact_name,
    )  # fmt: skip
    if of_group:
        operations.change_billing_group(
            scope=EVERYTHING,
            group_id=_group_id(customer_id, group),
            fields=of_group,
            on=now.date(),
            now=now,
            actor=actor,
        )
    if not own and public_body is None and not of_group:
        raise answers.Refused("nothing to change; rackbill customer edit --help lists what can be")
    show(customer, None, as_json)
    if not as_json and own.keys() & DECIDES_TAX:
        answers.out.print(TAX_FROM_NOW, markup=False, soft_wrap=True)


@app.command("order")
def order(
    customer: AnyId,
    number: Annotated[str, typer.Argument(help="the customer's purchase order number")],
    since: Annotated[str, typer.Option("--from", help="first day")],
    until: Annotated[str | None, typer.Option(help="last day")] = None,
    ends: Annotated[bool, typer.Option("--end", help="the order is there: --from is the first day without it")] = False,
    group: Group = None,
    email: acting.As = None,
    token_file: acting.TokenFile = None,
    at: At = None,
) -> None:
    """Enter a purchase order that invoices carry from one day to another, or end one."""
    now, customer_id, actor = main.set_clock(at), customer_of(customer), acting.actor(email, token_file)
    about: dict[str, Any] = {
        "scope": EVERYTHING, "group_id": _group_id(customer_id, group), "number": number, "now": now, "actor": actor
    }  # fmt: skip
    if ends:
        operations.end_purchase_order(ends_on=day(since, "--from"), **about)
        answers.out.print(f"purchase order {number} is not used from {since} on", markup=False)
        return
    valid_until = day(until, "--until") + timedelta(days=1) if until else None
    operations.add_purchase_order(valid_from=day(since, "--from"), valid_until=valid_until, **about)
    answers.out.print(f"purchase order {number} from {since} to {until or 'further notice'}", markup=False)


@app.command("mandate")
def mandate(
    customer: AnyId,
    reference: Annotated[str, typer.Argument(help="the mandate's reference (BT-89)")],
    holder: Annotated[str, typer.Option(help="whose account it is")] = "",
    iban: Annotated[str, typer.Option(help="the account that it lets debit (BT-91)")] = "",
    bic: Annotated[str, typer.Option(help="of the account's bank")] = "",
    signed: Annotated[
        str | None, typer.Option("--signed-on", help="day of the signature; today where left out")
    ] = None,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="the mandate is there: nothing is debited under it any more")
    ] = False,
    email: acting.As = None,
    token_file: acting.TokenFile = None,
    at: At = None,
) -> None:
    """Enter a mandate of direct debit, or revoke one. Invoices in euros are debited under the newest one in force."""
    now, customer_id = main.set_clock(at), customer_of(customer)
    about: dict[str, Any] = {
        "scope": EVERYTHING, "customer_id": customer_id, "reference": reference, "now": now,
        "actor": acting.actor(email, token_file),
    }  # fmt: skip
    if revoke:
        receivables.revoke_mandate(**about)
        answers.out.print(f"mandate {reference} is revoked; invoices of later runs ask for a transfer", markup=False)
        return
    signed_on = day(signed, "--signed-on") if signed else now.date()
    receivables.enter_mandate(holder=holder, iban=iban, bic=bic, signed_on=signed_on, **about)
    end = "".join(iban.split())[-4:]
    answers.out.print(f"mandate {reference}, account ending in {end}, signed on {signed_on}", markup=False)


@app.command("unready")
def unready(sales_org: SalesOrg, at: At = None, as_json: AsJson = False) -> None:
    """List the billing groups that get e-invoices and lack something for them: before the first of the month."""
    today, imported = main.set_clock(at).date(), einvoice_readiness.imported_profiles()
    found = einvoices.unready_customers(
        scope=EVERYTHING, organisation_id=sales_org, on=today, imported=imported, mandates=receivables_queries.mandates
    )
    if as_json:
        answers.print_json({"unready": [{"customer_id": customer_id, **readiness_json(r)} for customer_id, r in found]})
    else:
        answers.out.print(f"{len(found)} billing groups cannot receive the e-invoice that they get")
        for _customer_id, one in found:
            _print_readiness(one)
    if found:
        raise answers.CheckFailed


def readiness_json(one: Readiness) -> dict[str, Any]:
    """The keys that scripts rely on."""
    return {
        "group_id": one.group_id, "is_ready": one.is_ready, "profile": one.profile, "choice": one.choice,
        "duty": one.rule.duty, "limit": one.rule.limit, "source": one.rule.source,
        "missing": [
            {
                "code": gap.code, "term": gap.term, "rule": gap.rule, "side": gap.side, "blocks": gap.blocks,
                "sentence": gap.sentence,
            }
            for gap in one.gaps
        ],
    }  # fmt: skip


def _editor(customer_id: str, email: str | None, token_file: Path | None) -> Actor:
    """Who acts; a member of staff needs a role that may change customers, as in the office. Raises Refused."""
    organisation_id = parties.customer(scope=EVERYTHING, customer_id=customer_id).organisation_id
    return acting.actor_with_role(email, token_file, organisation_id=organisation_id, roles=people.EDITORS)


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _group_id(customer_id: str, group: str | None) -> str:
    if group is None:
        groups = einvoices.group_ids(scope=EVERYTHING, customer_id=customer_id)
        return groups[0]
    if not group.startswith(f"{customer_id}-"):
        raise answers.Refused(f"billing group {group} is not one of customer {customer_id}")
    return group


def _plain(data: CustomerData) -> dict[str, Any]:
    return {name: value for name, value in asdict(data).items() if name not in ("key", "rule")}


def _unprintable(data: CustomerData) -> list[dict[str, str]]:
    names = [data.name, data.street, data.city]
    names += [text for g in data.groups for text in (g.name, g.addressee, g.contact_name, g.project_reference)]
    return [asdict(name) for name in einvoice_readiness.unprintable_names(names)]


def _print(data: CustomerData, mandates: list[MandateRow], ready: list[Readiness]) -> None:
    kind = "public body" if data.is_public_body else data.kind
    answers.out.print(
        f"[bold]{data.customer_id}[/bold] {escape(data.name)} ({kind}, {data.country}), {data.organisation_id}"
    )
    place = ", ".join(filter(None, (data.street, f"{data.postal_code} {data.city}".strip(), data.state, data.country)))
    answers.out.print(f"  {place}", soft_wrap=True, markup=False)
    for group in data.groups:
        values = asdict(group)
        for name in ("group_id", "name", "is_default", "language", "orders"):
            values.pop(name)
        answers.out.print(f"billing group {group.group_id} {escape(group.name)}")
        for name, value in values.items():
            if value:
                answers.out.print(f"  {name.replace('_', ' '):<20} {escape(value)}", soft_wrap=True)
        for one in group.orders:
            last = one.valid_until - timedelta(days=1) if one.valid_until else "further notice"
            answers.out.print(f"  {'purchase order':<20} {escape(one.number)}, {one.valid_from} to {last}")
    for row in mandates:
        state = "revoked" if row.is_revoked else f"signed on {row.signed_on}"
        answers.out.print(
            f"mandate {row.reference}, account of {row.holder} ending in {row.account_end}, {state}", markup=False,
            soft_wrap=True,
        )  # fmt: skip
    for found in ready:
        _print_readiness(found)
    for name in _unprintable(data):
        answers.out.print(
            f"warning: no document font has {name['characters']} of {name['text']}; documents print {name['printed']}",
            markup=False, soft_wrap=True,
        )  # fmt: skip


def _print_readiness(one: Readiness) -> None:
    if one.is_ready:
        head = f"{one.group_id} can receive an e-invoice today: {one.title}"
    elif one.profile:
        head = f"{one.group_id} cannot receive an e-invoice yet: {one.title}"
    elif one.is_beyond:
        head = f"{one.group_id}: the law wants an e-invoice that Rackbill does not make"
    else:
        head = f"{one.group_id} gets no e-invoice"
    answers.out.print(head, soft_wrap=True, markup=False)
    for gap in one.gaps:
        marks = ", ".join(mark for mark in (gap.term, gap.rule) if mark)
        answers.out.print(
            f"  - {gap.sentence}{f' ({marks})' if marks else ''}", soft_wrap=True, markup=False
        )  # fmt: skip
    if one.rule.limit_text and (one.profile or one.is_beyond):
        answers.out.print(f"  ! {one.rule.limit_text}", soft_wrap=True, markup=False)
