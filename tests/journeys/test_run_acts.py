"""A month's bill run told act by act on the console: dry run, plan, compute, mend, retry, approve, issue, verify."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer

from rackbill.domain.access.models import StaffToken
from rackbill.domain.billing.models import BillDraft, BillRun
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.documents.models import Document
from rackbill.interfaces.console import answers, main
from rackbill.interfaces.jobs import clock, run_report
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
AT = ["--at", "2020-10-01T06:00:00+00:00"]
ORGANISATION = ["--sales-org", "2100"]


class Console:
    """The `rackbill` command in this process; refusals come as exceptions, as main turns them into one line."""

    def __init__(self, app: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
        self._app, self._capsys = app, capsys

    def __call__(self, *arguments: str) -> str:
        self._capsys.readouterr()
        self._app(list(arguments), standalone_mode=False)
        return self._capsys.readouterr().out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json").strip().splitlines()[-1])


@pytest.fixture
def rackbill(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.delenv("RACKBILL_STAFF_TOKEN", raising=False)
    monkeypatch.setattr(main, "app", typer.Typer(no_args_is_help=True, rich_markup_mode=None))
    main._add_commands()
    yield Console(main.app, capsys)
    clock.move(None)


def add_staff(rackbill: Console, tmp_path: Path, name: str, role: str = "approver") -> list[str]:
    """Who acts, as options; the token lies in a file."""
    answer = rackbill.json("staff", "add", f"{name}@meridian.example", "--role", role, *ORGANISATION)
    path = tmp_path / name
    path.write_text(answer["token"] + "\n")
    assert not StaffToken.objects.filter(secret_hash=answer["token"]).exists()
    return ["--as", f"{name}@meridian.example", "--token-file", str(path)]


def test_one_customer_is_parked_all_others_are_issued_and_the_report_says_what_to_do(
    rackbill: Console, tmp_path: Path
) -> None:
    world = world_of.provider()
    for _ in range(4):
        world_of.service(world, world_of.customer(world))
    broken = world_of.service(world, world_of.customer(world, name="Broken"))
    LinePrice.objects.filter(line__service=broken).delete()
    answer = rackbill.json("bill-run", *ORGANISATION, "--through", "2020-11-01", *AT)
    assert {key: answer[key] for key in ("invoices", "lines", "parked", "state", "sales_org")} == {
        "invoices": 4, "lines": 8, "parked": 1, "state": "issued", "sales_org": "2100",
    }  # fmt: skip
    (parked,) = answer["parked_customers"]
    assert set(parked) == {"customer_id", "code", "reason"}
    assert Document.objects.count() == 4
    path = run_report.reports_folder() / f"bill-run-{answer['run_id']}.json"
    (row,) = json.loads(path.read_text())["report"]["parked"]
    assert (row["customer_id"], row["name"]) == (broken.customer.customer_id, "Broken")
    assert row["way_out"].startswith("Mend the price")
    assert rackbill.json("verify", str(path))["is_good"] is True
    seal = path.with_name(f"bill-run-{answer['run_id']}.pdf.sealed.json")
    assert rackbill.json("verify", str(seal))["is_good"] is True
    forged = path.with_name("forged.json")
    forged.write_text(path.read_text().replace('"customers": 4', '"customers": 5').replace('"lines": 8', '"lines": 9'))
    with pytest.raises(answers.CheckFailed):
        rackbill("verify", str(forged))


def test_a_run_act_by_act(rackbill: Console, tmp_path: Path) -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    broken = world_of.service(world, world_of.customer(world))
    LinePrice.objects.filter(line__service=broken).delete()
    anna, bert = (add_staff(rackbill, tmp_path, name) for name in ("anna", "bert"))
    rackbill("run", "limit", *ORGANISATION, "--currency", "EUR", "--amount", "100.00", "--from", "2020-10-01", *AT)
    planned = rackbill.json("run", "plan", *ORGANISATION, "--through", "2020-11-01", *anna, *AT)
    run = planned["run_id"]
    assert (planned["state"], planned["planned_by"], planned["documents"]) == (
        "planned",
        "person:anna@meridian.example",
        0,
    )
    computed = rackbill.json("run", "compute", run, *anna)
    assert (computed["state"], computed["documents"], len(computed["parked_customers"])) == ("computed", 1, 1)
    assert "what to do" in rackbill("run", "show", run)
    LinePrice.objects.create(
        line=ContractLine.objects.get(service=broken), unit_price=Decimal("10.00"), valid_from=date(2020, 9, 1)
    )
    retried = rackbill.json("run", "retry", run, *anna)
    assert (retried["documents"], retried["parked_customers"]) == (2, [])
    assert rackbill.json("run", "recompute", run, *anna)["net_minor_by_currency"] == {"EUR": 27_990}
    with pytest.raises(ValueError, match="another approver must"):
        rackbill("run", "approve", run, *anna)
    with pytest.raises(ValueError, match="must be approved"):
        rackbill("run", "issue", run)
    waiting = rackbill.json("bill-run", *ORGANISATION, "--through", "2020-11-01")
    assert (waiting["state"], waiting["waits_for"].endswith(f"rackbill run approve {run} --as EMAIL")) == (
        "computed",
        True,
    )
    assert rackbill.json("run", "approve", run, *bert)["state"] == "approved"
    issued = rackbill.json("run", "issue", run)
    assert (issued["state"], issued["issued"]) == ("issued", 2)
    report = rackbill.json("run", "report", run, "--pdf", str(tmp_path / "report.pdf"), "--language", "nl")["report"]
    assert [row["by"].rpartition(":")[2] for row in report["acts"][:3]] == [
        "anna@meridian.example", "anna@meridian.example", "bert@meridian.example",
    ]  # fmt: skip
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    listed = rackbill.json("run", "list")
    assert [(row["run_id"], row["state"]) for row in listed["runs"]] == [(run, "issued")]
    assert f"{run}  2100  through 2020-11-01  issued" in rackbill("run", "list")


def test_a_discarded_run_and_a_new_one(rackbill: Console) -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    run = rackbill.json("run", "plan", *ORGANISATION, "--through", "2020-11-01", *AT)["run_id"]
    with pytest.raises(answers.Refused, match="has a report once it is computed"):
        rackbill("run", "report", run)
    rackbill("run", "compute", run)
    assert rackbill.json("run", "discard", run)["state"] == "discarded"
    assert BillDraft.objects.count() == 0
    assert rackbill.json("bill-run", *ORGANISATION, "--through", "2020-11-01")["invoices"] == 1
    assert set(BillRun.objects.values_list("state", flat=True)) == {"discarded", "issued"}


def test_a_dry_run_prints_and_stores_nothing(rackbill: Console) -> None:
    world = world_of.provider()
    german, swiss = world_of.customer(world, name="German"), world_of.customer(world, country="CH", name="Swiss")
    for owner in (german, swiss):
        world_of.service(world, owner, starts_on=date(2020, 10, 1))
    broken = world_of.service(world, world_of.customer(world))
    LinePrice.objects.filter(line__service=broken).delete()
    dry = ["bill-run", *ORGANISATION, "--through", "2020-11-01", *AT, "--dry-run"]
    answer = rackbill.json(*dry)
    assert (answer["documents"], len(answer["parked_customers"]), BillRun.objects.count()) == (2, 1, 0)
    assert answer["totals"] == [{
        "currency": "EUR", "invoices": 2, "credit_notes": 0, "lines": 2, "net_minor": 25_990, "tax_minor": 2_079, "gross_minor": 28_069,
    }]  # fmt: skip
    assert answer["differences"][0]["reasons"][0]["reason"] == "new"
    lines = [json.loads(line) for line in rackbill(*dry, "--country", "CH", "--json").strip().splitlines()]
    assert [line.get("name") for line in lines] == ["Swiss", None]
    assert lines[0]["lines"][0]["period"] == ["2020-10-01", "2020-11-01"]
    narrow = rackbill.json(*dry, "--customer", german.customer_id, "--product", "DEDICATED_SERVER", "--currency", "EUR")
    assert (narrow["documents"], narrow["differences"]) == (1, [])
    assert "2 documents, 1 customers parked, nothing stored" in rackbill(*dry)
    with pytest.raises(answers.Refused, match="filters are for --dry-run"):
        rackbill("bill-run", *ORGANISATION, "--through", "2020-11-01", "--country", "CH")
    assert BillRun.objects.count() == 0
    rackbill("run", "compute", rackbill.json("run", "plan", *ORGANISATION, "--through", "2020-11-01", *AT)["run_id"])
    assert rackbill.json(*dry)["run_under_way"] == BillRun.objects.get().run_id


def test_who_acts_must_show_a_token_of_his_own(rackbill: Console, tmp_path: Path) -> None:
    world_of.provider()
    bert = add_staff(rackbill, tmp_path, "bert", "support")
    plan = ["run", "plan", *ORGANISATION, "--through", "2020-11-01", *AT]
    with pytest.raises(answers.Refused, match="needs the token of anna"):
        rackbill(*plan, "--as", "anna@meridian.example")
    with pytest.raises(answers.Refused, match="not one of anna"):
        rackbill(*plan, "--as", "anna@meridian.example", *bert[2:])
    with pytest.raises(ValueError, match="needs one of the roles administrator, approver, clerk"):
        rackbill(*plan, *bert)
    with pytest.raises(ValueError, match="no staff role"):
        add_staff(rackbill, tmp_path, "carl", "boss")
    with pytest.raises(answers.Refused, match="takes a number"):
        rackbill("run", "limit", *ORGANISATION, "--currency", "EUR", "--amount", "much")
    with pytest.raises(LookupError, match="rackbill run list"):
        rackbill("run", "show", "nothing")
