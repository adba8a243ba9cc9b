"""The `rackbill` command: sets up, hands over to one file for each family of commands, turns refusals into one line."""

import os
import sys
from datetime import UTC, datetime

import typer
from typer.exceptions import Exit, TyperException

from rackbill.interfaces.console import answers

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)


def run() -> None:
    """The entry point. Exit codes: 0 good, 1 the check failed, 2 bad input with one clear line on stderr."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    try:
        if sys.argv[1:2] == ["demo"]:
            # The demo makes the installation that the settings read, so it goes first.
            from rackbill.interfaces.console import demo

            demo.prepare(sys.argv[2:])
        if sys.argv[1:2] == ["verify"]:
            # An auditor's machine has no installation: neither settings nor a database are touched.
            _verify()
            return
        if sys.argv[1:2] == ["scenario"]:
            # A story is played in an installation of its own.
            from rackbill.interfaces.console import scenario

            scenario.prepare(sys.argv[2:])
        import django

        django.setup()
        _add_commands()
        app(standalone_mode=False)
    except answers.CheckFailed:
        sys.exit(1)
    except Exit as leave:
        sys.exit(leave.exit_code)
    except typer.Abort:
        sys.exit(130)
    except TyperException as fault:
        if type(fault).__name__ == "NoArgsIsHelpError":
            # A family without a command: its help as it is, not folded into one line.
            sys.stderr.write(f"{fault.format_message()}\n")
            sys.exit(2)
        _refuse(str(fault.format_message() if hasattr(fault, "format_message") else fault))
    except OSError as fault:
        if fault.filename is None:
            raise
        _refuse(f"{fault.filename}: {(fault.strerror or 'cannot be used').lower()}; check the path and who may use it")
    except _refusals() as fault:
        told = _no_tables(fault)
        if not told and type(fault).__name__ == "ProgrammingError":
            raise
        _refuse(told or str(fault))


def _verify() -> None:
    from rackbill.interfaces.console import verifying

    bare = typer.Typer(pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)
    bare.callback()(lambda: None)  # so that the one command keeps its name
    verifying.register(bare)
    bare(standalone_mode=False)


def _refuse(text: str) -> None:
    sys.stderr.write(f"rackbill: {' '.join(text.split())}\n")
    sys.exit(2)


def _no_tables(fault: Exception) -> str:
    """What a database without our tables, or with those of an older version, is told; empty for any other fault."""
    text = str(fault).strip().partition("\n")[0]
    is_missing = text.startswith(("no such table", "no such column")) or (
        text.startswith(("relation ", "column ")) and "does not exist" in text
    )
    return f"the database is not made, or older than this version ({text}); run `rackbill init`" if is_missing else ""


def _refusals() -> tuple[type[Exception], ...]:
    """What commands refuse with: their own word, lookups that found nothing, values that cannot be, a full range."""
    from django.db.utils import OperationalError, ProgrammingError

    from rackbill.adapters.rule_checker import RuleCheckerDown
    from rackbill.adapters.rule_packs import PackDamaged

    return (
        answers.Refused, LookupError, ValueError, OperationalError, ProgrammingError, RuleCheckerDown, PackDamaged,
    )  # fmt: skip


def _add_commands() -> None:
    from rackbill.interfaces.console import (
        benches,
        billing,
        books,
        credits,
        customers,
        cutover,
        demo,
        document,
        einvoice_rules,
        explain,
        identifiers,
        installation,
        outbox,
        payments,
        prices,
        pro_forma,
        receivables,
        recipients,
        reminders,
        runs,
        scenario,
        sellers,
        serving,
        simulate,
        staff,
        taxes,
        usage,
        verifying,
        working,
    )

    _add_benches(benches.app)
    families = {
        "bench": (benches.app, "Benchmarks against a yardstick of the same run."),
        "cutover": (cutover.app, "Move a customer base out of a legacy billing system."),
        "scenario": (scenario.app, "A customer's story, played in a throw-away database."),
        "usage": (usage.app, "Usage: meters, samples, frozen months, estimates."),
        "tax": (taxes.app, "Which tax and why; changes of rates; choices of a seller."),
        "run": (runs.app, "The acts of a bill run one by one: plan, compute, approve, issue and more."),
        "contract": (_contracts(), "What was agreed, line by line; change it from any day on, end it, cancel it."),
        "customer": (customers.app, "What a customer's documents are made from; can it receive an e-invoice?"),
        "seller": (sellers.app, "The head of a sales organisation's documents and its own texts."),
        "staff": (staff.app, "Members of staff, their roles and console tokens."),
        "series": (billing.series_app, "Number series of documents."),
        "payments": (payments.app, "Bank files, payments, and where their money goes."),
        "receivables": (receivables.app, "What customers owe, document by document."),
        "einvoice-rules": (einvoice_rules.app, "Official rules of e-invoices: import them, list them."),
        "recipients": (recipients.app, "Who gets documents by e-mail, and with which files."),
        "outbox": (outbox.app, "Mail that is not sent, and sending it again."),
        "reminders": (reminders.app, "Reminders of what is overdue."),
    }
    for name, (family, words) in families.items():
        app.add_typer(family, name=name, help=words)
    for module in (
        installation, simulate, billing, credits, prices, pro_forma, books, document, explain, verifying, identifiers, serving,
        working, demo,
    ):  # fmt: skip
        module.register(app)


def _contracts() -> typer.Typer:
    from rackbill.interfaces.console import amending, contracts, ending

    for module in (amending, ending):
        module.register(contracts.app)
    return contracts.app


def _add_benches(family: typer.Typer) -> None:
    from rackbill.interfaces.console import bench_bill_run, bench_data, bench_documents, bench_usage

    for module in (bench_data, bench_bill_run, bench_documents, bench_usage):
        module.register(family)


def set_clock(moment: str | None) -> datetime:
    """The clock after `--at`: refused unless the installation was created as a demo or test, and kept in history."""
    from rackbill.domain.history import operations as history
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.interfaces.jobs import clock

    if moment is None:
        return clock.now()
    try:
        wanted = datetime.fromisoformat(moment)
    except ValueError:
        raise answers.Refused(
            f"--at takes an ISO date and time such as 2020-10-01T06:00:00+00:00, not {moment!r}"
        ) from None
    clock.move(wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC))
    history.record_change(
        now=clock.wall(), actor=SYSTEM, verb="move_clock", object_kind="installation", object_id="clock",
        detail={"at": wanted.isoformat(), "command": " ".join(sys.argv[1:3])},
    )  # fmt: skip
    return clock.now()
