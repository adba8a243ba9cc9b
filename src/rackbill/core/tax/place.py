"""Place of supply: whose tax a supply bears, or why none, with the law that says so."""

from dataclasses import dataclass
from datetime import date

from rackbill.core.tax.classes import SupplyKind, TaxClass, tax_class_of
from rackbill.core.tax.status import TaxParty, TaxSeller
from rackbill.core.tax.table import BY_STATE, NoTaxRule, Place, TaxTable

AT_CONSUMER_FROM = date(2015, 1, 1)
"""Electronic services to consumers are taxed where they live (Art. 58, from 2015); before, by Union sellers at home."""
HOME_RATE_FROM = date(2019, 1, 1)
"""The threshold of EUR 10,000 exists since then (Directive 2017/2455)."""
OSS_FROM = date(2021, 7, 1)
REGIMES = {"SG": "GST-SG", "US": "SALES", "CA": "GST-CA", "JP": "JCT", "AU": "GST-AU"}
_ABROAD = {
    "SG": ("ZR", "SG-S21-3", "GST Act s. 21(3): international service"),
    "US": ("OUT", "US-OUT-OF-STATE", "customer outside the United States"),
    "CA": ("ZR", "CA-NON-RESIDENT", "Excise Tax Act Sch. VI: supply to a non-resident"),
    "JP": ("ZR", "JP-EXPORT", "Consumption Tax Act Art. 7: export"),
    "AU": ("ZR", "AU-NON-RESIDENT", "GST Act s. 38-190: supply to a non-resident"),
}
"""Sales abroad by sellers outside the Union whose law knows a zero rate: code, exemption code, law. Source: taxes 8 to 11."""
_OUTSIDE_SCOPE = frozenset({"GB", "HK", "CH", "LI", "NO"})
"""Sellers outside the Union whose sales abroad are outside the scope of their own tax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whose rates apply (`territory`), or, where none do, the category and exemption code; with law and evidence."""

    basis: str
    evidence: str = ""
    territory: str = ""
    regime: str = "VAT"
    code: str = ""
    exemption_code: str = ""
    jurisdiction: str = ""


def place_of_supply(
    *, seller: TaxSeller, buyer: TaxParty, tax_class: str, day: date, status_day: date, table: TaxTable
) -> Ruling:
    """Whose tax a supply bears whose law is that of `day`; the buyer's status is that of `status_day`. Raises NoTaxRule."""
    supply = tax_class_of(tax_class)
    if supply.kind is SupplyKind.IMMOVABLE:
        return _immovable(seller, buyer, supply, day, table)
    home, there = _place(table, seller, day), _buyers_place(table, seller, buyer, day)
    if _is_domestic(home, there, table):
        # Law of the seller's own country for a customer in it: rates of the customer's part of it.
        return Ruling(territory=there.territory, regime=REGIMES.get(there.country, "VAT"), basis=_domestic_basis(home))
    if supply.kind is SupplyKind.GOODS:
        raise NoTaxRule(
            f"goods from {seller.country} to {buyer.country} are taxed by where they go; bill hardware across a border by hand"
        )
    in_union = table.is_union_member(there.country, day) and not there.is_outside
    from_union = table.is_union_member(home.country, day)
    proof = buyer.taxable_proof(status_day)
    words = buyer.status_words(status_day)
    if in_union and proof is not None:
        return _union_business(home, there, from_union, words)
    if supply.kind is SupplyKind.GENERAL and (in_union or not buyer.is_business):
        if from_union or home.country == "GB":
            return Ruling(territory=home.territory, basis="Art. 45: general service to a consumer", evidence=words)
        return _abroad(home, there, from_union, words)
    if in_union:
        buyer.check_country(status_day)
        return _union_consumer(seller, home, there, from_union, day, words)
    return _third_country(seller, buyer, home, there, from_union, day, status_day)


def _place(table: TaxTable, seller: TaxSeller, day: date) -> Place:
    if seller.country in BY_STATE:
        return Place(seller.country, f"{seller.country}-{seller.state}")
    return table.place(seller.country, "", "", day)


def _buyers_place(table: TaxTable, seller: TaxSeller, buyer: TaxParty, day: date) -> Place:
    if buyer.country in BY_STATE and not buyer.state and not seller.needs_state(buyer.country, day):
        return Place(buyer.country, buyer.country)
    return table.place(buyer.country, buyer.state, buyer.postal_code, day)


def _is_domestic(home: Place, there: Place, table: TaxTable) -> bool:
    """Also a part of the seller's country outside the VAT area, where that country has a rate of its own for it (Réunion)."""
    return home.country == there.country and (not there.is_outside or table.has_rates(there.territory))


def _domestic_basis(home: Place) -> str:
    return "customer in the seller's country" if home.country != "HK" else "Hong Kong has no VAT, GST or sales tax"


def _union_business(home: Place, there: Place, from_union: bool, words: str) -> Ruling:
    if from_union:
        return Ruling(
            code="AE", exemption_code="VATEX-EU-AE", jurisdiction=there.territory, evidence=words,
            basis="Art. 44 and 196: business in another member state",
        )  # fmt: skip
    return _abroad(home, there, from_union, words)


def _union_consumer(seller: TaxSeller, home: Place, there: Place, from_union: bool, day: date, words: str) -> Ruling:
    if from_union and day < AT_CONSUMER_FROM:
        return Ruling(territory=home.territory, basis="Art. 45: until 2014 at the seller's rate", evidence=words)
    if from_union and day >= HOME_RATE_FROM and seller.uses_home_rate(day):
        return Ruling(
            territory=home.territory, basis="Art. 59c: below EUR 10,000 a year at the seller's rate", evidence=words
        )
    scheme = "OSS" if day >= OSS_FROM else "MOSS"
    return Ruling(territory=there.territory, basis=f"Art. 58: consumer's country ({scheme})", evidence=words)


def _third_country(
    seller: TaxSeller, buyer: TaxParty, home: Place, there: Place, from_union: bool, day: date, status_day: date
) -> Ruling:
    """A customer outside the Union, where any proof of being a business will do (Reg. 282/2011 Art. 18(3)).

    A seller that is registered there charges those who cannot account for the tax themselves. Hosting that anybody can
    order counts as sold to consumers in Japan, whoever orders it (taxes 11).
    """
    proof = buyer.taxable_proof(status_day)
    words = buyer.status_words(status_day)
    if not there.is_outside and seller.is_registered_in(there.territory, day):
        if proof is None or there.country == "JP":
            return Ruling(
                territory=there.territory, regime=REGIMES.get(there.country, "VAT"), evidence=words,
                basis=f"the seller is registered for the tax of {there.country}",
            )  # fmt: skip
    elif buyer.is_business and proof is None:
        words = f"business in {there.country}, no tax ID needed"
    return _abroad(home, there, from_union, words)


def _abroad(home: Place, there: Place, from_union: bool, words: str) -> Ruling:
    if home.country in _ABROAD:
        code, exemption, law = _ABROAD[home.country]
        return Ruling(
            regime=REGIMES[home.country], code=code, exemption_code=exemption, jurisdiction=home.country, basis=law,
            evidence=f"customer belongs in {there.country}",
        )  # fmt: skip
    if not from_union and home.country not in _OUTSIDE_SCOPE:
        raise NoTaxRule(
            f"no tax rule is stored for sales from {home.country} to {there.country}; add the country's rule"
        )
    law = "Art. 44 and 59" if from_union else f"law of {home.country}"
    return Ruling(
        code="O", exemption_code="VATEX-EU-O", evidence=words,
        jurisdiction=there.country if there.country in BY_STATE else there.territory,
        basis=f"{law}: customer outside the seller's VAT area",
    )  # fmt: skip


def _immovable(seller: TaxSeller, buyer: TaxParty, supply: TaxClass, day: date, table: TaxTable) -> Ruling:
    where = supply.country or seller.country
    if where == seller.country:
        territory = _place(table, seller, day).territory
    elif seller.is_registered_in(where, day):
        territory = where
    else:
        raise NoTaxRule(
            f"a private suite in {where} bears the tax of {where}; register sales from {seller.country} there, or bill by hand"
        )
    return Ruling(
        territory=territory, regime=REGIMES.get(where, "VAT"), basis=f"Art. 47: immovable property in {where}",
        evidence=f"customer in {buyer.country}",
    )  # fmt: skip
