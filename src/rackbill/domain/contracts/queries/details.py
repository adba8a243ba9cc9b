"""Contract lines in full, with every dated row, for people who check or mend what was agreed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from rackbill.domain.contracts.errors import ContractNotFound, LineNotFound, ServiceNotFound
from rackbill.domain.contracts.models import Contract, ContractLine, Service
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope

Rows = tuple[dict[str, Any], ...]
"""Dated rows, oldest first: `valid_from`, `valid_until` (not included, None: open), and what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedThing:
    """A contract, a service or a line: whose it is, and the lines it is made of. `service_id` is blank for a contract."""

    customer_id: str
    organisation_id: str
    zone: ZoneInfo
    contract_id: str
    service_id: str
    line_keys: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDetail:
    """A contract line with its service and contract. Prices are per cycle and piece in the main unit.

    `profile` holds what differs from the standard way to price parts of a cycle, as `NewLine.profile` takes it.
    """

    line_key: int
    kind: str
    description: str
    customer_id: str
    organisation_id: str
    contract_id: str
    currency: str
    contract_starts_on: date
    contract_ends_on: date | None
    term_months: int
    service_id: str
    service: str
    status: str
    service_ends_on: date | None
    product_code: str
    product_class: str
    starts_on: date
    ends_on: date | None
    billed_from: date | None
    cycle_months: int
    timing: str
    anchor_on: date | None
    settled_until: date | None
    prices: Rows
    quantities: Rows
    discounts: Rows
    suspensions: Rows
    profile: dict[str, Any]

    def in_force(self, rows: Rows, on: date) -> dict[str, Any] | None:
        """The row of a day, or None."""
        found = [r for r in rows if r["valid_from"] <= on and (r["valid_until"] is None or on < r["valid_until"])]
        return found[-1] if found else None


def line_details(
    *, scope: Scope, contract_id: str = "", service_id: str = "", customer_id: str = "", limit: int, offset: int = 0
) -> Page[LineDetail]:
    """The lines of a contract, a service or a customer, in the order of contracts and services."""
    wanted = {
        "contract__contract_id": contract_id, "service__service_id": service_id, "service__customer__customer_id": customer_id,
    }  # fmt: skip
    rows = _lines(scope).filter(**{path: value for path, value in wanted.items() if value})
    return page_of(
        rows.order_by("contract__contract_id", "service__service_id", "pk"), limit=limit, offset=offset, make=_detail
    )


def line_detail(*, scope: Scope, line_key: int) -> LineDetail:
    """One line. Raises LineNotFound, also for one that is not in the scope."""
    row = _lines(scope).filter(pk=line_key).first()
    if row is None:
        raise LineNotFound(f"there is no contract line {line_key}; rackbill contract show lists those of a contract")
    return _detail(row)


def agreed_contract(*, scope: Scope, contract_id: str) -> AgreedThing:
    """A contract. Raises ContractNotFound."""
    rows = scope.limit(Contract.objects.filter(contract_id=contract_id))
    row = rows.select_related("customer__sales_organisation").first()
    if row is None:
        raise ContractNotFound(f"there is no contract {contract_id}; look it up with rackbill resolve")
    return _agreed(row, "", row.lines.order_by("pk"))


def agreed_service(*, scope: Scope, service_id: str) -> AgreedThing:
    """A service. Raises ServiceNotFound."""
    rows = scope.limit(Service.objects.filter(service_id=service_id))
    row = rows.select_related("contract__customer__sales_organisation").first()
    if row is None:
        raise ServiceNotFound(f"there is no service {service_id}; look it up with rackbill resolve")
    return _agreed(row.contract, service_id, row.lines.order_by("pk"))


def _agreed(contract: Contract, service_id: str, lines: QuerySet[ContractLine]) -> AgreedThing:
    customer = contract.customer
    own = customer.sales_organisation
    return AgreedThing(
        customer_id=customer.customer_id, organisation_id=own.organisation_id, zone=ZoneInfo(own.time_zone),
        contract_id=contract.contract_id, service_id=service_id, line_keys=tuple(lines.values_list("pk", flat=True)),
    )  # fmt: skip


def _lines(scope: Scope) -> QuerySet[ContractLine]:
    rows = scope.limit(ContractLine.objects.all(), customer="service__customer")
    return rows.select_related(
        "contract__customer__sales_organisation", "service__product", "product"
    ).prefetch_related("prices", "quantities", "discounts", "suspensions")  # fmt: skip


def _rows(rows: Any, *names: str) -> Rows:
    ordered = sorted(rows.all(), key=lambda row: (row.valid_from, row.pk))
    return tuple({name: getattr(row, name) for name in (*names, "valid_from", "valid_until")} for row in ordered)


_STANDARD = {
    "proration": "days_of_cycle", "day_price_digits": None, "rounding": "half_up", "day_count": "start", "is_unit_rounded": False,
}  # fmt: skip


def _detail(line: ContractLine) -> LineDetail:
    service, contract = line.service, line.contract
    own, product = contract.customer.sales_organisation, line.product or service.product
    zone = ZoneInfo(own.time_zone)

    def day(moment: datetime | None) -> date | None:
        return moment.astimezone(zone).date() if moment else None

    return LineDetail(
        line_key=line.pk, kind=line.kind, description=line.description, customer_id=contract.customer.customer_id,
        organisation_id=own.organisation_id, contract_id=contract.contract_id, currency=contract.currency,
        contract_starts_on=contract.starts_at.astimezone(zone).date(), contract_ends_on=day(contract.ends_at),
        term_months=contract.term_months, service_id=service.service_id, service=service.description, status=service.status,
        service_ends_on=day(service.ends_at), product_code=product.code, product_class=product.product_id,
        starts_on=line.starts_on, ends_on=line.ends_on, billed_from=line.billed_from, cycle_months=line.cycle_months,
        timing=line.timing, anchor_on=line.anchor_on, settled_until=line.settled_until,
        prices=_rows(line.prices, "unit_price", "usage_price"), quantities=_rows(line.quantities, "quantity"),
        discounts=_rows(line.discounts, "reason", "kind", "value", "is_listed"), suspensions=_rows(line.suspensions, "reason"),
        profile={name: getattr(line, name) for name, value in _STANDARD.items() if getattr(line, name) != value},
    )  # fmt: skip
