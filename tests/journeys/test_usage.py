"""A metered customer's months with real bill runs: a file that comes late, an end set back, a pack, hours; and the console."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from rackbill.core.document import Document
from rackbill.domain.billing.models import Charge
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import Service
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.usage.models import MeasuredQuantity
from rackbill.formats.usage_file import day_line, read_usage_file
from rackbill.interfaces.console import books
from rackbill.interfaces.console import usage as console
from rackbill.interfaces.jobs import bill_run
from rackbill.interfaces.jobs import usage as steps
from tests.world import metered
from tests.world import provider as world_of
from tests.world.metered import COMMIT, HOURLY, MEGABIT, OCTOBER, SEPTEMBER, TRAFFIC, night, steady_days

pytestmark = pytest.mark.django_db
D = Decimal
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))


def bill(month: int, year: int = 2020) -> RunSummary:
    """The run of the first of a month, which bills that month in advance and the one before in arrears."""
    now = datetime(year, month, 1, 6, tzinfo=UTC)
    through = date(year + month // 12, month % 12 + 1, 1)
    return bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=SIGNER)


def document(number: str) -> Document:
    return documents.document(scope=WholeInstallation(), number=number)


def usage_lines(value: Document) -> list[tuple[str, Decimal, str, int, str]]:
    return [
        (str(line.period), line.quantity, line.unit, line.net_minor, line.corrects.number if line.corrects else "")
        for line in value.lines
        if line.unit not in ("MON", "DAY")
    ]


@pytest.fixture
def service() -> Service:
    world = world_of.provider()
    made = world_of.service(world, world_of.customer(world))
    world_of.register(made)
    return made


def load(days: list, month: int, folder: Path) -> steps.LoadedFile:  # type: ignore[type-arg]
    path = folder / "usage.csv"
    path.write_text("\n".join(["meter_id,day,bytes_in,bytes_out", *map(day_line, days)]) + "\n")
    return steps.load_samples(days=read_usage_file(path), now=night(month))


def test_a_late_file_corrects_itself_on_the_next_run(service: Service, tmp_path: Path) -> None:
    line = metered.metered_line(service, TRAFFIC, description="Data traffic")
    metered.meter(line, "port-1")
    assert bill(9).lines == 1  # September in advance
    load(steady_days("port-1", SEPTEMBER, 20, bytes_in=200_000_000), 10, tmp_path)
    steps.freeze_month(month=SEPTEMBER, now=night(10))
    assert bill(10).lines == 2
    # 20 days x 288 x 0.2 GB = 1,152 GB; 152 beyond the included 1,000 at 0.05.
    assert usage_lines(document("21000001")) == [("2020-09-01/2020-10-01", D(152), "E34", 760, "")]
    charge = Charge.objects.get(kind="usage")
    facts = dict(charge.facts)
    row = MeasuredQuantity.objects.get()
    assert facts == {
        "price_from": "2020-09-01", "used": "1152 GB", "samples_sha256": row.samples_sha256, "samples": "5760 of 8640"
    }  # fmt: skip

    loaded = load(steady_days("port-1", date(2020, 9, 21), 10, bytes_in=200_000_000), 11, tmp_path)
    assert loaded.anew[SEPTEMBER].revised == 1
    steps.freeze_month(month=OCTOBER, now=night(11))
    assert bill(11).lines == 3
    assert usage_lines(document("21000002")) == [
        ("2020-09-01/2020-10-01", D(-152), "E34", -760, "21000001"), ("2020-09-01/2020-10-01", D(728), "E34", 3640, ""),
    ]  # fmt: skip
    anew = Charge.objects.get(kind="usage", revision=1)
    assert "samples" not in dict(anew.facts)
    assert dict(anew.facts)["samples_sha256"] != facts["samples_sha256"]
    assert load(steady_days("port-1", date(2020, 9, 21), 10, bytes_in=200_000_000), 11, tmp_path).anew == {}
    steps.freeze_month(month=date(2020, 11, 1), now=night(12))
    assert bill(12).lines == 1
    assert books.violations() == []


def test_a_month_that_was_never_measured_is_charged_when_it_is(service: Service, tmp_path: Path) -> None:
    metered.meter(metered.metered_line(service, COMMIT), "r", "percentile", "Mbps", profile="95TH")
    for month in (9, 10, 11):
        bill(month)
    load(steady_days("r", SEPTEMBER, 30, bytes_out=110 * MEGABIT), 12, tmp_path)
    steps.freeze_month(month=SEPTEMBER, now=night(12))
    bill(12)
    assert usage_lines(document("21000003")) == [
        ("2020-09-01/2020-10-01", D(100), "E20", 20000, ""), ("2020-09-01/2020-10-01", D(10), "E20", 3000, "")
    ]  # fmt: skip
    assert books.violations() == []


def test_an_end_set_back_measures_the_month_anew_before_the_next_run(service: Service, tmp_path: Path) -> None:
    line = metered.metered_line(service, COMMIT)
    metered.meter(line, "r", "percentile", "Mbps", profile="95TH")
    days = [
        *steady_days("r", SEPTEMBER, 15, bytes_in=120 * MEGABIT),
        *steady_days("r", date(2020, 9, 16), 15, bytes_in=150 * MEGABIT),
    ]
    load(days, 10, tmp_path)
    steps.freeze_month(month=SEPTEMBER, now=night(10))
    bill(10)
    assert [row[3] for row in usage_lines(document("21000000"))] == [20000, 15000]
    contracts.end_line(line_key=line.pk, ends_on=date(2020, 9, 16), now=night(11), actor=SYSTEM)
    bill(11)
    # Half of the commit; what was used until the 16th was 120 Mbps.
    assert usage_lines(document("21000001")) == [
        ("2020-09-01/2020-10-01", D(-100), "E20", -20000, "21000000"), ("2020-09-01/2020-10-01", D(-50), "E20", -15000, "21000000"),
        ("2020-09-01/2020-09-16", D(50), "E20", 10000, ""), ("2020-09-01/2020-09-16", D(70), "E20", 21000, ""),
    ]  # fmt: skip
    assert books.violations() == []


def test_a_pack_and_hours_stand_on_one_invoice_with_the_month_in_advance(service: Service, tmp_path: Path) -> None:
    world = world_of.Provider(service.customer.sales_organisation, 10)
    second = world_of.service(world, service.customer, price="10")
    world_of.register(second)
    pack = metered.metered_line(service, COMMIT, description="Pack of two")
    hours = metered.metered_line(second, HOURLY, description="Instance")
    for meter_id, own in (("a", service), ("b", second)):
        metered.meter(pack, meter_id, "percentile_of_sums", "Mbps", profile="95TH_SUM", service=own)
    metered.meter(hours, "vm", "hours", "h", service=second)
    Service.objects.filter(pk=second.pk).update(ends_at=datetime(2020, 9, 20, 22, tzinfo=UTC))
    days = [
        *steady_days("a", SEPTEMBER, 30, bytes_in=60 * MEGABIT),
        *steady_days("b", SEPTEMBER, 30, bytes_out=45 * MEGABIT),
    ]
    load(days, 10, tmp_path)
    steps.freeze_month(month=SEPTEMBER, now=night(10))
    bill(10)
    # 480 hours from Berlin's 1 September 02:00 (00:00 UTC) to midnight before the 21st: 478, at 0.05.
    assert usage_lines(document("21000000")) == [
        ("2020-09-01/2020-10-01", D(100), "E20", 20000, ""), ("2020-09-01/2020-10-01", D(5), "E20", 1500, ""),
        ("2020-09-01/2020-09-21", D(478), "HUR", 2390, ""),
    ]  # fmt: skip
    assert books.violations() == []


def test_an_instance_that_lived_three_hours_is_charged(service: Service) -> None:
    metered.meter(metered.metered_line(service, HOURLY), "vm", "hours", "h", service=service)
    Service.objects.filter(pk=service.pk).update(
        starts_at=datetime(2020, 9, 1, 8, tzinfo=UTC), ends_at=datetime(2020, 9, 1, 10, 15, tzinfo=UTC)
    )
    steps.freeze_month(month=SEPTEMBER, now=night(10))
    bill(10)
    assert ("2020-09-01/2020-09-02", D(3), "HUR", 15, "") in usage_lines(document("21000000"))


def test_usage_by_the_console(service: Service, tmp_path: Path) -> None:
    metered.metered_line(service, TRAFFIC, description="Data traffic")
    runner = CliRunner()

    def run(*words: str) -> dict[str, object]:
        done = runner.invoke(console.app, [*words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout.splitlines()[-1])

    added = runner.invoke(
        console.app,
        [
            "meter",
            "port-1",
            "--service",
            service.service_id,
            "--method",
            "traffic",
            "--unit",
            "GB",
            "--since",
            "2020-09-01",
        ],
        catch_exceptions=False,
    )
    assert f"meter port-1 counts traffic in GB for service {service.service_id}" in " ".join(added.stdout.split())
    path = tmp_path / "september.csv"
    lines = map(day_line, steady_days("port-1", SEPTEMBER, 30, bytes_in=10**6))
    path.write_text("\n".join(["meter_id,day,bytes_in,bytes_out", *lines]))
    assert run("load", str(path), "--at", "2020-10-01T02:00:00") == {
        "file": "september.csv", "days_new": 30, "days_changed": 0, "days_same": 0, "measured_anew": {},
    }  # fmt: skip
    assert run("freeze", "--month", "2020-09") == {
        "month": "2020-09", "new": 1, "revised": 0, "same": 0, "samples": 8640, "samples_expected": 8640, "unmeasured": 0,
        "measured_anew": {},
    }  # fmt: skip
    estimate = run("estimate", "--customer", service.customer.customer_id, "--at", "2020-10-02T00:00:00")
    (row,) = estimate["lines"]  # type: ignore[misc]
    assert (row["description"], row["quantity_so_far"], row["samples_expected"]) == ("Data traffic", "0", 288)
    for words, said in (
        (("load", str(path)), "30 known before"), (("freeze", "--month", "2020-09"), "1 as they were"),
        (("estimate", "--customer", service.customer.customer_id), service.service_id),
    ):  # fmt: skip
        assert said in " ".join(runner.invoke(console.app, list(words), catch_exceptions=False).stdout.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("freeze", "--month", "october"), "--month"),
        (("freeze", "--month", "2020-10", "--at", "2020-10-05T00:00:00"), "October 2020 has not ended"),
        (("estimate", "--customer", "99999999"), "there is no customer 99999999"),
        (
            ("meter", "x", "--service", "1", "--method", "traffic", "--unit", "GB", "--since", "2020-09-01"),
            "there is no service 1",
        ),
    ],
)
def test_the_console_refuses(service: Service, words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(console.app, list(words))
    assert said in str(done.exception)


def test_a_meter_needs_a_metered_line(service: Service) -> None:
    words = [
        "meter",
        "x",
        "--service",
        service.service_id,
        "--method",
        "traffic",
        "--unit",
        "GB",
        "--since",
        "2020-09-01",
    ]
    assert "has 0 such metered lines; name one of: none" in str(CliRunner().invoke(console.app, words).exception)
    metered.metered_line(service, TRAFFIC, description="one")
    metered.metered_line(service, TRAFFIC, description="two")
    assert "has 2 such metered lines; name one of: 'one', 'two'" in str(
        CliRunner().invoke(console.app, words).exception
    )
    assert CliRunner().invoke(console.app, [*words, "--line", "two"]).exit_code == 0
