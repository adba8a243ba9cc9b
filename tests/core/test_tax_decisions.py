"""Decisions on paper: what a line keeps of each tax, and how days, rules and the desk lead there."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from rackbill.core.charges import Charge, ChargeKind
from rackbill.core.charges.charge import Cause
from rackbill.core.periods import Period
from rackbill.core.tax import (
    DatedRate,
    NoTaxRule,
    RateChange,
    RateRule,
    TaxDecision,
    TaxParty,
    TaxSubtotal,
    TaxTable,
    decide_taxes,
    tax_breakdown,
    taxing_of,
)
from rackbill.core.tax.desk import TaxDesk
from tests.core.test_tax import OCTOBER, buyer, seller
from tests.world.tax_tables import TABLE

BUSINESS = "ID valid on 2010-01-01, ref 1"


def decision(
    code: str,
    rate: str,
    jurisdiction: str,
    regime: str = "VAT",
    exemption: str = "",
    evidence: str = "",
    base: str = "1",
) -> TaxDecision:
    return TaxDecision(
        regime=regime, code=code, rate=Decimal(rate), jurisdiction=jurisdiction, exemption_code=exemption, evidence=evidence,
        base_rate=Decimal(base),
    )  # fmt: skip


DECISIONS = [  # seller, buyer, business → taxes on 1 October 2020
    ("NL", "NL", True, [decision("S", "21", "NL")]),
    ("NL", "SE", False, [decision("S", "25", "SE", evidence="consumer, billing address SE")]),
    ("NL", "SE", True, [decision("AE", "0", "SE", exemption="VATEX-EU-AE", evidence=BUSINESS)]),
    ("SG", "SG", True, [decision("SR", "7", "SG", "GST-SG")]),
    ("JP", "JP", True, [decision("S", "10", "JP", "JCT")]),
    ("AU", "AU", True, [decision("S", "10", "AU", "GST-AU")]),
    ("US-VA", "US-TX", True, [decision("SALES", "6.25", "US-TX", "SALES", base="0.8")]),
    ("US-VA", "US-CA", True, [decision("NT", "0", "US-CA", "SALES", "NOT-TAXED")]),
    ("HK", "HK", True, [decision("O", "0", "HK", exemption="VATEX-EU-O")]),
    ("CA-QC", "CA-QC", True, [decision("GST", "5", "CA-QC", "GST-CA"), decision("QST", "9.975", "CA-QC", "GST-CA")]),
    ("SG", "BR", True, [decision("ZR", "0", "SG", "GST-SG", "SG-S21-3", "customer belongs in BR")]),
]  # fmt: skip


@pytest.mark.parametrize(("by", "to", "business", "expected"), DECISIONS)
def test_what_a_line_keeps_of_its_taxes(by: str, to: str, business: bool, expected: list[TaxDecision]) -> None:
    found = decide_taxes(
        seller=seller(by), buyer=buyer(to, business=business), tax_class="standard", tax_point=OCTOBER, table=TABLE
    )  # fmt: skip
    assert list(found) == expected


def test_a_tax_bears_on_the_whole_price_where_nothing_else_is_said() -> None:
    assert TaxDecision(regime="VAT", code="S", rate=Decimal(21), jurisdiction="NL").base_rate == 1


# --- days and rules ------------------------------------------------------------------------------------------------------


def rule(territory: str, change: RateChange) -> RateRule:
    return RateRule(territory=territory, change=change, is_corrected=False, source="law")


def rate(territory: str, value: str, start: date, end: date | None) -> DatedRate:
    return DatedRate(
        territory=territory, tax="VAT", tax_class="standard", rate=Decimal(value), valid_from=start, valid_until=end
    )  # fmt: skip


def test_the_rule_of_a_sellers_own_state_goes_before_that_of_its_country() -> None:
    country, state = rule("CA", RateChange.END_OF_PART), rule("CA-QC", RateChange.EARLIER_OF_INVOICE_PAYMENT)
    table = TaxTable([], [], [], [country, state])
    billed = date(2020, 9, 15)
    taxing = taxing_of(
        seller=seller("CA-QC"), buyer=buyer("BR", business=True), tax_class="standard", table=table, issued_on=billed,
        period=Period(OCTOBER, date(2020, 11, 1)),
    )  # fmt: skip
    assert (taxing.rule, taxing.status_day, taxing.parts[0].day) == (state, billed, billed)
    assert taxing.parts[0].period == Period(OCTOBER, date(2020, 11, 1))


CHANGES = [date(2020, 1, 1), date(2020, 10, 1), date(2020, 10, 11), date(2020, 10, 21), date(2020, 11, 1)]


@pytest.mark.parametrize(
    ("change", "issued_on", "expected"),
    [
        (RateChange.SPLIT_BY_DAYS, date(2020, 10, 5), [("2020-10-01/2020-10-11", "2", "2020-10-01"),
         ("2020-10-11/2020-10-21", "3", "2020-10-11"), ("2020-10-21/2020-11-01", "4", "2020-10-21")]),
        (RateChange.EARLIER_OR_PERFORMED, date(2020, 10, 15), [("2020-10-01/2020-10-11", "2", "2020-10-01"),
         ("2020-10-11/2020-11-01", "3", "2020-10-11")]),
        (RateChange.EARLIER_OR_PERFORMED, date(2020, 9, 30), [("2020-10-01/2020-11-01", "1", "2020-09-30")]),
        (RateChange.END_OF_PART, date(2020, 10, 5), [("2020-10-01/2020-11-01", "4", "2020-10-31")]),
        (RateChange.EARLIER_OF_INVOICE_PAYMENT, date(2020, 11, 5), [("2020-10-01/2020-11-01", "5", "2020-11-05")]),
    ],
)  # fmt: skip
def test_a_period_in_which_rates_change_by_each_rule(
    change: RateChange, issued_on: date, expected: list[tuple[str, str, str]]
) -> None:
    ends = [*CHANGES[1:], None]
    rates = [rate("NO", str(n), start, end) for n, (start, end) in enumerate(zip(CHANGES, ends, strict=True), start=1)]
    taxing = taxing_of(
        seller=seller("NO"), buyer=buyer("NO", business=True), tax_class="standard", issued_on=issued_on,
        table=TaxTable(rates, [], [], [rule("NO", change)]), period=Period(OCTOBER, date(2020, 11, 1)),
    )  # fmt: skip
    assert [(str(p.period), str(p.taxes[0].rate), p.day.isoformat()) for p in taxing.parts] == expected


def test_what_is_performed_on_one_day_is_taxed_by_that_day() -> None:
    for day, expected in ((date(2020, 6, 30), 19), (date(2020, 7, 1), 16)):
        (tax,) = decide_taxes(
            seller=seller("DE"), buyer=buyer("DE", business=True), tax_class="standard", tax_point=day, table=TABLE
        )  # fmt: skip
        assert tax.rate == expected


# --- breakdown -----------------------------------------------------------------------------------------------------------


def test_a_row_of_the_breakdown_keeps_all_that_tells_it_apart() -> None:
    exempt, standard = decision("AE", "0", "SE", exemption="VATEX-EU-AE"), decision("S", "21", "NL")
    quebec = decision("GST", "5", "CA-QC", "GST-CA")
    rows = tax_breakdown([(100, (exempt,)), (50, (quebec,)), (250, (standard,)), (1, (exempt,))])
    assert rows == (
        TaxSubtotal(regime="GST-CA", code="GST", rate=Decimal(5), jurisdiction="CA-QC", base_minor=50, tax_minor=3),
        TaxSubtotal(regime="VAT", code="S", rate=Decimal(21), jurisdiction="NL", base_minor=250, tax_minor=53),
        TaxSubtotal(regime="VAT", code="AE", rate=Decimal(0), jurisdiction="SE", base_minor=101, tax_minor=0,
                    exemption_code="VATEX-EU-AE"),
    )  # fmt: skip


# --- the desk ------------------------------------------------------------------------------------------------------------


class CountingTable(TaxTable):
    """The tables, and how often the rule of a territory was asked for."""

    asked = 0

    def rule(self, territory: str) -> RateRule:
        """As TaxTable does."""
        self.asked += 1
        return super().rule(territory)


def counting() -> CountingTable:
    rates = [rate("CH", "7.7", date(2018, 1, 1), date(2024, 1, 1)), rate("CH", "8.1", date(2024, 1, 1), None)]
    return CountingTable(rates, [], [], [rule("CH", RateChange.SPLIT_BY_DAYS)])


def month(start: date, end: date) -> Charge:
    return Charge(
        line_id=1, kind=ChargeKind.RECURRING, period=Period(start, end), revision=0, quantity=Decimal(1), unit="MON",
        unit_price=Decimal(31), price_base_quantity=Decimal(1), amount_minor=3100, currency="CHF", cause=Cause("month", "1 * 31"),
        taxes=(decision("S", "1", "XX"),),
    )  # fmt: skip


WHOLE = month(date(2023, 12, 1), date(2024, 1, 1))
CUT = month(date(2023, 12, 16), date(2024, 1, 16))


def test_the_desk_looks_once_for_each_period_of_equal_buyers() -> None:
    table = counting()
    desk = TaxDesk(seller=seller("CH"), table=table, issued_on=date(2023, 12, 1))
    assert desk.of(TaxParty(country="CH")) is desk.of(TaxParty(country="CH"))
    assert desk.of(TaxParty(country="CH")) is not desk.of(TaxParty(country="LI"))
    own = desk.of(TaxParty(country="CH"))
    for _ in range(3):
        taxes = own.taxes_of("standard", WHOLE.period)
        assert taxes is not None and [tax.rate for tax in taxes] == [Decimal("7.7")]
        assert own.taxed(WHOLE, "standard") == ((WHOLE, taxes),)
    once = table.asked
    assert once > 0
    for _ in range(3):
        assert own.taxes_of("standard", CUT.period) is None
        parts = own.taxed(CUT, "standard")
        assert [(str(c.period), c.amount_minor, t[0].rate) for c, t in parts] == [
            ("2023-12-16/2024-01-01", 1600, Decimal("7.7")), ("2024-01-01/2024-01-16", 1500, Decimal("8.1")),
        ]  # fmt: skip
        assert all(charge.taxes == () for charge, _taxes in parts)
    assert table.asked == 2 * once


def test_the_desk_need_not_be_asked_for_taxes_first() -> None:
    table = counting()
    own = TaxDesk(seller=seller("CH"), table=table, issued_on=date(2023, 12, 1)).of(TaxParty(country="CH"))
    for charge, count in ((WHOLE, 1), (CUT, 2), (WHOLE, 1), (CUT, 2)):
        assert len(own.taxed(charge, "standard")) == count
    assert own.taxes_of("standard", CUT.period) is None
    assert own.taxes_of("standard", WHOLE.period) is not None
    asked = table.asked
    own.taxed(month(WHOLE.period.start, WHOLE.period.end - timedelta(days=1)), "standard")
    assert table.asked == asked * 3 // 2
    with pytest.raises(NoTaxRule):
        own.taxes_of("no class", WHOLE.period)
