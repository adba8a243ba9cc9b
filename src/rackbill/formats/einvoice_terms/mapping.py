"""A document → its business terms for one profile: which field stands in which BT, and what has no e-invoice and why."""

from collections.abc import Iterable
from decimal import Decimal

from rackbill.core.document import Document, DocumentKind, DocumentLine, MeasuredUse
from rackbill.core.metering import UNIT_CODES
from rackbill.core.money import decimal_from_minor, minor_digits, quantize
from rackbill.formats.einvoice_terms.national import is_danish
from rackbill.formats.einvoice_terms.parties import buyer_terms, seller_terms
from rackbill.formats.einvoice_terms.payment import payment_terms
from rackbill.formats.einvoice_terms.taxes import TaxView, tax_view
from rackbill.formats.einvoice_terms.values import (
    CREDIT_NOTE_CODE,
    INVOICE_CODE,
    AllowanceTerms,
    EinvoiceRefused,
    InvoiceTerms,
    LineTerms,
    NoEinvoiceOfKind,
    Profile,
    TotalTerms,
)
from rackbill.formats.einvoice_xml import number_text
from rackbill.formats.wording import Wording, wording

TYPE_CODES = {DocumentKind.INVOICE: INVOICE_CODE, DocumentKind.CREDIT_NOTE: CREDIT_NOTE_CODE}
CONTRACT_ID = "Contract ID"
REFERENCE = "Reference"
LEGACY_NAME = "Legacy name"
LEGACY_ID = "Legacy ID"
SERVICE_ID = "Service ID"
LOCATION = "Location"
SERIAL = "Serial"
ORDER_ID = "Order ID"
PURCHASE_ORDER = "Purchase order"
MEASURED = "Measured"
INCLUDED = "Included"
METHOD = "Method"
SAMPLES = "Samples"
SAMPLES_HASH = "Samples SHA-256"
"""Names of line attributes (BT-160). They are English in every language: programs look for them."""
_UNITS = {code: unit for unit, code in UNIT_CODES.items()}
_ZERO = Decimal(0)
_SLACK = Decimal("0.02")
"""What a net amount may differ from quantity x price (PEPPOL-EN16931-R120)."""


def terms_of(document: Document, profile: Profile) -> InvoiceTerms:
    """The document in business terms. Raises EinvoiceRefused for what the profile cannot carry."""
    type_code = TYPE_CODES.get(document.kind)
    if type_code is None:
        raise NoEinvoiceOfKind(
            f"there is no e-invoice of the kind {document.kind.value.replace('_', ' ')}; only invoices and credit notes have "
            "one: send it as PDF"
        )
    if not document.number:
        raise EinvoiceRefused(
            "a draft has no number (BT-1); check it with a provisional one", rule="BR-02", term="BT-1"
        )
    digits = minor_digits(document.currency)
    if digits > 2:
        raise EinvoiceRefused(
            f"{document.currency} has {digits} decimals and an e-invoice carries two; bill in another currency or send PDF",
            rule="BR-DEC-18", term="BT-115",
        )  # fmt: skip
    words = wording(document.language)
    taxes = tax_view(document, profile)
    contract = _shared(line.subject.contract_id for line in document.lines)
    purchase_order = _purchase_order(document)
    sales_order = _shared(line.subject.order_id for line in document.lines)
    buyer_reference = document.bill_to.buyer_reference.strip() or purchase_order or contract
    return InvoiceTerms(
        specification=profile.specification,
        process=profile.process,
        tax_scheme=profile.tax_scheme,
        number=document.number,
        type_code=type_code,
        issued_on=document.issued_on,
        due_on=document.due_on if type_code == INVOICE_CODE else None,
        currency=document.currency,
        period=document.period,
        seller=seller_terms(document, profile, taxes),
        buyer=buyer_terms(document, profile, taxes),
        payment=payment_terms(document, profile, words),
        lines=tuple(
            _line(line, document, profile, taxes, purchase_order, sales_order, words) for line in document.lines
        ),
        taxes=taxes.rows,
        charges=taxes.charges,
        totals=_totals(document, taxes),
        accounting=taxes.accounting,
        note=_note(document, profile, taxes, words),
        buyer_reference=_buyer_reference(document, profile, buyer_reference),
        project=document.bill_to.project_reference.strip(),
        contract=contract,
        purchase_order=purchase_order,
        sales_order=sales_order,
        object_id=document.bill_to.billing_group_id,
        cost_centre=document.bill_to.cost_centre.strip(),
        corrects=tuple((reference.number, reference.issued_on) for reference in document.corrects),
        deliver_to=any(row.category == "K" for row in taxes.rows),
        details_url=f"{document.details_url}{document.number}" if document.details_url else "",
        document_uuid=_uuid(document, profile),
    )


def _shared(values: Iterable[str]) -> str:
    """The value that all of them have; an empty text where they differ."""
    known = {value.strip() for value in values}
    return known.pop() if len(known) == 1 else ""


def _purchase_order(document: Document) -> str:
    """BT-13: the billing group's, else that of every line. Several stand on their lines alone."""
    return document.bill_to.po_number.strip() or _shared(line.subject.po_number for line in document.lines)


def _buyer_reference(document: Document, profile: Profile, found: str) -> str:
    """BT-10: the buyer's routing value, else the purchase order, else the only contract, else the billing group.

    An electronic address of scheme 0204 is a Leitweg-ID, which is what its owner wants to read here. A public body's
    XRechnung has one of the two or is refused: what is routed by our own numbers arrives at nobody's desk.
    """
    own = document.bill_to.buyer_reference.strip()
    scheme, _, leitweg_id = document.buyer.electronic_address.strip().partition(":")
    if not own and scheme.strip() == "0204":
        found = own = leitweg_id.strip()
    if not own and profile.rules == "xrechnung" and document.bill_to.buyer_kind == "public":
        raise EinvoiceRefused(
            f"customer {document.bill_to.customer_id} ({document.buyer.name}) is a public body and gave no buyer reference "
            f"(BT-10), by which it routes its {profile.title}; ask for its Leitweg-ID and enter it at billing group "
            f"{document.bill_to.billing_group_id}",
            rule="BR-DE-15", term="BT-10",
        )  # fmt: skip
    found = found or document.bill_to.billing_group_id
    if not found and profile.is_sent:
        raise EinvoiceRefused(
            f"{profile.title} needs a buyer reference or a purchase order (BT-10, BT-13); "
            f"enter one at billing group {document.bill_to.billing_group_id or 'of the customer'}",
            rule="BR-DE-15" if profile.rules == "xrechnung" else "PEPPOL-EN16931-R003", term="BT-10",
        )  # fmt: skip
    return found


def _totals(document: Document, taxes: TaxView) -> TotalTerms:
    totals = document.totals
    charges = [charge.amount_minor for charge in taxes.charges]
    return TotalTerms(
        lines_minor=totals.net_minor,
        allowances_minor=-sum(minor for minor in charges if minor < 0),
        charges_minor=sum(minor for minor in charges if minor > 0),
        net_minor=totals.net_minor + sum(charges),
        tax_minor=sum(row.tax_minor for row in taxes.rows),
        gross_minor=totals.gross_minor,
        prepaid_minor=totals.prepaid_minor,
        due_minor=totals.due_minor,
    )


def _line(
    line: DocumentLine,
    document: Document,
    profile: Profile,
    taxes: TaxView,
    purchase_order: str,
    sales_order: str,
    words: Wording,
) -> LineTerms:
    subject = line.subject
    category, rate = taxes.line_category(line)
    price, base_quantity = _price(line, profile)
    po_line = subject.po_line.strip()
    return LineTerms(
        line_id=str(line.line_number),
        quantity=line.quantity,
        unit=line.unit,
        net_minor=line.net_minor,
        price=price,
        base_quantity=base_quantity,
        period=line.period,
        name=subject.description.strip() or words.family(subject.product_id),
        category=category,
        rate=rate,
        note=_line_note(line, words),
        object_id=subject.equipment_id.strip(),
        # A position says nothing without its order (NL-R-009).
        po_line=po_line if purchase_order and subject.po_number.strip() in ("", purchase_order) else "",
        cost_centre=subject.cost_centre.strip(),
        product_code=subject.product_code.strip(),
        reference=subject.reference.strip(),
        attributes=_attributes(line, purchase_order, sales_order),
        allowances=tuple(AllowanceTerms(reason=a.reason, amount_minor=a.amount_minor) for a in line.allowances),
        rounding=_rounding(line, document.currency),
    )


def _price(line: DocumentLine, profile: Profile) -> tuple[Decimal, Decimal]:
    """(BT-146, BT-149). Singapore's IRAS takes two decimals of a price (IRASC5-097): 0.0035 for one is 0.35 for 100."""
    exponent = line.unit_price.normalize().as_tuple().exponent
    if profile.rules != "pint-sg" or not isinstance(exponent, int) or exponent >= -2:
        return line.unit_price, line.price_base_quantity
    factor = Decimal(10) ** (-exponent - 2)
    return line.unit_price * factor, line.price_base_quantity * factor


def _attributes(line: DocumentLine, purchase_order: str, sales_order: str) -> tuple[tuple[str, str], ...]:
    """BG-32: whatever EN 16931 has no term for. The buyer did not give legacy IDs, so they are never BT-156."""
    subject = line.subject
    own_order = subject.po_number.strip()
    pairs = (
        (CONTRACT_ID, subject.contract_id),
        (SERVICE_ID, subject.service_id),
        (REFERENCE, subject.reference),
        (LEGACY_NAME, subject.legacy_name),
        (LEGACY_ID, subject.legacy_id),
        (LOCATION, subject.location),
        (SERIAL, subject.serial),
        (ORDER_ID, "" if subject.order_id.strip() == sales_order else subject.order_id),
        (PURCHASE_ORDER, "" if own_order == purchase_order else own_order),
        *_measured(line.measured),
    )
    known = [(name, value.strip()) for name, value in pairs]
    return tuple(pair for pair in known if pair[1])


def _measured(use: MeasuredUse | None) -> tuple[tuple[str, str], ...]:
    if use is None:
        return ()
    unit = _UNITS.get(use.unit, use.unit)
    return (
        (MEASURED, f"{number_text(use.quantity)} {unit}"),
        (INCLUDED, f"{number_text(use.included)} {unit}" if use.included else ""),
        (METHOD, use.method),
        (SAMPLES, str(use.sample_count) if use.sample_count else ""),
        (SAMPLES_HASH, use.samples_sha256),
    )


def _line_note(line: DocumentLine, words: Wording) -> str:
    corrects = line.corrects
    if corrects is None:
        return ""
    if corrects.line_number is None:
        return f"{words.word('corrected_documents')} {corrects.number}"
    return words.word("corrects_line", number=corrects.number, line=corrects.line_number)


def _rounding(line: DocumentLine, currency: str) -> Decimal:
    """What is missing to quantity x price / base - allowances where whole units are larger than the slack of the rules."""
    if minor_digits(currency) == 2:
        return _ZERO
    exact = line.quantity * line.unit_price / line.price_base_quantity
    off = line.net_minor + sum(allowance.amount_minor for allowance in line.allowances)
    gap = decimal_from_minor(off, currency) - exact
    return quantize(gap, 2) if abs(gap) > _SLACK else _ZERO


def _note(document: Document, profile: Profile, taxes: TaxView, words: Wording) -> str:
    """BT-22, one note (PEPPOL-EN16931-R002): the document's own, what the customer was called before, totals in its tax law."""
    parts = [text.strip() for text in (*document.texts, *document.notes)]
    to = document.bill_to
    if to.legacy_customer_id.strip():
        formerly = words.word("formerly", old=to.legacy_customer_id.strip())
        parts.append(f"{words.word('customer_id')} {to.customer_id}, {formerly}")
    elif is_danish(document, profile):
        parts.append(f"{words.word('customer_id')} {to.customer_id}")
    parts.append(taxes.note)
    if document.kind is DocumentKind.CREDIT_NOTE and not document.notes:
        # Singapore wants a reason on a credit note (BR-111-GST-SG).
        numbers = ", ".join(reference.number for reference in document.corrects)
        parts.append(f"{words.word('corrected_documents')} {numbers}")
    return "\n".join(part for part in parts if part)


def _uuid(document: Document, profile: Profile) -> str:
    if profile.tax_scheme != "GST":
        return ""
    if not document.document_uuid:
        raise EinvoiceRefused(
            f"{profile.title} needs a UUID and {document.number} has none; give the draft a provisional one",
            rule="BR-108-GST-SG", term="BT-SG-003",
        )  # fmt: skip
    return document.document_uuid
