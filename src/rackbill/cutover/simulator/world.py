"""What the simulator remembers while it writes: customers, contracts, services and lines before they become rows."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rackbill.cutover.simulator.columns import COLUMNS
from rackbill.cutover.simulator.organisations import Organisation
from rackbill.cutover.simulator.places import Country

Row = dict[str, object]


@dataclass(slots=True)
class Customer:
    """One customer with the row of customers.csv and what steers its other rows."""

    index: int
    row: Row
    org: Organisation
    country: Country
    native: bool
    domain: str
    payer: str
    currencies: tuple[str, ...]
    service_count: int
    created_on: date
    negotiated: Decimal
    contracts: list["Contract"] = field(default_factory=list)
    has_mandate: bool = False

    @property
    def id(self) -> str:
        """Legacy customer number."""
        return str(self.row["customer_id"])


@dataclass(slots=True)
class Contract:
    """All equipment ordered at one time."""

    row: Row
    starts_on: date
    term: int
    cycle: int
    currency: str
    services: list["Service"] = field(default_factory=list)


@dataclass(slots=True)
class Service:
    """One service with its lines."""

    row: Row
    starts_on: date
    ends_on: date | None = None
    lines: list["Line"] = field(default_factory=list)

    @property
    def printed_code(self) -> str:
        """What old paper called it: the server name, else the legacy ID."""
        return str(self.row.get("server_name") or self.row["service_id"])


@dataclass(slots=True)
class Price:
    """Price for quantity 1 and one cycle, from a day on, until a day or for ever."""

    amount: Decimal
    valid_from: date
    valid_until: date | None


@dataclass(slots=True)
class Discount:
    """Percent, or an amount for each cycle."""

    kind: str
    value: Decimal
    reason: str
    valid_from: date
    valid_until: date | None


@dataclass(slots=True)
class Line:
    """One priced thing of a service."""

    id: str
    kind: str
    description: str
    quantity: Decimal
    cycle: int
    starts_on: date
    ends_on: date | None = None
    prices: list[Price] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    billed: tuple[date, date] | None = None


@dataclass(slots=True)
class World:
    """Everything so far. `tables` are the rows that go to the files; `taken` holds used identifiers by kind."""

    seed: int
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    customers: list[Customer] = field(default_factory=list)
    taken: dict[str, set[str]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=lambda: {"api_keys": {}, "passwords": {}})

    def used(self, kind: str) -> set[str]:
        """Identifiers of a kind that are given away."""
        return self.taken.setdefault(kind, set())

    def add(self, file: str, row: Row) -> Row:
        """Puts a row into a file; columns that it lacks stay blank."""
        self.tables[file].append(row)
        return row
