"""Which tax applies, by the stored rates of the package and the law of the day."""

import csv
from datetime import date
from decimal import Decimal
from importlib import resources

import pytest

from rackbill.core.tax import (
    DatedRate,
    NoTaxRule,
    TaxDecision,
    TaxParty,
    TaxTable,
    UnionMembership,
    decide_taxes,
    tax_breakdown,
    tax_point,
)


def _rows(name: str) -> list[dict[str, str]]:
    with (resources.files("rackbill.domain.taxes") / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


RATES = [
    DatedRate(
        territory=row["territory"], tax=row["tax"], tax_class=row["tax_class"], rate=Decimal(row["rate"]),
        base_rate=Decimal(row["base_rate"]), valid_from=date.fromisoformat(row["valid_from"]), valid_until=_day(row["valid_until"]),
    )
    for row in _rows("rates.csv")
]  # fmt: skip
MEMBERS = [
    UnionMembership(row["country"], date.fromisoformat(row["valid_from"]), _day(row["valid_until"]))
    for row in _rows("union_members.csv")
]
TABLE = TaxTable(RATES, MEMBERS)
OCTOBER = date(2020, 10, 1)


def decided(seller: str, buyer: str, *, business: bool, on: date = OCTOBER) -> list[tuple[str, Decimal]]:
    seller_country, _, seller_state = seller.partition("-")
    country, _, state = buyer.partition("-")
    taxes = decide_taxes(
        seller=TaxParty(country=seller_country, state=seller_state, is_business=True, has_valid_tax_id=True),
        buyer=TaxParty(country=country, state=state, is_business=business, has_valid_tax_id=business),
        tax_class="standard", tax_point=on, table=TABLE,
    )  # fmt: skip
    return [(tax.code, tax.rate) for tax in taxes]


@pytest.mark.parametrize(
    ("seller", "buyer", "business", "on", "expected"),
    [
        ("NL", "NL", True, "2020-10-01", [("S", "21")]), ("DE", "DE", False, "2020-06-30", [("S", "19")]),
        ("DE", "DE", True, "2020-07-01", [("S", "16")]), ("DE", "DE", True, "2020-12-31", [("S", "16")]),
        ("DE", "DE", True, "2021-01-01", [("S", "19")]), ("NL", "DE", True, "2020-10-01", [("AE", "0")]),
        ("NL", "IE", False, "2020-10-01", [("S", "21")]), ("NL", "IE", False, "2020-08-31", [("S", "23")]),
        ("NL", "IE", False, "2021-03-01", [("S", "23")]), ("NL", "FI", False, "2024-09-01", [("S", "25.5")]),
        ("NL", "GB", True, "2020-12-31", [("AE", "0")]), ("NL", "GB", True, "2021-01-01", [("O", "0")]),
        ("NL", "GB", False, "2020-12-31", [("S", "20")]), ("NL", "GB", False, "2021-01-01", [("O", "0")]),
        ("GB", "GB", False, "2020-10-01", [("S", "20")]), ("GB", "DE", True, "2020-10-01", [("AE", "0")]),
        ("GB", "DE", True, "2021-01-01", [("O", "0")]), ("NL", "US-TX", True, "2020-10-01", [("O", "0")]),
        ("DE", "CH", False, "2020-10-01", [("O", "0")]), ("SG", "SG", False, "2020-10-01", [("SR", "7")]),
        ("SG", "SG", True, "2023-01-01", [("SR", "8")]), ("SG", "SG", True, "2024-01-01", [("SR", "9")]),
        ("SG", "RU", True, "2020-10-01", [("ZR", "0")]), ("SG", "DE", True, "2020-10-01", [("ZR", "0")]),
        ("SG", "DE", False, "2020-10-01", [("S", "16")]), ("US-VA", "US-TX", True, "2020-10-01", [("SALES", "6.25")]),
        ("US-VA", "US-CA", True, "2020-10-01", [("NT", "0")]), ("US-VA", "SG", True, "2020-10-01", [("OUT", "0")]),
        ("CA-QC", "CA-QC", True, "2020-10-01", [("GST", "5"), ("QST", "9.975")]),
        ("CA-QC", "CA-ON", False, "2020-10-01", [("HST", "13")]), ("CA-QC", "CA-AB", True, "2020-10-01", [("GST", "5")]),
        ("CA-QC", "CA-NS", True, "2025-03-31", [("HST", "15")]), ("CA-QC", "CA-NS", True, "2025-04-01", [("HST", "14")]),
        ("CA-QC", "US-NY", True, "2020-10-01", [("ZR", "0")]), ("HK", "HK", True, "2020-10-01", [("O", "0")]),
        ("JP", "JP", True, "2019-10-01", [("S", "10")]), ("AU", "AU", False, "2020-10-01", [("S", "10")]),
    ],
)  # fmt: skip
def test_place_of_supply(seller: str, buyer: str, business: bool, on: str, expected: list[tuple[str, str]]) -> None:
    found = decided(seller, buyer, business=business, on=date.fromisoformat(on))
    assert found == [(code, Decimal(rate)) for code, rate in expected]


@pytest.mark.parametrize(
    ("seller", "buyer"), [("US-VA", "US-WA"), ("US-VA", "US"), ("CA-QC", "CA"), ("CA-QC", "CA-XX"), ("BR", "US-TX")]
)
def test_a_buyer_without_a_rule_is_refused_never_billed_at_zero(seller: str, buyer: str) -> None:
    with pytest.raises(NoTaxRule):
        decided(seller, buyer, business=True)


def test_a_business_without_a_valid_tax_id_is_a_consumer() -> None:
    (tax,) = decide_taxes(
        seller=TaxParty(country="NL"), buyer=TaxParty(country="SE", is_business=True), tax_class="standard",
        tax_point=OCTOBER, table=TABLE,
    )  # fmt: skip
    assert (tax.code, tax.rate, tax.jurisdiction) == ("S", 25, "SE")


def test_tax_points() -> None:
    last, issued = date(2021, 1, 31), date(2020, 12, 1)
    assert tax_point(country="DE", last_day=last, issued_on=issued) == last
    assert tax_point(country="IE", last_day=last, issued_on=issued) == issued


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


def test_rates_of_a_territory_neither_overlap_nor_leave_days_out() -> None:
    groups: dict[tuple[str, str], list[DatedRate]] = {}
    for rate in RATES:
        groups.setdefault((rate.territory, rate.tax), []).append(rate)
    for rows in groups.values():
        ordered = sorted(rows, key=lambda row: row.valid_from)
        for before, after in zip(ordered, ordered[1:], strict=False):
            assert before.valid_until == after.valid_from
        assert ordered[-1].valid_until is None
