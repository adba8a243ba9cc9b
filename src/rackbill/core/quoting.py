"""Terms → draft pro forma: what the first of next month will bring (B8), on a document that is no invoice."""

from dataclasses import replace
from datetime import date

from rackbill.core.charges import Allowance
from rackbill.core.document import Document, DocumentKind, DocumentLine, Totals


def draft_pro_forma(*, draft: Document, note: str, made_on: date) -> Document:
    """The draft as a pro forma of the day it is made on. `note` says in its language that it is no invoice.

    What will be a credit note stands with negative amounts, so that all pages of a pro forma add up.
    """
    is_credit = draft.kind is DocumentKind.CREDIT_NOTE
    sign = -1 if is_credit else 1
    totals = draft.totals
    return replace(
        draft, kind=DocumentKind.PRO_FORMA, number="", document_uuid="", issued_on=made_on,
        notes=(note, *draft.notes),
        lines=tuple(map(_negative, draft.lines)) if is_credit else draft.lines,
        tax_subtotals=tuple(
            replace(row, base_minor=sign * row.base_minor, tax_minor=sign * row.tax_minor) for row in draft.tax_subtotals
        ),
        totals=Totals(
            net_minor=sign * totals.net_minor, tax_minor=sign * totals.tax_minor, gross_minor=sign * totals.gross_minor,
            prepaid_minor=0, due_minor=sign * totals.gross_minor,
        ),
        accounting=draft.accounting and replace(
            draft.accounting, net_minor=sign * draft.accounting.net_minor,
            gross_minor=sign * draft.accounting.gross_minor,
            tax_minor=tuple(sign * minor for minor in draft.accounting.tax_minor),
        ),
    )  # fmt: skip


def _negative(line: DocumentLine) -> DocumentLine:
    return replace(
        line, quantity=-line.quantity, net_minor=-line.net_minor,
        allowances=tuple(Allowance(a.reason, -a.amount_minor) for a in line.allowances),
    )  # fmt: skip
