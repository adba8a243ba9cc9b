"""Open amounts: always sums of ledger entries, never stored flags."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from rackbill.core.party import DebitMandate
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit import bulk
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope
from rackbill.domain.receivables.models import LedgerEntry, Mandate, OpenItem

STATUSES = ("OPEN", "PAID", "OVERDUE", "CANCELLED")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """An invoice of ours in a list; amounts in minor units; `status` is OPEN, PAID, OVERDUE or CANCELLED (B19b)."""

    number: str
    issued_on: date
    due_on: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    open_minor: int
    status: str


SORTS = {"number": "document_number", "issued": "issued_on", "due": "due_on", "open": "open_minor"}


def invoices(
    *,
    scope: Scope,
    today: date,
    number: str = "",
    status: str = "",
    issued_from: date | None = None,
    issued_until: date | None = None,
    sort: str = "-number",
    limit: int = 50,
    offset: int = 0,
) -> Page[InvoiceRow]:
    """Invoices with what is open of them, newest first; three queries. `issued_until` is not part of the span."""
    rows = _with_status(scope.limit(OpenItem.objects.filter(system="", document_kind="invoice")), today)
    if number:
        rows = rows.filter(document_number=number)
    if status:
        rows = rows.filter(status=status)
    if issued_from:
        rows = rows.filter(issued_on__gte=issued_from)
    if issued_until:
        rows = rows.filter(issued_on__lt=issued_until)
    turned = "-" if sort.startswith("-") else ""
    order = SORTS.get(sort.lstrip("-"), "document_number")
    page = page_of(
        rows.order_by(f"{turned}{order}", f"{turned}document_number"), limit=limit, offset=offset, make=lambda r: r
    )
    amounts = documents.amounts(scope=scope, numbers=[row.document_number for row in page.rows])
    return Page(
        [_row(row, amounts[row.document_number]) for row in page.rows], page.total_count, page.limit, page.offset
    )


def invoice(*, scope: Scope, number: str, today: date) -> InvoiceRow | None:
    """One invoice with what is open of it, or None, also for another customer's."""
    found = invoices(scope=scope, today=today, number=number, limit=1).rows
    return found[0] if found else None


def _with_status(rows: QuerySet[OpenItem], today: date) -> QuerySet[OpenItem]:
    zero = Value(0, IntegerField())
    return rows.annotate(
        open_minor=Coalesce(Sum("entries__amount_minor"), zero),
        invoiced_minor=Coalesce(Sum("entries__amount_minor", filter=Q(entries__kind="invoice")), zero),
        credited_minor=Coalesce(Sum("entries__amount_minor", filter=Q(entries__kind="credit")), zero),
    ).annotate(
        status=Case(
            When(credited_minor__lt=0, invoiced_minor__lte=-F("credited_minor"), then=Value("CANCELLED")),
            When(open_minor__lte=0, then=Value("PAID")),
            When(due_on__lt=today, then=Value("OVERDUE")),
            default=Value("OPEN"),
            output_field=CharField(),
        )
    )


def _row(row: OpenItem, amounts: tuple[int, int, int]) -> InvoiceRow:
    net, tax, gross = amounts
    return InvoiceRow(
        number=row.document_number, issued_on=row.issued_on, due_on=row.due_on, currency=row.currency, net_minor=net,
        tax_minor=tax, gross_minor=gross, open_minor=row.open_minor, status=row.status,  # type: ignore[attr-defined]
    )  # fmt: skip


def mandates(*, customer_keys: Sequence[int]) -> dict[tuple[int, str], DebitMandate]:
    """By (customer key, currency): the newest mandate in force. SEPA debits are in EUR."""
    rows = Mandate.objects.filter(customer_id__any_of=bulk.Keys(customer_keys), is_revoked=False).order_by(
        "signed_on", "pk"
    )
    found = bulk.plain_rows(rows, "customer_id", "mandate_reference", "iban")
    return {(key, "EUR"): DebitMandate(reference=reference, account=iban) for key, reference, iban in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRow:
    """A mandate as staff see it: of the account the last four characters."""

    reference: str
    holder: str
    account_end: str
    signed_on: date
    is_revoked: bool


def customer_mandates(*, scope: Scope, customer_id: str) -> list[MandateRow]:
    """The mandates of a customer, the newest first; empty for a customer that is not in the scope."""
    rows = scope.limit(Mandate.objects.filter(customer__customer_id=customer_id)).order_by("-signed_on", "-pk")
    return [
        MandateRow(
            reference=row.mandate_reference, holder=row.holder, account_end=row.iban[-4:], signed_on=row.signed_on,
            is_revoked=row.is_revoked,
        )
        for row in rows
    ]  # fmt: skip


def open_sums(*, scope: Scope) -> dict[tuple[str, str], int]:
    """By (customer ID, currency): what is open of all documents, in minor units; credits count negative."""
    rows = scope.limit(OpenItem.objects.all()).values_list("customer__customer_id", "currency")
    return {
        (customer_id, currency): minor or 0
        for customer_id, currency, minor in rows.annotate(Sum("entries__amount_minor")).order_by(
            "customer__customer_id", "currency"
        )
    }


def paid_shares(*, customer_key: int) -> list[tuple[date, str, int]]:
    """(day, number of a document of ours, amount in minor units) of all money received that was booked on it."""
    rows = LedgerEntry.objects.filter(open_item__customer_id=customer_key, open_item__system="", kind="payment")
    return [
        (day, number, -minor)
        for day, number, minor in rows.order_by("booked_on", "pk").values_list(
            "booked_on", "open_item__document_number", "amount_minor"
        )
    ]
