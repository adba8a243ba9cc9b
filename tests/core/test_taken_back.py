"""What a later run takes back, charges anew, or leaves alone: the borders that amounts alone do not show."""

from dataclasses import replace
from datetime import date

import pytest

from rackbill.core.charges import Cause, Charged, ChargeKind, charges_owed, charges_unbilled
from rackbill.core.terms import LineKind, Proration, ProrationProfile, Rounding, Suspension, TermLine
from tests.core.stories import Books, owed_total, terms
from tests.core.test_charging_cases import NOVEMBER, OCTOBER, amount, line, percent, price, quantity

ONLY_ONE_CHANGES = [
    (line("31"), line("31.001")),
    (line("0"), line("0", quantities=(quantity(2),))),
]


@pytest.mark.parametrize(("before", "after"), ONLY_ONE_CHANGES)
def test_another_price_or_count_alone_is_restated_at_the_same_amount(before: TermLine, after: TermLine) -> None:
    books = Books()
    books.run(before, NOVEMBER)
    back, anew = books.run(after, NOVEMBER)
    assert (back.kind, back.corrects, str(back.period)) == (ChargeKind.REVERSAL, 1, "2020-10-01/2020-11-01")
    assert back.amount_minor == -anew.amount_minor
    assert (anew.unit_price, anew.quantity) == (after.prices[0].unit_price, after.quantities[0].quantity)


def test_a_credit_that_is_used_up_leaves_no_mark_on_what_follows() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 500)
    rise = (price("31", end=date(2020, 10, 11)), price("62", date(2020, 10, 11)))
    new = [charge for charge in books.run(line(prices=rise), NOVEMBER) if charge.corrects is None]
    assert [(charge.amount_minor, len(charge.allowances)) for charge in new] == [(500, 1), (4200, 0)]


def test_discounted_days_in_the_middle_are_no_beginning() -> None:
    books = Books()
    subject = line("31", discounts=(percent("10"),))
    books.run(subject, NOVEMBER)
    off = (Suspension(OCTOBER, date(2020, 10, 11)),)
    back, anew = books.run(replace(subject, suspensions=off, end=date(2020, 10, 21)), NOVEMBER)
    assert (str(back.period), back.amount_minor) == ("2020-10-01/2020-11-01", -2790)
    assert (str(anew.period), anew.amount_minor) == ("2020-10-11/2020-10-21", 900)


def test_what_is_taken_back_says_by_which_formulas() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    (back,) = books.run(line("31", end=date(2020, 10, 11)), NOVEMBER)
    assert back.cause == Cause(
        "taken back: no longer owed", "10.00 - 31.00", (("charged_by", "1 * 31"), ("owed_by", "10 * 31 / 31"))
    )
    (rest,) = books.run(line("31", end=OCTOBER), NOVEMBER)
    assert rest.cause == Cause("taken back: no longer owed", "0.00 - 10.00", (("charged_by", "1 * 31"),))


def test_a_credit_given_before_is_not_given_twice() -> None:
    books = Books()
    books.run(line("31"), NOVEMBER)
    books.credit(1, 1000)
    (back,) = books.run(line("31", end=OCTOBER), NOVEMBER)
    assert (back.amount_minor, back.cause.formula) == (-2100, "0.00 - 31.00 + 10.00")
    assert [(a.reason, a.amount_minor) for a in back.allowances] == [("Credited before", -1000)]
    assert (back.quantity, back.unit, back.price_base_quantity) == (-1, "MON", 1)


def test_days_taken_back_at_two_discounts_carry_both_and_the_first_bears_the_difference() -> None:
    books = Books()
    subject = line("31", discounts=(percent("10"), amount("3.10")))
    books.run(subject, NOVEMBER)
    (back,) = books.run(replace(subject, end=date(2020, 10, 11)), NOVEMBER)
    assert (back.amount_minor, back.quantity, back.price_base_quantity) == (-1680, -21, 31)
    assert [(a.reason, a.amount_minor) for a in back.allowances] == [("Term 10 %", -420), ("Welcome", 0)]


def test_the_rest_of_a_shortened_charge_is_taken_back_by_days() -> None:
    books = Books()
    subject = line("31", quantities=(quantity(2),))
    books.run(subject, NOVEMBER)
    books.run(replace(subject, end=date(2020, 10, 21)), NOVEMBER)
    (back,) = books.run(replace(subject, end=OCTOBER), NOVEMBER)
    assert (str(back.period), back.quantity, back.unit, back.price_base_quantity, back.amount_minor) == (
        "2020-10-01/2020-10-21", -40, "DAY", 31, -4000,
    )  # fmt: skip
    assert back.allowances == ()


def test_a_part_charged_by_days_is_taken_back_by_days_of_the_same_base() -> None:
    books = Books()
    subject = line("31", start=date(2020, 10, 12), cycle_months=3)
    books.run(subject, NOVEMBER)
    (back,) = books.run(replace(subject, end=date(2020, 10, 22)), NOVEMBER)
    assert (str(back.period), back.quantity, back.unit, back.price_base_quantity, back.amount_minor) == (
        "2020-10-22/2020-11-01", -10, "DAY", 93, -334,
    )  # fmt: skip
    assert books.total == owed_total(replace(subject, end=date(2020, 10, 22)), NOVEMBER)


def test_reversals_of_other_days_are_counted_by_themselves() -> None:
    books = Books()
    for end in (None, date(2020, 10, 21), date(2020, 10, 11), None, date(2020, 10, 21)):
        books.run(line("31", end=end), NOVEMBER)
    taken = [(str(c.charge.period), c.charge.revision) for c in books.charged if c.charge.kind is ChargeKind.REVERSAL]
    assert taken == [
        ("2020-10-21/2020-11-01", 0), ("2020-10-11/2020-10-21", 0), ("2020-10-01/2020-10-11", 0), ("2020-10-21/2020-11-01", 1),
    ]  # fmt: skip


def test_what_bears_a_wrong_tax_is_taken_back_whole_and_charged_anew_above_every_revision_there_is() -> None:
    subject = line("31")
    (owed,) = charges_owed(terms=terms(subject), through=NOVEMBER)
    past = [Charged(key=1, charge=replace(owed, revision=5), is_mistaxed=True)]
    back, anew = charges_unbilled(terms=terms(subject), charged={1: past}, through=NOVEMBER)
    assert (back.kind, str(back.period), back.amount_minor, back.corrects) == (
        ChargeKind.REVERSAL, "2020-10-01/2020-11-01", -3100, 1,
    )  # fmt: skip
    assert anew == replace(owed, revision=6)
    # Ended inside as well, its end alone would leave the wrong tax on the rest.
    ended = terms(line("31", end=date(2020, 10, 11)))
    back, anew = charges_unbilled(terms=ended, charged={1: past}, through=NOVEMBER)
    assert (str(back.period), back.amount_minor, anew.amount_minor) == ("2020-10-01/2020-11-01", -3100, 1000)


def test_revisions_are_counted_for_the_days_of_a_charge_alone() -> None:
    books, december = Books(), date(2020, 12, 1)
    books.run(line("31"), NOVEMBER)
    books.run(line("62"), NOVEMBER)
    new = [c for c in books.run(line("93"), december) if c.corrects is None]
    assert [(str(c.period), c.revision) for c in new] == [("2020-10-01/2020-11-01", 2), ("2020-11-01/2020-12-01", 0)]


CREDITED = [  # new price, rounding → amount, formula, and what else is told
    ("62", Rounding.HALF_UP, 5200, "1 * 62 - 10.00", []),
    ("10", Rounding.HALF_UP, 0, "max(1 * 10 - 10.00, 0)", []),
    ("10.01", Rounding.HALF_UP, 1, "1 * 10.01 - 10.00", []),
    ("62.005", Rounding.HALF_EVEN, 5200, "62.00 - 10.00", [("before_credit", "1 * 62.005")]),
    ("62.009", Rounding.DOWN, 5200, "1 * 62.009 - 10.00", []),
]


@pytest.mark.parametrize(("unit_price", "rounding", "minor", "formula", "told"), CREDITED)
def test_the_formula_of_a_charge_less_an_earlier_credit(
    unit_price: str, rounding: Rounding, minor: int, formula: str, told: list[tuple[str, str]]
) -> None:
    books, profile = Books(), ProrationProfile(rounding=rounding)
    books.run(line("31", proration=profile), NOVEMBER)
    books.credit(1, 1000)
    _back, anew = books.run(line(unit_price, proration=profile), NOVEMBER)
    assert (anew.amount_minor, anew.cause.formula) == (minor, formula)
    assert [fact for fact in anew.cause.facts if fact[0] not in ("price_from", "rounding")] == told


def back_and_anew(before: TermLine, after: TermLine) -> list[tuple[str, str, int]]:
    """What the second run does, as kind, period and amount."""
    books = Books()
    books.run(before, NOVEMBER)
    return [(c.kind.value, str(c.period), c.amount_minor) for c in books.run(after, NOVEMBER)]


MONTH, TEN_DAYS, LAST_DAYS = "2020-10-01/2020-11-01", "2020-10-01/2020-10-11", "2020-10-11/2020-11-01"
TENTH = date(2020, 10, 11)
OFF, FREE = (percent("10"),), (percent("100"),)
BOND = ProrationProfile(method=Proration.THIRTY_360)
NO_BEGINNINGS = [
    # It became a one-off of the same amount.
    (line("31", discounts=OFF), line("31", discounts=OFF, kind=LineKind.ONE_OFF),
     [("reversal", MONTH, -2790), ("one_off", "2020-10-01/2020-10-02", 2790)]),
    # It ended and had another price all along.
    (line("31", discounts=OFF), line("20", discounts=OFF, end=TENTH),
     [("reversal", MONTH, -2790), ("recurring", TEN_DAYS, 581)]),
    # It ended and had less of the same discount: its ten days cost more than the month did.
    (line("31", discounts=(amount("25"),)), line("31", discounts=(amount("1"),), end=TENTH),
     [("reversal", MONTH, -600), ("recurring", TEN_DAYS, 968)]),
    # Days of 30/360 do not say what is taken back: 21 of 30 days are 42 cents, and 40 are too much.
    (line("0.60", proration=BOND), line("0.60", proration=BOND, end=TENTH),
     [("reversal", MONTH, -60), ("recurring", TEN_DAYS, 20)]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), NO_BEGINNINGS)
def test_what_is_no_beginning_of_the_charge_takes_it_back_whole(
    before: TermLine, after: TermLine, expected: list[tuple[str, str, int]]
) -> None:
    assert back_and_anew(before, after) == expected


def test_a_free_charge_that_ends_earlier_takes_back_its_last_days_for_nothing() -> None:
    subject = line("31", discounts=FREE)
    assert back_and_anew(subject, replace(subject, end=TENTH)) == [("reversal", LAST_DAYS, 0)]


def test_a_cent_of_rounding_still_takes_back_days_at_the_base_of_the_profile() -> None:
    books, subject = Books(), line("0.30", proration=BOND)
    books.run(subject, NOVEMBER)
    (back,) = books.run(replace(subject, end=TENTH), NOVEMBER)
    assert (str(back.period), back.amount_minor, back.quantity, back.unit, back.price_base_quantity) == (
        LAST_DAYS, -20, -21, "DAY", 30,
    )  # fmt: skip


def test_a_rest_that_was_credited_shows_discount_and_credit_apart() -> None:
    books, subject = Books(), line("31", discounts=OFF)
    books.run(subject, NOVEMBER)
    books.run(replace(subject, end=date(2020, 10, 21)), NOVEMBER)
    books.credit(1, 100)
    (back,) = books.run(replace(subject, end=OCTOBER), NOVEMBER)
    assert (back.amount_minor, back.quantity, back.unit) == (-1700, -20, "DAY")
    assert [(a.reason, a.amount_minor) for a in back.allowances] == [("Term 10 %", -200), ("Credited before", -100)]
