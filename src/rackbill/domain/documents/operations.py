"""Issuing: number + freeze + store in one act. Only this module gives numbers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from django.db import transaction

from rackbill.core import document as frozen
from rackbill.core.document_chain import GENESIS, chain_seal_message, next_chain_hash
from rackbill.core.document_numbers import DIGITS, print_number
from rackbill.domain.documents import policy
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
from rackbill.domain.kit.fields import millionths
from rackbill.domain.kit.secrets import Signer

NAMESPACE = uuid.UUID("6f6b4f0e-6f0a-5d3c-9a53-2f0c8d1f9a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """A draft to be issued: its canonical form, whose it is, and the contract line behind each of its lines (None in an offer).

    `checked_sha256`: the hash of the form that `frozen.check_canonical` passed; it is checked here unless this is its hash.
    `remaining`: what is left after a credit note of each document that it corrects.
    """

    canonical: str
    customer_key: int
    group_key: int
    line_keys: Sequence[int | None]
    checked_sha256: str = ""
    remaining: Sequence[frozen.Remaining] = ()


class _Subject(msgspec.Struct):
    contract_id: str = ""
    service_id: str = ""
    equipment_id: str = ""
    reference: str = ""
    legacy_name: str = ""
    product_id: str = ""


class _Line(msgspec.Struct):
    line_number: int
    period: tuple[str, str]
    net_minor: int
    subject: _Subject
    taxes: msgspec.Raw


class _Subtotal(msgspec.Struct):
    rate: str
    base_minor: int
    tax_minor: int
    regime: str = ""
    code: str = ""
    jurisdiction: str = ""
    exemption_code: str = ""


class _Totals(msgspec.Struct):
    net_minor: int
    tax_minor: int
    gross_minor: int
    due_minor: int


class _Accounting(msgspec.Struct):
    currency: str
    tax_minor: tuple[int, ...] = ()


class _Form(msgspec.Struct):
    """What the rows of a document need of its canonical form; all else is skipped without making values of it."""

    kind: str
    issued_on: str
    due_on: str
    currency: str
    totals: _Totals
    lines: tuple[_Line, ...] = ()
    tax_subtotals: tuple[_Subtotal, ...] = ()
    accounting: _Accounting | None = None


class _Day(msgspec.Struct):
    issued_on: str


_DECODER, _DAY = msgspec.json.Decoder(_Form), msgspec.json.Decoder(_Day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What was issued; days are ISO texts, `due_minor` is what is to be paid, in minor units."""

    key: int
    number: str
    kind: str
    currency: str
    issued_on: str
    due_on: str
    due_minor: int
    customer_key: int
    group_key: int


@transaction.atomic
def create_series(
    *, organisation_key: int, kind: str, range_start: int, range_end: int, valid_from: date | None = None, is_early: bool = False
) -> None:  # fmt: skip
    """A number series of one kind of document with a range of its own, or a further range.

    With a new `valid_from` it takes over the documents of that day and later. With that of an existing series (none for the
    first) it goes on where its last range ends: once nine tenths of that are used, or before with `is_early`, as a run may need
    more numbers than are left. Raises SeriesRefused for a range or day that does not fit, and for a kind that is none.
    """
    if kind not in set(frozen.DocumentKind):
        raise SeriesRefused(f"{kind!r} is no kind of document; the kinds are {', '.join(frozen.DocumentKind)}")
    if len(str(range_start)) != DIGITS or len(str(range_end)) != DIGITS or range_start > range_end:
        raise SeriesRefused(f"range {range_start}-{range_end} must rise and have {DIGITS} digits throughout")
    # Locked, so that nothing is issued between the look at the last day and the new series.
    own = _locked_ranges(organisation_key, kind)
    if any((row.range_start, row.range_end, row.valid_from) == (range_start, range_end, valid_from) for row in own):
        return
    before = [row for row in own if row.valid_from == valid_from]
    if before:
        last = before[-1]
        used, size = last.next_counter - last.range_start, last.range_end - last.range_start + 1
        policy.check_further_range(
            last=str(last), highest=last.range_end, range_start=range_start,
            is_due=is_early or policy.is_nearly_used_up(used=used, size=size),
        )  # fmt: skip
    elif own:
        policy.check_later_series(
            kind=kind, valid_from=valid_from, range_start=range_start, highest=max(row.range_end for row in own),
            starts=[row.valid_from for row in own], issued_on=[row.last_issued_on for row in own],
        )  # fmt: skip
    elif valid_from is not None:
        raise SeriesRefused(f"the first {kind} series is for every day until a later one; leave --from out")
    other = NumberSeries.objects.filter(range_start__lte=range_end, range_end__gte=range_start).first()
    if other is not None:
        raise SeriesRefused(
            f"range {range_start}-{range_end} overlaps that of another series ({other}); choose a free one"
        )
    NumberSeries.objects.create(
        sales_organisation_id=organisation_key, kind=kind, valid_from=valid_from, range_start=range_start,
        range_end=range_end, next_counter=range_start, chain_hash=GENESIS,
    )  # fmt: skip


def _locked_ranges(organisation_key: int, kind: str) -> list[NumberSeries]:
    """All ranges of a kind in their order, locked; also those that another transaction adds while this one waits."""
    rows = NumberSeries.objects.filter(sales_organisation_id=organisation_key, kind=kind).order_by("range_start")
    list(locks.locked(rows).values_list("pk"))
    return list(locks.locked(rows))


def issue_documents(
    *, organisation_key: int, kind: str, requests: Sequence[IssueRequest], run_id: str, now: datetime
) -> list[Issued]:
    """Issues the drafts of one kind in the order given; call inside the caller's transaction.

    The series is that of each document's day; where a range ends its next one goes on. Locks all series of the kind until that
    transaction ends. Raises SeriesRefused, NumbersExhausted, core InvalidDocument.
    """
    if not requests:
        return []
    ranges = _locked_ranges(organisation_key, kind)
    if not ranges:
        raise SeriesRefused(
            f"the sales organisation has no open number series for {kind}; create one with `rackbill series add`"
        )
    parts = _by_series(ranges, requests)
    _check_left(ranges, parts)
    issued: list[Issued] = []
    for valid_from, own in parts:
        done = 0
        for series in ranges:
            if series.valid_from == valid_from:
                part = own[done : done + series.range_end - series.next_counter + 1]
                if part:
                    issued += _issue_in(series, part, run_id, now)
                    done += len(part)
    return issued


def _by_series(
    ranges: Sequence[NumberSeries], requests: Sequence[IssueRequest]
) -> list[tuple[date | None, Sequence[IssueRequest]]]:
    """The drafts in their order, in stretches of one series each, with the day from which that is valid."""
    starts = {row.valid_from for row in ranges}
    if starts == {None}:
        return [(None, requests)]

    def valid_from(request: IssueRequest) -> date | None:
        return policy.series_of_day(starts=starts, day=date.fromisoformat(_DAY.decode(request.canonical).issued_on))

    return [(start, tuple(own)) for start, own in groupby(requests, key=valid_from)]


def _check_left(ranges: Sequence[NumberSeries], parts: Sequence[tuple[date | None, Sequence[IssueRequest]]]) -> None:
    """Raises NumbersExhausted before any number is given."""
    for valid_from in dict.fromkeys(start for start, _own in parts):
        wanted = sum(len(own) for start, own in parts if start == valid_from)
        found = [row for row in ranges if row.valid_from == valid_from]
        if sum(row.range_end - row.next_counter + 1 for row in found) < wanted:
            days = f" --from {valid_from}" if valid_from is not None else ""
            raise NumbersExhausted(
                f"series {found[-1]} has too few numbers left for {wanted} documents; add a further range with "
                f"`rackbill series add{days}` (with --early while less than nine tenths of it are used)"
            )


def _issue_in(series: NumberSeries, requests: Sequence[IssueRequest], run_id: str, now: datetime) -> list[Issued]:
    """Issues drafts in one range that has numbers enough for them; it is locked."""
    issued: list[Issued] = []
    documents: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    taxes: list[tuple[Any, ...]] = []
    counter, chain = series.next_counter, series.chain_hash
    latest = series.last_issued_on.isoformat() if series.last_issued_on else ""
    keys = bulk.reserve_keys(Document, len(requests))
    issued_at = bulk.plain_instant(now)
    for key, request in zip(keys, requests, strict=True):
        draft = request.canonical.encode()
        if frozen.document_hash(draft) != request.checked_sha256:
            frozen.check_canonical(draft, is_draft=True)
        form = _DECODER.decode(draft)
        if form.issued_on < latest:
            raise SeriesRefused(f"dates never fall within a series: {series} stands at {latest}")
        latest = form.issued_on
        number = print_number(counter)
        canonical = _numbered(request, number, form.kind)
        sha256 = frozen.document_hash(canonical.encode())
        chain = next_chain_hash(previous=chain, sha256=sha256)
        totals = form.totals
        documents.append((
            key, number, series.pk, series.sales_organisation_id, request.customer_key, request.group_key, form.kind,
            latest, form.due_on, form.currency, totals.net_minor, totals.tax_minor, totals.gross_minor,
            canonical, sha256, chain, run_id, issued_at,
        ))  # fmt: skip
        _add_lines(lines, key, form.lines, request.line_keys)
        _add_taxes(taxes, key, form)
        issued.append(
            Issued(
                key=key, number=number, kind=form.kind, currency=form.currency, issued_on=latest, due_on=form.due_on,
                due_minor=totals.due_minor, customer_key=request.customer_key, group_key=request.group_key,
            )
        )  # fmt: skip
        counter += 1
    series.next_counter, series.chain_hash, series.last_issued_on = counter, chain, date.fromisoformat(latest)
    series.save(update_fields=["next_counter", "chain_hash", "last_issued_on"])
    bulk.insert_plain_rows(Document, _DOCUMENT_FIELDS, documents)
    bulk.insert_plain_rows(DocumentLine, _LINE_FIELDS, lines)
    bulk.insert_plain_rows(DocumentTax, _TAX_FIELDS, taxes)
    return issued


def _numbered(request: IssueRequest, number: str, kind: str) -> str:
    """The canonical form with its number. What is left of others was not there when the draft was checked: it is now.

    Raises core InvalidDocument.
    """
    canonical = frozen.numbered_canonical(
        request.canonical, number=number, document_uuid=str(uuid.uuid5(NAMESPACE, number)), remaining=request.remaining
    )
    if kind == "credit_note" and not frozen.check_canonical(canonical).get("remaining"):
        raise frozen.InvalidDocument(
            "a credit note says what is left of each document it corrects; issue it through billing, which knows"
        )
    return canonical


@transaction.atomic
def issue_once(*, organisation_key: int, kind: str, request: IssueRequest, now: datetime) -> tuple[Issued, bool]:
    """One document that no run makes, and whether it is new: the same draft for the same customer is issued once.

    Raises what `issue_documents` raises.
    """
    # The series is the lock: whoever comes second sees what the first one issued.
    _locked_ranges(organisation_key, kind)
    day = frozen.check_canonical(request.canonical, is_draft=True)["issued_on"]
    for row in Document.objects.filter(customer_id=request.customer_key, kind=kind, issued_on=day).order_by("number"):
        uuid_text = str(uuid.uuid5(NAMESPACE, row.number))
        if row.canonical == frozen.numbered_canonical(request.canonical, number=row.number, document_uuid=uuid_text):
            due_minor = frozen.document_from_canonical(row.canonical.encode()).totals.due_minor
            known = Issued(
                key=row.pk, number=row.number, kind=kind, currency=row.currency, issued_on=day,
                due_on=row.due_on.isoformat(), due_minor=due_minor, customer_key=row.customer_id,
                group_key=row.billing_group_id,
            )  # fmt: skip
            return known, False
    (issued,) = issue_documents(organisation_key=organisation_key, kind=kind, requests=[request], run_id="", now=now)
    return issued, True


_DOCUMENT_FIELDS = (
    "id", "number", "series", "sales_organisation", "customer", "billing_group", "kind", "issued_on", "due_on", "currency",
    "net_minor", "tax_minor", "gross_minor", "canonical", "sha256", "chain_hash", "run_id", "issued_at",
)  # fmt: skip
_LINE_FIELDS = (
    "document", "line_number", "contract_line", "contract_id", "service_id", "equipment_id", "reference_shown",
    "product_id", "period_start", "period_end", "net_minor", "taxes",
)  # fmt: skip
_TAX_FIELDS = (
    "document", "row_number", "regime", "code", "rate", "jurisdiction", "exemption_code", "base_minor", "tax_minor",
    "accounting_currency", "accounting_tax_minor",
)  # fmt: skip


def _add_lines(rows: list[tuple[Any, ...]], key: int, lines: Sequence[_Line], line_keys: Sequence[int | None]) -> None:
    for line, line_key in zip(lines, line_keys, strict=True):
        s = line.subject
        shown, _origin = frozen.first_name(s.reference, s.legacy_name, s.equipment_id)
        rows.append((
            key, line.line_number, line_key, s.contract_id, s.service_id, s.equipment_id, shown, s.product_id, *line.period,
            line.net_minor, bytes(line.taxes).decode(),
        ))  # fmt: skip


def _add_taxes(rows: list[tuple[Any, ...]], key: int, form: _Form) -> None:
    accounting = form.accounting
    for place, row in enumerate(form.tax_subtotals):
        rows.append((
            key, place + 1, row.regime, row.code, millionths(Decimal(row.rate)), row.jurisdiction, row.exemption_code,
            row.base_minor, row.tax_minor, accounting.currency if accounting else "",
            accounting.tax_minor[place] if accounting else None,
        ))  # fmt: skip


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
