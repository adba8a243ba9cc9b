"""An explanation in words, for the console. Printed ends are the last day included."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from rackbill.core import explanation as explained
from rackbill.core.charges import ChargeKind
from rackbill.core.document import Document, DocumentKind, DocumentLine, reference_shown
from rackbill.core.explanation import Explanation, LineCause, Step
from rackbill.core.money import decimal_from_minor, minor_digits
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision

_UNITS = {
    "DAY": "days", "HUR": "hours", "MON": "months", "QAN": "quarters", "SAN": "half-years", "ANN": "years", "E34": "GB",
    "E35": "TB", "E20": "Mbit/s", "B80": "Gbit/s",
}  # fmt: skip
_FACTS = {
    "price_from": "price valid from {}",
    "quantity_from": "quantity valid from {}",
    "count": "{} of them",
    "proration": "parts counted by {}",
    "day_price_digits": "price of one day rounded to {} decimals",
    "rounding": "rounded {}",
    "discount": "discount {}",
    "used": "measured {}",
    "profile": "by profile {}",
    "samples_sha256": "samples' SHA-256 {}",
    "charged_by": "was charged as {}",
    "owed_by": "is owed as {}",
    "before_credit": "before the credit {}",
}
_DID = {
    ChargeKind.RECURRING: "billed", ChargeKind.ONE_OFF: "billed", ChargeKind.USAGE: "billed",
    ChargeKind.REVERSAL: "took back", ChargeKind.CREDIT: "credited",
}  # fmt: skip


def explained_text(explanation: Explanation, *, line_number: int | None = None) -> Iterator[str]:
    """The whole document, or one line of it. Raises LookupError for a line there is not."""
    document = explanation.document
    lines = [line for line in document.lines if line_number in (None, line.line_number)]
    if not lines:
        raise LookupError(f"document {document.number} has {len(document.lines)} lines, no line {line_number}")
    kind = document.kind.value.replace("_", " ").capitalize()
    yield f"{kind} {document.number} of {document.issued_on}, {document.seller.name} to {document.buyer.name}"
    bill_to = document.bill_to
    yield f"customer {bill_to.customer_id}, billing group {bill_to.billing_group_id}, all in {document.currency}"
    for reference in document.corrects:
        yield f"corrects invoice {reference.number} of {reference.issued_on}"
    for note in document.notes:
        yield f"note: {note}"
    for line in lines:
        yield ""
        yield from _line(explanation, line)
    if line_number is None:
        yield ""
        yield from _totals(document)


def _line(explanation: Explanation, line: DocumentLine) -> Iterator[str]:
    document, cause, subject = explanation.document, explanation.causes[line.line_number], line.subject
    names = [f"service {subject.service_id}", f"contract {subject.contract_id}"]
    names += [f"equipment {subject.equipment_id}"] if subject.equipment_id else []
    names += [f"“{shown}”"] if (shown := reference_shown(subject)[0]) and shown != subject.equipment_id else []
    yield f"Line {line.line_number}: {subject.description}, {_days(line.period)}: {_amount(line.net_minor, document.currency)}"
    yield f"    {', '.join(names)}"
    yield f"    {_reckoning(document, line, cause)}"
    for allowance in line.allowances:
        yield f"    less {_amount(allowance.amount_minor, document.currency)}: {allowance.reason}"
    value = explained.line_reckoned(explanation, line)
    yield f"    = {value.formula}, rounded {value.rounding.value.replace('_', ' ')} to {value.minor_digits} decimals"
    facts = [_FACTS.get(name, f"{name} {{}}").format(text.replace("_", " ")) for name, text in cause.facts]
    yield f"    {'; '.join([cause.rule, *facts])}"
    if line.corrects is not None:
        verb = "credits" if cause.charge_kind is ChargeKind.CREDIT else "takes back"
        where = f"line {line.corrects.line_number} of {line.corrects.number} ({line.corrects.issued_on})"
        yield f"    {verb} {where} because: {_because(cause)}"
    for tax in line.taxes:
        yield f"    tax: {_decision(tax)}"
    if len(cause.steps) > 1:
        yield "    these days, from the first document to the last:"
        for step in cause.steps:
            is_this = (step.document_number, step.line_number) == (document.number, line.line_number)
            yield f"      {_step(step, document.currency)}{'  ← this line' if is_this else ''}"


def _reckoning(document: Document, line: DocumentLine, cause: LineCause) -> str:
    """`17 of 31 days × 129.95`, or `2 × 129.95` for whole cycles and what is counted."""
    quantity, base = line.quantity, line.price_base_quantity
    words = f"{_price(line.unit_price, document.currency)} {document.currency}"
    unit = _UNITS.get(line.unit, "")
    if base == 1:
        measured = f" {unit}" if unit and line.unit not in ("MON", "QAN", "SAN", "ANN") else ""
        return f"{_plain(quantity)}{measured} × {words}"
    count = Decimal(cause.fact("count") or 1)
    if line.unit == "DAY" and not cause.fact("count") and quantity % line.period.day_count == 0:
        # Lines that take days back keep no count of their own: all their days are priced alike.
        count = max(abs(quantity) / line.period.day_count, Decimal(1))
    share = f"{_plain(quantity / count)} of {_plain(base)} {unit} × {words}"
    return share if count == 1 else f"{share} × {_plain(count)}"


def _because(cause: LineCause) -> str:
    if cause.charge_kind is ChargeKind.CREDIT:
        return cause.rule
    anew = [
        step for step in cause.steps if step.charge_kind in (ChargeKind.RECURRING, ChargeKind.USAGE, ChargeKind.ONE_OFF)
    ]
    if cause.fact("owed_by"):
        return f"only {cause.fact('owed_by')} of it is owed"
    if len(anew) > 1:
        return "what was agreed changed; the days are billed anew"
    return "these days are no longer owed"


def _decision(tax: TaxDecision) -> str:
    words = f"{tax.regime} {tax.code}, {_plain(tax.rate)} % of {tax.jurisdiction}"
    if tax.base_rate != 1:
        words += f" on {_plain(tax.base_rate * 100)} % of the price"
    if tax.exemption_code:
        words += f", {tax.exemption_code}"
    return f"{words}; evidence: {tax.evidence}" if tax.evidence else words


def _step(step: Step, currency: str) -> str:
    where = f"{step.document_kind.replace('_', ' ')} {step.document_number} line {step.line_number} of {step.issued_on}"
    return (
        f"{where} {_DID[step.charge_kind]} {_days(step.period)}: {_amount(step.amount_minor, currency)} ({step.rule})"
    )


def _totals(document: Document) -> Iterator[str]:
    totals, currency = document.totals, document.currency
    yield f"Net {_amount(totals.net_minor, currency)} = {len(document.lines)} lines"
    for row, base, tax in explained.tax_reckoned(document):
        words = f"{row.regime} {row.code} of {row.jurisdiction}"
        reason = row.exemption_text or row.exemption_code
        yield (
            f"Tax {_amount(row.tax_minor, currency)}: {words}, {_plain(row.rate)} % of {_amount(row.base_minor, currency)}"
            f"{f' ({reason})' if reason else ''}"
        )
        if tax.tolerance_minor and _differs(row.base_minor, row.rate, row.tax_minor):
            yield "    one minor unit from base × rate: all credit notes of an invoice together give exactly its tax"
        if "+" in base.formula or "*" in base.formula:
            yield f"    base = {base.formula}"
    yield f"Gross {_amount(totals.gross_minor, currency)} = net + tax"
    yield f"To be {'given back' if document.kind is DocumentKind.CREDIT_NOTE else 'paid'} {_amount(totals.due_minor, currency)}"
    accounting = document.accounting
    if accounting is not None:
        yield (
            f"In {accounting.currency} at {_plain(accounting.rate)} ({accounting.rate_source}, {accounting.rate_on}): "
            f"net {_amount(accounting.net_minor, accounting.currency)}, "
            f"tax {_amount(sum(accounting.tax_minor), accounting.currency)}, "
            f"gross {_amount(accounting.gross_minor, accounting.currency)}"
        )


def _differs(base_minor: int, rate: Decimal, tax_minor: int) -> bool:
    return abs(base_minor * rate / 100 - tax_minor) > Decimal("0.5")


def _days(period: Period) -> str:
    last = period.end - timedelta(days=1)
    return str(period.start) if last == period.start else f"{period.start} to {last}"


def _amount(minor: int, currency: str) -> str:
    return f"{decimal_from_minor(minor, currency):,}".replace("-", "−")


def _price(value: Decimal, currency: str) -> str:
    """At least the currency's decimals, more where the price has more."""
    least = Decimal(1).scaleb(-minor_digits(currency))
    return f"{value.quantize(least) if value == value.quantize(least) else value.normalize():f}"


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")
