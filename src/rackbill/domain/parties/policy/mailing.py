"""Which files go with the mail of a document: the recipient's choice, else what suits the customer."""

from collections.abc import Sequence

from rackbill.domain.parties.errors import AttachmentsRefused
from rackbill.domain.parties.policy.einvoices import HYBRIDS

ATTACHMENTS = ("pdf", "einvoice", "csv")
"""pdf: with the e-invoice inside where the customer gets a hybrid; einvoice: the XML that the customer gets; csv: the lines."""


def checked_attachments(names: Sequence[str]) -> tuple[str, ...]:
    """The names in their usual order, none for what suits the customer. Raises AttachmentsRefused."""
    if unknown := [name for name in names if name not in ATTACHMENTS]:
        raise AttachmentsRefused(f"nothing is attached as {unknown[0]!r}; choose among {', '.join(ATTACHMENTS)}")
    return tuple(name for name in ATTACHMENTS if name in names)


def attachments_for(*, chosen: Sequence[str], einvoice_profile: str) -> tuple[str, ...]:
    """What is attached for a customer who gets e-invoices of a profile, blank for none; never nothing.

    Who chose nothing gets the PDF, and the e-invoice beside it unless it is inside.
    """
    names = chosen or (("pdf",) if einvoice_profile in HYBRIDS else ("pdf", "einvoice"))
    return tuple(name for name in names if name != "einvoice" or einvoice_profile) or ("pdf",)
