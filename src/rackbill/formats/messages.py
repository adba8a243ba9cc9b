"""Document → e-mail: text and HTML in the document's language, with files attached."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from html import escape
from typing import Any

import css_inline

from rackbill.core.document import Document, DocumentKind
from rackbill.formats.document_html import due_word
from rackbill.formats.printed_document import printed, title
from rackbill.formats.wording import wording

_STYLE = """
body { margin: 0; padding: 24px; font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; font-size: 15px;
  line-height: 1.5; color-scheme: light dark; }
main { max-width: 560px; }
h1 { font-size: 18px; margin: 0 0 16px; }
td, th { padding: 4px 24px 4px 0; vertical-align: top; text-align: start; font-weight: 400; }
.figure { text-align: end; }
.amount { font-size: 22px; font-weight: 600; }
.quiet { opacity: 0.7; }
"""


_OF_A_PERIOD = (DocumentKind.PRO_FORMA, DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


def attachment_name(document: Document, ending: str) -> str:
    """`invoice-26000000.pdf`; a draft has no number to be named by."""
    number = f"-{document.number}" if document.number else ""
    return f"{document.kind.value.replace('_', '-')}{number}.{ending}"


def subject(document: Document) -> str:
    """Kind, number, seller, period where it bills one, and the buyer's order where there is one."""
    words = wording(document.language)
    values = {"kind": title(document), "number": document.number, "seller": document.seller.name}
    if document.kind in _OF_A_PERIOD:
        text = words.word("mail_subject", **values, period=words.period(document.period))
    else:
        text = words.word("mail_subject_plain", **values)
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
    message.set_content(_text(document, attachments), cte="quoted-printable")
    message.add_alternative(css_inline.inline(_html(document, attachments)), subtype="html", cte="quoted-printable")
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


def _rows(document: Document, data: dict[str, Any]) -> list[tuple[str, str]]:
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
    values = {"kind": kind, "kind_lower": kind[:1].lower() + kind[1:], "number": document.number}
    if document.kind is DocumentKind.REMINDER:
        body = words.word("overdue_sentence")
    elif document.kind in _OF_A_PERIOD:
        body = words.word("mail_body", **values, period=words.period(document.period))
    else:
        body = words.word("mail_body_plain", **values)
    return words.word("mail_greeting"), body


def _closing(document: Document, data: dict[str, Any], attachments: Sequence[Attachment]) -> list[str]:
    """What stands below the figures: how it is paid, what is attached, whom to ask."""
    words = wording(document.language)
    found = [data["payment"]["sentence"]] if data["payment"] and data["payment"]["sentence"] else []
    if attachments:
        found.append(words.word("mail_attached", files=", ".join(attachment.name for attachment in attachments)))
    return [*found, words.word("mail_questions", email=document.seller.email), document.seller.name]


def _open_header(words: dict[str, str]) -> list[str]:
    return [words["number"], words["issued_on"], words["due_on"], words["total"], words["open"]]


def _text(document: Document, attachments: Sequence[Attachment]) -> str:
    data = printed(document)
    greeting, body = _opening(document)
    rows = _rows(document, data)
    width = max(len(label) for label, _ in rows)
    lines = [greeting, "", body, "", f"{due_word(data)}: {document.currency} {data['due_amount']}", ""]
    lines += ["  ".join(row) for row in data["reminded"]] + ([""] if data["reminded"] else [])
    lines += [f"{label:<{width}}  {value}" for label, value in rows]
    for sentence in _closing(document, data, attachments):
        lines += ["", sentence]
    return "\n".join([*lines, ""])


def _html(document: Document, attachments: Sequence[Attachment]) -> str:
    data = printed(document)
    greeting, body = _opening(document)
    rows = "".join(
        f'<tr><td class="quiet">{escape(label)}</td><td>{escape(value)}</td></tr>'
        for label, value in _rows(document, data)
    )
    closing = "".join(f'<p class="quiet">{escape(sentence)}</p>' for sentence in _closing(document, data, attachments))
    return (
        f'<!doctype html><html lang="{escape(data["language"])}"><head><meta charset="utf-8">'
        f"<title>{escape(subject(document))}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(data['title'])} {escape(document.number)}</h1><p>{escape(greeting)}<br>{escape(body)}</p>"
        f'<p>{escape(due_word(data))}<br><span class="amount">{escape(document.currency)} {escape(data["due_amount"])}</span></p>'
        f'{_open_table(data)}<table role="presentation">{rows}</table>{closing}</main></body></html>'
    )


def _open_table(data: dict[str, Any]) -> str:
    """The open documents of a reminder; nothing for other kinds."""
    if not data["reminded"]:
        return ""
    header = "".join(f'<th scope="col" class="quiet">{escape(text)}</th>' for text in _open_header(data["words"]))
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in row[1:3])
        + "".join(f'<td class="figure">{escape(text)}</td>' for text in row[3:]) + "</tr>"
        for row in data["reminded"]
    )  # fmt: skip
    return f"<table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>"
