"""Where the outbox stands."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, When

from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRow:
    """A dispatch that is not sent: whose, to whom (blank: nobody), its state and why, how often tried, when next."""

    document_number: str
    customer_id: str
    recipient: str
    state: str
    reason: str
    attempt_count: int
    next_attempt_at: datetime


def counts_by_state() -> dict[str, int]:
    """How many dispatches are in each state."""
    return dict(Dispatch.objects.values_list("state").annotate(Count("pk")))


def unsent(*, scope: Scope, limit: int, offset: int) -> Page[DispatchRow]:
    """A page of what is not sent: first what waits for a person (failed, parked), then what waits for its next try."""
    for_a_person = Case(When(state__in=("failed", "parked"), then=0), default=1)
    rows = scope.limit(Dispatch.objects.exclude(state="sent")).select_related("document", "customer")
    return page_of(rows.order_by(for_a_person, "document__number", "pk"), limit=limit, offset=offset, make=_row)


def _row(row: Dispatch) -> DispatchRow:
    return DispatchRow(
        document_number=row.document.number, customer_id=row.customer.customer_id, recipient=row.recipient, state=row.state,
        reason=row.reason, attempt_count=row.attempt_count, next_attempt_at=row.next_attempt_at,
    )  # fmt: skip
