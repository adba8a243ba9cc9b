"""Which tax applies to a supply of hosting services, why, and the tax breakdown with its rounding.

Law: Directive 2006/112/EC Art. 44, 45, 47, 58, 59, 196 (EU); GST Act s. 21(3) (SG); Excise Tax Act (CA); state law (US).
`desk` is not re-exported: it needs charges, which need the decisions that stand here.
"""

from rackbill.core.tax.breakdown import TaxSubtotal, tax_breakdown
from rackbill.core.tax.classes import TAX_CLASSES, SupplyKind, TaxClass, tax_class_of
from rackbill.core.tax.decision import TaxDecision, Taxing, TaxPart, decide_taxes, taxing_of
from rackbill.core.tax.place import HOME_RATE_FROM, Ruling, place_of_supply
from rackbill.core.tax.status import CountryEvidence, Registration, SellerChoice, TaxIdProof, TaxParty, TaxSeller
from rackbill.core.tax.table import (
    DatedRate,
    NoTaxRule,
    Place,
    RateChange,
    RateRule,
    SpecialTerritory,
    TaxTable,
    UnionMembership,
)

__all__ = [
    "HOME_RATE_FROM",
    "TAX_CLASSES",
    "CountryEvidence",
    "DatedRate",
    "NoTaxRule",
    "Place",
    "RateChange",
    "RateRule",
    "Registration",
    "Ruling",
    "SellerChoice",
    "SpecialTerritory",
    "SupplyKind",
    "TaxClass",
    "TaxDecision",
    "TaxIdProof",
    "TaxPart",
    "TaxParty",
    "TaxSeller",
    "TaxSubtotal",
    "TaxTable",
    "Taxing",
    "UnionMembership",
    "decide_taxes",
    "place_of_supply",
    "tax_breakdown",
    "tax_class_of",
    "taxing_of",
]
