"""Metered lines in the database: traffic, percentiles, packs, hours; and samples that are easy to add up on paper."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rackbill.core.pricing import PriceModel, UsagePrice
from rackbill.core.samples import SLOTS_PER_DAY, SampleDay, flow_of
from rackbill.domain.contracts.models import ContractLine, LinePrice, LineQuantity, Service
from rackbill.domain.usage import operations as usage

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (date(2020, month, 1) for month in (9, 10, 11, 12))
MEGABIT = 37_500_000
"""Bytes of five minutes at 1 Mbps."""

TRAFFIC = UsagePrice(model=PriceModel.INCLUDED, included=Decimal(1000), price=Decimal("0.05"))
COMMIT = UsagePrice(model=PriceModel.COMMIT, included=Decimal(100), price=Decimal(2), overage_price=Decimal(3))
HOURLY = UsagePrice(model=PriceModel.CAPPED, price=Decimal("0.05"), cap=Decimal(30))


def metered_line(
    service: Service, price: UsagePrice, *, starts_on: date = SEPTEMBER, ends_on: date | None = None,
    description: str = "Usage",
) -> ContractLine:  # fmt: skip
    """A metered line of a service."""
    line = ContractLine.objects.create(
        service=service, contract=service.contract, kind="metered", description=description, cycle_months=1, starts_on=starts_on,
        ends_on=ends_on,
    )  # fmt: skip
    LinePrice.objects.create(line=line, unit_price=Decimal(0), usage_price=price.to_plain(), valid_from=starts_on)
    LineQuantity.objects.create(line=line, quantity=Decimal(1), valid_from=starts_on)
    return line


def meter(
    line: ContractLine, meter_id: str, method: str = "traffic", unit: str = "GB", *, since: date = SEPTEMBER,
    service: Service | None = None, **rule: Any,
) -> None:  # fmt: skip
    """A meter that counts for the line."""
    usage.set_measuring_rule(line_key=line.pk, method=method, unit=unit, **rule)
    usage.add_meter(meter_id=meter_id, service_key=service.pk if service else None)
    usage.assign_meter(meter_id=meter_id, line_key=line.pk, valid_from=since)


def steady_days(meter_id: str, first: date, count: int, *, bytes_in: int = 0, bytes_out: int = 0) -> list[SampleDay]:
    """So many days with the same bytes in each slot."""
    flow_in, flow_out = flow_of([bytes_in] * SLOTS_PER_DAY), flow_of([bytes_out] * SLOTS_PER_DAY)
    return [SampleDay(meter_id, date.fromordinal(first.toordinal() + n), flow_in, flow_out) for n in range(count)]


def night(month: int, year: int = 2020) -> datetime:
    """Three o'clock in the night of the first of a month, when the last one is measured."""
    return datetime(year, month, 1, 3, tzinfo=UTC)
