"""Charges + parties + tax → draft invoices and credit notes, without a number, written as the text that will be stored.

The many drafts of a bill run are put together from texts that are made once (seller, tax decisions) or once for each customer;
the value of a draft is read from its text when somebody wants it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from rackbill.core.charges import Charge
from rackbill.core.charges.plain import PlainCharge, charge_from_plain, plain_charge
from rackbill.core.document import (
    SCHEMA,
    AccountingTotals,
    BillTo,
    Document,
    DocumentKind,
    DocumentReference,
    LineSubject,
    PaymentInstructions,
    canonical_text,
    document_from_canonical,
)
from rackbill.core.document.texts import (
    accounting_text,
    allowances_text,
    decisions_text,
    millionths_text,
    quoted,
    reference_text,
    subtotals_text,
)
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.party import Party
from rackbill.core.tax import TaxDecision, TaxSubtotal, tax_breakdown

SPLIT_NOTE = "SPLIT-O"
"""Code of the words that two documents carry whose charges may not share one."""


class LineTaxes:
    """The tax decisions of a line with their text; equal ones are one object, so that a breakdown adds by identity."""

    __slots__ = ("decisions", "is_outside", "text")

    def __init__(self, decisions: tuple[TaxDecision, ...]) -> None:
        self.decisions = decisions
        self.text = decisions_text(decisions)
        self.is_outside = any(tax.regime == "VAT" and tax.code == "O" for tax in decisions)


class BillItem:
    """A charge as it will stand on a document: its tuple, the text of what it is about, its taxes, the line it corrects, the text

    of what was measured under it.

    `order` is its place: by contract, service, first day, kind, contract line, last day. `exchange` is the rate at which a
    line that it corrects was billed.
    """

    __slots__ = ("allowances", "charge", "corrects", "exchange", "measured", "order", "subject", "taxes")

    def __init__(
        self, order: tuple[object, ...], charge: PlainCharge, subject: str, taxes: LineTaxes,
        allowances: tuple[tuple[str, int], ...] = (), corrects: DocumentReference | None = None,
        exchange: "ExchangeRate | None" = None, measured: str = "",
    ) -> None:  # fmt: skip
        self.order = order
        self.charge = charge
        self.subject = subject
        self.taxes = taxes
        self.allowances = allowances
        self.corrects = corrects
        self.exchange = exchange
        self.measured = measured

    @property
    def amount_minor(self) -> int:
        """What the charge comes to."""
        return self.charge[9]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableCharge:
    """A charge, what it is about, its taxes, and the document line it corrects, if any, with its exchange rate."""

    charge: Charge
    subject: LineSubject
    taxes: tuple[TaxDecision, ...]
    corrects: DocumentReference | None = None
    exchange: "ExchangeRate | None" = None


def bill_item(
    *, charge: Charge, contract_id: str, service_id: str, subject: str, taxes: LineTaxes,
    corrects: DocumentReference | None = None, exchange: "ExchangeRate | None" = None, measured: str = "",
) -> BillItem:  # fmt: skip
    """The item of a charge; `subject` is the text of its LineSubject, `measured` of what was measured under it."""
    plain = plain_charge(charge)
    order = (contract_id, service_id, plain[2], plain[1], plain[0], plain[3])
    allowances = tuple((a.reason, a.amount_minor) for a in charge.allowances)
    return BillItem(order, plain, subject, taxes, allowances, corrects, exchange, measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """Accounting units for one unit of the document's currency, with its day and source."""

    currency: str
    rate: Decimal
    rate_on: date
    rate_source: str


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
    texts: tuple[str, ...] = ()
    details_url: str = ""

    def as_text(self) -> "HeadText":
        """The head as the texts of its parts."""
        own_texts = canonical_text(self.texts) if self.texts else ""
        return HeadText(
            sales_organisation_id=self.sales_organisation_id, issued_on=self.issued_on.isoformat(),
            due_on=(self.issued_on + timedelta(days=self.payment.payment_days)).isoformat(), currency=self.currency,
            language=self.language, seller=canonical_text(self.seller), buyer=canonical_text(self.buyer),
            bill_to=canonical_text(self.bill_to), payment=canonical_text(self.payment),
            accounting_rate=self.accounting_rate, exemption_texts=self.exemption_texts or {},
            texts=own_texts, credit_texts=own_texts, details_url=self.details_url,
        )  # fmt: skip


@dataclass(slots=True, kw_only=True)
class HeadText:
    """All of a document but its lines and sums, each part in its canonical form, empty where there is nothing.

    `compare` gives, of an invoice's items, net and tax, the texts of what changed since the last one and of the reference
    to it; a credit note beside it has none, and texts of its own.
    """

    sales_organisation_id: str
    issued_on: str
    due_on: str
    currency: str
    language: str
    seller: str
    buyer: str
    bill_to: str
    payment: str
    accounting_rate: ExchangeRate | None
    exemption_texts: Mapping[str, str]
    texts: str = ""
    details_url: str = ""
    credit_texts: str = ""
    compare: "Compare | None" = None


Compare = Callable[[Sequence[BillItem], int, int], tuple[str, str]]


@dataclass(slots=True)
class Draft:
    """A document without a number, as text, and for each of its lines the item it stands for."""

    kind: DocumentKind
    canonical: str
    net_minor: int
    items: Sequence[BillItem]

    @property
    def charges(self) -> tuple[Charge, ...]:
        """The charges behind its lines."""
        return tuple(charge_from_plain(item.charge) for item in self.items)

    @property
    def document(self) -> Document:
        """The value of the draft."""
        return document_from_canonical(self.canonical.encode())


def draft_invoices(*, head: BillHead, charges: Sequence[BillableCharge]) -> list[Draft]:
    """The drafts of charges given as values."""
    known: dict[tuple[TaxDecision, ...], LineTaxes] = {}
    items = []
    for c in charges:
        if c.taxes not in known:
            known[c.taxes] = LineTaxes(c.taxes)
        items.append(
            bill_item(
                charge=c.charge, contract_id=c.subject.contract_id, service_id=c.subject.service_id,
                subject=canonical_text(c.subject), taxes=known[c.taxes], corrects=c.corrects,
                exchange=c.exchange,
            )
        )  # fmt: skip
    return draft_bills(head=head.as_text(), items=items)


def draft_bills(*, head: HeadText, items: Iterable[BillItem]) -> list[Draft]:
    """One draft for each set of tax categories that may share a document (BR-O-11); each says so where there are two.

    A set whose total would be negative gives a credit note of what is taken back and an invoice of the rest. What is taken
    back at another exchange rate than that of the day gives a credit note at its own rate.
    Lines stand in the order of their items; the order in which these are given does not matter.
    """
    ordered = sorted(items, key=_order)
    outside = [item for item in ordered if item.taxes.is_outside]
    others = [item for item in ordered if not item.taxes.is_outside] if outside else ordered
    groups = [group for group in (others, outside) if group]
    note = head.exemption_texts.get(SPLIT_NOTE, "") if len(groups) > 1 else ""
    notes = canonical_text((note,)) if note else ""
    drafts = []
    for group in groups:
        if head.accounting_rate is not None:
            group, abroad = _apart(head, group)
            drafts += [_draft(own, DocumentKind.CREDIT_NOTE, part, notes) for own, part in abroad]
        if not _is_negative(group):
            parts = [(DocumentKind.INVOICE, group)]
        else:
            taken_back = [item for item in group if item.corrects is not None]
            rest = [item for item in group if item.corrects is None]
            parts = [(DocumentKind.CREDIT_NOTE, taken_back), (DocumentKind.INVOICE, rest)]
        drafts += [_draft(head, kind, part, notes) for kind, part in parts if part]
    return drafts


def _is_negative(group: Sequence[BillItem]) -> bool:
    """Net or, where something is taken back at another tax rate than it is charged anew, gross below zero."""
    net = sum([item.charge[9] for item in group])
    if net < 0 or all(item.corrects is None for item in group):
        return net < 0
    rows = tax_breakdown([(item.charge[9], item.taxes.decisions) for item in group])
    return net + sum(row.tax_minor for row in rows) < 0


def _apart(head: HeadText, group: list[BillItem]) -> tuple[list[BillItem], list[tuple[HeadText, list[BillItem]]]]:
    """The items at the day's exchange rate, and by other rate what is taken back at it (a correction keeps its rate)."""
    rates = {item.exchange for item in group if item.exchange not in (None, head.accounting_rate)}
    ordered = sorted(rates, key=lambda r: (r.rate_on, r.rate, r.rate_source) if r else ())
    abroad = [
        (replace(head, accounting_rate=rate), [item for item in group if item.exchange == rate]) for rate in ordered
    ]
    return [item for item in group if item.exchange not in rates] if rates else group, abroad


def _order(item: BillItem) -> tuple[object, ...]:
    return item.order


def _draft(head: HeadText, kind: DocumentKind, items: Sequence[BillItem], notes: str) -> Draft:
    """The whole canonical form; keys stand in their order."""
    sign = -1 if kind is DocumentKind.CREDIT_NOTE else 1
    nets: dict[LineTaxes, int] = {}
    net = 0
    lines = []
    for number, item in enumerate(items, start=1):
        amount = item.charge[9] * sign
        nets[item.taxes] = nets.get(item.taxes, 0) + amount
        net += amount
        lines.append(_line(number, item, amount, sign))
    subtotals, subtotals_text = _subtotals(nets, head.exemption_texts)
    tax = sum([row.tax_minor for row in subtotals])
    totals = (
        f'{{"due_minor":{net + tax},"gross_minor":{net + tax},"net_minor":{net},"prepaid_minor":0,"tax_minor":{tax}}}'
    )
    accounting = changes = previous = ""
    texts = head.credit_texts
    if head.accounting_rate is not None:
        totals_abroad = _accounting(head.accounting_rate, head.currency, net, subtotals)
        accounting = f'"accounting":{accounting_text(totals_abroad)},'
    if kind is DocumentKind.INVOICE:
        texts = head.texts
        if head.compare is not None:
            changes, previous = head.compare(items, net, tax)
    canonical = (
        f'{{{accounting}"bill_to":{head.bill_to},"buyer":{head.buyer}{_member("changes", changes)}'
        f'{_member("corrects", _corrected(items))},"currency":"{head.currency}"'
        f'{_member("details_url", head.details_url and quoted(head.details_url))},"document_uuid":"",'
        f'"due_on":"{head.due_on}","issued_on":"{head.issued_on}","kind":"{kind.value}","language":"{head.language}",'
        f'"lines":[{",".join(lines)}]{_member("notes", notes)},"number":"","payment":{head.payment}'
        f'{_member("previous", previous)},"sales_organisation_id":"{head.sales_organisation_id}","schema":{SCHEMA},'
        f'"seller":{head.seller}{_member("tax_subtotals", subtotals_text)}{_member("texts", texts)},"totals":{totals}}}'
    )
    return Draft(kind, canonical, net, items)


def _line(number: int, item: BillItem, amount_minor: int, sign: int) -> str:
    charge = item.charge
    head = ""
    if item.allowances:
        signed = item.allowances if sign > 0 else tuple((reason, -minor) for reason, minor in item.allowances)
        head = f'"allowances":{allowances_text(signed)},'
    if item.corrects is not None:
        head += f'"corrects":{reference_text(item.corrects)},'
    measured = f'"measured":{item.measured},' if item.measured else ""
    return (
        f'{{{head}"line_number":{number},{measured}"net_minor":{amount_minor},'
        f'"period":["{charge[2]}","{charge[3]}"],"price_base_quantity":"{millionths_text(charge[8])}",'
        f'"quantity":"{millionths_text(charge[5] * sign)}","subject":{item.subject},"taxes":{item.taxes.text},'
        f'"unit":"{charge[6]}","unit_price":"{millionths_text(charge[7])}"}}'
    )


def _member(name: str, text: str) -> str:
    """One more member of an object, unless it is empty."""
    return f',"{name}":{text}' if text else ""


def _subtotals(nets: Mapping[LineTaxes, int], texts: Mapping[str, str]) -> tuple[Sequence[TaxSubtotal], str]:
    """The tax breakdown of net amounts by decision, with the exemption's words."""
    rows = tax_breakdown([(net, taxes.decisions) for taxes, net in nets.items()])
    if any(row.exemption_code for row in rows):
        rows = tuple(replace(row, exemption_text=texts.get(row.exemption_code, "")) for row in rows)
    return rows, subtotals_text(rows) if rows else ""


def _corrected(items: Sequence[BillItem]) -> str:
    documents = {item.corrects.number: item.corrects for item in items if item.corrects is not None}
    if not documents:
        return ""
    whole = (replace(documents[number], line_number=None) for number in sorted(documents))
    return "[" + ",".join(map(reference_text, whole)) + "]"


def _accounting(
    exchange: ExchangeRate, currency: str, net_minor: int, subtotals: Sequence[TaxSubtotal]
) -> AccountingTotals:
    to_accounting = _converter(exchange.rate, currency, exchange.currency)
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


__all__ = [
    "BillHead", "BillItem", "BillableCharge", "Draft", "ExchangeRate", "HeadText", "LineTaxes", "bill_item",
    "draft_bills", "draft_invoices",
]  # fmt: skip
