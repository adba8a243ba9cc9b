"""The frozen document: one value from which every form (PDF, HTML, XML, CSV, JSON, mail) is made.

Its canonical form is JSON after RFC 8785: keys sorted, amounts as integers of minor units, other numbers as text.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rackbill.core.charges import Allowance
from rackbill.core.id_shapes import is_blank
from rackbill.core.party import BankAccount, Party
from rackbill.core.periods import Period
from rackbill.core.pricing import Tier
from rackbill.core.tax import TaxDecision, TaxSubtotal

SCHEMA = 2
"""Since 2 the canonical form leaves out what is empty, and carries what changed, usage, texts, offers and reminders."""


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
class Remaining:
    """What is left of a document after a credit note on it: net and gross in minor units, never below nothing.

    It counts all that was taken back by the moment at which the credit note was frozen.
    """

    number: str
    net_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSubject:
    """What a line is about, as printed.

    `reference` is the customer's own text, `legacy_name` the old system's server name, shown where it is blank (N6);
    `equipment_id` is BT-128, `reference` BT-156, `product_code` BT-155, `cost_centre` BT-133,
    `po_line` BT-132.
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
    po_line: str = ""
    serial: str = ""


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
class MeasuredUse:
    """What was measured under a usage line: quantity and what the price includes in `unit`, by which method, from which samples.

    `samples_sha256` is the hash of the samples that the frozen measured quantity cites.
    """

    quantity: Decimal
    unit: str
    included: Decimal
    method: str
    sample_count: int
    samples_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedPrice:
    """What usage is offered at, in full; `model` is a core.pricing.PriceModel, what it does not have is None.

    `price`, the tiers' prices and `overage_price` are for one unit of the line, of a package for `package_size` of them.
    """

    model: str
    price: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    included: Decimal | None = None
    overage_price: Decimal | None = None
    cap: Decimal | None = None
    minimum: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One charged thing and period. net = quantity x unit price / base quantity - allowances (BT-131).

    `quoted_price` stands on usage of a quote or order confirmation.
    """

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
    measured: MeasuredUse | None = None
    quoted_price: QuotedPrice | None = None


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
    """What of a customer this document is for: customer ID (BT-46), billing group and the buyer's own references.

    `einvoice_profile` is the e-invoice that the customer gets of it, empty where none; `project_reference` is BT-11.
    `buyer_kind` is "public" for a public body, which routes by BT-10 alone; empty for everybody else.
    """

    customer_id: str
    legacy_customer_id: str
    billing_group_id: str
    billing_group_name: str = ""
    po_number: str = ""
    cost_centre: str = ""
    buyer_reference: str = ""
    project_reference: str = ""
    einvoice_profile: str = ""
    buyer_kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstructions:
    """How to pay (BG-16): account, terms in words, mandate of a direct debit, the UEN that PayNow pays to.

    `debited_account` is the IBAN that the mandate lets debit (BT-91); XRechnung demands it.
    """

    account: BankAccount | None
    payment_days: int
    mandate_reference: str = ""
    creditor_id: str = ""
    paynow_uen: str = ""
    debited_account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed since the last invoice, for one reason: new, ended, price, usage, discount, tax or correction."""

    reason: str
    service_count: int
    difference_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedTerms:
    """What a quote or an order confirmation says beside its lines.

    `agreement` names the terms with their version; `quote_number` and `order_id` stand on a confirmation.
    """

    version: int
    term_months: int
    notice_months: int
    valid_until: date | None = None
    requested_by: str = ""
    starts_on: date | None = None
    delivery_on: date | None = None
    first_invoice_on: date | None = None
    order_id: str = ""
    quote_number: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindedItem:
    """A document that a reminder reminds of: its total and what of it is open, in minor units."""

    number: str
    issued_on: date
    due_on: date
    gross_minor: int
    open_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """What a reminder is about: the step of the policy that it stands for, and the open documents."""

    step: int
    items: tuple[RemindedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document. Drafts have no number; everything else is as it will be printed. Amounts of credit notes are positive.

    `notes` are legal sentences, `texts` the seller's own; `changes` are against `previous`, the last invoice of the billing
    group; `details_url` is the link to the line details without the number. A reminder has no lines. A credit note says in
    `remaining` what is left of each document that it corrects.
    """

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
    texts: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    previous: DocumentReference | None = None
    details_url: str = ""
    quoted: QuotedTerms | None = None
    reminded: Reminded | None = None
    remaining: tuple[Remaining, ...] = ()
    schema: int = SCHEMA

    @property
    def period(self) -> Period:
        """From the first day to the last of all lines (BT-73, BT-74); the day of issue where there is none."""
        if not self.lines:
            return Period(self.issued_on, self.issued_on + timedelta(days=1))
        return Period(min(line.period.start for line in self.lines), max(line.period.end for line in self.lines))


def numbered(draft: Document, *, number: str, document_uuid: str) -> Document:
    """The draft with its number."""
    return replace(draft, number=number, document_uuid=document_uuid)
