"""Money received and what it pays: never more than is open, nothing lost; named first, then exact, then by age."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core import settling
from rackbill.core.money import Money
from rackbill.core.settling import (
    Ground,
    OpenAmount,
    Settlement,
    Share,
    is_agreed,
    items_named_in,
    pays_exactly,
    settle,
)

DAY = date(2020, 10, 1)
NAMED, EXACT, SUM, AGE = Ground.NAMED, Ground.EXACT, Ground.SUM, Ground.AGE


def item(
    key: int, open_minor: int, *, due: int = 0, issued: int = 0, currency: str = "EUR", names: tuple[str, ...] = ()
) -> OpenAmount:
    """An open item; `due` and `issued` count days from 1 October 2020."""
    return OpenAmount(
        key=key, currency=currency, issued_on=DAY + timedelta(issued), due_on=DAY + timedelta(due), open_minor=open_minor, names=names,
    )  # fmt: skip


def paid(
    amount: int, items: list[OpenAmount], named: tuple[int, ...] = ()
) -> tuple[list[tuple[int, int, Ground]], int]:
    """What is paid of each item, as plain tuples, and the remainder."""
    result = settle(received=Money(amount, "EUR"), items=items, named=named)
    return [(share.key, share.amount_minor, share.ground) for share in result.shares], result.remainder_minor


THREE = [item(1, 100, due=20), item(2, 250, due=10), item(3, 400, due=30)]
CASES: dict[str, tuple[int, list[OpenAmount], tuple[int, ...], list[tuple[int, int, Ground]], int]] = {
    "one item exactly": (250, THREE, (), [(2, 250, EXACT)], 0),
    "one item exactly, not the oldest": (400, THREE, (), [(3, 400, EXACT)], 0),
    "all of them": (750, THREE, (), [(2, 250, SUM), (1, 100, SUM), (3, 400, SUM)], 0),
    "two of them": (500, THREE, (), [(1, 100, SUM), (3, 400, SUM)], 0),
    "the two oldest": (350, THREE, (), [(2, 250, SUM), (1, 100, SUM)], 0),
    "a part, by age": (300, THREE, (), [(2, 250, AGE), (1, 50, AGE)], 0),
    "a part of the oldest": (1, THREE, (), [(2, 1, AGE)], 0),
    "more than all": (751, THREE, (), [(2, 250, AGE), (1, 100, AGE), (3, 400, AGE)], 1),
    "nothing open": (10, [], (), [], 10),
    "only paid ones": (10, [item(1, 0)], (), [], 10),
    "a credit note is not paid": (10, [item(1, -10)], (), [], 10),
    "another currency": (10, [item(1, 10, currency="USD")], (), [], 10),
    "a named one of another currency": (10, [item(1, 10, currency="USD")], (1,), [], 10),
    "the named one": (400, THREE, (3,), [(3, 400, NAMED)], 0),
    "a part of the named one": (50, THREE, (3,), [(3, 50, NAMED)], 0),
    "the named ones, oldest first": (350, THREE, (3, 2), [(2, 250, NAMED), (3, 100, NAMED)], 0),
    "named before an exact other": (250, THREE, (3,), [(3, 250, NAMED)], 0),
    "named, then one exactly": (500, THREE, (3,), [(3, 400, NAMED), (1, 100, EXACT)], 0),
    "named, then a sum": (750, THREE, (3,), [(3, 400, NAMED), (2, 250, SUM), (1, 100, SUM)], 0),
    "named, then by age": (420, THREE, (3,), [(3, 400, NAMED), (2, 20, AGE)], 0),
    "named and too much": (800, THREE, (1, 2, 3), [(2, 250, NAMED), (1, 100, NAMED), (3, 400, NAMED)], 50),
    "named and paid already": (250, [*THREE, item(4, 0)], (4,), [(2, 250, EXACT)], 0),
    "a name of nobody": (250, THREE, (99,), [(2, 250, EXACT)], 0),
    "equal amounts: the older": (100, [item(1, 100, due=2), item(2, 100, due=1)], (), [(2, 100, EXACT)], 0),
    "equal due dates: the earlier issued": (100, [item(1, 100, issued=2), item(2, 100, issued=1)], (), [(2, 100, EXACT)], 0),
    "equal dates: the lower key": (100, [item(2, 100), item(1, 100)], (), [(1, 100, EXACT)], 0),
    "a credit note is no part of a sum": (80, [item(1, -20), item(2, 100, due=1)], (), [(2, 80, AGE)], 0),
    "the older parts of a sum on the way to it": (35, [item(1, 10), item(2, 20, due=1), item(3, 30, due=2), item(4, 5, due=3)], (), [(1, 10, SUM), (2, 20, SUM), (4, 5, SUM)], 0),
    "equal sums: the older parts": (30, [item(1, 10, due=1), item(2, 20, due=2), item(3, 20, due=3)], (), [(1, 10, SUM), (2, 20, SUM)], 0),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_money_pays(name: str) -> None:
    amount, items, named, shares, remainder = CASES[name]
    assert paid(amount, items, named) == (shares, remainder)
    assert paid(amount, items[::-1], named) == (shares, remainder), "the order in which items are listed means nothing"


@pytest.mark.parametrize("amount", [0, -1])
def test_only_money_received_is_settled(amount: int) -> None:
    with pytest.raises(ValueError, match="only money received can be settled, not"):
        settle(received=Money(amount, "EUR"), items=THREE)


def test_an_item_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="listed twice; its money would be counted twice"):
        settle(received=Money(5, "EUR"), items=[item(1, 5), item(1, 5)])


def test_the_search_for_a_sum_ends() -> None:
    doubling = [item(n, 2**n, due=n) for n in range(40)]
    limit = next(n for n in range(40) if 2**n > settling.MOST_SUMS)
    reachable = (1 << limit) - 1
    assert {ground for _key, _paid, ground in paid(reachable, doubling)[0]} == {SUM}
    beyond = (1 << 39) + (1 << 37)
    shares, remainder = paid(beyond, doubling)
    assert ({ground for _key, _paid, ground in shares}, remainder) == ({AGE}, 0)


def test_as_many_sums_as_allowed_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [item(1, 1, due=1), item(2, 2, due=2), item(3, 40, due=3), item(4, 80, due=4)]
    monkeypatch.setattr(settling, "MOST_SUMS", 4)  # 0, 1, 2, 3 are four sums
    assert paid(41, items)[0] == [(1, 1, SUM), (3, 40, SUM)]
    monkeypatch.setattr(settling, "MOST_SUMS", 3)
    assert paid(41, items)[0] == [(1, 1, AGE), (2, 2, AGE), (3, 38, AGE)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Invoice 21000012", {1}),
        ("2100 0012 / 2100.0013", {1, 2}),
        ("RE-NR.:21000013", {2}),
        ("rg21000012,nl0012345678", {1, 3}),
        ("NL 0012 345678", {3}),
        ("210000120", set()),
        ("", set()),
    ],
)
def test_items_are_named_in_a_text(text: str, named: set[int]) -> None:
    items = [
        item(1, 1, names=("21000012",)),
        item(2, 1, names=("21000013",)),
        item(3, 1, names=("X", "NL0012345678")),
        item(4, 1),
    ]
    assert items_named_in(text=text, items=items) == named


@pytest.mark.parametrize(
    ("amount", "items", "agreed"),
    [
        (250, THREE, True), (750, THREE, True), (350, THREE, False), (0, [], False), (0, [item(1, 0)], False), (5, [item(1, 5)], True),
        (5, [item(1, 5, currency="USD")], False), (7, [item(1, 5), item(2, 2, currency="USD")], False), (5, [item(1, 10), item(2, -5)], False),
        (-5, [item(1, -5)], False), (1, [item(1, 1), item(2, 2)], True), (0, [item(1, 0), item(2, 0)], False),
        (0, [item(1, 0), item(2, 3)], False), (3, [item(1, 1), item(2, 2)], True),
    ],
)  # fmt: skip
def test_when_an_amount_agrees(amount: int, items: list[OpenAmount], agreed: bool) -> None:
    assert is_agreed(amount_minor=amount, currency="EUR", items=items) is agreed


@pytest.mark.parametrize(
    ("amount", "named", "exactly"),
    [
        (250, (), True), (750, (), True), (500, (3,), True), (1, (), False), (300, (), False), (751, (), False), (50, (3,), False),
        (650, (2,), True), (660, (3,), False),
    ],
)  # fmt: skip
def test_when_money_pays_whole_items_and_nothing_remains(amount: int, named: tuple[int, ...], exactly: bool) -> None:
    assert pays_exactly(received=Money(amount, "EUR"), items=THREE, named=named) is exactly


def test_money_without_an_open_item_remains() -> None:
    assert not pays_exactly(received=Money(5, "EUR"), items=[])


def test_grounds_are_stored_under_names_that_never_change() -> None:
    assert [ground.value for ground in Ground] == ["named", "exact", "sum", "age"]


def test_sums_beyond_the_money_do_not_count_as_tried() -> None:
    large = [item(n, 1000 + 2**n) for n in range(14)]
    small = [item(20, 7, due=1), item(21, 8, due=1)]
    assert paid(15, [*large, *small])[0] == [(20, 7, SUM), (21, 8, SUM)]


@st.composite
def situations(draw: st.DrawFn) -> tuple[int, list[OpenAmount], frozenset[int]]:
    """Money, items in two currencies, some of them paid or credit notes, and what the text names."""
    items = [
        item(
            key, draw(st.one_of(st.integers(-50, 60), st.integers(-5, 3000))), due=draw(st.integers(0, 4)),
            issued=draw(st.integers(0, 2)), currency=draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"])),
        )
        for key in range(draw(st.integers(0, 9)))
    ]  # fmt: skip
    payable = [i.open_minor for i in items if i.currency == "EUR" and i.open_minor > 0]
    some = draw(st.lists(st.sampled_from(payable), min_size=1, unique=False, max_size=4)) if payable else [1]
    amount = draw(st.one_of(st.integers(1, 9000), st.just(sum(some)), st.just(max(sum(payable), 1))))
    named = draw(st.frozensets(st.integers(0, 9), max_size=4))
    return amount, draw(st.permutations(items)), named


def settled(situation: tuple[int, list[OpenAmount], frozenset[int]]) -> tuple[Settlement, dict[int, OpenAmount]]:
    amount, items, named = situation
    return settle(received=Money(amount, "EUR"), items=items, named=named), {i.key: i for i in items}


@given(situations())
def test_every_cent_is_a_share_or_the_remainder(situation: tuple[int, list[OpenAmount], frozenset[int]]) -> None:
    result, _items = settled(situation)
    assert sum(share.amount_minor for share in result.shares) + result.remainder_minor == situation[0]
    assert result.remainder_minor >= 0
    assert all(share.amount_minor > 0 for share in result.shares)


@given(situations())
def test_no_item_gets_more_than_is_open_or_another_currency(
    situation: tuple[int, list[OpenAmount], frozenset[int]],
) -> None:
    result, items = settled(situation)
    assert len({share.key for share in result.shares}) == len(result.shares)
    for share in result.shares:
        assert items[share.key].currency == "EUR"
        assert share.amount_minor <= items[share.key].open_minor


@given(situations())
def test_nothing_remains_while_anything_is_open(situation: tuple[int, list[OpenAmount], frozenset[int]]) -> None:
    result, items = settled(situation)
    total_open = sum(i.open_minor for i in items.values() if i.currency == "EUR" and i.open_minor > 0)
    assert result.remainder_minor == max(0, situation[0] - total_open)


@given(situations())
def test_named_items_come_first_and_at_most_one_item_is_paid_in_part(
    situation: tuple[int, list[OpenAmount], frozenset[int]],
) -> None:
    result, items = settled(situation)
    amount, _items, named = situation
    payable = {key for key in named if key in items and items[key].currency == "EUR" and items[key].open_minor > 0}
    got = {share.key: share for share in result.shares}
    assert {key for key, share in got.items() if share.ground is NAMED} <= payable
    assert sum(share.amount_minor for key, share in got.items() if key in payable) == min(
        amount, sum(items[key].open_minor for key in payable)
    )
    assert sum(share.amount_minor < items[share.key].open_minor for share in result.shares) <= 1


@given(situations())
def test_older_items_are_paid_before_younger_ones_of_the_same_ground(
    situation: tuple[int, list[OpenAmount], frozenset[int]],
) -> None:
    result, items = settled(situation)
    for ground in Ground:
        ages = [(items[s.key].due_on, items[s.key].issued_on, s.key) for s in result.shares if s.ground is ground]
        assert ages == sorted(ages)
        if ground in (EXACT, SUM):
            assert all(s.amount_minor == items[s.key].open_minor for s in result.shares if s.ground is ground)


@given(situations())
def test_an_exact_sum_is_found_where_there_is_one(situation: tuple[int, list[OpenAmount], frozenset[int]]) -> None:
    amount, items, _named = situation
    amounts = [i.open_minor for i in items if i.currency == "EUR" and i.open_minor > 0]
    sums = {0}
    for one in amounts:
        sums |= {total + one for total in sums}
    result, _ = settled((amount, items, frozenset()))
    grounds = {share.ground for share in result.shares}
    assert (grounds <= {EXACT, SUM} and bool(grounds)) == (amount in sums)
    assert (grounds == {EXACT}) == (amount in amounts)


@given(situations())
def test_the_same_money_always_pays_the_same(situation: tuple[int, list[OpenAmount], frozenset[int]]) -> None:
    amount, items, named = situation
    once, _ = settled((amount, items, named))
    again, _ = settled((amount, sorted(items, key=lambda i: -i.key), named))
    assert once == again
    assert all(isinstance(share, Share) for share in once.shares)
