"""Used quantity → price, against paper cases and properties (B36, B37, B38, B43)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.pricing import (
    PriceModel,
    Tier,
    UsagePrice,
    UsagePriceRefused,
    least_charge,
    price_usage,
    usage_price_from_plain,
)

D = Decimal
TIERS = (Tier(D(10), D(0)), Tier(D(100), D("0.50")), Tier(None, D("0.20")))
money = st.decimals(0, 1000, places=4)
quantities = st.decimals(0, 10**6, places=6)
shares = st.fractions(0, 1, max_denominator=31).map(lambda f: D(f.numerator) / f.denominator)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(st.integers(1, 10**5), max_size=4)))
    return tuple(Tier(D(end), draw(money)) for end in ends) + (Tier(None, draw(money)),)


def total(price: UsagePrice, quantity: Decimal, share: Decimal | None = None) -> Decimal:
    steps_of = price_usage(price=price, quantity=quantity, share=D(1) if share is None else share)
    return sum((s.quantity * s.unit_price for s in steps_of), D(0))


def steps(price: UsagePrice, quantity: str, share: str = "1") -> list[tuple[str, Decimal, Decimal]]:
    priced = price_usage(price=price, quantity=D(quantity), share=D(share))
    return [(s.label, s.quantity, s.unit_price) for s in priced]


@pytest.mark.parametrize(
    ("price", "quantity", "cost"),
    [
        (UsagePrice(model=PriceModel.FLAT, price=D(25)), "0.000001", "25"),
        (UsagePrice(model=PriceModel.FLAT, price=D(25)), "0", "0"),
        (UsagePrice(model=PriceModel.PER_UNIT, price=D("0.08")), "12.5", "1"),
        (UsagePrice(model=PriceModel.TIERED, tiers=TIERS), "0", "0"),
        (UsagePrice(model=PriceModel.TIERED, tiers=TIERS), "10", "0"),  # tier 0 is free (B43)
        (UsagePrice(model=PriceModel.TIERED, tiers=TIERS), "11", "0.5"),
        (UsagePrice(model=PriceModel.TIERED, tiers=TIERS), "100", "45"),
        (UsagePrice(model=PriceModel.TIERED, tiers=TIERS), "150", "55"),
        (UsagePrice(model=PriceModel.VOLUME, tiers=TIERS), "10", "0"),
        (UsagePrice(model=PriceModel.VOLUME, tiers=TIERS), "100", "50"),  # up to and including 100
        (UsagePrice(model=PriceModel.VOLUME, tiers=TIERS), "100.000001", "20.0000002"),
        (UsagePrice(model=PriceModel.PACKAGE, price=D(9), size=D(500)), "0", "0"),
        (UsagePrice(model=PriceModel.PACKAGE, price=D(9), size=D(500)), "500", "9"),
        (UsagePrice(model=PriceModel.PACKAGE, price=D(9), size=D(500)), "500.000001", "18"),
        # B37: 10,000 GB included, every GB above at the surcharge of the order form.
        (UsagePrice(model=PriceModel.INCLUDED, included=D(10000), price=D("0.05")), "9999", "0"),
        (UsagePrice(model=PriceModel.INCLUDED, included=D(10000), price=D("0.05")), "10000", "0"),
        (UsagePrice(model=PriceModel.INCLUDED, included=D(10000), price=D("0.05")), "12345.6", "117.28"),
        # B38: 100 Mbps committed at 2.00, beyond at 3.00.
        (UsagePrice(model=PriceModel.COMMIT, included=D(100), price=D(2), overage_price=D(3)), "0", "200"),
        (UsagePrice(model=PriceModel.COMMIT, included=D(100), price=D(2), overage_price=D(3)), "100", "200"),
        (UsagePrice(model=PriceModel.COMMIT, included=D(100), price=D(2), overage_price=D(3)), "102.293333", "206.879999"),
        # An hour at 0.05, never more than 30 a month: 600 hours.
        (UsagePrice(model=PriceModel.CAPPED, price=D("0.05"), cap=D(30)), "599", "29.95"),
        (UsagePrice(model=PriceModel.CAPPED, price=D("0.05"), cap=D(30)), "600", "30"),
        (UsagePrice(model=PriceModel.CAPPED, price=D("0.05"), cap=D(30)), "743", "30"),
    ],
)  # fmt: skip
def test_paper_cases(price: UsagePrice, quantity: str, cost: str) -> None:
    assert total(price, D(quantity)) == D(cost)


def test_each_step_says_what_it_is() -> None:
    commit = UsagePrice(model=PriceModel.COMMIT, included=D("100.0"), price=D(2), overage_price=D(3))
    assert steps(commit, "130") == [("commit", D(100), D(2)), ("beyond the commit of 100", D(30), D(3))]
    included = UsagePrice(model=PriceModel.INCLUDED, included=D(5000), price=D("0.1"))
    assert steps(included, "5001") == [("beyond the included 5000", D(1), D("0.1"))]
    tiered = UsagePrice(model=PriceModel.TIERED, tiers=TIERS)
    assert steps(tiered, "150") == [("tier 1", D(10), D(0)), ("tier 2", D(90), D("0.50")), ("tier 3", D(50), D("0.20"))]
    # An empty step keeps its place, so that the next revision finds its like.
    assert steps(tiered, "5") == [("tier 1", D(5), D(0)), ("tier 2", D(0), D("0.50")), ("tier 3", D(0), D("0.20"))]
    assert steps(UsagePrice(model=PriceModel.VOLUME, tiers=TIERS), "11") == [
        ("all at the price of the volume reached", D(11), D("0.50"))
    ]
    assert steps(UsagePrice(model=PriceModel.PACKAGE, price=D(9), size=D(500)), "501") == [
        ("packages of 500", D(2), D(9))
    ]
    capped = UsagePrice(model=PriceModel.CAPPED, price=D(1), cap=D(30))
    assert steps(capped, "31") == [("capped", D(1), D(30))]
    assert steps(capped, "30") == [("used", D(30), D(1))]
    assert steps(UsagePrice(model=PriceModel.FLAT, price=D(7)), "3") == [("flat", D(1), D(7))]
    assert steps(UsagePrice(model=PriceModel.PER_UNIT, price=D(7)), "3") == [("used", D(3), D(7))]


def test_what_is_measured_keeps_its_unit_and_what_is_not_counts_pieces() -> None:
    measured = {
        model: [s.is_measured for s in price_usage(price=price, quantity=D(50))]
        for model, price in {
            "flat": UsagePrice(model=PriceModel.FLAT, price=D(1)),
            "package": UsagePrice(model=PriceModel.PACKAGE, price=D(1)),
            "capped": UsagePrice(model=PriceModel.CAPPED, price=D(1), cap=D(3)),
            "below the cap": UsagePrice(model=PriceModel.CAPPED, price=D(1), cap=D(300)),
            "commit": UsagePrice(model=PriceModel.COMMIT, included=D(1)),
        }.items()
    }
    assert measured == {
        "flat": [False], "package": [False], "capped": [False], "below the cap": [True], "commit": [True, True]
    }  # fmt: skip


def test_a_part_of_a_month_has_that_part_of_what_is_included_and_the_whole_cap() -> None:
    included = UsagePrice(model=PriceModel.INCLUDED, included=D(1000), price=D(1), minimum=D(30))
    assert total(included, D(600), D("0.5")) == 100
    assert least_charge(price=included, share=D("0.5")) == 15
    assert least_charge(price=included) == 30
    commit = UsagePrice(model=PriceModel.COMMIT, included=D(100), price=D(2), overage_price=D(3))
    assert total(commit, D(0), D("0.25")) == 50
    whole = UsagePrice(model=PriceModel.INCLUDED, included=D(1000), price=D(1), minimum=D(30), is_prorated=False)
    assert total(whole, D(1001), D("0.5")) == 1
    assert least_charge(price=whole, share=D("0.5")) == 30
    assert total(UsagePrice(model=PriceModel.CAPPED, price=D(1), cap=D(30)), D(40), D("0.5")) == 30
    assert total(UsagePrice(model=PriceModel.TIERED, tiers=TIERS), D(10), D("0.5")) == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": PriceModel.PER_UNIT, "price": D(-1)}, "price is -1; it cannot be negative"),
        ({"model": PriceModel.INCLUDED, "included": D(-1)}, "included is -1"),
        ({"model": PriceModel.COMMIT, "overage_price": D("-0.01")}, "overage_price is -0.01"),
        ({"model": PriceModel.PER_UNIT, "minimum": D(-5)}, "minimum is -5"),
        ({"model": PriceModel.PACKAGE, "size": D(0)}, "a package of 0 holds nothing"),
        ({"model": PriceModel.PACKAGE, "size": D(-1)}, "a package of -1 holds nothing"),
        ({"model": PriceModel.CAPPED}, "needs a cap of 0 or more"),
        ({"model": PriceModel.CAPPED, "cap": D(-1)}, "needs a cap of 0 or more"),
        ({"model": PriceModel.TIERED}, "the last tier must have no upper end"),
        ({"model": PriceModel.VOLUME, "tiers": (Tier(D(5), D(1)),)}, "the last tier must have no upper end"),
        ({"model": PriceModel.TIERED, "tiers": (Tier(None, D(1)), Tier(None, D(1)))}, "only the last tier"),
        ({"model": PriceModel.TIERED, "tiers": (Tier(D(5), D(-1)), Tier(None, D(1)))}, "no tier a negative price"),
        ({"model": PriceModel.TIERED, "tiers": (Tier(D(5), D(1)), Tier(D(5), D(1)), Tier(None, D(1)))}, "must rise from above 0"),
        ({"model": PriceModel.TIERED, "tiers": (Tier(D(0), D(1)), Tier(None, D(1)))}, "must rise from above 0"),
    ],
)  # fmt: skip
def test_refuses_prices_that_contradict_themselves(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UsagePriceRefused, match=words):
        UsagePrice(**values)


def test_a_cap_of_nothing_makes_it_free() -> None:
    assert total(UsagePrice(model=PriceModel.CAPPED, price=D(1), cap=D(0)), D(5)) == 0


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"model": "per_unit", "prize": "1"}, "a usage price has no 'prize'"),
        ({"model": "per_unit", "price": "1", "zeal": 1, "area": 1}, "has no 'area'"),
        ({"model": "per-unit"}, "'per-unit' is no price model; the models are flat, per_unit, tiered"),
        ({}, "'' is no price model|None is no price model"),
        ({"model": "per_unit", "price": "cheap"}, "price of a usage price is 'cheap', which is no number"),
        ({"model": "per_unit", "price": "NaN"}, "which is no number"),
        ({"model": "capped", "cap": "Infinity"}, "cap of a usage price"),
        ({"model": "tiered", "tiers": [["x", "1"], [None, "1"]]}, "tiers of a usage price is 'x'"),
        ({"model": "tiered", "tiers": [["1", "y"], [None, "1"]]}, "tiers of a usage price is 'y'"),
    ],
)
def test_refuses_texts_it_does_not_know(plain: dict[str, Any], words: str) -> None:
    with pytest.raises(UsagePriceRefused, match=words):
        usage_price_from_plain(plain)


@pytest.mark.parametrize("open_end", [None, "", "null", "~"])
def test_reads_tiers_with_an_open_end(open_end: str | None) -> None:
    plain = {"model": "tiered", "tiers": [["10", 0], [100, "0.50"], [open_end, "0.20"]]}
    assert usage_price_from_plain(plain) == UsagePrice(model=PriceModel.TIERED, tiers=TIERS)


@st.composite
def prices(draw: st.DrawFn) -> UsagePrice:
    return UsagePrice(
        model=draw(st.sampled_from(PriceModel)), price=draw(money), tiers=draw(tiers()), size=draw(st.decimals("0.01", 1000, places=2)),
        included=draw(money), overage_price=draw(money), cap=draw(money), minimum=draw(money), is_prorated=draw(st.booleans()),
    )  # fmt: skip


@given(prices())
def test_a_price_survives_being_stored(price: UsagePrice) -> None:
    plain = price.to_plain()
    assert usage_price_from_plain(plain) == price
    assert usage_price_from_plain(plain).to_plain() == plain


def test_the_names_of_models_are_stored_and_never_change() -> None:
    names = "flat per_unit tiered volume package included commit capped".split()
    assert [model.value for model in PriceModel] == names


def test_what_is_not_set_is_not_stored() -> None:
    assert UsagePrice(model=PriceModel.FLAT).to_plain() == {"model": "flat"}
    full = UsagePrice(
        model=PriceModel.TIERED, price=D(1), tiers=TIERS, size=D(2), included=D(3), overage_price=D(4), cap=D(0), minimum=D(6),
        is_prorated=False,
    )  # fmt: skip
    assert full.to_plain() == {
        "model": "tiered", "price": "1", "included": "3", "overage_price": "4", "minimum": "6", "size": "2", "cap": "0",
        "is_prorated": False, "tiers": [["10", "0"], ["100", "0.50"], [None, "0.20"]],
    }  # fmt: skip


@given(prices(), quantities, quantities, shares)
def test_more_use_never_costs_less_but_by_volume(price: UsagePrice, a: Decimal, b: Decimal, share: Decimal) -> None:
    if price.model is not PriceModel.VOLUME:
        assert total(price, min(a, b), share) <= total(price, max(a, b), share)


@given(tiers(), quantities)
def test_slices_sum_to_the_whole_and_each_stays_in_its_tier(rows: tuple[Tier, ...], quantity: Decimal) -> None:
    slices = price_usage(price=UsagePrice(model=PriceModel.TIERED, tiers=rows), quantity=quantity)
    assert sum(s.quantity for s in slices) == quantity
    below = D(0)
    for tier, part in zip(rows, slices, strict=True):
        assert part.quantity >= 0
        if tier.up_to is not None:
            assert part.quantity <= tier.up_to - below
            assert part.quantity == tier.up_to - below or quantity < tier.up_to
            below = tier.up_to
        assert part.unit_price == tier.price


@given(tiers(), st.integers(0, 300), st.integers(1, 60))
def test_tiers_against_counting_unit_by_unit(rows: tuple[Tier, ...], count: int, scale: int) -> None:
    rows = tuple(Tier(None if t.up_to is None else D(n * scale), t.price) for n, t in enumerate(rows, start=1))
    one_by_one = sum(
        (next(t.price for t in rows if t.up_to is None or unit <= t.up_to) for unit in range(1, count + 1)), D(0)
    )
    assert total(UsagePrice(model=PriceModel.TIERED, tiers=rows), D(count)) == one_by_one


@given(tiers(), quantities)
def test_volume_prices_all_at_one_tier(rows: tuple[Tier, ...], quantity: Decimal) -> None:
    (step,) = price_usage(price=UsagePrice(model=PriceModel.VOLUME, tiers=rows), quantity=quantity)
    reached = next(t for t in rows if t.up_to is None or quantity <= t.up_to)
    assert (step.quantity, step.unit_price) == (quantity, reached.price)


@given(money, money, quantities, shares)
def test_a_cap_is_never_passed(price: Decimal, cap: Decimal, quantity: Decimal, share: Decimal) -> None:
    capped = UsagePrice(model=PriceModel.CAPPED, price=price, cap=cap)
    assert total(capped, quantity, share) == min(quantity * price, cap)


@given(money, money, money, quantities, shares)
def test_a_commit_is_paid_used_or_not(
    committed: Decimal, price: Decimal, overage: Decimal, quantity: Decimal, share: Decimal
) -> None:
    commit = UsagePrice(model=PriceModel.COMMIT, included=committed, price=price, overage_price=overage)
    part = committed * share
    assert total(commit, quantity, share) == part * price + max(quantity - part, D(0)) * overage


@given(st.decimals("0.01", 1000, places=2), money, quantities)
def test_packages_hold_what_was_used_and_none_stays_unbegun(size: Decimal, price: Decimal, quantity: Decimal) -> None:
    (step,) = price_usage(price=UsagePrice(model=PriceModel.PACKAGE, price=price, size=size), quantity=quantity)
    assert step.quantity == step.quantity.to_integral_value()
    assert (step.quantity - 1) * size < quantity <= step.quantity * size or step.quantity == quantity == 0
