"""Usage: meters, samples in bulk, frozen months, late ones, estimates; success and refusal on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from rackbill.core.metering import MeasuredQuantity as Measured
from rackbill.core.metering import month_of
from rackbill.core.samples import SampleDay, SamplesHash, SamplesRefused, flow_of
from rackbill.domain.contracts.models import Contract, ContractLine, LinePrice, Service
from rackbill.domain.kit.scope import CustomerScope, StaffScope, WholeInstallation
from rackbill.domain.usage import invariants, operations, queries
from rackbill.domain.usage.errors import MeterNotFound, UsageRefused
from rackbill.domain.usage.models import LateUsage, MeasuredQuantity, MeasuringRule, Meter, MeterAssignment, MeterDay
from rackbill.interfaces.jobs import usage as steps
from tests.world import metered
from tests.world import provider as world_of
from tests.world.metered import COMMIT, HOURLY, MEGABIT, NOVEMBER, OCTOBER, SEPTEMBER, TRAFFIC, night, steady_days

pytestmark = pytest.mark.django_db
D = Decimal
EVERYTHING = WholeInstallation()


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


@pytest.fixture
def service(world: world_of.Provider) -> Service:
    return world_of.service(world, world_of.customer(world))


def newest(line: ContractLine, month: date = OCTOBER) -> MeasuredQuantity:
    return MeasuredQuantity.objects.filter(line=line, period_start=month).latest("revision")


def freeze(month: date = OCTOBER, now: datetime | None = None) -> operations.FrozenLines:
    return steps.freeze_month(month=month, now=now or night(11))


# --- meters --------------------------------------------------------------------------------------------------------------------


def test_a_meter_and_its_rule_may_be_added_twice(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    for _ in range(2):
        metered.meter(line, "port-1", service=service)
    assert (Meter.objects.count(), MeasuringRule.objects.count(), MeterAssignment.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("meter_id", ["", " x", "a,b", "a b", "x" * 65, 'a"b'])
def test_refuses_meter_ids_that_no_file_can_hold(meter_id: str) -> None:
    with pytest.raises(UsageRefused, match="a meter ID is 1 to 64"):
        operations.add_meter(meter_id=meter_id)


def test_refuses_a_meter_of_another_service(world: world_of.Provider, service: Service) -> None:
    other = world_of.service(world, service.customer)
    operations.add_meter(meter_id="port-1", service_key=service.pk)
    with pytest.raises(UsageRefused, match="another service"):
        operations.add_meter(meter_id="port-1", service_key=other.pk)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"method": "traffic", "unit": "Mbps"}, "give GB or TB"),
        ({"method": "percentile", "unit": "Mbps", "profile": "98TH"}, "is no percentile profile"),
        ({"method": "guess", "unit": "GB"}, "'guess' is not a valid Method"),
        ({"method": "traffic", "unit": "GB", "month_by": "moon"}, "'moon' is not a valid MonthBy"),
    ],
)
def test_refuses_rules_that_measure_nothing(service: Service, rule: dict[str, str], words: str) -> None:
    with pytest.raises(UsageRefused, match=words):
        operations.set_measuring_rule(line_key=metered.metered_line(service, TRAFFIC).pk, **rule)


def test_a_meter_counts_for_one_line_at_a_time(service: Service) -> None:
    first, second = (metered.metered_line(service, TRAFFIC, description=name) for name in ("one", "two"))
    metered.meter(first, "port-1")
    metered.meter(second, "port-2")
    with pytest.raises(UsageRefused, match=r"counts for another line from 2020-09-01 on; end that assignment first"):
        operations.assign_meter(meter_id="port-1", line_key=second.pk, valid_from=OCTOBER)
    operations.assign_meter(meter_id="port-1", line_key=first.pk, valid_from=SEPTEMBER, valid_until=OCTOBER)
    operations.assign_meter(meter_id="port-1", line_key=second.pk, valid_from=OCTOBER)
    with pytest.raises(UsageRefused, match="counts for another line from 2020-10-01 on"):
        operations.assign_meter(meter_id="port-1", line_key=first.pk, valid_from=SEPTEMBER, valid_until=NOVEMBER)
    with pytest.raises(UsageRefused, match="is no time"):
        operations.assign_meter(meter_id="port-1", line_key=first.pk, valid_from=OCTOBER, valid_until=OCTOBER)
    with pytest.raises(MeterNotFound, match="no meter port-9; add it first"):
        operations.assign_meter(meter_id="port-9", line_key=first.pk, valid_from=OCTOBER)
    assert list(invariants.violations()) == []


def test_many_meters_at_once_are_what_they_are_one_by_one(world: world_of.Provider, service: Service) -> None:
    first, second = (metered.metered_line(service, TRAFFIC, description=name) for name in ("one", "two"))
    operations.add_meter(meter_id="port-0", service_key=service.pk)
    rows = [
        operations.NewMeter(
            meter_id=f"port-{number}", line_key=(first, second)[number % 2].pk, method="traffic", unit="TB", valid_from=SEPTEMBER,
            service_key=service.pk, valid_until=OCTOBER if number == 3 else None,
        )
        for number in range(4)
    ]  # fmt: skip
    rows.append(replace(rows[3], valid_from=OCTOBER, valid_until=None, line_key=first.pk))
    for _ in range(2):
        operations.add_meters(meters=rows)
    assert sorted(MeterAssignment.objects.values_list("meter__meter_id", "line_id", "valid_from", "valid_until")) == [
        ("port-0", first.pk, SEPTEMBER, None), ("port-1", second.pk, SEPTEMBER, None), ("port-2", first.pk, SEPTEMBER, None),
        ("port-3", first.pk, OCTOBER, None), ("port-3", second.pk, SEPTEMBER, OCTOBER),
    ]  # fmt: skip
    assert set(MeasuringRule.objects.values_list("line_id", "unit")) == {(first.pk, "TB"), (second.pk, "TB")}
    assert set(Meter.objects.values_list("service_id", flat=True)) == {service.pk}
    assert list(invariants.violations()) == []
    for broken, words in (
        (replace(rows[0], meter_id="a,b"), "a meter ID is"), (replace(rows[0], unit="Mbps"), "give GB or TB"),
        (replace(rows[0], valid_until=SEPTEMBER), "is no time"), (replace(rows[3], valid_until=NOVEMBER), "another line"),
        (replace(rows[0], service_key=None), "another service"),
    ):  # fmt: skip
        with pytest.raises(UsageRefused, match=words):
            operations.add_meters(meters=[replace(rows[1], meter_id="port-9"), broken])
    assert not Meter.objects.filter(meter_id="port-9").exists()


# --- samples -------------------------------------------------------------------------------------------------------------------


def test_days_are_kept_once_and_completed(service: Service) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC), "port-1")
    half = flow_of([5] * 144 + [None] * 144)
    other_half = flow_of([None] * 144 + [7] * 144)
    record = operations.record_days
    assert record(days=[SampleDay("port-1", OCTOBER, half, half)], now=night(10)) == operations.LoadedDays(1, 0, 0)
    assert record(days=[SampleDay("port-1", OCTOBER, half, half)], now=night(10)) == operations.LoadedDays(0, 0, 1)
    assert record(days=[SampleDay("port-1", OCTOBER, other_half, half)], now=night(10)) == operations.LoadedDays(
        0, 1, 0
    )
    with pytest.raises(SamplesRefused, match=r"meter port-1 on 2020-10-01: slot 0 in holds 5 bytes already, not 6"):
        record(days=steady_days("port-1", OCTOBER, 1, bytes_in=6), now=night(10))
    done = record(days=steady_days("port-1", OCTOBER, 1, bytes_in=6), now=night(10), replaces=True)
    assert done == operations.LoadedDays(0, 1, 0)
    assert MeterDay.objects.count() == 1


def test_the_same_day_twice_in_one_batch_is_merged(service: Service) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC), "port-1")
    parts = [flow_of([slot if slot % 2 == way else None for slot in range(288)]) for way in (0, 1)]
    operations.record_days(days=[SampleDay("port-1", OCTOBER, part, part) for part in parts], now=night(10))
    operations.record_samples(meter_id="port-1", days=[(OCTOBER, range(288), range(288))], now=night(10))
    assert MeterDay.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2019, 9, 30), r"come more than 12 months after their month; take them out of the file and settle them"),
        (date(2020, 11, 2), "lie in the future; today is 2020-11-01"),
    ],
)
def test_refuses_samples_too_late_or_too_early_and_keeps_nothing_of_the_batch(
    service: Service, day: date, words: str
) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC), "port-1")
    batch = [*steady_days("port-1", OCTOBER, 1), *steady_days("port-1", day, 1)]
    with pytest.raises(UsageRefused, match=words):
        operations.record_days(days=batch, now=night(11) + timedelta(hours=1))
    assert MeterDay.objects.count() == 0


def test_the_last_day_that_is_not_too_late(service: Service) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC), "port-1")
    operations.record_days(days=steady_days("port-1", date(2019, 11, 1), 1), now=datetime(2020, 12, 1, tzinfo=UTC))
    with pytest.raises(UsageRefused, match="12 months"):
        operations.record_days(days=steady_days("port-1", date(2019, 11, 2), 1), now=datetime(2020, 12, 2, tzinfo=UTC))


def test_refuses_a_meter_that_nobody_added(service: Service) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC), "port-1")
    with pytest.raises(MeterNotFound, match="there is no meter 'port-2'; add it first"):
        operations.record_days(
            days=[*steady_days("port-1", OCTOBER, 1), *steady_days("port-2", OCTOBER, 1)], now=night(11)
        )
    assert MeterDay.objects.count() == 0


def test_loading_takes_the_same_number_of_statements_for_any_number_of_new_days(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    for number in range(12):
        metered.meter(line, f"port-{number:02}")

    def statements(days: list[SampleDay]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            operations.record_days(days=days, now=night(11))
        return len(captured)

    one = statements(steady_days("port-00", SEPTEMBER, 1))
    many = statements([day for number in range(1, 12) for day in steady_days(f"port-{number:02}", SEPTEMBER, 20)])
    assert many <= one + 1


# --- frozen months -------------------------------------------------------------------------------------------------------------


def test_a_month_of_traffic_cites_the_hash_of_its_samples(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    operations.record_days(days=steady_days("port-1", OCTOBER, 31, bytes_in=100_000, bytes_out=50_000), now=night(11))
    done = freeze()
    assert (done.new, done.revised, done.same, done.sample_count, done.expected_count) == (1, 0, 0, 8928, 8928)
    row = newest(line)
    assert (row.quantity, row.unit, row.revision) == (D("1.3392"), "GB", 0)
    assert (row.period_start, row.period_end, row.counted_from, row.counted_until) == (
        OCTOBER,
        NOVEMBER,
        OCTOBER,
        NOVEMBER,
    )
    digest = SamplesHash()
    digest.add("port-1", datetime(2020, 10, 1, tzinfo=UTC), flow_of([100_000] * 8928), flow_of([50_000] * 8928))
    assert row.samples_sha256 == digest.hexdigest()
    assert freeze() == operations.FrozenLines(0, 0, 1, 8928, 8928)
    assert operations.freeze_month(line_key=line.pk, month=OCTOBER, now=night(11)) is False
    assert list(invariants.violations()) == []


def test_a_frozen_quantity_never_changes(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    freeze()
    for change in (
        lambda: MeasuredQuantity.objects.update(quantity=D(5)), lambda: MeasuredQuantity.objects.all().delete(),
        lambda: MeasuredQuantity.objects.filter(line=line)._raw_delete(MeasuredQuantity.objects.db),  # type: ignore[attr-defined]
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()
    assert newest(line).quantity == 0


def test_refuses_a_month_that_has_not_ended_one_too_long_ago_and_a_line_that_nothing_measures(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    with pytest.raises(MeterNotFound, match="has no measuring rule"):
        operations.freeze_month(line_key=line.pk, month=OCTOBER, now=night(11))
    metered.meter(line, "port-1")
    with pytest.raises(UsageRefused, match="October 2020 has not ended on 2020-10-31; ask for an estimate"):
        freeze(now=datetime(2020, 10, 31, 23, tzinfo=UTC))
    with pytest.raises(
        UsageRefused, match="usage until 2020-11-01 comes more than 12 months late; settle it with a credit note"
    ):
        freeze(now=datetime(2021, 11, 2, tzinfo=UTC))
    with pytest.raises(UsageRefused, match="has not ended"):
        steps.freeze_month(month=date(2021, 1, 1), now=night(11))


def test_percentiles_of_a_pack_add_up_by_its_rule(world: world_of.Provider, service: Service) -> None:
    """Two servers of one pack: one busy in the first half of the month, one in the second (B40)."""
    other = world_of.service(world, service.customer)
    line = metered.metered_line(service, COMMIT, starts_on=SEPTEMBER)
    for number, own in enumerate((service, other)):
        metered.meter(line, f"port-{number}", "percentile", "Mbps", profile="95TH", service=own)
    days = [
        *steady_days("port-0", SEPTEMBER, 15, bytes_in=80 * MEGABIT), *steady_days("port-0", date(2020, 9, 16), 15, bytes_in=MEGABIT),
        *steady_days("port-1", SEPTEMBER, 15, bytes_out=MEGABIT), *steady_days("port-1", date(2020, 9, 16), 15, bytes_out=70 * MEGABIT),
    ]  # fmt: skip
    operations.record_days(days=days, now=night(10))
    freeze(SEPTEMBER, night(10))
    row = newest(line, SEPTEMBER)
    assert (row.quantity, row.unit, row.profile) == (150, "Mbps", "95TH")
    assert (row.sample_count, row.expected_count) == (2 * 8640, 2 * 8640)
    operations.set_measuring_rule(line_key=line.pk, method="percentile_of_sums", unit="Gbps", profile="95TH_SUM")
    assert freeze(SEPTEMBER, night(10)).revised == 1
    assert (newest(line, SEPTEMBER).quantity, newest(line, SEPTEMBER).revision) == (D("0.081"), 1)


def test_a_stream_of_many_lines_meters_and_gaps_measures_each_by_itself(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines with no meter, with meters that never spoke, and packs across the border of two reads."""
    from rackbill.domain.usage.queries import measuring

    monkeypatch.setattr(measuring, "_METERS_AT_A_TIME", 3)
    lines, days = [], []
    for number in range(9):
        line = metered.metered_line(service, TRAFFIC, description=f"line {number}")
        operations.set_measuring_rule(line_key=line.pk, method="traffic", unit="GB")
        for port in range(number % 4):
            metered.meter(line, f"p{number}-{port}")
            if (number + port) % 3:
                days += steady_days(f"p{number}-{port}", OCTOBER, 31, bytes_in=1_000_000 * (number + port))
        lines.append(line)
    operations.record_days(days=days, now=night(11))
    together = dict(queries.measurements(line_keys=[line.pk for line in lines], month=month_of(OCTOBER)))
    for number, line in enumerate(lines):
        total = sum(number + port for port in range(number % 4) if (number + port) % 3)
        assert together[line.pk].quantity == D(total * 8928) / 1000
        assert together[line.pk].expected_count == 8928 * (number % 4)
        assert dict(queries.measurements(line_keys=[line.pk], month=month_of(OCTOBER)))[line.pk] == together[line.pk]


def test_local_months_begin_at_local_midnight(service: Service) -> None:
    """Berlin's October begins on 30 September at 22:00 UTC and has 745 hours."""
    utc, local = (metered.metered_line(service, TRAFFIC, description=name) for name in ("utc", "local"))
    metered.meter(utc, "port-1")
    metered.meter(local, "port-2", month_by="local")
    late_evening = flow_of([0] * 264 + [10**9] * 24)
    quiet = flow_of([0] * 288)
    days = [SampleDay(f"port-{n}", date(2020, 9, 30), late_evening, quiet) for n in (1, 2)]
    operations.record_days(days=days, now=night(11))
    freeze(now=datetime(2020, 11, 2, tzinfo=UTC))
    assert (newest(utc).quantity, newest(utc).expected_count) == (0, 8928)
    assert (newest(local).quantity, newest(local).expected_count) == (24, 745 * 12)
    assert newest(local).sample_count == 24


def test_a_meter_that_moves_counts_for_each_line_on_its_days(world: world_of.Provider, service: Service) -> None:
    first = metered.metered_line(service, TRAFFIC)
    second = metered.metered_line(world_of.service(world, world_of.customer(world)), TRAFFIC)
    metered.meter(first, "port-1")
    operations.assign_meter(meter_id="port-1", line_key=first.pk, valid_from=SEPTEMBER, valid_until=date(2020, 10, 11))
    operations.set_measuring_rule(line_key=second.pk, method="traffic", unit="GB")
    operations.assign_meter(meter_id="port-1", line_key=second.pk, valid_from=date(2020, 10, 11))
    operations.record_days(days=steady_days("port-1", OCTOBER, 31, bytes_in=10**9), now=night(11))
    freeze()
    assert (newest(first).quantity, newest(second).quantity) == (10 * 288, 21 * 288)


def test_partial_months_count_the_days_of_the_line(service: Service) -> None:
    begun = metered.metered_line(service, TRAFFIC, starts_on=date(2020, 10, 15), description="begun")
    ended = metered.metered_line(service, TRAFFIC, ends_on=date(2020, 10, 11), description="ended")
    gone = metered.metered_line(service, TRAFFIC, ends_on=OCTOBER, description="gone")
    for number, line in enumerate((begun, ended, gone)):
        metered.meter(line, f"port-{number}")
        operations.record_days(days=steady_days(f"port-{number}", OCTOBER, 31, bytes_in=10**9), now=night(11))
    assert freeze().new == 2
    assert (newest(begun).quantity, newest(ended).quantity) == (17 * 288, 10 * 288)
    assert (newest(begun).counted_from, newest(ended).counted_until) == (date(2020, 10, 15), date(2020, 10, 11))
    assert not MeasuredQuantity.objects.filter(line=gone).exists()


def test_the_day_in_which_a_service_ends_still_counts(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    operations.record_days(days=steady_days("port-1", OCTOBER, 31, bytes_in=10**9), now=night(11))
    Service.objects.filter(pk=service.pk).update(ends_at=datetime(2020, 10, 10, 12, tzinfo=UTC))
    freeze()
    assert newest(line).counted_until == date(2020, 10, 11)
    Contract.objects.filter(pk=service.contract_id).update(ends_at=datetime(2020, 10, 4, 22, tzinfo=UTC))
    freeze()
    assert newest(line).counted_until == date(2020, 10, 5)  # midnight in Berlin


def test_hours_in_every_state_from_creation_to_destruction(world: world_of.Provider, service: Service) -> None:
    """B7; Berlin's March 2021 has 743 hours."""
    march = date(2021, 3, 1)
    whole = metered.metered_line(service, HOURLY, description="whole")
    operations.set_measuring_rule(line_key=whole.pk, method="hours", unit="h")
    Service.objects.filter(pk=service.pk).update(status="SUSPENDED")
    short_lived = world_of.service(world, service.customer, starts_on=date(2021, 3, 5))
    Service.objects.filter(pk=short_lived.pk).update(
        starts_at=datetime(2021, 3, 5, 10, 30, tzinfo=UTC), ends_at=datetime(2021, 3, 5, 12, 31, tzinfo=UTC)
    )
    short = metered.metered_line(short_lived, HOURLY, starts_on=date(2021, 3, 5), description="short")
    operations.set_measuring_rule(line_key=short.pk, method="hours", unit="h")
    pack = metered.metered_line(service, HOURLY, description="pack")
    for number, own in enumerate((service, short_lived)):
        metered.meter(pack, f"vm-{number}", "hours", "h", service=own)
    freeze(march, night(4, 2021))
    assert [newest(line, march).quantity for line in (whole, short, pack)] == [743, 3, 746]
    assert len({newest(line, march).samples_sha256 for line in (whole, short, pack)}) == 3
    assert newest(short, march).counted_until == date(2021, 3, 6)


def test_a_quantity_measured_elsewhere_is_kept_with_its_revisions(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)

    def keep(quantity: str, now: datetime | None = None) -> bool:
        value = Measured(period=month_of(OCTOBER), quantity=D(quantity), unit="GB")
        return operations.record_measured(line_key=line.pk, measured=value, now=now or night(11))

    ContractLine.objects.filter(pk=line.pk).update(settled_until=NOVEMBER)
    assert keep("5") is True
    line.refresh_from_db()
    assert line.settled_until is None
    assert keep("5") is False
    assert keep("6") is True
    assert queries.measured(line_keys=[line.pk]) == {
        line.pk: [Measured(period=month_of(OCTOBER), quantity=D(6), unit="GB")]
    }
    with pytest.raises(UsageRefused, match="is negative"):
        keep("-1")
    with pytest.raises(UsageRefused, match="12 months late"):
        keep("7", datetime(2021, 11, 2, tzinfo=UTC))
    assert list(MeasuredQuantity.objects.order_by("revision").values_list("revision", "quantity")) == [
        (0, D(5)),
        (1, D(6)),
    ]


def test_a_run_reads_only_the_months_that_a_line_is_not_settled_beyond(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    for month in (SEPTEMBER, OCTOBER):
        value = Measured(
            period=month_of(month), quantity=D(month.month), unit="GB", sample_count=1, expected_count=2, profile="x"
        )
        operations.record_measured(line_key=line.pk, measured=value, now=night(11))
    assert [v.quantity for v in queries.measured(line_keys=[line.pk])[line.pk]] == [9, 10]
    with CaptureQueriesContext(connection) as captured:
        assert [v.quantity for v in queries.measured(line_keys=[line.pk], ended_after=OCTOBER)[line.pk]] == [10]
    assert len(captured) == 1
    assert queries.measured(line_keys=[]) == {}


# --- late usage ----------------------------------------------------------------------------------------------------------------


def test_samples_that_come_after_the_freeze_measure_the_month_anew(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    operations.record_days(days=steady_days("port-1", OCTOBER, 30, bytes_in=10**6), now=night(11))
    freeze()
    assert (newest(line).sample_count, LateUsage.objects.count()) == (30 * 288, 0)
    loaded = steps.load_samples(days=steady_days("port-1", date(2020, 10, 31), 1, bytes_in=10**6), now=night(12))
    assert loaded.days.new == 1
    assert {month: (done.revised, done.same) for month, done in loaded.anew.items()} == {OCTOBER: (1, 0)}
    assert (newest(line).revision, newest(line).sample_count) == (1, 8928)
    assert LateUsage.objects.count() == 0
    again = steps.load_samples(days=steady_days("port-1", date(2020, 10, 31), 1, bytes_in=10**6), now=night(12))
    assert (again.days.same, again.anew) == (1, {})


def test_a_load_that_died_before_measuring_anew_is_caught_up_with(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    freeze()
    operations.record_days(days=steady_days("port-1", OCTOBER, 1, bytes_in=10**9), now=night(12))
    assert newest(line).quantity == 0
    assert queries.months_to_measure_anew(on=date(2020, 12, 1)) == [(OCTOBER, [line.pk])]
    assert steps.measure_anew(now=night(12))[OCTOBER].revised == 1
    assert newest(line).quantity == 288
    assert queries.months_to_measure_anew(on=date(2020, 12, 1)) == []


def test_late_samples_of_a_month_not_measured_yet_wait_for_its_freeze(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    operations.record_days(days=steady_days("port-1", OCTOBER, 31, bytes_in=10**6), now=night(11))
    assert LateUsage.objects.count() == 0
    handed_in = metered.metered_line(service, TRAFFIC, description="handed in")
    metered.meter(handed_in, "port-2")
    operations.record_measured(
        line_key=handed_in.pk, measured=Measured(period=month_of(OCTOBER), quantity=D(1), unit="GB"), now=night(11)
    )
    operations.record_days(days=steady_days("port-2", OCTOBER, 1), now=night(11))
    assert LateUsage.objects.count() == 0


def test_a_line_ended_after_its_month_was_measured_is_measured_anew(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    operations.record_days(days=steady_days("port-1", OCTOBER, 31, bytes_in=10**9), now=night(11))
    freeze()
    ContractLine.objects.filter(pk=line.pk).update(ends_on=date(2020, 10, 11), settled_until=None)
    assert queries.months_to_measure_anew(on=date(2020, 12, 1)) == [(OCTOBER, [line.pk])]
    steps.measure_anew(now=night(12))
    assert (newest(line).quantity, newest(line).counted_until) == (2880, date(2020, 10, 11))
    assert queries.months_to_measure_anew(on=date(2020, 12, 1)) == []
    ContractLine.objects.filter(pk=line.pk).update(ends_on=None)
    assert queries.months_to_measure_anew(on=date(2021, 11, 2)) == []


def test_lines_without_a_quantity_are_told(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    assert queries.unmeasured_lines(month=OCTOBER) == [line.pk]
    assert queries.unmeasured_lines(month=date(2020, 8, 1)) == []
    freeze()
    assert queries.unmeasured_lines(month=OCTOBER) == []
    ContractLine.objects.filter(pk=line.pk).update(billed_from=date(2021, 1, 1))
    assert queries.unmeasured_lines(month=NOVEMBER) == []


# --- estimates -----------------------------------------------------------------------------------------------------------------


def test_estimates_of_a_running_month(world: world_of.Provider, service: Service) -> None:
    traffic = metered.metered_line(service, TRAFFIC, description="Traffic")
    rate = metered.metered_line(service, COMMIT, description="Bandwidth")
    hourly = metered.metered_line(service, HOURLY, description="Hours")
    metered.meter(traffic, "t")
    metered.meter(rate, "r", "percentile", "Mbps", profile="95TH")
    operations.set_measuring_rule(line_key=hourly.pk, method="hours", unit="h")
    ten_days = datetime(2020, 10, 11, 0, 4, tzinfo=UTC)
    days = [
        *steady_days("t", OCTOBER, 10, bytes_in=250_000_000),
        *steady_days("r", OCTOBER, 10, bytes_in=120 * MEGABIT),
    ]
    operations.record_days(days=days, now=ten_days)
    estimates = {row.description: row for row in queries.usage_estimates(scope=EVERYTHING, now=ten_days)}
    assert list(estimates) == ["Bandwidth", "Hours", "Traffic"]
    row = estimates["Traffic"]
    assert (row.quantity_so_far, row.amount_so_far_minor) == (720, 0)
    assert (row.quantity_carried_on, row.amount_carried_on_minor) == (2232, 6160)
    assert (row.sample_count, row.expected_count, row.unit, row.currency) == (2880, 2880, "GB", "EUR")
    assert (row.month, row.service_id, row.contract_id) == (
        month_of(OCTOBER),
        service.service_id,
        service.contract.contract_id,
    )
    row = estimates["Bandwidth"]
    assert (row.quantity_so_far, row.quantity_carried_on, row.profile) == (120, 120, "95TH")
    assert row.amount_so_far_minor == row.amount_carried_on_minor == 26000
    row = estimates["Hours"]
    assert (row.quantity_so_far, row.quantity_carried_on) == (243, 745)  # since 30 September, 22:00 UTC
    assert (row.amount_so_far_minor, row.amount_carried_on_minor) == (1215, 3000)


def test_an_estimate_equals_the_charge_when_the_month_is_over(service: Service) -> None:
    line = metered.metered_line(service, COMMIT)
    metered.meter(line, "r", "percentile", "Mbps", profile="95TH")
    operations.record_days(days=steady_days("r", OCTOBER, 31, bytes_out=130 * MEGABIT), now=night(11))
    (row,) = queries.usage_estimates(scope=EVERYTHING, now=datetime(2020, 10, 31, 23, 59, tzinfo=UTC))
    freeze()
    assert row.quantity_so_far == newest(line).quantity == 130
    assert row.amount_so_far_minor == 29000


def test_estimates_stay_in_sight(world: world_of.Provider, service: Service) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC), "mine")
    stranger = world_of.customer(world)
    metered.meter(metered.metered_line(world_of.service(world, stranger), TRAFFIC), "theirs")

    def seen(scope: Any) -> list[str]:
        return [row.service_id for row in queries.usage_estimates(scope=scope, now=night(11))]

    assert seen(CustomerScope(service.customer_id, service.customer.customer_id)) == [service.service_id]
    assert len(seen(EVERYTHING)) == len(seen(StaffScope(frozenset({"2100"})))) == 2
    assert seen(StaffScope(frozenset({"2200"}))) == []


def test_an_estimate_says_why_it_has_no_price_and_begins_with_nothing(service: Service) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    LinePrice.objects.filter(line=line).update(valid_from=date(2021, 1, 1))
    (row,) = queries.usage_estimates(scope=EVERYTHING, now=datetime(2020, 10, 1, tzinfo=UTC))
    assert "has no usage price on 2020-10-01" in row.contradiction
    assert (row.quantity_so_far, row.quantity_carried_on, row.amount_so_far_minor, row.expected_count) == (0, 0, 0, 0)


def test_an_ended_line_has_no_estimate(service: Service) -> None:
    metered.meter(metered.metered_line(service, TRAFFIC, ends_on=OCTOBER), "port-1")
    assert queries.usage_estimates(scope=EVERYTHING, now=datetime(2020, 10, 5, tzinfo=UTC)) == []


# --- invariants ----------------------------------------------------------------------------------------------------------------


def _second_revision(line: ContractLine) -> None:
    MeasuredQuantity.objects.create(
        line=line,
        period_start=OCTOBER,
        period_end=NOVEMBER,
        revision=2,
        quantity=D(1),
        unit="GB",
        measured_at=night(11),
    )


def _empty_period(line: ContractLine) -> None:
    MeasuredQuantity.objects.create(
        line=line,
        period_start=NOVEMBER,
        period_end=NOVEMBER,
        revision=0,
        quantity=D(1),
        unit="GB",
        measured_at=night(11),
    )


def _double(line: ContractLine) -> None:
    MeterAssignment.objects.create(meter=Meter.objects.get(), line=line, valid_from=OCTOBER)


BREAKS = {
    "a lost revision": (_second_revision, "revision 2 stands without the one before"),
    "an empty period": (_empty_period, "has no days"),
    "a meter for two lines": (_double, "counts for two lines on 2020-10-01"),
    "a measured fee": (lambda line: ContractLine.objects.filter(pk=line.pk).update(kind="recurring"), "is not metered"),
    "a meter without a rule": (lambda line: MeasuringRule.objects.all().delete(), "which has no measuring rule"),
    "hours of nobody": (
        lambda line: MeasuringRule.objects.update(method="hours"),
        "counts hours but belongs to no service",
    ),
    "late usage of nothing": (
        lambda line: (LateUsage.objects.create(line=line, month=OCTOBER), MeasuringRule.objects.all().delete()),
        "cannot be measured anew",
    ),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_each_invariant_finds_what_breaks_it(service: Service, name: str) -> None:
    line = metered.metered_line(service, TRAFFIC)
    metered.meter(line, "port-1")
    freeze()
    assert list(invariants.violations()) == []
    breaks, words = BREAKS[name]
    breaks(line)
    assert any(words in sentence for sentence in invariants.violations())
