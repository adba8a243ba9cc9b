"""What a service is called."""

from datetime import datetime

from django.db import transaction

from rackbill.domain.contracts import policy
from rackbill.domain.contracts.errors import ServiceNotFound
from rackbill.domain.contracts.models import Service
from rackbill.domain.history import operations as history
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope


@transaction.atomic
def set_reference(*, scope: Scope, service_id: str, reference: str, now: datetime, actor: Actor) -> str:
    """The reference as stored; blank takes it away. Raises ServiceNotFound, ReferenceRefused."""
    text = policy.checked_reference(reference)
    rows = scope.limit(Service.objects.filter(service_id=service_id)).select_related(
        "customer", "equipment", "contract"
    )
    service = locks.locked(rows).first()
    if service is None:
        raise ServiceNotFound(f"there is no service {service_id}")
    before = service.reference
    if before == text:
        return text
    service.reference = text
    service.search_text = service_search_text(service=service)
    service.save(update_fields=["reference", "search_text"])
    identifiers.replace_reference(
        target_kind="service",
        target_id=service_id,
        customer_id=service.customer.customer_id,
        reference=text,
        on=now.date(),
    )
    history.record_change(
        now=now, actor=actor, verb="set_reference", object_kind="service", object_id=service_id,
        customer_id=service.customer.customer_id, personal=({"reference": before}, {"reference": text}),
    )  # fmt: skip
    return text


def service_search_text(*, service: Service) -> str:
    """What a service is found by: reference, equipment, service, contract and legacy identifiers."""
    equipment_id = service.equipment.equipment_id if service.equipment else ""
    return policy.search_text(
        service.reference, equipment_id, service.service_id, service.contract.contract_id, service.legacy_id,
        service.legacy_name, service.contract.legacy_id,
    )  # fmt: skip
