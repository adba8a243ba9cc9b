"""A document → its e-invoice of a profile: XML of UBL 2.1 or CII D16B, the same bytes every time."""

from rackbill.core.document import Document
from rackbill.formats.einvoice_cii import write_cii
from rackbill.formats.einvoice_terms import (
    PROFILES,
    EinvoiceRefused,
    NoEinvoiceOfKind,
    UnknownProfile,
    profile_of,
    terms_of,
)
from rackbill.formats.einvoice_ubl import write_ubl


def write_einvoice(document: Document, profile: str) -> bytes:
    """The e-invoice of an invoice or credit note, UTF-8. Raises EinvoiceRefused, which says why there is none."""
    found = profile_of(profile)
    terms = terms_of(document, found)
    return write_ubl(terms) if found.syntax == "ubl" else write_cii(terms)


__all__ = ["PROFILES", "EinvoiceRefused", "NoEinvoiceOfKind", "UnknownProfile", "write_einvoice"]
