"""A document as the words and figures that are printed: layouts (PDF, HTML, mail) only place them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rackbill.core.document import (
    Document,
    DocumentKind,
    DocumentLine,
    ReferenceOrigin,
    canonical_bytes,
    document_hash,
    reference_shown,
)
from rackbill.core.party import Party, PostalAddress
from rackbill.core.tax import TaxSubtotal
from rackbill.formats.wording import Wording, wording

DASH = "–"
_MEASURED = {"E34": "GB", "E35": "TB", "E20": "Mbit/s", "B80": "Gbit/s"}
_CYCLE_MONTHS = {"MON": 1, "QAN": 3, "SAN": 6}


def title(document: Document) -> str:
    """What the document is called; a Singapore GST invoice is a Tax Invoice (GST Regulations 11)."""
    words = wording(document.language)
    if document.kind is DocumentKind.INVOICE and any(row.regime == "GST-SG" for row in document.tax_subtotals):
        return words.word("tax_invoice")
    return words.word(document.kind.value)


def printed(document: Document) -> dict[str, Any]:
    """Everything the layouts place, as texts in the document's language."""
    words = wording(document.language)
    lines = [_line(document, line, words) for line in document.lines]
    return {
        "words": words.words,
        "language": words.language,
        "title": title(document),
        "number": document.number,
        "is_credit_note": document.kind is DocumentKind.CREDIT_NOTE,
        "is_pro_forma": document.kind is DocumentKind.PRO_FORMA,
        "warning": document.notes[0] if document.kind is DocumentKind.PRO_FORMA and document.notes else "",
        "seller": _party(document.seller, words),
        "buyer": _party(document.buyer, words),
        "facts": [{"label": label, "value": value, "note": note} for label, value, note in _facts(document, words)],
        "due_amount": words.amount(document.totals.due_minor, document.currency),
        "due_date": words.word("pay_by", date=words.day(document.due_on)),
        "is_due": document.totals.due_minor > 0 and document.kind is DocumentKind.INVOICE,
        "currency": document.currency,
        "families": _families(document, words),
        "taxes": [_tax(row, document, words) for row in document.tax_subtotals],
        "exemptions": list(dict.fromkeys(row.exemption_text for row in document.tax_subtotals if row.exemption_text)),
        "net": words.amount(document.totals.net_minor, document.currency),
        "tax": words.amount(document.totals.tax_minor, document.currency),
        "gross": words.amount(document.totals.gross_minor, document.currency),
        "accounting": _accounting(document, words),
        "payment": _payment(document, words),
        "notes": list(document.notes[1:] if document.kind is DocumentKind.PRO_FORMA else document.notes),
        "lines": lines,
        "has_legacy_names": any(line["is_legacy"] for line in lines),
        "shows_tax_of_lines": len(document.tax_subtotals) > 1,
        "fingerprint": document_hash(canonical_bytes(document))[:16],
    }


def _address(address: PostalAddress, words: Wording) -> list[str]:
    place = " ".join(part for part in (address.postal_code, address.city, address.state) if part)
    country = words.country(address.country)
    return [address.street, place] if country == address.city else [address.street, place, country]


def _party(party: Party, words: Wording) -> dict[str, Any]:
    numbers = [f"{r.scheme} {r.number}" for r in party.tax_registrations]
    return {
        "name": party.name,
        "address": _address(party.address, words),
        "numbers": [*numbers, *([party.company_number] if party.company_number else [])],
        "contact": [text for text in (party.email, party.phone) if text],
    }


def _facts(document: Document, words: Wording) -> Iterator[tuple[str, str, str]]:
    to = document.bill_to
    yield words.word("issued_on"), words.day(document.issued_on), ""
    yield words.word("period"), words.period(document.period), ""
    formerly = words.word("formerly", old=to.legacy_customer_id) if to.legacy_customer_id else ""
    yield words.word("customer_id"), to.customer_id, formerly
    if to.billing_group_name:
        yield words.word("billing_group"), to.billing_group_name, to.billing_group_id
    tax_number = document.buyer.tax_number()
    for key, value in (
        ("tax_number", tax_number), ("po_number", to.po_number), ("cost_centre", to.cost_centre),
        ("buyer_reference", to.buyer_reference),
    ):  # fmt: skip
        if value:
            yield words.word(key), value, ""
    if document.corrects:
        yield words.word("corrected_documents"), ", ".join(row.number for row in document.corrects), ""


def _families(document: Document, words: Wording) -> list[dict[str, str]]:
    sums: dict[str, tuple[int, int]] = {}
    for line in document.lines:
        count, net = sums.get(line.subject.product_id, (0, 0))
        sums[line.subject.product_id] = (count + 1, net + line.net_minor)
    rows = sorted(sums.items(), key=lambda item: (-item[1][1], item[0]))
    return [
        {"name": words.family(family), "lines": str(count), "net": words.amount(net, document.currency)}
        for family, (count, net) in rows
    ]


def tax_label(row: TaxSubtotal, words: Wording) -> str:
    """A tax in a word: VAT 16 %, Reverse charge, QST 9.975 %."""
    category = words.words.get(f"category.{row.code}")
    if category:
        return category
    name = words.words.get(f"tax_name.{row.regime}", row.code)
    return f"{name} {words.number(row.rate)} %"


def _tax(row: TaxSubtotal, document: Document, words: Wording) -> dict[str, str]:
    return {
        "label": tax_label(row, words),
        "base": words.amount(row.base_minor, document.currency),
        "tax": words.amount(row.tax_minor, document.currency),
    }


def _accounting(document: Document, words: Wording) -> dict[str, str] | None:
    totals = document.accounting
    if totals is None:
        return None
    return {
        "title": words.word("in_accounting", currency=totals.currency),
        "net": words.amount(totals.net_minor, totals.currency),
        "tax": words.amount(sum(totals.tax_minor), totals.currency),
        "gross": words.amount(totals.gross_minor, totals.currency),
        "rate": words.word(
            "rate_used", source=document.currency, rate=words.number(totals.rate), target=totals.currency,
            date=words.day(totals.rate_on), origin=totals.rate_source,
        ),
    }  # fmt: skip


def _payment(document: Document, words: Wording) -> dict[str, Any] | None:
    if document.kind is not DocumentKind.INVOICE or document.totals.due_minor <= 0:
        return None
    payment = document.payment
    if payment.mandate_reference:
        return {"sentence": words.word("debited", mandate=payment.mandate_reference), "rows": []}
    account = payment.account
    rows = []
    if account is not None:
        grouped = " ".join(account.iban[i : i + 4] for i in range(0, len(account.iban), 4))
        candidates = (
            (words.word("bank"), account.bank_name), ("IBAN", grouped), (words.word("account"), account.account_number),
            (words.word("routing"), account.routing_code), ("BIC", account.bic),
        )  # fmt: skip
        rows = [{"label": label, "value": value} for label, value in candidates if value]
    rows.append({"label": words.word("payment_reference"), "value": document.number})
    return {"sentence": "", "rows": rows}


def _quantity(line: DocumentLine, words: Wording) -> str:
    if line.unit == "DAY":
        days = line.period.day_count
        count = line.quantity / days
        if count != count.to_integral_value():
            return words.count("day", int(abs(line.quantity)))
        text = words.count("day", days if count > 0 else -days)
        return text if abs(count) == 1 else f"{words.number(abs(count))} × {text}"
    if line.unit == "C62":
        return words.number(line.quantity)
    if line.unit == "HUR":
        return words.count("hour", int(line.quantity))
    if line.unit in _MEASURED:
        return f"{words.number(line.quantity)} {_MEASURED[line.unit]}"
    unit = words.count("year", 1) if line.unit == "ANN" else words.count("month", _CYCLE_MONTHS.get(line.unit, 1))
    if line.quantity == 1:
        return unit
    return f"{words.number(line.quantity)} × {unit}"


def _price_note(line: DocumentLine, words: Wording) -> str:
    if line.price_base_quantity == 1:
        return ""
    if line.unit == "HUR":
        return words.word("per", unit=words.count("hour", int(line.price_base_quantity)))
    if line.unit == "MON":
        return words.word("per", unit=words.count("month", int(line.price_base_quantity)))
    if line.unit != "DAY":
        return ""
    return words.word("per", unit=words.count("day", line.price_base_quantity))


def _line(document: Document, line: DocumentLine, words: Wording) -> dict[str, Any]:
    subject = line.subject
    shown, origin = reference_shown(subject)
    if origin is ReferenceOrigin.EQUIPMENT_ID:
        shown, origin = "", ReferenceOrigin.NOTHING
    notes = [words.word("discount", reason=a.reason) + f"  −{words.amount(a.amount_minor, document.currency)}"
             for a in line.allowances if a.amount_minor]  # fmt: skip
    if line.corrects:
        notes.insert(0, words.word("corrects_line", number=line.corrects.number, line=line.corrects.line_number or 1))
    if len(document.tax_subtotals) > 1:
        notes.append(", ".join(_decision_label(tax, words) for tax in line.taxes))
    return {
        "equipment": subject.equipment_id or DASH,
        "reference": shown or DASH,
        "is_legacy": origin is ReferenceOrigin.LEGACY_NAME,
        "contract": subject.contract_id,
        "product": subject.description,
        "location": subject.location,
        "notes": notes,
        "period": words.period(line.period),
        "quantity": _quantity(line, words),
        "price": words.price(line.unit_price),
        "price_note": _price_note(line, words),
        "amount": words.amount(line.net_minor, document.currency),
    }


def _decision_label(tax: Any, words: Wording) -> str:
    row = TaxSubtotal(
        regime=tax.regime,
        code=tax.code,
        rate=Decimal(tax.rate),
        jurisdiction=tax.jurisdiction,
        base_minor=0,
        tax_minor=0,
    )
    return tax_label(row, words)
