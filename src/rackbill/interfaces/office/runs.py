"""Bill runs: the list, one run with its report, the approval, the report as PDF and JSON."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import ReportNotFound, RunNotFound, RunRefused
from rackbill.domain.billing.queries import runs as run_queries
from rackbill.domain.billing.queries.runs import RunView
from rackbill.domain.kit.scope import StaffScope
from rackbill.formats import printed_run_report
from rackbill.interfaces.jobs import clock, run_report
from rackbill.interfaces.office.staff import actor, with_staff
from rackbill.interfaces.portal import lists

STATE_WORDS = {
    "planned": _("Planned"), "computed": _("Computed"), "approved": _("Approved"), "issued": _("Issued"),
    "discarded": _("Discarded"),
}  # fmt: skip
REFUSALS = {
    "no_approver": _("You are no approver of this sales organisation. Ask one who is."),
    "took_part": _("You planned or computed this run. Above the limit another approver must approve it."),
    "approved_before": _("You have approved it. One more person must."),
}


@with_staff(policy.READERS)
def runs(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Runs of the person's sales organisations, newest first."""
    page = run_queries.runs(scope=scope, limit=lists.PAGE, offset=lists.offset(request))
    context = {
        "page": page, "links": lists.links(request, page),
        "rows": [{"row": row, "state": STATE_WORDS[row.state]} for row in page.rows],
    }  # fmt: skip
    return render(request, "office/runs.html", context)


@with_staff(policy.READERS)
def run(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """One run: where it stands, what it bills, why that differs from the month before, who is parked."""
    return _page(request, scope, run_id)


@require_POST
@with_staff(policy.READERS)
def approve(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Approves the run as the person who is logged in; the operation decides whether that counts."""
    _view(scope, run_id)
    try:
        billing.approve_run(run_id=run_id, now=clock.now(), actor=actor(request))
    except RunRefused as refusal:
        return _page(request, scope, run_id, refusal=str(refusal), status=409)
    return redirect("office_run", run_id=run_id)


@with_staff(policy.READERS)
def report_pdf(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """The report as PDF, in the language of the page."""
    try:
        content = run_report.report_pdf(scope=scope, run_id=run_id, language=_language())
    except (RunNotFound, ReportNotFound):
        raise Http404 from None
    disposition = {"Content-Disposition": f'inline; filename="bill-run-{run_id}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=disposition)


@with_staff(policy.READERS)
def report_json(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """The signed report, byte for byte as it is kept."""
    try:
        content, _pdf = run_queries.report(scope=scope, run_id=run_id)
    except (RunNotFound, ReportNotFound):
        raise Http404 from None
    disposition = {"Content-Disposition": f'attachment; filename="bill-run-{run_id}.json"'}
    return HttpResponse(content, content_type="application/json", headers=disposition)


def _view(scope: StaffScope, run_id: str) -> RunView:
    try:
        return run_queries.run(scope=scope, run_id=run_id)
    except RunNotFound:
        raise Http404 from None


def _page(request: HttpRequest, scope: StaffScope, run_id: str, refusal: str = "", status: int = 200) -> HttpResponse:
    view = _view(scope, run_id)
    context: dict[str, Any] = {
        "view": view, "row": view.row, "state": STATE_WORDS[view.row.state], "report": _report(scope, run_id),
        "refusal": refusal,
    }  # fmt: skip
    if view.row.state == "computed":
        answer = run_queries.approval_answer(scope=scope, run_id=run_id, actor=actor(request))
        context |= {"may_approve": not answer.code, "is_review": answer.is_review, "why_not": REFUSALS.get(answer.code)}
    return render(request, "office/run.html", context, status=status)


def _report(scope: StaffScope, run_id: str) -> dict[str, Any] | None:
    try:
        content, _pdf = run_queries.report(scope=scope, run_id=run_id)
    except ReportNotFound:
        return None
    return printed_run_report.printed_report(json.loads(content), _language())


def _language() -> str:
    return (get_language() or "en").split("-")[0]
