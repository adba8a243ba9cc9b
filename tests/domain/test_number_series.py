"""Number series: a range that is used up goes on in the next one, without a gap and in the order of days."""

from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from rackbill.domain.billing.models import BillRun
from rackbill.domain.documents import invariants, operations, queries
from rackbill.domain.documents.errors import NumbersExhausted, SeriesRefused
from rackbill.domain.documents.models import ChainSeal, Document, NumberSeries
from rackbill.interfaces.console import billing as console
from rackbill.interfaces.jobs import run_report
from tests.domain.test_bill_run import bill
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2020, 11, 1, 6, tzinfo=UTC)


def small_range(world: world_of.Provider, *, size: int, customers: int = 3) -> None:
    """The invoice series of a provider with so many numbers in all, and customers to bill."""
    rows = NumberSeries.objects.filter(sales_organisation=world.organisation, kind="invoice")
    rows.update(range_end=21_000_000 + size - 1)
    for _ in range(customers):
        world_of.service(world, world_of.customer(world))


def add(world: world_of.Provider, start: int, end: int, *, is_early: bool = False) -> None:
    operations.create_series(
        organisation_key=world.organisation.pk, kind="invoice", range_start=start, range_end=end, is_early=is_early
    )


def short(counts: dict[str, int]) -> list[tuple[str, int, int, bool]]:
    rows = queries.short_series(organisation_id="2100", run_counts=counts)
    return [(row.kind, row.left_count, row.run_count, "--early" in row.way_out) for row in rows]


def test_a_used_up_range_goes_on_in_the_next_one_within_one_run() -> None:
    world = world_of.provider()
    small_range(world, size=4)
    bill(date(2020, 11, 1))
    assert queries.series_warnings(organisation_id="2100") == [], "three of four are not nine tenths"
    with pytest.raises(
        NumbersExhausted, match="too few numbers left for 3 documents; add a further range with `rackbill series add` "
    ):
        bill(date(2020, 12, 1), NOVEMBER)
    assert Document.objects.count() == 3, "no number is spent where they do not suffice"
    with pytest.raises(SeriesRefused, match="once nine tenths of it are used, or before with --early"):
        add(world, 27_000_000, 27_000_999)
    add(world, 27_000_000, 27_000_999, is_early=True)
    bill(date(2020, 12, 1), NOVEMBER)
    numbers = [*Document.objects.order_by("number").values_list("number", flat=True)]
    assert numbers == ["21000000", "21000001", "21000002", "21000003", "27000000", "27000001"]
    assert [*invariants.violations()] == []
    assert ChainSeal.objects.filter(last_number__in=("21000003", "27000001")).count() == 2
    assert BillRun.objects.filter(state="issued").count() == 2


def test_a_further_range_is_added_late_and_above() -> None:
    world = world_of.provider()
    small_range(world, size=3, customers=2)
    add(world, 21_000_000, 21_000_002)
    bill(date(2020, 11, 1))
    with pytest.raises(
        SeriesRefused, match="cannot be moved, and a further range, above 21000002, is added once nine tenths"
    ):
        add(world, 27_000_000, 27_000_999)
    NumberSeries.objects.filter(kind="invoice").update(range_end=21_000_001)
    assert queries.series_warnings(organisation_id="2100") == [
        "series invoice 21000000-21000001 has used 2 of 2 numbers; add the next range before the rest is gone: "
        "rackbill series add --sales-org 2100 --kind invoice --first N --last N"
    ]
    with pytest.raises(SeriesRefused, match="above 21000001"):
        add(world, 20_000_000, 20_000_999)
    with pytest.raises(SeriesRefused, match="overlaps that of another series"):
        add(world, 21_900_500, 22_900_500)
    add(world, 27_000_000, 27_000_999)
    add(world, 27_000_000, 27_000_999)
    assert NumberSeries.objects.filter(kind="invoice").count() == 2
    assert queries.series_warnings(organisation_id="2100") == []


def test_numbers_run_short_below_a_tenth_or_below_what_a_run_takes() -> None:
    world = world_of.provider()
    invoices = NumberSeries.objects.filter(sales_organisation=world.organisation, kind="invoice")
    invoices.update(range_end=21_000_099, next_counter=21_000_089)
    assert short({}) == []
    assert short({"invoice": 11}) == []
    assert short({"invoice": 12, "credit_note": 5}) == [("invoice", 11, 12, True)]
    invoices.update(next_counter=21_000_090)
    assert short({}) == [("invoice", 10, 0, False)]
    add(world, 27_000_000, 27_000_001)
    assert short({"invoice": 12}) == []
    assert short({"invoice": 13}) == [("invoice", 12, 13, True)]
    add(world, 27_000_100, 27_000_199, is_early=True)
    assert short({"invoice": 112}) == []


def test_the_report_of_a_run_says_that_numbers_run_short() -> None:
    world = world_of.provider()
    small_range(world, size=5)
    summary = bill(date(2020, 11, 1))
    report = run_report.make_report(run_id=summary.run_id)
    (row,) = report["short_series"]
    assert (row["kind"], row["left"], row["count"]) == ("invoice", 2, 3)
    assert row["way_out"] == "rackbill series add --sales-org 2100 --kind invoice --first N --last N --early"
    first, last = "27000000", "27000999"
    words = row["way_out"].removeprefix("rackbill series ").replace("N", "{}", 2).format(first, last).split()
    assert CliRunner().invoke(console.series_app, words).exit_code == 0
    assert run_report.make_report(run_id=summary.run_id)["short_series"] == []
