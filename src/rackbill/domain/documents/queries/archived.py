"""Reads of archived documents of the legacy systems."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rackbill.domain.documents.models import (
    ArchivedDocument,
    ArchivedLine,
)
from rackbill.domain.kit.scope import Scope


def archived_count(*, scope: Scope) -> int:
    """How many documents of the legacy system are archived; they are handed out on request (N12)."""
    return scope.limit(ArchivedDocument.objects.all()).count()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedLineRow:
    """One line of an archived document as the legacy system had it; the net amount in minor units."""

    line_number: int
    service_id: str
    legacy_service_id: str
    description: str
    period_start: date | None
    period_end: date | None
    quantity: Decimal
    unit_price: Decimal
    net_minor: int
    tax_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRow:
    """An archived document with its lines; amounts in minor units."""

    system: str
    number: str
    kind: str
    customer_id: str
    issued_on: date
    due_on: date
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    lines: tuple[ArchivedLineRow, ...]


def archived_documents(*, scope: Scope, number: str) -> list[ArchivedRow]:
    """The archived documents of a number (two legacy systems may have used the same), with their lines."""
    rows = (
        scope.limit(ArchivedDocument.objects.filter(number=number)).select_related("customer").order_by("system", "pk")
    )
    return [_archived(row) for row in rows]


def _archived(row: ArchivedDocument) -> ArchivedRow:
    lines = tuple(
        ArchivedLineRow(
            line_number=line.line_number, service_id=line.service_id, legacy_service_id=line.legacy_service_id,
            description=line.description, period_start=line.period_start, period_end=line.period_end,
            quantity=line.quantity, unit_price=line.unit_price, net_minor=line.net_minor, tax_rate=line.tax_rate,
        )
        for line in ArchivedLine.objects.filter(document=row).order_by("line_number")
    )  # fmt: skip
    return ArchivedRow(
        system=row.system, number=row.number, kind=row.kind, customer_id=row.customer.customer_id, issued_on=row.issued_on,
        due_on=row.due_on, currency=row.currency, net_minor=row.net_minor, tax_minor=row.tax_minor,
        gross_minor=row.gross_minor, lines=lines,
    )  # fmt: skip
