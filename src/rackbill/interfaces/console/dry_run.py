"""`rackbill bill-run --dry-run`: what would be billed, over any filter; nothing is stored."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from rackbill.core.document import Document, DocumentLine
from rackbill.core.money import decimal_from_minor
from rackbill.core.run_totals import RunDifferences, RunTotals
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.operations import ParkedPreview, RunFilter
from rackbill.domain.billing.queries import runs as run_queries
from rackbill.interfaces.console import answers, runs
from rackbill.interfaces.jobs import run_report

DOCUMENTS_SHOWN = 20


def print_dry_run(*, organisation_id: str, through: date, only: RunFilter, now: datetime, as_json: bool) -> None:
    """Documents as they are computed, then totals, parked customers and the difference against the month before.

    With JSON each document is a line of its own and the last line has the sums, so that memory does not grow with the run.
    """
    under_way = run_queries.run_under_way(organisation_id=organisation_id)
    if under_way is not None and under_way.state != "planned":
        answers.people.print(
            f"Run {under_way.run_id} through {under_way.through} is {under_way.state}: what it bills is not in this dry run"
        )
    totals, differences = RunTotals(), RunDifferences()
    parked: list[dict[str, str]] = []
    count = 0
    for row in billing.preview_run(organisation_id=organisation_id, through=through, only=only, now=now):
        if isinstance(row, ParkedPreview):
            parked.append({"customer_id": row.customer_id, "name": row.name, "reason": row.reason})
            continue
        for document in row.documents:
            lines = only.lines(document)
            if lines:
                totals.add(document, lines)
                count += 1
                _print_document(document, lines, count, as_json)
        # A part of a bill has nothing to be compared with.
        if not only.is_narrow:
            run_report.add_differences(differences, row)
    answer = {
        "dry_run": True, "sales_org": organisation_id, "through": through,
        "run_under_way": under_way.run_id if under_way else None, "documents": count, **totals.plain(),
        "parked_customers": parked, "differences": [] if only.is_narrow else differences.plain(),
    }  # fmt: skip
    if as_json:
        answers.print_json(answer)
    else:
        _print_answer(answer, count)


def _print_document(document: Document, lines: Iterable[DocumentLine], count: int, as_json: bool) -> None:
    sign = -1 if document.kind == "credit_note" else 1
    rows = list(lines)
    net = sign * sum(line.net_minor for line in rows)
    if as_json:
        answers.print_json({
            "document": document.kind.value, "customer_id": document.bill_to.customer_id, "name": document.buyer.name,
            "billing_group": document.bill_to.billing_group_id, "currency": document.currency, "net_minor": net,
            "lines": [
                {
                    "contract_id": line.subject.contract_id, "service_id": line.subject.service_id,
                    "product_id": line.subject.product_id, "description": line.subject.description,
                    "period": [line.period.start, line.period.end], "quantity": line.quantity, "unit": line.unit,
                    "unit_price": line.unit_price, "net_minor": sign * line.net_minor,
                }
                for line in rows
            ],
        })  # fmt: skip
    elif count <= DOCUMENTS_SHOWN:
        answers.out.print(
            f"{document.kind.value:<12} {document.bill_to.customer_id} {document.buyer.name:<32.32} {len(rows):>5} lines "
            f"{decimal_from_minor(net, document.currency):>16,} {document.currency}"
        )


def _print_answer(answer: dict[str, Any], count: int) -> None:
    if count > DOCUMENTS_SHOWN:
        answers.out.print(f"… and {count - DOCUMENTS_SHOWN} more; --json prints them all")
    answers.out.print(
        f"\nA dry run: {count} documents, {len(answer['parked_customers'])} customers parked, nothing stored"
    )
    for row in answer["totals"]:
        net, tax, gross = (
            f"{decimal_from_minor(row[key], row['currency']):,}" for key in ("net_minor", "tax_minor", "gross_minor")
        )
        answers.out.print(f"  {row['currency']}: {row['lines']} lines, net {net}, tax {tax}, total {gross}")
    for row in answer["parked_customers"]:
        answers.out.print(f"  parked {row['customer_id']} {row['name']}: {row['reason']}")
    runs.print_differences(answer["differences"])
