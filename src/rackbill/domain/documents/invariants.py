"""What must always hold over issued documents; yields violations, mends nothing.

What the database can compare by itself it compares in one statement; the frozen forms are read once, some at a time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, F, Max, Min, QuerySet, Window
from django.db.models.functions import Cast, Lag

from rackbill.core import document as frozen
from rackbill.core.document_chain import GENESIS, chain_seal_message, next_chain_hash
from rackbill.core.document_numbers import print_number
from rackbill.domain.documents import policy
from rackbill.domain.documents.models import ChainSeal, Document, DocumentLine, DocumentTax, NumberSeries
from rackbill.domain.kit.scope import Scope, WholeInstallation
from rackbill.domain.kit.secrets import is_signed

CHECKS = ("number_gaps", "dates", "series", "hashes", "chain", "frozen_forms", "document_rows", "seals")
CHUNK = 500
Seen = Callable[[str, int], None]
"""Told how many things a check has looked at."""


def violations() -> Iterator[str]:
    """One sentence for each."""
    for _check, sentence in checks(scope=WholeInstallation(), since=None, seen=lambda _check, _count: None):
        yield sentence


def checks(*, scope: Scope, since: date | None, seen: Seen) -> Iterator[tuple[str, str]]:
    """(check, sentence) of each violation among the documents of a scope, issued on a day or later."""
    for series in scope.limit(NumberSeries.objects.order_by("range_start"), organisation="sales_organisation"):
        rows = Document.objects.filter(series=series)
        if since is not None:
            rows = rows.filter(issued_on__gte=since)
        yield from _order(series, rows, seen)
        yield from _days(series)
        yield from _head(series, seen)
        yield from _forms(series, rows, seen)
        yield from _seals(series, seen)


def checked_count(*, scope: Scope | None = None, since: date | None = None) -> int:
    """How many documents there are to check."""
    rows = (
        Document.objects.all()
        if scope is None
        else scope.limit(Document.objects.all(), organisation="sales_organisation")
    )
    return (rows if since is None else rows.filter(issued_on__gte=since)).count()


def _order(series: NumberSeries, rows: QuerySet[Document], seen: Seen) -> Iterator[tuple[str, str]]:
    """Numbers rise by one and dates never fall."""
    counter = Cast("number", BigIntegerField())
    placed = rows.annotate(
        counter=counter,
        before=Window(Lag(counter), order_by=F("number").asc()),
        day_before=Window(Lag("issued_on"), order_by=F("number").asc()),
    )
    count = rows.count()
    seen("number_gaps", count)
    seen("dates", count)
    gaps = placed.exclude(before=None).exclude(counter=F("before") + 1).order_by("number")
    for number, before in gaps.values_list("number", "before").iterator(chunk_size=CHUNK):
        yield "number_gaps", f"{series}: number {print_number(before + 1)} is missing; {number} follows"
    first = Document.objects.filter(series=series).order_by("number").values_list("number", flat=True).first()
    if first is not None and int(first) != series.range_start:
        yield "number_gaps", f"{series}: number {print_number(series.range_start)} is missing; {first} is the first"
    falls = placed.filter(issued_on__lt=F("day_before")).order_by("number")
    for number, day, day_before in falls.values_list("number", "issued_on", "day_before").iterator(chunk_size=CHUNK):
        yield "dates", f"document {number} is dated {day}, before its predecessor ({day_before})"


def _days(series: NumberSeries) -> Iterator[tuple[str, str]]:
    """Each document is numbered in the series of its day."""
    others = NumberSeries.objects.filter(sales_organisation_id=series.sales_organisation_id, kind=series.kind)
    starts = set(others.values_list("valid_from", flat=True))
    if starts == {None}:
        return
    days = Document.objects.filter(series=series).aggregate(first=Min("issued_on"), last=Max("issued_on"))
    for day in sorted({days["first"], days["last"]} - {None}):
        if policy.series_of_day(starts=starts, day=day) != series.valid_from:
            yield "dates", f"{series}: numbers a document of {day}, which is a day of another series"


def _head(series: NumberSeries, seen: Seen) -> Iterator[tuple[str, str]]:
    """The series stands where its last document ended."""
    seen("series", 1)
    last = Document.objects.filter(series=series).order_by("-number").first()
    following = int(last.number) + 1 if last is not None else series.range_start
    if following != series.next_counter:
        yield "series", f"{series}: stands at {series.next_counter}, but the next free number is {following}"
    if (last.chain_hash if last is not None else GENESIS) != series.chain_hash:
        yield "series", f"{series}: the chain head is not that of its last document"
    latest = Document.objects.filter(series=series).aggregate(day=Max("issued_on"))["day"]
    if latest != series.last_issued_on:
        yield "series", f"{series}: says its last document is of {series.last_issued_on}; it is of {latest}"


def _forms(series: NumberSeries, rows: QuerySet[Document], seen: Seen) -> Iterator[tuple[str, str]]:
    """Hash and chain of each frozen form, its own invariants, and that all rows beside it say the same."""
    chain: str | None = None
    chunk: list[Document] = []
    for row in rows.order_by("number").iterator(chunk_size=CHUNK):
        if chain is None:
            before = Document.objects.filter(series=series, number__lt=row.number).order_by("-number").first()
            chain = before.chain_hash if before is not None else GENESIS
        if frozen.document_hash(row.canonical.encode()) != row.sha256:
            yield "hashes", f"document {row.number}: the stored form does not have the stored hash"
        chain = next_chain_hash(previous=chain, sha256=row.sha256)
        if chain != row.chain_hash:
            yield "chain", f"document {row.number}: the hash chain is broken here"
            chain = row.chain_hash
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _chunk(chunk, seen)
            chunk = []
    yield from _chunk(chunk, seen)


def _chunk(chunk: Sequence[Document], seen: Seen) -> Iterator[tuple[str, str]]:
    lines = _rows_of(DocumentLine, chunk, "line_number", _LINE)
    taxes = _rows_of(DocumentTax, chunk, "row_number", _TAX)
    for row in chunk:
        try:
            value = frozen.document_from_canonical(row.canonical.encode())
            frozen.check(value)
        except (ValueError, KeyError, TypeError) as fault:
            yield "frozen_forms", f"document {row.number}: {fault}"
            continue
        yield from (("frozen_forms", sentence) for sentence in _column_violations(row, value))
        if lines[row.pk] != _expected_lines(value):
            yield "document_rows", f"document {row.number}: line rows are not those of the frozen form"
        if taxes[row.pk] != _expected_taxes(value):
            yield "document_rows", f"document {row.number}: tax rows are not those of the frozen form"
    for check in ("hashes", "chain", "frozen_forms", "document_rows"):
        seen(check, len(chunk))


def _column_violations(row: Document, value: frozen.Document) -> Iterator[str]:
    totals = value.totals
    if (totals.net_minor, totals.tax_minor, totals.gross_minor) != (row.net_minor, row.tax_minor, row.gross_minor):
        yield f"document {row.number}: columns and frozen form differ in the totals"
    columns = (row.number, row.kind, row.issued_on, row.due_on, row.currency)
    if (value.number, value.kind.value, value.issued_on, value.due_on, value.currency) != columns:
        yield f"document {row.number}: columns and frozen form differ in number, kind, date or currency"


_LINE = ("line_number", "service_id", "contract_id", "equipment_id", "period_start", "period_end", "net_minor")
_TAX = ("row_number", "code", "rate", "jurisdiction", "base_minor", "tax_minor")


def _rows_of(
    model: Any, chunk: Sequence[Document], order: str, columns: tuple[str, ...]
) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    rows = model.objects.filter(document_id__in=[row.pk for row in chunk]).order_by("document_id", order)
    for key, *values in rows.values_list("document_id", *columns):
        found[key].append(tuple(values))
    return found


def _expected_lines(value: frozen.Document) -> list[tuple[Any, ...]]:
    return [
        (
            line.line_number, line.subject.service_id, line.subject.contract_id, line.subject.equipment_id,
            line.period.start, line.period.end, line.net_minor,
        )
        for line in value.lines
    ]  # fmt: skip


def _expected_taxes(value: frozen.Document) -> list[tuple[Any, ...]]:
    return [
        (place, row.code, row.rate, row.jurisdiction, row.base_minor, row.tax_minor)
        for place, row in enumerate(value.tax_subtotals, start=1)
    ]


def _seals(series: NumberSeries, seen: Seen) -> Iterator[tuple[str, str]]:
    for seal in ChainSeal.objects.filter(series=series).order_by("last_number"):
        seen("seals", 1)
        message = chain_seal_message(last_number=seal.last_number, chain_hash=seal.chain_hash)
        if not is_signed(message, seal.signature, seal.public_key):
            yield "seals", f"{series}: the seal up to {seal.last_number} has a wrong signature"
        stored = Document.objects.filter(number=seal.last_number).values_list("chain_hash", flat=True).first()
        if stored != seal.chain_hash:
            yield "seals", f"{series}: the chain up to {seal.last_number} is not the one that was sealed"
