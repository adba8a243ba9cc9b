"""The lines of a document as words and figures."""

from collections.abc import Iterator, Mapping
from typing import Any

from rackbill.core.charges import CREDITED, ROUNDING
from rackbill.core.document import Document, DocumentKind, DocumentLine, ReferenceOrigin, reference_shown
from rackbill.formats.printed_document import quoted_prices
from rackbill.formats.printed_document.labels import DASH, taxes_label
from rackbill.formats.wording import Wording

MEASURED_UNITS: Mapping[str, str] = {"E34": "GB", "E35": "TB", "E20": "Mbit/s", "B80": "Gbit/s"}
_CYCLE_MONTHS = {"MON": 1, "QAN": 3, "SAN": 6}
_OWN_REASONS = {ROUNDING: "reason.rounding", CREDITED: "reason.credited"}
"""Reasons that the sums give, which have words in every language; all others are the seller's text."""


def quantity(line: DocumentLine, words: Wording) -> str:
    """12 days, 3 × 1 month, 96.2 Mbit/s; of an offer also "as used"."""
    if line.quoted_price is not None and not line.quantity:
        return words.word("price.as_used")
    if line.unit == "DAY":
        days = line.period.day_count
        count = line.quantity / days
        if count != count.to_integral_value():
            return words.count("day", int(line.quantity))
        text = words.count("day", days if count > 0 else -days)
        return text if abs(count) == 1 else f"{words.number(abs(count))} × {text}"
    if line.unit == "C62":
        return words.number(line.quantity)
    if line.unit == "HUR":
        return words.count("hour", int(line.quantity))
    if line.unit in MEASURED_UNITS:
        return f"{words.number(line.quantity)} {MEASURED_UNITS[line.unit]}"
    unit = words.count("year", 1) if line.unit == "ANN" else words.count("month", _CYCLE_MONTHS.get(line.unit, 1))
    if line.quantity == 1:
        return unit
    return f"{words.number(line.quantity)} × {unit}"


def price_note(line: DocumentLine, words: Wording) -> str:
    """What the price is for, where it is not for one unit (BT-149) or not the only one."""
    if line.quoted_price is not None:
        return quoted_prices.price_note(line.quoted_price, measured_unit(line.unit, words), words)
    if line.price_base_quantity == 1:
        return ""
    if line.unit == "HUR":
        return words.word("per", unit=words.count("hour", int(line.price_base_quantity)))
    if line.unit == "MON":
        return words.word("per", unit=words.count("month", int(line.price_base_quantity)))
    if line.unit != "DAY":
        return ""
    return words.word("per", unit=words.count("day", line.price_base_quantity))


def measured_unit(code: str, words: Wording) -> str:
    """The name of a unit of usage: TB, Mbit/s, h."""
    return MEASURED_UNITS.get(code, words.words.get(f"unit.{code}", code))


def position(line: DocumentLine) -> str:
    """Where a line stands in its contract: the position in the service ID; an empty text where there is none."""
    service = line.subject.service_id
    return service[8:].lstrip("0") if len(service) == 14 else ""


def _measured(row: DocumentLine, words: Wording) -> Iterator[str]:
    """Under a usage line: what was measured, what the price includes, by which method."""
    use = row.measured
    if use is None:
        return
    unit = measured_unit(use.unit, words)
    measured = f"{words.number(use.quantity)} {unit}"
    if use.included:
        yield words.word("measured", measured=measured, included=f"{words.number(use.included)} {unit}")
    else:
        yield words.word("measured_all", measured=measured)
    name, _, profile = use.method.partition(" ")
    method = words.words.get(f"method.{name}", name) + (f" ({profile})" if profile else "")
    yield f"{method}, {words.count('sample', use.sample_count)}" if use.sample_count else method


def _reason(reason: str, words: Wording) -> str:
    return words.word(_OWN_REASONS[reason]) if reason in _OWN_REASONS else reason


def line(document: Document, row: DocumentLine, words: Wording) -> dict[str, Any]:
    """One line in words."""
    subject = row.subject
    shown, origin = reference_shown(subject)
    if origin is ReferenceOrigin.EQUIPMENT_ID:
        shown, origin = "", ReferenceOrigin.NOTHING
    notes = [*_measured(row, words)]
    if row.quoted_price is not None:
        notes += quoted_prices.told(row.quoted_price, measured_unit(row.unit, words), document.currency, words)
    notes += [words.word("discount", reason=_reason(a.reason, words)) + f"  {words.amount(-a.amount_minor, document.currency)}"
             for a in row.allowances if a.amount_minor]  # fmt: skip
    if row.corrects:
        notes.insert(0, words.word("corrects_line", number=row.corrects.number, line=row.corrects.line_number or 1))
    if document.kind is DocumentKind.ORDER_CONFIRMATION and not subject.equipment_id:
        notes.append(words.word("to_be_provisioned"))
    tax = taxes_label(row.taxes, words)
    is_quote = document.kind is DocumentKind.QUOTE
    is_offer = is_quote or document.kind is DocumentKind.ORDER_CONFIRMATION
    under = shown if is_offer else subject.description
    return {
        "position": str(row.line_number),
        "equipment": subject.equipment_id or DASH,
        "reference": shown or DASH,
        "is_legacy": origin is ReferenceOrigin.LEGACY_NAME and not is_offer,
        "contract": subject.contract_id,
        "contract_position": " / ".join(part for part in (subject.contract_id, position(row)) if part),
        "product": subject.description,
        "location": subject.location,
        "first": subject.product_code if is_quote else subject.equipment_id or DASH,
        "name": subject.description if is_offer else shown or DASH,
        "when": subject.location if is_offer else words.period(row.period),
        "where": "" if is_offer else subject.location,
        "remarks": [under, *notes] if under else notes,
        "notes": [*notes, tax] if len(document.tax_subtotals) > 1 else notes,
        "period": words.period(row.period),
        "quantity": quantity(row, words),
        "price": words.price(row.unit_price, document.currency),
        "price_note": price_note(row, words),
        "amount": words.amount(row.net_minor, document.currency),
        "tax": tax,
        "net_minor": row.net_minor,
    }
