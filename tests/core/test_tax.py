"""Which tax applies, by the tables of the package and the law of the day. Numbers of sections are those of taxes.md."""

from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.periods import Period
from rackbill.core.tax import (
    TAX_CLASSES,
    CountryEvidence,
    DatedRate,
    NoTaxRule,
    Registration,
    SellerChoice,
    TaxDecision,
    TaxIdProof,
    TaxParty,
    TaxSeller,
    TaxTable,
    decide_taxes,
    tax_breakdown,
    tax_class_of,
    taxing_of,
)
from tests.world.tax_tables import MEMBERS, RATES, RULES, TABLE, TERRITORIES, rows

OCTOBER = date(2020, 10, 1)
LONG_AGO = date(2010, 1, 1)


def proof(*, valid: bool = True, on: date = LONG_AGO, registered: bool | None = None, tax_id: str = "ID") -> TaxIdProof:
    return TaxIdProof(tax_id=tax_id, is_valid=valid, checked_on=on, is_tax_registered=registered, reference="ref 1")


def buyer(place: str, *, business: bool, registered: bool | None = None, postal_code: str = "") -> TaxParty:
    country, _, state = place.partition("-")
    proofs = (proof(registered=registered),) if business else ()
    return TaxParty(country=country, state=state, postal_code=postal_code, is_business=business, proofs=proofs)


def seller(place: str, *choices: SellerChoice) -> TaxSeller:
    country, _, state = place.partition("-")
    return TaxSeller(country=country, state=state, choices=choices)


def registered_in(territory: str) -> SellerChoice:
    return SellerChoice(choice=Registration.REGISTERED_IN, territory=territory, valid_from=LONG_AGO)


HOME = SellerChoice(choice=Registration.HOME_RATE, valid_from=LONG_AGO)


def decided(by: TaxSeller, to: TaxParty, on: date = OCTOBER, tax_class: str = "standard") -> list[tuple[str, Decimal]]:
    taxes = decide_taxes(seller=by, buyer=to, tax_class=tax_class, tax_point=on, table=TABLE)
    return [(tax.code, tax.rate) for tax in taxes]


def expect(pairs: str) -> list[tuple[str, Decimal]]:
    """`S 21` or `GST 5 + QST 9.975`."""
    return [(pair.split()[0], Decimal(pair.split()[1])) for pair in pairs.split(" + ")]


# --- 3: the table of the place of supply, row by row and date by date --------------------------------------------------


@pytest.mark.parametrize(
    ("to", "business", "on", "expected"),
    [
        ("NL", True, "2016-05-01", "S 21"), ("NL", True, "2020-05-01", "S 21"), ("NL", True, "2022-05-01", "S 21"),
        ("SE", True, "2014-12-31", "AE 0"), ("SE", True, "2016-05-01", "AE 0"), ("SE", True, "2020-05-01", "AE 0"),
        ("SE", True, "2022-05-01", "AE 0"), ("US", True, "2014-12-31", "O 0"), ("US", True, "2016-05-01", "O 0"),
        ("US", True, "2022-05-01", "O 0"), ("NL", False, "2016-05-01", "S 21"), ("NL", False, "2022-05-01", "S 21"),
        ("SE", False, "2016-05-01", "S 25"), ("SE", False, "2020-05-01", "S 25"), ("SE", False, "2021-06-30", "S 25"),
        ("SE", False, "2021-07-01", "S 25"), ("CH", False, "2016-05-01", "O 0"), ("CH", False, "2022-05-01", "O 0"),
        ("GB", True, "2020-12-31", "AE 0"), ("GB", True, "2021-01-01", "O 0"), ("GB", False, "2020-12-31", "S 20"),
        ("GB", False, "2021-01-01", "O 0"), ("XI", True, "2021-01-01", "O 0"), ("IM", False, "2020-12-31", "S 20"),
        ("HR", True, "2013-06-30", "O 0"), ("HR", True, "2013-07-01", "AE 0"),
    ],
)  # fmt: skip
def test_place_of_supply_of_a_dutch_seller(to: str, business: bool, on: str, expected: str) -> None:
    assert decided(seller("NL"), buyer(to, business=business), date.fromisoformat(on)) == expect(expected)


def test_until_2014_a_consumer_abroad_pays_the_sellers_rate() -> None:
    table = TaxTable(
        [DatedRate(territory="NL", tax="VAT", tax_class="standard", rate=Decimal(21), valid_from=date(2012, 10, 1),
                   valid_until=None)],
        MEMBERS, TERRITORIES, RULES,
    )  # fmt: skip
    day = Period(date(2014, 12, 31), date(2015, 1, 1))
    old = taxing_of(seller=seller("NL"), buyer=buyer("SE", business=False), tax_class="standard", period=day,
                    issued_on=day.start, table=table)  # fmt: skip
    assert [tax.rate for tax in old.parts[0].taxes] == [21]
    assert "2014" in old.ruling.basis


@pytest.mark.parametrize(
    ("to", "on", "expected"),
    [
        ("SE", "2018-12-31", "S 25"), ("SE", "2019-01-01", "S 21"), ("SE", "2022-01-01", "S 21"), ("NL", "2022-01-01", "S 21"),
        ("US", "2022-01-01", "O 0"),
    ],
)  # fmt: skip
def test_below_the_threshold_the_seller_may_stay_at_home(to: str, on: str, expected: str) -> None:
    assert decided(seller("NL", HOME), buyer(to, business=False), date.fromisoformat(on)) == expect(expected)


def test_the_choice_of_the_home_rate_ends() -> None:
    until = SellerChoice(choice=Registration.HOME_RATE, valid_from=date(2019, 1, 1), valid_until=date(2021, 1, 1))
    assert decided(seller("NL", until), buyer("SE", business=False), date(2020, 12, 31)) == expect("S 21")
    assert decided(seller("NL", until), buyer("SE", business=False), date(2021, 1, 1)) == expect("S 25")


@pytest.mark.parametrize(
    ("by", "to", "business", "on", "expected"),
    [
        ("DE", "DE", False, "2020-06-30", "S 19"), ("DE", "DE", True, "2020-07-01", "S 16"),
        ("DE", "DE", True, "2020-12-31", "S 16"), ("DE", "DE", True, "2021-01-01", "S 19"),
        ("NL", "IE", False, "2020-10-01", "S 21"), ("NL", "IE", False, "2020-08-31", "S 23"),
        ("NL", "IE", False, "2021-03-01", "S 23"), ("NL", "FI", False, "2024-08-31", "S 24"),
        ("NL", "FI", False, "2024-09-01", "S 25.5"), ("DE", "LU", False, "2023-06-01", "S 16"),
        ("DE", "LU", False, "2024-01-01", "S 17"), ("DE", "RO", False, "2025-08-01", "S 21"),
        ("DE", "SK", False, "2025-01-01", "S 23"), ("DE", "EE", False, "2025-07-01", "S 24"),
        ("GB", "GB", False, "2020-10-01", "S 20"), ("GB", "IM", True, "2022-10-01", "S 20"), ("GB", "XI", True, "2022-10-01", "S 20"),
        ("GB", "DE", True, "2020-10-01", "AE 0"), ("GB", "DE", True, "2021-01-01", "O 0"),
        ("GB", "DE", False, "2021-01-01", "S 19"), ("GB", "US", False, "2021-01-01", "O 0"),
        ("SG", "SG", False, "2020-10-01", "SR 7"), ("SG", "SG", True, "2023-01-01", "SR 8"),
        ("SG", "SG", True, "2024-01-01", "SR 9"), ("SG", "RU", True, "2020-10-01", "ZR 0"),
        ("SG", "DE", True, "2020-10-01", "ZR 0"), ("SG", "DE", False, "2020-10-01", "S 16"),
        ("US-VA", "US-TX", True, "2020-10-01", "SALES 6.25"), ("US-VA", "US-CT", True, "2020-10-01", "SALES 1"),
        ("US-VA", "US-MD", True, "2025-07-01", "SALES 3"), ("US-VA", "US-CA", True, "2020-10-01", "NT 0"),
        ("US-VA", "SG", True, "2020-10-01", "OUT 0"), ("US-VA", "DE", False, "2020-10-01", "S 16"),
        ("CA-QC", "CA-QC", True, "2020-10-01", "GST 5 + QST 9.975"), ("CA-QC", "CA-ON", False, "2020-10-01", "HST 13"),
        ("CA-QC", "CA-AB", True, "2020-10-01", "GST 5"), ("CA-QC", "CA-BC", True, "2020-10-01", "GST 5 + PST 7"),
        ("CA-QC", "CA-SK", True, "2020-10-01", "GST 5 + PST 6"), ("CA-QC", "CA-MB", True, "2025-12-31", "GST 5"),
        ("CA-QC", "CA-MB", True, "2026-01-01", "GST 5 + RST 7"), ("CA-QC", "CA-NS", True, "2025-03-31", "HST 15"),
        ("CA-QC", "CA-NS", True, "2025-04-01", "HST 14"), ("CA-QC", "US-NY", True, "2020-10-01", "ZR 0"),
        ("HK", "HK", True, "2020-10-01", "O 0"), ("HK", "DE", False, "2020-10-01", "S 16"), ("HK", "DE", True, "2020-10-01", "O 0"),
        ("JP", "JP", True, "2019-09-30", "S 8"), ("JP", "JP", True, "2019-10-01", "S 10"), ("JP", "US", True, "2020-10-01", "ZR 0"),
        ("AU", "AU", False, "2020-10-01", "S 10"), ("AU", "NZ", True, "2020-10-01", "ZR 0"),
        ("CH", "CH", True, "2017-12-31", "S 8"), ("CH", "LI", True, "2023-12-31", "S 7.7"), ("CH", "CH", False, "2024-01-01", "S 8.1"),
        ("CH", "DE", True, "2024-01-01", "O 0"), ("NO", "NO", False, "2020-10-01", "S 25"), ("NO", "SE", True, "2020-10-01", "O 0"),
        ("NO", "SE", False, "2020-10-01", "S 25"),
    ],
)  # fmt: skip
def test_other_sellers_and_rates_with_their_days(by: str, to: str, business: bool, on: str, expected: str) -> None:
    assert decided(seller(by), buyer(to, business=business), date.fromisoformat(on)) == expect(expected)


@pytest.mark.parametrize(
    ("by", "to", "on"),
    [
        ("US-VA", "US-WA", "2020-10-01"), ("US-VA", "US", "2020-10-01"), ("CA-QC", "CA", "2020-10-01"),
        ("CA-QC", "CA-XX", "2020-10-01"), ("BR", "US-TX", "2020-10-01"), ("US-VA", "US-MD", "2025-06-30"),
        ("NL", "NL", "2011-01-01"),
    ],
)  # fmt: skip
def test_a_buyer_without_a_rule_is_refused_never_billed_at_zero(by: str, to: str, on: str) -> None:
    with pytest.raises(NoTaxRule):
        decided(seller(by), buyer(to, business=True), date.fromisoformat(on))


# --- 1.3: special territories --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "postal_code", "business", "expected"),
    [
        ("MC", "98000", False, "S 20"), ("MC", "98000", True, "AE 0"), ("ES", "28001", False, "S 21"),
        ("ES", "35 001", False, "O 0"), ("ES", "38001", True, "O 0"), ("ES", "51001", False, "O 0"), ("ES", "52001", False, "O 0"),
        ("IC", "", False, "O 0"), ("PT", "1000-001", False, "S 23"), ("PT", "9000-001", False, "S 22"),
        ("PT", "9500-150", False, "S 18"), ("AT", "6691", False, "S 19"), ("AT", "6992", False, "S 19"),
        ("AT", "6900", False, "S 20"), ("DE", "78266", False, "O 0"), ("DE", "78262", False, "S 16"),
        ("DE", "D-27498", False, "O 0"), ("IT", "23041", False, "O 0"), ("IT", "22061", True, "O 0"),
        ("FI", "22100", False, "O 0"), ("AX", "22100", False, "O 0"), ("FI", "FI-00100", False, "S 24"),
        ("GR", "63086", False, "O 0"), ("GR", "85300", False, "S 17"), ("FR", "97400", False, "O 0"), ("RE", "97400", True, "O 0"),
        ("FR", "97150", False, "O 0"), ("FR", "75001", False, "S 20"),
    ],
)  # fmt: skip
def test_the_address_decides_not_only_the_country(
    country: str, postal_code: str, business: bool, expected: str
) -> None:
    assert decided(seller("NL"), buyer(country, business=business, postal_code=postal_code)) == expect(expected)


def test_the_azores_have_16_percent_since_july_2021() -> None:
    assert decided(seller("NL"), buyer("PT", business=False, postal_code="9500"), date(2021, 7, 1)) == expect("S 16")


def test_a_sellers_own_outlying_parts() -> None:
    assert decided(seller("FR"), buyer("FR", business=False, postal_code="97400")) == expect("S 8.5")
    assert decided(seller("PT"), buyer("PT", business=True, postal_code="9000-001")) == expect("S 22")
    assert decided(seller("DE"), buyer("DE", business=True, postal_code="78266")) == expect("O 0")
    assert decided(seller("NO"), buyer("SJ", business=True)) == expect("O 0")


# --- 2: product tax classes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tax_class", "by", "to", "business", "expected"),
    [
        ("telecom", "NL", "SE", False, "S 25"), ("domain_name", "NL", "SE", True, "AE 0"), ("telecom", "NL", "US", False, "O 0"),
        ("general", "NL", "SE", False, "S 21"), ("general", "NL", "SE", True, "AE 0"), ("general", "NL", "US", False, "S 21"),
        ("general", "NL", "US", True, "O 0"), ("general", "GB", "DE", False, "S 20"), ("general", "SG", "DE", False, "ZR 0"),
        ("general", "US-VA", "DE", False, "OUT 0"), ("general", "CH", "DE", False, "O 0"),
        ("colocation", "NL", "SE", True, "AE 0"), ("colocation", "NL", "SE", False, "S 21"), ("colocation", "SG", "US", True, "ZR 0"),
        ("private_suite", "NL", "SE", True, "S 21"), ("private_suite", "NL", "US", True, "S 21"),
        ("private_suite", "SG", "US", True, "SR 7"), ("hardware", "NL", "NL", True, "S 21"),
        ("general", "CA-QC", "CA-QC", True, "GST 5 + QST 9.975"), ("general", "CA-QC", "CA-ON", True, "HST 13"),
    ],
)  # fmt: skip
def test_the_class_of_the_product_decides_the_place(
    tax_class: str, by: str, to: str, business: bool, expected: str
) -> None:
    assert decided(seller(by), buyer(to, business=business), tax_class=tax_class) == expect(expected)


def test_a_suite_abroad_bears_the_tax_of_the_building_once_the_seller_is_registered_there() -> None:
    with pytest.raises(NoTaxRule, match="suite in DE"):
        decided(seller("NL"), buyer("US", business=True), tax_class="private_suite-DE")
    by = seller("NL", registered_in("DE"))
    assert decided(by, buyer("US", business=True), tax_class="private_suite-DE") == expect("S 16")


@pytest.mark.parametrize(
    ("tax_class", "by", "to"),
    [
        ("hardware", "NL", "DE"), ("hosting", "NL", "NL"), ("private_suite-d", "NL", "NL"), ("general", "US-VA", "US-TX"),
        ("telecom", "CA-QC", "CA-BC"),
    ],
)  # fmt: skip
def test_a_class_without_a_rule_is_refused(tax_class: str, by: str, to: str) -> None:
    with pytest.raises(NoTaxRule):
        decided(seller(by), buyer(to, business=True), tax_class=tax_class)


def test_every_class_names_its_source() -> None:
    assert all(row.source for row in TAX_CLASSES.values())
    assert tax_class_of("private_suite-DE").country == "DE"


# --- 5, 19.4: status and its proof of the day ----------------------------------------------------------------------------


def _taxing(to: TaxParty, start: str, end: str, issued: str, by: TaxSeller | None = None) -> list[tuple[str, Decimal]]:
    taxing = taxing_of(
        seller=by or seller("NL"), buyer=to, tax_class="standard", table=TABLE, issued_on=date.fromisoformat(issued),
        period=Period(date.fromisoformat(start), date.fromisoformat(end)),
    )  # fmt: skip
    (part,) = taxing.parts
    return [(tax.code, tax.rate) for tax in part.taxes]


def test_a_business_without_a_valid_tax_id_is_a_consumer_and_the_line_says_why() -> None:
    none = TaxParty(country="SE", is_business=True)
    (tax,) = decide_taxes(seller=seller("NL"), buyer=none, tax_class="standard", tax_point=OCTOBER, table=TABLE)
    assert (tax.code, tax.rate, tax.jurisdiction) == ("S", 25, "SE")
    assert tax.evidence == "no tax ID checked up to 2020-10-01: taxed as a consumer"
    bad = TaxParty(country="SE", is_business=True, proofs=(proof(valid=False),))
    (tax,) = decide_taxes(seller=seller("NL"), buyer=bad, tax_class="standard", tax_point=OCTOBER, table=TABLE)
    assert tax.evidence == "ID not valid on 2010-01-01, ref 1: taxed as a consumer"


def test_a_consumer_with_a_tax_id_stays_a_consumer() -> None:
    assert decided(seller("NL"), TaxParty(country="SE", proofs=(proof(),))) == expect("S 25")


def test_a_change_of_status_is_decided_by_the_tax_point_with_the_proof_of_that_day() -> None:
    checks = (
        proof(on=date(2020, 3, 10), tax_id="SE1"), proof(valid=False, on=date(2020, 6, 20), tax_id="SE1"),
        proof(on=date(2020, 8, 2), tax_id="SE2"),
    )  # fmt: skip
    changing = TaxParty(country="SE", is_business=True, proofs=checks)
    assert _taxing(changing, "2020-02-01", "2020-03-01", "2020-03-15") == expect("S 25")
    assert _taxing(changing, "2020-05-01", "2020-06-01", "2020-07-01") == expect("AE 0")
    assert _taxing(changing, "2020-06-01", "2020-07-01", "2020-07-01") == expect("S 25")
    assert _taxing(changing, "2020-08-01", "2020-09-01", "2020-08-01") == expect("S 25")
    assert _taxing(changing, "2020-08-01", "2020-09-01", "2020-09-01") == expect("AE 0")


def test_a_registration_may_count_from_before_the_check() -> None:
    early = TaxIdProof(tax_id="SE1", is_valid=True, checked_on=date(2020, 9, 15), valid_from=date(2020, 2, 1))
    assert _taxing(
        TaxParty(country="SE", is_business=True, proofs=(early,)), "2020-02-01", "2020-03-01", "2020-10-01"
    ) == expect("AE 0")


def test_two_items_settle_where_a_consumer_lives() -> None:
    ip = CountryEvidence(kind="ip address", country="SE", recorded_on=LONG_AGO)
    to = TaxParty(country="SE", country_evidence=(ip,))
    (tax,) = decide_taxes(seller=seller("NL"), buyer=to, tax_class="standard", tax_point=OCTOBER, table=TABLE)
    assert tax.evidence == "consumer, billing address SE, ip address SE"
    bank = CountryEvidence(kind="bank", country="DK", recorded_on=LONG_AGO)
    one_against = TaxParty(country="SE", country_evidence=(bank,))
    assert decided(seller("NL"), one_against) == expect("S 25")
    sim = CountryEvidence(kind="sim card", country="DK", recorded_on=LONG_AGO)
    with pytest.raises(NoTaxRule, match="bank and sim card say DK"):
        decided(seller("NL"), TaxParty(country="SE", country_evidence=(bank, sim)))
    assert decided(seller("NL"), TaxParty(country="SE", country_evidence=(bank, sim, ip))) == expect("S 25")
    later = CountryEvidence(kind="sim card", country="DK", recorded_on=date(2021, 1, 1))
    assert decided(seller("NL"), TaxParty(country="SE", country_evidence=(bank, later))) == expect("S 25")


# --- 4, 11, 12: sellers registered abroad --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("territory", "to", "business", "gst", "expected"),
    [
        ("GB", "GB", False, None, "S 20"), ("GB", "GB", True, None, "O 0"), ("CH", "CH", False, None, "S 7.7"),
        ("CH", "CH", True, None, "O 0"), ("NO", "NO", False, None, "S 25"), ("AU", "AU", False, None, "S 10"),
        ("AU", "AU", True, None, "S 10"), ("AU", "AU", True, False, "S 10"), ("AU", "AU", True, True, "O 0"),
        ("JP", "JP", True, None, "S 10"), ("JP", "JP", False, None, "S 10"), ("SG", "SG", False, None, "SR 7"),
        ("CA", "CA-ON", False, None, "HST 13"), ("CA", "CA-ON", True, None, "O 0"), ("GB", "US", False, None, "O 0"),
    ],
)  # fmt: skip
def test_a_seller_registered_abroad(territory: str, to: str, business: bool, gst: bool | None, expected: str) -> None:
    on = date(2021, 6, 1)
    by = seller("NL", registered_in(territory))
    assert decided(by, buyer(to, business=business, registered=gst), on) == expect(expected)
    if to != "US":
        assert decided(seller("NL"), buyer(to, business=business, registered=gst), on) == expect("O 0")


def test_an_abn_without_gst_registration_says_so() -> None:
    by = seller("NL", registered_in("AU"))
    (tax,) = decide_taxes(
        seller=by, buyer=buyer("AU", business=True), tax_class="standard", tax_point=OCTOBER, table=TABLE
    )
    assert tax.regime == "GST-AU"
    assert tax.evidence.endswith("not registered for GST: taxed as a consumer")


def test_a_business_outside_the_union_needs_no_tax_id() -> None:
    to = TaxParty(country="US", is_business=True)
    (tax,) = decide_taxes(seller=seller("NL"), buyer=to, tax_class="general", tax_point=OCTOBER, table=TABLE)
    assert (tax.code, tax.evidence) == ("O", "business in US, no tax ID needed")


def test_a_number_of_northern_ireland_is_for_goods() -> None:
    """Trap 7: XI does not make a business of a customer in the Union, and changes nothing for one in Great Britain."""
    xi = (proof(tax_id="XI123456789"),)
    (tax,) = decide_taxes(
        seller=seller("NL"), buyer=TaxParty(country="IE", is_business=True, proofs=xi), tax_class="standard",
        tax_point=date(2021, 2, 1), table=TABLE,
    )  # fmt: skip
    assert (tax.code, tax.rate) == ("S", 21)
    assert tax.evidence.endswith("of Northern Ireland, for goods only: taxed as a consumer")
    for country in ("GB", "XI"):
        to = TaxParty(country=country, is_business=True, proofs=xi)
        assert decided(seller("NL", registered_in("GB")), to, date(2021, 2, 1)) == expect("O 0")


def test_a_registration_in_one_state_wants_to_know_the_state() -> None:
    by = seller("NL", registered_in("US-TX"))
    assert decided(by, buyer("US-TX", business=False)) == expect("SALES 6.25")
    assert decided(by, buyer("US-CA", business=False)) == expect("O 0")
    with pytest.raises(NoTaxRule, match="needs a state"):
        decided(by, buyer("US", business=False))


def test_law_and_evidence_of_a_decision() -> None:
    day = Period(OCTOBER, date(2020, 11, 1))
    taxing = taxing_of(seller=seller("NL"), buyer=buyer("SE", business=True), tax_class="standard", period=day,
                       issued_on=OCTOBER, table=TABLE)  # fmt: skip
    assert taxing.ruling.basis == "Art. 44 and 196: business in another member state"
    assert taxing.ruling.evidence == "ID valid on 2010-01-01, ref 1"
    assert (taxing.status_day, taxing.parts[0].day) == (OCTOBER, date(2020, 10, 31))


# --- 7: rates that change inside a period --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "start", "end", "issued", "expected"),
    [
        # DE: the part's last day, whatever the day of the invoice.
        ("DE", "2020-06-01", "2020-07-01", "2020-07-01", "S 19"), ("DE", "2020-07-01", "2020-08-01", "2020-07-01", "S 16"),
        ("DE", "2020-12-01", "2021-01-01", "2021-01-01", "S 16"), ("DE", "2021-01-01", "2021-02-01", "2020-12-20", "S 19"),
        ("DE", "2020-01-01", "2021-01-01", "2020-07-02", "S 16"), ("DE", "2020-03-01", "2021-03-01", "2020-07-02", "S 19"),
        # What nobody knew when it was billed cannot count: corrected by the run that follows the performance.
        ("DE", "2020-01-01", "2021-01-01", "2020-01-01", "S 19"), ("DE", "2020-07-01", "2020-08-01", "2020-06-29", "S 19"),
        ("DE", "2020-07-01", "2020-08-01", "2020-06-30", "S 16"),
        # IE, GB, CA: day of the invoice. FI: day of payment, for which the invoice stands, else completion.
        ("IE", "2020-08-01", "2020-09-01", "2020-09-01", "S 21"), ("IE", "2020-09-01", "2020-10-01", "2020-08-31", "S 23"),
        ("FI", "2024-08-01", "2024-09-01", "2024-09-01", "S 24"), ("FI", "2024-09-01", "2024-10-01", "2024-08-31", "S 24"),
        ("FI", "2024-09-01", "2024-10-01", "2024-09-01", "S 25.5"),
        ("LU", "2022-12-15", "2023-01-15", "2022-12-15", "S 16"), ("EE", "2023-12-01", "2024-01-01", "2024-01-01", "S 20"),
        ("JP", "2019-09-01", "2019-10-01", "2019-10-05", "S 8"),
        # RO: the law was gazetted on 25 July 2025; SK: passed on 3 October 2024.
        ("RO", "2025-07-15", "2025-08-15", "2025-07-15", "S 19"), ("RO", "2025-07-15", "2025-08-15", "2025-07-25", "S 21"),
        ("SK", "2024-07-01", "2025-07-01", "2024-07-01", "S 20"), ("SK", "2024-11-01", "2025-11-01", "2024-11-01", "S 23"),
        # SG: what was billed, or performed, before the change keeps the old rate.
        ("SG", "2023-01-01", "2023-02-01", "2022-12-31", "SR 7"), ("SG", "2022-12-01", "2023-01-01", "2023-01-01", "SR 7"),
        ("SG", "2023-01-01", "2023-02-01", "2023-01-01", "SR 8"), ("SG", "2022-12-15", "2023-01-15", "2022-12-31", "SR 7"),
    ],
)  # fmt: skip
def test_the_rate_of_a_period(country: str, start: str, end: str, issued: str, expected: str) -> None:
    assert _taxing(buyer(country, business=False), start, end, issued, seller(country)) == expect(expected)


def test_nova_scotia_takes_the_day_of_the_invoice() -> None:
    to = buyer("CA-NS", business=True)
    assert _taxing(to, "2025-03-01", "2025-04-01", "2025-04-01", seller("CA-QC")) == expect("HST 14")
    assert _taxing(to, "2025-04-01", "2025-05-01", "2025-03-31", seller("CA-QC")) == expect("HST 15")


def test_manitoba_is_free_for_what_was_billed_before_2026() -> None:
    to = buyer("CA-MB", business=True)
    assert _taxing(to, "2025-12-15", "2026-01-15", "2025-12-15", seller("CA-QC")) == expect("GST 5")
    assert _taxing(to, "2025-12-15", "2026-01-15", "2026-01-15", seller("CA-QC")) == expect("GST 5 + RST 7")


@pytest.mark.parametrize(
    ("country", "start", "end", "issued", "expected"),
    [
        ("CH", "2023-12-15", "2024-01-15", "2023-12-15", [("2023-12-15/2024-01-01", "7.7"), ("2024-01-01/2024-01-15", "8.1")]),
        ("CH", "2023-12-15", "2024-01-15", "2024-01-15", [("2023-12-15/2024-01-01", "7.7"), ("2024-01-01/2024-01-15", "8.1")]),
        ("CH", "2023-12-01", "2024-01-01", "2024-01-01", [("2023-12-01/2024-01-01", "7.7")]),
        ("SG", "2022-12-15", "2023-01-15", "2023-01-15", [("2022-12-15/2023-01-01", "7"), ("2023-01-01/2023-01-15", "8")]),
        ("SG", "2022-07-01", "2024-07-01", "2023-06-01", [("2022-07-01/2023-01-01", "7"), ("2023-01-01/2024-07-01", "8")]),
        ("SG", "2022-07-01", "2024-07-01", "2024-06-01",
         [("2022-07-01/2023-01-01", "7"), ("2023-01-01/2024-01-01", "8"), ("2024-01-01/2024-07-01", "9")]),
    ],
)  # fmt: skip
def test_days_with_different_rates_are_told_apart(
    country: str, start: str, end: str, issued: str, expected: list[tuple[str, str]]
) -> None:
    taxing = taxing_of(
        seller=seller(country), buyer=buyer(country, business=True), tax_class="standard", table=TABLE,
        period=Period(date.fromisoformat(start), date.fromisoformat(end)), issued_on=date.fromisoformat(issued),
    )  # fmt: skip
    assert [(str(p.period), str(p.taxes[0].rate.normalize())) for p in taxing.parts] == expected


def test_every_territory_with_rates_has_a_rule_with_its_source() -> None:
    for territory in {rate.territory for rate in RATES}:
        assert TABLE.rule(territory).source
    with pytest.raises(NoTaxRule):
        TABLE.rule("BR")


# --- the tables themselves -----------------------------------------------------------------------------------------------


def test_rates_of_a_territory_neither_overlap_nor_leave_days_out() -> None:
    groups: dict[tuple[str, str], list[DatedRate]] = {}
    for rate in RATES:
        groups.setdefault((rate.territory, rate.tax), []).append(rate)
    for own in groups.values():
        ordered = sorted(own, key=lambda row: row.valid_from)
        for before, after in zip(ordered, ordered[1:], strict=False):
            assert before.valid_until == after.valid_from
        assert ordered[-1].valid_until is None


@pytest.mark.parametrize("name", ["rates.csv", "special_territories.csv", "rate_rules.csv"])
def test_every_row_names_its_source(name: str) -> None:
    assert all(row["source"] for row in rows(name))


_PARTS = {"AT-JU": 19, "PT-30": 22, "PT-20": 16, "GR-IS": 17}


def test_the_stored_rates_of_today_are_those_of_the_commission() -> None:
    """Against the data package of the day it was published (2026-09-29); it knows no history."""
    import eu_vat_rates_data

    published = date(2026, 9, 29)
    compared = set()
    for territory in {rate.territory for rate in RATES if rate.tax == "VAT"}:
        (ours,) = TABLE.rates(territory, "standard", published)
        theirs = eu_vat_rates_data.get_rate(territory[:2])
        if theirs is None:
            continue
        if territory in _PARTS:
            assert ours.rate == _PARTS[territory]
            assert _PARTS[territory] in theirs["reduced"]
        else:
            assert ours.rate == Decimal(str(theirs["standard"])), territory
        compared.add(territory[:2])
        assert TABLE.is_union_member(territory[:2], published) == theirs["eu_member"]
    members = {m.country for m in MEMBERS if m.valid_until is None}
    assert members <= compared


# --- 6: breakdown --------------------------------------------------------------------------------------------------------


def _tax(code: str, rate: str, base: str = "1") -> TaxDecision:
    return TaxDecision(regime="VAT", code=code, rate=Decimal(rate), jurisdiction="NL", base_rate=Decimal(base))


def test_the_breakdown_rounds_once_for_each_category_and_rate() -> None:
    lines = [(33, (_tax("S", "21"),))] * 3 + [(100, (_tax("S", "9"),))]
    assert [(r.rate, r.base_minor, r.tax_minor) for r in tax_breakdown(lines)] == [(9, 100, 9), (21, 99, 21)]


def test_two_taxes_on_one_line_and_a_share_of_the_base() -> None:
    both = (_tax("GST", "5"), _tax("QST", "9.975"))
    assert [r.tax_minor for r in tax_breakdown([(10_000, both)])] == [500, 998]
    (texas,) = tax_breakdown([(10_000, (_tax("SALES", "6.25", "0.8"),))])
    assert (texas.base_minor, texas.tax_minor) == (8000, 500)
