"""A document as the words and figures that are printed: layouts (PDF, HTML, mail) only place them."""

from typing import Any

from rackbill.core.document import Document, DocumentKind, canonical_bytes, document_hash
from rackbill.formats.printed_document import offers, overview
from rackbill.formats.printed_document.labels import DASH, due_word, party, tax_label, taxes_label, title
from rackbill.formats.printed_document.lines import line as printed_line
from rackbill.formats.printed_document.pages import MOST_LINES
from rackbill.formats.wording import wording

_LETTERS = (DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION, DocumentKind.REMINDER)
"""Kinds that bill nobody for anything."""
_ONLINE = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
"""Kinds that have a page in the portal."""

__all__ = ["DASH", "due_word", "printed", "tax_label", "taxes_label", "title"]


def printed(document: Document, *, language: str = "", digest: str = "") -> dict[str, Any]:
    """Everything the layouts place, as texts in the document's language, or in another for a translation.

    `digest` is the hash of the canonical form where the caller has it.
    """
    words = wording(language or document.language)
    lines = [printed_line(document, line, words) for line in document.lines]
    labels = dict.fromkeys(line["tax"] for line in lines)
    is_invoice = document.kind is DocumentKind.INVOICE
    translated = words.language != document.language
    return {
        "words": words.words,
        "language": words.language,
        "title": title(document, words.language),
        "number": document.number,
        "translation": words.word("translation_of", number=document.number) if translated else "",
        "is_credit_note": document.kind is DocumentKind.CREDIT_NOTE,
        "is_pro_forma": document.kind is DocumentKind.PRO_FORMA,
        "warning": document.notes[0] if document.kind is DocumentKind.PRO_FORMA and document.notes else "",
        "seller": party(document.seller, words),
        "buyer": party(document.buyer, words),
        "to_word": words.word("addressed_to" if document.kind in _LETTERS else "to"),
        "facts": [
            {"label": label, "value": value, "note": note} for label, value, note in overview.facts(document, words)
        ],
        "due_amount": words.amount(document.totals.due_minor, document.currency),
        "due_date": words.word("pay_by", date=words.day(document.due_on)),
        "is_due": document.totals.due_minor > 0 and is_invoice,
        "currency": document.currency,
        "families": overview.families(document, words),
        "groups": overview.groups(document, words) if len(lines) > MOST_LINES else [],
        "reminded": overview.reminded(document, words),
        "costs": offers.costs(document, words) if document.kind in overview.OFFERS else [],
        "sites": overview.sites(document, words),
        "changes": overview.changes(document, words),
        "remaining": overview.remaining(document, words),
        "fully_credited": overview.fully_credited(document, words),
        "taxes": [overview.tax(row, document, words) for row in document.tax_subtotals],
        "exemptions": list(dict.fromkeys(row.exemption_text for row in document.tax_subtotals if row.exemption_text)),
        "net": words.amount(document.totals.net_minor, document.currency),
        "tax": words.amount(document.totals.tax_minor, document.currency),
        "gross": words.amount(document.totals.gross_minor, document.currency),
        "prepaid": words.amount(-document.totals.prepaid_minor, document.currency)
        if document.totals.prepaid_minor
        else "",
        "accounting": overview.accounting(document, words),
        "payment": overview.payment(document, words),
        "notes": list(document.notes[1:] if document.kind is DocumentKind.PRO_FORMA else document.notes),
        "texts": list(document.texts),
        "details_url": document.details_url + document.number
        if document.kind in _ONLINE and document.details_url and document.number
        else "",
        "lines": lines,
        "has_legacy_names": any(line["is_legacy"] for line in lines),
        "shows_tax_of_lines": len(labels) > 1,
        "tax_of_lines": next(iter(labels)) if len(labels) == 1 else "",
        "fingerprint": (digest or document_hash(canonical_bytes(document)))[:16],
    }
