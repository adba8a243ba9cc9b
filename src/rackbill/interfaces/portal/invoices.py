"""Invoices: list, page, and every form of a document to download."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from rackbill.domain.access import policy
from rackbill.domain.access.queries import AccountAccess
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.receivables import queries as receivables
from rackbill.formats import printed_document
from rackbill.formats.einvoice import EinvoiceRefused
from rackbill.formats.wording import LANGUAGES
from rackbill.interfaces.jobs import clock, document_files, document_forms
from rackbill.interfaces.jobs.document_forms import FormRefused
from rackbill.interfaces.portal import lists
from rackbill.interfaces.portal.account import with_account

STATUS_WORDS = {"OPEN": _("Open"), "PAID": _("Paid"), "OVERDUE": _("Overdue"), "CANCELLED": _("Cancelled")}
_COLUMNS = [
    ("number", _("Number")), ("issued", _("Date")), ("due", _("Due")), ("", _("Total")), ("open", _("Open")),
    ("", _("Status")),
]  # fmt: skip
FORM_WORDS = {
    "pdf": "PDF", "einvoice": _("E-invoice (XML)"), "html": _("Web page"),
    "csv": "CSV", "json": "JSON",
}  # fmt: skip


@with_account(policy.SEE_AMOUNTS)
def invoices(request: HttpRequest, account: AccountAccess) -> HttpResponse:
    """The customer's invoices since the cut-over, and how to ask for older ones (N12)."""
    status, sort = request.GET.get("status", ""), request.GET.get("sort", "-number")
    page = receivables.invoices(
        scope=account.scope, today=clock.now().date(), status=status if status in STATUS_WORDS else "", sort=sort,
        limit=lists.PAGE, offset=lists.offset(request),
    )  # fmt: skip
    context = {
        "page": page, "rows": [{"row": row, "status": STATUS_WORDS[row.status]} for row in page.rows], "status": status,
        "statuses": STATUS_WORDS.items(), "columns": lists.columns(request, sort, _COLUMNS, figures=(3, 4)),
        "links": lists.links(request, page), "archived_count": documents.archived_count(scope=account.scope),
        "section": "invoices",
    }  # fmt: skip
    return render(request, "portal/invoices.html", context)


@with_account(policy.SEE_AMOUNTS)
def invoice(request: HttpRequest, account: AccountAccess, number: str) -> HttpResponse:
    """The frozen document as a page."""
    row = receivables.invoice(scope=account.scope, number=number, today=clock.now().date())
    if row is None:
        raise Http404
    value = documents.document(scope=account.scope, number=number)
    context = {
        "row": row, "status": STATUS_WORDS[row.status], "printed": printed_document.printed(value), "section": "invoices",
        "forms": [(name, FORM_WORDS[name]) for name in document_forms.form_names(value)],
        "is_hybrid": document_forms.is_hybrid(value),
        "other_language": _other_language(value.language),
    }  # fmt: skip
    return render(request, "portal/invoice.html", context)


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
