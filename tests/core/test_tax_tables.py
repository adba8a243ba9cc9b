"""The dated tables of tax, border by border: rates and when they are known, members, territories, rules of change."""

from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.tax import (
    DatedRate,
    NoTaxRule,
    Place,
    RateChange,
    RateRule,
    SpecialTerritory,
    TaxTable,
    UnionMembership,
)

OCTOBER = date(2020, 10, 1)


def rate(
    value: str, start: str, end: str | None, tax: str = "VAT", known: str | None = None, of: str = "standard"
) -> DatedRate:
    return DatedRate(
        territory="ZZ", tax=tax, tax_class=of, rate=Decimal(value), valid_from=date.fromisoformat(start),
        valid_until=date.fromisoformat(end) if end else None, known_from=date.fromisoformat(known) if known else None,
    )  # fmt: skip


def at(table: TaxTable, day: str, known: str | None = None, of: str = "standard") -> list[str]:
    rates = table.rates("ZZ", of, date.fromisoformat(day), date.fromisoformat(known) if known else None)
    return [f"{row.tax} {row.rate}" for row in rates]


def test_a_rate_is_in_force_from_its_first_day_to_before_its_end() -> None:
    table = TaxTable([rate("19", "2020-01-01", "2020-07-01"), rate("16", "2020-07-01", "2021-01-01")], [])
    assert at(table, "2020-01-01") == at(table, "2020-06-30") == ["VAT 19"]
    assert at(table, "2020-07-01") == at(table, "2020-12-31") == ["VAT 16"]
    for day in ("2019-12-31", "2021-01-01"):
        with pytest.raises(NoTaxRule, match=f"no tax rate is stored for ZZ, class 'standard', on {day}; add it"):
            at(table, day)


def test_a_rate_bears_on_the_whole_price_where_nothing_else_is_said() -> None:
    assert rate("19", "2020-01-01", None).base_rate == 1


def test_a_rate_that_is_not_known_yet_leaves_the_last_known_one_open() -> None:
    table = TaxTable([rate("16", "2020-07-01", None, known="2020-06-30"), rate("19", "2020-01-01", "2020-07-01")], [])
    assert at(table, "2020-07-01", "2020-06-29") == ["VAT 19"]
    assert at(table, "2020-07-01", "2020-06-30") == at(table, "2020-07-01") == ["VAT 16"]
    with pytest.raises(NoTaxRule):
        at(TaxTable([rate("16", "2020-07-01", None, known="2020-06-30")], []), "2020-07-01", "2020-06-29")
    # A rate that ended without a successor has ended, known or not.
    gap = TaxTable([rate("19", "2020-01-01", "2020-06-01"), rate("16", "2020-07-01", None, known="2020-06-30")], [])
    with pytest.raises(NoTaxRule):
        at(gap, "2020-07-01", "2020-06-29")


@pytest.mark.parametrize("tax", ["PST", "RST", "SALES"])
def test_a_tax_on_what_a_law_lists_needs_a_row_for_the_class(tax: str) -> None:
    table = TaxTable(
        [rate("5", "2020-01-01", None, "GST"), rate("7", "2020-01-01", None, tax), rate("0", "2020-01-01", None, tax, of="telecom")],
        [],
    )  # fmt: skip
    assert at(table, "2020-10-01") == ["GST 5", f"{tax} 7"]
    assert at(table, "2020-10-01", of="telecom") == ["GST 5", f"{tax} 0"]
    words = f"{tax} of ZZ is stored for hosting only; add its rate for class 'general' on 2020-10-01"
    with pytest.raises(NoTaxRule, match=words):
        at(table, "2020-10-01", of="general")


def test_a_tax_that_hosting_does_not_bear_is_left_out_for_hosting() -> None:
    table = TaxTable([rate("5", "2020-01-01", None, "GST"), rate("2", "2020-01-01", None, "RST", of="general")], [])
    assert at(table, "2020-10-01") == ["GST 5"]
    assert at(table, "2020-10-01", of="general") == ["GST 5", "RST 2"]


def test_the_days_on_which_a_rate_begins_or_ends() -> None:
    table = TaxTable([rate("19", "2020-01-01", "2020-07-01"), rate("16", "2020-07-01", None)], [])
    assert table.change_days("ZZ") == [date(2020, 1, 1), date(2020, 7, 1)]
    assert table.change_days("XX") == []
    assert table.has_rates("ZZ")
    assert not table.has_rates("XX")


def test_a_membership_holds_from_its_first_day_to_before_its_end() -> None:
    rows = [UnionMembership("GB", date(1973, 1, 1), date(2021, 1, 1)), UnionMembership("ZZ", date(2030, 1, 1), None)]
    table = TaxTable([], rows)
    days = [date(1972, 12, 31), date(1973, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]
    assert [table.is_union_member("GB", day) for day in days * 2] == [False, True, True, False] * 2
    assert not table.is_union_member("ZZ", date(2021, 1, 1))
    assert table.is_union_member("ZZ", date(2031, 1, 1))
    assert not table.is_union_member("XX", date(2021, 1, 1))


def test_a_special_territory_takes_its_addresses_while_it_is_one() -> None:
    part = SpecialTerritory(
        territory="ZZ-1", country="ZZ", part_of="YY", rates_of="YY-9", is_outside=True, postal_codes=("35", "A7"),
        valid_from=date(2020, 1, 1), valid_until=date(2021, 1, 1),
    )  # fmt: skip
    table = TaxTable([], [], [part])
    for code in ("35001", "35", "ZZ-35 001", "a 7"):
        assert table.place("ZZ", "", code, OCTOBER) == Place("YY", "YY-9", True), code
    for code in ("", "36001", "135", "ABCD-35"):
        assert table.place("ZZ", "", code, OCTOBER) == Place("ZZ", "ZZ", False), code
    for day, is_one in (
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
        (date(2020, 12, 31), True),
        (date(2021, 1, 1), False),
    ):
        assert table.place("ZZ", "", "35", day).is_outside is is_one
    assert table.place("US", "TX", "35", OCTOBER) == Place("US", "US-TX")
    for country in ("US", "CA"):
        with pytest.raises(
            NoTaxRule, match=f"a customer in {country} needs a state or province before tax can be decided"
        ):
            table.place(country, "", "35", OCTOBER)


RULE_DAYS = [
    (RateChange.END_OF_PART, "2020-10-31", "2020-10-31", False), (RateChange.SPLIT_BY_DAYS, "2020-10-31", "2020-10-31", True),
    (RateChange.PAYMENT_DATE, "2020-10-05", "2020-10-31", False),
    (RateChange.EARLIER_OF_INVOICE_PAYMENT, "2020-10-05", "2020-11-05", False),
    (RateChange.EARLIER_OR_PERFORMED, "2020-10-05", "2020-10-31", True),
]  # fmt: skip


@pytest.mark.parametrize(("change", "billed_before", "billed_after", "splits"), RULE_DAYS)
def test_which_day_counts_by_each_rule(change: RateChange, billed_before: str, billed_after: str, splits: bool) -> None:
    rule = RateRule(territory="ZZ", change=change, is_corrected=False, source="law")
    last = date(2020, 10, 31)
    assert rule.day(last_day=last, issued_on=date(2020, 10, 5)).isoformat() == billed_before
    assert rule.day(last_day=last, issued_on=date(2020, 11, 5)).isoformat() == billed_after
    assert rule.splits is splits


def test_a_state_without_a_rule_has_that_of_its_country() -> None:
    country = RateRule(territory="CA", change=RateChange.END_OF_PART, is_corrected=False, source="law")
    state = RateRule(territory="CA-MB", change=RateChange.PAYMENT_DATE, is_corrected=False, source="law")
    table = TaxTable([], [], [], [country, state])
    assert table.rule("CA-MB") == state
    assert table.rule("CA-QC") == country
    with pytest.raises(NoTaxRule, match="no rule for rate changes is stored for CZ; add it with its source"):
        table.rule("CZ")
