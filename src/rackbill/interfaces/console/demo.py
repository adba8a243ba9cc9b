"""`rackbill demo`: a provider with a past. Simulates a legacy system, moves out of it, bills October 2020, serves the result."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.interfaces.console import answers

CUTOVER_ON = date(2020, 9, 14)
CUTOVER_AT = datetime(2020, 9, 14, 2, tzinfo=UTC)
BILLED_AT = datetime(2020, 10, 1, 4, tzinfo=UTC)
THROUGH = date(2020, 11, 1)
STANDING_AT = datetime(2020, 10, 2, 9, tzinfo=UTC)
RATE_SOURCE = "Demonstration rate, rounded; enter your bank's"
EURO_RATES = {"EUR": "1", "USD": "1.17", "GBP": "0.91", "SGD": "1.6", "CAD": "1.56", "AUD": "1.63", "HKD": "9.1"}
"""Rough units for one euro at 1 October 2020."""
STAFF_PASSWORD = "staff-of-the-demo"


def prepare(arguments: list[str]) -> None:
    """Clears an earlier demo and writes down that this is one, before the settings are read. Raises Refused."""
    if {"--help", "-h"} & set(arguments):
        return
    home = Path(os.environ.get("RACKBILL_HOME", "var")).resolve()
    marker = home / "installation.json"
    if home.exists() and any(home.iterdir()):
        kind = json.loads(marker.read_text()).get("kind") if marker.exists() else None
        if kind != "demo":
            raise answers.Refused(f"{home} is not empty and holds no demo; set RACKBILL_HOME to a folder of its own")
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"kind": "demo", "clock": STANDING_AT.isoformat()}))


@dataclass(slots=True)
class Demo:
    """What the demo has made so far."""

    home: Path
    steps: answers.Steps
    answer: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("demo")
    def demo(
        customers: Annotated[int, typer.Option(min=10)] = 400,
        seed: Annotated[int, typer.Option()] = 2020,
        port: Annotated[int, typer.Option()] = 8000,
        serve: Annotated[bool, typer.Option("--serve/--no-serve")] = True,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Simulate a legacy system, move out of it, bill October 2020, mail the invoices, open portal and API."""
        from django.conf import settings

        started = time.monotonic()
        with answers.steps(as_json=as_json) as steps:
            work = Demo(Path(settings.RACKBILL_HOME), steps)
            move_in(work, customers=customers, seed=seed)
            _tell_einvoices(f"http://127.0.0.1:{port}/")
            _bill(work)
            _send(work)
        _find_people(work)
        work.answer["seconds"] = round(Decimal(str(time.monotonic() - started)), 1)
        work.answer["url"] = f"http://127.0.0.1:{port}/"
        _print(work, as_json)
        if serve:
            from rackbill.interfaces.console import serving

            with at_work(work.home):
                serving.serve(host="127.0.0.1", port=port, workers=2)


@contextmanager
def at_work(home: Path) -> Iterator[None]:
    """A worker and the mail server beside portal and office, so that a run planned there is computed, issued and sent."""
    from rackbill.adapters.mailbox import Mailbox
    from rackbill.interfaces.jobs import parent

    mailbox = Mailbox(folder=home / "mailbox")
    mailbox.start()
    # The demo's own mail server, whatever the environment says of another one.
    others = {name: text for name, text in os.environ.items() if "_SMTP_" not in name}
    mail = {"RACKBILL_SMTP_HOST": "127.0.0.1", "RACKBILL_SMTP_PORT": str(mailbox.port)}
    command = [sys.executable, "-c", "from rackbill.interfaces.console.main import run; run()", "work"]
    worker = subprocess.Popen(
        command, env={**others, **mail, parent.VARIABLE: str(os.getpid())}, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()
        mailbox.stop()


def move_in(work: Demo, *, customers: int, seed: int) -> None:
    """Tables, a simulated legacy system, the cut-over."""
    from rackbill.cutover import simulator
    from rackbill.cutover.run import run_cutover
    from rackbill.domain.parties import queries as parties
    from rackbill.interfaces.console import installation
    from rackbill.interfaces.console.acting import CONSOLE
    from rackbill.interfaces.jobs import clock, document_files

    work.steps("tables", 0, 1)
    installation.migrate()
    if parties.counts()["customers"]:
        raise answers.Refused("the database of DATABASE_URL holds customers already; give the demo an empty one")
    work.steps("tables", 1, 1)
    bundle = work.home / "legacy-bundle"
    simulator.simulate(customers=customers, seed=seed, out=bundle, on_step=work.steps)
    work.secrets = json.loads((bundle / "demo_secrets.json").read_text())
    clock.move(CUTOVER_AT)
    report = run_cutover(
        folder=bundle, cutover_on=CUTOVER_ON, now=clock.now(), actor=CONSOLE, files_root=document_files.files_root(),
        on_step=work.steps,
    )  # fmt: skip
    if report.findings:
        raise answers.Refused(
            f"the simulated bundle has {len(report.findings)} findings; the first: {report.findings[0]}"
        )


def _tell_einvoices(url: str) -> None:
    from rackbill.interfaces.console import demo_einvoices
    from rackbill.interfaces.jobs import clock

    demo_einvoices.prepare(url=url, now=clock.now())


def _bill(work: Demo) -> None:
    from rackbill.domain.parties import queries as parties
    from rackbill.interfaces.console import installation
    from rackbill.interfaces.console.acting import CONSOLE
    from rackbill.interfaces.jobs import bill_run, clock, run_report

    clock.move(BILLED_AT)
    open_series()
    totals: dict[str, int] = {}
    invoices = parked = 0
    organisations = parties.sellers()
    for done, organisation_id in enumerate(organisations, start=1):
        summary = bill_run.run_bill(
            organisation_id=organisation_id,
            through=THROUGH,
            now=clock.now(),
            actor=CONSOLE,
            signer=installation.signer(),
        )
        run_report.freeze_report(run_id=summary.run_id, signer=installation.signer())
        invoices += summary.invoices
        parked += len(summary.parked)
        for currency, minor in summary.net_minor_by_currency.items():
            totals[currency] = totals.get(currency, 0) + minor
        work.steps("bill October 2020", done, len(organisations))
    work.answer.update(invoices=invoices, parked=parked, net_minor_by_currency=dict(sorted(totals.items())))


def open_series() -> None:
    """Number series and exchange rates of every sales organisation; numbers begin with its first two digits."""
    from rackbill.domain.documents import operations as documents
    from rackbill.domain.parties import queries as parties
    from rackbill.domain.taxes import operations as taxes

    taxes.store_exchange_rates(rates=_exchange_rates(), source=RATE_SOURCE)
    for organisation_id in parties.sellers():
        key, first = parties.seller(organisation_id=organisation_id).key, int(organisation_id) // 100 * 1_000_000
        for kind, start, end in (
            ("invoice", first, first + 899_999),
            ("credit_note", first + 900_000, first + 999_999),
        ):
            documents.create_series(organisation_key=key, kind=kind, range_start=start, range_end=end)
        # What asks for no money of its own is numbered apart: a block of 70000000 to 79999999 by the same two digits.
        other = 70_000_000 + first // 1_000_000 * 100_000
        for place, kind in enumerate(("quote", "order_confirmation", "pro_forma", "reminder")):
            start = other + place * 25_000
            documents.create_series(organisation_key=key, kind=kind, range_start=start, range_end=start + 24_999)


def _exchange_rates() -> list[tuple[str, str, Decimal, date]]:
    euro = {currency: Decimal(rate) for currency, rate in EURO_RATES.items()}
    six = Decimal("0.000001")
    day = date(2020, 9, 30)
    return [
        (source, target, (euro[target] / euro[source]).quantize(six), day)
        for source in euro
        for target in euro
        if source != target
    ]


def _send(work: Demo) -> None:
    from rackbill.adapters.mailbox import Mailbox
    from rackbill.adapters.smtp import MailServer
    from rackbill.domain.dispatch import queries as dispatch_queries
    from rackbill.interfaces.jobs import clock, dispatch, document_files

    files = document_files.store_missing_pdfs(
        now=clock.now(), on_step=lambda done, total: work.steps("PDF files", done, total)
    )
    waiting = dispatch_queries.counts_by_state().get("queued", 0)
    mailbox = Mailbox(folder=work.home / "mailbox")
    mailbox.start()
    server = MailServer(host="127.0.0.1", port=mailbox.port)
    sent = dispatch.send_waiting(
        server=server, now=clock.now(), on_step=lambda done: work.steps("mails", done, waiting)
    )
    server.close()
    mailbox.stop()
    work.answer.update(pdf_files=files, mails=sent)
    clock.move(STANDING_AT)


def _find_people(work: Demo) -> None:
    """A customer with servers and invoices to log in as, its API key, a clerk, and who approves what the clerk plans."""
    from rackbill.domain.access import operations as access
    from rackbill.domain.contracts import queries as contracts
    from rackbill.domain.identifiers import queries as identifiers
    from rackbill.domain.parties import queries as parties
    from rackbill.interfaces.console.acting import CONSOLE
    from rackbill.interfaces.jobs import clock

    login, api_key = _customer_login(work.secrets)
    keys = [parties.seller(organisation_id=organisation_id).key for organisation_id in parties.sellers()]
    for role, name in (("clerk", "Clara Clerk"), ("approver", "Anton Approver")):
        access.add_staff(
            email=f"{role}@meridian.example", full_name=name, password=STAFF_PASSWORD, roles=dict.fromkeys(keys, role),
            now=clock.now(), actor=CONSOLE,
        )  # fmt: skip
    counts = parties.counts()
    work.answer = {
        "customers": counts["customers"],
        "services": contracts.service_count(),
        "legacy_ids": identifiers.legacy_count(system="oldbill"),
        "unresolved_legacy_ids": identifiers.unresolved_legacy_count(system="oldbill"),
        **work.answer,
        "api_key": api_key,
        "login": login,
        "staff_login": {"email": "clerk@meridian.example", "password": STAFF_PASSWORD},
        "approver_login": {"email": "approver@meridian.example", "password": STAFF_PASSWORD},
    }


def _customer_login(secrets: dict[str, Any]) -> tuple[dict[str, str], str]:
    from rackbill.domain.access import queries as access
    from rackbill.domain.contracts import queries as contracts
    from rackbill.domain.documents import queries as documents
    from rackbill.interfaces.jobs import clock

    now = clock.now()
    best: tuple[tuple[bool, int], dict[str, str], str] | None = None
    for secret in secrets["api_keys"].values():
        holder = access.key_holder(secret=secret, address="127.0.0.1", now=now)
        if holder is None or not {"GET", "PUT"} <= set(holder.methods):
            continue
        masters = [email for email, role in access.members(scope=holder.scope) if role == "MASTER"]
        servers = contracts.servers(scope=holder.scope, on=now.date(), limit=1).total_count
        invoices = documents.documents(scope=holder.scope, limit=1).total_count
        if not masters or not servers or not invoices or masters[0] not in secrets["passwords"]:
            continue
        rank = (holder.organisation_id == "2600", min(servers, 12))
        if best is None or rank > best[0]:
            best = (rank, {"email": masters[0], "password": secrets["passwords"][masters[0]]}, secret)
    if best is None:
        raise answers.Refused("no customer of the demo has servers, an invoice, a key and a Master; try another --seed")
    return best[1], best[2]


def _print(work: Demo, as_json: bool) -> None:
    answer = work.answer
    if as_json:
        answers.print_json({**answer, "seconds": float(answer["seconds"])})
        return
    url, key = answer["url"], answer["api_key"]
    print_ = answers.out.print
    print_(f"\n[bold]{answer['customers']} customers with {answer['services']} services moved in.[/bold]")
    print_(f"{answer['legacy_ids']} legacy identifiers, {answer['unresolved_legacy_ids']} of them unresolved.")
    print_(f"{answer['invoices']} invoices for October 2020, {answer['mails']} mails in {work.home / 'mailbox'}.")
    print_(f"\nPortal   {url}  as {answer['login']['email']} with password {answer['login']['password']}")
    print_(f"Staff    {url}  as {answer['staff_login']['email']} with password {answer['staff_login']['password']}")
    print_(f"         and, to approve bill runs, as {answer['approver_login']['email']} with the same password")
    print_(f"API      curl -H 'X-LSW-Auth: {key}' {url}bareMetals/v2/servers")
    print_(f"Resolve  RACKBILL_HOME={work.home} {sys.argv[0]} resolve TEXT\n")
