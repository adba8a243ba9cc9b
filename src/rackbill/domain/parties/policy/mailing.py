"""Which files go with the mail of a document: the recipient's choice, else what suits the customer."""

from collections.abc import Sequence

from rackbill.domain.parties.errors import AttachmentsRefused

ATTACHMENTS = ("pdf", "hybrid", "einvoice", "csv")
"""pdf; hybrid: the PDF with the e-invoice inside; einvoice: the XML that the customer gets; csv: the lines."""


def checked_attachments(names: Sequence[str]) -> tuple[str, ...]:
    """The names in their usual order, none for what suits the customer. Raises AttachmentsRefused."""
    if unknown := [name for name in names if name not in ATTACHMENTS]:
        raise AttachmentsRefused(f"nothing is attached as {unknown[0]!r}; choose among {', '.join(ATTACHMENTS)}")
    if {"pdf", "hybrid"} <= set(names):
        raise AttachmentsRefused("a hybrid is the PDF already; choose pdf or hybrid, not both")
    return tuple(name for name in ATTACHMENTS if name in names)


def attachments_for(*, chosen: Sequence[str], einvoice_profile: str) -> tuple[str, ...]:
    """What is attached for a customer who gets e-invoices of a profile, blank for none; never nothing.

    A hybrid is a Factur-X file: where the customer gets another e-invoice or none, the plain PDF goes in its place.
    """
    if not chosen:
        chosen = ("hybrid",) if einvoice_profile == "factur-x" else ("pdf", "einvoice")
    names = ["pdf" if name == "hybrid" and einvoice_profile != "factur-x" else name for name in chosen]
    return tuple(name for name in names if name != "einvoice" or einvoice_profile) or ("pdf",)
