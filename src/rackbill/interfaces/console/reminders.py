"""`rackbill reminders`: the plan for a day, the steps taken, what is held back, the ladder."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from rackbill.core.money import decimal_from_minor
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables import queries
from rackbill.domain.receivables.policy import ACTIONS, LadderStep
from rackbill.domain.receivables.queries import Notice
from rackbill.interfaces.console import acting, answers, main
from rackbill.interfaces.console.acting import CONSOLE, As, TokenFile
from rackbill.interfaces.console.billing import day
from rackbill.interfaces.console.payments import AsJson, OwnId, Reason, SalesOrg, customer_of, minor
from rackbill.interfaces.jobs import clock

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
At = Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")]


def _answer(notices: Sequence[Notice], as_json: bool) -> None:
    if as_json:
        answers.print_json({"notices": [_notice(notice) for notice in notices]})
        return
    for notice in notices:
        total = f"{decimal_from_minor(notice.total_minor, notice.currency):,} {notice.currency}"
        answers.out.print(f"{notice.customer_id} {notice.name}: {notice.action}, {total}", markup=False)
        answers.out.print(
            f"  to {', '.join(notice.recipients) or 'nobody: the customer has no billing contact'}", markup=False
        )
        for item in notice.items:
            asked, left = (
                f"{decimal_from_minor(m, notice.currency):,}" for m in (item.remindable_minor, item.open_minor)
            )
            disputed = f" of {left} (the rest is disputed)" if asked != left else ""
            answers.out.print(
                f"  step {item.step.step} {item.step.action}: {item.number} of {item.issued_on}, due {item.due_on}, "
                f"{item.overdue_days} days overdue, {asked}{disputed}"
            )
        if notice.fee_minor:
            answers.out.print(
                f"  fee {decimal_from_minor(notice.fee_minor, notice.fee_currency)} {notice.fee_currency}"
            )
    answers.out.print(f"{len(notices)} notices about {sum(len(notice.items) for notice in notices)} documents")


def _notice(notice: Notice) -> dict[str, object]:
    """The notice without row keys."""
    plain = asdict(notice)
    del plain["customer_key"]
    for item in plain["items"]:
        del item["item_key"]
    return plain


@app.command("plan")
def plan(sales_org: SalesOrg, at: At = None, as_json: AsJson = False) -> None:
    """What is to be reminded of today; nothing is written."""
    today = main.set_clock(at).date()
    _answer(queries.reminder_plan(organisation_id=sales_org, today=today), as_json)


@app.command("propose")
def propose(sales_org: SalesOrg, at: At = None, as_json: AsJson = False) -> None:
    """Take the steps that are due today and note them; each step of a document is taken once."""
    now = main.set_clock(at)
    notices = receivables.propose_reminders(organisation_id=sales_org, today=now.date(), now=now, actor=CONSOLE)
    _answer(notices, as_json)


@app.command("issue")
def issue(sales_org: SalesOrg, at: At = None, as_json: AsJson = False) -> None:
    """Take the steps that are due today, issue what reminds as documents and queue them; `rackbill work` sends them."""
    now = main.set_clock(at)
    issued = receivables.issue_reminders(organisation_id=sales_org, today=now.date(), now=now, actor=CONSOLE)
    if as_json:
        answers.print_json({"notices": [{**_notice(one.notice), "document": one.number} for one in issued]})
        return
    _answer([one.notice for one in issued], as_json)
    for one in issued:
        if one.number:
            answers.out.print(f"{one.notice.customer_id}: reminder {one.number}", markup=False)


@app.command("hold")
def hold(
    customer: Annotated[str, typer.Argument(help="any ID the customer ever had")], reason: Reason,
    document: Annotated[str, typer.Option(help="only this document")] = "",
    disputed: Annotated[str | None, typer.Option(help="only this part of the document, such as 12.50")] = None,
    currency: str = "EUR", until: Annotated[str, typer.Option(help="the first day with reminders again")] = "",
    own_id: OwnId = "", as_staff: As = None, token_file: TokenFile = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """No reminders of a customer, a document or a disputed part for a while."""
    hold_id = own_id or f"hand-{uuid.uuid4().hex}"
    receivables.hold_reminders(
        hold_id=hold_id, customer_id=customer_of(customer), number=document, reason=reason, now=clock.now(),
        disputed_minor=None if disputed is None else minor(disputed, currency, "--disputed"), held_from=clock.now().date(),
        held_until=day(until, "--until") if until else None, actor=acting.actor(as_staff, token_file),
    )  # fmt: skip
    _say_hold(hold_id, as_json)


@app.command("lift")
def lift(hold: str, as_staff: As = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """End a hold today."""
    receivables.lift_hold(
        hold_id=hold, on=clock.now().date(), now=clock.now(), actor=acting.actor(as_staff, token_file)
    )
    _say_hold(hold, as_json)


def _say_hold(hold_id: str, as_json: bool) -> None:
    if as_json:
        answers.print_json({"hold": hold_id})
    else:
        answers.out.print(f"hold {hold_id}")


@app.command("ladder")
def ladder(
    sales_org: SalesOrg,
    step: Annotated[
        list[str], typer.Option(help="days:action[:fee:currency], such as 8:remind or 15:remind:45.00:EUR")
    ] = [],  # noqa: B006
    valid_from: Annotated[str, typer.Option(help="the first day of a new ladder")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the ladder in force, or set a new one from a day on."""
    on = day(valid_from, "--valid-from") if valid_from else clock.now().date()
    if step:
        steps = [_step(place, text) for place, text in enumerate(step, start=1)]
        receivables.set_reminder_ladder(
            organisation_id=sales_org, valid_from=on, steps=steps, now=clock.now(), actor=CONSOLE
        )
    found = queries.reminder_ladder(organisation_id=sales_org, on=on)
    if as_json:
        answers.print_json({"steps": [asdict(one) for one in found]})
        return
    for one in found:
        fee = f", fee {decimal_from_minor(one.fee_minor, one.fee_currency)} {one.fee_currency}" if one.fee_minor else ""
        answers.out.print(f"{one.step}: {one.days_after_due} days after the due date, {one.action}{fee}")


def _step(place: int, text: str) -> LadderStep:
    parts = text.split(":")
    if len(parts) not in (2, 4) or not parts[0].lstrip("-").isdigit() or parts[1] not in ACTIONS:
        raise answers.Refused(
            f"a step is days:action[:fee:currency] with an action of {', '.join(ACTIONS)}, not {text!r}"
        )
    fee = minor(parts[2], parts[3], "--step") if len(parts) == 4 else 0
    currency = parts[3] if len(parts) == 4 else ""
    return LadderStep(step=place, days_after_due=int(parts[0]), action=parts[1], fee_minor=fee, fee_currency=currency)
