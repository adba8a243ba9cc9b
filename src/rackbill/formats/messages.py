"""Document → e-mail: text and HTML in the document's language, with files attached."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from html import escape

import css_inline

from rackbill.core.document import Document
from rackbill.formats.printed_document import printed, title
from rackbill.formats.wording import wording

_STYLE = """
body { margin: 0; padding: 24px; font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; font-size: 15px;
  line-height: 1.5; color-scheme: light dark; }
main { max-width: 560px; }
h1 { font-size: 18px; margin: 0 0 16px; }
td { padding: 4px 24px 4px 0; vertical-align: top; }
.amount { font-size: 22px; font-weight: 600; }
.quiet { opacity: 0.7; }
"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


def attachment_name(document: Document, ending: str) -> str:
    """`invoice-26000000.pdf`."""
    return f"{document.kind.value.replace('_', '-')}-{document.number}.{ending}"


def subject(document: Document) -> str:
    """Kind, number, seller, period, and the buyer's order where there is one."""
    words = wording(document.language)
    text = words.word(
        "mail_subject", kind=title(document), number=document.number, seller=document.seller.name,
        period=words.period(document.period),
    )  # fmt: skip
    order = document.bill_to.po_number
    return text + (words.word("mail_po", po=order) if order else "")


def invoice_message(
    document: Document,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    attachments: Sequence[Attachment],
) -> EmailMessage:
    """The whole message; the same arguments give the same bytes."""
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((document.seller.name, sender))
    message["To"] = recipient
    message["Subject"] = subject(document)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(document), cte="quoted-printable")
    message.add_alternative(css_inline.inline(_html(document)), subtype="html", cte="quoted-printable")
    for attachment in attachments:
        main_type, _, sub_type = attachment.media_type.partition("/")
        message.add_attachment(attachment.content, maintype=main_type, subtype=sub_type, filename=attachment.name)
    # Making the message a multipart one moves its content headers to the first part, so this comes last.
    message["Content-Language"] = document.language
    _fix_boundaries(message, message_id)
    return message


def _fix_boundaries(message: EmailMessage, message_id: str) -> None:
    """Random boundaries would make every sending different."""
    for place, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"={hashlib.sha256(f'{message_id}{place}'.encode()).hexdigest()[:40]}=")


def _rows(document: Document) -> list[tuple[str, str]]:
    data = printed(document)
    words = data["words"]
    rows = [(fact["label"], f"{fact['value']} {fact['note']}".strip()) for fact in data["facts"]]
    if data["is_due"]:
        rows.append((words["due_on"], wording(document.language).day(document.due_on)))
    payment = data["payment"]
    if payment:
        rows += [(row["label"], row["value"]) for row in payment["rows"]]
    return rows


def _opening(document: Document) -> tuple[str, str]:
    words = wording(document.language)
    kind = title(document)
    body = words.word(
        "mail_body", kind=kind, kind_lower=kind[:1].lower() + kind[1:], number=document.number,
        period=words.period(document.period),
    )  # fmt: skip
    return words.word("mail_greeting"), body


def _text(document: Document) -> str:
    data = printed(document)
    words = wording(document.language)
    greeting, body = _opening(document)
    rows = _rows(document)
    width = max(len(label) for label, _ in rows)
    lines = [greeting, "", body, "", f"{document.currency} {data['due_amount']}", ""]
    lines += [f"{label:<{width}}  {value}" for label, value in rows]
    if data["payment"] and data["payment"]["sentence"]:
        lines += ["", data["payment"]["sentence"]]
    lines += ["", words.word("mail_questions", email=document.seller.email), "", document.seller.name, ""]
    return "\n".join(lines)


def _html(document: Document) -> str:
    data = printed(document)
    words = wording(document.language)
    greeting, body = _opening(document)
    rows = "".join(
        f'<tr><td class="quiet">{escape(label)}</td><td>{escape(value)}</td></tr>' for label, value in _rows(document)
    )
    sentence = data["payment"]["sentence"] if data["payment"] else ""
    return (
        f'<!doctype html><html lang="{escape(data["language"])}"><head><meta charset="utf-8">'
        f"<title>{escape(subject(document))}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(data['title'])} {escape(document.number)}</h1><p>{escape(greeting)}<br>{escape(body)}</p>"
        f'<p class="amount">{escape(document.currency)} {escape(data["due_amount"])}</p>'
        f'<table role="presentation">{rows}</table>'
        + (f"<p>{escape(sentence)}</p>" if sentence else "")
        + f'<p class="quiet">{escape(words.word("mail_questions", email=document.seller.email))}</p>'
        f'<p class="quiet">{escape(document.seller.name)}</p></main></body></html>'
    )
