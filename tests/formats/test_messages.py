"""The mail of a document: text, HTML, attachment, subject; the same bytes every time."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from rackbill.formats.messages import Attachment, attachment_name, invoice_message
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
