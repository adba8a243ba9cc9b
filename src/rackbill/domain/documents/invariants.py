"""What must always hold over issued documents; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.core import document as frozen
from rackbill.core.document_numbers import print_number
from rackbill.domain.documents.models import ChainSeal, Document, DocumentLine, DocumentTax, NumberSeries
from rackbill.domain.documents.operations import GENESIS, chain_seal_message, next_chain_hash
from rackbill.domain.kit.secrets import is_signed


def violations() -> Iterator[str]:
    """Gaps, dates, hashes, chain, seals, totals = lines; one sentence for each."""
    for series in NumberSeries.objects.order_by("range_start"):
        yield from _series_violations(series)
        yield from _seal_violations(series)


def checked_count() -> int:
    """How many documents there are to check."""
    return Document.objects.count()


def _series_violations(series: NumberSeries) -> Iterator[str]:
    counter, chain, latest = series.range_start, GENESIS, None
    for row in Document.objects.filter(series=series).order_by("number").iterator(chunk_size=500):
        expected = print_number(counter)
        if row.number != expected:
            yield f"{series}: number {expected} is missing; {row.number} follows"
            counter = int(row.number)
        counter += 1
        if latest is not None and row.issued_on < latest:
            yield f"document {row.number} is dated {row.issued_on}, before its predecessor ({latest})"
        latest = row.issued_on
        sha256 = frozen.document_hash(row.canonical.encode())
        if sha256 != row.sha256:
            yield f"document {row.number}: the stored form does not have the stored hash"
        chain = next_chain_hash(previous=chain, sha256=row.sha256)
        if chain != row.chain_hash:
            yield f"document {row.number}: the hash chain is broken here"
            chain = row.chain_hash
        yield from _document_violations(row)
    if counter != series.next_counter:
        yield f"{series}: stands at {series.next_counter}, but the next free number is {counter}"
    if chain != series.chain_hash:
        yield f"{series}: the chain head is not that of its last document"


def _document_violations(row: Document) -> Iterator[str]:
    try:
        value = frozen.document_from_canonical(row.canonical.encode())
        frozen.check(value)
    except (ValueError, KeyError, TypeError) as fault:
        yield f"document {row.number}: {fault}"
        return
    totals = value.totals
    if (totals.net_minor, totals.tax_minor, totals.gross_minor) != (row.net_minor, row.tax_minor, row.gross_minor):
        yield f"document {row.number}: columns and frozen form differ in the totals"
    if (value.number, value.issued_on, value.currency) != (row.number, row.issued_on, row.currency):
        yield f"document {row.number}: columns and frozen form differ in number, date or currency"
    lines = list(
        DocumentLine.objects.filter(document=row).order_by("line_number").values_list("line_number", "net_minor")
    )
    if lines != [(line.line_number, line.net_minor) for line in value.lines]:
        yield f"document {row.number}: line rows are not those of the frozen form"
    taxes = list(DocumentTax.objects.filter(document=row).order_by("row_number").values_list("base_minor", "tax_minor"))
    if taxes != [(tax.base_minor, tax.tax_minor) for tax in value.tax_subtotals]:
        yield f"document {row.number}: tax rows are not those of the frozen form"


def _seal_violations(series: NumberSeries) -> Iterator[str]:
    for seal in ChainSeal.objects.filter(series=series).order_by("last_number"):
        message = chain_seal_message(last_number=seal.last_number, chain_hash=seal.chain_hash)
        if not is_signed(message, seal.signature, seal.public_key):
            yield f"{series}: the seal up to {seal.last_number} has a wrong signature"
        stored = Document.objects.filter(number=seal.last_number).values_list("chain_hash", flat=True).first()
        if stored != seal.chain_hash:
            yield f"{series}: the chain up to {seal.last_number} is not the one that was sealed"
