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
FACTUR_X = world.style_sheet(
    ("FX-SCH-A-000001", "ram:ID", "fatal", "x)"), ("BR-CO-26", "ram:ID", "fatal", "x"), ("BR-S-01", "ram:ID", "fatal", "x"),
    match="/rsm:CrossIndustryInvoice", names=world.CII,
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
        ({"1.4.0/xslt/PINT-UBL.xslt": PINT, "1.4.0/xslt/PINT-jurisdiction.xslt": SINGAPORE}, ["pint-sg"], ["pint", "pint-sg"]),
        ({"xslt/EN16931-UBL.xslt": CEN}, ["en16931-ubl"], ["en16931"]),
        ({"xslt/EN16931-CII.xslt": CEN_CII}, ["en16931-cii"], ["en16931"]),
    ],
)  # fmt: skip
def test_the_rules_of_a_folder_are_recognised(files: dict[str, str], profiles: list[str], parts: list[str]) -> None:
    packs = recognised(files)
    assert [pack.profile for pack in packs] == profiles
    assert [rules.part for pack in packs for rules in pack.files] == parts


def test_factur_x_and_rules_of_countries_beside_the_wanted_ones_are_passed_over() -> None:
    """As packages carry them: five forms of Factur-X, French rules and EN 16931's own for CII in one folder."""
    forms = {
        f"rules/FACTUR-X_{level}.xslt": FACTUR_X.replace("x)", f"{level})")
        for level in ("BASIC", "EN16931", "EXTENDED")
    }
    french = world.style_sheet(("BR-FR-01", "ram:ID", "fatal", "x"), match="/rsm:CrossIndustryInvoice", names=world.CII)
    files = {**forms, "rules/BR-FR-CII.xslt": french, "rules/EN16931-CII.xslt": CEN_CII}
    (pack,) = recognised(files)
    assert (pack.profile, [f.name for f in pack.files]) == ("en16931-cii", ["rules/EN16931-CII.xslt"])
    (german,) = recognised({**files, "rules/XRechnung-CII.xsl": XRECHNUNG_CII})
    assert [f.part for f in german.files] == ["en16931", "xrechnung"]
    with pytest.raises(rule_packs.RulesUnknown, match=r"Factur-X's own form.*eInvoicing-EN16931"):
        recognised(forms, "en16931-cii")


def test_iras_rules_go_with_those_of_pint_sg_and_never_without() -> None:
    iras = world.style_sheet(("IRASC5-034", "cbc:ID", "fatal", "x"))
    (pack,) = recognised({"a/PINT.xslt": PINT, "a/SG.xslt": SINGAPORE, "a/iras.xsl": iras})
    assert [f.part for f in pack.files] == ["pint", "pint-sg", "iras-c5"]
    for files, lacking in (
        ({"iras.xsl": iras}, "rules that all countries share.*and Singapore's own"),
        ({"SG.xslt": SINGAPORE}, "SG.xslt is one part of PINT-SG, and the rules that all countries share"),
        ({"PINT.xslt": PINT, "iras.xsl": iras}, "Singapore's own rules"),
    ):
        with pytest.raises(rule_packs.RulesUnknown, match=lacking):
            recognised(files)
    with pytest.raises(rule_packs.RulesUnknown, match="are for the same documents"):
        recognised({"1/PINT.xslt": PINT, "2/PINT.xslt": PINT.replace(">", "> ", 1), "SG.xslt": SINGAPORE})


def test_version_and_licence_are_those_of_the_rules_and_not_of_what_carries_them() -> None:
    day = world.style_sheet(
        world.ORDER, world.ADDRESS, head="<!--<dct:created>2024-03-09T17:01:42+01:00</dct:created>-->"
    )
    carried = {
        "carrier-1.2.5.dist-info/licenses/LICENSE": "ISC licence of the carrier\n",
        "carrier/data/PEPPOL.xsl": day,
    }
    (pack,) = recognised(carried)
    assert (pack.version, pack.licence) == ("compiled 2024-03-09", rule_packs.LICENCE_UNKNOWN)
    (above,) = recognised({**carried, "carrier/NOTICE": "OpenPeppol says so\n"})
    assert above.licence == "carrier/NOTICE: OpenPeppol says so"
    says = "<!--Licensed under European Union Public Licence (EUPL) version 1.2.-->"
    (cen,) = recognised({"LICENSE": "Apache\n", "cii/EN16931-CII.xslt": CEN_CII.replace("<!--Sch", f"{says}<!--Sch")})
    assert cen.licence == "Licensed under European Union Public Licence (EUPL) version 1.2."
    title = '<svrl:schematron-output title="Schematron Version 2.6.0 - XRechnung 3.0.2 compatible - UBL">'
    (german,) = recognised({"a/XRechnung-UBL.xsl": XRECHNUNG.replace("<svrl:schematron-output>", title)})
    assert german.version == "3.0.2 (Schematron 2.6.0)"
    (bare,) = recognised({"a/XRechnung-UBL.xsl": XRECHNUNG})
    assert bare.version == rule_packs.VERSION_UNKNOWN


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
