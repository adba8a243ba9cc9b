"""A document ↔ CSV: one row for each line, or for each open document of a reminder.

UTF-8 without byte order mark, RFC 4180 with commas, a header row, lines end with CR LF. `csv_version` stands first in every row:
the columns of a version and their order never change; a new column makes a new version. Amounts are exact decimals of the
currency with a decimal point, days are ISO 8601, the last day of a period is the last day included. A row stands alone: it
carries the document's identifiers and totals. Over all rows `net` sums to `document_net`, `tax` to `document_tax` and `gross` to
`document_gross`; `open` of a reminder sums to `document_due`.

A text that a spreadsheet would take for a formula gets an apostrophe in front (decision 20); `read_document_csv` takes it off.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rackbill.core.document import Document, DocumentKind, DocumentLine, QuotedPrice, taxes_of_lines
from rackbill.core.money import decimal_from_minor
from rackbill.core.quoting import OFFERS

VERSION = "1"
OFFER_VERSION = "2"
"""Of quotes and order confirmations, whose usage may be offered at several prices."""
HEAD_COLUMNS = (
    "csv_version", "kind", "number", "document_uuid", "issued_on", "due_on", "currency", "sales_organisation_id", "seller",
    "seller_tax_number", "customer_id", "legacy_customer_id", "buyer", "buyer_tax_number", "billing_group_id", "billing_group",
    "document_po_number", "document_cost_centre", "buyer_reference", "project_reference",
)  # fmt: skip
LINE_COLUMNS = (
    "line_number", "contract_id", "service_id", "order_id", "equipment_id", "serial", "reference", "legacy_name", "legacy_id",
    "location", "po_number", "po_line", "cost_centre", "product_id", "product_code", "description", "first_day", "last_day",
    "quantity", "unit", "unit_price", "price_base_quantity", "discount", "discount_reasons", "net", "tax_regimes",
    "tax_jurisdictions", "tax_categories", "tax_rates", "exemption_codes", "tax", "gross", "corrects_number",
    "corrects_issued_on", "corrects_line", "measured_quantity", "measured_unit", "measured_included", "measured_method",
    "measured_samples", "samples_sha256",
)  # fmt: skip
TOTAL_COLUMNS = (
    "document_net", "document_tax", "document_gross", "document_prepaid", "document_due", "accounting_currency",
    "accounting_rate", "accounting_rate_on", "accounting_net", "accounting_tax", "accounting_gross",
)  # fmt: skip
PRICE_COLUMNS = (
    "price_model", "price_tier_ends", "price_tiers", "price_package_size", "price_included", "price_overage", "price_cap",
    "price_minimum",
)  # fmt: skip
"""What usage of an offer costs; tiers in one order in both columns, the last has no end."""
OPEN_COLUMNS = ("open_number", "open_issued_on", "open_due_on", "open_gross", "open")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_NUMBERS = frozenset(
    (
        "document_net", "document_tax", "document_gross", "document_prepaid", "document_due", "accounting_rate",
        "accounting_net", "accounting_tax", "accounting_gross", "quantity", "unit_price", "price_base_quantity", "discount",
        "net", "tax_rates", "tax", "gross", "measured_quantity", "measured_included", "open_gross", "open",
    )
)  # fmt: skip
"""Columns of numbers: a minus there is a sign, not a formula."""


class CsvRefused(ValueError):
    """A file is no CSV of a document; the message says what is wrong with it."""


def columns(kind: DocumentKind) -> tuple[str, ...]:
    """The header row of a kind of document."""
    rows: tuple[str, ...] = OPEN_COLUMNS if kind is DocumentKind.REMINDER else LINE_COLUMNS
    if kind in OFFERS:
        rows += PRICE_COLUMNS
    return HEAD_COLUMNS + rows + TOTAL_COLUMNS


def write_document_csv(document: Document) -> bytes:
    """The CSV of a document of any kind; the same document gives the same bytes."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns(document.kind), lineterminator="\r\n")
    table.writeheader()
    head = _head(document)
    for row in _open_rows(document) if document.kind is DocumentKind.REMINDER else _line_rows(document):
        table.writerow({name: _cell(name, value) for name, value in (head | row).items()})
    return text.getvalue().encode()


def read_document_csv(content: bytes) -> list[dict[str, str]]:
    """The rows by column, texts as they were before they were written. Raises CsvRefused."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    known = {
        columns(DocumentKind.INVOICE): VERSION, columns(DocumentKind.REMINDER): VERSION,
        columns(DocumentKind.QUOTE): OFFER_VERSION,
    }  # fmt: skip
    version = known.get(tuple(rows[0]), "") if rows else ""
    if not version:
        raise CsvRefused(
            f"the header row is not that of version {VERSION}, nor of an offer's version {OFFER_VERSION}; the file was altered "
            "or is of another program"
        )
    header, found = rows[0], []
    for place, cells in enumerate(rows[1:], start=1):
        if len(cells) != len(header) or cells[0] != version:
            raise CsvRefused(f"row {place} is not one of version {version} with {len(header)} columns")
        found.append({name: _text(name, cell) for name, cell in zip(header, cells, strict=True)})
    return found


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula (decision 20)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(name: str, text: str) -> str:
    return text if name in _NUMBERS else guarded(text)


def _text(name: str, cell: str) -> str:
    return cell[1:] if name not in _NUMBERS and cell.startswith("'") else cell


def _plain(value: Decimal) -> str:
    """Without exponent and trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _head(document: Document) -> dict[str, str]:
    to, totals, books = document.bill_to, document.totals, document.accounting

    def money(minor: int) -> str:
        return f"{decimal_from_minor(minor, document.currency):f}"

    def booked(minor: int) -> str:
        return f"{decimal_from_minor(minor, books.currency):f}" if books else ""

    return {
        "csv_version": OFFER_VERSION if document.kind in OFFERS else VERSION, "kind": document.kind.value,
        "number": document.number, "document_uuid": document.document_uuid,
        "issued_on": _day(document.issued_on), "due_on": _day(document.due_on), "currency": document.currency,
        "sales_organisation_id": document.sales_organisation_id, "seller": document.seller.name,
        "seller_tax_number": document.seller.tax_number(), "customer_id": to.customer_id,
        "legacy_customer_id": to.legacy_customer_id, "buyer": document.buyer.name,
        "buyer_tax_number": document.buyer.tax_number(), "billing_group_id": to.billing_group_id,
        "billing_group": to.billing_group_name, "document_po_number": to.po_number, "document_cost_centre": to.cost_centre,
        "buyer_reference": to.buyer_reference, "project_reference": to.project_reference,
        "document_net": money(totals.net_minor), "document_tax": money(totals.tax_minor),
        "document_gross": money(totals.gross_minor), "document_prepaid": money(totals.prepaid_minor),
        "document_due": money(totals.due_minor), "accounting_currency": books.currency if books else "",
        "accounting_rate": _plain(books.rate) if books else "", "accounting_rate_on": _day(books.rate_on) if books else "",
        "accounting_net": booked(books.net_minor if books else 0),
        "accounting_tax": booked(sum(books.tax_minor) if books else 0),
        "accounting_gross": booked(books.gross_minor if books else 0),
    }  # fmt: skip


def _line_rows(document: Document) -> Iterator[dict[str, str]]:
    for line, parts in zip(document.lines, taxes_of_lines(document), strict=True):
        row = _subject(line) | _figures(document, line, sum(parts)) | _causes(line)
        yield row | _prices(line.quoted_price) if document.kind in OFFERS else row


def _subject(line: DocumentLine) -> dict[str, str]:
    subject: Any = line.subject
    names = LINE_COLUMNS[1:16]
    return {
        "line_number": str(line.line_number), **{name: getattr(subject, name) for name in names},
        "first_day": _day(line.period.start), "last_day": _day(line.period.end - timedelta(days=1)),
    }  # fmt: skip


def _figures(document: Document, line: DocumentLine, tax_minor: int) -> dict[str, str]:
    def money(minor: int) -> str:
        return f"{decimal_from_minor(minor, document.currency):f}"

    def joined(values: Iterator[str]) -> str:
        """Of several taxes, in the same order in each column."""
        return ";".join(values)

    return {
        "quantity": _plain(line.quantity), "unit": line.unit, "unit_price": _plain(line.unit_price),
        "price_base_quantity": _plain(line.price_base_quantity),
        "discount": money(sum(allowance.amount_minor for allowance in line.allowances)),
        "discount_reasons": joined(allowance.reason for allowance in line.allowances if allowance.amount_minor),
        "net": money(line.net_minor), "tax_regimes": joined(tax.regime for tax in line.taxes),
        "tax_jurisdictions": joined(tax.jurisdiction for tax in line.taxes),
        "tax_categories": joined(tax.code for tax in line.taxes),
        "tax_rates": joined(_plain(tax.rate) for tax in line.taxes),
        "exemption_codes": joined(tax.exemption_code for tax in line.taxes), "tax": money(tax_minor),
        "gross": money(line.net_minor + tax_minor),
    }  # fmt: skip


def _causes(line: DocumentLine) -> dict[str, str]:
    """What a line corrects and what was measured under it."""
    back, use = line.corrects, line.measured
    return {
        "corrects_number": back.number if back else "", "corrects_issued_on": _day(back.issued_on) if back else "",
        "corrects_line": str(back.line_number) if back and back.line_number else "",
        "measured_quantity": _plain(use.quantity) if use else "", "measured_unit": use.unit if use else "",
        "measured_included": _plain(use.included) if use else "", "measured_method": use.method if use else "",
        "measured_samples": str(use.sample_count) if use else "", "samples_sha256": use.samples_sha256 if use else "",
    }  # fmt: skip


def _prices(price: QuotedPrice | None) -> dict[str, str]:
    """What usage is offered at; nothing for a position that its unit price says all of."""

    def number(value: Decimal | None) -> str:
        return "" if value is None else _plain(value)

    if price is None:
        return dict.fromkeys(PRICE_COLUMNS, "")
    return {
        "price_model": price.model, "price_tier_ends": ";".join(number(tier.up_to) for tier in price.tiers),
        "price_tiers": ";".join(number(tier.price) for tier in price.tiers), "price_package_size": number(price.package_size),
        "price_included": number(price.included), "price_overage": number(price.overage_price), "price_cap": number(price.cap),
        "price_minimum": number(price.minimum),
    }  # fmt: skip


def _open_rows(document: Document) -> Iterator[dict[str, str]]:
    for item in document.reminded.items if document.reminded else ():
        yield {
            "open_number": item.number, "open_issued_on": _day(item.issued_on), "open_due_on": _day(item.due_on),
            "open_gross": f"{decimal_from_minor(item.gross_minor, document.currency):f}",
            "open": f"{decimal_from_minor(item.open_minor, document.currency):f}",
        }  # fmt: skip
