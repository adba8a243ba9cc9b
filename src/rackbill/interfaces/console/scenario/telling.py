"""What a story came to, as plain values with stable keys: amounts in minor units and as decimal text beside them."""

from decimal import Decimal
from typing import Any

from rackbill.core.charges import Cause
from rackbill.core.document import Document, DocumentLine
from rackbill.core.money import decimal_from_minor
from rackbill.domain.billing import queries as billing
from rackbill.domain.receivables import queries as receivables
from rackbill.interfaces.console.scenario.acting import Shown, Story
from rackbill.interfaces.console.scenario.world import EVERYTHING, last_day


def amount(name: str, minor: int, currency: str) -> dict[str, Any]:
    """An amount twice: `net_minor` 12995 and `net` "129.95"."""
    return {f"{name}_minor": minor, name: str(decimal_from_minor(minor, currency))}


def number(value: Decimal) -> str:
    """A number without exponent and needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def told_documents(story: Story) -> list[dict[str, Any]]:
    """Every document of the story in its order."""
    places = {row.document.number: place for place, row in enumerate(story.shown, start=1) if row.document.number}
    names = {buyer.customer_id: buyer.name for buyer in story.world.buyers.values()}
    return [_document(story, row, place, places, names) for place, row in enumerate(story.shown, start=1)]


def _document(story: Story, row: Shown, place: int, places: dict[str, int], names: dict[str, str]) -> dict[str, Any]:
    document, currency = row.document, row.document.currency
    if document.number:
        billed = billing.billed_lines(scope=EVERYTHING, number=document.number)
        causes = {n: (line.line_key, line.cause) for n, line in billed.items()}
    else:
        causes = {n: (charge.line_id, charge.cause) for n, charge in enumerate(row.charges, start=1)}
    totals, accounting = document.totals, document.accounting
    told: dict[str, Any] = {
        "document": place, "step": row.step, "kind": document.kind.value, "number": document.number,
        "sales_organisation": document.sales_organisation_id, "customer": names[document.bill_to.customer_id],
        "customer_id": document.bill_to.customer_id, "billing_group": document.bill_to.billing_group_name,
        "issued_on": document.issued_on.isoformat(), "due_on": document.due_on.isoformat(), "currency": currency,
        "lines": [_line(story, document, line, places, *causes[line.line_number]) for line in document.lines],
        "taxes": [
            {
                "regime": tax.regime, "code": tax.code, "rate": number(tax.rate), "jurisdiction": tax.jurisdiction,
                **amount("base", tax.base_minor, currency), **amount("tax", tax.tax_minor, currency),
                "exemption": tax.exemption_text,
            }
            for tax in document.tax_subtotals
        ],
        **amount("net", totals.net_minor, currency), **amount("tax", totals.tax_minor, currency),
        **amount("gross", totals.gross_minor, currency), **amount("due", totals.due_minor, currency),
        "corrects": [{"number": c.number, "document": places.get(c.number)} for c in document.corrects],
        "notes": list(document.notes), "accounting": None,
    }  # fmt: skip
    if accounting is not None:
        told["accounting"] = {
            "currency": accounting.currency, "rate": number(accounting.rate), "rate_on": accounting.rate_on.isoformat(),
            "rate_source": accounting.rate_source, **amount("net", accounting.net_minor, accounting.currency),
            **amount("tax", sum(accounting.tax_minor), accounting.currency),
            **amount("gross", accounting.gross_minor, accounting.currency),
        }  # fmt: skip
    return told


def _line(
    story: Story, document: Document, line: DocumentLine, places: dict[str, int], line_key: int, cause: Cause
) -> dict[str, Any]:
    corrects = line.corrects
    return {
        "line_number": line.line_number, "line": story.world.line_name(line_key),
        "service_id": line.subject.service_id, "description": line.subject.description,
        "reference": line.subject.reference, "equipment_id": line.subject.equipment_id,
        "period": f"{line.period.start} to {last_day(line.period.end)}",
        "period_start": line.period.start.isoformat(), "period_end": line.period.end.isoformat(),
        "quantity": number(line.quantity), "unit": line.unit, "unit_price": number(line.unit_price),
        "price_base_quantity": number(line.price_base_quantity),
        "allowances": [
            {"reason": a.reason, **amount("amount", a.amount_minor, document.currency)} for a in line.allowances
        ],
        **amount("net", line.net_minor, document.currency),
        "taxes": [
            {
                "regime": tax.regime, "code": tax.code, "rate": number(tax.rate), "jurisdiction": tax.jurisdiction,
                "evidence": tax.evidence,
            }
            for tax in line.taxes
        ],
        "corrects": None if corrects is None else {
            "number": corrects.number, "line_number": corrects.line_number, "document": places.get(corrects.number),
        },
        "why": cause.rule, "formula": cause.formula, "facts": dict(cause.facts),
    }  # fmt: skip


def told_open(story: Story) -> list[dict[str, Any]]:
    """What is left to pay, by customer and currency; credits that were not set off count negative."""
    names = {buyer.customer_id: buyer.name for buyer in story.world.buyers.values()}
    return [
        {"customer": names[customer_id], "currency": currency, **amount("open", minor, currency)}
        for (customer_id, currency), minor in receivables.open_sums(scope=EVERYTHING).items()
        if customer_id in names
    ]


def told_invoices(story: Story) -> list[dict[str, Any]]:
    """Each invoice with its status (B19b) on the last day of the story."""
    told = []
    if story.world.scenario.story:
        today = story.world.scenario.story[-1].day
        for place, row in enumerate(story.shown, start=1):
            found = receivables.invoice(scope=EVERYTHING, number=row.document.number, today=today)
            if row.document.number and found is not None:
                told.append({
                    "document": place, "number": found.number, "status": found.status, "currency": found.currency,
                    **amount("open", found.open_minor, found.currency),
                })  # fmt: skip
    return told
