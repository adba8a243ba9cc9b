"""Reads of what credit notes correct, both ways."""

from collections.abc import Sequence

from django.db.models import Q

from rackbill.core import document as frozen
from rackbill.domain.documents.models import Document
from rackbill.domain.documents.queries.issued import DocumentRow, document_row
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope


def credit_notes_of(*, scope: Scope, number: str, limit: int = 50, offset: int = 0) -> Page[DocumentRow]:
    """The credit notes that correct a document, by number; three queries. Empty for another customer's document."""
    visible = scope.limit(Document.objects.all())
    issued_on = visible.filter(number=number).values_list("issued_on", flat=True).first()
    if issued_on is None:
        return Page([], 0, limit, offset)
    rows = visible.filter(_names(f"{issued_on:%Y-%m-%d}", number), kind="credit_note", issued_on__gte=issued_on)
    return page_of(
        rows.order_by("number").defer("canonical"), limit=limit, offset=offset, make=lambda row: document_row(row=row)
    )


def _names(day: str, number: str) -> Q:
    """The canonical form holds a reference to the document as a whole: how schema 2 writes it, or schema 1.

    No text that somebody typed can look so, since its quotes would be escaped.
    """
    said = (
        f'{{"issued_on":"{day}","number":"{number}"}}',
        f'{{"issued_on":"{day}","line_number":null,"number":"{number}"}}',
    )
    return Q(canonical__contains=said[0]) | Q(canonical__contains=said[1])


def corrected_numbers(*, numbers: Sequence[str]) -> dict[str, list[str]]:
    """By number of a credit note: the numbers of the invoices that it corrects, in the order it names them."""
    found: dict[str, list[str]] = {number: [] for number in numbers}
    for start in range(0, len(numbers), 500):
        rows = Document.objects.filter(number__in=numbers[start : start + 500])
        for number, canonical in rows.values_list("number", "canonical"):
            value = frozen.document_from_canonical(canonical.encode())
            found[number] = list(dict.fromkeys(reference.number for reference in value.corrects))
    return found
