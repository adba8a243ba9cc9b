"""Issuing: number + freeze + store in one act. Only this module gives numbers."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from rackbill.core import document as frozen
from rackbill.core.document import Document as FrozenDocument
from rackbill.core.document_numbers import DIGITS, print_number
from rackbill.domain.documents.errors import NumbersExhausted, SeriesRefused
from rackbill.domain.documents.models import (
    ChainSeal,
    Document,
    DocumentFile,
    DocumentLine,
    DocumentTax,
    NumberSeries,
)
from rackbill.domain.kit import bulk, locks
from rackbill.domain.kit.secrets import Signer

NAMESPACE = uuid.UUID("6f6b4f0e-6f0a-5d3c-9a53-2f0c8d1f9a11")
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """A draft to be issued: its value, whose it is, and the contract line behind each of its lines."""

    draft: FrozenDocument
    customer_key: int
    group_key: int
    line_keys: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What was issued: key and number, with the value as it now stands."""

    key: int
    number: str
    document: FrozenDocument
    customer_key: int
    group_key: int


@transaction.atomic
def create_series(
    *, organisation_key: int, kind: str, range_start: int, range_end: int, fiscal_year: int | None = None
) -> None:
    """A number series with a range of its own. May run twice. Raises SeriesRefused where ranges would overlap."""
    if len(str(range_start)) != DIGITS or len(str(range_end)) != DIGITS or range_start > range_end:
        raise SeriesRefused(f"range {range_start}-{range_end} must rise and have {DIGITS} digits throughout")
    same = NumberSeries.objects.filter(
        sales_organisation_id=organisation_key, kind=kind, fiscal_year=fiscal_year
    ).first()
    if same is not None:
        if (same.range_start, same.range_end) != (range_start, range_end):
            raise SeriesRefused(
                f"the {kind} series exists with range {same.range_start}-{same.range_end}; it cannot be moved"
            )
        return
    other = NumberSeries.objects.filter(range_start__lte=range_end, range_end__gte=range_start).first()
    if other is not None:
        raise SeriesRefused(
            f"range {range_start}-{range_end} overlaps that of another series ({other}); choose a free one"
        )
    NumberSeries.objects.create(
        sales_organisation_id=organisation_key, kind=kind, fiscal_year=fiscal_year, range_start=range_start,
        range_end=range_end, next_counter=range_start, chain_hash=GENESIS,
    )  # fmt: skip


def next_chain_hash(*, previous: str, sha256: str) -> str:
    """The link of a hash chain: SHA-256 over the link before and the document's own hash, both as hex digits."""
    return hashlib.sha256(f"{previous}{sha256}".encode()).hexdigest()


def issue_documents(
    *, organisation_key: int, kind: str, requests: Sequence[IssueRequest], run_id: str, now: datetime
) -> list[Issued]:
    """Issues the drafts of one kind in the order given; call inside the caller's transaction.

    Locks the series until that transaction ends. Raises SeriesRefused, NumbersExhausted, core InvalidDocument.
    """
    if not requests:
        return []
    rows = NumberSeries.objects.filter(sales_organisation_id=organisation_key, kind=kind)
    series = locks.locked(rows).order_by("range_start").filter(next_counter__lte=_last()).last()
    if series is None:
        raise SeriesRefused(f"the sales organisation has no open number series for {kind}; create one")
    if series.next_counter + len(requests) - 1 > series.range_end:
        raise NumbersExhausted(f"series {series} has too few numbers left for {len(requests)} documents; add a series")
    issued: list[tuple[IssueRequest, FrozenDocument]] = []
    documents: list[Document] = []
    counter, chain = series.next_counter, series.chain_hash
    for request in requests:
        if series.last_issued_on and request.draft.issued_on < series.last_issued_on:
            raise SeriesRefused(f"dates never fall within a series: {series} stands at {series.last_issued_on}")
        number = print_number(counter)
        value = frozen.numbered(request.draft, number=number, document_uuid=str(uuid.uuid5(NAMESPACE, number)))
        frozen.check(value)
        canonical = frozen.canonical_bytes(value)
        sha256 = frozen.document_hash(canonical)
        chain = next_chain_hash(previous=chain, sha256=sha256)
        documents.append(_row(request, value, series, canonical, sha256, chain, run_id, now))
        issued.append((request, value))
        series.last_issued_on = max(series.last_issued_on or value.issued_on, value.issued_on)
        counter += 1
    series.next_counter, series.chain_hash = counter, chain
    series.save(update_fields=["next_counter", "chain_hash", "last_issued_on"])
    Document.objects.bulk_create(documents, batch_size=500)
    keys = dict(Document.objects.filter(number__in=[d.number for d in documents]).values_list("number", "pk"))
    _store_lines(issued, keys)
    return [
        Issued(
            key=keys[value.number], number=value.number, document=value, customer_key=request.customer_key,
            group_key=request.group_key,
        )
        for request, value in issued
    ]  # fmt: skip


def _last() -> int:
    return int("9" * DIGITS)


def _row(
    request: IssueRequest, value: FrozenDocument, series: NumberSeries, canonical: bytes, sha256: str, chain: str,
    run_id: str, now: datetime,
) -> Document:  # fmt: skip
    return Document(
        number=value.number, series=series, sales_organisation_id=series.sales_organisation_id,
        customer_id=request.customer_key, billing_group_id=request.group_key, kind=value.kind.value,
        issued_on=value.issued_on, due_on=value.due_on, currency=value.currency, net_minor=value.totals.net_minor,
        tax_minor=value.totals.tax_minor, gross_minor=value.totals.gross_minor, canonical=canonical.decode(),
        sha256=sha256, chain_hash=chain, run_id=run_id, issued_at=now,
    )  # fmt: skip


_LINE_FIELDS = (
    "document", "line_number", "contract_line", "contract_id", "service_id", "equipment_id", "reference_shown",
    "product_id", "period_start", "period_end", "net_minor", "taxes",
)  # fmt: skip
_TAX_FIELDS = (
    "document", "row_number", "regime", "code", "rate", "jurisdiction", "exemption_code", "base_minor", "tax_minor",
    "accounting_currency", "accounting_tax_minor",
)  # fmt: skip


def _store_lines(issued: Iterable[tuple[IssueRequest, FrozenDocument]], keys: dict[str, int]) -> None:
    lines, taxes = [], []
    for request, value in issued:
        key = keys[value.number]
        for line, line_key in zip(value.lines, request.line_keys, strict=True):
            s = line.subject
            lines.append((
                key, line.line_number, line_key, s.contract_id, s.service_id, s.equipment_id,
                frozen.reference_shown(s)[0], s.product_id, line.period.start, line.period.end, line.net_minor,
                [_plain_decision(asdict(tax)) for tax in line.taxes],
            ))  # fmt: skip
        accounting = value.accounting
        for index, row in enumerate(value.tax_subtotals):
            taxes.append((
                key, index + 1, row.regime, row.code, row.rate, row.jurisdiction, row.exemption_code, row.base_minor,
                row.tax_minor, accounting.currency if accounting else "",
                accounting.tax_minor[index] if accounting else None,
            ))  # fmt: skip
    bulk.insert_rows(DocumentLine, _LINE_FIELDS, lines)
    bulk.insert_rows(DocumentTax, _TAX_FIELDS, taxes)


def _plain_decision(decision: dict[str, object]) -> dict[str, object]:
    return {name: value if isinstance(value, str) else str(value) for name, value in decision.items()}


@transaction.atomic
def seal_chains(*, organisation_key: int, signer: Signer, now: datetime) -> int:
    """Signs the head of every chain of the sales organisation that grew since it was last sealed; how many."""
    count = 0
    rows = NumberSeries.objects.filter(sales_organisation_id=organisation_key).exclude(chain_hash=GENESIS)
    # Locked, or two runs that end in the same moment would both seal one head.
    for series in locks.locked(rows.order_by("pk")):
        last_number = print_number(series.next_counter - 1)
        if ChainSeal.objects.filter(series=series, last_number=last_number).exists():
            continue
        message = chain_seal_message(last_number=last_number, chain_hash=series.chain_hash)
        ChainSeal.objects.create(
            series=series, last_number=last_number, chain_hash=series.chain_hash, signature=signer.sign(message),
            public_key=signer.public_key_text, sealed_at=now,
        )  # fmt: skip
        count += 1
    return count


def chain_seal_message(*, last_number: str, chain_hash: str) -> bytes:
    """What a seal signs."""
    return json.dumps(
        {"chain_hash": chain_hash, "last_number": last_number}, sort_keys=True, separators=(",", ":")
    ).encode()


def record_file(
    *, number: str, format: str, sha256: str, byte_count: int, template_version: str, now: datetime
) -> None:
    """Notes a stored file of a document. May run twice; a second file of the same format is refused by the database."""
    document_key = Document.objects.filter(number=number).values_list("pk", flat=True).get()
    DocumentFile.objects.get_or_create(
        document_id=document_key, format=format,
        defaults={
            "sha256": sha256, "byte_count": byte_count, "template_version": template_version, "stored_at": now,
        },
    )  # fmt: skip
