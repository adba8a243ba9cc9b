"""Invoices and credit notes: list, page, and every form of a document to download."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from rackbill.core.document import Document
from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.kit.paging import Page
from rackbill.domain.kit.scope import Scope
from rackbill.domain.receivables import queries as receivables
from rackbill.formats import printed_document
from rackbill.formats.einvoice import EinvoiceRefused
from rackbill.formats.wording import LANGUAGES
from rackbill.interfaces.jobs import clock, document_files, document_forms
from rackbill.interfaces.jobs.document_forms import FormRefused
from rackbill.interfaces.portal import lists
from rackbill.interfaces.portal.account import with_account

STATUS_WORDS = {
    "OPEN": _("Open"), "PAID": _("Paid"), "OVERDUE": _("Overdue"), "CANCELLED": _("Cancelled"), "CREDIT": _("Credit left"),
    "SETTLED": _("Settled"),
}  # fmt: skip
KIND_WORDS = {"invoice": _("Invoices"), "credit_note": _("Credit notes")}
KINDS = tuple(KIND_WORDS)
_COLUMNS = [
    ("number", _("Number")), ("", _("Kind")), ("issued", _("Date")), ("due", _("Due")), ("", _("Total")),
    ("open", _("Open")), ("", _("Status")),
]  # fmt: skip
FORM_WORDS = {
    "pdf": "PDF", "einvoice": _("E-invoice (XML)"), "html": _("Web page"),
    "csv": "CSV", "json": "JSON",
}  # fmt: skip


@with_account(policy.SEE_AMOUNTS)
def invoices(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """The customer's invoices and credit notes since the cut-over, and how to ask for older ones (N12)."""
    status, kind, sort = (request.GET.get(name, "") for name in ("status", "kind", "sort"))
    sort = sort or "-number"
    page = receivables.invoices(
        scope=account.scope, today=clock.now().date(), kinds=(kind,) if kind in KINDS else KINDS,
        status=status if status in STATUS_WORDS else "", sort=sort,
        limit=lists.PAGE, offset=lists.offset(request),
    )  # fmt: skip
    context = {
        "page": page, "rows": [{"row": row, "status": STATUS_WORDS[row.status]} for row in page.rows], "status": status,
        "statuses": STATUS_WORDS.items(), "kind": kind, "kinds": KIND_WORDS.items(),
        "columns": lists.columns(request, sort, _COLUMNS, figures=(4, 5)),
        "links": lists.links(request, page), "archived_count": documents.archived_count(scope=account.scope),
        "section": "invoices",
    }  # fmt: skip
    return render(request, "portal/invoices.html", context)


@with_account(policy.SEE_AMOUNTS)
def invoice(request: HttpRequest, account: AccountAccess, number: str) -> HttpResponse:
    """The frozen document as a page: an invoice with what corrects it, a credit note with what it corrects and paid."""
    row = receivables.invoice(scope=account.scope, number=number, today=clock.now().date(), kinds=KINDS)
    if row is None:
        raise Http404
    value = documents.document(scope=account.scope, number=number)
    context = {
        "row": row, "status": STATUS_WORDS[row.status], "printed": printed_document.printed(value), "section": "invoices",
        "forms": [(name, FORM_WORDS[name]) for name in document_forms.form_names(value)],
        "is_hybrid": document_forms.is_hybrid(value),
        "other_language": _other_language(value.language),
    }  # fmt: skip
    window = {"limit": lists.PAGE, "offset": lists.offset(request)}
    page: Page[Any]
    if row.kind == "credit_note":
        page = receivables.credit_uses(scope=account.scope, number=number, **window)
        context |= {"corrected": _corrected(account.scope, value), "left_minor": -row.open_minor}
    else:
        page = documents.credit_notes_of(scope=account.scope, number=number, **window)
    return render(request, "portal/invoice.html", {**context, "page": page, "links": lists.links(request, page)})


def _corrected(scope: Scope, value: Document) -> list[dict[str, Any]]:
    """The documents that a credit note corrects, what is left of each, and which of them have a page."""
    ours = documents.amounts(scope=scope, numbers=[row.number for row in value.corrects])
    left = {row.number: row for row in value.remaining}
    return [
        {
            "number": row.number,
            "issued_on": row.issued_on,
            "left": left.get(row.number),
            "amounts": ours.get(row.number),
        }
        for row in value.corrects
    ]


@with_account(policy.SEE_AMOUNTS)
def invoice_pdf(request: HttpRequest, account: AccountAccess, number: str) -> HttpResponse:
    """The PDF of an invoice or credit note."""
    try:
        content = document_files.document_pdf(scope=account.scope, number=number, now=clock.now())
    except DocumentNotFound:
        raise Http404 from None
    disposition = {"Content-Disposition": f'inline; filename="{number}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=disposition)


@with_account(policy.SEE_AMOUNTS)
def invoice_file(request: HttpRequest, account: AccountAccess, number: str, form: str) -> HttpResponse:
    """A document in one of the forms that its page offers; `language` asks for a translation, which is marked as one."""
    try:
        made = document_forms.offered_form(
            scope=account.scope, number=number, form=form, now=clock.now(), language=request.GET.get("language", "")
        )
    except (DocumentNotFound, FormRefused, EinvoiceRefused):
        raise Http404 from None
    disposition = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.content, content_type=made.media_type, headers=disposition)


def _other_language(language: str) -> str:
    """The person's own language where the document is in another and there are words for it."""
    own = (get_language() or "").split("-")[0]
    return own if own in LANGUAGES and own != language else ""
