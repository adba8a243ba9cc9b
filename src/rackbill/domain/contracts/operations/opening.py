"""New contracts with their services and lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core.id_shapes import IdKind, print_service_id
from rackbill.core.terms import DatedPrice, DatedQuantity, Discount
from rackbill.domain.catalogue import queries as catalogue
from rackbill.domain.contracts.errors import AmendmentRefused, ServiceNotFound
from rackbill.domain.contracts.models import (
    Contract,
    ContractLine,
    EquipmentPlacement,
    LineDiscount,
    LinePrice,
    LineQuantity,
    Service,
)
from rackbill.domain.contracts.operations.naming import service_search_text
from rackbill.domain.history import operations as history
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be agreed. `is_anniversary`: cycles begin on its own first day instead of the first of a month (B1).

    `profile` holds the columns proration, day_price_digits, rounding, day_count and is_unit_rounded where they differ from the
    standard. A recurring line takes the catalogue's discounts for its contract's term and its cycle (B10), unless
    `takes_listed_discounts` is off. `counts` says whose lines count to a minimum: `service` or `contract`.
    """

    kind: str
    description: str
    starts_on: date
    prices: tuple[DatedPrice, ...]
    quantities: tuple[DatedQuantity, ...]
    ends_on: date | None = None
    cycle_months: int = 1
    timing: str = "advance"
    discounts: tuple[Discount, ...] = ()
    is_anniversary: bool = False
    billed_from: date | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    takes_listed_discounts: bool = True
    counts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """A service to be agreed, with its lines; `equipment_key` and `equipment_id` where it has one."""

    product_key: int
    description: str
    lines: tuple[NewLine, ...]
    billing_group_key: int
    starts_at: datetime
    equipment_key: int | None = None
    equipment_id: str = ""
    reference: str = ""
    cost_centre: str = ""
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedService:
    """A new service's ID and the keys of its lines, in their order."""

    service_id: str
    service_key: int
    line_keys: tuple[int, ...]


@transaction.atomic
def open_contract(
    *, order_id: str, customer_key: int, customer_id: str, currency: str, ordered_on: date, starts_at: datetime,
    term_months: int, po_number: str, services: Sequence[NewService], zone: ZoneInfo, now: datetime, actor: Actor,
) -> tuple[str, int, list[OpenedService]]:  # fmt: skip
    """(Contract ID, key, its services) of a new contract, ordered at one time under `order_id`."""
    (contract_id,) = identifiers.give_ids(kind=IdKind.CONTRACT, count=1)
    contract = Contract.objects.create(
        contract_id=contract_id, customer_id=customer_key, currency=currency, ordered_on=ordered_on, starts_at=starts_at,
        term_months=term_months, po_number=po_number,
    )  # fmt: skip
    aliases = [NewAlias(kind="contract", raw_text=contract_id, target_kind="contract", target_id=contract_id,
                        customer_id=customer_id)]  # fmt: skip
    opened = []
    for position, new in enumerate(services, start=1):
        opened.append(_open_service(contract, print_service_id(order_id, position), new, zone))
        service_id = opened[-1].service_id
        aliases.append(
            NewAlias(kind="service", raw_text=service_id, target_kind="service", target_id=service_id, customer_id=customer_id)
        )  # fmt: skip
        if new.reference:
            identifiers.replace_reference(
                target_kind="service", target_id=service_id, customer_id=customer_id, reference=new.reference, on=ordered_on
            )  # fmt: skip
    identifiers.register_aliases(aliases=aliases)
    history.record_change(
        now=now, actor=actor, verb="open_contract", object_kind="contract", object_id=contract_id, customer_id=customer_id,
        detail={"order": order_id, "services": [row.service_id for row in opened]},
    )  # fmt: skip
    return contract_id, contract.pk, opened


def _open_service(contract: Contract, service_id: str, new: NewService, zone: ZoneInfo) -> OpenedService:
    service = Service.objects.create(
        service_id=service_id, contract=contract, customer_id=contract.customer_id, billing_group_id=new.billing_group_key,
        product_id=new.product_key, equipment_id=new.equipment_key, description=new.description, status=new.status,
        reference=new.reference, starts_at=new.starts_at, cost_centre=new.cost_centre,
    )  # fmt: skip
    service.search_text = service_search_text(service=service)
    service.save(update_fields=["search_text"])
    if new.equipment_key is not None:
        start = new.starts_at.astimezone(zone).date()
        EquipmentPlacement.objects.create(service=service, equipment_id=new.equipment_key, valid_from=start)
    keys = tuple(store_line(service=service, new=line) for line in new.lines)
    return OpenedService(service_id=service_id, service_key=service.pk, line_keys=keys)


@transaction.atomic
def add_line(*, service_id: str, line: NewLine, now: datetime, actor: Actor) -> int:
    """The key of a further line of a service: an upgrade, an addition, a one-off fee. Raises ServiceNotFound."""
    service = Service.objects.filter(service_id=service_id).select_related("customer").first()
    if service is None:
        raise ServiceNotFound(f"there is no service {service_id}")
    key = store_line(service=service, new=line)
    history.record_change(
        now=now, actor=actor, verb="add_line", object_kind="service", object_id=service_id,
        customer_id=service.customer.customer_id, detail={"line": line.description, "line_key": key, "from": str(line.starts_on)},
    )  # fmt: skip
    return key


def store_line(*, service: Service, new: NewLine, anchor_on: date | None = None) -> int:
    """The key of a line of a service with its prices, quantities and discounts. Raises AmendmentRefused."""
    if new.kind == "metered" and any(price.usage_price is None for price in new.prices):
        raise AmendmentRefused(f"the metered line {new.description!r} needs a usage price")
    if (new.kind == "minimum") != (new.counts in ("service", "contract")):
        raise AmendmentRefused(
            f"line {new.description!r}: a minimum, and nothing else, counts lines of a service or contract"
        )
    line = ContractLine.objects.create(
        service=service, contract_id=service.contract_id, kind=new.kind, timing=new.timing, description=new.description,
        cycle_months=new.cycle_months, starts_on=new.starts_on, ends_on=new.ends_on, billed_from=new.billed_from,
        anchor_on=new.starts_on if new.is_anniversary else anchor_on, counts=new.counts, **new.profile,
    )  # fmt: skip
    for price in new.prices:
        LinePrice.objects.create(
            line=line, unit_price=price.unit_price, valid_from=price.valid_from, valid_until=price.valid_until,
            usage_price=price.usage_price.to_plain() if price.usage_price is not None else None,
        )  # fmt: skip
    for row in new.quantities:
        LineQuantity.objects.create(
            line=line, quantity=row.quantity, valid_from=row.valid_from, valid_until=row.valid_until
        )
    for discount, is_listed in [*((d, False) for d in new.discounts), *((d, True) for d in _listed(service, new))]:
        LineDiscount.objects.create(
            line=line, kind=discount.kind.value, value=discount.value, reason=discount.reason, is_listed=is_listed,
            valid_from=discount.valid_from, valid_until=discount.valid_until,
        )  # fmt: skip
    return line.pk


def _listed(service: Service, new: NewLine) -> list[Discount]:
    """The catalogue's discounts on the line's first day, for good: what was agreed then stays."""
    if new.kind != "recurring" or not new.takes_listed_discounts:
        return []
    return catalogue.listed_discounts(
        organisation_id=service.customer.sales_organisation.organisation_id, product_key=service.product_id,
        term_months=service.contract.term_months, cycle_months=new.cycle_months, on=new.starts_on,
    )  # fmt: skip
