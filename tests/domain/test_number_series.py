"""Number series: a range that is used up goes on in the next one, without a gap and in the order of days."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction
from typer.testing import CliRunner

from rackbill.domain.billing.models import BillRun
from rackbill.domain.documents import invariants, operations, queries
from rackbill.domain.documents.errors import NumbersExhausted, SeriesRefused
from rackbill.domain.documents.models import ChainSeal, Document, NumberSeries
from rackbill.domain.kit import locks
from rackbill.domain.kit.scope import WholeInstallation
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


def add(
    world: world_of.Provider, start: int, end: int, *, is_early: bool = False, valid_from: date | None = None
) -> None:
    operations.create_series(
        organisation_key=world.organisation.pk, kind="invoice", range_start=start, range_end=end, is_early=is_early,
        valid_from=valid_from,
    )  # fmt: skip


def short(counts: dict[str, int], on: date = date(2020, 11, 1)) -> list[tuple[str, int, int, bool]]:
    rows = queries.short_series(organisation_id="2100", on=on, run_counts=counts)
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


YEAR = date(2020, 11, 1)
"""The first day of a fiscal year."""


def in_series() -> dict[date | None, list[str]]:
    """The numbers by the day of their series."""
    found: dict[date | None, list[str]] = {}
    for number, day in Document.objects.order_by("number").values_list("number", "series__valid_from"):
        found.setdefault(day, []).append(number)
    return found


def test_a_series_from_a_day_on_numbers_the_documents_of_that_day_and_later() -> None:
    world = world_of.provider()
    small_range(world, size=900, customers=2)
    add(world, 27_000_000, 27_000_999, valid_from=YEAR)
    add(world, 27_000_000, 27_000_999, valid_from=YEAR)
    bill(date(2020, 11, 1))
    assert in_series() == {None: ["21000000", "21000001"]}, "October is of the first"
    bill(date(2020, 12, 1), NOVEMBER)
    assert in_series() == {None: ["21000000", "21000001"], YEAR: ["27000000", "27000001"]}
    assert [*invariants.violations()] == []
    old, new = [row for row in queries.number_series(scope=WholeInstallation()).rows if row.kind == "invoice"]
    assert (old.valid_from, old.is_over, old.is_nearly_full) == (None, True, False)
    assert (new.valid_from, new.is_over, new.is_waiting, new.used_count) == (YEAR, False, False, 2)


def test_a_late_document_of_the_old_year_is_numbered_in_the_old_series() -> None:
    """Both years stay without a gap and in the order of days, whichever is issued first."""
    world = world_of.provider()
    small_range(world, size=900, customers=1)
    bill(date(2020, 11, 1))
    add(world, 27_000_000, 27_000_999, valid_from=YEAR)
    world_of.service(world, world_of.customer(world))
    bill(date(2020, 12, 1), NOVEMBER)
    request = drafts_of("27000000")
    with transaction.atomic():
        issued = operations.issue_documents(
            organisation_key=world.organisation.pk, kind="invoice", run_id="", now=NOVEMBER,
            requests=[dated(request, "2020-10-31"), dated(request, "2020-11-02"), dated(request, "2020-10-31")],
        )  # fmt: skip
    assert [(row.number, row.issued_on) for row in issued] == [
        ("21000001", "2020-10-31"), ("27000002", "2020-11-02"), ("21000002", "2020-10-31"),
    ]  # fmt: skip
    with pytest.raises(SeriesRefused, match="dates never fall within a series"), transaction.atomic():
        operations.issue_documents(
            organisation_key=world.organisation.pk, kind="invoice", run_id="", now=NOVEMBER,
            requests=[dated(request, "2020-11-01")],
        )  # fmt: skip
    checks = [*invariants.checks(scope=WholeInstallation(), since=None, seen=lambda _check, _count: None)]
    assert [row for row in checks if row[0] in ("number_gaps", "dates", "series", "chain", "hashes")] == []


def drafts_of(number: str) -> operations.IssueRequest:
    """What would issue a document once more."""
    row = Document.objects.get(number=number)
    form = json.loads(row.canonical)
    form |= {"number": "", "document_uuid": ""}
    keys = [*row.lines.order_by("line_number").values_list("contract_line", flat=True)]
    return operations.IssueRequest(
        canonical=json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        customer_key=row.customer_id, group_key=row.billing_group_id, line_keys=keys,
    )  # fmt: skip


def dated(request: operations.IssueRequest, day: str) -> operations.IssueRequest:
    form = json.loads(request.canonical) | {"issued_on": day, "due_on": "2020-11-30"}
    form["payment"] = form["payment"] | {"payment_days": (date(2020, 11, 30) - date.fromisoformat(day)).days}
    return replace(request, canonical=json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def test_each_year_is_short_for_itself_and_a_full_old_one_is_no_warning() -> None:
    world = world_of.provider()
    small_range(world, size=2, customers=2)
    add(world, 27_000_000, 27_000_002, valid_from=YEAR)
    bill(date(2020, 11, 1))
    (warning,) = queries.series_warnings(organisation_id="2100")
    assert warning.endswith("--kind invoice --first N --last N"), (
        "the old year is not over before the new one has begun"
    )
    with pytest.raises(NumbersExhausted, match="21000000-21000001 has too few numbers left"), transaction.atomic():
        operations.issue_documents(
            organisation_key=world.organisation.pk, kind="invoice", run_id="", now=NOVEMBER,
            requests=[dated(drafts_of("21000000"), "2020-10-31")],
        )  # fmt: skip
    bill(date(2020, 12, 1), NOVEMBER)
    assert queries.series_warnings(organisation_id="2100") == []
    assert short({"invoice": 2}) == [("invoice", 1, 2, True)]
    with pytest.raises(NumbersExhausted, match=r"rackbill series add --from 2020-11-01` \(with --early"):
        bill(date(2021, 1, 1), datetime(2020, 12, 1, 6, tzinfo=UTC))
    (row,) = queries.short_series(organisation_id="2100", on=YEAR, run_counts={"invoice": 2})
    words = row.way_out.removeprefix("rackbill series ").replace("N", "28000000", 1).replace("N", "28000999", 1)
    assert "--from 2020-11-01" in words
    assert CliRunner().invoke(console.series_app, words.split()).exit_code == 0
    bill(date(2021, 1, 1), datetime(2020, 12, 1, 6, tzinfo=UTC))
    assert in_series()[YEAR] == ["27000000", "27000001", "27000002", "28000000"]
    assert [*invariants.violations()] == []


def test_a_later_series_fits_behind_the_others() -> None:
    world = world_of.provider()
    small_range(world, size=900, customers=1)
    bill(date(2020, 11, 1))
    for start, day, why in (
        (27_000_000, date(2020, 10, 1), "documents of 2020-10-01 have their numbers already; choose a day after that"),
        (20_000_000, YEAR, "choose a range above 21000899"),
    ):
        with pytest.raises(SeriesRefused, match=why):
            add(world, start, start + 999, valid_from=day)
    add(world, 27_000_000, 27_000_999, valid_from=YEAR)
    with pytest.raises(SeriesRefused, match="the invoice series from 2020-11-01 exists; a new one begins later"):
        add(world, 28_000_000, 28_000_999, valid_from=date(2020, 10, 15))
    with pytest.raises(SeriesRefused, match="27000000-27000999 exists; it cannot be moved"):
        add(world, 28_000_000, 28_000_999, valid_from=YEAR)
    other = world_of.provider("2600", "NL")
    NumberSeries.objects.filter(sales_organisation=other.organisation, kind="quote").delete()
    with pytest.raises(
        SeriesRefused, match="the first quote series is for every day until a later one; leave --from out"
    ):
        operations.create_series(
            organisation_key=other.organisation.pk,
            kind="quote",
            range_start=46_000_000,
            range_end=46_000_999,
            valid_from=YEAR,
        )


def test_a_document_in_the_series_of_another_year_is_found() -> None:
    world = world_of.provider()
    small_range(world, size=900, customers=1)
    bill(date(2020, 11, 1))
    add(world, 27_000_000, 27_000_999, valid_from=YEAR)
    NumberSeries.objects.filter(range_start=27_000_000).update(valid_from=date(2020, 9, 1))
    assert any("which is a day of another series" in sentence for sentence in invariants.violations())


@pytest.mark.django_db(transaction=True)
def test_a_series_added_while_issuing_waits_counts_for_it() -> None:
    """What waits for the lock must not go on with the series that it saw before."""
    if not locks.has_row_locks():
        pytest.skip("SQLite has one writer: nobody waits with what was seen before")
    world = world_of.provider()
    small_range(world, size=900, customers=1)
    bill(date(2020, 11, 1))
    request = dated(drafts_of("21000000"), "2020-11-02")
    issued: list[operations.Issued] = []

    def issue() -> None:
        with transaction.atomic():
            issued.extend(operations.issue_documents(
                organisation_key=world.organisation.pk, kind="invoice", run_id="", now=NOVEMBER, requests=[request]
            ))  # fmt: skip
        connection.close()

    other = threading.Thread(target=issue)
    with transaction.atomic():
        add(world, 27_000_000, 27_000_999, valid_from=YEAR)
        other.start()
        assert _somebody_waits()
    other.join(30)
    assert [row.number for row in issued] == ["27000000"]


def _somebody_waits() -> bool:
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.1)
    return False
