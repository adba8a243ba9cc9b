"""Reads of contracts and services for the doors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Prefetch, Q, QuerySet

from rackbill.core.bill_comparison import ThingFacts
from rackbill.core.document import LineSubject
from rackbill.core.pricing import usage_price_from_plain
from rackbill.core.terms import (
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    LineKind,
    Proration,
    ProrationProfile,
    Rounding,
    Suspension,
    TermLine,
    Timing,
    term_end,
)
from rackbill.domain.contracts import policy
from rackbill.domain.contracts.errors import EquipmentNotFound, ServiceNotFound
from rackbill.domain.contracts.models import (
    ContractLine,
    LineDiscount,
    LinePrice,
    LineQuantity,
    LineSuspension,
    Service,
)
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """An equipment's own facts."""

    equipment_id: str
    kind: str
    asset_id: str
    serial_number: str
    site: str
    suite: str
    rack: str
    unit: str
    brand: str
    chassis: str
    cpu_type: str
    cpu_count: int | None
    ram_gb: int | None
    disks: list[dict[str, Any]]
    ip_address: str
    mac_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service as the doors show it. `price` is the recurring price of one cycle on the asked day, before discounts."""

    service_id: str
    contract_id: str
    customer_id: str
    organisation_id: str
    zone: ZoneInfo
    product_id: str
    description: str
    status: str
    reference: str
    legacy_id: str
    legacy_name: str
    equipment_id: str
    equipment_kind: str
    currency: str
    price: Decimal
    cycle_months: int
    term_months: int
    ordered_on: date
    starts_at: datetime
    ends_at: datetime | None
    contract_ends_at: datetime | None
    term_ends_on: date
    cancelled_on: date | None
    server: ServerFacts | None = field(default=None)

    def day(self, moment: datetime) -> date:
        """The calendar day of an instant where the sales organisation is."""
        return moment.astimezone(self.zone).date()

    @property
    def shown_reference(self) -> tuple[str, str]:
        """What the Reference column shows, and where it is from (N10)."""
        return policy.portal_reference(
            reference=self.reference, legacy_id=self.legacy_id, equipment_id=self.equipment_id
        )


SORTS = {
    "service": ("service_id",),
    "equipment": ("equipment__equipment_id", "service_id"),
    "contract": ("contract__contract_id", "service_id"),
    "reference": ("reference", "service_id"),
    "status": ("status", "service_id"),
}


def services(
    *,
    scope: Scope,
    on: date,
    search: str = "",
    product_id: str = "",
    reference: str = "",
    equipment_id: str = "",
    status: str = "",
    has_equipment: bool = False,
    sort: str = "service",
    limit: int = 50,
    offset: int = 0,
) -> Page[ServiceRow]:
    """A customer's services. `search` finds any part of reference, equipment, service, contract or legacy identifiers;

    the other filters are exact. `sort` is a key of SORTS, with `-` before it to turn the order.
    """
    rows = _services(scope, on)
    for word in search.casefold().split():
        rows = rows.filter(search_text__contains=word)
    exact = {"product__product_id": product_id, "reference": reference, "equipment__equipment_id": equipment_id,
             "status": status}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if has_equipment:
        rows = rows.filter(equipment__isnull=False)
    turned = sort.startswith("-")
    order = SORTS.get(sort.lstrip("-"), SORTS["service"])
    # What has no equipment stands last either way; the databases would not agree by themselves.
    ways = (F(name).desc(nulls_last=True) if turned else F(name).asc(nulls_last=True) for name in order)
    rows = rows.order_by(*ways)
    return page_of(rows, limit=limit, offset=offset, make=lambda row: _row(row, on))


def service(*, scope: Scope, service_id: str, on: date) -> ServiceRow:
    """One service. Raises ServiceNotFound, also for another customer's."""
    row = _services(scope, on).filter(service_id=service_id).first()
    if row is None:
        raise ServiceNotFound(f"there is no service {service_id}")
    return _row(row, on)


def servers(
    *, scope: Scope, on: date, reference: str = "", site: str = "", ip: str = "", mac_address: str = "",
    rack: str = "", limit: int = 50, offset: int = 0,
) -> Page[ServiceRow]:  # fmt: skip
    """A customer's dedicated servers, each with its equipment."""
    rows = _services(scope, on).filter(equipment__kind="SERVER").order_by("equipment__equipment_id")
    exact = {"reference": reference, "equipment__site__code": site, "equipment__mac_address__iexact": mac_address,
             "equipment__rack": rack}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if ip:
        rows = rows.filter(Q(equipment__ip_address=ip) | Q(equipment__ip_address__startswith=f"{ip}/"))
    return page_of(rows, limit=limit, offset=offset, make=lambda row: _row(row, on))


def server(*, scope: Scope, equipment_id: str, on: date, kind: str = "SERVER") -> ServiceRow:
    """The service of one equipment. Raises EquipmentNotFound, also for another customer's. A blank kind takes any."""
    rows = _services(scope, on).filter(equipment__equipment_id=equipment_id)
    row = (rows.filter(equipment__kind=kind) if kind else rows).first()
    if row is None:
        raise EquipmentNotFound(f"there is no equipment {equipment_id}")
    return _row(row, on)


def _services(scope: Scope, on: date) -> QuerySet[Service]:
    lines = ContractLine.objects.filter(kind="recurring").prefetch_related("prices", "quantities").order_by("pk")
    return scope.limit(Service.objects.all()).select_related(
        "contract", "customer__sales_organisation", "product", "equipment__site"
    ).prefetch_related(Prefetch("lines", queryset=lines))  # fmt: skip


def _valid(rows: Any, on: date) -> Any:
    for row in rows:
        if row.valid_from <= on and (row.valid_until is None or on < row.valid_until):
            return row
    return None


def _price(service: Service, on: date) -> tuple[Decimal, int]:
    total, cycle = Decimal(0), 1
    for line in service.lines.all():
        day = max(on, line.starts_on)
        price, quantity = _valid(line.prices.all(), day), _valid(line.quantities.all(), day)
        if price is not None and quantity is not None and (line.ends_on is None or day < line.ends_on):
            total += price.unit_price * quantity.quantity
            cycle = max(cycle, line.cycle_months)
    return total, cycle


def _server(service: Service) -> ServerFacts | None:
    e = service.equipment
    if e is None:
        return None
    return ServerFacts(
        equipment_id=e.equipment_id, kind=e.kind, asset_id=e.asset_id, serial_number=e.serial_number, site=e.site.code,
        suite=e.suite, rack=e.rack, unit=e.unit, brand=e.brand, chassis=e.chassis, cpu_type=e.cpu_type,
        cpu_count=e.cpu_count, ram_gb=e.ram_gb, disks=e.disks, ip_address=e.ip_address, mac_address=e.mac_address,
    )  # fmt: skip


def _row(service: Service, on: date) -> ServiceRow:
    contract, server = service.contract, _server(service)
    price, cycle = _price(service, on)
    zone = ZoneInfo(service.customer.sales_organisation.time_zone)
    start = contract.starts_at.astimezone(zone).date()
    return ServiceRow(
        service_id=service.service_id, contract_id=contract.contract_id, customer_id=service.customer.customer_id,
        organisation_id=service.customer.sales_organisation.organisation_id,
        zone=zone, product_id=service.product.product_id,
        description=service.description, status=service.status, reference=service.reference,
        legacy_id=service.legacy_id, legacy_name=service.legacy_name,
        equipment_id=server.equipment_id if server else "", equipment_kind=server.kind if server else "",
        currency=contract.currency, price=price, cycle_months=cycle, term_months=contract.term_months,
        ordered_on=contract.ordered_on, starts_at=service.starts_at, ends_at=service.ends_at,
        contract_ends_at=contract.ends_at, term_ends_on=term_end(start, contract.term_months, max(on, start)),
        cancelled_on=service.cancelled_on, server=server,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableLine:
    """A contract line as the sums need it, and what it is about as documents print it.

    A line whose own data contradict themselves has no terms but says in `contradiction` what is wrong.
    """

    terms: TermLine | None
    contradiction: str
    subject: LineSubject
    customer_key: int
    group_key: int
    currency: str
    tax_class: str


def billable_lines(*, customer_keys: Sequence[int], zone: tzinfo) -> list[BillableLine]:
    """The lines of the customers' delivered services, in six queries. `zone` is the sales organisation's."""
    rows = (
        ContractLine.objects.filter(
            service__customer_id__in=list(customer_keys), service__status__in=policy.BILLED_STATUSES
        )
        .select_related("service__contract", "service__product", "service__equipment__site")
        .order_by("service__service_id", "pk")
    )
    lines = list(rows)
    keys = [line.pk for line in lines]
    prices = _dated(LinePrice, keys, _dated_price)
    quantities = _dated(LineQuantity, keys, lambda r: DatedQuantity(r.valid_from, r.valid_until, r.quantity))
    discounts = _dated(
        LineDiscount, keys, lambda r: Discount(DiscountKind(r.kind), r.value, r.reason, r.valid_from, r.valid_until)
    )
    suspensions = _dated(LineSuspension, keys, lambda r: Suspension(r.valid_from, r.valid_until))
    return [_billable(line, prices, quantities, discounts, suspensions, zone) for line in lines]


def _dated_price(row: LinePrice) -> DatedPrice:
    usage_price = usage_price_from_plain(row.usage_price) if row.usage_price is not None else None
    return DatedPrice(row.valid_from, row.valid_until, row.unit_price, usage_price)


def _dated(model: Any, keys: list[int], make: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for start in range(0, len(keys), 10_000):
        for row in model.objects.filter(line_id__in=keys[start : start + 10_000]).order_by("valid_from", "pk"):
            found.setdefault(row.line_id, []).append(make(row))
    return found


def _profile(line: ContractLine, zone: tzinfo) -> dict[str, Any]:
    """What differs from the standard way of pricing parts of a cycle; nothing for nearly every line."""
    if (line.proration, line.day_price_digits, line.rounding) == ("days_of_cycle", None, "half_up"):
        return {}
    found: dict[str, Any] = {
        "proration": ProrationProfile(
            method=Proration(line.proration), day_price_digits=line.day_price_digits, rounding=Rounding(line.rounding)
        )
    }
    if line.proration == Proration.HOURS:
        service = line.service
        if service.starts_at.astimezone(zone).date() == line.starts_on:
            found["started_at"] = service.starts_at.astimezone(zone)
        if service.ends_at is not None and line.ends_on is None:
            found["ended_at"] = service.ends_at.astimezone(zone)
    return found


def _line_end(line: ContractLine, zone: tzinfo) -> date | None:
    """The first day no longer charged: the earliest end of line, service and contract."""
    instants = (line.service.ends_at, line.service.contract.ends_at)
    ends = [moment.astimezone(zone) for moment in instants if moment is not None]
    # Hours are charged up to the instant, so the day it lies in still counts; else it is the day of the end.
    extra = timedelta(days=1) if line.proration == Proration.HOURS else timedelta()
    ends = [m.date() + extra if m.time() != time() else m.date() for m in ends]
    return min((*ends, line.ends_on)) if line.ends_on is not None else min(ends, default=None)


def _billable(
    line: ContractLine, prices: Any, quantities: Any, discounts: Any, suspensions: Any, zone: tzinfo
) -> BillableLine:
    service = line.service
    equipment = service.equipment
    terms, contradiction = None, ""
    try:
        terms = TermLine(
            line_id=line.pk, kind=LineKind(line.kind), start=line.starts_on, end=_line_end(line, zone),
            prices=tuple(prices.get(line.pk, ())), quantities=tuple(quantities.get(line.pk, ())),
            discounts=tuple(discounts.get(line.pk, ())), cycle_months=line.cycle_months, timing=Timing(line.timing),
            billed_from=line.billed_from, settled_until=line.settled_until, anchor_on=line.anchor_on,
            suspensions=tuple(suspensions.get(line.pk, ())), **_profile(line, zone),
        )  # fmt: skip
    except ValueError as fault:
        contradiction = f"service {service.service_id}: {fault}"
    subject = LineSubject(
        contract_id=service.contract.contract_id, service_id=service.service_id, product_id=service.product.product_id,
        product_code=service.product.code, description=line.description,
        equipment_id=equipment.equipment_id if equipment else "", reference=service.reference,
        legacy_name=service.legacy_name, legacy_id=service.legacy_id,
        location=equipment.site.code if equipment else "", po_number=service.contract.po_number,
        cost_centre=service.cost_centre,
    )  # fmt: skip
    return BillableLine(
        terms=terms, contradiction=contradiction, subject=subject, customer_key=service.customer_id,
        group_key=service.billing_group_id,
        currency=service.contract.currency, tax_class=service.product.tax_class,
    )  # fmt: skip


def service_count() -> int:
    """How many services there are in the whole installation."""
    return Service.objects.count()


def customer_keys_with_lines(
    *, contract_ids: Sequence[str], product_ids: Sequence[str], currencies: Sequence[str]
) -> set[int]:
    """The customers that have a contract line matching every filter given; an empty filter matches all."""
    rows = ContractLine.objects.all()
    if contract_ids:
        rows = rows.filter(contract__contract_id__in=list(contract_ids))
    if product_ids:
        rows = rows.filter(service__product__product_id__in=list(product_ids))
    if currencies:
        rows = rows.filter(contract__currency__in=list(currencies))
    return set(rows.values_list("contract__customer_id", flat=True).distinct())


def line_facts(*, line_keys: Sequence[int], since: date, until: date) -> dict[int, ThingFacts]:
    """What is known of contract lines beside their charges; suspended means on any day of the span."""
    found: dict[int, ThingFacts] = {}
    for start in range(0, len(line_keys), 5000):
        keys = list(line_keys[start : start + 5000])
        suspended = LineSuspension.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=since), line_id__in=keys, valid_from__lt=until
        )
        is_suspended = set(suspended.values_list("line_id", flat=True))
        rows = ContractLine.objects.filter(pk__in=keys).values_list("pk", "starts_on", "ends_on", "cycle_months")
        for key, starts_on, ends_on, months in rows:
            found[key] = ThingFacts(
                starts_on=starts_on, ends_on=ends_on, cycle_months=months, is_suspended=key in is_suspended
            )
    return found
