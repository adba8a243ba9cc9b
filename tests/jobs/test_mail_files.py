"""The mail of a document as a real mail server takes it: files by the recipient's choice, the same message a second time."""

import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from typer.testing import CliRunner

from rackbill.adapters.smtp import MailServer
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.errors import AttachmentsRefused, RecipientNotFound
from rackbill.domain.parties.models import BillingGroup, BillingRecipient, Customer, SalesOrganisation
from rackbill.domain.parties.operations import mailing as mailing_operations
from rackbill.domain.parties.policy import mailing
from rackbill.formats.document_csv import read_document_csv
from rackbill.formats.einvoice_reading import read_einvoice
from rackbill.interfaces.console import recipients as console
from rackbill.interfaces.jobs import bill_run, dispatch, einvoice_rules
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
Letters = dict[str, EmailMessage]


class Inbox:
    """What a mail server has taken, by recipient."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Takes a message."""
        message = message_from_bytes(envelope.content, policy=default)
        self.letters += [(recipient, message) for recipient in envelope.rcpt_tos]  # type: ignore[misc]
        return "250 OK"

    def by_recipient(self) -> Letters:
        """The last message of each."""
        return dict(self.letters)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, MailServer]]:
    taken = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(taken, hostname="127.0.0.1", port=port)
    controller.start()
    server = MailServer(host="127.0.0.1", port=port)
    yield taken, server
    server.close()
    controller.stop()


def billed(*, choice: str = "", recipients: tuple[str, ...] = ("ap@buyer.example",)) -> Customer:
    """A customer with an invoice that waits to be sent; `choice` is its e-invoice."""
    world = world_of.provider()
    owner = world_of.customer(world, tax_id="DE811907980", recipients=recipients)
    world_of.service(world, owner)
    SalesOrganisation.objects.update(contact_name="Billing desk", electronic_address="9930:DE136695976")
    BillingGroup.objects.update(einvoice_choice=choice or "none", electronic_address="9930:DE811907980")
    return owner


def issue() -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=signer)


def choose(email: str, *names: str) -> None:
    group = BillingGroup.objects.get()
    mailing_operations.choose_attachments(group_id=group.group_id, email=email, names=names, now=OCTOBER, actor=SYSTEM)


def names(message: EmailMessage) -> list[str]:
    return [str(part.get_filename()) for part in message.iter_attachments()]


def test_each_recipient_gets_the_files_of_the_own_choice(inbox: tuple[Inbox, MailServer]) -> None:
    people = ("plain@buyer.example", "books@buyer.example", "table@buyer.example")
    billed(recipients=people)
    choose("books@buyer.example", "csv", "pdf")
    choose("table@buyer.example", "csv")
    issue()
    taken, server = inbox
    assert dispatch.send_waiting(server=server, now=OCTOBER) == 3
    letters = taken.by_recipient()
    assert {email: names(message) for email, message in letters.items()} == {
        "plain@buyer.example": ["invoice-21000000.pdf"],
        "books@buyer.example": ["invoice-21000000.pdf", "invoice-21000000.csv"],
        "table@buyer.example": ["invoice-21000000.csv"],
    }
    (table,) = letters["table@buyer.example"].iter_attachments()
    assert table.get_content_type() == "text/csv"
    rows = read_document_csv(table.get_payload(decode=True))
    assert {row["number"] for row in rows} == {"21000000"}
    for message in letters.values():
        assert "21000000" in message["Subject"] and message["Message-ID"].endswith("@meridian.example>")


def test_who_chose_nothing_gets_the_e_invoice_beside_the_pdf(
    inbox: tuple[Inbox, MailServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    einvoice_rules._kept_sheet.cache_clear()
    billed(choice="en16931-ubl", recipients=("plain@buyer.example", "machine@buyer.example"))
    choose("machine@buyer.example", "einvoice")
    issue()
    taken, server = inbox
    assert dispatch.send_waiting(server=server, now=OCTOBER) == 2
    letters = taken.by_recipient()
    assert names(letters["plain@buyer.example"]) == ["invoice-21000000.pdf", "invoice-21000000.xml"]
    (file,) = letters["machine@buyer.example"].iter_attachments()
    terms = read_einvoice(file.get_payload(decode=True))
    assert (terms.number, file.get_content_type()) == ("21000000", "application/xml")


def test_a_second_sending_is_the_same_message(inbox: tuple[Inbox, MailServer]) -> None:
    billed()
    choose("ap@buyer.example", "pdf", "csv")
    issue()
    taken, server = inbox
    dispatch.send_waiting(server=server, now=OCTOBER)
    Dispatch.objects.update(state="queued", attempt_count=0)
    dispatch.send_waiting(server=server, now=OCTOBER)
    first, second = (message for _recipient, message in taken.letters)
    assert first["Message-ID"] == second["Message-ID"] == f"<{Dispatch.objects.get().dispatch_id}@meridian.example>"
    assert first.as_bytes() == second.as_bytes()


def test_a_choice_is_checked_and_kept_in_history() -> None:
    billed()
    choose("AP@buyer.example", "csv", "pdf")
    assert BillingRecipient.objects.get().attachments == "pdf csv"
    entry = HistoryEntry.objects.get(verb="choose_attachments")
    assert entry.detail == {"before": "", "after": "pdf csv"}
    for wrong in ("word", "PDF", ""):
        with pytest.raises(AttachmentsRefused, match="choose among pdf, einvoice, csv"):
            choose("ap@buyer.example", wrong)
    with pytest.raises(RecipientNotFound, match="rackbill recipients list"):
        choose("nobody@buyer.example", "pdf")
    choose("ap@buyer.example")
    assert BillingRecipient.objects.get().attachments == ""


@pytest.mark.parametrize(
    ("chosen", "profile", "attached"),
    [
        ((), "", ("pdf",)), ((), "xrechnung", ("pdf", "einvoice")), ((), "factur-x", ("pdf",)), ((), "zugferd", ("pdf",)),
        (("einvoice",), "", ("pdf",)),
        (("einvoice",), "peppol", ("einvoice",)), (("einvoice", "csv"), "", ("csv",)), (("pdf", "csv"), "peppol", ("pdf", "csv")),
    ],
)  # fmt: skip
def test_what_is_attached(chosen: tuple[str, ...], profile: str, attached: tuple[str, ...]) -> None:
    assert mailing.attachments_for(chosen=chosen, einvoice_profile=profile) == attached


def test_the_console_lists_and_sets_choices() -> None:
    owner = billed(recipients=("ap@buyer.example", "books@buyer.example"))
    group = BillingGroup.objects.get().group_id
    done = CliRunner().invoke(console.app, ["attach", group, "books@buyer.example", "csv"])
    assert (done.exit_code, done.output) == (0, f"books@buyer.example of {group} gets: csv\n")
    listed = CliRunner().invoke(console.app, ["list", owner.customer_id])
    assert "what suits the customer" in listed.output and "csv" in listed.output
    assert "nothing is attached as 'doc'" in str(
        CliRunner().invoke(console.app, ["attach", group, "ap@buyer.example", "doc"]).exception
    )
    assert "there is no customer" in str(CliRunner().invoke(console.app, ["list", "99999999"]).exception)
