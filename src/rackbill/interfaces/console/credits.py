"""`rackbill credit`: a credit note for an invoice, lines, a period or an amount of it."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from rackbill.core.document import Document
from rackbill.core.money import decimal_from_minor
from rackbill.core.periods import Period
from rackbill.domain.billing import operations as billing
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.interfaces.console import acting, answers, main
from rackbill.interfaces.jobs import einvoice_check


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("credit")
    def credit(
        number: Annotated[str, typer.Argument(help="the invoice")],
        reason: Annotated[str, typer.Option(help="printed on the credit note")],
        line: Annotated[list[int] | None, typer.Option(help="only this line; may be given several times")] = None,
        period: Annotated[str | None, typer.Option(help="only these days, first day/day after the last")] = None,
        amount: Annotated[str | None, typer.Option(help="only so much, net, in the invoice's currency")] = None,
        reissue: Annotated[bool, typer.Option("--reissue", help="the next bill run charges it anew")] = False,
        as_staff: acting.As = None,
        token_file: acting.TokenFile = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
        at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
    ) -> None:
        """Give a credit note on an invoice of ours: on all that is left of it, or on lines, a period or an amount of it."""
        now, actor = main.set_clock(at), acting.actor(as_staff, token_file)
        scope = WholeInstallation()
        original = documents.document(scope=scope, number=number)
        zone = ZoneInfo(parties.seller(organisation_id=original.sales_organisation_id).time_zone)
        days, net = _period(period), _amount(amount)
        credit_number = einvoice_check.credit_checked(
            credit=lambda checked: billing.credit_invoice(
                number=number, line_numbers=line or (), period=days, amount=net, reason=reason, is_reissued=reissue,
                on=now.astimezone(zone).date(), now=now, actor=actor, checked=checked,
            )
        )  # fmt: skip
        note = documents.document(scope=scope, number=credit_number)
        if as_json:
            answers.print_json(_plain(note, number, reissue))
        else:
            _print(note, number)


def _period(text: str | None) -> Period | None:
    if text is None:
        return None
    try:
        start, end = text.split("/")
        return Period(date.fromisoformat(start), date.fromisoformat(end))
    except ValueError:
        raise answers.Refused(
            f"--period takes its first day and the day after its last, such as 2020-10-05/2020-10-08, not {text!r}"
        ) from None


def _amount(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        raise answers.Refused(f"--amount takes an amount such as 12.50, not {text!r}") from None


def _plain(note: Document, number: str, is_reissued: bool) -> dict[str, object]:
    return {
        "credit_note": note.number,
        "invoice": number,
        "currency": note.currency,
        "net_minor": note.totals.net_minor,
        "tax_minor": note.totals.tax_minor,
        "gross_minor": note.totals.gross_minor,
        "reissued": is_reissued,
        "lines": [
            {"line": row.corrects.line_number, "period": str(row.period), "net_minor": row.net_minor}
            for row in note.lines
            if row.corrects
        ],
    }


def _print(note: Document, number: str) -> None:
    gross = decimal_from_minor(note.totals.gross_minor, note.currency)
    answers.out.print(f"Credit note {note.number} on invoice {number}: {gross} {note.currency} with tax")
    for row in note.lines:
        line = row.corrects.line_number if row.corrects else row.line_number
        answers.out.print(f"  line {line}, {row.period}: {decimal_from_minor(row.net_minor, note.currency)} net")
