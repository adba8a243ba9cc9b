"""Receivables: who owes how much and for how long, as a list of any day and as CSV; and one customer's documents."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from rackbill.core.aging import AGES, AgedCustomer, AgedSums
from rackbill.domain.kit.scope import CustomerScope, StaffScope
from rackbill.domain.parties.errors import CustomerNotFound
from rackbill.domain.parties.policy import people
from rackbill.domain.parties.queries import einvoices as customer_queries
from rackbill.domain.receivables import policy, queries
from rackbill.formats.receivables_csv import write_receivables_csv
from rackbill.interfaces.jobs import clock
from rackbill.interfaces.office import payment_form
from rackbill.interfaces.office.payment_form import PaymentEntry
from rackbill.interfaces.office.staff import organisations_of, with_staff
from rackbill.interfaces.portal import lists

AGE_WORDS = dict(
    zip(AGES, (_("Not due"), _("1 to 30 days"), _("31 to 60 days"), _("61 to 90 days"), _("Over 90 days")), strict=True)
)
_COLUMNS = [
    ("customer", _("Customer ID")), ("name", _("Name")), *(("", AGE_WORDS[age]) for age in AGES), ("open", _("Open")),
    ("balance", _("Balance")),
]  # fmt: skip
KIND_WORDS = {"invoice": _("Invoice"), "credit_note": _("Credit note")}
_ITEM_COLUMNS = [
    ("number", _("Number")), ("", _("Kind")), ("issued", _("Date")), ("due", _("Due")), ("", _("Total")), ("open", _("Open")),
    ("", _("Age")),
]  # fmt: skip
CSV_PAGE = 500


@with_staff(people.VIEWERS)
def receivables(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """The aged list of the person's sales organisations, filtered and sorted by what stands in the address."""
    asked = _asked(request)
    page = queries.aged_customers(scope=scope, limit=lists.PAGE, offset=lists.offset(request), **asked)
    context = {
        "page": page, "links": lists.links(request, page), "section": "receivables", "asked": asked,
        "columns": lists.columns(request, asked["sort"], _COLUMNS, figures=tuple(range(2, len(_COLUMNS)))),
        "rows": [{"row": row, "ages": _ages(row.sums)} for row in page.rows],
        "totals": [{"total": total, "ages": _ages(total.sums), "bars": _bars(total.sums)} for total in page.totals],
        "age_words": AGE_WORDS.values(), "csv": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "office/receivables.html", context)


@require_GET
@with_staff(people.VIEWERS)
def receivables_csv(request: HttpRequest, scope: StaffScope) -> HttpResponse:
    """The same list, all of its pages, as CSV."""
    asked = _asked(request)
    content = write_receivables_csv(_all_rows(scope, asked), on=asked["on"])
    name = f"receivables-{asked['on']}.csv"
    return HttpResponse(
        content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )  # fmt: skip


@with_staff(people.VIEWERS)
def account(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """What one customer owes: the sums by age, and the documents with what is open of each."""
    return _account(request, scope, customer_id)


@require_POST
@with_staff(policy.CASHIERS)
def enter_payment(request: HttpRequest, scope: StaffScope, customer_id: str) -> HttpResponse:
    """Books a payment that staff received."""
    try:
        customer_queries.customer_data(scope=scope, customer_id=customer_id, on=clock.now().date())
    except CustomerNotFound:
        raise Http404 from None
    refused = payment_form.book(request, customer_id)
    if refused is not None:
        return _account(request, scope, customer_id, refused, status=422)
    return redirect(f"{reverse('office_account', args=[customer_id])}?saved=payment")


def _account(
    request: HttpRequest, scope: StaffScope, customer_id: str, refused: PaymentEntry | None = None, status: int = 200
) -> HttpResponse:
    today = clock.now().date()
    try:
        data = customer_queries.customer_data(scope=scope, customer_id=customer_id, on=today)
    except CustomerNotFound:
        raise Http404 from None
    is_all, sort = "all" in request.GET, request.GET.get("sort", "due")
    page = queries.open_items(
        scope=CustomerScope(data.key, data.customer_id), today=today, is_all=is_all, sort=sort, limit=lists.PAGE,
        offset=lists.offset(request),
    )  # fmt: skip
    aged = queries.aged_customers(scope=scope, customer_id=customer_id, on=today)
    context = {
        "customer": data, "section": "receivables", "page": page, "links": lists.links(request, page), "is_all": is_all,
        "columns": lists.columns(request, sort, _ITEM_COLUMNS, figures=(4, 5)),
        "rows": [
            {"row": row, "kind": KIND_WORDS.get(row.kind, row.kind), "age": AGE_WORDS.get(row.age, "")} for row in page.rows
        ],
        "sums": [{"row": row, "ages": _ages(row.sums), "bars": _bars(row.sums)} for row in aged.rows],
        "age_words": AGE_WORDS.values(), "saved": request.GET.get("saved", ""),
        "may_act": data.organisation_id in organisations_of(request, policy.CASHIERS),
        "form": payment_form.context(refused, currency=aged.rows[0].sums.currency if aged.rows else "", today=today),
    }  # fmt: skip
    return render(request, "office/account.html", context, status=status)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the address asks for; what it says wrongly is as if it said nothing."""
    sent = request.GET
    try:
        on = date.fromisoformat(sent.get("on", ""))
    except ValueError:
        on = clock.now().date()
    sort = sent.get("sort", "-overdue")
    return {
        "on": on, "search": sent.get("q", "").strip(), "is_overdue": "overdue" in sent,
        "sort": sort if sort.lstrip("-") in queries.AGED_SORTS else "-overdue",
    }  # fmt: skip


def _all_rows(scope: StaffScope, asked: dict[str, Any]) -> Iterator[AgedCustomer]:
    offset: int | None = 0
    while offset is not None:
        page = queries.aged_customers(scope=scope, limit=CSV_PAGE, offset=offset, **asked)
        yield from page.rows
        offset = page.next_offset


def _ages(sums: AgedSums) -> list[tuple[Any, int]]:
    return [(AGE_WORDS[age], minor) for age, minor in sums.ages_minor.items()]


def _bars(sums: AgedSums) -> list[dict[str, Any]]:
    """The ages as parts of one bar of 1000, the oldest darkest; what is nothing has none."""
    found, start, seen = [], 0, 0
    for place, minor in enumerate(sums.ages_minor.values()):
        seen += minor
        end = 1000 * seen // sums.open_minor if sums.open_minor else 0
        if end > start:
            found.append({"place": place, "start": start, "width": end - start})
        start = end
    return found
