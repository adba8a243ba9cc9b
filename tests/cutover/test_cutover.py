"""The cut-over on a real database: adopts everything once, resolves everything, changes nothing on wrong input."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from rackbill.cutover import adoption, simulator
from rackbill.cutover.models import CutoverRun, Finding, StagedRecord
from rackbill.cutover.run import AlreadyAdopted, CutoverReport, run_cutover
from rackbill.cutover.simulator.faults import plant_faults
from rackbill.domain.access import queries as access
from rackbill.domain.billing.models import Charge
from rackbill.domain.contracts.models import ContractLine, Service
from rackbill.domain.documents.models import ArchivedDocument
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.identifiers.models import Alias
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.receivables.models import OpenItem
from rackbill.interfaces.console import books

pytestmark = pytest.mark.django_db
ON = date(2020, 9, 14)
NOW = datetime(2020, 9, 14, 2, tzinfo=UTC)
EVERYTHING = WholeInstallation()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "base"
    simulator.simulate(customers=60, seed=3, out=folder)
    return folder


def cut_over(folder: Path, tmp_path: Path) -> CutoverReport:
    return run_cutover(folder=folder, cutover_on=ON, now=NOW, actor=SYSTEM, files_root=tmp_path / "files")


def noun_rows() -> dict[str, int]:
    """Rows in every table of the domain."""
    labels = [config.label for config in apps.get_app_configs() if config.name.startswith("rackbill.domain.")]
    return {
        m._meta.label: m._default_manager.count() for label in labels for m in apps.get_app_config(label).get_models()
    }


def csv_rows(folder: Path, name: str) -> int:
    return int(json.loads((folder / "manifest.json").read_text())["files"][name]["rows"])


def test_everything_moves_in_and_every_identifier_resolves(bundle: Path, tmp_path: Path) -> None:
    report = cut_over(bundle, tmp_path)
    assert (report.stage, report.findings, report.unresolved_legacy_ids) == ("adopted", [], 0)
    assert report.changes["customers"] == csv_rows(bundle, "customers.csv")
    assert report.changes["services"] == csv_rows(bundle, "services.csv")
    assert StagedRecord.objects.count() == report.records
    for alias in Alias.objects.exclude(system=""):
        found = identifiers.resolutions(scope=EVERYTHING, text=alias.raw_text)
        assert (alias.target_kind, alias.target_id) in {(r.target_kind, r.target_id) for r in found}
    assert books.violations() == []


def test_a_second_run_changes_nothing(bundle: Path, tmp_path: Path) -> None:
    cut_over(bundle, tmp_path)
    before = noun_rows()
    again = cut_over(bundle, tmp_path)
    assert (again.stage, again.changes) == ("unchanged", {})
    assert noun_rows() == before


def test_the_same_bundle_gets_the_same_ids(bundle: Path, tmp_path: Path) -> None:
    cut_over(bundle, tmp_path)
    first = set(
        Service.objects.values_list("legacy_id", "service_id", "equipment__equipment_id", "contract__contract_id")
    )
    assert len({ids[1] for ids in first}) == len(first)
    customers = set(Alias.objects.filter(system="", kind="customer").values_list("raw_text", flat=True))
    assert min(customers) == "12000001"


def test_no_new_id_equals_a_legacy_value(bundle: Path, tmp_path: Path) -> None:
    cut_over(bundle, tmp_path)
    legacy = set(Alias.objects.exclude(system="").values_list("raw_text", flat=True))
    own = Alias.objects.filter(system="").exclude(kind__in=("reference", "mandate")).values_list("raw_text", flat=True)
    assert not legacy & set(own)


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_faults_change_no_table(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "damaged"
    simulator.simulate(customers=120, seed=seed, out=folder)
    plant_faults(folder, seed=seed, count=50)
    before = noun_rows()
    report = cut_over(folder, tmp_path)
    assert (report.stage, len(report.findings), report.changes) == ("refused", 50, {})
    assert Finding.objects.filter(is_primary=True).count() == 50
    assert noun_rows() == before
    assert CutoverRun.objects.get().state == "refused"


def test_a_mended_bundle_is_adopted_after_a_refusal(bundle: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    (damaged / "pdf").rename(damaged / "lost")
    assert cut_over(damaged, tmp_path).stage == "refused"
    (damaged / "lost").rename(damaged / "pdf")
    assert cut_over(damaged, tmp_path).stage == "adopted"
    assert CutoverRun.objects.count() == 1


def test_another_state_of_an_adopted_system_is_refused(bundle: Path, tmp_path: Path) -> None:
    cut_over(bundle, tmp_path)
    other = tmp_path / "other"
    simulator.simulate(customers=5, seed=9, out=other)
    with pytest.raises(AlreadyAdopted, match="adopted on 2020-09-14"):
        cut_over(other, tmp_path)


@pytest.mark.parametrize("place", ["_parties", "_contracts", "_history"])
def test_dying_in_the_middle_leaves_the_tables_as_they_were(
    bundle: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = noun_rows()
    original = getattr(adoption, place)

    def dies(*args: Any) -> None:
        original(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(adoption, place, dies)
    with pytest.raises(KeyboardInterrupt):
        cut_over(bundle, tmp_path)
    assert noun_rows() == before
    monkeypatch.undo()
    assert cut_over(bundle, tmp_path).stage == "adopted"


def test_money_and_boundaries_are_those_of_the_legacy_system(bundle: Path, tmp_path: Path) -> None:
    cut_over(bundle, tmp_path)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.document_number, SUM(e.amount_minor) FROM rackbill_receivables_openitem i "
            "JOIN rackbill_receivables_ledgerentry e ON e.open_item_id = i.id GROUP BY i.document_number"
        )
        open_minor = {number: int(minor) for number, minor in cursor.fetchall()}
    rows = StagedRecord.objects.filter(file_name="invoices.csv").values_list("cells", flat=True)
    assert open_minor == {cells["number"]: int(cells["open_amount"].replace(".", "")) for cells in rows}
    assert OpenItem.objects.count() == ArchivedDocument.objects.count() == len(rows)
    billed = {cells["line_id"]: cells["last_billed_until"] for cells in
              StagedRecord.objects.filter(file_name="lines.csv").values_list("cells", flat=True)}  # fmt: skip
    for line in ContractLine.objects.all():
        assert str(line.billed_from) == (billed[line.legacy_id] or str(line.starts_on))
    assert Charge.objects.count() == sum(bool(until) for until in billed.values())


def test_old_keys_and_hashes_still_work(bundle: Path, tmp_path: Path) -> None:
    cut_over(bundle, tmp_path)
    secrets = json.loads((bundle / "demo_secrets.json").read_text())
    rows = StagedRecord.objects.filter(file_name="api_keys.csv").values_list("cells", flat=True)
    expected = {
        c["key_id"] for c in rows if not c["allowed_ips"] and not (c["expires_on"] and c["expires_on"] <= "2020-09-14")
    }
    holders = [access.key_holder(secret=s, address="127.0.0.1", now=NOW) for s in secrets["api_keys"].values()]
    assert {holder.key_id for holder in holders if holder} == expected
    assert expected
    from django.contrib.auth.hashers import check_password

    from rackbill.domain.access.models import User

    email, password = next(iter(secrets["passwords"].items()))
    assert check_password(password, User.objects.get(email=email).password)
