"""What a story starts with: sellers, buyers, contracts, services, lines."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Instant = datetime
"""A day, which is its midnight in the seller's time zone, or a day with a time."""


class Part(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """All parts refuse what they do not know."""


class TierEntry(Part):
    """A price for quantities up to and including `up_to`; the last tier has no `up_to`."""

    price: Decimal
    up_to: Decimal | None = None


class UsagePriceEntry(Part):
    """What a measured quantity of one month costs.

    flat: `price` if anything was used. per_unit: `price` each. tiered: each slice at its tier's price. volume: all at the
    price of the tier reached. package: begun packages of `size`. included: `price` for each beyond `included`. commit:
    `included` in full at `price`, beyond at `overage_price`. capped: `price` each, at most `cap`. `minimum` is the least.
    """

    model: Literal["flat", "per_unit", "tiered", "volume", "package", "included", "commit", "capped"]
    price: Decimal | None = None
    tiers: list[TierEntry] = field(default_factory=list)
    size: Decimal | None = None
    included: Decimal | None = None
    overage_price: Decimal | None = None
    cap: Decimal | None = None
    minimum: Decimal | None = None


class DatedPriceEntry(Part):
    """A price from `starts` on, up to but not including `until`."""

    starts: date
    price: Decimal | None = None
    until: date | None = None
    usage_price: UsagePriceEntry | None = None


class DatedQuantityEntry(Part):
    """A quantity from `starts` on, up to but not including `until`."""

    starts: date
    quantity: Decimal
    until: date | None = None


class DiscountEntry(Part):
    """Either `percent` off, or an `amount` off each cycle; from the line's start unless `starts` says otherwise."""

    reason: str
    percent: Decimal | None = None
    amount: Decimal | None = None
    starts: date | None = None
    until: date | None = None


class ProrationEntry(Part):
    """How parts of a cycle are priced and rounded."""

    method: Literal["days_of_cycle", "days_of_month", "30/360", "hours", "whole_cycle"] = "days_of_cycle"
    day_price_digits: int | None = None
    rounding: Literal["half_up", "half_even", "down"] = "half_up"
    day_count: Literal["start", "end", "both", "neither"] = "start"
    unit_rounded: bool = False


class LineEntry(Part):
    """A contract line. `price` is for one and one cycle, before tax; a metered line has a `usage_price` instead.

    A minimum tops up what the other lines of its service (or, with `counts: contract`, of its contract) come to.
    """

    name: str
    kind: Literal["recurring", "one_off", "metered", "minimum"] = "recurring"
    counts: Literal["service", "contract"] = "service"
    description: str = ""
    price: Decimal | None = None
    prices: list[DatedPriceEntry] = field(default_factory=list)
    usage_price: UsagePriceEntry | None = None
    quantity: Decimal | None = None
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
    """What the customer sees: one or more lines, and a server of its own unless `equipment` is false."""

    name: str
    lines: list[LineEntry]
    product: str = "DEDICATED_SERVER"
    product_code: str = ""
    description: str = "Dedicated server"
    tax_class: str = "standard"
    equipment: bool = True
    reference: str = ""
    cost_centre: str = ""
    billing_group: str = ""
    starts: Instant | None = None
    ends: Instant | None = None
    status: Literal["ACTIVE", "SCHEDULED", "TO_BE_PROVISIONED"] = "ACTIVE"


class ContractEntry(Part):
    """What is ordered at one time, in one currency."""

    name: str
    starts: Instant
    services: list[ServiceEntry]
    customer: str = ""
    ordered: date | None = None
    term_months: Annotated[int, Meta(ge=1, le=120)] = 1
    currency: str = ""
    po_number: str = ""


class BillingGroupEntry(Part):
    """A further billing group: what goes on an invoice of its own. The default one is always there."""

    name: str
    po_number: str = ""
    cost_centre: str = ""
    language: str = ""
    payment_days: int | None = None


class CustomerEntry(Part):
    """A buyer. A `tax_id` counts as checked and good from the story's first day, unless `tax_id_valid` says otherwise."""

    name: str
    country: str
    sales_organisation: str = ""
    kind: Literal["business", "consumer"] = "business"
    state: str = ""
    street: str = "Street 1"
    city: str = "City"
    postal_code: str = ""
    tax_id: str = ""
    tax_id_valid: bool | None = None
    tax_id_checked: date | None = None
    language: str = "en"
    payment_days: int | None = None
    billing_groups: list[BillingGroupEntry] = field(default_factory=list)


class NoticeRuleEntry(Part):
    """How long before the end of a term, of up to `up_to_months`, a contract must be cancelled.

    With `binding: no` the contract runs on after its first term until the notice has passed. A cancellation can be undone
    until `undo_hours` before the end.
    """

    up_to_months: Annotated[int, Meta(ge=1)]
    months: Annotated[int, Meta(ge=0)] = 0
    hours: Annotated[int, Meta(ge=0)] = 0
    binding: bool = True
    undo_hours: Annotated[int, Meta(ge=0)] = 0


class NoticeEntry(Part):
    """The rules for cancellations given from `starts` on (the story's first day), of any customer and product unless said."""

    rules: list[NoticeRuleEntry]
    starts: date | None = None
    customer_kind: Literal["", "business", "consumer"] = ""
    product: str = ""


class TermDiscountEntry(Part):
    """A discount in percent for a contract term, or a billing cycle, of so many months."""

    months: Annotated[int, Meta(ge=1)]
    percent: Decimal


class PriceListEntry(Part):
    """What the catalogue takes off a product `by` contract term or billing cycle, for lines that start from `starts` on."""

    product: str
    by: Literal["term", "cycle"]
    discounts: list[TermDiscountEntry]
    starts: date | None = None


class ReminderStepEntry(Part):
    """So many days after the due date, before it where negative: what happens, and its fee in the seller's currency."""

    days_after_due: int
    action: Literal["remind", "suspend", "collect"] = "remind"
    fee: Decimal = Decimal(0)


class OrganisationEntry(Part):
    """A seller. Currency and time zone are those of its country unless they are said."""

    id: str = "2000"
    country: str = "NL"
    state: str = ""
    name: str = "Meridian Hosting"
    accounting_currency: str = ""
    time_zone: str = ""
    payment_days: int = 14
    tax_id: str = ""
    notice: list[NoticeEntry] = field(default_factory=list)
    price_list: list[PriceListEntry] = field(default_factory=list)
    reminders: list[ReminderStepEntry] = field(default_factory=list)


class ExchangeRateEntry(Part):
    """`rate` units of `target` for one of `source` from a day on."""

    source: str
    target: str
    rate: Decimal
    on: date
    rate_source: str = "scenario"


HOME = {
    "AU": ("AUD", "Australia/Sydney"), "CA": ("CAD", "America/Toronto"), "CH": ("CHF", "Europe/Zurich"),
    "DE": ("EUR", "Europe/Berlin"), "FR": ("EUR", "Europe/Paris"), "GB": ("GBP", "Europe/London"),
    "HK": ("HKD", "Asia/Hong_Kong"), "JP": ("JPY", "Asia/Tokyo"), "NL": ("EUR", "Europe/Amsterdam"),
    "SG": ("SGD", "Asia/Singapore"), "US": ("USD", "America/New_York"),
}  # fmt: skip
"""Currency and time zone of a sales organisation that says neither, by its country."""
