"""Quotes and order confirmations as documents: taxed, numbered, frozen and queued in one transaction, each once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from rackbill.core.charges import Allowance
from rackbill.core.document import DocumentKind, LineSubject, QuotedTerms, canonical_bytes
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.pricing import UsagePrice
from rackbill.core.quoting import MEASURED, OFFERS, OfferedPosition, draft_offer, offered_period, opening_figures
from rackbill.core.tax import TaxDecision
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.ordering.errors import OfferRefused
from rackbill.domain.ordering.models import Order
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.queries import documents as party_documents
from rackbill.domain.taxes import queries as taxes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPosition:
    """What is offered in one position. `unit` as core.quoting.OfferedPosition has it; `discount_percent` with its reason.

    Usage that more than one price says has a `usage_price` instead of quantity and unit price.
    """

    subject: LineSubject
    unit: str
    quantity: Decimal = Decimal(0)
    unit_price: Decimal = Decimal(0)
    usage_price: UsagePrice | None = None
    tax_class: str = "standard"
    discount_percent: Decimal = Decimal(0)
    discount_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """A quote, or the confirmation of an order. A blank billing group is the customer's default one."""

    kind: DocumentKind
    customer_id: str
    currency: str
    terms: QuotedTerms
    positions: Sequence[NewPosition]
    billing_group_id: str = ""
    po_number: str = ""


@transaction.atomic
def issue_offer(*, offer: NewOffer, on: date, now: datetime, actor: Actor) -> str:
    """The number of the offer, issued on a day and queued to the recipients of the billing group.

    The same offer again on that day gives the same number. Raises OfferRefused, CustomerNotFound, core NoTaxRule and
    InvalidDocument, and what documents.issue_documents raises.
    """
    if offer.kind not in OFFERS:
        raise OfferRefused(f"a {offer.kind} is no offer; make a quote or an order confirmation")
    if not offer.positions:
        raise OfferRefused("an offer without a position offers nothing; add one")
    customer = parties.customer(scope=WholeInstallation(), customer_id=offer.customer_id)
    group_key = _group_key(offer)
    if offer.kind is DocumentKind.ORDER_CONFIRMATION:
        _check_order(offer, customer.key)
    head = party_documents.bill_head(kind=offer.kind, group_key=group_key, currency=offer.currency, issued_on=on)
    if offer.po_number:
        head = replace(head, bill_to=replace(head.bill_to, po_number=offer.po_number))
    seller = parties.seller(organisation_id=customer.organisation_id)
    head = replace(head, exemption_texts=taxes.exemption_texts(language=head.language, seller_country=seller.country))
    draft = draft_offer(
        kind=offer.kind, head=head, positions=[_position(offer, position, on) for position in offer.positions],
        terms=offer.terms,
    )  # fmt: skip
    request = IssueRequest(
        canonical=canonical_bytes(draft).decode(), customer_key=customer.key, group_key=group_key,
        line_keys=[None] * len(draft.lines),
    )  # fmt: skip
    issued, is_new = documents.issue_once(organisation_key=seller.key, kind=offer.kind.value, request=request, now=now)
    if is_new:
        dispatch.queue_documents(issued=[issued], recipients=parties.recipients(group_keys=[group_key]), now=now)
        history.record_change(
            now=now, actor=actor, verb=f"issue_{offer.kind.value}", object_kind="document", object_id=issued.number,
            customer_id=offer.customer_id, detail={"gross_minor": draft.totals.gross_minor, "currency": offer.currency},
        )  # fmt: skip
    return issued.number


def _group_key(offer: NewOffer) -> int:
    groups = parties.billing_groups(scope=WholeInstallation(), customer_id=offer.customer_id)
    for row in groups:
        if offer.billing_group_id in ("", row.group_id):
            return row.key
    known = ", ".join(row.group_id for row in groups)
    raise OfferRefused(
        f"customer {offer.customer_id} has no billing group {offer.billing_group_id}; it has {known or 'none'}"
    )


def _check_order(offer: NewOffer, customer_key: int) -> None:
    """A confirmation is of an order of this customer, and its lines are under the contract of that order."""
    order = Order.objects.filter(order_id=offer.terms.order_id).select_related("contract").first()
    if order is None or order.contract.customer_id != customer_key:
        raise OfferRefused(
            f"customer {offer.customer_id} has no order {offer.terms.order_id or '(blank)'}; place it first"
        )
    wrong = [p.subject.contract_id for p in offer.positions if p.subject.contract_id != order.contract.contract_id]
    if wrong:
        raise OfferRefused(
            f"order {order.order_id} is under contract {order.contract.contract_id}, not under {wrong[0] or '(blank)'}"
        )


def _position(offer: NewOffer, position: NewPosition, on: date) -> OfferedPosition:
    percent = position.discount_percent
    if not 0 <= percent <= 100 or bool(percent) != bool(position.discount_reason):
        raise OfferRefused(f"a discount is 0 to 100 percent with its reason; position has {percent} percent")
    quantity, unit_price = _figures(position)
    gross = quantity * unit_price * Decimal(10) ** minor_digits(offer.currency)
    off = round_half_up(gross) - round_half_up(gross * (100 - percent) / 100)
    return OfferedPosition(
        subject=position.subject, quantity=quantity, unit=position.unit, unit_price=unit_price,
        taxes=_taxes(offer, position, on), usage_price=position.usage_price,
        allowances=(Allowance(f"{position.discount_reason} {percent.normalize():f} %", off),) if off else (),
    )  # fmt: skip


def _figures(position: NewPosition) -> tuple[Decimal, Decimal]:
    price = position.usage_price
    if price is None:
        return position.quantity, position.unit_price
    if position.quantity or position.unit_price:
        raise OfferRefused("a position with a usage price has no quantity and no unit price beside it; leave them out")
    if position.unit not in MEASURED:
        units = ", ".join(sorted(MEASURED))
        raise OfferRefused(
            f"a usage price is for one unit of what is measured; the units are {units}, not {position.unit}"
        )
    return opening_figures(price=price)


def _taxes(offer: NewOffer, position: NewPosition, on: date) -> tuple[TaxDecision, ...]:
    """An estimate: what the law known on the day of the offer takes of the first charge; its last part where it splits it."""
    starts_on = offer.terms.starts_on or offer.terms.delivery_on or on
    taxing = parties.taxing(
        customer_id=offer.customer_id, tax_class=position.tax_class, issued_on=max(on, starts_on),
        period=offered_period(unit=position.unit, starts_on=starts_on),
    )  # fmt: skip
    return taxing.parts[-1].taxes
