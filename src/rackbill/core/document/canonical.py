"""The canonical form of a document: JSON after RFC 8785, keys sorted, amounts as integers, other numbers as text.

Since schema 2 a member that is null, an empty text or an empty list is left out, but for `number` and `document_uuid`. Schema 1
wrote every member it had; its documents keep their bytes. Drafts of a bill run are written as text from parts that many
documents share; `canonical_bytes` of the value gives the same.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rackbill.core.document.reading import document_from_plain
from rackbill.core.document.values import (
    SCHEMA,
    BillTo,
    Document,
    DocumentLine,
    InvalidDocument,
    LineSubject,
    PaymentInstructions,
    Remaining,
)
from rackbill.core.party import Party
from rackbill.core.periods import Period

_NAMES: dict[type, tuple[str, ...]] = {}
_ALWAYS = frozenset({"number", "document_uuid"})
_SINCE_2: dict[type, frozenset[str]] = {
    Document: frozenset({"texts", "changes", "previous", "details_url", "quoted", "reminded", "remaining"}),
    DocumentLine: frozenset({"measured", "quoted_price"}),
    LineSubject: frozenset({"po_line", "serial"}),
    BillTo: frozenset({"project_reference", "einvoice_profile", "buyer_kind"}),
    PaymentInstructions: frozenset({"paynow_uen", "debited_account"}),
    Party: frozenset({"contact_name", "electronic_address", "company_scheme"}),
}
"""Members that schema 1 did not have."""


def _field_names(value: Any) -> tuple[str, ...]:
    kind = type(value)
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]


def _plain(value: Any, schema: int) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, tuple):
        return [_plain(item, schema) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Period):
        return [value.start.isoformat(), value.end.isoformat()]
    if is_dataclass(value):
        return _members(value, schema)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _members(value: Any, schema: int) -> dict[str, Any]:
    members = {name: _plain(getattr(value, name), schema) for name in _field_names(value)}
    if schema > 1:
        return {name: m for name, m in members.items() if m not in (None, "", []) or name in _ALWAYS}
    later = _SINCE_2.get(type(value), frozenset())
    if added := sorted(name for name in later if members[name] not in (None, "", [])):
        raise InvalidDocument(f"a document of schema 1 has no {', '.join(added)}")
    return {name: member for name, member in members.items() if name not in later}


def _decimal_text(value: Decimal) -> str:
    """Without exponent and trailing zeros, so that equal numbers are equal texts."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_text(value: Any) -> str:
    """The canonical form of a document, in its own schema, or of any part of one in today's."""
    plain = _plain(value, value.schema if isinstance(value, Document) else SCHEMA)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_bytes(document: Document) -> bytes:
    """The stored truth: canonical JSON (RFC 8785), UTF-8."""
    return canonical_text(document).encode()


def numbered_canonical(canonical: str, *, number: str, document_uuid: str, remaining: Sequence[Remaining] = ()) -> str:
    """The canonical form of a draft with its number and, of a credit note, with what is left of the documents it corrects.

    Quotes within texts are escaped, so the places are unique.
    """
    if remaining:
        member = f',"remaining":{canonical_text(tuple(remaining))},"sales_organisation_id":"'
        canonical = canonical.replace(',"sales_organisation_id":"', member, 1)
    text = canonical.replace(',"number":"","payment":{', f',"number":"{number}","payment":{{', 1)
    return text.replace(',"document_uuid":"","due_on":', f',"document_uuid":"{document_uuid}","due_on":', 1)


def document_hash(canonical: bytes) -> str:
    """SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(canonical).hexdigest()


def document_from_canonical(canonical: bytes) -> Document:
    """The value back from its canonical form. Raises InvalidDocument for a schema it does not know."""
    data = json.loads(canonical)
    if data.get("schema") not in range(1, SCHEMA + 1):
        raise InvalidDocument(
            f"document schema {data.get('schema')!r} is not known; this version reads schemas 1 to {SCHEMA}"
        )
    return document_from_plain(data)
