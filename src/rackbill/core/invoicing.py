"""Charges + parties + tax → draft invoices and credit notes, without a number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from rackbill.core.charges import Allowance, Charge
from rackbill.core.document import (
    AccountingTotals,
    BillTo,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentReference,
    LineSubject,
    PaymentInstructions,
    Totals,
)
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.party import Party
from rackbill.core.tax import TaxDecision, TaxSubtotal, tax_breakdown

SPLIT_NOTE = "SPLIT-O"
"""Code of the words that two documents carry whose charges may not share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """Accounting units for one unit of the document's currency, with its day and source."""

    currency: str
    rate: Decimal
    rate_on: date
    rate_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableCharge:
    """A charge, what it is about, its taxes, and the document line it corrects, if any, with its exchange rate."""

    charge: Charge
    subject: LineSubject
    taxes: tuple[TaxDecision, ...]
    corrects: DocumentReference | None = None
    exchange: ExchangeRate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillHead:
    """All of a document but its lines and sums."""

    sales_organisation_id: str
    issued_on: date
    currency: str
    language: str
    seller: Party
    buyer: Party
    bill_to: BillTo
    payment: PaymentInstructions
    accounting_rate: ExchangeRate | None = None
    exemption_texts: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document without a number, and for each of its lines the charge it stands for."""

    document: Document
    charges: tuple[Charge, ...]


def draft_invoices(*, head: BillHead, charges: Sequence[BillableCharge]) -> list[Draft]:
    """One draft for each set of tax categories that may share a document (BR-O-11); each says so where there are two.

    A set whose total would be negative gives a credit note of what is taken back and an invoice of the rest. What is taken
    back at another exchange rate than that of the day gives a credit note at its own rate.
    Lines stand by contract, service, period; the order of the charges does not matter.
    """
    groups = _by_shareable_tax(charges)
    note = (head.exemption_texts or {}).get(SPLIT_NOTE, "") if len(groups) > 1 else ""
    notes = (note,) if note else ()
    drafts = []
    for group in groups:
        group, abroad = _apart(head, group)
        drafts += [_draft(own, DocumentKind.CREDIT_NOTE, items, notes) for own, items in abroad]
        if not _is_negative(group):
            parts = [(DocumentKind.INVOICE, group)]
        else:
            taken_back = [item for item in group if item.charge.corrects is not None]
            others = [item for item in group if item.charge.corrects is None]
            parts = [(DocumentKind.CREDIT_NOTE, taken_back), (DocumentKind.INVOICE, others)]
        drafts += [_draft(head, kind, items, notes) for kind, items in parts if items]
    return drafts


def _is_negative(group: Sequence[BillableCharge]) -> bool:
    """Net or, where something is taken back at another tax rate than it is charged anew, gross below zero."""
    net = sum(item.charge.amount_minor for item in group)
    if net < 0 or all(item.corrects is None for item in group):
        return net < 0
    rows = tax_breakdown([(item.charge.amount_minor, item.taxes) for item in group])
    return net + sum(row.tax_minor for row in rows) < 0


def _apart(
    head: BillHead, group: list[BillableCharge]
) -> tuple[list[BillableCharge], list[tuple[BillHead, list[BillableCharge]]]]:
    """The charges at the day's exchange rate, and by other rate what is taken back at it (a correction keeps its rate)."""
    if head.accounting_rate is None:
        return group, []
    rates = {item.exchange for item in group if item.exchange not in (None, head.accounting_rate)}
    ordered = sorted(rates, key=lambda r: (r.rate_on, r.rate, r.rate_source) if r else ())
    abroad = [
        (replace(head, accounting_rate=rate), [item for item in group if item.exchange == rate]) for rate in ordered
    ]
    return [item for item in group if item.exchange not in rates], abroad


def _by_shareable_tax(charges: Sequence[BillableCharge]) -> list[list[BillableCharge]]:
    outside = [c for c in charges if _is_outside(c)]
    others = [c for c in charges if not _is_outside(c)]
    return [group for group in (others, outside) if group]


def _is_outside(item: BillableCharge) -> bool:
    return any(tax.regime == "VAT" and tax.code == "O" for tax in item.taxes)


def _order(item: BillableCharge) -> tuple[object, ...]:
    subject, charge = item.subject, item.charge
    return (
        subject.contract_id,
        subject.service_id,
        charge.period.start,
        charge.kind.value,
        charge.line_id,
        charge.period.end,
    )


def _draft(head: BillHead, kind: DocumentKind, items: Sequence[BillableCharge], notes: tuple[str, ...]) -> Draft:
    ordered = sorted(items, key=_order)
    sign = -1 if kind is DocumentKind.CREDIT_NOTE else 1
    lines = tuple(_line(number, item, sign) for number, item in enumerate(ordered, start=1))
    subtotals = tax_breakdown([(line.net_minor, line.taxes) for line in lines])
    texts = head.exemption_texts or {}
    subtotals = tuple(replace(row, exemption_text=texts.get(row.exemption_code, "")) for row in subtotals)
    net = sum(line.net_minor for line in lines)
    tax = sum(row.tax_minor for row in subtotals)
    document = Document(
        kind=kind,
        sales_organisation_id=head.sales_organisation_id,
        issued_on=head.issued_on,
        due_on=head.issued_on + timedelta(days=head.payment.payment_days),
        currency=head.currency,
        language=head.language,
        seller=head.seller,
        buyer=head.buyer,
        bill_to=head.bill_to,
        payment=head.payment,
        lines=lines,
        tax_subtotals=subtotals,
        totals=Totals(net_minor=net, tax_minor=tax, gross_minor=net + tax, prepaid_minor=0, due_minor=net + tax),
        accounting=_accounting(head, net, subtotals),
        corrects=_corrected(ordered),
        notes=notes,
    )
    return Draft(document=document, charges=tuple(item.charge for item in ordered))


def _line(number: int, item: BillableCharge, sign: int) -> DocumentLine:
    charge = item.charge
    allowances = charge.allowances
    if sign < 0:
        allowances = tuple(Allowance(a.reason, -a.amount_minor) for a in allowances)
    return DocumentLine(
        line_number=number,
        subject=item.subject,
        period=charge.period,
        quantity=charge.quantity * sign,
        unit=charge.unit,
        unit_price=charge.unit_price,
        price_base_quantity=charge.price_base_quantity,
        net_minor=charge.amount_minor * sign,
        taxes=item.taxes,
        allowances=allowances,
        corrects=item.corrects,
    )


def _corrected(items: Sequence[BillableCharge]) -> tuple[DocumentReference, ...]:
    documents = {item.corrects.number: item.corrects for item in items if item.corrects}
    return tuple(replace(documents[number], line_number=None) for number in sorted(documents))


def _accounting(head: BillHead, net_minor: int, subtotals: Sequence[TaxSubtotal]) -> AccountingTotals | None:
    exchange = head.accounting_rate
    if exchange is None:
        return None
    to_accounting = _converter(exchange.rate, head.currency, exchange.currency)
    net = to_accounting(net_minor)
    taxes = tuple(to_accounting(row.tax_minor) for row in subtotals)
    return AccountingTotals(
        currency=exchange.currency, rate=exchange.rate, rate_on=exchange.rate_on, rate_source=exchange.rate_source,
        net_minor=net, tax_minor=taxes, gross_minor=net + sum(taxes),
    )  # fmt: skip


def _converter(rate: Decimal, source: str, target: str) -> Callable[[int], int]:
    shift = minor_digits(target) - minor_digits(source)

    def convert(amount_minor: int) -> int:
        return round_half_up((amount_minor * rate).scaleb(shift))

    return convert
