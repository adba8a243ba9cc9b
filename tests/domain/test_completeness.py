"""The completeness proof: every line billed exactly once or listed with its reason, by SQL that knows nothing of the sums."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from rackbill.core.terms import DatedPrice, DatedQuantity
from rackbill.domain.billing import invariants
from rackbill.domain.billing import queries as billing
from rackbill.domain.billing.models import Charge
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import (
    ContractLine,
    LineDiscount,
    LinePrice,
    LineQuantity,
    LineSuspension,
    Service,
)
from rackbill.domain.contracts.operations import NewLine
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingAuthority
from rackbill.domain.usage.models import MeasuredQuantity
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
THROUGH = date(2020, 11, 1)


def bill(through: date, now: datetime) -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=signer)


def proof(through: date = THROUGH) -> billing.Completeness:
    return billing.completeness(organisation_id="2100", through=through)


def only_line(service: Service) -> ContractLine:
    return ContractLine.objects.get(service=service)


def change(**columns: Any) -> Callable[[Service], object]:
    return lambda service: ContractLine.objects.filter(service=service).update(**columns)


def metered(service: Service, quantity: str, usage_price: dict[str, str] | None = None) -> None:
    line = only_line(service)
    ContractLine.objects.filter(pk=line.pk).update(kind="metered")
    LinePrice.objects.filter(line=line).update(
        usage_price=usage_price or {"model": "per_unit", "price": "0.1"}, unit_price=0
    )
    if quantity:
        MeasuredQuantity.objects.create(
            line=line, period_start=date(2020, 9, 1), period_end=date(2020, 10, 1), revision=0, quantity=Decimal(quantity),
            unit="GB", measured_at=datetime(2020, 10, 1, tzinfo=UTC),
        )  # fmt: skip


def becomes_minimum(service: Service) -> None:
    """The only line becomes a minimum of nothing, which is always reached."""
    LinePrice.objects.filter(line=only_line(service)).update(unit_price=0)
    ContractLine.objects.filter(service=service).update(kind="minimum", counts="service")


STANDINGS: dict[str, Callable[[Service], object]] = {
    "billed": lambda s: None,
    "billed_at_zero": lambda s: LineDiscount.objects.create(
        line=only_line(s), kind="percent", value=100, reason="Free", valid_from=date(2020, 1, 1)
    ),
    "not_delivered": lambda s: Service.objects.filter(pk=s.pk).update(status="SCHEDULED"),
    "authority_not_ours": lambda s: BillingAuthority.objects.filter(customer=s.customer).update(authority="legacy"),
    "before_boundary": change(kind="one_off", billed_from=date(2020, 9, 14)),
    "ended_before": change(ends_on=date(2020, 9, 10), billed_from=date(2020, 9, 14)),
    "not_begun": change(starts_on=date(2020, 11, 1)),
    "suspended": lambda s: LineSuspension.objects.create(line=only_line(s), valid_from=date(2020, 8, 1)),
    "arrears_not_over": change(timing="arrears", cycle_months=3),
    "metered_without_usage": lambda s: metered(s, ""),
    "usage_costs_nothing": lambda s: metered(s, "50", {"model": "included", "included": "100", "price": "1"}),
    "minimum": becomes_minimum,
    "parked": lambda s: LineQuantity.objects.filter(line=only_line(s)).delete(),
}


@pytest.mark.parametrize("reason", sorted(STANDINGS))
def test_every_line_has_its_reason(reason: str) -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world))
    STANDINGS[reason](service)
    world_of.bill_october()
    found = proof()
    assert (found.lines_total, found.exception_count, found.is_complete) == (1, 0, True)
    if reason in ("billed", "billed_at_zero"):
        assert (found.billed, found.by_reason) == (1, {})
    else:
        assert (found.billed, found.by_reason) == (0, {reason: 1})
        (listed,) = billing.line_standings(organisation_id="2100", through=THROUGH)
        assert (listed.service_id, listed.reason) == (service.service_id, reason)


def test_a_minimum_that_is_reached_is_not_missing_and_one_that_was_topped_up_is_billed() -> None:
    world = world_of.provider()
    services = [world_of.service(world, world_of.customer(world), price="20.00") for _ in range(2)]
    for service, price in zip(services, ("19.99", "30.00"), strict=True):
        one = DatedQuantity(date(2020, 9, 1), None, Decimal(1))
        contracts.add_line(
            service_id=service.service_id, now=datetime(2020, 9, 1, tzinfo=UTC), actor=SYSTEM,
            line=NewLine(
                kind="minimum", description="At least", starts_on=date(2020, 9, 1), counts="service", quantities=(one,),
                prices=(DatedPrice(date(2020, 9, 1), None, Decimal(price)),),
            ),
        )  # fmt: skip
    bill(THROUGH, datetime(2020, 10, 1, 6, tzinfo=UTC))
    found = proof()
    assert (found.billed, found.by_reason, found.exception_count) == (3, {"minimum": 1}, 0)
    assert not list(invariants.violations())


def many_lines() -> list[Service]:
    """Every cycle, timing and way of counting days, begun and ended on awkward days."""
    world = world_of.provider()
    owner = world_of.customer(world)
    made = []
    for start in (date(2020, 9, 1), date(2020, 9, 14), date(2020, 8, 31), date(2020, 10, 31)):
        for cycle in (1, 3, 6, 12):
            for columns in (
                {}, {"timing": "arrears"}, {"anchor_on": start}, {"anchor_on": start, "timing": "arrears"},
                {"proration": "days_of_month"}, {"proration": "whole_cycle", "timing": "arrears"}, {"billed_from": date(2020, 9, 14)},
                {"ends_on": date(2020, 11, 17)}, {"ends_on": date(2020, 11, 17), "day_count": "both"},
                {"ends_on": date(2020, 11, 1), "day_count": "end", "timing": "arrears"}, {"day_count": "neither"}, {"ends_on": date(2020, 12, 31), "timing": "arrears", "anchor_on": start},
            ):  # fmt: skip
                service = world_of.service(world, owner, starts_on=start, cycle_months=cycle, with_equipment=False)
                change(**columns)(service)
                made.append(service)
    halves = [s for s in made if only_line(s).proration == "days_of_cycle"][::5]
    for service in halves:
        LineSuspension.objects.create(
            line=only_line(service), valid_from=date(2020, 9, 20), valid_until=date(2020, 10, 4)
        )
    hourly = world_of.service(world, owner)
    change(proration="hours")(hourly)
    Service.objects.filter(pk=hourly.pk).update(ends_at=datetime(2020, 11, 20, 14, 30, tzinfo=UTC))
    return [*made, hourly]


def test_agrees_with_the_engine_on_every_kind_of_line_month_after_month() -> None:
    made = many_lines()
    assert proof().exception_count > 100, "before the first run what is owed is missing"
    for year, month in ((2020, 11), (2020, 12), (2021, 1), (2021, 2), (2021, 3)):
        through = date(year, month, 1)
        bill(through, datetime(year, month, 1, 6, tzinfo=UTC))
        found = proof(through)
        assert (found.lines_total, list(found.exceptions)) == (len(made), [])
    assert proof(date(2021, 2, 28)).is_complete, "what is billed to a day is billed to every day before it"
    assert not proof(date(2021, 4, 1)).is_complete


def test_every_lost_charge_is_named() -> None:
    many_lines()
    bill(THROUGH, datetime(2020, 10, 1, 6, tzinfo=UTC))
    lost = sorted(Charge.objects.values_list("contract_line__service__service_id", flat=True).distinct())
    one_each = [
        Charge.objects.filter(contract_line__service__service_id=s).order_by("pk").values_list("pk", flat=True)[0]
        for s in lost
    ]
    Charge.objects.filter(pk__in=one_each).delete()
    found = proof()
    assert sorted({e.service_id for e in found.exceptions}) == lost
    assert {e.reason for e in found.exceptions} == {"unbilled"}
    assert all(e.billed_days < e.owed_days for e in found.exceptions)


def test_a_line_billed_twice_is_named() -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world))
    world_of.service(world, service.customer)
    world_of.bill_october()
    charge = Charge.objects.filter(contract_line__service=service).order_by("-period_start").first()
    assert charge is not None
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute('DROP TRIGGER "rackbill_billing_charge_once_a_day" ON "rackbill_billing_charge"')
        else:
            cursor.execute('DROP TRIGGER "rackbill_billing_charge_once_a_day"')
    charge.pk, charge.period_start = None, date(2020, 10, 20)
    charge.save()
    found = proof()
    assert [(e.service_id, e.reason) for e in found.exceptions] == [(service.service_id, "billed_twice")]
    assert found.billed == 1


def test_days_billed_beyond_the_end_or_while_suspended_are_named() -> None:
    world = world_of.provider()
    ended, suspended, whole = (world_of.service(world, world_of.customer(world)) for _ in range(3))
    world_of.bill_october()
    change(ends_on=date(2020, 10, 15))(ended)
    LineSuspension.objects.create(
        line=only_line(suspended), valid_from=date(2020, 10, 5), valid_until=date(2020, 10, 9)
    )
    found = proof()
    assert {(e.service_id, e.reason) for e in found.exceptions} == {
        (ended.service_id, "billed_outside"), (suspended.service_id, "billed_outside"),
    }  # fmt: skip
    ContractLine.objects.exclude(service=whole).update(settled_until=None)
    assert (proof().is_complete, proof().by_reason) == (True, {"amended_since": 2})
    bill(THROUGH, datetime(2020, 10, 2, 6, tzinfo=UTC))
    assert (proof().billed, proof().by_reason) == (3, {})


def test_a_metered_month_without_its_charge_is_named() -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world))
    metered(service, "70")
    world_of.bill_october()
    assert (proof().billed, proof().is_complete) == (1, True)
    Charge.objects.all().delete()
    assert [(e.service_id, e.reason) for e in proof().exceptions] == [(service.service_id, "unbilled")]


def test_another_sales_organisation_is_left_alone() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    world_of.provider("2600", country="NL")
    found = billing.completeness(organisation_id="2600", through=THROUGH)
    assert (found.lines_total, found.billed, found.is_complete) == (0, 0, True)
