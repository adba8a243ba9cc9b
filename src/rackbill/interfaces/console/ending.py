"""`rackbill contract end …`: suspensions, ends by agreement and by notice, and the notice rules behind them."""

import re
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from rackbill.core.terms import NoticeRule
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import policy, queries
from rackbill.interfaces.console import acting, answers, main
from rackbill.interfaces.console.acting import As, TokenFile
from rackbill.interfaces.console.coming_lines import tell
from rackbill.interfaces.console.contract_things import (
    EVERYTHING,
    LINE,
    At,
    Contract,
    From,
    Service,
    agreed_line,
    amender,
    contract_of,
    line_of,
    midnight,
    service_of,
    thing_of,
)
from rackbill.interfaces.console.payments import AsJson
from rackbill.interfaces.console.runs import day

_RULE = re.compile(
    r"(?P<reach>\d{1,3})=(?:(?P<none>0)|(?=\d)(?:(?P<months>\d{1,2})m)?(?:(?P<hours>\d{1,4})h)?)(?P<open>,open)?(?:,undo=(?P<undo>\d{1,4})h)?"
)


def register(family: typer.Typer) -> None:
    """Adds the commands to `rackbill contract`."""
    for name, command in (
        ("suspend", suspend), ("reconnect", reconnect), ("end", end), ("cancel", cancel), ("withdraw", withdraw),
        ("notice", notice),
    ):  # fmt: skip
        family.command(name)(command)


def suspend(
    service: Service, since: From, reason: Annotated[str, typer.Option(help="why, such as not paid")],
    charged: Annotated[bool, typer.Option("--charged", help="its recurring lines go on being charged")] = False,
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Suspend a service from a day on; its recurring lines are not charged unless told so."""
    now, thing = main.set_clock(at), service_of(service)
    if not reason.strip() or len(reason) > 100:
        raise answers.Refused("--reason takes between 1 and 100 characters")
    contracts.suspend_service(
        service_id=thing.service_id, on=day(since, "--from"), reason=reason.strip(), is_charged=charged, now=now,
        actor=amender(as_staff, token_file, thing.organisation_id),
    )  # fmt: skip
    how = "still charged" if charged else "not charged"
    tell("suspend", thing, f"service {thing.service_id} is suspended from {since} on, {how}", now, as_json)


def reconnect(
    service: Service, since: Annotated[str, typer.Option("--from", help="first day charged again")],
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """End the suspension of a service; from a day on it is charged again."""
    now, thing = main.set_clock(at), service_of(service)
    contracts.reconnect_service(
        service_id=thing.service_id, on=day(since, "--from"), now=now,
        actor=amender(as_staff, token_file, thing.organisation_id),
    )  # fmt: skip
    tell("reconnect", thing, f"service {thing.service_id} is connected and charged again from {since} on", now, as_json)


def end(
    thing: Annotated[str, typer.Argument(help="line:NUMBER, or a service or contract by any ID it ever had")],
    since: Annotated[str | None, typer.Option("--from", help="first day no longer charged")] = None,
    never: Annotated[bool, typer.Option("--never", help="take an end away again")] = False,
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """End a line, a service or a contract on an agreed day, whatever notice says; by notice: `rackbill contract cancel`."""
    now = main.set_clock(at)
    if (since is None) != never:
        raise answers.Refused("give either --from DAY or --never")
    on = day(since, "--from") if since else None
    kind, identity = ("line", "") if thing.startswith(LINE) else thing_of(thing, "contract", "service")
    if kind == "line":
        line = line_of(thing)
        agreed = agreed_line(line)
        actor = amender(as_staff, token_file, agreed.organisation_id)
        contracts.end_line(line_key=line.line_key, ends_on=on, now=now, actor=actor)
        named = f"{LINE}{line.line_key} {line.description}"
    else:
        agreed = contract_of(identity) if kind == "contract" else service_of(identity)
        actor = amender(as_staff, token_file, agreed.organisation_id)
        ends_at = midnight(on, agreed.zone) if on else None
        if kind == "contract":
            contracts.end_contract(contract_id=identity, ends_at=ends_at, now=now, actor=actor)
        else:
            contracts.end_service(service_id=identity, ends_at=ends_at, now=now, actor=actor)
        named = f"{kind} {identity}"
    tell(
        "end",
        agreed,
        f"{named} {f'is not charged from {on} on' if on else 'has no end any more'}",
        now,
        as_json,
        ends_on=on,
    )


def cancel(
    contract: Contract,
    given: Annotated[
        str | None, typer.Option(help="day or moment the notice was given; now where left out")
    ] = None,
    reason_code: Annotated[str, typer.Option(help="the customer's reason, such as PRICE or OTHER")] = "",
    reason: Annotated[str, typer.Option(help="the reason in words; OTHER needs them")] = "",
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Cancel a contract by its notice rule; says the end it comes to. A contract that has an end keeps it."""
    now, thing = main.set_clock(at), contract_of(contract)
    if len(reason_code) > 40 or len(reason) > 500:
        raise answers.Refused("--reason-code takes at most 40 characters, --reason at most 500")
    ends_on = contracts.cancel_contract(
        contract_id=thing.contract_id, given_at=_moment(given, thing.zone) if given else now, zone=thing.zone,
        reason_code=reason_code, reason_text=reason, now=now, actor=amender(as_staff, token_file, thing.organisation_id),
    )  # fmt: skip
    found = queries.cancellation_confirmation(scope=EVERYTHING, contract_id=thing.contract_id)
    said = f"contract {thing.contract_id} ends on {ends_on}, the first day no longer charged"
    if found is None:
        tell(
            "cancel", thing, f"{said}; it was ended by agreement or import", now, as_json, ends_on=ends_on, notice=None
        )
        return
    given_at, undo = found.given_at.astimezone(thing.zone), found.undo_until.astimezone(thing.zone)
    said += f": {found.notice}, given {given_at:%Y-%m-%d %H:%M}; it can be withdrawn until {undo:%Y-%m-%d %H:%M}"
    tell(
        "cancel", thing, said, now, as_json, ends_on=ends_on, notice=found.notice, given_at=given_at.isoformat(),
        withdraw_until=undo.isoformat(),
    )  # fmt: skip


def withdraw(
    contract: Contract, as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False
) -> None:
    """Undo a cancellation within the time that its notice rule leaves; the same again changes nothing."""
    now, thing = main.set_clock(at), contract_of(contract)
    contracts.withdraw_cancellation(
        contract_id=thing.contract_id, now=now, actor=amender(as_staff, token_file, thing.organisation_id)
    )
    tell("withdraw", thing, f"contract {thing.contract_id} goes on", now, as_json)


def notice(
    rule: Annotated[
        list[str] | None,
        typer.Option(help="MONTHS=NOTICE for terms up to so many months, such as 1=24h, 12=1m,undo=24h or 60=3m,open"),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="first day on which a notice falls under it")] = None,
    source: Annotated[str, typer.Option(help="where the rules come from: terms, law")] = "",
    sales_org: Annotated[str, typer.Option(help="four digits; any where left out")] = "",
    customer_kind: Annotated[str, typer.Option(help="business or consumer; any where left out")] = "",
    product_class: Annotated[str, typer.Option(help="such as DEDICATED_SERVER; any where left out")] = "",
    as_staff: As = None, token_file: TokenFile = None, at: At = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List the notice rules, or store a set with --rule. `open`: after its first term a contract runs on until notice."""
    now = main.set_clock(at)
    if rule:
        if not since or not source.strip():
            raise answers.Refused("--rule needs --from DAY and --source, where the rules come from")
        if customer_kind not in ("", "business", "consumer"):
            raise answers.Refused(f"--customer-kind is business or consumer, not {customer_kind!r}")
        actor = acting.actor_with_role(as_staff, token_file, organisation_id=sales_org, roles=policy.RULE_KEEPERS)
        contracts.store_notice_rules(
            rules=[_rule(text) for text in rule], valid_from=day(since, "--from"), source=source.strip()[:300],
            organisation_id=sales_org, customer_kind=customer_kind, product_class=product_class, now=now, actor=actor,
        )  # fmt: skip
    sets = queries.notice_rule_sets()
    if as_json:
        answers.print_json({"sets": [
            {
                "sales_org": s.organisation_id, "customer_kind": s.customer_kind, "product_class": s.product_class,
                "from": s.valid_from, "rules": [{"words": r.words, **_plain(r)} for r in s.rules],
            }
            for s in sets
        ]})  # fmt: skip
        return
    for s in sets:
        who = ", ".join(filter(None, (s.organisation_id, s.customer_kind, s.product_class))) or "any"
        answers.out.print(f"{who}, from {s.valid_from}:", markup=False)
        for r in s.rules:
            runs = (
                "renews for its first length" if r.is_renewal_binding else "runs on until notice after its first term"
            )
            answers.out.print(
                f"  terms up to {r.longest_term_months} months: {r.words}; {runs}; undo up to {r.undo_hours} hours before",
                markup=False, soft_wrap=True,
            )  # fmt: skip


def _plain(rule: NoticeRule) -> dict[str, int | bool]:
    return {
        "longest_term_months": rule.longest_term_months, "notice_months": rule.notice_months, "notice_hours": rule.notice_hours,
        "is_renewal_binding": rule.is_renewal_binding, "undo_hours": rule.undo_hours,
    }  # fmt: skip


def _rule(text: str) -> NoticeRule:
    match = _RULE.fullmatch(text)
    if match is None:
        raise answers.Refused(f"--rule is MONTHS=NOTICE such as 1=24h, 12=1m,undo=24h or 60=3m,open, not {text!r}")
    return NoticeRule(
        longest_term_months=int(match["reach"]), notice_months=int(match["months"] or 0), notice_hours=int(match["hours"] or 0),
        is_renewal_binding=not match["open"], undo_hours=int(match["undo"] or 0),
    )  # fmt: skip


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise answers.Refused(f"--given takes a day or a moment such as 2020-10-01T17:30, not {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
