"""An explanation as JSON for programs. Its shape is described in docs/guide/explain.md and only grows."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rackbill.core import explanation as explained
from rackbill.core.document import Document, DocumentLine, reference_shown
from rackbill.core.explanation import Explanation, LineCause, Reckoned
from rackbill.core.money import decimal_from_minor

SCHEMA = 1


def plain_explanation(explanation: Explanation, *, line_number: int | None = None) -> dict[str, Any]:
    """Texts, whole numbers and lists only; with a line number, that line alone. Raises LookupError for a line there is not."""
    document = explanation.document
    lines = [line for line in document.lines if line_number in (None, line.line_number)]
    if not lines:
        raise LookupError(f"document {document.number} has {len(document.lines)} lines, no line {line_number}")
    return {
        "schema": SCHEMA,
        "is_ours": True,
        "number": document.number,
        "kind": document.kind.value,
        "issued_on": document.issued_on.isoformat(),
        "due_on": document.due_on.isoformat(),
        "currency": document.currency,
        "sales_organisation_id": document.sales_organisation_id,
        "customer_id": document.bill_to.customer_id,
        "billing_group_id": document.bill_to.billing_group_id,
        "sha256": explanation.sha256,
        "corrects": [{"number": c.number, "issued_on": c.issued_on.isoformat()} for c in document.corrects],
        "lines": [_line(explanation, line) for line in lines],
        "tax": _tax(document),
        "totals": {name: _reckoned(value) for name, value in explained.totals_reckoned(document).items()},
        "exchange": _exchange(document),
        "notes": list(document.notes),
    }


def _line(explanation: Explanation, line: DocumentLine) -> dict[str, Any]:
    subject, cause = line.subject, explanation.causes[line.line_number]
    return {
        "line_number": line.line_number,
        "service_id": subject.service_id,
        "contract_id": subject.contract_id,
        "equipment_id": subject.equipment_id,
        "reference": reference_shown(subject)[0],
        "description": subject.description,
        "period": {"from": line.period.start.isoformat(), "until": line.period.end.isoformat()},
        "days": line.period.day_count,
        "charge": cause.charge_kind.value,
        "revision": cause.revision,
        "rule": cause.rule,
        **_reckoned(explained.line_reckoned(explanation, line)),
        "quantity": f"{line.quantity:f}",
        "unit": line.unit,
        "unit_price": f"{line.unit_price:f}",
        "price_base_quantity": f"{line.price_base_quantity:f}",
        "allowances": [{"reason": a.reason, "amount_minor": a.amount_minor} for a in line.allowances],
        "facts": [{"name": name, "text": text} for name, text in cause.facts],
        "taxes": [{name: _text(value) for name, value in asdict(tax).items()} for tax in line.taxes],
        "corrects": line.corrects and {"number": line.corrects.number, "line_number": line.corrects.line_number},
        "history": _history(cause),
    }


def _history(cause: LineCause) -> list[dict[str, Any]]:
    return [
        {
            "number": step.document_number,
            "kind": step.document_kind,
            "issued_on": step.issued_on.isoformat(),
            "line_number": step.line_number,
            "charge": step.charge_kind.value,
            "period": {"from": step.period.start.isoformat(), "until": step.period.end.isoformat()},
            "charged_minor": step.amount_minor,
            "rule": step.rule,
        }
        for step in cause.steps
    ]


def _tax(document: Document) -> list[dict[str, Any]]:
    return [
        {
            "regime": row.regime,
            "code": row.code,
            "rate": f"{row.rate:f}",
            "jurisdiction": row.jurisdiction,
            "exemption_code": row.exemption_code,
            "exemption_text": row.exemption_text,
            "base": _reckoned(base),
            **_reckoned(tax),
        }
        for row, base, tax in explained.tax_reckoned(document)
    ]


def _exchange(document: Document) -> dict[str, Any] | None:
    accounting = document.accounting
    if accounting is None:
        return None
    converted = explained.accounting_reckoned(document)
    return {
        "currency": accounting.currency,
        "rate": f"{accounting.rate:f}",
        "rate_on": accounting.rate_on.isoformat(),
        "rate_source": accounting.rate_source,
        **{
            name: [_reckoned(one) for one in value] if isinstance(value, list) else _reckoned(value)
            for name, value in converted.items()
        },
    }


def _reckoned(value: Reckoned) -> dict[str, Any]:
    return {
        "formula": value.formula,
        "amount": f"{decimal_from_minor(value.amount_minor, value.currency):f}",
        "amount_minor": value.amount_minor,
        "minor_digits": value.minor_digits,
        "rounding": value.rounding.value,
        "tolerance_minor": value.tolerance_minor,
    }


def _text(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value if isinstance(value, str | int | None) else str(value)
