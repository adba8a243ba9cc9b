"""Ends of services, suspension and reconnection."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from rackbill.domain.contracts.errors import AmendmentRefused, ServiceNotFound
from rackbill.domain.contracts.models import ContractLine, LineSuspension, Service
from rackbill.domain.contracts.operations.amending import unsettle_lines
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor


@transaction.atomic
def end_service(*, service_id: str, ends_at: datetime | None, now: datetime, actor: Actor) -> None:
    """The instant a service ends, in the past, the present or the future; None takes an end away. Raises ServiceNotFound."""
    service = _locked(service_id)
    before, service.ends_at = service.ends_at, ends_at
    service.save(update_fields=["ends_at"])
    _amended(service, now, actor, "end_service", {"ends_at": ends_at, "before": before})


@transaction.atomic
def suspend_service(*, service_id: str, on: date, reason: str, is_charged: bool, now: datetime, actor: Actor) -> None:
    """Suspends a service from a day on; its recurring lines go on being charged, or not. Raises ServiceNotFound,

    AmendmentRefused where it is suspended already.
    """
    service = _locked(service_id)
    if service.status == "SUSPENDED":
        raise AmendmentRefused(f"service {service_id} is suspended already; reconnect it first")
    service.status = "SUSPENDED"
    service.save(update_fields=["status"])
    if not is_charged:
        for line in ContractLine.objects.filter(service=service, kind="recurring"):
            LineSuspension.objects.create(line=line, reason=reason, valid_from=on)
    _amended(service, now, actor, "suspend_service", {"from": on, "reason": reason, "charged": is_charged})


@transaction.atomic
def reconnect_service(*, service_id: str, on: date, now: datetime, actor: Actor) -> None:
    """Ends a suspension on a day; from then on it is charged again. Raises ServiceNotFound, AmendmentRefused."""
    service = _locked(service_id)
    if service.status != "SUSPENDED":
        raise AmendmentRefused(f"service {service_id} is {service.status}, not suspended")
    service.status = "ACTIVE"
    service.save(update_fields=["status"])
    rows = LineSuspension.objects.filter(line__service=service, valid_until=None)
    rows.filter(valid_from__gte=on).delete()
    rows.update(valid_until=on)
    _amended(service, now, actor, "reconnect_service", {"from": on})


def _locked(service_id: str) -> Service:
    service = locks.locked(Service.objects.filter(service_id=service_id).select_related("customer")).first()
    if service is None:
        raise ServiceNotFound(f"there is no service {service_id}")
    return service


def _amended(service: Service, now: datetime, actor: Actor, verb: str, detail: dict[str, Any]) -> None:
    unsettle_lines(line_keys=list(service.lines.values_list("pk", flat=True)))
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="service", object_id=service.service_id,
        customer_id=service.customer.customer_id, detail=detail,
    )  # fmt: skip
