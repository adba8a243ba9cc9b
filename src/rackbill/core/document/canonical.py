"""The canonical form of a document: JSON after RFC 8785, keys sorted, amounts as integers, other numbers as text.

Drafts of a bill run are written as text from parts that many documents share; `canonical_bytes` of the value gives the same.
"""

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rackbill.core.charges import Allowance
from rackbill.core.document.values import (
    SCHEMA,
    AccountingTotals,
    BillTo,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentReference,
    InvalidDocument,
    LineSubject,
    PaymentInstructions,
    Totals,
)
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision, TaxSubtotal

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


def canonical_text(value: Any) -> str:
    """The canonical form of a document or of any part of it."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_bytes(document: Document) -> bytes:
    """The stored truth: canonical JSON (RFC 8785), UTF-8."""
    return canonical_text(document).encode()


def numbered_canonical(canonical: str, *, number: str, document_uuid: str) -> str:
    """The canonical form of a draft with its number. Quotes within texts are escaped, so the two places are unique."""
    text = canonical.replace(',"number":"","payment":{', f',"number":"{number}","payment":{{', 1)
    return text.replace(',"document_uuid":"","due_on":', f',"document_uuid":"{document_uuid}","due_on":', 1)


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


def decisions_from_plain(rows: list[dict[str, Any]]) -> tuple[TaxDecision, ...]:
    """The tax decisions of a line from its canonical form read as JSON."""
    return tuple(map(_decision, rows))


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
