"""Terms → draft pro forma: what the first of next month will bring (B8), on a document that is no invoice."""

from dataclasses import replace

from rackbill.core.document import Document, DocumentKind, Totals


def draft_pro_forma(*, draft: Document, note: str) -> Document:
    """The same document as a pro forma. `note` says on each page, in its language, that it is no invoice."""
    totals = draft.totals
    return replace(
        draft, kind=DocumentKind.PRO_FORMA, number="", document_uuid="", notes=(note, *draft.notes),
        totals=Totals(
            net_minor=totals.net_minor, tax_minor=totals.tax_minor, gross_minor=totals.gross_minor, prepaid_minor=0,
            due_minor=totals.gross_minor,
        ),
    )  # fmt: skip
