"""What a story starts with: seller, buyers, contracts, services, lines."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field


class Part(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """All parts refuse what they do not know."""


class DatedPriceEntry(Part):
    """A price from a day until another."""

    starts: date
    price: Decimal = Decimal(0)
    until: date | None = None
    usage_price: dict[str, Any] | None = None


class DatedQuantityEntry(Part):
    """A quantity from a day until another."""

    starts: date
    quantity: Decimal
    until: date | None = None


class DiscountEntry(Part):
    """A discount in percent, or an amount for each cycle."""

    reason: str
    percent: Decimal | None = None
    amount: Decimal | None = None
    starts: date | None = None
    until: date | None = None


class ProrationEntry(Part):
    """How parts of a cycle are priced."""

    method: Literal["days_of_cycle", "days_of_month", "30/360", "hours", "whole_cycle"] = "days_of_cycle"
    day_price_digits: int | None = None
    rounding: Literal["half_up", "half_even", "down"] = "half_up"


class LineEntry(Part):
    """A contract line. Either `price` (from its start) or `prices`; a metered line has a `usage_price`."""

    name: str
    kind: Literal["recurring", "one_off", "metered"] = "recurring"
    description: str = ""
    price: Decimal | None = None
    prices: list[DatedPriceEntry] = field(default_factory=list)
    usage_price: dict[str, Any] | None = None
    quantity: Decimal = Decimal(1)
    quantities: list[DatedQuantityEntry] = field(default_factory=list)
    cycle_months: Literal[1, 3, 6, 12] = 1
    timing: Literal["advance", "arrears"] = "advance"
    anniversary: bool = False
    starts: date | None = None
    ends: date | None = None
    billed_from: date | None = None
    discounts: list[DiscountEntry] = field(default_factory=list)
    proration: ProrationEntry | None = None


class ServiceEntry(Part):
    """A service with its lines; `equipment` gives it a server of its own."""

    name: str
    lines: list[LineEntry]
    product: str = "DEDICATED_SERVER"
    description: str = "Dedicated server"
    tax_class: str = "standard"
    equipment: bool = True
    reference: str = ""
    cost_centre: str = ""
    billing_group: str = ""
    starts: datetime | date | None = None


class ContractEntry(Part):
    """What is ordered at one time."""

    name: str
    starts: datetime | date
    services: list[ServiceEntry]
    customer: str = ""
    ordered: date | None = None
    term_months: Annotated[int, Meta(ge=1, le=120)] = 1
    currency: str = ""
    po_number: str = ""


class BillingGroupEntry(Part):
    """A further billing group; the default one is always there."""

    name: str
    po_number: str = ""
    cost_centre: str = ""
    language: str = ""


class CustomerEntry(Part):
    """A buyer. `tax_id_valid` is the outcome of the check of its tax ID on `tax_id_checked` (its first day)."""

    name: str
    country: str
    kind: Literal["business", "consumer"] = "business"
    state: str = ""
    street: str = "Street 1"
    city: str = "City"
    postal_code: str = ""
    tax_id: str = ""
    tax_id_valid: bool = False
    tax_id_checked: date | None = None
    language: str = "en"
    payment_days: int | None = None
    billing_groups: list[BillingGroupEntry] = field(default_factory=list)


class OrganisationEntry(Part):
    """The seller."""

    id: str = "2000"
    country: str = "NL"
    state: str = ""
    name: str = "Meridian Hosting B.V."
    accounting_currency: str = "EUR"
    time_zone: str = "Europe/Amsterdam"
    payment_days: int = 14
    tax_id: str = ""


class ExchangeRateEntry(Part):
    """`rate` units of `target` for one of `source` on a day."""

    source: str
    target: str
    rate: Decimal
    on: date
    rate_source: str = "scenario"
