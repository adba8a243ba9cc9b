"""`rackbill contract`: what was agreed with a customer, line by line, with every dated price, quantity and discount."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from rackbill.domain.contracts import queries
from rackbill.domain.contracts.queries import LineDetail
from rackbill.domain.kit.paging import Page
from rackbill.interfaces.console import answers
from rackbill.interfaces.console.contract_things import EVERYTHING, LINE, line_of, thing_of
from rackbill.interfaces.console.payments import AsJson

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
KINDS = ("contract", "service", "customer", "line")


@app.command("show")
def show(
    thing: Annotated[
        str, typer.Argument(help="contract, service, equipment or customer, by any ID it ever had; or a line")
    ],
    limit: Annotated[int, typer.Option(min=1, max=500, help="at most so many lines")] = 50,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Show contract lines with all that was agreed for them, and up to which day each is settled."""
    kind, identity = thing_of(thing, *KINDS)
    if kind == "line":
        page = Page([line_of(f"{LINE}{identity}")], 1, limit, 0)
    else:
        page = queries.line_details(scope=EVERYTHING, limit=limit, offset=offset, **{f"{kind}_id": identity})
    if as_json:
        answers.print_json({
            "kind": kind, "id": identity, "total_count": page.total_count, "lines": [line_json(row) for row in page.rows]
        })  # fmt: skip
        return
    _print(page)


def line_json(row: LineDetail) -> dict[str, Any]:
    """The keys that scripts rely on: the line's number as `line`, prices and quantities as text, ends not included."""
    plain = asdict(row)
    return {"line": plain.pop("line_key"), **{name: _texts(value) for name, value in plain.items()}}


def _texts(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    numbers = ("unit_price", "quantity", "value")
    return [{name: f"{item:f}" if name in numbers else item for name, item in row.items()} for row in value]


def print_line(row: LineDetail) -> None:
    """One line for people; ends are the last day included."""
    say = _say
    months = "month" if row.cycle_months == 1 else f"{row.cycle_months} months"
    kind = {
        "recurring": f"every {months} in {row.timing}", "one_off": "once", "metered": "by use", "minimum": f"least of {months}",
    }[row.kind]  # fmt: skip
    end = f", ends {row.ends_on} (first day not charged)" if row.ends_on else ""
    say(f"    {LINE}{row.line_key} {row.description}: {kind}, from {row.starts_on}{end}")
    if row.kind == "recurring":
        say(f"      cycles counted from {row.anchor_on or 'the 1st of a month'}")
    if row.billed_from:
        say(f"      ours to bill from {row.billed_from}; days before are another system's")
    for found in row.prices:
        usage = f" use: {found['usage_price']}" if found["usage_price"] else ""
        say(f"      price {found['unit_price']:f} {row.currency}{usage}, {_days(found)}")
    if not row.prices:
        say("      no price")
    for found in row.quantities:
        say(f"      quantity {found['quantity']:f}, {_days(found)}")
    if not row.quantities:
        say("      no quantity")
    for found in row.discounts:
        unit = "%" if found["kind"] == "percent" else f"{row.currency} each cycle"
        listed = ", from the catalogue" if found["is_listed"] else ""
        say(f"      discount {found['reason']!r}: {found['value']:f} {unit}, {_days(found)}{listed}")
    for found in row.suspensions:
        say(f"      suspended, {_days(found)}: {found['reason'] or 'no reason given'}")
    say(
        f"      {f'settled until {row.settled_until}' if row.settled_until else 'not settled: the next run computes it in full'}"
    )


def _print(page: Page[LineDetail]) -> None:
    contract_id = service_id = ""
    for row in page.rows:
        if row.contract_id != contract_id:
            contract_id = row.contract_id
            end = f", ends {row.contract_ends_on}" if row.contract_ends_on else ""
            _say(
                f"contract {contract_id} of customer {row.customer_id}, {row.organisation_id}, {row.currency}, from "
                f"{row.contract_starts_on} for {row.term_months} months{end}"
            )
        if row.service_id != service_id:
            service_id = row.service_id
            end = f", ends {row.service_ends_on}" if row.service_ends_on else ""
            _say(
                f"  service {service_id} {row.service}, {row.status}{end}, product {row.product_code} ({row.product_class})"
            )
        print_line(row)
    following = f"; the next page has --offset {page.next_offset}" if page.next_offset else ""
    _say(f"{len(page.rows)} of {page.total_count} lines{following}")


def _days(row: dict[str, Any]) -> str:
    last: date | None = row["valid_until"]
    return f"{row['valid_from']} to {last - timedelta(days=1) if last else 'further notice'}"


def _say(text: str) -> None:
    answers.out.print(text, markup=False, soft_wrap=True)
