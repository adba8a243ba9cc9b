"""What an invoice says of the one before it, and of what was measured: read back from documents that were issued."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rackbill.core import document as frozen
from rackbill.core.document import Change, Document
from rackbill.core.metering import MeasuredQuantity, month_of
from rackbill.core.terms import DiscountKind
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.models import BillDraft
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import ContractLine, Service
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.usage import operations as usage
from rackbill.interfaces.jobs import usage as usage_jobs
from tests.domain.test_bill_run import bill
from tests.world import metered
from tests.world import provider as world_of
from tests.world.metered import COMMIT, HOURLY, MEGABIT, OCTOBER, TRAFFIC, night, steady_days

pytestmark = pytest.mark.django_db
D = Decimal
NOVEMBER, DECEMBER, JANUARY = date(2020, 11, 1), date(2020, 12, 1), date(2021, 1, 1)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def month(through: date, on: date) -> billing_queries.RunSummary:
    return bill(through, at(on))


def document(number: str) -> Document:
    return documents.document(scope=WholeInstallation(), number=number)


def line_of(service: Service) -> int:
    return ContractLine.objects.get(service=service, kind="recurring").pk


def told(value: Document) -> dict[str, tuple[int, int]]:
    return {row.reason: (row.service_count, row.difference_minor) for row in value.changes}


def sums_to_the_difference(before: Document, after: Document) -> None:
    together = sum(row.difference_minor for row in after.changes)
    assert together == after.totals.gross_minor - before.totals.gross_minor


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


def test_the_first_invoice_says_nothing_and_an_unchanged_one_names_the_last(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner, starts_on=OCTOBER)
    world_of.service(world, owner, starts_on=OCTOBER)
    month(NOVEMBER, OCTOBER)
    assert (document("21000000").changes, document("21000000").previous) == ((), None)
    month(DECEMBER, NOVEMBER)
    second = document("21000001")
    assert second.previous == frozen.DocumentReference(number="21000000", issued_on=OCTOBER)
    assert second.changes == ()


def test_each_reason_with_its_services_and_the_sum_of_all(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    dearer, more, cheaper, ended, _same = (world_of.service(world, owner, starts_on=OCTOBER) for _ in range(5))
    month(NOVEMBER, OCTOBER)
    contracts.set_price(
        line_key=line_of(dearer), unit_price=D("139.95"), valid_from=NOVEMBER, now=at(NOVEMBER), actor=SYSTEM
    )
    contracts.set_quantity(line_key=line_of(more), quantity=D(2), valid_from=NOVEMBER, now=at(NOVEMBER), actor=SYSTEM)
    contracts.add_discount(
        line_key=line_of(cheaper), kind=DiscountKind.PERCENT, value=D(10), reason="Loyalty", valid_from=NOVEMBER,
        valid_until=None, now=at(NOVEMBER), actor=SYSTEM,
    )  # fmt: skip
    contracts.end_line(line_key=line_of(ended), ends_on=NOVEMBER, now=at(NOVEMBER), actor=SYSTEM)
    world_of.service(world, owner, starts_on=NOVEMBER, price="50.00")
    world_of.service(world, owner, starts_on=NOVEMBER, price="60.00")
    month(DECEMBER, NOVEMBER)
    before, after = document("21000000"), document("21000001")
    assert told(after) == {
        "new": (2, 11000), "ended": (1, -12995), "price": (1, 1000), "quantity": (1, 12995), "discount": (1, -1299),
        "tax": (0, after.totals.tax_minor - before.totals.tax_minor),
    }  # fmt: skip
    assert [row.reason for row in after.changes] == ["new", "ended", "price", "quantity", "discount", "tax"]
    sums_to_the_difference(before, after)


def test_a_rate_change_alone_is_told_without_a_look_at_the_charges(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world), starts_on=OCTOBER)
    for through, on in ((NOVEMBER, OCTOBER), (DECEMBER, NOVEMBER), (JANUARY, DECEMBER), (date(2021, 2, 1), JANUARY)):
        month(through, on)
    december, january = document("21000002"), document("21000003")
    assert told(document("21000002")) == {}
    assert told(january) == {"tax": (0, 2469 - 2079)}
    sums_to_the_difference(december, january)


def test_a_part_of_a_month_a_long_cycle_and_a_correction(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    late = world_of.service(world, owner, starts_on=date(2020, 10, 12))
    yearly = world_of.service(world, owner, starts_on=OCTOBER, cycle_months=12, price="1200.00")
    month(NOVEMBER, OCTOBER)
    month(DECEMBER, NOVEMBER)
    first, second = document("21000000"), document("21000001")
    part = next(line for line in first.lines if line.subject.service_id == late.service_id)
    assert told(second)["period"] == (2, 12995 - part.net_minor - 120000)
    sums_to_the_difference(first, second)
    contracts.set_price(
        line_key=line_of(late), unit_price=D("119.95"), valid_from=NOVEMBER, now=at(DECEMBER), actor=SYSTEM
    )
    month(JANUARY, DECEMBER)
    third = document("21000002")
    assert told(third)["price"] == (1, -1000)
    assert told(third)["correction"] == (1, -1000)
    sums_to_the_difference(second, third)
    assert line_of(yearly)


def test_what_ended_is_told_though_only_settled_lines_are_left(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner, starts_on=OCTOBER)
    gone = world_of.service(world, owner, starts_on=OCTOBER, price="10.00")
    month(NOVEMBER, OCTOBER)
    Service.objects.filter(pk=gone.pk).update(status="CANCELLED")
    month(DECEMBER, NOVEMBER)
    assert told(document("21000001")) == {"ended": (1, -1000), "tax": (0, -160)}


def test_the_last_invoice_may_be_older_than_the_last_run(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner, starts_on=OCTOBER, cycle_months=3)
    month(NOVEMBER, OCTOBER)
    other = world_of.customer(world)
    world_of.service(world, other, starts_on=NOVEMBER)
    month(DECEMBER, NOVEMBER)
    month(JANUARY, DECEMBER)
    month(date(2021, 2, 1), JANUARY)
    quarter = next(d for d in map(document, ("21000003", "21000004")) if d.bill_to.customer_id == owner.customer_id)
    assert quarter.previous is not None
    assert quarter.previous.number == "21000000"
    assert told(quarter) == {"tax": (0, 2469 - 2079)}


def test_another_group_and_another_customer_are_never_compared(world: world_of.Provider) -> None:
    first, second = world_of.customer(world), world_of.customer(world)
    world_of.service(world, first, starts_on=OCTOBER)
    month(NOVEMBER, OCTOBER)
    world_of.service(world, second, starts_on=NOVEMBER)
    month(DECEMBER, NOVEMBER)
    by_customer = {d.bill_to.customer_id: d for d in map(document, ("21000001", "21000002"))}
    assert by_customer[second.customer_id].previous is None
    previous = by_customer[first.customer_id].previous
    assert previous is not None
    assert previous.number == "21000000"


def test_unchanged_groups_cost_no_look_at_charges_however_many(world: world_of.Provider) -> None:
    for _ in range(3):
        world_of.service(world, world_of.customer(world), starts_on=OCTOBER)
    month(NOVEMBER, OCTOBER)
    month(DECEMBER, NOVEMBER)
    with CaptureQueriesContext(connection) as captured:
        billing.preview_bills(
            organisation_id="2100", customer_keys=list(BillDraft.objects.values_list("customer_id", flat=True)),
            through=JANUARY, issued_on=DECEMBER,
        )  # fmt: skip
    charges = [q["sql"] for q in captured if 'FROM "rackbill_billing_charge"' in q["sql"]]
    assert not [sql for sql in charges if re.search(r'"draft_id" (IN|= ANY)', sql)], "none by the invoices before"
    heads = [q["sql"] for q in captured if 'FROM "rackbill_documents_document"' in q["sql"]]
    assert len(heads) == 1


def test_a_run_computed_again_says_the_same(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner, starts_on=OCTOBER)
    month(NOVEMBER, OCTOBER)
    world_of.service(world, owner, starts_on=NOVEMBER, price="50.00")
    canonicals: list[str] = []
    run_id = billing.plan_run(organisation_id="2100", through=DECEMBER, now=at(NOVEMBER), actor=SYSTEM)
    for place in range(2):
        for shard in billing_queries.run_summary(run_id=run_id).shard_numbers:
            billing.compute_shard(run_id=run_id, shard_number=shard)
        canonicals += BillDraft.objects.filter(run__run_id=run_id).values_list("canonical", flat=True)
        if place == 0:
            billing.reset_run(run_id=run_id, now=at(NOVEMBER), actor=SYSTEM)
    first, second = canonicals
    assert first == second
    assert frozen.document_from_canonical(first.encode()).changes[0] == Change(
        reason="new", service_count=1, difference_minor=5000
    )


# --- what was measured ---------------------------------------------------------------------------------------------------------


def usage_lines(value: Document) -> list[frozen.DocumentLine]:
    return [line for line in value.lines if line.measured is not None]


def test_a_usage_line_tells_what_was_measured_and_what_is_included(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    service = world_of.service(world, owner, starts_on=OCTOBER)
    line = metered.metered_line(service, TRAFFIC, starts_on=OCTOBER)
    metered.meter(line, "port-1", since=OCTOBER)
    fast = world_of.service(world, owner, starts_on=OCTOBER)
    percent = metered.metered_line(fast, COMMIT, starts_on=date(2020, 10, 17))
    metered.meter(percent, "port-2", "percentile", "Mbps", since=OCTOBER, profile="95TH")
    cloud = world_of.service(world, owner, starts_on=OCTOBER, with_equipment=False)
    metered.metered_line(cloud, HOURLY, starts_on=OCTOBER)
    usage.record_days(days=steady_days("port-1", OCTOBER, 31, bytes_in=10**9), now=night(11))
    usage.record_days(days=steady_days("port-2", OCTOBER, 31, bytes_out=150 * MEGABIT), now=night(11))
    usage_jobs.freeze_month(month=OCTOBER, now=night(11))
    month(DECEMBER, NOVEMBER)
    by_line = {(row.subject.service_id, row.unit_price): row.measured for row in usage_lines(document("21000000"))}
    traffic = by_line[service.service_id, D("0.05")]
    assert traffic is not None
    assert (traffic.quantity, traffic.unit, traffic.included, traffic.method) == (D(8928), "E34", 1000, "traffic")
    assert (traffic.sample_count, len(traffic.samples_sha256)) == (8928, 64)
    steps = [by_line[fast.service_id, D(price)] for price in (2, 3)]
    assert steps[0] == steps[1]
    assert steps[0] is not None
    assert (steps[0].quantity, steps[0].unit, steps[0].method) == (150, "E20", "percentile 95TH")
    assert steps[0].included == D("48.387097")
    usage.set_measuring_rule(line_key=percent.pk, method="percentile_of_sums", unit="Mbps", profile="95TH")
    assert usage_lines(document("21000000"))[0].measured is not None


def test_a_quantity_measured_elsewhere_says_so_and_usage_is_a_change(world: world_of.Provider) -> None:
    service = world_of.service(world, world_of.customer(world), starts_on=OCTOBER)
    line = metered.metered_line(service, TRAFFIC, starts_on=OCTOBER)
    for first, quantity, night_of in ((OCTOBER, 1100, 11), (NOVEMBER, 1400, 12)):
        value = MeasuredQuantity(period=month_of(first), quantity=D(quantity), unit="GB")
        usage.record_measured(line_key=line.pk, measured=value, now=night(night_of))
        month(DECEMBER if first == OCTOBER else JANUARY, date(2020, night_of, 1))
    first, second = document("21000000"), document("21000001")
    assert [(m.quantity, m.method, m.sample_count) for row in usage_lines(first) if (m := row.measured)] == [
        (1100, "recorded", 0)
    ]
    assert told(second)["usage"] == (1, 1500)
    sums_to_the_difference(first, second)
