"""One charge cut into the charges of its days, in cases that can be checked by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.charges import Allowance, Charge, Charged, ChargeKind
from rackbill.core.charges.charge import Cause
from rackbill.core.charges.dividing import PART_OF, as_cut_before, divide
from rackbill.core.periods import Period

NEW_YEAR = date(2024, 1, 1)
MONTH = Charge(
    line_id=1, kind=ChargeKind.RECURRING, period=Period(date(2023, 12, 16), date(2024, 1, 16)), revision=0, quantity=Decimal(1),
    unit="MON", unit_price=Decimal(100), price_base_quantity=Decimal(1), amount_minor=10_000, currency="CHF",
    cause=Cause("whole cycle", "1 * 100"),
)  # fmt: skip


def test_a_month_becomes_its_days_at_the_price_of_all_its_days() -> None:
    old, new = divide(MONTH, [NEW_YEAR])
    assert (old.quantity, old.unit, old.unit_price, old.price_base_quantity) == (16, "DAY", 100, 31)
    assert (old.amount_minor, new.amount_minor) == (5161, 4839)
    assert (old.period, new.period) == (Period(MONTH.period.start, NEW_YEAR), Period(NEW_YEAR, MONTH.period.end))
    assert old.cause.rule == "whole cycle, shared out by days"
    assert old.cause.formula == "100.00 * 16 / 31"
    assert old.cause.facts == ((PART_OF, "2023-12-16/2024-01-16"), ("formula_of_whole", "1 * 100"))


def test_cuts_outside_the_period_and_at_its_borders_change_nothing() -> None:
    assert divide(MONTH, []) == [MONTH]
    assert divide(MONTH, [MONTH.period.start, MONTH.period.end, date(2025, 1, 1)]) == [MONTH]


def test_days_keep_their_base_and_their_count() -> None:
    days = replace(MONTH, unit="DAY", quantity=Decimal(62), price_base_quantity=Decimal(31), amount_minor=20_000)
    old, new = divide(days, [NEW_YEAR])
    assert [(p.quantity, p.price_base_quantity, p.amount_minor) for p in (old, new)] == [
        (32, 31, 10_323),
        (30, 31, 9_677),
    ]


@pytest.mark.parametrize("unit", ["MON", "QAN", "SAN", "ANN", "C62"])
def test_a_cycle_or_a_piece_of_it_becomes_days_at_the_price_of_all_its_days(unit: str) -> None:
    two = replace(MONTH, unit=unit, quantity=Decimal(2), price_base_quantity=Decimal(3), amount_minor=6_667)
    assert [(p.quantity, p.unit, p.price_base_quantity) for p in divide(two, [NEW_YEAR])] == [
        (32, "DAY", 93), (30, "DAY", 93),
    ]  # fmt: skip


def test_as_many_pieces_as_the_month_has_days_are_still_pieces() -> None:
    pieces = replace(MONTH, quantity=Decimal(31), amount_minor=310_000)
    assert [(p.quantity, p.price_base_quantity, p.amount_minor) for p in divide(pieces, [NEW_YEAR])] == [
        (496, 31, 160_000), (465, 31, 150_000),
    ]  # fmt: skip


def test_days_of_another_calendar_are_counted_exactly() -> None:
    """30 days of 30/360 in a month of 31: no part of them is a whole number of days, so the base is multiplied instead."""
    days = replace(MONTH, unit="DAY", quantity=Decimal(30), price_base_quantity=Decimal(30))
    assert [(p.quantity, p.unit, p.price_base_quantity) for p in divide(days, [NEW_YEAR])] == [
        (480, "DAY", 930), (450, "DAY", 930),
    ]  # fmt: skip


def test_the_fact_of_a_part_has_a_name_that_the_books_hold() -> None:
    assert PART_OF == "part_of"


def test_an_odd_cent_is_an_allowance_and_a_term_of_the_formula() -> None:
    """Two halves of one cent: one part has it, the other says so."""
    cent = replace(
        MONTH, period=Period(date(2023, 12, 31), date(2024, 1, 2)), unit_price=Decimal("0.01"), amount_minor=1
    )
    old, new = divide(cent, [NEW_YEAR])
    assert (old.amount_minor, new.amount_minor) == (1, 0)
    assert (old.allowances, new.allowances) == ((), (Allowance("Rounding", 1),))
    assert (old.cause.formula, new.cause.formula) == ("0.01 * 1 / 2", "0.01 * 1 / 2 - 0.01")


def test_discounts_are_shared_out_too() -> None:
    less = replace(MONTH, amount_minor=9_000, allowances=(Allowance("Term", 1_000),))
    old, new = divide(less, [NEW_YEAR])
    assert (old.amount_minor, new.amount_minor) == (4645, 4355)
    assert (old.allowances, new.allowances) == ((Allowance("Term", 516),), (Allowance("Term", 484),))


def test_a_used_quantity_is_shared_out() -> None:
    used = replace(MONTH, unit="E34", quantity=Decimal("1000.5"), unit_price=Decimal("0.1"), amount_minor=10_005)
    old, new = divide(used, [NEW_YEAR])
    assert (old.quantity, new.quantity) == (Decimal("516.387097"), Decimal("484.112903"))
    assert (old.unit, old.price_base_quantity) == ("E34", 1)
    assert (old.amount_minor, new.amount_minor) == (5164, 4841)


def test_three_parts_of_a_long_period() -> None:
    year = replace(
        MONTH,
        period=Period(date(2022, 7, 1), date(2024, 7, 1)),
        unit="ANN",
        unit_price=Decimal("731"),
        amount_minor=73_100,
    )
    assert [p.amount_minor for p in divide(year, [date(2023, 1, 1), NEW_YEAR])] == [18_400, 36_500, 18_200]


def test_what_is_owed_is_cut_where_the_books_cut_that_kind_and_step() -> None:
    parts = [Charged(key=n, charge=part) for n, part in enumerate(divide(MONTH, [NEW_YEAR]), start=1)]
    assert [c.period for c in as_cut_before([MONTH], parts)] == [p.charge.period for p in parts]
    assert [c.amount_minor for c in as_cut_before([MONTH], parts)] == [5161, 4839]
    whole = [Charged(key=1, charge=MONTH)]
    assert as_cut_before([MONTH], whole) == [MONTH]
    # What began inside for another reason, a price that changed then, is no cut of the law.
    dearer = replace(
        MONTH, period=Period(NEW_YEAR, MONTH.period.end), cause=Cause("days", "1", (("price_from", "2024-01-01"),))
    )
    assert as_cut_before([MONTH], [Charged(key=1, charge=dearer)]) == [MONTH]
    other = replace(MONTH, step=1)
    assert as_cut_before([other], parts) == [other]
    usage = replace(MONTH, kind=ChargeKind.USAGE)
    assert as_cut_before([usage], parts) == [usage]
    back = [replace(entry, charge=replace(entry.charge, corrects=9)) for entry in parts]
    assert as_cut_before([MONTH], back) == [MONTH]


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_other_currencies(currency: str) -> None:
    scale = {"JPY": 0, "KWD": 3}[currency]
    other = replace(MONTH, currency=currency, amount_minor=100 * 10**scale)
    assert sum(part.amount_minor for part in divide(other, [NEW_YEAR])) == other.amount_minor
