"""`rackbill contract set-price …`: prices, quantities, discounts and products of contract lines, from any day on."""

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from rackbill.core.pricing import usage_price_from_plain
from rackbill.core.terms import DatedPrice, DatedQuantity, DiscountKind
from rackbill.domain.catalogue import operations as catalogue_operations
from rackbill.domain.catalogue import queries as catalogue
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import queries
from rackbill.domain.contracts.operations import NewLine
from rackbill.domain.contracts.queries import LineDetail
from rackbill.interfaces.console import answers, main
from rackbill.interfaces.console.acting import As, TokenFile
from rackbill.interfaces.console.coming_lines import tell
from rackbill.interfaces.console.contract_things import (
    EVERYTHING,
    At,
    From,
    Line,
    Service,
    Until,
    agreed_line,
    amender,
    day_after,
    line_of,
    number,
    service_of,
)
from rackbill.interfaces.console.payments import AsJson
from rackbill.interfaces.console.runs import day

Price = Annotated[str, typer.Option(help="for each piece and cycle, in the main unit, such as 99.95")]
OwnPrice = Annotated[str | None, typer.Option(help="for each piece and cycle, in the main unit, such as 99.95")]
UsagePrice = Annotated[
    str | None,
    typer.Option(help='metered lines: what use costs, as JSON such as {"model": "per_unit", "price": "0.05"}'),
]
DiscountName = Annotated[str, typer.Option(help="what invoices call the discount")]
Product = Annotated[str | None, typer.Option(help="code of another product; the same product where left out")]
ProductClass = Annotated[str | None, typer.Option(help="for a product that is new, such as DEDICATED_SERVER")]


def register(family: typer.Typer) -> None:
    """Adds the commands to `rackbill contract`."""
    for name, command in (
        ("set-price", set_price), ("set-quantity", set_quantity), ("add-discount", add_discount),
        ("end-discount", end_discount), ("add-line", add_line), ("swap", swap),
    ):  # fmt: skip
        family.command(name)(command)


def set_price(
    line: Line, since: From, price: OwnPrice = None, usage_price: UsagePrice = None, until: Until = None,
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Set a line's price from a day on, or for some days. The same again changes nothing but history."""
    now, row = main.set_clock(at), line_of(line)
    actor, use = amender(as_staff, token_file, row.organisation_id), _usage_price(usage_price)
    if row.kind == "metered" and use is None:
        raise answers.Refused(f"line {row.line_key} is metered; say what use costs with --usage-price")
    if row.kind != "metered" and use is not None:
        raise answers.Refused(f"line {row.line_key} is {row.kind}, not metered; give --price alone")
    if price is None and use is None:
        raise answers.Refused("--price is missing; for nothing, write --price 0")
    amount = number(price or "0", "--price")
    contracts.set_price(
        line_key=row.line_key, unit_price=amount, usage_price=use, valid_from=day(since, "--from"),
        valid_until=day_after(until), now=now, actor=actor,
    )  # fmt: skip
    shown = f"{amount:f} {row.currency}" if use is None else f"{amount:f} {row.currency} and for use {json.dumps(use)}"
    _told("set-price", row, f"price {shown}{_days(since, until)}", now, as_json)


def set_quantity(
    line: Line, since: From, quantity: Annotated[str, typer.Option(help="how many")], until: Until = None,
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Set how many of a line there are from a day on, or for some days."""
    now, row = main.set_clock(at), line_of(line)
    actor, many = amender(as_staff, token_file, row.organisation_id), number(quantity, "--quantity")
    contracts.set_quantity(
        line_key=row.line_key, quantity=many, valid_from=day(since, "--from"), valid_until=day_after(until), now=now,
        actor=actor,
    )  # fmt: skip
    _told("set-quantity", row, f"quantity {many:f}{_days(since, until)}", now, as_json)


def add_discount(
    line: Line, since: From, reason: DiscountName,
    percent: Annotated[str | None, typer.Option(help="of the price")] = None,
    amount: Annotated[str | None, typer.Option(help="off each cycle, in the main unit")] = None,
    until: Until = None, as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give a line a discount; the same again changes nothing."""
    now, row = main.set_clock(at), line_of(line)
    actor = amender(as_staff, token_file, row.organisation_id)
    if (percent is None) == (amount is None):
        raise answers.Refused("give either --percent or --amount")
    kind, text, option = (
        (DiscountKind.PERCENT, percent, "--percent") if percent else (DiscountKind.AMOUNT, amount, "--amount")
    )
    value = number(text or "", option)
    contracts.add_discount(
        line_key=row.line_key, kind=kind, value=value, reason=_named(reason), valid_from=day(since, "--from"),
        valid_until=day_after(until), now=now, actor=actor,
    )  # fmt: skip
    unit = "%" if kind is DiscountKind.PERCENT else f"{row.currency} each cycle"
    _told("add-discount", row, f"discount {reason!r} of {value:f} {unit}{_days(since, until)}", now, as_json)


def end_discount(
    line: Line, since: Annotated[str, typer.Option("--from", help="first day without it")], reason: DiscountName,
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """End the discounts of a line that have that name."""
    now, row = main.set_clock(at), line_of(line)
    actor = amender(as_staff, token_file, row.organisation_id)
    contracts.end_discount(line_key=row.line_key, reason=reason, valid_until=day(since, "--from"), now=now, actor=actor)
    _told("end-discount", row, f"no discount {reason!r} from {since} on", now, as_json)


def add_line(
    service: Service, since: From, price: Price, description: Annotated[str, typer.Option(help="what invoices call it")],
    kind: Annotated[str, typer.Option(help="recurring, or one_off for a fee")] = "recurring",
    quantity: Annotated[str, typer.Option(help="how many")] = "1",
    cycle: Annotated[int, typer.Option(help="months of a cycle: 1, 3, 6 or 12")] = 1,
    arrears: Annotated[bool, typer.Option("--arrears", help="billed after each cycle, not before")] = False,
    until: Until = None, as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Add a recurring line or a fee to a service. Twice adds two."""
    now, thing = main.set_clock(at), service_of(service)
    actor, start = amender(as_staff, token_file, thing.organisation_id), day(since, "--from")
    if kind not in ("recurring", "one_off"):
        raise answers.Refused(f"--kind is recurring or one_off, not {kind!r}; metered lines come with their contract")
    new = NewLine(
        kind=kind, description=_named(description, "--description", 200), starts_on=start, ends_on=day_after(until),
        cycle_months=_cycle(cycle), timing="arrears" if arrears else "advance",
        prices=(DatedPrice(start, None, _not_negative(price, "--price")),),
        quantities=(DatedQuantity(start, None, _not_negative(quantity, "--quantity")),),
    )  # fmt: skip
    if new.ends_on is not None and new.ends_on <= start:
        raise answers.Refused(f"--until {until} lies before --from {since}; give a later day")
    key = contracts.add_line(service_id=thing.service_id, line=new, now=now, actor=actor)
    row = queries.line_detail(scope=EVERYTHING, line_key=key)
    _told("add-line", row, f"{kind} at {price} {row.currency}{_days(since, until)}", now, as_json)


def swap(
    line: Line, since: From, price: Price, product: Product = None, product_class: ProductClass = None,
    description: Annotated[str | None, typer.Option(help="what invoices call it; the product's name where left out")] = None,
    quantity: Annotated[str | None, typer.Option(help="how many; as before where left out")] = None,
    cycle: Annotated[int | None, typer.Option(help="months of a cycle; as before where left out")] = None,
    drop_discounts: Annotated[bool, typer.Option("--drop-discounts", help="discounts agreed before do not go on")] = False,
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Put another product or price in a recurring line's place from a day on: an upgrade or a downgrade."""
    now, old = main.set_clock(at), line_of(line)
    actor, start = amender(as_staff, token_file, old.organisation_id), day(since, "--from")
    new = _swapped(old, start, price, quantity, cycle, description or "")
    key, name = _product(old, product, product_class, description or product or "")
    if not description and product:
        new = _swapped(old, start, price, quantity, cycle, name)
    made = contracts.swap_product(
        line_key=old.line_key,
        product_key=key,
        line=new,
        on=start,
        keeps_discounts=not drop_discounts,
        now=now,
        actor=actor,
    )
    row = queries.line_detail(scope=EVERYTHING, line_key=made)
    said = f"in place of line:{old.line_key} at {price} {row.currency}{_days(since, None)}"
    _told("swap", row, said, now, as_json, also=(old.line_key,), replaced_line=old.line_key)


def _swapped(
    old: LineDetail, start: date, price: str, quantity: str | None, cycle: int | None, description: str
) -> NewLine:
    before = old.in_force(old.quantities, start)
    many = _not_negative(quantity, "--quantity") if quantity else before["quantity"] if before else Decimal(1)
    return NewLine(
        kind="recurring", description=_named(description or old.description, "--description", 200), starts_on=start,
        prices=(DatedPrice(start, None, _not_negative(price, "--price")),), quantities=(DatedQuantity(start, None, many),),
        cycle_months=_cycle(cycle or old.cycle_months), timing=old.timing, profile=old.profile,
    )  # fmt: skip


def _product(old: LineDetail, code: str | None, product_class: str | None, name: str) -> tuple[int, str]:
    """Key and name of the product that comes: the old one, one of the catalogue, or with its class a new one."""
    if code is None:
        return queries.line_product(line_key=old.line_key)[0], old.description
    if product_class is not None:
        catalogue_operations.add_product(code=code, product_id=product_class, name=name)
    return catalogue.product_named(code=code)


def _told(
    act: str, row: LineDetail, what: str, now: Any, as_json: bool, *, also: tuple[int, ...] = (), **facts: Any
) -> None:
    thing = agreed_line(row, also=also)
    said = f"line:{row.line_key} {row.description} of service {row.service_id}, customer {row.customer_id}: {what}"
    tell(act, thing, said, now, as_json, **facts)


def _usage_price(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        plain = json.loads(text)
    except ValueError:
        plain = None
    if not isinstance(plain, dict):
        raise answers.Refused('--usage-price takes JSON such as {"model": "per_unit", "price": "0.05"}')
    return dict(usage_price_from_plain(plain).to_plain())


def _named(text: str, option: str = "--reason", most: int = 100) -> str:
    if not text.strip() or len(text.strip()) > most:
        raise answers.Refused(f"{option} takes between 1 and {most} characters; invoices print it")
    return text.strip()


def _not_negative(text: str, option: str) -> Decimal:
    value = number(text, option)
    if value < 0:
        raise answers.Refused(f"{option} {text} is negative; give a discount or a credit note instead")
    return value


def _cycle(months: int) -> int:
    if months not in (1, 3, 6, 12):
        raise answers.Refused(f"--cycle is 1, 3, 6 or 12 months, not {months}")
    return months


def _days(since: str, until: str | None) -> str:
    return f", {since} to {until}" if until else f" from {since} on"
