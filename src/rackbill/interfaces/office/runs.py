"""Bill runs: the list, one run with its report and what may be done with it, the report as PDF and JSON.

An act is stored and the rest is left to a worker: no page waits for a run.
"""

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rackbill.core.periods import add_months, first_of_month
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import ReportNotFound, RunNotFound, RunRefused
from rackbill.domain.billing.queries import carrying as carrying_queries
from rackbill.domain.billing.queries import runs as run_queries
from rackbill.domain.billing.queries.carrying import RunProgress
from rackbill.domain.billing.queries.runs import RunView
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import StaffScope
from rackbill.domain.parties import queries as parties
from rackbill.formats import printed_run_report
from rackbill.interfaces.jobs import bill_run, carrying, clock, run_report
from rackbill.interfaces.office.staff import actor, organisations_of, with_staff
from rackbill.interfaces.portal import lists

STATE_WORDS = {
    "planned": _("Planned"), "computed": _("Computed"), "approved": _("Approved"), "issued": _("Issued"),
    "discarded": _("Discarded"),
}  # fmt: skip
REFUSALS = {
    "no_approver": _("You are no approver of this sales organisation. Ask one who is."),
    "took_part": _("You planned or computed this run. Above the limit another approver must approve it."),
    "approved_before": _("You have approved it. One more person must."),
    "unchecked": _("It cannot be approved before its e-invoices are checked."),
    "not_computed": _("It is not computed yet."),
    "not_approved": _("It must be approved before it is issued."),
    "not_checkable": _("E-invoices are checked while a run is computed and not approved yet."),
    "discarded": _("It was discarded. Plan a new one."),
    "issued": _("Documents of it are issued. What is issued stays; correct it with credit notes."),
    "too_far": _("That is more than a year ahead. Choose an earlier day."),
    "under_way": _("Another run of this sales organisation is under way. Finish or discard it first:"),
    "no_day": _("Choose a day."),
}


@with_staff(policy.READERS)
def runs(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Runs of the person's sales organisations, newest first, and the form that plans one."""
    return _list(request, scope)


@require_POST
@with_staff(policy.OPERATORS)
def plan(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Plans a run of one sales organisation and gives it to workers; the one under way for that day where there is one."""
    organisation_id, day = request.POST.get("organisation", ""), request.POST.get("through", "")
    if organisation_id not in scope.organisation_ids:
        raise Http404
    readers = StaffScope(organisations_of(request, policy.READERS))
    entered = {"organisation": organisation_id, "through": day}
    try:
        through = date.fromisoformat(day)
    except ValueError:
        return _list(request, readers, code="no_day", entered=entered, status=422)
    try:
        run_id = bill_run.plan_run(
            organisation_id=organisation_id, through=through, now=clock.now(), actor=actor(request)
        )  # fmt: skip
    except RunRefused as refusal:
        return _list(request, readers, code=refusal.code, refusal=str(refusal), entered=entered, status=409)
    _hand_on(scope, run_id)
    return redirect("office_run", run_id=run_id)


def _list(
    request: HttpRequest, scope: StaffScope, *, code: str = "", refusal: str = "", entered: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    page = run_queries.runs(scope=scope, limit=lists.PAGE, offset=lists.offset(request))
    sellers = parties.seller_names(organisation_ids=organisations_of(request, policy.OPERATORS))
    chosen = (entered or {}).get("organisation", "")
    seller = next((one for one in sellers if one.organisation_id == chosen), sellers[0] if sellers else None)
    through = ""
    if seller is not None:
        today = clock.now().astimezone(ZoneInfo(seller.time_zone)).date()
        through = (entered or {}).get("through") or add_months(first_of_month(today), 1).isoformat()
    context = {
        "page": page, "links": lists.links(request, page),
        "nearly_full": documents.nearly_full_series(scope=scope),
        "rows": [{"row": row, "state": STATE_WORDS[row.state]} for row in page.rows],
        "sellers": sellers, "chosen": seller.organisation_id if seller else "", "through": through,
        "fault": REFUSALS.get(code), "refusal": refusal,
        "under_way": run_queries.run_under_way(organisation_id=chosen) if code == "under_way" else None,
    }  # fmt: skip
    return render(request, "office/runs.html", context, status=status)


@with_staff(policy.READERS)
def run(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """One run: where it stands, what it bills, why that differs from the month before, who is parked."""
    return _page(request, scope, run_id)


@require_GET
@with_staff(policy.READERS)
def progress(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """How far a run is, for the page that asks again and again; nothing where nothing moved, the page anew at the next step."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("office_run", run_id=run_id)
    context, seen = _progress(_found(scope, run_id)), request.GET.get("seen", "")
    if not seen.startswith(context["shell"]):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if seen == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "office/_progress.html", context)


@require_POST
@with_staff(policy.READERS)
def approve(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Approves the run as the person who is logged in; the operation decides whether that counts."""
    return _act(request, scope, run_id, billing.approve_run)


@require_POST
@with_staff(policy.OPERATORS)
def retry(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Has the parked customers computed again, after mending."""
    return _act(request, scope, run_id, billing.retry_parked)


@require_POST
@with_staff(policy.OPERATORS)
def check(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Has the e-invoices that wait for the official rules checked again."""
    return _act(request, scope, run_id, billing.ask_to_check)


@require_POST
@with_staff(policy.OPERATORS)
def issue(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Has an approved run issued."""
    return _act(request, scope, run_id, billing.ask_to_issue)


@require_http_methods(["GET", "POST"])
@with_staff(policy.OPERATORS)
def recompute(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Asks whether all drafts are to be computed anew; POST has it done. Whoever asks has computed the run, for four eyes."""
    if request.method == "POST":
        return _act(request, scope, run_id, billing.reset_run)
    view = _view(scope, run_id)
    context = {
        "view": view,
        "row": view.row,
        "may_recompute": _acts(request, view, _found(scope, run_id)).get("may_recompute"),
    }
    return render(request, "office/recompute.html", context)


@require_http_methods(["GET", "POST"])
@with_staff(policy.OPERATORS)
def discard(request: HttpRequest, scope: StaffScope, run_id: str) -> HttpResponse:
    """Asks whether the run is to be taken back; POST takes it back."""
    if request.method == "POST":
        return _act(request, scope, run_id, billing.discard_run)
    view = _view(scope, run_id)
    return render(request, "office/discard.html", {"view": view, "row": view.row, "may_discard": _is_reversible(view)})


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


def _act(request: HttpRequest, scope: StaffScope, run_id: str, operation: Callable[..., object]) -> HttpResponse:
    """Does an act as the person who is logged in and hands what follows from it to workers; a refusal stands on the page."""
    _found(scope, run_id)
    try:
        operation(run_id=run_id, now=clock.now(), actor=actor(request))
    except RunRefused as refusal:
        readers = StaffScope(organisations_of(request, policy.READERS))
        return _page(request, readers, run_id, refusal=refusal, status=409)
    _hand_on(scope, run_id)
    return redirect("office_run", run_id=run_id)


def _hand_on(scope: StaffScope, run_id: str) -> None:
    if _found(scope, run_id).step:
        carrying.hand_on(run_id=run_id)


def _view(scope: StaffScope, run_id: str) -> RunView:
    try:
        return run_queries.run(scope=scope, run_id=run_id)
    except RunNotFound:
        raise Http404 from None


def _found(scope: StaffScope, run_id: str) -> RunProgress:
    try:
        return carrying_queries.run_progress(scope=scope, run_id=run_id)
    except RunNotFound:
        raise Http404 from None


def _page(
    request: HttpRequest, scope: StaffScope, run_id: str, refusal: RunRefused | None = None, status: int = 200
) -> HttpResponse:
    view = _view(scope, run_id)
    found = _found(scope, run_id)
    context: dict[str, Any] = {
        "view": view, "row": view.row, "state": STATE_WORDS[view.row.state], "report": _report(scope, run_id),
        "refusal": refusal, "refusal_words": REFUSALS.get(refusal.code) if refusal else None, **_progress(found),
        **_acts(request, view, found),
    }  # fmt: skip
    if view.row.state == "computed":
        answer = run_queries.approval_answer(scope=scope, run_id=run_id, actor=actor(request))
        context |= {"may_approve": not answer.code, "is_review": answer.is_review, "why_not": REFUSALS.get(answer.code)}
    return render(request, "office/run.html", context, status=status)


def _acts(request: HttpRequest, view: RunView, found: RunProgress) -> dict[str, bool]:
    """What the person may do with the run as it stands, beside approving it."""
    row = view.row
    if row.organisation_id not in organisations_of(request, policy.OPERATORS):
        return {}
    is_asked = row.issue_asked_at is not None
    is_settled = row.state in ("computed", "approved") and not found.step
    return {
        "may_retry": bool(view.parked) and is_settled and not is_asked and _is_reversible(view),
        "may_check": bool(view.unchecked) and row.state == "computed" and not found.step,
        "may_issue": row.state == "approved" and not is_asked,
        "may_recompute": is_settled and not is_asked and _is_reversible(view),
        "may_discard": _is_reversible(view),
    }


def _is_reversible(view: RunView) -> bool:
    return view.row.state not in policy.CLOSED_STATES and not view.issued


def _progress(found: RunProgress) -> dict[str, Any]:
    """What a page says of how far the run is. `shell` is what the rest of the page depends on, `seen` all that is said."""
    is_silent, shell = found.is_silent(clock.wall()), f"{found.state}|{found.step}|"
    seen = f"{shell}{found.done}|{found.total}|{int(is_silent)}|{found.stop_reason}"
    return {
        "progress": found, "is_silent": is_silent, "shell": shell, "seen": seen,
        "asked_by": found.issue_asked_by.partition(":")[2],
    }  # fmt: skip


def _report(scope: StaffScope, run_id: str) -> dict[str, Any] | None:
    try:
        content, _pdf = run_queries.report(scope=scope, run_id=run_id)
    except ReportNotFound:
        return None
    return printed_run_report.printed_report(json.loads(content), _language())


def _language() -> str:
    return (get_language() or "en").split("-")[0]
