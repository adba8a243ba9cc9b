"""What a quote or an order confirmation says beside its lines: terms, and what it costs once, per period and over the term."""

from collections.abc import Iterator

from rackbill.core.document import Document
from rackbill.core.quoting import offer_costs
from rackbill.formats.wording import Wording

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
    found = offer_costs(document=document)
    rows = [(words.word("once"), words.amount(found.once_minor, document.currency))] if found.once_minor else []
    for months, net in found.per_period:
        rows.append((words.word(_PER[months]), words.amount(net, document.currency)))
    if found.whole_term_minor is not None and document.quoted is not None:
        text = words.word("whole_term", months=words.count("month", document.quoted.term_months))
        rows.append((text, words.amount(found.whole_term_minor, document.currency)))
    return rows
