"""The frozen document: one value from which every form (PDF, HTML, XML, CSV, JSON, mail) is made."""

from rackbill.core.document.canonical import (
    canonical_bytes,
    canonical_text,
    document_from_canonical,
    document_hash,
    numbered_canonical,
)
from rackbill.core.document.checking import check, check_canonical, check_plain
from rackbill.core.document.line_taxes import taxes_of_lines
from rackbill.core.document.reading import bill_to_from_text, decisions_from_plain, party_from_text, subject_from_text
from rackbill.core.document.values import (
    SCHEMA,
    AccountingTotals,
    BillTo,
    Change,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentReference,
    InvalidDocument,
    LineSubject,
    MeasuredUse,
    PaymentInstructions,
    QuotedPrice,
    QuotedTerms,
    ReferenceOrigin,
    Remaining,
    Reminded,
    RemindedItem,
    Totals,
    first_name,
    numbered,
    reference_shown,
)

__all__ = [
    "SCHEMA", "AccountingTotals", "BillTo", "Change", "Document", "DocumentKind", "DocumentLine", "DocumentReference",
    "InvalidDocument", "LineSubject", "MeasuredUse", "PaymentInstructions", "QuotedPrice", "QuotedTerms", "ReferenceOrigin",
    "Remaining", "Reminded", "RemindedItem", "Totals", "bill_to_from_text", "canonical_bytes", "canonical_text", "check",
    "check_canonical", "check_plain", "decisions_from_plain", "document_from_canonical", "document_hash", "first_name",
    "numbered", "numbered_canonical", "party_from_text", "reference_shown", "subject_from_text", "taxes_of_lines",
]  # fmt: skip
