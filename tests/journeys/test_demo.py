"""The demo as a stranger runs it, smaller: from a legacy system to mails, then the same commands once more."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.command_line import CommandLine, started

# One worker makes the demo and has all its tests.
pytestmark = pytest.mark.xdist_group("demo")
KEYS = {
    "customers", "services", "legacy_ids", "unresolved_legacy_ids", "invoices", "parked", "pdf_files", "mails",
    "net_minor_by_currency", "seconds", "url", "api_key", "login", "staff_login", "approver_login",
}  # fmt: skip


def last_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    home = tmp_path_factory.mktemp("demo") / "home"
    done = started(home, "demo", "--no-serve", "--json", "--customers", "50", "--seed", "4")
    assert done.returncode == 0, done.stderr
    return home, last_json(done)


@pytest.fixture(scope="module")
def rackbill(demo: tuple[Path, dict[str, Any]]) -> Iterator[CommandLine]:
    """Commands at the demo."""
    with CommandLine(demo[0]) as command:
        yield command


def test_the_demo_answers_with_its_numbers(demo: tuple[Path, dict[str, Any]]) -> None:
    _, answer = demo
    assert set(answer) == KEYS
    assert (answer["unresolved_legacy_ids"], answer["parked"]) == (0, 0)
    assert answer["pdf_files"] == answer["invoices"] > 20


def test_every_mail_has_the_pdf_of_its_invoice_and_the_e_invoice_where_there_is_one(
    demo: tuple[Path, dict[str, Any]],
) -> None:
    home, answer = demo
    mails = sorted((home / "mailbox").glob("*.eml"))
    assert len(mails) == answer["mails"]
    stored = {path.name for path in (home / "files").rglob("*") if path.is_file()}
    recipients: Counter[str] = Counter()
    einvoices = 0
    for path in mails:
        message = message_from_bytes(path.read_bytes(), policy=default)
        attached, *einvoice = message.iter_attachments()
        number = attached.get_filename().removesuffix(".pdf").rpartition("-")[2]
        assert number in message["Subject"]
        content = attached.get_content()
        assert content.startswith(b"%PDF-")
        assert hashlib.sha256(content).hexdigest() in stored
        for xml in einvoice:
            assert xml.get_filename() == f"invoice-{number}.xml"
            assert hashlib.sha256(xml.get_content()).hexdigest() in stored
            einvoices += 1
        recipients[number] += 1
    assert sum(recipients.values()) == answer["mails"]
    assert einvoices, "the Belgian business gets an EN 16931 file beside its PDF; a hybrid has it inside"


def test_everything_once_more_changes_nothing(demo: tuple[Path, dict[str, Any]], rackbill: CommandLine) -> None:
    home, _ = demo
    again = rackbill("cutover", "run", str(home / "legacy-bundle"), "--on", "2020-09-14", "--json")
    assert again.returncode == 0, again.stderr
    assert {key: last_json(again)[key] for key in ("stage", "findings", "changes")} == {
        "stage": "unchanged", "findings": [], "changes": {},
    }  # fmt: skip
    for organisation in ("2000", "2600"):
        run = rackbill(
            "bill-run",
            "--sales-org",
            organisation,
            "--through",
            "2020-11-01",
            "--at",
            "2020-10-02T08:00:00+00:00",
            "--json",
        )
        assert run.returncode == 0, run.stderr
        assert {key: last_json(run)[key] for key in ("invoices", "lines", "parked")} == {
            "invoices": 0,
            "lines": 0,
            "parked": 0,
        }
    sent = rackbill("dispatch", "--json")
    assert (last_json(sent)["pdf_files"], last_json(sent)["sent"]) == (0, 0)
    books = rackbill("check-books", "--json")
    assert (books.returncode, last_json(books)["violations"]) == (0, [])


def test_every_amount_of_the_demo_is_recomputed_outside(
    demo: tuple[Path, dict[str, Any]], rackbill: CommandLine
) -> None:
    _home, answer = demo
    explained = rackbill("explain", "--all", "--json")
    assert last_json(explained) == {"explained": answer["invoices"], "documents": answer["invoices"]}
    command = [sys.executable, "-I", str(Path(__file__).parents[2] / "docs" / "recipes" / "recompute.py")]
    done = subprocess.run(command, input=explained.stdout, capture_output=True, text=True, check=False)
    count, words = done.stdout.split(" ", 1)
    assert (done.returncode, words.strip()) == (0, "formulas recomputed, 0 wrong"), done.stdout
    assert int(count) > answer["invoices"] * 6


def test_the_demo_is_billed_completely_and_its_reports_verify(
    demo: tuple[Path, dict[str, Any]], rackbill: CommandLine
) -> None:
    home, _ = demo
    proof = rackbill("completeness", "--sales-org", "2600", "--through", "2020-11-01", "--json")
    found = last_json(proof)
    assert (proof.returncode, found["is_complete"], found["exceptions"]) == (0, True, [])
    assert found["lines_total"] == found["billed"] + sum(found["by_reason"].values())
    reports = sorted((home / "reports").glob("*.json"))
    assert reports
    for report in reports:
        assert started(home, "verify", str(report)).returncode == 0


def test_every_legacy_identifier_resolves_on_the_console(
    demo: tuple[Path, dict[str, Any]], rackbill: CommandLine
) -> None:
    home, _ = demo
    customer = (home / "legacy-bundle" / "customers.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    for text in (customer, f" {customer.lower()} "):
        found = rackbill("resolve", text, "--json")
        things = last_json(found)["things"]
        assert (found.returncode, [thing["kind"] for thing in things]) == (0, ["customer"])
    assert rackbill("resolve", "never-heard-of-it", "--json").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cutover", "run", "nowhere", "--on", "2020-09-14"], "no folder"),
        (["cutover", "run", "nowhere", "--on", "soon"], "takes a date"),
        (["bill-run", "--sales-org", "9999", "--through", "2020-11-01"], "no sales organisation"),
        (["bill-run", "--sales-org", "2600", "--through", "tomorrow"], "takes a date"),
        (["bill-run", "--sales-org", "2600", "--through", "2029-01-01"], "more than a year ahead"),
        (["bill-run"], "sales-org"),
        (["no-such-command"], "No such command"),
    ],
)
def test_bad_input_is_one_clear_line(rackbill: CommandLine, arguments: list[str], words: str) -> None:
    done = rackbill(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_the_demo_never_clears_what_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    done = started(tmp_path, "demo", "--no-serve")
    assert (done.returncode, "holds no demo" in done.stderr) == (2, True)
    assert (tmp_path / "precious").read_text() == "x"


def test_a_live_installation_keeps_its_clock(tmp_path: Path) -> None:
    assert started(tmp_path, "init", "--kind", "live").returncode == 0
    done = started(tmp_path, "bill-run", "--sales-org", "2600", "--through", "2020-11-01", "--at", "2020-10-01")
    assert (done.returncode, "demo or test" in done.stderr) == (2, True)


def test_a_customer_of_the_demo_is_exported_without_its_names_and_plays_to_its_invoices(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    home, _ = demo
    with closing(sqlite3.connect(home / "rackbill.sqlite3")) as books:
        customer = books.execute(
            "select c.customer_id, c.name, c.street, c.email, c.tax_id from rackbill_documents_document d "
            "join rackbill_parties_customer c on c.id = d.customer_id join rackbill_contracts_service s on s.customer_id = c.id "
            "where c.tax_id <> '' group by c.id order by count(*) desc, c.customer_id"
        ).fetchone()
        references = books.execute(
            "select s.reference, s.legacy_id, s.legacy_name from rackbill_contracts_service s join rackbill_parties_customer c "
            "on c.id = s.customer_id where c.customer_id = ?", customer[:1],
        ).fetchall()  # fmt: skip
    file = tmp_path / "case.yaml"
    done = started(home, "scenario", "export", customer[0], "-o", str(file))
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    for secret in {*customer, *(word for row in references for word in row)}:
        assert len(secret) < 4 or secret not in text, f"{secret} stands in the exported case"
    played = started(home, "scenario", str(file), "--json")
    assert played.returncode == 0, played.stdout[-2000:] + played.stderr
    told = last_json(played)
    assert told["is_as_expected"] is True and told["documents"]


def test_the_pro_forma_of_a_demo_customer_is_a_pdf_that_is_no_invoice(
    demo: tuple[Path, dict[str, Any]], rackbill: CommandLine, tmp_path: Path
) -> None:
    home, _ = demo
    with closing(sqlite3.connect(home / "rackbill.sqlite3")) as books:
        (customer,) = books.execute(
            "select c.customer_id from rackbill_documents_document d join rackbill_parties_customer c on c.id = d.customer_id "
            "order by c.customer_id"
        ).fetchone()
        count = "select count(*), max(next_counter) from rackbill_documents_document, rackbill_documents_numberseries"
        before = books.execute(count).fetchone()
        file = tmp_path / "coming.pdf"
        done = rackbill("pro-forma", customer, "-o", str(file), "--json")
        assert done.returncode == 0, done.stderr
        assert books.execute(count).fetchone() == before
    told = last_json(done)
    assert (told["made_on"], told["billed_on"]) == ("2020-10-02", "2020-11-01")
    assert {row["kind"] for row in told["documents"]} == {"pro_forma"}
    assert all(sum(line["net_minor"] for line in row["lines"]) == row["subtotal_minor"] for row in told["documents"])
    assert file.read_bytes().startswith(b"%PDF-")
    unknown = rackbill("pro-forma", "99999999")
    assert unknown.returncode == 2 and "there is no customer 99999999" in unknown.stderr


AT_WORK = """
import sys, time
from datetime import date
from pathlib import Path
import django
django.setup()
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.queries import carrying as progress
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.console import demo
from rackbill.interfaces.jobs import bill_run, carrying, clock, run_report
clerk, approver = Actor("person", "clerk@meridian.example"), Actor("person", "approver@meridian.example")
home = Path(sys.argv[1])

def wait(is_done):
    until = time.monotonic() + 120
    while not is_done():
        assert time.monotonic() < until, "the worker of the demo did not do it"
        time.sleep(0.3)

with demo.at_work(home):
    before = len(list((home / "mailbox").glob("*.eml")))
    run_id = bill_run.plan_run(organisation_id="2600", through=date(2020, 12, 1), now=clock.now(), actor=clerk)
    carrying.hand_on(run_id=run_id)
    step = lambda: progress.run_progress(scope=WholeInstallation(), run_id=run_id).step
    wait(lambda: step() == "")
    billing.approve_run(run_id=run_id, now=clock.now(), actor=approver)
    billing.ask_to_issue(run_id=run_id, now=clock.now(), actor=clerk)
    carrying.hand_on(run_id=run_id)
    wait(lambda: step() == "")
    wait(lambda: len(list((home / "mailbox").glob("*.eml"))) > before)
print("sent")
"""
"""A clerk's evening at the demo while it serves; the acts are those of the office's pages."""


def test_a_run_planned_while_the_demo_serves_is_computed_issued_and_mailed(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo[0], home)
    environment = {**os.environ, "RACKBILL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "rackbill.config.settings"}
    environment.pop("DATABASE_URL", None)
    run = [sys.executable, "-c", AT_WORK, str(home)]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "sent"), done.stderr


SERVING = """
import sys, time
from pathlib import Path
from rackbill.interfaces.console import demo
with demo.at_work(Path(sys.argv[1])):
    time.sleep(600)
"""


def _children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    done = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [int(number) for number, state in rows if not state.startswith("Z")]


def _is_there(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def _until(seconds: int, found: Callable[[], Any]) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.1)
    return found()


@pytest.mark.skipif(not shutil.which("ps"), reason="the test looks at processes with ps")
def test_a_demo_that_is_killed_takes_its_workers_along(demo: tuple[Path, dict[str, Any]]) -> None:
    home, _ = demo
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "rackbill.config.settings"
    }  # fmt: skip
    served = subprocess.Popen([sys.executable, "-c", SERVING, str(home)], env=environment)
    (work,) = _until(60, lambda: _children(served.pid))
    workers = _until(60, lambda: _children(work))
    assert workers, "`rackbill work` started a worker"
    served.kill()
    served.wait()
    left = [work, *workers]
    try:
        assert _until(60, lambda: not any(map(_is_there, left))), (
            f"{[pid for pid in left if _is_there(pid)]} outlive the demo"
        )
    finally:
        for pid in filter(_is_there, left):
            os.kill(pid, signal.SIGKILL)
