"""Rules from a downloaded folder, through the command: checked, kept, listed, replaced, and noticed when they are touched."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from typer.testing import CliRunner

from rackbill.adapters.rule_packs import PackDamaged
from rackbill.interfaces.console import einvoice_rules
from rackbill.interfaces.jobs import einvoice_check
from rackbill.interfaces.jobs import einvoice_rules as jobs
from tests.world import rule_packs as world
from tests.world.documents import golden
from tests.world.reachable import reachable


@pytest.fixture(autouse=True)
def rules_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    jobs._kept_sheet.cache_clear()
    jobs._kept_schema.cache_clear()
    return tmp_path / "rules"


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(einvoice_rules.app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def test_a_folder_is_imported_and_listed(tmp_path: Path) -> None:
    before = run("list", "--json")
    assert before["missing"] == ["xrechnung", "peppol", "pint-sg"]
    (imported,) = run("import", str(world.xrechnung(tmp_path / "kosit")), "--json")["imported"]
    assert imported["profile"] == "xrechnung" and imported["version"] == "3.0.2"
    assert imported["licence"] == "LICENSE: Apache License, Version 2.0" and imported["imported_on"]
    after = run("list", "--json")
    assert after["missing"] == ["peppol", "pint-sg"] and imported in after["packs"]
    assert "pint-sg: not imported; its invoices are refused" in run("list")
    used = jobs.used_rules(profile="xrechnung", root="Invoice", among=jobs.packs())
    assert [part for _key, part in used.parts] == ["en16931", "xrechnung"]
    assert "EN 16931 for UBL 1.3.16" in used.label and "XRechnung 3.0.2" in used.label


def test_what_was_imported_says_whose_rules_it_has_and_how_to_give_a_version(tmp_path: Path) -> None:
    pint, singapore, iras = (
        world.style_sheet((rule, "cbc:ID", "fatal", "x")) for rule in ("ibr-01", "BR-1-GST-SG", "IRASC5-034")
    )
    folder = world.write_pack(tmp_path / "sg", {"PINT.xslt": pint, "rules.xslt": singapore, "iras.xsl": iras})
    result = CliRunner().invoke(einvoice_rules.app, ["import", str(folder)])
    assert "pint-sg: PINT-SG of unknown version, 3 style sheets (pint, pint-sg, iras-c5), 0 schemas" in result.stdout
    assert "import them again with --version" in result.output
    result = CliRunner().invoke(einvoice_rules.app, ["import", str(folder), "--version", "1.4.1"])
    assert "PINT-SG 1.4.1" in result.stdout and "--version" not in result.output
    used = jobs.used_rules(profile="pint-sg", root="CreditNote", among=jobs.packs())
    assert [part for _key, part in used.parts] == ["pint", "pint-sg", "iras-c5"]


def test_schemas_are_imported_used_by_the_gate_and_noticed_when_they_are_touched(
    tmp_path: Path, rules_folder: Path
) -> None:
    stricter = ('ref="cbc:ProfileExecutionID" minOccurs="0"', 'ref="cbc:ProfileExecutionID" minOccurs="1"')
    document = reachable(golden()["simple"])
    gate = einvoice_check.Gate()
    run("import", str(world.xrechnung(tmp_path / "plain")))
    (passed,) = gate.check([(document, "xrechnung")])
    assert passed.failures == ()
    folder = world.write_pack(world.xrechnung(tmp_path / "kosit"), world.ubl_schemas(invoice=stricter))
    (imported,) = run("import", str(folder), "--json")["imported"]
    assert [name.rpartition("/")[2] for name in imported["schemas"]] == [
        "UBL-CreditNote-2.1.xsd",
        "UBL-Invoice-2.1.xsd",
    ]
    assert run("list", "--json")["packs"][-1]["schemas"] == imported["schemas"]
    newer = einvoice_check.Gate(checker=gate.checker)
    (stopped, other) = newer.check([(document, "xrechnung"), (document, "en16931-ubl")])
    assert "ProfileExecutionID" in stopped.failures[0].text and other.failures == ()
    assert stopped.failures[0].rule == "XSD"
    assert newer.check_again(passed.xml, "xrechnung").failures == stopped.failures
    (kept,) = (rules_folder / imported["checksum"]).rglob("UBL-CommonBasicComponents-2.1.xsd")
    kept.write_bytes(kept.read_bytes() + b" ")
    jobs._kept_schema.cache_clear()
    with pytest.raises(PackDamaged, match="was changed on disk; import the pack again"):
        newer.check([(document, "xrechnung")])
    gate.close()


def test_what_does_not_compile_or_does_not_run_is_not_taken(tmp_path: Path, rules_folder: Path) -> None:
    broken = world.style_sheet(world.BUYER_REFERENCE).replace("<xsl:choose>", "<xsl:nonsense/><xsl:choose>")
    with pytest.raises(jobs.ImportRefused, match="does not compile"):
        run("import", str(world.write_pack(tmp_path / "a", {"x.xsl": broken})))
    silent = world.style_sheet(world.BUYER_REFERENCE, match="/ubl:Order")
    with pytest.raises(jobs.ImportRefused, match="no rule that looks at"):
        run(
            "import",
            str(world.write_pack(tmp_path / "b", {"x.xsl": silent.replace("ubl:Order", "ubl:Order | /cn:Order")})),
        )
    reader = world.style_sheet(("BR-DE-15", "unparsed-text('file:///etc/hostname')", "fatal", "reads"))
    with pytest.raises(jobs.ImportRefused, match="does not run on a Invoice"):
        run("import", str(world.write_pack(tmp_path / "c", {"x.xsl": reader})))
    with pytest.raises(FileNotFoundError, match="is no folder"):
        run("import", str(tmp_path / "nowhere"))
    assert not rules_folder.exists()


def test_a_newer_pack_takes_over_and_the_older_stays_on_disk(tmp_path: Path, rules_folder: Path) -> None:
    run("import", str(world.xrechnung(tmp_path / "kosit")))
    newer = {"3.1.0/XRechnung-UBL-validation.xsl": world.style_sheet(world.BUYER_REFERENCE)}
    run("import", str(world.write_pack(tmp_path / "new", newer)), "--licence", "asked KoSIT in November")
    used = next(pack for pack in run("list", "--json")["packs"] if pack["profile"] == "xrechnung")
    assert (used["version"], used["licence"]) == ("3.1.0", "asked KoSIT in November")
    assert len([path for path in rules_folder.iterdir() if path.is_dir()]) == 2


def test_a_file_that_was_touched_after_its_import_is_not_used(tmp_path: Path, rules_folder: Path) -> None:
    run("import", str(world.xrechnung(tmp_path / "kosit")))
    (kept,) = rules_folder.rglob("*.xsl")
    kept.write_text(kept.read_text().replace("fatal", "warning"))
    with pytest.raises(PackDamaged, match="was changed on disk; import the pack again"):
        jobs.used_rules(profile="xrechnung", root="Invoice", among=jobs.packs())
    kept.unlink()
    with pytest.raises(PackDamaged, match="cannot be read"):
        jobs.used_rules(profile="xrechnung", root="Invoice", among=jobs.packs())
