"""The frozen document: one value from which every form (PDF, HTML, XML, CSV, JSON, mail) is made.

Its canonical form is JSON after RFC 8785: keys sorted, amounts as integers of minor units, other numbers as text.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rackbill.core.charges import Allowance
from rackbill.core.id_shapes import is_blank
from rackbill.core.party import BankAccount, Party
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision, TaxSubtotal

SCHEMA = 1


class DocumentKind(StrEnum):
    """The six kinds of document."""

    QUOTE = "quote"
    ORDER_CONFIRMATION = "order_confirmation"
    PRO_FORMA = "pro_forma"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    REMINDER = "reminder"


class InvalidDocument(ValueError):
    """A document breaks one of its invariants; the message names which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReference:
    """A document, or one line of it, that this one corrects (BT-25, BT-26)."""

    number: str
    issued_on: date
    line_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSubject:
    """What a line is about, as printed.

    `reference` is the customer's own text, `legacy_name` the old system's server name, shown where it is blank (N6);
    `equipment_id` is BT-128, `reference` BT-156, `product_code` BT-155, `cost_centre` BT-133.
    """

    contract_id: str
    service_id: str
    product_id: str
    product_code: str
    description: str
    equipment_id: str = ""
    reference: str = ""
    legacy_name: str = ""
    legacy_id: str = ""
    location: str = ""
    order_id: str = ""
    po_number: str = ""
    cost_centre: str = ""


class ReferenceOrigin(StrEnum):
    """Where the text in a document's Reference column comes from."""

    REFERENCE = "reference"
    LEGACY_NAME = "legacy_name"
    EQUIPMENT_ID = "equipment_id"
    NOTHING = "nothing"


def reference_shown(subject: LineSubject) -> tuple[str, ReferenceOrigin]:
    """The Reference column of every document form, and where it is from."""
    return first_name(subject.reference, subject.legacy_name, subject.equipment_id)


def first_name(reference: str, legacy_name: str, equipment_id: str) -> tuple[str, ReferenceOrigin]:
    """The customer's reference, else the legacy server name (N6, I8), else the Equipment ID; an empty text for a thing that

    has none of them. Blank means empty after trimming.
    """
    if not is_blank(reference):
        return reference.strip(), ReferenceOrigin.REFERENCE
    if not is_blank(legacy_name):
        return legacy_name.strip(), ReferenceOrigin.LEGACY_NAME
    if not is_blank(equipment_id):
        return equipment_id, ReferenceOrigin.EQUIPMENT_ID
    return "", ReferenceOrigin.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One charged thing and period. net = quantity x unit price / base quantity - allowances (BT-131)."""

    line_number: int
    subject: LineSubject
    period: Period
    quantity: Decimal
    unit: str
    unit_price: Decimal
    price_base_quantity: Decimal
    net_minor: int
    taxes: tuple[TaxDecision, ...]
    allowances: tuple[Allowance, ...] = ()
    corrects: DocumentReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums in minor units of the document's currency (BT-109, BT-110, BT-112, BT-113, BT-115)."""

    net_minor: int
    tax_minor: int
    gross_minor: int
    prepaid_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingTotals:
    """The same totals in the seller's accounting currency (BT-6, BT-111), with the rate that was used.

    `rate` is accounting units for one unit of the document's currency; `tax_minor` follows the order of the breakdown.
    """

    currency: str
    rate: Decimal
    rate_on: date
    rate_source: str
    net_minor: int
    gross_minor: int
    tax_minor: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTo:
    """What of a customer this document is for: customer ID (BT-46), billing group and the buyer's own references."""

    customer_id: str
    legacy_customer_id: str
    billing_group_id: str
    billing_group_name: str = ""
    po_number: str = ""
    cost_centre: str = ""
    buyer_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstructions:
    """How to pay (BG-16): account, terms in words, mandate of a direct debit."""

    account: BankAccount | None
    payment_days: int
    mandate_reference: str = ""
    creditor_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document. Drafts have no number; everything else is as it will be printed. Amounts of credit notes are positive."""

    kind: DocumentKind
    sales_organisation_id: str
    issued_on: date
    due_on: date
    currency: str
    language: str
    seller: Party
    buyer: Party
    bill_to: BillTo
    payment: PaymentInstructions
    lines: tuple[DocumentLine, ...]
    tax_subtotals: tuple[TaxSubtotal, ...]
    totals: Totals
    number: str = ""
    accounting: AccountingTotals | None = None
    corrects: tuple[DocumentReference, ...] = ()
    notes: tuple[str, ...] = ()
    document_uuid: str = ""
    schema: int = SCHEMA

    @property
    def period(self) -> Period:
        """From the first day to the last of all lines (BT-73, BT-74)."""
        return Period(min(line.period.start for line in self.lines), max(line.period.end for line in self.lines))


def numbered(draft: Document, *, number: str, document_uuid: str) -> Document:
    """The draft with its number."""
    return replace(draft, number=number, document_uuid=document_uuid)
