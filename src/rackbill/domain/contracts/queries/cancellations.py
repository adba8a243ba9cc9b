"""Reads of cancellations."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rackbill.domain.contracts.models import Cancellation
from rackbill.domain.kit.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationConfirmation:
    """What the automatic confirmation of a cancellation says (B29, B30): the notice, the end, each service with its end."""

    contract_id: str
    given_at: datetime
    notice: str
    ends_on: date
    undo_until: datetime
    reason_code: str
    services: tuple[tuple[str, str, str, str, date], ...]


def cancellation_confirmation(*, scope: Scope, contract_id: str) -> CancellationConfirmation | None:
    """The cancellation in force of a contract, or None; `services` are (ID, description, reference, Equipment ID, last end)."""
    rows = Cancellation.objects.filter(contract__contract_id=contract_id, withdrawn_at=None)
    given = (
        scope.limit(rows, customer="contract__customer")
        .select_related("contract__customer__sales_organisation")
        .first()
    )
    if given is None:
        return None
    zone = ZoneInfo(given.contract.customer.sales_organisation.time_zone)
    services = tuple(
        (
            s.service_id, s.description, s.reference, s.equipment.equipment_id if s.equipment else "",
            min(given.ends_on, s.ends_at.astimezone(zone).date()) if s.ends_at else given.ends_on,
        )
        for s in given.contract.services.select_related("equipment").order_by("service_id")
    )  # fmt: skip
    return CancellationConfirmation(
        contract_id=contract_id, given_at=given.given_at, notice=given.notice, ends_on=given.ends_on,
        undo_until=given.undo_until, reason_code=given.reason_code, services=services,
    )  # fmt: skip
