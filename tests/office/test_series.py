"""Number series: a range that is nearly used up is told in the office and on the console, and the next one follows it."""

from datetime import date
from typing import Any

import lxml.html
import pytest
from django.test import Client
from typer.testing import CliRunner

from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries
from rackbill.domain.documents.errors import SeriesRefused
from rackbill.domain.documents.models import Document, NumberSeries
from rackbill.domain.kit.scope import StaffScope, WholeInstallation
from rackbill.interfaces.console import billing as console
from rackbill.interfaces.jobs import run_report
from tests.office.test_pages import SIGNER, as_person, run_id, staff
from tests.world import provider as world_of

__all__ = ["run_id"]
pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()


@pytest.fixture
def world() -> world_of.Provider:
    found = world_of.provider()
    staff(found, "otto", "auditor")
    staff(world_of.provider("2600", "NL"), "oscar", "administrator")
    return found


def use(kind: str, percent: int, size: int = 900_000) -> NumberSeries:
    row = NumberSeries.objects.get(sales_organisation__organisation_id="2100", kind=kind)
    row.next_counter = row.range_start + size * percent // 100
    row.save()
    return row


def test_a_range_is_told_from_ninety_percent_on(world: world_of.Provider) -> None:
    use("invoice", 89)
    assert queries.nearly_full_series(scope=EVERYTHING) == []
    assert "numbers are used" not in as_person("otto").get("/office/").content.decode()
    use("invoice", 90)
    page = as_person("otto").get("/office/").content.decode()
    assert "810000 of 900000 numbers are used." in page.replace(",", "")
    assert 'href="/office/series/"' in page
    series = as_person("otto").get("/office/series/").content.decode()
    command = " ".join(lxml.html.fromstring(series).xpath("//code")[0].text_content().split())
    assert command == "rackbill series add --sales-org 2100 --kind invoice --first N --last N"
    assert "Nearly used up" in series and "In use" in series
    (warning,) = queries.series_warnings(organisation_id="2100")
    assert "has used 810000 of 900000 numbers" in warning and "rackbill series add --sales-org 2100" in warning


def test_another_organisations_series_are_not_shown(world: world_of.Provider, django_assert_num_queries: Any) -> None:
    use("invoice", 95)
    page = as_person("oscar").get("/office/series/").content.decode()
    assert "2100" not in page and "26000000" in page
    assert "numbers are used" not in as_person("oscar").get("/office/").content.decode()
    assert Client().get("/office/series/").status_code == 302
    with django_assert_num_queries(2):
        assert queries.number_series(scope=StaffScope(frozenset({"2100"})), limit=1).total_count == 2
    with django_assert_num_queries(1):
        queries.nearly_full_series(scope=EVERYTHING)


def add(first: int, last: int, kind: str = "invoice") -> None:
    key = NumberSeries.objects.filter(sales_organisation__organisation_id="2100").values_list("sales_organisation")[0][
        0
    ]
    documents.create_series(organisation_key=key, kind=kind, range_start=first, range_end=last)


def test_the_next_range_follows_and_numbers_come_from_it(world: world_of.Provider) -> None:
    with pytest.raises(
        SeriesRefused, match="a further range, above 21899999, is added once nine tenths of it are used"
    ):
        add(27_000_000, 27_000_999)
    old = use("invoice", 91)
    add(27_000_000, 27_000_999)
    add(27_000_000, 27_000_999)
    assert queries.nearly_full_series(scope=EVERYTHING) == []
    rows = queries.number_series(scope=EVERYTHING).rows
    told = [
        (row.range_start, row.is_last, row.is_waiting)
        for row in rows
        if (row.organisation_id, row.kind) == ("2100", "invoice")
    ]
    assert told == [(21_000_000, False, False), (27_000_000, True, True)]
    assert "Comes next" in as_person("otto").get("/office/series/").content.decode()
    world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    assert Document.objects.get().number == str(old.next_counter), "the range before is used to its end first"
    NumberSeries.objects.filter(pk=old.pk).update(next_counter=old.range_end + 1)
    page = as_person("otto").get("/office/series/").content.decode()
    assert "Used up; goes on in the next range" in page and "Comes next" not in page


def test_the_console_lists_ranges(world: world_of.Provider) -> None:
    use("credit_note", 100, 100_000)
    listed = CliRunner().invoke(console.series_app, ["list", "--sales-org", "2100"])
    assert "2100 invoice: 21000000 to 21899999, 0 of 900000 used" in listed.output, listed.output
    assert "credit_note 21900000-21999999 has used 100000 of 100000" in listed.output.replace("\n", " ")
    assert "2600" not in listed.output
    all_of_them = CliRunner().invoke(console.series_app, ["list", "--json"])
    assert '"total": 4' in all_of_them.output and '"is_nearly_full": true' in all_of_them.output


def test_a_later_year_is_shown_and_an_old_one_is_over(world: world_of.Provider) -> None:
    words = "add --sales-org 2100 --kind invoice --first 27000000 --last 27000999 --from 2020-11-01".split()
    added = CliRunner().invoke(console.series_app, words)
    assert "2100 invoice: 27000000 to 27000999, documents from 2020-11-01 on" in " ".join(added.output.split())
    page = as_person("otto").get("/office/series/").content.decode()
    assert "Nov. 1, 2020" in page and "Comes next" in page and "Over; a later" not in page
    NumberSeries.objects.filter(range_start=27_000_000).update(next_counter=27_000_950)
    page = as_person("otto").get("/office/series/").content.decode()
    assert "Over; a later series has begun" in page
    command = " ".join(lxml.html.fromstring(page).xpath("//code")[0].text_content().split())
    assert command == "rackbill series add --sales-org 2100 --kind invoice --first N --last N --from 2020-11-01"
    listed = " ".join(CliRunner().invoke(console.series_app, ["list", "--sales-org", "2100"]).output.split())
    assert "27000000 to 27000999, 950 of 1000 used, documents from 2020-11-01 on" in listed
    assert "21000000 to 21899999, 0 of 900000 used, over: a later series has begun" in listed


def test_a_runs_page_and_report_say_that_numbers_run_short(run_id: str) -> None:
    series = NumberSeries.objects.get(range_start=21_000_000)
    NumberSeries.objects.filter(pk=series.pk).update(range_end=series.range_start)
    NumberSeries.objects.filter(pk=series.pk).update(next_counter=series.range_start + 1)
    run_report.prepare_report(run_id=run_id, signer=SIGNER)
    bert = as_person("bert")
    page = lxml.html.fromstring(bert.get(f"/office/runs/{run_id}/").content)
    (told,) = page.xpath("//p[contains(@class, 'warning')][contains(., 'numbers left')]")
    way_out = "rackbill series add --sales-org 2100 --kind invoice --first N --last N"
    assert told.text_content() == f"Invoice: 0 numbers left, 1 needed by this run. Add the next range: {way_out}"
    report = bert.get(f"/office/runs/{run_id}/report.json").json()["report"]
    assert report["short_series"] == [{"kind": "invoice", "left": 0, "count": 1, "way_out": way_out}]
