"""A document in the business terms of EN 16931: which field stands in which BT, and what has no e-invoice and why."""

from rackbill.formats.einvoice_terms.mapping import terms_of
from rackbill.formats.einvoice_terms.values import (
    PROFILES,
    ROUNDING,
    AccountingTerms,
    AllowanceTerms,
    ChargeTerms,
    EinvoiceRefused,
    InvoiceTerms,
    LineTerms,
    NoEinvoiceOfKind,
    PartyTerms,
    PaymentTerms,
    Profile,
    TaxTerms,
    TotalTerms,
    UnknownProfile,
    profile_of,
)

__all__ = [
    "PROFILES", "ROUNDING", "AccountingTerms", "AllowanceTerms", "ChargeTerms", "EinvoiceRefused", "InvoiceTerms", "LineTerms",
    "NoEinvoiceOfKind", "PartyTerms", "PaymentTerms", "Profile", "TaxTerms", "TotalTerms", "UnknownProfile", "profile_of",
    "terms_of",
]  # fmt: skip
