"""Schemas in a folder of rules: found with all they include, read from nowhere else, refused where something is missing."""

import pytest

from rackbill.formats import rule_packs, rule_schemas
from rackbill.formats.einvoice import write_einvoice
from rackbill.formats.einvoice_rules import schema_failures
from rackbill.formats.rule_packs import RulesUnknown
from rackbill.formats.rule_schemas import SchemaRefused
from tests.formats.test_rule_packs import CEN, XRECHNUNG, recognised
from tests.world import rule_packs as world
from tests.world.documents import golden
from tests.world.reachable import reachable

XSL = {"resources/xrechnung/3.0.2/xsl/XRechnung-UBL-validation.xsl": XRECHNUNG}
MAIN = "resources/ubl/2.1/xsd/maindoc/UBL-Invoice-2.1.xsd"
STRICTER = ('ref="cbc:ProfileExecutionID" minOccurs="0"', 'ref="cbc:ProfileExecutionID" minOccurs="1"')


def test_a_pack_has_the_schemas_of_its_documents_with_every_file_they_include() -> None:
    (pack,) = recognised({**XSL, **world.ubl_schemas()})
    assert {schema.root for schema in pack.schemas} == {"Invoice", "CreditNote"}
    schema = next(schema for schema in pack.schemas if schema.root == "Invoice")
    assert schema.name == MAIN and len(schema.data) >= 8
    (without,) = recognised(XSL)
    assert without.schemas == () and without.checksum != pack.checksum
    assert rule_packs.pack_from_manifest(rule_packs.manifest(pack)) == pack
    older = rule_packs.manifest(without).replace(b'"schemas": [],', b"").replace(b',\n "schemas": []', b"")
    assert b"schemas" not in older and rule_packs.pack_from_manifest(older) == without


def test_its_own_schema_is_asked_before_the_one_that_comes_with_rackbill() -> None:
    files = {name: text.encode() for name, text in world.ubl_schemas(invoice=STRICTER).items()}
    packs = [*recognised({**XSL, **world.ubl_schemas(invoice=STRICTER)}), *rule_packs.built_in_packs()]
    found = rule_packs.schema_for(profile="xrechnung", root="Invoice", packs=packs)
    assert found is not None and found[0] == packs[0]
    assert rule_packs.schema_for(profile="en16931-ubl", root="Invoice", packs=packs) is None
    schema = rule_schemas.compiled_schema(found[1], files)
    xml = write_einvoice(reachable(golden()["simple"]), "xrechnung")
    assert schema_failures(xml) == [] and schema_failures(xml, imported=lambda _root: None) == []
    (failure,) = schema_failures(xml, imported=lambda _root: schema)
    assert "ProfileExecutionID" in failure.text


def test_the_schema_of_en_16931_serves_those_that_build_on_it() -> None:
    base = recognised({"cen/EN16931-UBL.xslt": CEN, **world.ubl_schemas()})
    packs = [*base, *recognised(XSL), *rule_packs.built_in_packs()]
    found = rule_packs.schema_for(profile="xrechnung", root="CreditNote", packs=packs)
    assert found is not None and found[0].profile == "en16931-ubl"


def without(name: str) -> dict[str, str]:
    return {path: text for path, text in world.ubl_schemas().items() if not path.endswith(name)}


@pytest.mark.parametrize(
    ("schemas", "words"),
    [
        (without("UBL-CommonBasicComponents-2.1.xsd"), "CommonBasicComponents-2.1.xsd, which is not beside it"),
        (world.ubl_schemas(invoice=("../common/UBL-CommonA", "http://example.com/UBL-CommonA")), "example.com/UBL-CommonA"),
        (world.ubl_schemas(invoice=("../common/UBL-CommonA", "/etc/UBL-CommonA")), "not beside it"),
        ({**world.ubl_schemas(), "old/UBL-Invoice.xsd": world.ubl_schemas()[MAIN].replace("../common", "../resources/ubl/2.1/xsd/common") + " "}, "name the folder of one version"),
        ({**world.ubl_schemas(), "broken.xsd": "<xs:schema"}, "broken.xsd is no XML"),
    ],
)  # fmt: skip
def test_what_is_missing_or_doubtful_is_refused_by_name(schemas: dict[str, str], words: str) -> None:
    with pytest.raises(RulesUnknown, match=words):
        recognised({**XSL, **schemas})


def test_a_schema_reads_nothing_that_was_not_handed_in() -> None:
    (pack,) = recognised({**XSL, **world.ubl_schemas()})
    schema = next(schema for schema in pack.schemas if schema.root == "Invoice")
    some = {name: text.encode() for name, text in without("UBL-CommonBasicComponents-2.1.xsd").items()}
    with pytest.raises(SchemaRefused):
        rule_schemas.compiled_schema(schema, some)
    wrong = {name: text.encode() for name, text in world.ubl_schemas(invoice=("xsd:sequence", "xsd:sequenz")).items()}
    with pytest.raises(SchemaRefused, match="is no schema that can be used"):
        rule_schemas.compiled_schema(schema, wrong)
