"""Words that several parts of a document share: what it is called, what a tax is called, an address, a party."""

from typing import Any

from rackbill.core.document import Document, DocumentKind
from rackbill.core.party import Party, PostalAddress
from rackbill.core.tax import TaxDecision, TaxSubtotal
from rackbill.formats.wording import Wording, wording

DASH = "–"


def title(document: Document, language: str = "") -> str:
    """What the document is called; a Singapore GST invoice is a Tax Invoice (GST Regulations 11)."""
    words = wording(language or document.language)
    if document.kind is DocumentKind.INVOICE and any(row.regime == "GST-SG" for row in document.tax_subtotals):
        return words.word("tax_invoice")
    if document.reminded is not None and document.reminded.step > 1:
        return words.word("reminder_step", step=document.reminded.step)
    return words.word(document.kind.value)


def tax_label(row: TaxSubtotal | TaxDecision, words: Wording) -> str:
    """A tax in a word: VAT 16 %, Reverse charge, QST 9.975 %."""
    category = words.words.get(f"category.{row.code}")
    if category:
        return category
    name = words.words.get(f"tax_name.{row.regime}", row.code)
    return f"{name} {words.number(row.rate)} %"


def taxes_label(taxes: tuple[TaxDecision, ...], words: Wording) -> str:
    """All the taxes of a line."""
    return ", ".join(tax_label(tax, words) for tax in taxes)


def address(value: PostalAddress, words: Wording) -> list[str]:
    """The lines of an address; a city state is named once."""
    place = " ".join(part for part in (value.postal_code, value.city, value.state) if part)
    country = words.country(value.country)
    return [value.street, place] if country == value.city else [value.street, place, country]


def party(value: Party, words: Wording) -> dict[str, Any]:
    """A seller or buyer: name, address, numbers, contact."""
    numbers = [f"{r.scheme} {r.number}" for r in value.tax_registrations]
    return {
        "name": value.name,
        "address": address(value.address, words),
        "numbers": [*numbers, *([value.company_number] if value.company_number else [])],
        "contact": [text for text in (value.email, value.phone) if text],
    }
