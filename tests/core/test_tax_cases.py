"""Tax on paper, part by part: the whole ruling with its law and evidence, the classes, the status of those who trade."""

from datetime import date

import pytest

from rackbill.core.tax import (
    HOME_RATE_FROM,
    TAX_CLASSES,
    CountryEvidence,
    NoTaxRule,
    RateChange,
    Registration,
    Ruling,
    SellerChoice,
    SupplyKind,
    TaxClass,
    TaxIdProof,
    TaxParty,
    TaxSeller,
    TaxTable,
    place_of_supply,
    tax_class_of,
)
from tests.core.test_tax import HOME, OCTOBER, buyer, proof, registered_in, seller
from tests.world.tax_tables import TABLE

BUSINESS, ADDRESS = "ID valid on 2010-01-01, ref 1", "consumer, billing address"
AT_HOME, OUTSIDE = "customer in the seller's country", "customer outside the seller's VAT area"
GENERAL, SUITE = "Art. 45: general service to a consumer", "Art. 47: immovable property in"


def taxed(territory: str, basis: str, evidence: str = "", regime: str = "VAT") -> Ruling:
    return Ruling(territory=territory, regime=regime, basis=basis, evidence=evidence)


def untaxed(
    code: str, exemption: str, jurisdiction: str, basis: str, evidence: str = BUSINESS, regime: str = "VAT"
) -> Ruling:
    return Ruling(
        regime=regime, code=code, exemption_code=exemption, jurisdiction=jurisdiction, basis=basis, evidence=evidence
    )  # fmt: skip


def outside(jurisdiction: str, law: str = "Art. 44 and 59", evidence: str = BUSINESS) -> Ruling:
    return untaxed("O", "VATEX-EU-O", jurisdiction, f"{law}: {OUTSIDE}", evidence)


def abroad(by: str, to: str) -> Ruling:
    """The zero rate of a seller's own law for a customer elsewhere."""
    regime, code, exemption, law = {
        "SG": ("GST-SG", "ZR", "SG-S21-3", "GST Act s. 21(3): international service"),
        "US": ("SALES", "OUT", "US-OUT-OF-STATE", "customer outside the United States"),
        "CA": ("GST-CA", "ZR", "CA-NON-RESIDENT", "Excise Tax Act Sch. VI: supply to a non-resident"),
        "JP": ("JCT", "ZR", "JP-EXPORT", "Consumption Tax Act Art. 7: export"),
        "AU": ("GST-AU", "ZR", "AU-NON-RESIDENT", "GST Act s. 38-190: supply to a non-resident"),
    }[by]
    return untaxed(code, exemption, by, law, f"customer belongs in {to}", regime)


RULINGS = [  # seller, buyer, business, class, day → ruling
    # The seller's own country.
    ("NL", "NL", True, "standard", "2020-10-01", taxed("NL", AT_HOME)),
    ("LI", "CH", False, "standard", "2020-10-01", taxed("CH", AT_HOME)),
    ("SG", "SG", True, "standard", "2020-10-01", taxed("SG", AT_HOME, regime="GST-SG")),
    ("US-VA", "US-TX", True, "standard", "2020-10-01", taxed("US-TX", AT_HOME, regime="SALES")),
    ("CA-QC", "CA-ON", True, "standard", "2020-10-01", taxed("CA-ON", AT_HOME, regime="GST-CA")),
    ("JP", "JP", True, "standard", "2020-10-01", taxed("JP", AT_HOME, regime="JCT")),
    ("AU", "AU", True, "standard", "2020-10-01", taxed("AU", AT_HOME, regime="GST-AU")),
    ("HK", "HK", True, "standard", "2020-10-01", taxed("HK", "Hong Kong has no VAT, GST or sales tax")),
    ("NL", "NL", True, "hardware", "2020-10-01", taxed("NL", AT_HOME)),
    # From the Union into it.
    ("NL", "DE", True, "standard", "2020-10-01",
     untaxed("AE", "VATEX-EU-AE", "DE", "Art. 44 and 196: business in another member state")),
    ("NL", "MC", True, "general", "2020-10-01",
     untaxed("AE", "VATEX-EU-AE", "FR", "Art. 44 and 196: business in another member state")),
    ("NL", "SE", False, "standard", "2014-12-31", taxed("NL", "Art. 45: until 2014 at the seller's rate", f"{ADDRESS} SE")),
    ("NL", "SE", False, "standard", "2015-01-01", taxed("SE", "Art. 58: consumer's country (MOSS)", f"{ADDRESS} SE")),
    ("NL", "SE", False, "telecom", "2021-06-30", taxed("SE", "Art. 58: consumer's country (MOSS)", f"{ADDRESS} SE")),
    ("NL", "SE", False, "domain_name", "2021-07-01", taxed("SE", "Art. 58: consumer's country (OSS)", f"{ADDRESS} SE")),
    ("NL", "SE", False, "general", "2020-10-01", taxed("NL", GENERAL, f"{ADDRESS} SE")),
    # From outside the Union into it.
    ("US-VA", "SE", False, "standard", "2014-12-31", taxed("SE", "Art. 58: consumer's country (MOSS)", f"{ADDRESS} SE")),
    ("GB", "DE", False, "standard", "2021-10-01", taxed("DE", "Art. 58: consumer's country (OSS)", f"{ADDRESS} DE")),
    ("GB", "DE", False, "general", "2021-10-01", taxed("GB", GENERAL, f"{ADDRESS} DE")),
    ("GB", "DE", True, "standard", "2021-10-01", outside("DE", "law of GB")),
    ("HK", "DE", True, "standard", "2020-10-01", outside("DE", "law of HK")),
    ("CH", "DE", False, "general", "2020-10-01", outside("DE", "law of CH", f"{ADDRESS} DE")),
    ("SG", "DE", True, "standard", "2020-10-01", abroad("SG", "DE")),
    # To the rest of the world.
    ("NL", "BR", True, "standard", "2020-10-01", outside("BR")),
    ("NL", "BR", False, "general", "2020-10-01", taxed("NL", GENERAL, f"{ADDRESS} BR")),
    ("NL", "US-TX", True, "standard", "2020-10-01", outside("US")),
    ("NL", "US", True, "standard", "2020-10-01", outside("US")),
    ("NL", "CA-ON", False, "standard", "2020-10-01", outside("CA", evidence=f"{ADDRESS} CA")),
    ("GB", "BR", False, "general", "2021-10-01", taxed("GB", GENERAL, f"{ADDRESS} BR")),
    ("NO", "SJ", True, "standard", "2020-10-01", outside("SJ", "law of NO")),
    ("SG", "BR", False, "general", "2020-10-01", abroad("SG", "BR")),
    ("US-VA", "BR", True, "standard", "2020-10-01", abroad("US", "BR")),
    ("CA-QC", "BR", True, "standard", "2020-10-01", abroad("CA", "BR")),
    ("JP", "BR", True, "standard", "2020-10-01", abroad("JP", "BR")),
    ("AU", "BR", True, "standard", "2020-10-01", abroad("AU", "BR")),
    # Buildings.
    ("NL", "BR", True, "private_suite", "2020-10-01", taxed("NL", f"{SUITE} NL", "customer in BR")),
    ("US-VA", "BR", True, "private_suite", "2020-10-01", taxed("US-VA", f"{SUITE} US", "customer in BR", "SALES")),
    ("SG", "BR", True, "private_suite-SG", "2020-10-01", taxed("SG", f"{SUITE} SG", "customer in BR", "GST-SG")),
]  # fmt: skip


def ruled(by: TaxSeller, to: TaxParty, tax_class: str = "standard", on: date = OCTOBER) -> Ruling:
    return place_of_supply(seller=by, buyer=to, tax_class=tax_class, day=on, status_day=on, table=TABLE)


@pytest.mark.parametrize(("by", "to", "business", "tax_class", "on", "ruling"), RULINGS)
def test_a_ruling_with_its_law_and_evidence(
    by: str, to: str, business: bool, tax_class: str, on: str, ruling: Ruling
) -> None:
    assert ruled(seller(by), buyer(to, business=business), tax_class, date.fromisoformat(on)) == ruling


REGISTERED = [  # where, buyer, business → ruling on 1 June 2021, for a Dutch seller registered there
    ("GB", "GB", False, taxed("GB", "the seller is registered for the tax of GB", f"{ADDRESS} GB")),
    ("GB", "GB", True, outside("GB")),
    ("JP", "JP", True, taxed("JP", "the seller is registered for the tax of JP", BUSINESS, "JCT")),
    ("AU", "AU", True, taxed("AU", "the seller is registered for the tax of AU",
                             f"{BUSINESS}, not registered for GST: taxed as a consumer", "GST-AU")),
    ("CA", "CA-ON", False, taxed("CA-ON", "the seller is registered for the tax of CA", f"{ADDRESS} CA", "GST-CA")),
    ("CA-QC", "CA-ON", False, outside("CA", evidence=f"{ADDRESS} CA")),
]  # fmt: skip


@pytest.mark.parametrize(("where", "to", "business", "ruling"), REGISTERED)
def test_a_registration_abroad_and_whom_it_charges(where: str, to: str, business: bool, ruling: Ruling) -> None:
    by = seller("NL", registered_in(where))
    assert ruled(by, buyer(to, business=business), on=date(2021, 6, 1)) == ruling


def test_a_registration_does_not_reach_the_parts_of_a_country_outside_its_vat_area() -> None:
    to = buyer("DE", business=False, postal_code="78266")
    assert ruled(seller("NL", registered_in("DE")), to) == outside("DE-BU", evidence=f"{ADDRESS} DE")


def test_a_business_without_a_number_outside_the_union_is_named_as_one() -> None:
    for country in ("BR", "US"):
        ruling = ruled(seller("NL"), TaxParty(country=country, is_business=True))
        assert ruling == outside(country, evidence=f"business in {country}, no tax ID needed")
    # Where the seller is registered the number matters, so the words stay those of the check.
    by = seller("NL", registered_in("GB"))
    assert ruled(by, TaxParty(country="GB", is_business=True), on=date(2021, 6, 1)).territory == "GB"


def test_a_business_of_the_union_without_a_number_buys_general_services_as_a_consumer() -> None:
    ruling = ruled(seller("NL"), TaxParty(country="SE", is_business=True), "general")
    assert ruling == taxed("NL", GENERAL, "no tax ID checked up to 2020-10-01: taxed as a consumer")


def test_the_home_rate_is_for_sellers_of_the_union_from_2019() -> None:
    assert date(2019, 1, 1) == HOME_RATE_FROM
    at_home = taxed("NL", "Art. 59c: below EUR 10,000 a year at the seller's rate", f"{ADDRESS} SE")
    assert ruled(seller("NL", HOME), buyer("SE", business=False), on=HOME_RATE_FROM) == at_home
    assert ruled(seller("GB", HOME), buyer("SE", business=False), on=date(2021, 10, 1)).territory == "SE"


def test_a_suite_in_a_country_where_the_seller_is_registered_bears_its_tax() -> None:
    by = seller("NL", registered_in("SG"))
    assert ruled(by, buyer("BR", business=True), "private_suite-SG") == taxed(
        "SG", f"{SUITE} SG", "customer in BR", "GST-SG"
    )


def test_liechtenstein_by_itself_sells_outside_the_scope_of_its_own_tax() -> None:
    """The package's tables put it into the Swiss VAT area; other tables need not."""
    ruling = place_of_supply(
        seller=seller("LI"), buyer=buyer("BR", business=True), tax_class="standard", day=OCTOBER, status_day=OCTOBER,
        table=TaxTable([], []),
    )  # fmt: skip
    assert ruling == outside("BR", "law of LI")


REFUSED = [
    ("NL", "DE", "hardware", "goods from NL to DE are taxed by where they go; bill hardware across a border by hand"),
    ("BR", "US-TX", "standard", "no tax rule is stored for sales from BR to US; add the country's rule"),
    ("NL", "US", "private_suite-DE", "a private suite in DE bears the tax of DE; register sales from NL there, or bill by hand"),
]  # fmt: skip


@pytest.mark.parametrize(("by", "to", "tax_class", "words"), REFUSED)
def test_a_refusal_says_what_to_do(by: str, to: str, tax_class: str, words: str) -> None:
    with pytest.raises(NoTaxRule, match=words):
        ruled(seller(by), buyer(to, business=True), tax_class)


# --- classes -------------------------------------------------------------------------------------------------------------

KINDS = {
    "standard": SupplyKind.ELECTRONIC, "telecom": SupplyKind.ELECTRONIC, "domain_name": SupplyKind.ELECTRONIC,
    "general": SupplyKind.GENERAL, "colocation": SupplyKind.GENERAL, "private_suite": SupplyKind.IMMOVABLE,
    "hardware": SupplyKind.GOODS,
}  # fmt: skip


def test_every_class_has_its_kind() -> None:
    assert {code: row.kind for code, row in TAX_CLASSES.items()} == KINDS
    assert all(row.code == code and not row.country for code, row in TAX_CLASSES.items())


def test_a_suite_names_the_country_it_stands_in() -> None:
    suite = TAX_CLASSES["private_suite"]
    assert tax_class_of("private_suite-DE") == TaxClass("private_suite-DE", SupplyKind.IMMOVABLE, suite.source, "DE")


@pytest.mark.parametrize(
    "code", ["DE", "private_suite-de", "private_suite-DEU", "private_suite-D", "private_suite-", "x-DE"]
)
def test_what_is_no_class_is_refused_with_those_there_are(code: str) -> None:
    words = f"no tax class '{code}'; give the product one of standard, telecom, domain_name, general, colocation, private_suite"
    with pytest.raises(NoTaxRule, match=words):
        tax_class_of(code)


# --- status --------------------------------------------------------------------------------------------------------------


def test_of_two_checks_from_one_day_the_later_check_counts() -> None:
    first = proof(on=date(2020, 3, 1), tax_id="A")
    later = TaxIdProof(tax_id="B", is_valid=False, checked_on=date(2020, 9, 1), valid_from=date(2020, 3, 1))
    to = TaxParty(country="SE", is_business=True, proofs=(later, first))
    assert to.proof(date(2020, 2, 29)) is None
    assert to.proof(date(2020, 3, 1)) == later
    assert to.taxable_proof(date(2020, 3, 1)) is None


def test_a_check_without_a_reference_names_none() -> None:
    assert str(TaxIdProof(tax_id="SE1", is_valid=True, checked_on=OCTOBER)) == "SE1 valid on 2020-10-01"


def test_a_northern_irish_number_in_small_letters_is_one_too() -> None:
    to = TaxParty(country="IE", is_business=True, proofs=(proof(tax_id="xi1"),))
    assert to.taxable_proof(OCTOBER) is None
    assert (
        to.status_words(OCTOBER)
        == "xi1 valid on 2010-01-01, ref 1, of Northern Ireland, for goods only: taxed as a consumer"
    )


def test_the_last_item_of_each_kind_counts_from_its_day() -> None:
    old = CountryEvidence(kind="bank", country="DK", recorded_on=date(2020, 1, 1))
    new = CountryEvidence(kind="bank", country="SE", recorded_on=date(2020, 10, 1))
    sim = CountryEvidence(kind="a sim card", country="DK", recorded_on=date(2020, 1, 1))
    to = TaxParty(country="NO", country_evidence=(new, sim, old))
    assert to.status_words(date(2020, 10, 1)) == "consumer, billing address NO, a sim card DK, bank SE"
    assert to.status_words(date(2020, 9, 30)) == "consumer, billing address NO, a sim card DK, bank DK"
    assert to.status_words(date(2019, 12, 31)) == "consumer, billing address NO"
    to.check_country(date(2020, 10, 1))
    with pytest.raises(NoTaxRule, match="says NO but a sim card and bank say DK; settle the consumer's country"):
        to.check_country(date(2020, 9, 30))


CHOICE = SellerChoice(
    choice=Registration.REGISTERED_IN, territory="US-TX", valid_from=date(2020, 1, 1), valid_until=date(2020, 7, 1)
)


@pytest.mark.parametrize(
    ("day", "holds"), [("2019-12-31", False), ("2020-01-01", True), ("2020-06-30", True), ("2020-07-01", False)]
)
def test_a_registration_holds_from_its_first_day_to_before_its_end(day: str, holds: bool) -> None:
    on, by = date.fromisoformat(day), TaxSeller(country="NL", choices=(CHOICE,))
    assert CHOICE.holds(on) is holds
    assert by.is_registered_in("US-TX", on) is holds
    assert by.needs_state("US", on) is holds
    assert not by.is_registered_in("US-CA", on)
    assert not by.needs_state("CA", on)
    assert by.needs_state("NL", on)


def test_a_choice_of_one_kind_is_none_of_the_other() -> None:
    rate = SellerChoice(choice=Registration.HOME_RATE, territory="US-TX", valid_from=date(2020, 1, 1))
    by = TaxSeller(country="NL", choices=(rate,))
    assert by.uses_home_rate(OCTOBER)
    assert not by.is_registered_in("US-TX", OCTOBER)
    assert not by.needs_state("US", OCTOBER)
    assert not TaxSeller(country="NL", choices=(CHOICE,)).uses_home_rate(date(2020, 2, 1))


def test_what_is_stored_of_sellers_and_rules_never_changes_its_name() -> None:
    assert [kind.value for kind in Registration] == ["home_rate", "registered_in"]
    assert [change.value for change in RateChange] == [
        "end_of_part", "split_by_days", "payment_date", "earlier_of_invoice_payment", "earlier_or_performed",
    ]  # fmt: skip
