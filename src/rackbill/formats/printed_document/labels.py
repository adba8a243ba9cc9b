"""Words that several parts of a document share: what it is called, what a tax is called, an address, a party."""

from decimal import Decimal
from functools import lru_cache
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
    return _tax_label(row.code, row.regime, row.rate, words)


@lru_cache(maxsize=1024)
def _tax_label(code: str, regime: str, rate: Decimal, words: Wording) -> str:
    category = words.words.get(f"category.{code}")
    if category:
        return category
    name = words.words.get(f"tax_name.{regime}", code)
    return f"{name} {words.number(rate)} %"


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


def due_word(data: dict[str, Any]) -> str:
    """What the amount of a document is: to pay, credited, the price of an offer."""
    words: dict[str, str] = data["words"]
    if data["costs"]:
        return words["quoted_price"]
    if data["reminded"]:
        return words["pay_now"]
    if data["is_pro_forma"]:
        return words["will_be_invoiced"]
    if data["is_credit_note"]:
        return words["credited"]
    return f"{words['to_pay']} {data['due_date']}" if data["is_due"] else words["nothing_to_pay"]
