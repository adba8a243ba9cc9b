"""Which contract, service or line a text names, by any identifier it ever had; who may change it; days and numbers of options."""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from rackbill.domain.contracts import policy
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.errors import EquipmentNotFound, LineNotFound
from rackbill.domain.contracts.queries import AgreedThing, LineDetail
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.console import acting, answers
from rackbill.interfaces.console.runs import day
from rackbill.interfaces.jobs import clock

EVERYTHING = WholeInstallation()
LINE = "line:"
Line = Annotated[
    str, typer.Argument(help="a line, as rackbill contract show prints it, or a service that has one line")
]
Service = Annotated[str, typer.Argument(help="a service, or its equipment, by any ID it ever had")]
Contract = Annotated[str, typer.Argument(help="a contract, by any ID it ever had")]
From = Annotated[str, typer.Option("--from", help="first day: past, present or future")]
Until = Annotated[str | None, typer.Option(help="last day; further notice where left out")]
At = Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")]


def things_of(text: str, *kinds: str) -> set[tuple[str, str]]:
    """(kind, ID) of all that a text may name of the kinds contract, service, customer and line; an equipment is its service."""
    if text.startswith(LINE):
        return {("line", text.removeprefix(LINE))} if "line" in kinds else set()
    found = set()
    for kind in ("contract", "service", "equipment", "customer"):
        if kind not in kinds and not (kind == "equipment" and "service" in kinds):
            continue
        identity = identifiers.target_id(scope=EVERYTHING, target_kind=kind, text=text)
        if identity is not None and kind == "equipment":
            identity, kind = _service_of(identity), "service"
        if identity:
            found.add((kind, identity))
    if "line" in kinds and _is_line(text):
        found.add(("line", text))
    return found


def thing_of(text: str, *kinds: str) -> tuple[str, str]:
    """(kind, ID) of the one thing of these kinds that a text names. Raises Refused."""
    found = sorted(things_of(text, *kinds))
    if not found:
        wanted = " or ".join(kinds)
        raise answers.Refused(f"{text!r} names no {wanted}; `rackbill resolve {text}` says what it names")
    if len(found) > 1:
        named = " and ".join(
            f"{LINE}{identity}" if kind == "line" else f"{kind} {identity}" for kind, identity in found
        )
        raise answers.Refused(f"{text!r} names {named}; write one of them instead")
    return found[0]


def line_of(text: str) -> LineDetail:
    """The line that a text names: a line's number, or a service that has one line alone. Raises Refused, LineNotFound."""
    kind, identity = thing_of(text, "line", "service")
    if kind == "line":
        if not _is_number(identity):
            raise answers.Refused(f"{text!r} is no line; write line:NUMBER as rackbill contract show prints it")
        return contracts.line_detail(scope=EVERYTHING, line_key=int(identity))
    page = contracts.line_details(scope=EVERYTHING, service_id=identity, limit=20)
    if page.total_count != 1:
        lines = ", ".join(f"{LINE}{row.line_key} {row.description!r}" for row in page.rows)
        raise answers.Refused(f"service {identity} has {page.total_count} lines; name one of: {lines or 'none'}")
    return page.rows[0]


def service_of(text: str) -> AgreedThing:
    """The service that a text names. Raises Refused, ServiceNotFound."""
    return contracts.agreed_service(scope=EVERYTHING, service_id=thing_of(text, "service")[1])


def contract_of(text: str) -> AgreedThing:
    """The contract that a text names. Raises Refused, ContractNotFound."""
    return contracts.agreed_contract(scope=EVERYTHING, contract_id=thing_of(text, "contract")[1])


def agreed_line(line: LineDetail, *, also: tuple[int, ...] = ()) -> AgreedThing:
    """A line, with others that it took the place of, as a thing like contracts and services."""
    whole = contracts.agreed_service(scope=EVERYTHING, service_id=line.service_id)
    return AgreedThing(
        customer_id=line.customer_id, organisation_id=line.organisation_id, zone=whole.zone, contract_id=line.contract_id,
        service_id=line.service_id, line_keys=(line.line_key, *also),
    )  # fmt: skip


def amender(email: str | None, token_file: Path | None, organisation_id: str) -> Actor:
    """Who acts; a member of staff needs a role that may change contracts of the sales organisation. Raises Refused."""
    return acting.actor_with_role(email, token_file, organisation_id=organisation_id, roles=policy.AMENDERS)


def number(text: str, option: str) -> Decimal:
    """A price, quantity or percentage from an option, with up to six decimals. Raises Refused."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.copy_abs() >= 10**9 or value != round(value, 6):
        raise answers.Refused(f"{option} takes a number such as 99.95 with at most six decimals, not {text!r}")
    return value


def day_after(text: str | None, option: str = "--until") -> date | None:
    """The first day not included, of an option that names the last one. Raises Refused."""
    return day(text, option) + timedelta(days=1) if text else None


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day where the sales organisation is."""
    return datetime(on.year, on.month, on.day, tzinfo=zone)


def _service_of(equipment_id: str) -> str:
    try:
        today = clock.now().date()
        return contracts.server(scope=EVERYTHING, equipment_id=equipment_id, on=today, kind="").service_id
    except EquipmentNotFound:
        return ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _is_line(text: str) -> bool:
    if not _is_number(text):
        return False
    try:
        contracts.line_detail(scope=EVERYTHING, line_key=int(text))
    except LineNotFound:
        return False
    return True
