"""What is sold, as the law of the place of supply sees it."""

from dataclasses import dataclass
from enum import StrEnum

from rackbill.core.tax.table import STANDARD, NoTaxRule


class SupplyKind(StrEnum):
    """The four kinds that are taxed at different places.

    Electronic and telecommunications services: business customer's country, consumer's country (Art. 44, 58).
    General services: business customer's country, else the seller's (Art. 44, 45).
    Services connected with immovable property: where the building stands (Art. 47).
    Goods: where they are, or where they are sent to (Art. 31 to 36).
    """

    ELECTRONIC = "electronic"
    GENERAL = "general"
    IMMOVABLE = "immovable"
    GOODS = "goods"


@dataclass(frozen=True, slots=True)
class TaxClass:
    """A product's tax class: its kind, and the source that says so. `country` is where an immovable thing stands."""

    code: str
    kind: SupplyKind
    source: str
    country: str = ""


TAX_CLASSES = {
    row.code: row
    for row in (
        TaxClass(STANDARD, SupplyKind.ELECTRONIC, "hosting, cloud, storage, licences: Directive 2006/112 Annex II"),
        TaxClass("telecom", SupplyKind.ELECTRONIC, "transit, leased lines, internet access: Directive Art. 24(2)"),
        TaxClass("domain_name", SupplyKind.ELECTRONIC, "domain names, certificates, e-mail: Directive Annex II"),
        TaxClass("general", SupplyKind.GENERAL, "remote hands, consulting, work of people: Directive Art. 45"),
        TaxClass("colocation", SupplyKind.GENERAL, "no exclusive right to a part of the building: CJEU C-215/19"),
        TaxClass("private_suite", SupplyKind.IMMOVABLE, "room or cage with a key of one's own: Directive Art. 47"),
        TaxClass("hardware", SupplyKind.GOODS, "goods: Directive Art. 31 to 36"),
    )
}
_BUILT = "private_suite-"


def tax_class_of(code: str) -> TaxClass:
    """The class under a code; `private_suite-DE` is a suite in Germany. Raises NoTaxRule for a code it does not know."""
    found = TAX_CLASSES.get(code)
    if found is not None:
        return found
    country = code.removeprefix(_BUILT)
    if code.startswith(_BUILT) and len(country) == 2 and country.isupper():
        return TaxClass(code, SupplyKind.IMMOVABLE, TAX_CLASSES["private_suite"].source, country)
    known = ", ".join(TAX_CLASSES)
    raise NoTaxRule(f"there is no tax class {code!r}; give the product one of {known}, or private_suite-COUNTRY")
