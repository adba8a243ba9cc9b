"""`rackbill raise-prices`: the yearly rise, shown first or done."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.table import Table

from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.operations import RisenPrice
from rackbill.interfaces.console import acting, answers, billing, main


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("raise-prices")
    def raise_prices(
        sales_org: Annotated[str, typer.Option(help="four digits")],
        on: Annotated[str, typer.Option(help="a 1 January")],
        cpi: Annotated[str, typer.Option(help="rise of the consumer price index of the year before, percent")],
        floor: Annotated[str, typer.Option(help="the least that prices rise by, percent")] = "5",
        digits: Annotated[int, typer.Option(help="decimals of the new prices", min=0, max=6)] = 2,
        product_class: Annotated[list[str] | None, typer.Option(help="only these, such as DEDICATED_SERVER")] = None,
        customer: Annotated[list[str] | None, typer.Option(help="only these Customer IDs")] = None,
        started_before: Annotated[str | None, typer.Option(help="only lines that began before this day")] = None,
        preview: Annotated[bool, typer.Option("--preview", help="show what would rise and store nothing")] = False,
        as_staff: acting.As = None,
        token_file: acting.TokenFile = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
        at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
    ) -> None:
        """Raise recurring prices once a year from 1 January, by the index or by the floor if that is higher."""
        now, actor = main.set_clock(at), acting.actor(as_staff, token_file)
        day = billing.day(on, "--on")
        wanted = {
            "organisation_id": sales_org, "on": day, "cpi_percent": _percent(cpi, "--cpi"), "digits": digits,
            "floor_percent": _percent(floor, "--floor"), "product_classes": product_class or (), "customer_ids": customer or (),
            "started_before": billing.day(started_before, "--started-before") if started_before else None,
        }  # fmt: skip
        if preview:
            risen = contracts.preview_rise(**wanted)  # type: ignore[arg-type]
        else:
            risen = contracts.raise_prices(**wanted, now=now, actor=actor)  # type: ignore[arg-type]
        if as_json:
            answers.print_json(
                {"raised": 0 if preview else len(risen), "previewed": preview, "prices": [_plain(row) for row in risen]}
            )
        else:
            _print(risen, day, is_preview=preview)


def _percent(text: str, option: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise answers.Refused(f"{option} takes a percentage such as 2.1, not {text!r}") from None


def _plain(row: RisenPrice) -> dict[str, object]:
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in asdict(row).items()
        if name != "line_key"
    }


def _print(risen: list[RisenPrice], day: date, *, is_preview: bool) -> None:
    answers.out.print(f"{len(risen)} prices {'would rise' if is_preview else 'rise'} on {day}")
    table = Table("service", "customer", "what", "", "from", "to", box=None)
    for row in risen[:50]:
        table.add_row(
            row.service_id, row.customer_id, row.description, row.currency, str(row.unit_price), str(row.risen_price)
        )
    answers.out.print(table)
    if len(risen) > 50:
        answers.out.print(f"… and {len(risen) - 50} more; --json prints them all")
