"""Charges as tables keep them, value by value, and the whole cycles of lines to which nothing happened."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.charges import Allowance, Charge, ChargeKind, charges_owed
from rackbill.core.charges.charge import Cause
from rackbill.core.charges.plain import (
    PLAIN_FIELDS,
    charge_from_plain,
    plain_charge,
    plain_facts,
    whole_cycle,
    whole_cycle_amount,
    whole_cycles,
)
from rackbill.core.periods import Period
from rackbill.core.terms import ContractTerms, DatedPrice, DatedQuantity, LineKind, TermLine, Timing

CHARGE = Charge(
    line_id=7, kind=ChargeKind.REVERSAL, period=Period(date(2020, 10, 11), date(2020, 11, 1)), revision=2,
    quantity=Decimal("-21"), unit="DAY", unit_price=Decimal("129.955"), price_base_quantity=Decimal(31), amount_minor=-7923,
    currency="EUR", cause=Cause("taken back", "50.80 - 130.03", (("charged_by", "1 * 129.955"), ("what", 'Söhne, "x"'))),
    allowances=(Allowance("Term 10 %", -880), Allowance("Größe", 0)), step=3, corrects=41,
)  # fmt: skip
PLAIN = {
    "contract_line": 7, "kind": "reversal", "period_start": "2020-10-11", "period_end": "2020-11-01", "revision": 2,
    "quantity": -21_000_000, "unit": "DAY", "unit_price": 129_955_000, "price_base_quantity": 31_000_000,
    "amount_minor": -7923, "currency": "EUR", "allowances": '[["Term 10 %",-880],["Größe",0]]', "step": 3,
    "rule": "taken back", "formula": "50.80 - 130.03",
    "facts": '[["charged_by","1 * 129.955"],["what","Söhne, \\"x\\""]]', "corrects": 41,
}  # fmt: skip


def test_each_value_stands_under_its_name() -> None:
    assert dict(zip(PLAIN_FIELDS, plain_charge(CHARGE), strict=True)) == PLAIN
    assert list(PLAIN) == list(PLAIN_FIELDS)
    assert charge_from_plain(plain_charge(CHARGE)) == CHARGE


def test_no_allowance_is_an_empty_list() -> None:
    bare = replace(CHARGE, allowances=(), corrects=None)
    assert plain_charge(bare)[PLAIN_FIELDS.index("allowances")] == "[]"
    assert charge_from_plain(plain_charge(bare)) == bare


def test_six_decimals_are_kept_and_a_seventh_is_refused() -> None:
    fine = replace(CHARGE, unit_price=Decimal("0.000001"), quantity=Decimal("1234567.654321"))
    assert charge_from_plain(plain_charge(fine)) == fine
    with pytest.raises(ValueError, match=r"0\.0000001 has more than six decimals"):
        plain_charge(replace(CHARGE, unit_price=Decimal("0.0000001")))


def test_a_stored_number_is_written_without_idle_zeros() -> None:
    """Formulas are made of these numbers, so 12.50 stored must not read 12.500000, nor 1000 read 1E+3."""
    back = charge_from_plain(plain_charge(replace(CHARGE, quantity=Decimal(1000), unit_price=Decimal("12.500"))))
    assert (str(back.quantity), str(back.unit_price)) == ("1000", "12.5")


CYCLES = [  # first day of ours, months, in arrears, settled until, through → whole cycles; None before the first
    ("2020-10-01", 1, False, "2020-10-01", date(2020, 10, 1), []),
    ("2020-10-01", 1, False, "2020-10-01", date(2020, 10, 2), ["2020-10-01/2020-11-01"]),
    ("2020-10-01", 1, False, "2020-10-02", date(2020, 11, 1), []),
    ("2020-10-01", 1, False, "2020-10-02", date(2020, 11, 2), ["2020-11-01/2020-12-01"]),
    ("2020-10-01", 1, False, "2020-11-01", date(2021, 1, 1), ["2020-11-01/2020-12-01", "2020-12-01/2021-01-01"]),
    ("2020-10-01", 1, False, "2020-09-30", date(2020, 12, 1), None),
    ("2020-10-02", 1, False, "2020-10-31", date(2020, 12, 1), None),
    ("2020-10-02", 1, False, "2020-11-01", date(2020, 12, 1), ["2020-11-01/2020-12-01"]),
    ("2020-10-15", 3, False, "2020-11-01", date(2021, 2, 2), ["2020-11-01/2021-02-01", "2021-02-01/2021-05-01"]),
    ("2020-10-01", 1, True, "2020-10-01", date(2020, 10, 31), []),
    ("2020-10-01", 1, True, "2020-10-01", date(2020, 11, 1), ["2020-10-01/2020-11-01"]),
    ("2020-10-01", 1, True, "2020-10-31", date(2020, 11, 1), ["2020-10-01/2020-11-01"]),
    ("2020-10-01", 1, True, "2020-11-01", date(2020, 11, 30), []),
    ("2020-10-01", 1, True, "2020-11-01", date(2020, 12, 1), ["2020-11-01/2020-12-01"]),
]  # fmt: skip


@pytest.mark.parametrize(("first", "months", "arrears", "settled", "through", "expected"), CYCLES)
def test_which_whole_cycles_a_run_charges(
    first: str, months: int, arrears: bool, settled: str, through: date, expected: list[str] | None
) -> None:
    found = whole_cycles(first, months, arrears, settled, through)
    assert (None if found is None else [f"{start}/{end}" for start, end in found]) == expected


AMOUNTS = [  # price and quantity in millionths, currency → minor units, formula
    (129_950_000, 40_000_000, "EUR", 519_800, "40 * 129.95"), (5_000, 1_000_000, "EUR", 1, "1 * 0.005"),
    (4_999, 1_000_000, "EUR", 0, "1 * 0.004999"), (500_000, 1_000_000, "JPY", 1, "1 * 0.5"),
    (499_999, 1_000_000, "JPY", 0, "1 * 0.499999"), (1_000, 2_500_000, "KWD", 3, "2.5 * 0.001"),
]  # fmt: skip


@pytest.mark.parametrize(("price", "count", "currency", "minor", "formula"), AMOUNTS)
def test_the_amount_of_a_whole_cycle_is_rounded_half_up(
    price: int, count: int, currency: str, minor: int, formula: str
) -> None:
    assert whole_cycle_amount(price, count, currency) == (minor, formula)


@pytest.mark.parametrize("quantity_from", [date(2019, 1, 1), date(2020, 10, 1)])
@pytest.mark.parametrize("months", [1, 3, 6, 12])
def test_a_whole_cycle_written_straight_is_what_is_owed(quantity_from: date, months: int) -> None:
    line = TermLine(
        line_id=7, kind=LineKind.RECURRING, start=date(2020, 10, 1), end=None, cycle_months=months, timing=Timing.ADVANCE,
        prices=(DatedPrice(date(2019, 1, 1), None, Decimal("129.95")),),
        quantities=(DatedQuantity(quantity_from, None, Decimal(2)),),
    )  # fmt: skip
    contract = ContractTerms(contract_id="50000001", currency="EUR", lines=(line,))
    (owed,) = charges_owed(terms=contract, through=date(2020, 10, 2))
    period = (owed.period.start.isoformat(), owed.period.end.isoformat())
    straight = whole_cycle(
        7, period, months, 129_950_000, 2_000_000, "EUR", "2019-01-01", quantity_from.isoformat()
    )  # fmt: skip
    assert straight == plain_charge(owed)


def test_the_facts_of_a_plain_charge_name_the_day_of_its_quantity_only_where_it_is_another() -> None:
    assert plain_facts("2019-01-01", "2019-01-01") == '[["price_from","2019-01-01"]]'
    assert plain_facts("2019-01-01", "2020-10-01") == '[["price_from","2019-01-01"],["quantity_from","2020-10-01"]]'
