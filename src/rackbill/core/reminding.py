"""Open items → draft reminder: which documents are open, by how much, and when that is to be paid."""

from collections.abc import Sequence
from datetime import date

from rackbill.core.document import Document, DocumentKind, Reminded, RemindedItem, Totals
from rackbill.core.invoicing import BillHead


def draft_reminder(*, head: BillHead, step: int, items: Sequence[RemindedItem]) -> Document:
    """The draft of a reminder that stands for a step of the ladder; items in the order of their due dates and numbers.

    What is overdue is due on the day of the reminder; what is not yet due keeps its date. A reminder asks for what is open
    and adds nothing: it has no lines, no taxes and no fee.
    """
    ordered = tuple(sorted(items, key=lambda item: (item.due_on, item.number)))
    open_minor = sum(item.open_minor for item in ordered)
    return Document(
        kind=DocumentKind.REMINDER, sales_organisation_id=head.sales_organisation_id, issued_on=head.issued_on,
        due_on=_due_on(head.issued_on, ordered), currency=head.currency, language=head.language, seller=head.seller,
        buyer=head.buyer, bill_to=head.bill_to, payment=head.payment, lines=(), tax_subtotals=(),
        totals=Totals(
            net_minor=open_minor, tax_minor=0, gross_minor=open_minor, prepaid_minor=0, due_minor=open_minor
        ),
        texts=head.texts, details_url=head.details_url, reminded=Reminded(step=step, items=ordered),
    )  # fmt: skip


def _due_on(issued_on: date, items: Sequence[RemindedItem]) -> date:
    return max(issued_on, min(item.due_on for item in items))
