"""Ends of services and of whole contracts by agreement, suspension and reconnection."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from rackbill.domain.contracts.errors import AmendmentRefused, ContractNotFound, ServiceNotFound
from rackbill.domain.contracts.models import Cancellation, Contract, ContractLine, LineSuspension, Service
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
def end_contract(*, contract_id: str, ends_at: datetime | None, now: datetime, actor: Actor) -> None:
    """The instant a contract ends with all its services by agreement, whatever notice says; None takes an end away.

    Raises ContractNotFound, AmendmentRefused where a cancellation is in force, whose end is not agreed but given.
    """
    rows = Contract.objects.filter(contract_id=contract_id).select_related("customer")
    contract = locks.locked(rows).first()
    if contract is None:
        raise ContractNotFound(f"there is no contract {contract_id}; look it up with rackbill resolve")
    given = Cancellation.objects.filter(contract=contract, withdrawn_at=None).first()
    if given is not None:
        raise AmendmentRefused(
            f"contract {contract_id} is cancelled to {given.ends_on}; withdraw that first (rackbill contract withdraw), or end "
            "its services"
        )
    before, contract.ends_at = contract.ends_at, ends_at
    contract.save(update_fields=["ends_at"])
    unsettle_lines(line_keys=list(contract.lines.values_list("pk", flat=True)))
    history.record_change(
        now=now, actor=actor, verb="end_contract", object_kind="contract", object_id=contract_id,
        customer_id=contract.customer.customer_id, detail={"ends_at": ends_at, "before": before},
    )  # fmt: skip


@transaction.atomic
def suspend_service(*, service_id: str, on: date, reason: str, is_charged: bool, now: datetime, actor: Actor) -> None:
    """Suspends a service from a day on; its recurring lines go on being charged, or not. Raises ServiceNotFound,

    AmendmentRefused where it is suspended already, or was on that day or later.
    """
    service = _locked(service_id)
    if service.status == "SUSPENDED":
        raise AmendmentRefused(f"service {service_id} is suspended already; reconnect it first")
    earlier = LineSuspension.objects.filter(Q(valid_until=None) | Q(valid_until__gt=on), line__service=service)
    last = earlier.order_by("valid_from").last()
    if last is not None:
        raise AmendmentRefused(
            f"service {service_id} was suspended from {last.valid_from} until {last.valid_until or 'further notice'}; suspend "
            f"it from {last.valid_until or 'a day after its end'} on"
        )
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
