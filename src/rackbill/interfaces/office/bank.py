"""Bank files read, and money that nobody could place given to whose it is."""

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from rackbill.core.bank_statement import BankFileRefused, LineKind
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.scope import StaffScope
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.policy import people
from rackbill.domain.receivables import operations, policy, queries
from rackbill.domain.receivables.errors import IdReused, MoneyNotFound, MoneyRefused, OpenItemNotFound
from rackbill.domain.receivables.operations import ImportSummary
from rackbill.domain.receivables.queries import ParkedLine
from rackbill.formats.bank_file import read_bank_file
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.office.staff import actor, organisations_of, with_staff
from rackbill.interfaces.portal import lists

MOST_BYTES = 5_000_000
MOST_LINES = 1_000
"""What a page reads while a person waits; larger files are for the console."""
PAGE = 20
FAULTS = (BankFileRefused, MoneyRefused, MoneyNotFound, OpenItemNotFound, IdReused)
SAID = {
    "assigned": _("Assigned."), "sent_back": _("Noted that it went back to its sender."),
    "returned": _("Taken back; what it had paid is open again."), "matched": _("Tried again; what is certain now is settled."),
}  # fmt: skip


@with_staff(people.VIEWERS)
def bank(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Bank lines of a sales organisation that wait for a person, with whose they may be."""
    return _page(request, scope, _organisation(request.GET.get("organisation", ""), scope))


@require_POST
@with_staff(policy.CASHIERS)
def read_file(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Reads a bank file, settles what is certain, parks the rest. The same file again changes nothing."""
    organisation_id = _own(request, scope)
    sent = request.FILES.get("file")
    if sent is None:
        return _page(request, scope, organisation_id, words=_("Choose a file."), status=422)
    if (sent.size or 0) > MOST_BYTES:
        return _page(request, scope, organisation_id, words=_too_large(organisation_id), status=413)
    content = sent.read()
    try:
        read = read_bank_file(content)
        if len(read.lines) > MOST_LINES:
            return _page(request, scope, organisation_id, words=_too_large(organisation_id), status=413)
        summary = operations.import_statement(
            organisation_id=organisation_id, lines=read.lines, file_sha256=hashlib.sha256(content).hexdigest(),
            now=clock.now(), actor=actor(request),
        )  # fmt: skip
    except FAULTS as fault:
        return _page(request, scope, organisation_id, fault=str(fault), status=422)
    return _page(request, scope, organisation_id, summary=summary, left_out=read.left_out)


def _too_large(organisation_id: str) -> Any:
    command = f"rackbill payments import FILE --sales-org {organisation_id}"
    return _("The file is too large for this page (%(lines)s lines). Read it on the console: %(command)s") % {
        "lines": MOST_LINES, "command": command,
    }  # fmt: skip


def _too_many(organisation_id: str) -> Any:
    return _("More than %(lines)s lines wait. Try them again on the console: %(command)s") % {
        "lines": MOST_LINES, "command": f"rackbill payments match --sales-org {organisation_id}",
    }  # fmt: skip


@require_POST
@with_staff(policy.CASHIERS)
def match(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """Tries all that waits again, by what is open and known today."""
    organisation_id = _own(request, scope)
    waiting = queries.parked_lines(scope=scope, organisation_id=organisation_id, limit=1)
    if waiting.total_count > MOST_LINES:
        return _page(request, scope, organisation_id, words=_too_many(organisation_id), status=409)
    operations.match_parked(organisation_id=organisation_id, now=clock.now(), actor=actor(request))
    return _said(organisation_id, "matched")


@require_POST
@with_staff(policy.CASHIERS)
def place(request: HttpRequest, scope: StaffScope, line_id: str) -> HttpResponse:
    """Says whose a waiting line is, which payment the bank took back, or that the money went back."""
    organisation_id = _own(request, scope)
    line = queries.parked_line(scope=scope, organisation_id=organisation_id, line_id=line_id)
    if line is None:
        raise Http404
    try:
        said = _ACTS[request.POST.get("act", "")](request, scope, line)
    except KeyError:
        raise Http404 from None
    except FAULTS as fault:
        return _page(request, scope, organisation_id, fault=str(fault), at=line_id, status=422)
    if not said:
        return _page(request, scope, organisation_id, words=_("Say whose it is, or why."), at=line_id, status=422)
    return _said(organisation_id, said)


def _assign(request: HttpRequest, scope: StaffScope, line: ParkedLine) -> str:
    text = request.POST.get("to", "").strip()
    if not text:
        return ""
    # A document's number first: it says more than its customer.
    customer_id = identifiers.target_id(scope=scope, target_kind="customer", text=text) or ""
    operations.assign_line(
        line_id=line.line_id, customer_id=customer_id, number="" if customer_id else text, now=clock.now(), actor=actor(request)
    )  # fmt: skip
    return "assigned"


def _send_back(request: HttpRequest, scope: StaffScope, line: ParkedLine) -> str:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        return ""
    now = clock.now()
    operations.return_line(line_id=line.line_id, reason=reason, on=now.date(), now=now, actor=actor(request))
    return "sent_back"


def _take_back(request: HttpRequest, scope: StaffScope, line: ParkedLine) -> str:
    payment_id = request.POST.get("to", "")
    if line.kind != LineKind.RETURNED.value or payment_id not in {one.number for one in line.suggestions}:
        return ""
    operations.return_payment(
        payment_id=payment_id, line_id=line.line_id, reason=line.text[:200], on=line.booked_on, now=clock.now(),
        actor=actor(request),
    )  # fmt: skip
    return "returned"


_ACTS: dict[str, Callable[[HttpRequest, StaffScope, ParkedLine], str]] = {
    "assign": _assign, "send_back": _send_back, "take_back": _take_back,
}  # fmt: skip


def _organisation(asked: str, scope: StaffScope) -> str:
    """The one that is asked for, else the first of the person's."""
    return asked if asked in scope.organisation_ids else min(scope.organisation_ids)


def _own(request: HttpRequest, scope: StaffScope) -> str:
    organisation_id = request.POST.get("organisation", "")
    if organisation_id not in scope.organisation_ids:
        raise Http404
    return organisation_id


def _said(organisation_id: str, what: str) -> HttpResponse:
    return redirect(f"{reverse('office_bank')}?{urlencode({'organisation': organisation_id, 'said': what})}")


def _page(
    request: HttpRequest, scope: StaffScope, organisation_id: str, *, summary: ImportSummary | None = None,
    left_out: tuple[str, ...] = (), words: Any = "", fault: str = "", at: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    readers = StaffScope(organisations_of(request, people.VIEWERS))
    page = queries.parked_lines(
        scope=readers, organisation_id=organisation_id, limit=PAGE, offset=lists.offset(request)
    )
    sums = queries.parked_sums(scope=readers, organisation_id=organisation_id)
    context = {
        "page": page, "links": lists.links(request, page), "section": "bank", "organisation": organisation_id,
        "sellers": parties.seller_names(organisation_ids=readers.organisation_ids), "sums": sorted(sums.items()),
        "may_act": organisation_id in organisations_of(request, policy.CASHIERS),
        "summary": summary, "amounts": _amounts(summary), "left_out": left_out,
        "ignored": sorted(summary.ignored.items()) if summary else (), "words": words, "fault": fault, "at": at,
        "said": SAID.get(request.GET.get("said", ""), ""), "returned": LineKind.RETURNED.value,
    }  # fmt: skip
    return render(request, "office/bank.html", context, status=status)


def _amounts(summary: ImportSummary | None) -> list[tuple[str, list[tuple[Any, int]]]]:
    if summary is None:
        return []
    return [
        (
            currency,
            [(_("Received"), summary.received[currency]), (_("Allocated"), summary.allocated[currency]),
             (_("On account"), summary.on_account[currency]), (_("Waiting"), summary.parked[currency])],
        )
        for currency in sorted(summary.received)
    ]  # fmt: skip
