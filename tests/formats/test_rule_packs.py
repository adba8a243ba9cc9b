from datetime import date

import pytest

from rackbill.formats import rule_packs
from tests.world import rule_packs as world

TODAY = date(2026, 11, 26)


def recognised(files: dict[str, str], profile: str | None = None) -> list[rule_packs.RulePack]:
    plain = {name: text.encode() for name, text in files.items()}
    return rule_packs.recognised_packs(plain, profile=profile, imported_on=TODAY)


CEN = world.style_sheet(("BR-CO-26", "cbc:ID", "fatal", "x"), ("BR-S-01", "cbc:ID", "fatal", "x"))
CEN_CII = world.style_sheet(
    ("BR-CO-26", "ram:ID", "fatal", "x"), match="/rsm:CrossIndustryInvoice", names=world.CII,
    head="<!--Schematron version 1.3.16 - Last update: 2026-03-30-->",
)  # fmt: skip
XRECHNUNG = world.style_sheet(world.BUYER_REFERENCE)
XRECHNUNG_CII = world.style_sheet(world.CII_REFERENCE, match="/rsm:CrossIndustryInvoice", names=world.CII)
PEPPOL = world.style_sheet(world.ORDER, world.ADDRESS)
PINT = world.style_sheet(("ibr-01", "cbc:ID", "fatal", "x"))
SINGAPORE = world.style_sheet(world.GST)


@pytest.mark.parametrize(
    ("files", "profiles", "parts"),
    [
        ({"3.0.2/XRechnung-UBL-validation.xsl": XRECHNUNG}, ["xrechnung"], ["xrechnung"]),
        ({"x/EN16931-UBL.xsl": CEN, "x/XRechnung-UBL.xsl": XRECHNUNG}, ["xrechnung"], ["en16931", "xrechnung"]),
        ({"2026.5/xslt/PEPPOL-EN16931-UBL.xslt": PEPPOL, "2026.5/xslt/CEN.xslt": CEN}, ["peppol"], ["en16931", "peppol"]),
        ({"1.4.0/xslt/PINT-UBL.xslt": PINT, "1.4.0/xslt/PINT-jurisdiction.xslt": SINGAPORE}, ["pint-sg"], ["pint-sg", "pint-sg"]),
        ({"xslt/EN16931-UBL.xslt": CEN}, ["en16931-ubl"], ["en16931"]),
        ({"xslt/EN16931-CII.xslt": CEN_CII}, ["en16931-cii"], ["en16931"]),
    ],
)  # fmt: skip
def test_the_rules_of_a_folder_are_recognised(files: dict[str, str], profiles: list[str], parts: list[str]) -> None:
    packs = recognised(files)
    assert [pack.profile for pack in packs] == profiles
    assert [rules.part for pack in packs for rules in pack.files] == parts


def test_cen_publishes_both_syntaxes_in_one_folder() -> None:
    assert [p.profile for p in recognised({"ubl.xslt": CEN, "cii.xslt": CEN_CII})] == ["en16931-cii", "en16931-ubl"]


@pytest.mark.parametrize(
    ("files", "profile", "words"),
    [
        ({"a.sch": "<schema/>"}, None, "compiled XSLT"),
        ({"a.xml": "<a/>"}, None, "no compiled Schematron"),
        ({"a.xsl": XRECHNUNG, "b.xsl": PEPPOL}, None, "--profile"),
        ({"a.xsl": XRECHNUNG}, "peppol", "not of peppol"),
        ({"a.xsl": XRECHNUNG}, "factur-x", "not for 'factur-x'"),
        ({"3.0.1/a.xsl": XRECHNUNG, "3.0.2/a.xsl": XRECHNUNG.replace("fehlt", "fehlt!")}, None, "one version"),
        ({"a.xsl": CEN.replace('test="cbc:ID"', "test=\"document('list.xml')/a\"")}, None, "list.xml"),
    ],
)  # fmt: skip
def test_what_is_no_pack_is_refused_by_name(files: dict[str, str], profile: str | None, words: str) -> None:
    with pytest.raises(rule_packs.RulesUnknown, match=words):
        recognised(files, profile)


def test_name_version_licence_and_checksum_go_into_the_manifest_and_come_back() -> None:
    (pack,) = recognised({"NOTICE.txt": "EUPL 1.2\n", "x/EN16931-CII.xslt": CEN_CII})
    assert (pack.name, pack.version, pack.licence) == ("EN 16931 for CII", "1.3.16", "NOTICE.txt: EUPL 1.2")
    written = rule_packs.manifest(pack)
    assert rule_packs.pack_from_manifest(written) == pack and pack.checksum[:12] in pack.label
    with pytest.raises(rule_packs.RulesUnknown, match="changed since its import"):
        rule_packs.pack_from_manifest(written.replace(pack.files[0].sha256.encode(), b"0" * 64))
    with pytest.raises(rule_packs.RulesUnknown, match="cannot be read"):
        rule_packs.pack_from_manifest(b"{}")


def test_a_version_comes_from_the_folder_and_a_licence_is_never_made_up() -> None:
    (pack,) = recognised({"openpeppol/2026.5/xslt/PEPPOL-EN16931-UBL.xslt": PEPPOL})
    assert (pack.version, pack.licence) == ("2026.5", rule_packs.LICENCE_UNKNOWN)


def test_en_16931_comes_with_rackbill_and_nothing_else_does() -> None:
    packs = {pack.profile: pack for pack in rule_packs.built_in_packs()}
    assert set(packs) == {"en16931-ubl", "en16931-cii", "factur-x"}
    assert packs["en16931-ubl"].version == "1.3.16" and "EUPL" in packs["en16931-ubl"].licence
    for profile in ("xrechnung", "peppol", "pint-sg"):
        with pytest.raises(rule_packs.PackMissing, match=r"not imported.*einvoice-rules import"):
            rule_packs.pack_of(profile, packs.values())


def test_an_imported_pack_replaces_the_built_in_one_and_brings_its_base_along() -> None:
    packs = [*recognised({"a/XRechnung-UBL.xsl": XRECHNUNG}), *rule_packs.built_in_packs()]
    assert [f.part for _p, f in rule_packs.rules_for(profile="xrechnung", root="Invoice", packs=packs)] == [
        "en16931",
        "xrechnung",
    ]
    with pytest.raises(rule_packs.PackMissing, match="none for CrossIndustryInvoice"):
        rule_packs.rules_for(profile="xrechnung", root="CrossIndustryInvoice", packs=packs)
    own = [*recognised({"cen.xslt": CEN}), *packs]
    assert not rule_packs.pack_of("en16931-ubl", own).is_built_in


def test_a_hybrid_of_xrechnung_is_usable_where_its_rules_for_cii_and_those_of_en_16931_are() -> None:
    built_in = list(rule_packs.built_in_packs())
    german = recognised({"a/XRechnung-UBL.xsl": XRECHNUNG, "a/XRechnung-CII.xsl": XRECHNUNG_CII})
    assert "zugferd" not in rule_packs.usable_profiles(built_in)
    assert "xrechnung" in rule_packs.usable_profiles([*german, *built_in])
    assert "zugferd" not in rule_packs.usable_profiles([*german, *built_in]), "Factur-X's form knows its own name alone"
    packs = [*german, *recognised({"x/EN16931-CII.xslt": CEN_CII}), *built_in]
    assert "zugferd" in rule_packs.usable_profiles(packs)
    used = rule_packs.rules_for(profile="zugferd", root="CrossIndustryInvoice", packs=packs)
    assert [f.part for _pack, f in used] == ["en16931", "xrechnung"]
    assert "zugferd" not in rule_packs.usable_profiles([*recognised({"a/X-UBL.xsl": XRECHNUNG}), *packs[1:]])


def test_code_lists_are_handed_in_instead_of_looked_up() -> None:
    text = CEN.replace('test="cbc:ID"', "test=\"document('list.xml')/a\"")
    made, data = rule_packs.self_contained(text, {"list.xml": "<a/>"})
    assert (
        "document(" not in made
        and data == {"rackbill-data-0": "<a/>"}
        and '<xsl:param name="rackbill-data-0"/>' in made
    )
    with pytest.raises(rule_packs.RulesUnknown, match="imports others"):
        rule_packs.self_contained(text.replace("<xsl:template", '<xsl:import href="other.xsl"/><xsl:template', 1), {})
