"""`/invoices/v1/invoices`: list, detail, every form of a document, CSV export."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from rackbill.core.document import DocumentLine, reference_shown
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.receivables import queries as receivables
from rackbill.domain.receivables.queries import InvoiceRow
from rackbill.formats.einvoice import EinvoiceRefused
from rackbill.interfaces.api import shapes
from rackbill.interfaces.api.answers import day_from, day_with_offset, json_answer, metadata, money
from rackbill.interfaces.api.authentication import holder
from rackbill.interfaces.api.errors import ApiRefusal
from rackbill.interfaces.jobs import clock, document_files, document_forms
from rackbill.interfaces.jobs.document_forms import FormRefused, NotOffered

router = Router(tags=["Invoices"])
DEFAULT_LIMIT = 10
STATUSES = (*receivables.STATUSES, "READY")


@router.get("/invoices", response={200: shapes.InvoiceList, 400: shapes.ErrorObject}, by_alias=True)
def invoices(
    request: HttpRequest,
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=500),
    offset: int = Query(0, ge=0),
    id: str = "",
    status: str = "",
    dateFrom: str = "",
    dateTo: str = "",
) -> HttpResponse:
    """The customer's invoices, newest first; filters id (exact), status, dateFrom, dateTo (issue date, both included)."""
    if status and status not in STATUSES:
        raise ApiRefusal(400, details={"status": [f"status is one of {', '.join(STATUSES)}, not {status!r}"]})
    last = _day("dateTo", dateTo)
    page = receivables.invoices(
        scope=holder(request).scope, today=clock.now().date(), number=id, status=status, issued_from=_day("dateFrom", dateFrom),
        issued_until=last and last + timedelta(days=1), limit=limit, offset=offset,
    )  # fmt: skip
    return json_answer({"invoices": [_invoice(row) for row in page.rows], "_metadata": metadata(page)})


@router.get("/invoices/export/csv")
def export(request: HttpRequest, dateFrom: str = "", dateTo: str = "") -> HttpResponse:
    """The customer's invoices as CSV."""
    last = _day("dateTo", dateTo)
    scope, today = holder(request).scope, clock.now().date()
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["Invoice number", "Date (UTC)", "Status", "Open amount", "Total"])
    offset: int | None = 0
    while offset is not None:
        page = receivables.invoices(
            scope=scope, today=today, issued_from=_day("dateFrom", dateFrom),
            issued_until=last and last + timedelta(days=1), limit=500, offset=offset,
        )  # fmt: skip
        for row in page.rows:
            open_amount, total = (money(minor, row.currency) for minor in (row.open_minor, row.gross_minor))
            table.writerow([row.number, row.issued_on.isoformat(), row.status, f"{open_amount:f}", f"{total:f}"])
        offset = page.next_offset
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")


@router.get("/invoices/{invoice_id}", response={200: shapes.InvoiceDetail, 404: shapes.ErrorObject})
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """One invoice with its lines and credit notes."""
    scope = holder(request).scope
    row = receivables.invoice(scope=scope, number=invoice_id, today=clock.now().date())
    if row is None:
        raise ApiRefusal(404)
    value = documents.document(scope=scope, number=invoice_id)
    credits = [
        {
            "id": credit.number, "date": day_with_offset(credit.issued_on), "taxAmount": money(credit.tax_minor, credit.currency),
            "netAmount": money(credit.net_minor, credit.currency), "total": money(credit.gross_minor, credit.currency),
        }
        for credit in documents.credit_notes_of(scope=scope, number=invoice_id, limit=500).rows
    ]  # fmt: skip
    lines = [_line(line, value.currency) for line in value.lines]
    return json_answer({**_invoice(row), "credits": credits, "lineItems": lines})


@router.get("/invoices/{invoice_id}/pdf")
def invoice_pdf(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """The invoice as PDF."""
    scope = holder(request).scope
    if receivables.invoice(scope=scope, number=invoice_id, today=clock.now().date()) is None:
        raise ApiRefusal(404)
    try:
        content = document_files.document_pdf(scope=scope, number=invoice_id, now=clock.now())
    except DocumentNotFound:
        raise ApiRefusal(404) from None
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="invoice-{invoice_id}.pdf"'},
    )


@router.get("/invoices/{invoice_id}/{form}")
def invoice_form(
    request: HttpRequest,
    invoice_id: str,
    form: str = Path(..., description="html, csv, json or einvoice; pdf has a path of its own"),
    language: str = "",
) -> HttpResponse:
    """An invoice or credit note in another form; 404 where the document has none. `language` gives a marked translation (html).

    `einvoice` is the XML that the customer gets, `json` the canonical form.
    """
    scope = holder(request).scope
    try:
        made = document_forms.offered_form(
            scope=scope, number=invoice_id, form=form, now=clock.now(), language=language
        )
    except (DocumentNotFound, NotOffered, EinvoiceRefused):
        raise ApiRefusal(404) from None
    except FormRefused as refusal:
        raise ApiRefusal(400, details={"language": [str(refusal)]}) from None
    disposition = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.content, content_type=made.media_type, headers=disposition)


def _day(name: str, text: str) -> Any:
    if not text:
        return None
    try:
        return day_from(text)
    except ValueError:
        raise ApiRefusal(400, details={name: [f"{name} takes a date such as 2020-10-01, not {text!r}"]}) from None


def _invoice(row: InvoiceRow) -> dict[str, Any]:
    return {
        "id": row.number, "date": day_with_offset(row.issued_on), "dueDate": day_with_offset(row.due_on),
        "netAmount": money(row.net_minor, row.currency), "taxAmount": money(row.tax_minor, row.currency),
        "total": money(row.gross_minor, row.currency), "openAmount": money(row.open_minor, row.currency),
        "currency": row.currency, "isPartialPaymentAllowed": False, "status": row.status,
    }  # fmt: skip


def _line(line: DocumentLine, currency: str) -> dict[str, Any]:
    total = money(line.net_minor, currency)
    # The published quantity is an integer: what is no whole multiple of its price is one of its total.
    is_plain = line.quantity == int(line.quantity) and line.quantity > 0
    is_plain = is_plain and line.price_base_quantity == 1 and not line.allowances
    unit = Decimal(line.unit_price) if is_plain else total
    if is_plain and unit * line.quantity != total:
        is_plain, unit = False, total
    return {
        "product": line.subject.description, "unitAmount": unit, "totalAmount": total,
        "quantity": int(line.quantity) if is_plain else 1, "fromDate": day_with_offset(line.period.start),
        "toDate": day_with_offset(line.period.end - timedelta(days=1)), "equipmentId": line.subject.equipment_id,
        "contractId": line.subject.contract_id, "reference": reference_shown(line.subject)[0],
    }  # fmt: skip
