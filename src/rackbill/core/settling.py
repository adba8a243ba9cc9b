"""Money received → which open items it pays: those that its text names, then an exact sum, then the oldest; the remainder."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rackbill.core.money import Money
from rackbill.core.remittance import identifier_words

MOST_SUMS = 5_000
"""How many different sums are tried before the search for an exact one is given up; beyond it a hit would be chance."""


class Ground(StrEnum):
    """Why a share goes to an item."""

    NAMED = "named"
    EXACT = "exact"
    SUM = "sum"
    AGE = "age"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAmount:
    """What is open of one document of a customer; `names` are the normalised texts that mean this document."""

    key: int
    currency: str
    issued_on: date
    due_on: date
    open_minor: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """So much of the money pays that item."""

    key: int
    amount_minor: int
    ground: Ground


@dataclass(frozen=True, slots=True)
class Settlement:
    """The shares, named items first, and what is left over. Shares and remainder are the money received, to the cent."""

    shares: tuple[Share, ...]
    remainder_minor: int


def items_named_in(*, text: str, items: Sequence[OpenAmount]) -> frozenset[int]:
    """The keys of the items that a text names, whatever blanks or marks stand inside the numbers."""
    words = set(identifier_words(text))
    return frozenset(item.key for item in items if not words.isdisjoint(item.names))


def settle(*, received: Money, items: Sequence[OpenAmount], named: Collection[int] = ()) -> Settlement:
    """Which items of one customer the money pays. Items of other currencies, and those with nothing open, are left alone.

    Named items come first, oldest first, the last of them in part where the money ends there. What is left pays the one
    item, or the items, of exactly that sum; else the oldest due first. No item gets more than is open of it.
    """
    if received.amount_minor <= 0:
        raise ValueError(f"only money received can be settled, not {received}")
    if len({item.key for item in items}) != len(items):
        raise ValueError("an open item is listed twice; its money would be counted twice")
    payable = sorted((item for item in items if item.currency == received.currency and item.open_minor > 0), key=_age)
    first = [item for item in payable if item.key in named]
    others = [item for item in payable if item.key not in named]
    shares, rest = _pay(received.amount_minor, first, Ground.NAMED)
    chosen, ground = _choose(rest, others)
    more, rest = _pay(rest, chosen, ground)
    return Settlement((*shares, *more), rest)


def is_agreed(*, amount_minor: int, currency: str, items: Sequence[OpenAmount]) -> bool:
    """Whether an amount is what one item of the customer is open with, or all of them in that currency together."""
    amounts = [item.open_minor for item in items if item.currency == currency and item.open_minor > 0]
    return amount_minor in amounts or (len(amounts) > 1 and amount_minor == sum(amounts))


def pays_exactly(*, received: Money, items: Sequence[OpenAmount], named: Collection[int] = ()) -> bool:
    """Whether the money pays whole items only and nothing remains."""
    result = settle(received=received, items=items, named=named)
    open_minor = {item.key: item.open_minor for item in items}
    return not result.remainder_minor and all(share.amount_minor == open_minor[share.key] for share in result.shares)


def _age(item: OpenAmount) -> tuple[date, date, int]:
    return item.due_on, item.issued_on, item.key


def _pay(amount_minor: int, items: Sequence[OpenAmount], ground: Ground) -> tuple[list[Share], int]:
    """In the order given, until the money or the items end."""
    shares = []
    for item in items:
        paid = min(amount_minor, item.open_minor)
        if paid > 0:
            shares.append(Share(item.key, paid, ground))
            amount_minor -= paid
    return shares, amount_minor


def _choose(amount_minor: int, items: Sequence[OpenAmount]) -> tuple[Sequence[OpenAmount], Ground]:
    """What unnamed money pays: the oldest item of that very amount, else the items of that sum, else all, by age."""
    for item in items:
        if item.open_minor == amount_minor:
            return [item], Ground.EXACT
    together = _exact_sum(amount_minor, items)
    return (together, Ground.SUM) if together else (items, Ground.AGE)


def _exact_sum(amount_minor: int, items: Sequence[OpenAmount]) -> Sequence[OpenAmount]:
    """Items that make up the amount together, the oldest that do; empty where none do, or where there are too many sums."""
    reached: dict[int, tuple[OpenAmount, ...]] = {0: ()}
    for item in items:
        for total, parts in list(reached.items()):
            larger = total + item.open_minor
            if larger == amount_minor:
                return (*parts, item)
            if larger < amount_minor and larger not in reached:
                reached[larger] = (*parts, item)
        if len(reached) > MOST_SUMS:
            return ()
    return ()
