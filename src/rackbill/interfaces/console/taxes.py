"""`rackbill tax`: which tax and why; what is entered for it: rates, choices of a seller, checks of tax IDs, exchange rates."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.table import Table

from rackbill.core.money import minor_digits
from rackbill.core.periods import Period
from rackbill.core.tax import Registration, Taxing
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.taxes import queries
from rackbill.interfaces.console import answers
from rackbill.interfaces.console.billing import day

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("explain")
def explain(
    customer: Annotated[str, typer.Option(help="customer ID")],
    on: Annotated[str, typer.Option(help="day of the invoice")],
    since: Annotated[
        str | None, typer.Option("--from", help="first day of the period; else the day of the invoice")
    ] = None,
    until: Annotated[str | None, typer.Option(help="first day after the period")] = None,
    tax_class: Annotated[str, typer.Option(help="tax class of the product")] = "standard",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say which taxes a customer pays, by which law, evidence and rule of rate changes."""
    issued_on = day(on, "--on")
    start = day(since, "--from") if since else issued_on
    end = day(until, "--until") if until else start + timedelta(days=1)
    taxing = parties.taxing(customer_id=customer, tax_class=tax_class, period=Period(start, end), issued_on=issued_on)
    if as_json:
        answers.print_json(taxing_json(taxing))
        return
    answers.out.print(f"Law: {taxing.ruling.basis}")
    answers.out.print(f"Status on {taxing.status_day}: {taxing.ruling.evidence or 'does not matter'}")
    answers.out.print(f"Rate of a period: {taxing.rule.change.value}; {taxing.rule.source}")
    table = Table("from", "until", "day of the rate", "tax", "rate", "jurisdiction", "no tax because", box=None)
    for row in taxing_json(taxing)["taxes"]:
        table.add_row(
            *(str(row[key]) for key in ("from", "until", "rate_of", "code", "rate", "jurisdiction", "exemption"))
        )
    answers.out.print(table)


def taxing_json(taxing: Taxing) -> dict[str, Any]:
    """The decision for programs."""
    return {
        "basis": taxing.ruling.basis, "evidence": taxing.ruling.evidence, "status_on": taxing.status_day.isoformat(),
        "rate_rule": taxing.rule.change.value, "rate_rule_source": taxing.rule.source,
        "taxes": [
            {
                "from": part.period.start.isoformat(), "until": part.period.end.isoformat(),
                "rate_of": part.day.isoformat(), "regime": tax.regime, "code": tax.code, "rate": f"{tax.rate:f}",
                "base_share": f"{tax.base_rate:f}", "jurisdiction": tax.jurisdiction, "exemption": tax.exemption_code,
            }
            for part in taxing.parts for tax in part.taxes
        ],
    }  # fmt: skip


@app.command("add-rate")
def add_rate(
    territory: Annotated[str, typer.Option(help="DE, CA-QC, US-TX …")],
    tax: Annotated[str, typer.Option(help="VAT, GST, PST …")],
    rate: Annotated[str, typer.Option(help="percent, such as 25.5")],
    starts: Annotated[str, typer.Option(help="first day of the rate")],
    known_from: Annotated[str, typer.Option(help="day on which the law was made public")],
    source: Annotated[str, typer.Option(help="law or page")],
    tax_class: Annotated[
        str, typer.Option(help="tax class; standard covers all that have none of their own")
    ] = "standard",
    base_share: Annotated[str, typer.Option(help="taxable share of the price")] = "1",
) -> None:
    """Enter a change of rate; the next bill run reviews what was billed beyond its first day."""
    taxes.add_rate_change(
        territory=territory, tax=tax, tax_class=tax_class, rate=_number(rate, "--rate"), source=source,
        base_rate=_number(base_share, "--base-share"), starts=day(starts, "--starts"),
        known_from=day(known_from, "--known-from"),
    )  # fmt: skip
    answers.out.print(f"{territory} {tax} {rate} % from {starts}")


@app.command("choose")
def choose(
    sales_org: Annotated[str, typer.Option(help="four digits")],
    choice: Annotated[Registration, typer.Option(help="home_rate: below EUR 10,000 a year; registered_in: a country")],
    starts: Annotated[str, typer.Option(help="first day")],
    source: Annotated[str, typer.Option(help="turnover, letter of the tax office")],
    territory: Annotated[str, typer.Option(help="of a registration: GB, CH, AU …")] = "",
    until: Annotated[str | None, typer.Option(help="first day it no longer holds")] = None,
) -> None:
    """Enter what a sales organisation chose, or where it is registered for tax."""
    parties.seller(organisation_id=sales_org)
    last: date | None = day(until, "--until") if until else None
    taxes.store_seller_choice(
        organisation_id=sales_org, choice=choice, territory=territory, starts=day(starts, "--starts"), until=last,
        source=source,
    )  # fmt: skip
    answers.out.print(f"{sales_org} {choice.value} {territory} from {starts}")


@app.command("record-check")
def record_check(
    customer: Annotated[str, typer.Option(help="customer ID")],
    tax_id: Annotated[str, typer.Option(help="the number that was checked, with its country")],
    is_valid: Annotated[bool, typer.Option("--valid/--invalid", help="what the registry said")],
    on: Annotated[str, typer.Option(help="day of the check")],
    reference: Annotated[str, typer.Option(help="the registry's own, such as the consultation number of VIES")],
) -> None:
    """Enter what a registry said of a customer's tax ID; it is the proof for invoices from that day on."""
    parties.customer(scope=WholeInstallation(), customer_id=customer)
    taxes.record_tax_id_check(
        customer_id=customer, tax_id=tax_id, is_valid=is_valid, checked_on=day(on, "--on"), reference=reference
    )
    answers.out.print(f"{customer} {tax_id}: {'valid' if is_valid else 'invalid'} on {on}", markup=False)


@app.command("add-exchange-rate")
def add_exchange_rate(
    source_currency: Annotated[str, typer.Option("--from", help="currency of the documents")],
    target_currency: Annotated[str, typer.Option("--to", help="the seller's accounting currency")],
    rate: Annotated[str, typer.Option(help="units of the second currency for one of the first")],
    on: Annotated[str, typer.Option(help="the day it was published for")],
    source: Annotated[
        str, typer.Option(help="ECB, HMRC-MONTHLY, IRAS-APPROVED … as the law names it, or your own; it is printed")
    ],
) -> None:
    """Enter an exchange rate with its day and source; a stored rate never changes."""
    value, rate_on = _number(rate, "--rate"), day(on, "--on")
    for currency in (source_currency, target_currency):
        minor_digits(currency)  # refuses what is no currency
    if value <= 0:
        raise answers.Refused(f"--rate takes a number above 0, not {rate!r}")
    row = (source_currency, target_currency, value, rate_on)
    stored = queries.exchange_rates(source_currency=source_currency, target_currency=target_currency)
    same = [one.rate for one in stored if (one.rate_on, one.rate_source) == (rate_on, source)]
    if same and same != [value]:
        raise answers.Refused(
            f"{same[0].normalize():f} is stored for {on} from {source!r} and never changes; give another day or source"
        )
    taxes.store_exchange_rates(rates=[row], source=source)
    allowed = queries.countries_that_allow(source=source)
    counts = f"for sellers in {', '.join(allowed)}" if allowed else "as your own: the law of no country names it"
    answers.out.print(f"1 {source_currency} = {rate} {target_currency} on {on}, {source}: {counts}", markup=False)


def _number(text: str, option: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise answers.Refused(f"{option} takes a number such as 25.5, not {text!r}") from None
