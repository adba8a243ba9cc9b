"""Reads of issued documents. The value always comes from the canonical form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from rackbill.core import document as frozen
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.documents.models import ArchivedDocument, Document, DocumentFile, NumberSeries
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """An issued document in a list; amounts in minor units."""

    number: str
    kind: str
    issued_on: date
    due_on: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int


SORTS = {"number": "number", "issued": "issued_on", "due": "due_on", "total": "gross_minor"}


def documents(
    *,
    scope: Scope,
    kinds: tuple[str, ...] = ("invoice",),
    number: str = "",
    issued_from: date | None = None,
    issued_until: date | None = None,
    sort: str = "-number",
    limit: int = 50,
    offset: int = 0,
) -> Page[DocumentRow]:
    """Issued documents of some kinds, newest number first. `issued_until` is not part of the span."""
    rows = _documents(scope).filter(kind__in=kinds)
    if number:
        rows = rows.filter(number=number)
    if issued_from:
        rows = rows.filter(issued_on__gte=issued_from)
    if issued_until:
        rows = rows.filter(issued_on__lt=issued_until)
    order = SORTS.get(sort.lstrip("-"), "number")
    turned = "-" if sort.startswith("-") else ""
    rows = rows.order_by(f"{turned}{order}", f"{turned}number").defer("canonical")
    return page_of(rows, limit=limit, offset=offset, make=_row)


def document(*, scope: Scope, number: str) -> frozen.Document:
    """The frozen value of one document. Raises DocumentNotFound, also for another customer's."""
    return frozen.document_from_canonical(canonical_form(scope=scope, number=number))


def canonical_form(*, scope: Scope, number: str) -> bytes:
    """The stored truth of one document. Raises DocumentNotFound."""
    text = _documents(scope).filter(number=number).values_list("canonical", flat=True).first()
    if text is None:
        raise DocumentNotFound(f"there is no document {number}")
    return str(text).encode()


def credit_notes_of(*, scope: Scope, number: str) -> list[DocumentRow]:
    """The credit notes that correct a document, by number."""
    rows = _documents(scope).filter(kind="credit_note", canonical__contains=f'"number":"{number}"').order_by("number")
    return [_row(row) for row in rows if any(c.number == number for c in _value(row).corrects)]


def stored_file_hash(*, scope: Scope, number: str, format: str) -> str | None:
    """SHA-256 of the stored file of a document in a format, or None where none is stored yet."""
    visible = _documents(scope).filter(number=number)
    return DocumentFile.objects.filter(document__in=visible, format=format).values_list("sha256", flat=True).first()


def archived_count(*, scope: Scope) -> int:
    """How many documents of the legacy system are archived; they are handed out on request (N12)."""
    return scope.limit(ArchivedDocument.objects.all()).count()


NEARLY_FULL = Decimal("0.9")


def series_warnings(*, organisation_id: str) -> list[str]:
    """A sentence for each number series of a sales organisation of which nine tenths are used."""
    rows = NumberSeries.objects.filter(sales_organisation__organisation_id=organisation_id).order_by("range_start")
    found = []
    for series in rows:
        used, size = series.next_counter - series.range_start, series.range_end - series.range_start + 1
        if used >= size * NEARLY_FULL:
            found.append(f"series {series} has used {used} of {size} numbers; add a series before the rest is gone")
    return found


def _documents(scope: Scope) -> QuerySet[Document]:
    return scope.limit(Document.objects.all())


def _value(row: Document) -> frozen.Document:
    return frozen.document_from_canonical(row.canonical.encode())


def _row(row: Document) -> DocumentRow:
    return DocumentRow(
        number=row.number, kind=row.kind, issued_on=row.issued_on, due_on=row.due_on, currency=row.currency,
        net_minor=row.net_minor, tax_minor=row.tax_minor, gross_minor=row.gross_minor,
    )  # fmt: skip


def numbers() -> Iterator[str]:
    """The numbers of all issued documents, rising."""
    return Document.objects.order_by("number").values_list("number", flat=True).iterator(chunk_size=2000)


def numbers_without_file(*, format: str) -> list[str]:
    """The numbers of issued documents that have no stored file of a format yet, rising."""
    have = DocumentFile.objects.filter(format=format).values("document_id")
    return list(Document.objects.exclude(pk__in=have).order_by("number").values_list("number", flat=True))


def amounts(*, scope: Scope, numbers: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """By number: net, tax and total in minor units."""
    rows = _documents(scope).filter(number__in=list(numbers))
    return {
        n: (net, tax, gross)
        for n, net, tax, gross in rows.values_list("number", "net_minor", "tax_minor", "gross_minor")
    }


def chain_hashes(*, numbers: Sequence[str]) -> dict[str, str]:
    """By number: the head of the series' hash chain after that document."""
    return dict(Document.objects.filter(number__in=list(numbers)).values_list("number", "chain_hash"))
