"""What a quote or an order confirmation says beside its lines: terms, and what it costs once, per period and over the term."""

from collections.abc import Iterator
from decimal import Decimal

from rackbill.core.charges import CYCLE_UNITS
from rackbill.core.document import Document
from rackbill.core.money import round_half_up
from rackbill.formats.wording import Wording

_MONTHS_OF_UNIT = {unit: months for months, unit in CYCLE_UNITS.items()}
_PER = {1: "per_month", 3: "per_quarter", 6: "per_half_year", 12: "per_year"}


def facts(document: Document, words: Wording) -> Iterator[tuple[str, str, str]]:
    """(label, value, remark) of the terms."""
    terms = document.quoted
    if terms is None:
        return
    months = "month"
    rows = (
        ("quote_number", terms.quote_number), ("order_id", terms.order_id),
        ("valid_until", terms.valid_until and words.day(terms.valid_until)), ("requested_by", terms.requested_by),
        ("starts_on", terms.starts_on and words.day(terms.starts_on)),
        ("delivery_on", terms.delivery_on and words.day(terms.delivery_on)),
        ("first_invoice_on", terms.first_invoice_on and words.day(terms.first_invoice_on)),
        ("term", terms.term_months and words.count(months, terms.term_months)),
        ("notice", terms.notice_months and words.count(months, terms.notice_months)), ("agreement", terms.agreement),
    )  # fmt: skip
    for key, value in rows:
        if value:
            yield words.word(key), str(value), ""


def costs(document: Document, words: Wording) -> list[tuple[str, str]]:
    """Net, without tax: once, per period, and over the whole minimum term."""
    once = sum(line.net_minor for line in document.lines if line.unit not in _MONTHS_OF_UNIT)
    periods: dict[int, int] = {}
    for line in document.lines:
        if line.unit in _MONTHS_OF_UNIT:
            months = _MONTHS_OF_UNIT[line.unit]
            periods[months] = periods.get(months, 0) + line.net_minor
    rows = [(words.word("once"), words.amount(once, document.currency))] if once else []
    for months, net in sorted(periods.items()):
        rows.append((words.word(_PER[months]), words.amount(net, document.currency)))
    term = document.quoted.term_months if document.quoted is not None else 0
    if term and periods:
        whole = once + sum(round_half_up(Decimal(net * term) / months) for months, net in periods.items())
        text = words.word("whole_term", months=words.count("month", term))
        rows.append((text, words.amount(whole, document.currency)))
    return rows
