"""SIGKILL to the real rule checker during a bill run and during a dispatch: nothing unchecked is issued or leaves, all leaves once.

The sizes are small here; the campaign of 200: RACKBILL_KILLED_DISPATCH=200 python -m pytest -s tests/journeys/test_killed_rule_checker.py
"""

import email
import hashlib
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from rackbill.adapters.mailbox import Mailbox
from rackbill.adapters.smtp import MailServer
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.errors import RunHeld
from rackbill.domain.billing.models import BillDraft, BillRun
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents.models import Document, DocumentFile
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.formats import einvoice_hybrid, einvoice_rules
from rackbill.interfaces.jobs import bill_run, clock, dispatch, einvoice_check
from tests.world import einvoices
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
COUNT = int(os.environ.get("RACKBILL_KILLED_DISPATCH", "24"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    monkeypatch.setattr(settings, "RACKBILL_HOME", tmp_path / "home")


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    made = Mailbox(folder=tmp_path / "mail")
    made.start()
    yield made
    made.stop()


class Killer(threading.Thread):
    """Kills every rule checker of this process that it sees, some tenths of a second after it began, and counts them."""

    def __init__(self, *, at_most: int | None, longest_seconds: float) -> None:
        super().__init__(daemon=True)
        self._left, self._longest, self._over = at_most, longest_seconds, threading.Event()
        self._random, self.killed = random.Random(2020), 0
        self.seen: set[int] = set()
        self.most_at_once = 0

    def run(self) -> None:
        while not self._over.is_set():
            alive = checkers()
            self.seen.update(alive)
            self.most_at_once = max(self.most_at_once, len(alive))
            for pid in alive if self._left != 0 else ():
                self._over.wait(self._random.uniform(0, self._longest))
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed += 1
                if self._left is not None:
                    self._left -= 1
                    break
            self._over.wait(0.01)

    def __enter__(self) -> "Killer":
        self.start()
        return self

    def __exit__(self, *_of: object) -> None:
        self._over.set()
        self.join()


def checkers() -> list[int]:
    """The rule checkers that this process started and that are not dead yet."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            status = (path / "stat").read_text().rpartition(")")[2].split()
            if (
                int(status[1]) == os.getpid()
                and status[0] != "Z"
                and b"rule_checker" in (path / "cmdline").read_bytes()
            ):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def bill() -> BillRun:
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=SIGNER)
    return BillRun.objects.get()


def provider_with(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    world = world_of.provider()
    owners = [
        world_of.customer(world, tax_id="DE811907980", recipients=(f"ap{n}@buyer.example",)) for n in range(count)
    ]
    for owner in owners:
        world_of.service(world, owner)
    profiles = ("en16931-ubl", "factur-x", "en16931-cii", "")
    einvoices.give_einvoices({owner.customer_id: profiles[place % len(profiles)] for place, owner in enumerate(owners)})
    monkeypatch.setattr("rackbill.domain.billing.policy.CHECK_BLOCK", 5)


def send(mailbox: Mailbox) -> int:
    server = MailServer(host="127.0.0.1", port=mailbox.port)
    try:
        return dispatch.send_waiting(server=server, now=OCTOBER)
    finally:
        server.close()


def test_one_that_is_killed_now_and_then_delays_a_run_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    provider_with(monkeypatch, COUNT)
    with Killer(at_most=2, longest_seconds=0.5) as killer:
        run = bill()
    # Two deaths may fall on one portion, with a third attempt left; so the run goes through.
    assert killer.killed >= 1 and run.state == "issued" and Document.objects.count() == COUNT
    assert [*billing_invariants.violations()] == []


def test_several_check_side_by_side_and_one_that_is_killed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    provider_with(monkeypatch, 12)
    monkeypatch.setattr(einvoice_check, "CHECKERS", 2)
    monkeypatch.setattr(einvoice_check, "DRAFTS_A_CHECKER", 2)
    # Reading and compiling the rules takes a checker longer than this, so that it dies with its portion unanswered.
    with Killer(at_most=1, longest_seconds=0.2) as killer:
        run = bill()
    assert run.state == "issued" and Document.objects.count() == 12
    assert killer.killed == 1 and killer.most_at_once == 2 and len(killer.seen) == 3
    assert not BillDraft.objects.exclude(einvoice_profile="").filter(checked_at=None).exists()


def test_one_that_dies_again_and_again_holds_the_run_until_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    provider_with(monkeypatch, COUNT)
    with Killer(at_most=None, longest_seconds=0.3) as killer:
        run = bill()
        assert run.state == "computed" and "killed by signal 9" in run.hold_reason
        with pytest.raises(RunHeld):
            billing.approve_run(run_id=run.run_id, now=OCTOBER, actor=SYSTEM)
    assert killer.killed >= 3 and Document.objects.count() == 0
    assert einvoice_check.check_waiting_runs(now=OCTOBER) == 1
    assert BillDraft.objects.exclude(einvoice_profile="").filter(checked_at=None).count() == 0
    run = bill()
    assert run.state == "issued" and run.hold_reason == "" and Document.objects.count() == COUNT
    assert [*billing_invariants.violations()] == []


def test_a_dispatch_waits_for_it_and_everything_leaves_once(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    provider_with(monkeypatch, COUNT)
    bill()
    with Killer(at_most=None, longest_seconds=0.3) as killer:
        sent = send(mailbox)
    held = Dispatch.objects.filter(state="queued")
    einvoice_count = COUNT - COUNT // 4
    assert killer.killed >= 3 and sent == COUNT // 4, "what needs no check leaves all the same"
    assert held.count() == einvoice_count and all("killed by signal 9" in row.reason for row in held)
    assert not DocumentFile.objects.filter(format="einvoice").exists()
    # It comes back, and dies twice more in the middle of the work.
    passed = [clock.wall() + timedelta(minutes=2)]
    monkeypatch.setattr(clock, "wall", lambda: passed[0])
    with Killer(at_most=2, longest_seconds=2.5):
        sent += send(mailbox)
    passed[0] += timedelta(minutes=2)
    sent += send(mailbox)
    assert sent == COUNT and set(Dispatch.objects.values_list("state", flat=True)) == {"sent"}
    assert_every_mail_once(mailbox, einvoice_count)


def assert_every_mail_once(mailbox: Mailbox, einvoice_count: int) -> None:
    """One mail for each document; with an e-invoice it carries the stored one, which passes when it is asked again."""
    mails = [email.message_from_bytes(path.read_bytes()) for path in mailbox.folder.glob("*.eml")]
    counts = Counter(mail["Message-ID"] for mail in mails)
    assert len(counts) == COUNT and set(counts.values()) == {1}
    attached: list[bytes] = []
    for part in (part for mail in mails for part in mail.walk()):
        content, kind = part.get_payload(decode=True), part.get_content_type()
        assert isinstance(content, bytes) or part.is_multipart()
        # A customer with Factur-X gets the e-invoice inside the PDF, and not beside it.
        xml = einvoice_hybrid.embedded_einvoice(content) if kind == "application/pdf" else None
        attached += [content] if kind == "application/xml" else [xml] if xml is not None else []
    stored = DocumentFile.objects.filter(format="einvoice")
    assert len(attached) == einvoice_count == stored.count()
    assert {hashlib.sha256(xml).hexdigest() for xml in attached} == set(stored.values_list("sha256", flat=True))
    gate = einvoice_check.Gate()
    for xml in attached:
        profile = "factur-x" if einvoice_rules.xml_root(xml) == "CrossIndustryInvoice" else "en16931-ubl"
        assert gate.check_again(xml, profile).failures == ()
    gate.close()


def test_an_e_invoice_that_passes_no_more_stays_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox, tmp_path: Path
) -> None:
    """Newer rules came into use between the run and the dispatch: the document stands, its sending is left to a person."""
    from rackbill.adapters.rule_checker import RuleChecker
    from rackbill.interfaces.jobs import einvoice_rules as installed
    from tests.world import rule_packs

    provider_with(monkeypatch, 1)
    bill()
    stricter = rule_packs.style_sheet(
        ("BR-CO-26", "true()", "fatal", "x"), ("BR-25", "false()", "fatal", "no name (BT-153)")
    )
    folder = rule_packs.write_pack(tmp_path / "cen", {"2.0.0/EN16931-UBL.xslt": stricter})
    checker = RuleChecker()
    installed.import_folder(folder=folder, profile=None, version="", licence="", on=date(2020, 10, 1), checker=checker)
    checker.close()
    assert send(mailbox) == 0
    row = Dispatch.objects.get()
    assert row.state == "parked" and row.reason.startswith(
        "the e-invoice may not leave: BR-25 (BT-153): A line has no name."
    )
    assert list(mailbox.folder.glob("*.eml")) == []
