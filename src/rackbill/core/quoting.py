"""Terms → draft quote and order confirmation, with what they cost; a draft invoice → draft pro forma: no invoice, any of them.

A quote or confirmation shows one first invoice: each recurring position for one whole cycle, each other one once. Its tax is an
estimate: the rates and the buyer's status on the day of the offer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from rackbill.core.charges import CYCLE_UNITS, Allowance
from rackbill.core.document import Document, DocumentKind, DocumentLine, LineSubject, QuotedPrice, QuotedTerms, Totals
from rackbill.core.invoicing import BillHead
from rackbill.core.metering import UNIT_CODES
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.periods import Period, add_months
from rackbill.core.pricing import PriceModel, UsagePrice
from rackbill.core.tax import TaxDecision, tax_breakdown

CYCLES = {unit: months for months, unit in CYCLE_UNITS.items()}
"""Months of a unit that is a billing cycle."""
MEASURED = frozenset(UNIT_CODES.values()) - {"C62"}
"""Units of usage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPosition:
    """A position of an offer. `unit` is a billing cycle's (MON, QAN, SAN, ANN), C62 for once, or a measured unit's for usage.

    `unit_price` is per unit; of usage `quantity` is the commit of a month, 0 where only what is used is paid. `allowances` are
    (reason, minor units) off the whole position. `usage_price` is what usage is charged by where more than one price says it;
    quantity and unit price are then those of `opening_figures`.
    """

    subject: LineSubject
    quantity: Decimal
    unit: str
    unit_price: Decimal
    taxes: tuple[TaxDecision, ...]
    allowances: tuple[Allowance, ...] = ()
    usage_price: UsagePrice | None = None


def opening_figures(*, price: UsagePrice) -> tuple[Decimal, Decimal]:
    """(quantity, unit price) of a usage position: what is paid in any case, and the price of its first unit."""
    quantity = price.included if price.model is PriceModel.COMMIT else Decimal(0)
    return quantity, price.tiers[0].price if price.tiers else price.price


def quoted_price(*, price: UsagePrice) -> QuotedPrice:
    """A usage price as a document carries it."""
    model = price.model
    has_included = model in (PriceModel.INCLUDED, PriceModel.COMMIT)
    return QuotedPrice(
        model=model.value, price=None if price.tiers else price.price, tiers=price.tiers,
        package_size=price.size if model is PriceModel.PACKAGE else None,
        included=price.included if has_included else None,
        overage_price=price.overage_price if model is PriceModel.COMMIT else None,
        cap=price.cap if model is PriceModel.CAPPED else None, minimum=price.minimum or None,
    )  # fmt: skip


def offered_period(*, unit: str, starts_on: date) -> Period:
    """The days of a position's first charge: a whole cycle, the month of usage, or one day."""
    months = CYCLES.get(unit, 1 if unit in MEASURED else 0)
    return Period(starts_on, add_months(starts_on, months) if months else starts_on + timedelta(days=1))


def draft_offer(
    *, kind: DocumentKind, head: BillHead, positions: Sequence[OfferedPosition], terms: QuotedTerms,
) -> Document:  # fmt: skip
    """The draft of a quote or an order confirmation. Raises ValueError for another kind, and for a usage price beside others.

    It is due on its last day of validity, a confirmation on the day of the first invoice; nothing is to be paid on it.
    """
    if kind not in OFFERS:
        raise ValueError(f"a {kind} is no offer; the offers are {' and '.join(sorted(OFFERS))}")
    for number, p in enumerate(positions, start=1):
        if p.usage_price is not None:
            _check_usage(number, p, p.usage_price)
    starts_on = terms.starts_on or terms.delivery_on or head.issued_on
    scale = Decimal(10) ** minor_digits(head.currency)
    lines = tuple(
        DocumentLine(
            line_number=number, subject=p.subject, period=offered_period(unit=p.unit, starts_on=starts_on), quantity=p.quantity,
            unit=p.unit, unit_price=p.unit_price, price_base_quantity=Decimal(1), taxes=p.taxes, allowances=p.allowances,
            quoted_price=None if p.usage_price is None else quoted_price(price=p.usage_price),
            net_minor=round_half_up(p.quantity * p.unit_price * scale) - sum(a.amount_minor for a in p.allowances),
        )
        for number, p in enumerate(positions, start=1)
    )  # fmt: skip
    texts: Mapping[str, str] = head.exemption_texts or {}
    rows = tax_breakdown([(line.net_minor, line.taxes) for line in lines])
    subtotals = tuple(replace(row, exemption_text=texts.get(row.exemption_code, "")) for row in rows)
    net, tax = sum(line.net_minor for line in lines), sum(row.tax_minor for row in subtotals)
    return Document(
        kind=kind, sales_organisation_id=head.sales_organisation_id, issued_on=head.issued_on,
        due_on=max(head.issued_on, terms.valid_until or terms.first_invoice_on or head.issued_on), currency=head.currency,
        language=head.language, seller=head.seller, buyer=head.buyer, bill_to=head.bill_to, payment=head.payment,
        lines=lines, tax_subtotals=subtotals,
        totals=Totals(net_minor=net, tax_minor=tax, gross_minor=net + tax, prepaid_minor=0, due_minor=net + tax),
        texts=head.texts, details_url=head.details_url, quoted=terms,
    )  # fmt: skip


def _check_usage(number: int, position: OfferedPosition, price: UsagePrice) -> None:
    if position.unit not in MEASURED:
        units = ", ".join(sorted(MEASURED))
        raise ValueError(
            f"position {number} has a usage price and the unit {position.unit}; usage is measured in {units}"
        )
    quantity, unit_price = opening_figures(price=price)
    if (position.quantity, position.unit_price) != (quantity, unit_price):
        raise ValueError(
            f"position {number} offers {position.quantity} at {position.unit_price}, but its usage price says {quantity} at "
            f"{unit_price}; give those"
        )


OFFERS = frozenset({DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION})
"""The kinds that carry QuotedTerms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCosts:
    """What an offer costs without tax, in minor units: once, by length of cycle in months, over the whole minimum term.

    Commits of usage count with the months. `whole_term_minor` is None where no term is agreed.
    """

    once_minor: int
    per_period: tuple[tuple[int, int], ...]
    whole_term_minor: int | None


def offer_costs(*, document: Document) -> OfferCosts:
    """The costs of a quote or an order confirmation. A cycle that the term cuts counts for its part of the months."""
    once, periods = 0, dict[int, int]()
    for line in document.lines:
        months = CYCLES.get(line.unit, 1 if line.unit in MEASURED else 0)
        if not months:
            once += line.net_minor
        elif line.net_minor:
            periods[months] = periods.get(months, 0) + line.net_minor
    term = document.quoted.term_months if document.quoted is not None else 0
    whole = once + sum(round_half_up(Decimal(net * term) / months) for months, net in periods.items())
    return OfferCosts(
        once_minor=once, per_period=tuple(sorted(periods.items())), whole_term_minor=whole if term and periods else None
    )


def draft_pro_forma(*, draft: Document, note: str, made_on: date) -> Document:
    """The draft as a pro forma of the day it is made on. `note` says in its language that it is no invoice.

    What will be a credit note stands with negative amounts, so that all pages of a pro forma add up.
    """
    is_credit = draft.kind is DocumentKind.CREDIT_NOTE
    sign = -1 if is_credit else 1
    totals = draft.totals
    return replace(
        draft, kind=DocumentKind.PRO_FORMA, number="", document_uuid="", issued_on=made_on,
        notes=(note, *draft.notes),
        lines=tuple(map(_negative, draft.lines)) if is_credit else draft.lines,
        tax_subtotals=tuple(
            replace(row, base_minor=sign * row.base_minor, tax_minor=sign * row.tax_minor) for row in draft.tax_subtotals
        ),
        totals=Totals(
            net_minor=sign * totals.net_minor, tax_minor=sign * totals.tax_minor, gross_minor=sign * totals.gross_minor,
            prepaid_minor=0, due_minor=sign * totals.gross_minor,
        ),
        accounting=draft.accounting and replace(
            draft.accounting, net_minor=sign * draft.accounting.net_minor,
            gross_minor=sign * draft.accounting.gross_minor,
            tax_minor=tuple(sign * minor for minor in draft.accounting.tax_minor),
        ),
    )  # fmt: skip


def _negative(line: DocumentLine) -> DocumentLine:
    return replace(
        line, quantity=-line.quantity, net_minor=-line.net_minor,
        allowances=tuple(Allowance(a.reason, -a.amount_minor) for a in line.allowances),
    )  # fmt: skip
