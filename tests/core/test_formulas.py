"""Every formula gives its amount, by an evaluator that knows nothing of Rackbill (docs/recipes/recompute.py)."""

import importlib.util
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.charges import Charge, charges_owed
from rackbill.core.explanation import Explanation, LineCause, Reckoned, accounting_reckoned, reckoned
from rackbill.core.money import minor_digits
from rackbill.core.terms import (
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    LineKind,
    Proration,
    ProrationProfile,
    Rounding,
    TermLine,
)
from tests.core.stories import Books, amendments, currencies, days, lines, terms
from tests.world.documents import golden

RECIPE = Path(__file__).parents[2] / "docs" / "recipes" / "recompute.py"


def recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recompute", RECIPE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RECOMPUTE = recipe()


def recomputed(charge: Charge) -> int:
    rounding = dict(charge.cause.facts).get("rounding", "half_up")
    return int(RECOMPUTE.rounded(RECOMPUTE.exact(charge.cause.formula) * 10 ** minor_digits(charge.currency), rounding))


@given(lines(), days, currencies)
def test_the_formula_of_every_owed_charge_gives_its_amount(subject: TermLine, through: date, currency: str) -> None:
    for charge in charges_owed(terms=terms(subject, currency), through=through):
        assert recomputed(charge) == charge.amount_minor, charge


@given(st.data(), lines(), currencies)
def test_so_does_that_of_every_correction_in_a_life_of_amendments(
    data: st.DataObject, subject: TermLine, currency: str
) -> None:
    books, through = Books(currency), data.draw(days)
    for _ in range(data.draw(st.integers(1, 4))):
        for charge in books.run(subject, through):
            assert recomputed(charge) == charge.amount_minor, charge
        if books.charged and data.draw(st.booleans()):
            books.credit(data.draw(st.integers(1, len(books.charged))), data.draw(st.integers(1, 20_000)))
        subject = data.draw(amendments(subject))
        through = max(through, data.draw(days))


def test_the_evaluator_takes_nothing_but_sums() -> None:
    assert RECOMPUTE.exact("max(17 * 129.95 / 31 - 5, 0)") == Fraction(17 * 12995, 3100) - 5
    for bad in ("__import__('os')", "2 ** 9", "7 // 2", "1; 2", "a", "", "min.x"):
        with pytest.raises((ValueError, SyntaxError, NameError, AttributeError)):
            RECOMPUTE.exact(bad)


@pytest.mark.parametrize(
    ("value", "rounding", "expected"),
    [
        ("0.5", "half_up", 1),
        ("-0.5", "half_up", -1),
        ("0.5", "half_even", 0),
        ("1.5", "half_even", 2),
        ("-1.9", "down", -1),
    ],
)
def test_the_evaluator_rounds_by_every_rule(value: str, rounding: str, expected: int) -> None:
    assert RECOMPUTE.rounded(Fraction(value), rounding) == expected


def test_facts_tell_what_is_not_the_standard_and_nothing_else() -> None:
    plain = TermLine(
        line_id=1, kind=LineKind.RECURRING, start=date(2020, 1, 20), end=None,
        prices=(DatedPrice(date(2020, 1, 1), None, Decimal("129.95")),),
        quantities=(DatedQuantity(date(2020, 1, 1), None, Decimal(1)),),
    )  # fmt: skip
    part, whole = charges_owed(terms=terms(plain), through=date(2020, 2, 2))
    assert part.cause.facts == whole.cause.facts == (("price_from", "2020-01-01"),)
    odd = replace(
        plain, quantities=(DatedQuantity(date(2020, 1, 15), None, Decimal(3)),),
        discounts=(Discount(DiscountKind.PERCENT, Decimal("10.00"), "Term", date(2020, 1, 1), date(2021, 1, 1)),),
        proration=ProrationProfile(method=Proration.THIRTY_360, day_price_digits=4, rounding=Rounding.DOWN),
    )  # fmt: skip
    part, whole = charges_owed(terms=terms(odd), through=date(2020, 2, 2))
    always = [
        ("price_from", "2020-01-01"), ("quantity_from", "2020-01-15"), ("rounding", "down"),
        ("discount", "Term: 10 % from 2020-01-01 until 2021-01-01"),
    ]  # fmt: skip
    assert list(whole.cause.facts) == always
    assert set(part.cause.facts) == {*always, ("count", "3"), ("proration", "30/360"), ("day_price_digits", "4")}


@pytest.mark.parametrize("name", sorted(golden()))
def test_every_total_of_the_golden_documents_has_a_formula_that_gives_it(name: str) -> None:
    document = golden()[name]
    sign = "0 - " if document.kind == "credit_note" else ""
    causes = {
        line.line_number: LineCause(
            charge_kind="recurring", revision=0, rule="", facts=(),  # type: ignore[arg-type]
            formula=f"{sign}{Decimal(line.net_minor).scaleb(-minor_digits(document.currency))}",
        )
        for line in document.lines
    }  # fmt: skip
    amounts = list(reckoned(Explanation(document=document, sha256="", causes=causes)))
    for value in accounting_reckoned(document).values():
        amounts += [("exchange", one) for one in (value if isinstance(value, list) else [value])]
    lines = {f"line {line.line_number}" for line in document.lines}
    assert {what for what, _ in amounts} >= {"net", "tax", "gross", "due"} | lines
    assert lines or document.kind == "reminder"
    for what, value in amounts:
        assert _minor(value) == value.amount_minor, (what, value)


def _minor(value: Reckoned) -> int:
    return int(RECOMPUTE.rounded(RECOMPUTE.exact(value.formula) * 10**value.minor_digits, value.rounding.value))


def test_a_half_after_a_division_and_two_discounts_is_not_missed() -> None:
    off = [Discount(DiscountKind.AMOUNT, Decimal(v), "Term", date(2019, 1, 1), None) for v in ("0.11", "77.71")]
    subject = TermLine(
        line_id=1, kind=LineKind.RECURRING, start=date(2019, 1, 4), end=None, anchor_on=date(2019, 1, 19), cycle_months=6,
        prices=(DatedPrice(date(2019, 1, 1), None, Decimal("4.50")),),
        quantities=(DatedQuantity(date(2019, 1, 1), None, Decimal(23)),), discounts=tuple(off),
        proration=ProrationProfile(method=Proration.THIRTY_360, day_price_digits=2),
    )  # fmt: skip
    first = charges_owed(terms=terms(subject), through=date(2019, 1, 5))[0]
    assert (first.cause.formula, first.amount_minor) == (
        "max(max(345 * 0.03 - 0.11 * 15 / 180, 0) - 77.71 * 15 / 180, 0)", 387,
    )  # fmt: skip
