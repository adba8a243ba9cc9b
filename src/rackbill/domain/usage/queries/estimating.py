"""What a running month comes to: if it ended now, and if it goes on as it did."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rackbill.core import metering
from rackbill.core.charges.usage import usage_charges
from rackbill.core.metering import MeasuredQuantity, Method, MonthBy
from rackbill.core.periods import Period
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.queries import BillableLine
from rackbill.domain.kit.scope import Scope
from rackbill.domain.usage.models import MeasuringRule
from rackbill.domain.usage.queries.measuring import MeteredLine, counted_instants, measurements, metered_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEstimate:
    """A metered line's running month: used so far, carried on to its end, and the price of both in minor units, net.

    Traffic is carried on at its pace, hours to the end of service or month; a percentile stays what it is. Where the line
    cannot be priced, `contradiction` says why and the prices are 0.
    """

    contract_id: str
    service_id: str
    description: str
    month: Period
    unit: str
    profile: str
    currency: str
    quantity_so_far: Decimal
    amount_so_far_minor: int
    quantity_carried_on: Decimal
    amount_carried_on_minor: int
    sample_count: int
    expected_count: int
    contradiction: str = ""


@dataclass(frozen=True, slots=True)
class _Billable:
    line: BillableLine
    zone: ZoneInfo


def usage_estimates(*, scope: Scope, now: datetime) -> list[UsageEstimate]:
    """Every metered line in sight whose month is running, by service. Tax is not in it."""
    rows = scope.limit(MeasuringRule.objects.all(), customer="line__service__customer")
    places = list(rows.values_list(
        "line_id", "line__service__customer_id", "line__service__customer__sales_organisation__time_zone",
    ))  # fmt: skip
    customers: dict[str, set[int]] = defaultdict(set)
    for _line, customer_key, zone in places:
        customers[zone].add(customer_key)
    billable = {
        line.line_key: _Billable(line, ZoneInfo(zone))
        for zone, keys in customers.items()
        for line in contracts.billable_lines(customer_keys=sorted(keys))
    }
    by_month: dict[Period, list[MeteredLine]] = defaultdict(list)
    for metered in metered_lines(line_keys=sorted({line for line, _c, _z in places} & set(billable))):
        is_utc = metered.rule.month_by is MonthBy.UTC and metered.rule.method is not Method.HOURS
        day = now.astimezone(ZoneInfo("UTC") if is_utc else metered.zone).date()
        by_month[metering.month_of(day)].append(metered)
    found = [row for month, lines in by_month.items() for row in _estimates(month, lines, billable, now)]
    return sorted(found, key=lambda row: (row.service_id, row.description))


def _estimates(
    month: Period, lines: list[MeteredLine], billable: dict[int, _Billable], now: datetime
) -> Iterator[UsageEstimate]:
    by_key = {line.line_key: line for line in lines}
    hourly = [line.line_key for line in lines if line.rule.method is Method.HOURS]
    to_the_end = dict(measurements(line_keys=hourly, month=month))
    for key, so_far in measurements(line_keys=list(by_key), month=month, until=now):
        line, row = by_key[key], billable[key].line
        carried = to_the_end[key].quantity if key in to_the_end else _carried_on(line, so_far, now)
        amounts, contradiction = [0, 0], ""
        try:
            amounts = [_amount(billable[key], so_far, quantity) for quantity in (so_far.quantity, carried)]
        except ValueError as fault:
            contradiction = str(fault)
        yield UsageEstimate(
            contract_id=row.contract_id, service_id=row.service_id, description=row.description,
            month=month, unit=so_far.unit, profile=so_far.profile, currency=row.currency, quantity_so_far=so_far.quantity,
            amount_so_far_minor=amounts[0], quantity_carried_on=carried, amount_carried_on_minor=amounts[1],
            sample_count=so_far.sample_count, expected_count=so_far.expected_count, contradiction=contradiction,
        )  # fmt: skip


def _carried_on(line: MeteredLine, so_far: MeasuredQuantity, now: datetime) -> Decimal:
    if line.rule.method is not Method.TRAFFIC or so_far.counted is None:
        return so_far.quantity
    start, end = counted_instants(line=line, days=so_far.counted, until=None)
    _start, until = counted_instants(line=line, days=so_far.counted, until=now)
    return metering.carried_on(so_far.quantity, start=start, end=end, until=until) if start < until else so_far.quantity


def _amount(row: _Billable, measured: MeasuredQuantity, quantity: Decimal) -> int:
    """Net, in minor units. Raises ValueError where the line's own data contradict themselves."""
    terms = row.line.terms(zone=row.zone, settled_until=None)
    value = MeasuredQuantity(period=measured.period, quantity=quantity, unit=measured.unit)
    charges = usage_charges(terms, row.line.currency, measured.period.end, None, [value])
    return sum(charge.amount_minor for charge in charges)
