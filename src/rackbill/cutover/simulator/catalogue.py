"""The legacy price list: articles, extras, and what they cost in each currency. Reads catalogue.csv and extras.csv."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from rackbill.cutover.simulator.places import read_table
from rackbill.cutover.simulator.sums import round_price

_FACTORS = {
    "EUR": Decimal(1),
    "USD": Decimal("1.15"),
    "GBP": Decimal("0.90"),
    "CAD": Decimal("1.55"),
    "SGD": Decimal("1.60"),
}
_CYCLE_DISCOUNT = {1: 0, 3: 2, 6: 3, 12: 5}


@dataclass(frozen=True, slots=True)
class Article:
    """One line of the price list; `price` in EUR for one month, or once."""

    product_id: str
    code: str
    name: str
    kind: str
    price: Decimal
    setup: Decimal
    weight: int
    quantities: tuple[int, ...]
    cycle: int | None
    equipment: str
    hardware: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that is added to a service as a line of its own."""

    code: str
    description: str
    price: Decimal
    quantities: tuple[int, ...]
    weight: int
    equipment: str


@cache
def articles() -> tuple[Article, ...]:
    """The price list, in file order."""
    hardware = ("brand", "chassis", "cpu_type", "cpu_count", "ram_gb", "disks")
    return tuple(
        Article(
            product_id=row["product_id"], code=row["code"], name=row["name"], kind=row["kind"],
            price=Decimal(row["price"]), setup=Decimal(row["setup"]), weight=int(row["weight"]),
            quantities=tuple(map(int, row["quantities"].split("|"))),
            cycle=int(row["cycle"]) if row["cycle"] else None, equipment=row["equipment"],
            hardware=tuple((name, row[name]) for name in hardware if row[name]),
        )
        for row in read_table("catalogue.csv")
    )  # fmt: skip


@cache
def extras(equipment: str) -> tuple[tuple[Extra, int], ...]:
    """What can be added to equipment of a kind, with weights."""
    rows = [row for row in read_table("extras.csv") if row["for"] == equipment]
    return tuple(
        (
            Extra(row["code"], row["description"], Decimal(row["price"]),
                  tuple(map(int, row["quantities"].split("|"))), int(row["weight"]), equipment),
            int(row["weight"]),
        )
        for row in rows
    )  # fmt: skip


@cache
def list_price(base: Decimal, currency: str, cycle: int) -> Decimal:
    """Price for one cycle in a currency; prices above 20 end in .00 or .95, small ones keep four decimals."""
    monthly = base * _FACTORS[currency]
    if monthly >= 20 and currency != "EUR":
        whole = monthly.quantize(Decimal(1))
        monthly = whole if whole % 5 == 0 else whole - Decimal("0.05")
    return round_price(monthly * cycle * (100 - _CYCLE_DISCOUNT[cycle]) / 100)


def negotiated_price(price: Decimal, reduction: Decimal) -> Decimal:
    """A price with four decimals, as sales people agree it."""
    return round_price(price * (1 - reduction), 4) if reduction else price
