"""The mail of a document: text, HTML, attachment, subject; the same bytes every time."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape

import pytest

from rackbill.core.document import Document, DocumentKind
from rackbill.formats.messages import Attachment, attachment_name, invoice_message
from rackbill.formats.printed_document import due_word, printed
from rackbill.formats.wording import wording
from tests.world.documents import golden

WHEN = datetime(2020, 10, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(golden()))
def test_the_message_of_every_golden_document(name: str) -> None:
    document = golden()[name]
    pdf = Attachment(attachment_name(document, "pdf"), "application/pdf", b"%PDF-1.7 test")

    def made() -> bytes:
        return invoice_message(
            document, sender="billing@meridian.example", recipient="ap@buyer.example", message_id="<1@meridian.example>",
            date=WHEN, attachments=[pdf],
        ).as_bytes()  # fmt: skip

    assert made() == made()
    message = message_from_bytes(made(), policy=default)
    assert document.number in message["Subject"]
    assert document.bill_to.po_number in message["Subject"]
    assert message["Message-ID"] == "<1@meridian.example>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert document.number in text.get_content()
    assert "<script" not in html.get_content()
    assert "src=" not in html.get_content()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == f"{document.kind.value.replace('_', '-')}-{document.number}".strip("-") + ".pdf"
    assert attached.get_content() == b"%PDF-1.7 test"


def test_names_are_escaped_in_html() -> None:
    from dataclasses import replace

    value = golden()["simple"]
    evil = replace(value, seller=replace(value.seller, name="A <b>& Co"))
    message = invoice_message(
        evil, sender="a@b.example", recipient="c@d.example", message_id="<1@b.example>", date=WHEN, attachments=[]
    )
    html = message.get_body(("html",))
    assert html is not None
    assert "A &lt;b&gt;&amp; Co" in html.get_content()


def message_of(document: Document, *names: str) -> EmailMessage:
    files = [Attachment(name, "application/octet-stream", b"x") for name in names]
    return invoice_message(
        document,
        sender="a@b.example",
        recipient="c@d.example",
        message_id="<1@b.example>",
        date=WHEN,
        attachments=files,
    )


def bodies(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    return text.get_content(), html.get_content()


def test_the_subject_names_number_period_and_order() -> None:
    document = golden()["simple"]
    assert message_of(document)["Subject"] == (
        "Invoice 20000001 of Meridian Hosting B.V., 1–31 Oct 2020, your order PO-4711"
    )


@pytest.mark.parametrize("kind", [DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION, DocumentKind.REMINDER])
def test_what_bills_no_period_names_none(kind: DocumentKind) -> None:
    document = next(document for document in golden().values() if document.kind is kind)
    message = message_of(document)
    words = wording(document.language)
    assert document.number in message["Subject"] and words.period(document.period) not in message["Subject"]
    for body in bodies(message):
        assert document.number in body
        assert due_word(printed(document)) in unescape(body)


def test_a_reminder_lists_what_is_open() -> None:
    document = next(document for document in golden().values() if document.kind is DocumentKind.REMINDER)
    assert document.reminded is not None
    words = wording(document.language)
    for body in bodies(message_of(document)):
        assert words.word("overdue_sentence") in unescape(body)
        for item in document.reminded.items:
            assert item.number in body and words.amount(item.open_minor, document.currency) in unescape(body)


def test_the_mail_says_what_is_attached() -> None:
    message = message_of(golden()["simple"], "invoice-20000001.pdf", "invoice-20000001.csv")
    for body in bodies(message):
        assert "Attached: invoice-20000001.pdf, invoice-20000001.csv" in body
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "invoice-20000001.pdf",
        "invoice-20000001.csv",
    ]
    assert all("Attached" not in body for body in bodies(message_of(golden()["simple"])))
