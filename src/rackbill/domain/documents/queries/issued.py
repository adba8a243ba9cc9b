"""Reads of issued documents. The value always comes from the canonical form."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import msgspec
from django.db.models import QuerySet
from django.db.models.functions import Left

from rackbill.core import document as frozen
from rackbill.core.document_chain import GENESIS
from rackbill.core.id_shapes import document_number_in
from rackbill.core.invoicing import ExchangeRate
from rackbill.core.tax import TaxDecision
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.documents.models import (
    ChainSeal,
    Document,
    DocumentFile,
    DocumentLine,
)
from rackbill.domain.kit import bulk
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
    return page_of(rows, limit=limit, offset=offset, make=lambda row: document_row(row=row))


def document(*, scope: Scope, number: str) -> frozen.Document:
    """The frozen value of one document. Raises DocumentNotFound, also for another customer's."""
    return frozen.document_from_canonical(canonical_form(scope=scope, number=number))


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """An issued document that a text names, with the customer whose it is."""

    number: str
    kind: str
    issued_on: date
    customer_id: str


def named_document(*, scope: Scope, text: str) -> NamedDocument | None:
    """The document of ours whose number a text is, however it is written; None where it is none of the scope's."""
    number = document_number_in(text)
    rows = _documents(scope).filter(number=number).values_list("number", "kind", "issued_on", "customer__customer_id")
    found = rows.first() if number else None
    return None if found is None else NamedDocument(*found)


def canonical_form(*, scope: Scope, number: str) -> bytes:
    """The stored truth of one document. Raises DocumentNotFound."""
    text = _documents(scope).filter(number=number).values_list("canonical", flat=True).first()
    if text is None:
        raise DocumentNotFound(f"there is no document {number}")
    return str(text).encode()


def lines_with_taxes(*, numbers: Collection[str]) -> dict[tuple[str, int], tuple[date, tuple[TaxDecision, ...]]]:
    """By (number, line number): the day of issue and the taxes of every line of the documents."""
    rows = DocumentLine.objects.filter(document__number__any_of=bulk.Keys(numbers))
    return {
        (number, line_number): (date.fromisoformat(issued_on), _taxes(taxes))
        for number, line_number, issued_on, taxes in bulk.plain_rows(
            rows, "document__number", "line_number", "document__issued_on", "taxes"
        )
    }


class _LineSubject(msgspec.Struct):
    line_number: int
    subject: msgspec.Raw


class _Subjects(msgspec.Struct):
    lines: list[_LineSubject]


_SUBJECTS = msgspec.json.Decoder(_Subjects)


def line_subjects(*, lines: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """By (number, line number): what the line is about, in the canonical form of today's schema."""
    numbers = {number for number, _line_number in lines}
    rows = Document.objects.filter(number__any_of=bulk.Keys(numbers))
    return {
        (number, line.line_number): frozen.canonical_text(frozen.subject_from_text(bytes(line.subject)))
        for number, canonical in bulk.plain_rows(rows, "number", "canonical")
        for line in _SUBJECTS.decode(canonical).lines
        if (number, line.line_number) in lines
    }


@dataclass(frozen=True, slots=True)
class InvoiceHead:
    """An issued invoice beside which the next one of its billing group is put; amounts in minor units."""

    group_key: int
    currency: str
    number: str
    issued_on: date
    net_minor: int
    tax_minor: int
    run_id: str


def invoices_of_run(*, customer_keys: Sequence[int], run_id: str, issued_on: date) -> list[InvoiceHead]:
    """The invoices that a run of a day issued to customers, by number."""
    rows = Document.objects.filter(customer_id__any_of=bulk.Keys(customer_keys), issued_on=issued_on, run_id=run_id)
    return _invoice_heads(rows)


def invoices_by_age(*, customer_keys: Sequence[int]) -> list[InvoiceHead]:
    """All invoices ever issued to customers, oldest first."""
    return _invoice_heads(Document.objects.filter(customer_id__any_of=bulk.Keys(customer_keys)))


def _invoice_heads(rows: QuerySet[Document]) -> list[InvoiceHead]:
    named = bulk.plain_rows(
        rows.filter(kind="invoice").order_by("issued_on", "number"), "billing_group_id", "currency", "number", "issued_on",
        "net_minor", "tax_minor", "run_id",
    )  # fmt: skip
    return [
        InvoiceHead(group, currency, number, date.fromisoformat(issued_on), net, tax, run_id)
        for group, currency, number, issued_on, net, tax, run_id in named
    ]


def exchange_rates_used(*, numbers: Collection[str]) -> dict[str, ExchangeRate]:
    """By number: the rate to the accounting currency, of documents that have one. It stands first in the canonical form."""
    rows = Document.objects.filter(number__any_of=bulk.Keys(numbers), canonical__startswith='{"accounting":{')
    found = {}
    for number, head in rows.annotate(head=Left("canonical", 600)).values_list("number", "head"):
        used = json.loads(head[len('{"accounting":') : head.index(',"bill_to":{"billing_group_id":')])
        found[number] = ExchangeRate(
            currency=used["currency"], rate=Decimal(used["rate"]), rate_on=date.fromisoformat(used["rate_on"]),
            rate_source=used["rate_source"],
        )  # fmt: skip
    return found


@lru_cache(maxsize=4096)
def _taxes(plain: str) -> tuple[TaxDecision, ...]:
    return frozen.decisions_from_plain(json.loads(plain))


def canonical_forms(*, scope: Scope, numbers: Sequence[str]) -> dict[str, bytes]:
    """The stored truth of some documents, by number; another customer's are left out."""
    rows = _documents(scope).filter(number__in=list(numbers)).values_list("number", "canonical")
    return {number: text.encode() for number, text in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProof:
    """What shows that a document is the one that was issued: its link, the hashes up to the next seal, and that seal."""

    canonical: str
    previous_chain_hash: str
    later_sha256: tuple[str, ...]
    last_number: str
    chain_hash: str
    signature: str
    public_key: str
    sealed_at: datetime


def chain_proof(*, scope: Scope, number: str) -> ChainProof:
    """The proof of one document. Raises DocumentNotFound, also for another customer's, and where no seal covers it yet."""
    row = _documents(scope).filter(number=number).first()
    if row is None:
        raise DocumentNotFound(f"there is no document {number}")
    seal = ChainSeal.objects.filter(series=row.series_id, last_number__gte=number).order_by("last_number").first()
    if seal is None:
        raise DocumentNotFound(f"no seal covers document {number} yet; its run seals the chain when it is closed")
    series = Document.objects.filter(series=row.series_id)
    before = series.filter(number__lt=number).order_by("-number").values_list("chain_hash", flat=True).first()
    later = series.filter(number__gt=number, number__lte=seal.last_number).order_by("number")
    return ChainProof(
        canonical=row.canonical, previous_chain_hash=before or GENESIS,
        later_sha256=tuple(later.values_list("sha256", flat=True)), last_number=seal.last_number,
        chain_hash=seal.chain_hash, signature=seal.signature, public_key=seal.public_key, sealed_at=seal.sealed_at,
    )  # fmt: skip


def are_sealed() -> bool:
    """Whether any chain of the installation is sealed already."""
    return ChainSeal.objects.exists()


def heads(*, numbers: Sequence[str]) -> dict[str, DocumentRow]:
    """What lists show of some documents, by number."""
    found = {}
    for start in range(0, len(numbers), 5000):
        rows = Document.objects.filter(number__in=list(numbers[start : start + 5000])).defer("canonical")
        found.update({row.number: document_row(row=row) for row in rows})
    return found


def stored_file_hash(*, scope: Scope, number: str, format: str) -> str | None:
    """SHA-256 of the stored file of a document in a format, or None where none is stored yet."""
    visible = _documents(scope).filter(number=number)
    return DocumentFile.objects.filter(document__in=visible, format=format).values_list("sha256", flat=True).first()


def _documents(scope: Scope) -> QuerySet[Document]:
    return scope.limit(Document.objects.all())


def document_row(*, row: Document) -> DocumentRow:
    """What lists show of a document."""
    return DocumentRow(
        number=row.number, kind=row.kind, issued_on=row.issued_on, due_on=row.due_on, currency=row.currency,
        net_minor=row.net_minor, tax_minor=row.tax_minor, gross_minor=row.gross_minor,
    )  # fmt: skip


def numbers(*, scope: Scope | None = None, since: date | None = None, kinds: Sequence[str] = ()) -> Iterator[str]:
    """The numbers of all issued documents, rising; of a scope, from a day of issue on, or of some kinds, where given."""
    rows = (
        Document.objects.all()
        if scope is None
        else scope.limit(Document.objects.all(), organisation="sales_organisation")
    )
    if since is not None:
        rows = rows.filter(issued_on__gte=since)
    if kinds:
        rows = rows.filter(kind__in=list(kinds))
    return rows.order_by("number").values_list("number", flat=True).iterator(chunk_size=2000)


def issued_moments(*, scope: Scope, kinds: Sequence[str]) -> list[tuple[datetime, str]]:
    """(instant, number) of the documents of some kinds, in the order of issue."""
    rows = _documents(scope).filter(kind__in=list(kinds)).order_by("issued_at", "number")
    return list(rows.values_list("issued_at", "number"))


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
