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
from rackbill.domain.receivables.models import Mandate, OpenItem

STATUSES = ("OPEN", "PAID", "OVERDUE", "CANCELLED")
CREDIT_STATUSES = ("CREDIT", "SETTLED")
"""Of credit notes: something is left of the credit, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """An invoice or credit note of ours in a list; amounts in minor units, all of a credit note's below nothing.

    `status` is OPEN, PAID, OVERDUE or CANCELLED (B19b); of a credit note CREDIT or SETTLED.
    """

    number: str
    kind: str
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
    kinds: tuple[str, ...] = ("invoice",),
    number: str = "",
    status: str = "",
    issued_from: date | None = None,
    issued_until: date | None = None,
    sort: str = "-number",
    limit: int = 50,
    offset: int = 0,
) -> Page[InvoiceRow]:
    """Invoices, and credit notes where asked for, with what is open of them, newest first; three queries.

    `issued_until` is not part of the span.
    """
    rows = _with_status(scope.limit(OpenItem.objects.filter(system="", document_kind__in=kinds)), today)
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


def invoice(*, scope: Scope, number: str, today: date, kinds: tuple[str, ...] = ("invoice",)) -> InvoiceRow | None:
    """One invoice, or credit note where asked for, with what is open of it; None for another customer's, too."""
    found = invoices(scope=scope, today=today, kinds=kinds, number=number, limit=1).rows
    return found[0] if found else None


def _with_status(rows: QuerySet[OpenItem], today: date) -> QuerySet[OpenItem]:
    zero = Value(0, IntegerField())
    return rows.annotate(
        open_minor=Coalesce(Sum("entries__amount_minor"), zero),
        invoiced_minor=Coalesce(Sum("entries__amount_minor", filter=Q(entries__kind="invoice")), zero),
        credited_minor=Coalesce(Sum("entries__amount_minor", filter=Q(entries__kind="credit")), zero),
    ).annotate(
        status=Case(
            When(document_kind="credit_note", open_minor__lt=0, then=Value("CREDIT")),
            When(document_kind="credit_note", then=Value("SETTLED")),
            When(credited_minor__lt=0, invoiced_minor__lte=-F("credited_minor"), then=Value("CANCELLED")),
            When(open_minor__lte=0, then=Value("PAID")),
            When(due_on__lt=today, then=Value("OVERDUE")),
            default=Value("OPEN"),
            output_field=CharField(),
        )
    )


def _row(row: OpenItem, amounts: tuple[int, int, int]) -> InvoiceRow:
    sign = -1 if row.document_kind == "credit_note" else 1
    net, tax, gross = (sign * minor for minor in amounts)
    return InvoiceRow(
        number=row.document_number, kind=row.document_kind, issued_on=row.issued_on, due_on=row.due_on,
        currency=row.currency, net_minor=net, tax_minor=tax, gross_minor=gross,
        open_minor=row.open_minor, status=row.status,  # type: ignore[attr-defined]
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
