"""The frozen document: one value from which every form (PDF, HTML, XML, CSV, JSON, mail) is made.

Its canonical form is JSON after RFC 8785: keys sorted, amounts as integers of minor units, other numbers as text.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rackbill.core.charges import Allowance
from rackbill.core.document_numbers import parse_number
from rackbill.core.id_shapes import is_blank
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision, TaxSubtotal, tax_breakdown

SCHEMA = 1


class DocumentKind(StrEnum):
    """The six kinds of document."""

    QUOTE = "quote"
    ORDER_CONFIRMATION = "order_confirmation"
    PRO_FORMA = "pro_forma"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    REMINDER = "reminder"


class InvalidDocument(ValueError):
    """A document breaks one of its invariants; the message names which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReference:
    """A document, or one line of it, that this one corrects (BT-25, BT-26)."""

    number: str
    issued_on: date
    line_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSubject:
    """What a line is about, as printed.

    `reference` is the customer's own text, `legacy_name` the old system's server name, shown where it is blank (N6);
    `equipment_id` is BT-128, `reference` BT-156, `product_code` BT-155, `cost_centre` BT-133.
    """

    contract_id: str
    service_id: str
    product_id: str
    product_code: str
    description: str
    equipment_id: str = ""
    reference: str = ""
    legacy_name: str = ""
    legacy_id: str = ""
    location: str = ""
    order_id: str = ""
    po_number: str = ""
    cost_centre: str = ""


class ReferenceOrigin(StrEnum):
    """Where the text in a document's Reference column comes from."""

    REFERENCE = "reference"
    LEGACY_NAME = "legacy_name"
    EQUIPMENT_ID = "equipment_id"
    NOTHING = "nothing"


def reference_shown(subject: LineSubject) -> tuple[str, ReferenceOrigin]:
    """The Reference column of every document form: the customer's reference, else the legacy server name (N6, I8),

    else the Equipment ID; an empty text for a thing that has none of them. Blank means empty after trimming.
    """
    if not is_blank(subject.reference):
        return subject.reference.strip(), ReferenceOrigin.REFERENCE
    if not is_blank(subject.legacy_name):
        return subject.legacy_name.strip(), ReferenceOrigin.LEGACY_NAME
    if not is_blank(subject.equipment_id):
        return subject.equipment_id, ReferenceOrigin.EQUIPMENT_ID
    return "", ReferenceOrigin.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One charged thing and period. net = quantity x unit price / base quantity - allowances (BT-131)."""

    line_number: int
    subject: LineSubject
    period: Period
    quantity: Decimal
    unit: str
    unit_price: Decimal
    price_base_quantity: Decimal
    net_minor: int
    taxes: tuple[TaxDecision, ...]
    allowances: tuple[Allowance, ...] = ()
    corrects: DocumentReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums in minor units of the document's currency (BT-109, BT-110, BT-112, BT-113, BT-115)."""

    net_minor: int
    tax_minor: int
    gross_minor: int
    prepaid_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingTotals:
    """The same totals in the seller's accounting currency (BT-6, BT-111), with the rate that was used.

    `rate` is accounting units for one unit of the document's currency; `tax_minor` follows the order of the breakdown.
    """

    currency: str
    rate: Decimal
    rate_on: date
    rate_source: str
    net_minor: int
    gross_minor: int
    tax_minor: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTo:
    """What of a customer this document is for: customer ID (BT-46), billing group and the buyer's own references."""

    customer_id: str
    legacy_customer_id: str
    billing_group_id: str
    billing_group_name: str = ""
    po_number: str = ""
    cost_centre: str = ""
    buyer_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstructions:
    """How to pay (BG-16): account, terms in words, mandate of a direct debit."""

    account: BankAccount | None
    payment_days: int
    mandate_reference: str = ""
    creditor_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document. Drafts have no number; everything else is as it will be printed. Amounts of credit notes are positive."""

    kind: DocumentKind
    sales_organisation_id: str
    issued_on: date
    due_on: date
    currency: str
    language: str
    seller: Party
    buyer: Party
    bill_to: BillTo
    payment: PaymentInstructions
    lines: tuple[DocumentLine, ...]
    tax_subtotals: tuple[TaxSubtotal, ...]
    totals: Totals
    number: str = ""
    accounting: AccountingTotals | None = None
    corrects: tuple[DocumentReference, ...] = ()
    notes: tuple[str, ...] = ()
    document_uuid: str = ""
    schema: int = SCHEMA

    @property
    def period(self) -> Period:
        """From the first day to the last of all lines (BT-73, BT-74)."""
        return Period(min(line.period.start for line in self.lines), max(line.period.end for line in self.lines))


# --- canonical form --------------------------------------------------------------------------------------------------------


_NAMES: dict[type, tuple[str, ...]] = {}


def _field_names(value: Any) -> tuple[str, ...]:
    kind = type(value)
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Period):
        return [value.start.isoformat(), value.end.isoformat()]
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _field_names(value)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _decimal_text(value: Decimal) -> str:
    """Without exponent and trailing zeros, so that equal numbers are equal texts."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_bytes(document: Document) -> bytes:
    """The stored truth: canonical JSON (RFC 8785), UTF-8."""
    return json.dumps(_plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def document_hash(canonical: bytes) -> str:
    """SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(canonical).hexdigest()


def document_from_canonical(canonical: bytes) -> Document:
    """The value back from its canonical form. Raises InvalidDocument for a schema it does not know."""
    data = json.loads(canonical)
    if data.get("schema") != SCHEMA:
        raise InvalidDocument(
            f"document schema {data.get('schema')!r} is not known; this version reads schema {SCHEMA}"
        )
    return _document(data)


def _period(pair: list[str]) -> Period:
    return Period(date.fromisoformat(pair[0]), date.fromisoformat(pair[1]))


def _reference(data: dict[str, Any] | None) -> DocumentReference | None:
    if data is None:
        return None
    return DocumentReference(**{**data, "issued_on": date.fromisoformat(data["issued_on"])})


def _references(rows: list[dict[str, Any]]) -> tuple[DocumentReference, ...]:
    return tuple(reference for row in rows if (reference := _reference(row)) is not None)


def _party(data: dict[str, Any]) -> Party:
    registrations = tuple(TaxRegistration(**row) for row in data["tax_registrations"])
    return Party(**{**data, "address": PostalAddress(**data["address"]), "tax_registrations": registrations})


def _decision(data: dict[str, Any]) -> TaxDecision:
    return TaxDecision(**{**data, "rate": Decimal(data["rate"]), "base_rate": Decimal(data["base_rate"])})


def _line(data: dict[str, Any]) -> DocumentLine:
    return DocumentLine(
        **{
            **data,
            "subject": LineSubject(**data["subject"]),
            "period": _period(data["period"]),
            "quantity": Decimal(data["quantity"]),
            "unit_price": Decimal(data["unit_price"]),
            "price_base_quantity": Decimal(data["price_base_quantity"]),
            "taxes": tuple(map(_decision, data["taxes"])),
            "allowances": tuple(Allowance(**row) for row in data["allowances"]),
            "corrects": _reference(data["corrects"]),
        }
    )


def _document(data: dict[str, Any]) -> Document:
    accounting = data["accounting"]
    payment = data["payment"]
    account = payment["account"]
    return Document(
        **{
            **data,
            "kind": DocumentKind(data["kind"]),
            "issued_on": date.fromisoformat(data["issued_on"]),
            "due_on": date.fromisoformat(data["due_on"]),
            "seller": _party(data["seller"]),
            "buyer": _party(data["buyer"]),
            "bill_to": BillTo(**data["bill_to"]),
            "payment": PaymentInstructions(**{**payment, "account": BankAccount(**account) if account else None}),
            "lines": tuple(map(_line, data["lines"])),
            "tax_subtotals": tuple(
                TaxSubtotal(**{**row, "rate": Decimal(row["rate"])}) for row in data["tax_subtotals"]
            ),
            "totals": Totals(**data["totals"]),
            "accounting": accounting
            and AccountingTotals(
                **{
                    **accounting,
                    "rate": Decimal(accounting["rate"]),
                    "rate_on": date.fromisoformat(accounting["rate_on"]),
                    "tax_minor": tuple(accounting["tax_minor"]),
                }
            ),
            "corrects": _references(data["corrects"]),
            "notes": tuple(data["notes"]),
        }
    )


def numbered(draft: Document, *, number: str, document_uuid: str) -> Document:
    """The draft with its number."""
    return replace(draft, number=number, document_uuid=document_uuid)


# --- invariants ------------------------------------------------------------------------------------------------------------


def check(document: Document, *, is_draft: bool = False) -> None:
    """Raises InvalidDocument naming every broken invariant; run before issue and again on what is read back."""
    problems = list(_problems(document, is_draft))
    if problems:
        raise InvalidDocument(f"{document.kind.value} {document.number or '(draft)'}: " + "; ".join(problems))


def _problems(document: Document, is_draft: bool) -> Iterator[str]:
    if not document.lines:
        yield "has no line"
        return
    if is_draft != (document.number == ""):
        yield "a draft has no number, an issued document has one"
    if document.number:
        parse_number(document.number)
    digits = minor_digits(document.currency)
    for expected, line in enumerate(document.lines, start=1):
        if line.line_number != expected:
            yield f"line {line.line_number} stands where line {expected} belongs"
        yield from _line_problems(line, digits)
    yield from _total_problems(document)
    if document.due_on < document.issued_on:
        yield "is due before it is issued"
    if document.kind is DocumentKind.CREDIT_NOTE and not document.corrects:
        yield "a credit note names the document it corrects (BT-25)"
    categories = {tax.code for line in document.lines for tax in line.taxes if tax.regime == "VAT"}
    if "O" in categories and len(categories) > 1:
        yield "category O may not share a document with another (BR-O-11)"
    if "AE" in categories and not (document.buyer.tax_number("VAT") or document.buyer.company_number):
        yield "category AE needs the buyer's tax ID or company number (BR-AE-02); enter it at the customer"


def _line_problems(line: DocumentLine, digits: int) -> Iterator[str]:
    exact = line.quantity * line.unit_price / line.price_base_quantity
    gross = round_half_up(exact.scaleb(digits))
    off = abs(gross - sum(a.amount_minor for a in line.allowances) - line.net_minor)
    # What is taken back is owed minus charged: a cent of rounding may stand between the two.
    if off > (1 if line.corrects else 0):
        yield f"line {line.line_number}: quantity x price - allowances is not its net amount"
    if line.unit_price < 0:
        yield f"line {line.line_number}: the sign is in the quantity, never in the price (BR-27)"
    if not line.taxes:
        yield f"line {line.line_number} has no tax decision"


def _total_problems(document: Document) -> Iterator[str]:
    totals = document.totals
    if sum(line.net_minor for line in document.lines) != totals.net_minor:
        yield "line amounts do not sum to the net total (BR-CO-10)"
    expected = tax_breakdown([(line.net_minor, line.taxes) for line in document.lines])
    # Several credit notes on one invoice sum to its tax; each may differ by one unit from its own base times rate.
    slack = 1 if document.kind is DocumentKind.CREDIT_NOTE else 0
    pairs = zip(expected, document.tax_subtotals, strict=False)
    if len(expected) != len(document.tax_subtotals) or any(
        abs(a.base_minor - b.base_minor) > slack or abs(a.tax_minor - b.tax_minor) > slack for a, b in pairs
    ):
        yield "the tax breakdown is not that of the lines (BR-CO-17)"
    if sum(row.tax_minor for row in document.tax_subtotals) != totals.tax_minor:
        yield "tax subtotals do not sum to the tax total (BR-CO-14)"
    if totals.net_minor + totals.tax_minor != totals.gross_minor:
        yield "net and tax do not sum to the total (BR-CO-15)"
    if totals.gross_minor - totals.prepaid_minor != totals.due_minor:
        yield "the amount due is not total minus prepaid (BR-CO-16)"
    if totals.gross_minor < 0:
        yield "the total is negative; give a credit note"
