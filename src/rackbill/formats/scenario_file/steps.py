"""What can happen in a story, and the whole file."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import field

from rackbill.formats.scenario_file.entries import (
    ContractEntry,
    CustomerEntry,
    ExchangeRateEntry,
    LineEntry,
    OrganisationEntry,
    Part,
)


class BillRunStep(Part):
    """Bill everything before `through`."""

    through: date


class SetPriceStep(Part):
    """A new price of a line from a day on (until another)."""

    line: str
    starts: date
    price: Decimal = Decimal(0)
    until: date | None = None
    usage_price: dict[str, Any] | None = None


class SetQuantityStep(Part):
    """A new quantity of a line from a day on (until another)."""

    line: str
    quantity: Decimal
    starts: date
    until: date | None = None


class AddDiscountStep(Part):
    """A discount on a line."""

    line: str
    reason: str
    starts: date
    percent: Decimal | None = None
    amount: Decimal | None = None
    until: date | None = None


class EndDiscountStep(Part):
    """The discounts of that reason end on a day (exclusive)."""

    line: str
    reason: str
    until: date


class EndLineStep(Part):
    """The first day a line is no longer charged; without a day an earlier end is taken away."""

    line: str
    ends: date | None = None


class EndServiceStep(Part):
    """The day or instant a service ends; without one an earlier end is taken away."""

    service: str
    ends: datetime | date | None = None


class AddLineStep(Part):
    """A further line of a service."""

    service: str
    line: LineEntry


class SuspendStep(Part):
    """A service is suspended from a day on, charged or not."""

    service: str
    starts: date
    reason: str = "not paid"
    charged: bool = False


class ReconnectStep(Part):
    """A suspension ends on a day."""

    service: str
    starts: date


class CancelStep(Part):
    """A contract is cancelled now; it ends with the term that the notice still reaches."""

    contract: str


class IndexPricesStep(Part):
    """The yearly rise of all recurring prices from a 1 January on."""

    starts: date
    cpi_percent: Decimal
    floor_percent: Decimal = Decimal(5)
    digits: int = 2


class UsageStep(Part):
    """What a meter measured on a line in a month; the same month again replaces it (late usage)."""

    line: str
    month: date
    quantity: Decimal
    unit: str = "GB"


class CreditLineEntry(Part):
    """One line of an invoice: all that is left of it, an amount, or the days from `starts` to before `until`."""

    line: int
    amount: Decimal | None = None
    starts: date | None = None
    until: date | None = None


class CreditStep(Part):
    """A credit note on the n-th document of the story; without `lines` on all of it. `reissue`: charged anew by the next run."""

    document: int
    reason: str
    lines: list[CreditLineEntry] = field(default_factory=list)
    reissue: bool = False


class PaymentStep(Part):
    """Money received; the text may name anything."""

    amount: Decimal
    text: str = ""
    document: int | None = None
    currency: str = ""
    customer: str = ""


class ProFormaStep(Part):
    """What the 1st of next month will bring."""

    customer: str = ""


class SetReferenceStep(Part):
    """The customer names a service."""

    service: str
    reference: str


class TaxIdCheckStep(Part):
    """The outcome of a check of a customer's tax ID."""

    valid: bool
    customer: str = ""
    tax_id: str = ""


class Step(Part):
    """Something that happens on a day. Exactly one of the other keys is set."""

    on: date
    bill_run: BillRunStep | None = None
    set_price: SetPriceStep | None = None
    set_quantity: SetQuantityStep | None = None
    add_discount: AddDiscountStep | None = None
    end_discount: EndDiscountStep | None = None
    end_line: EndLineStep | None = None
    end_service: EndServiceStep | None = None
    add_line: AddLineStep | None = None
    suspend: SuspendStep | None = None
    reconnect: ReconnectStep | None = None
    cancel: CancelStep | None = None
    withdraw_cancellation: CancelStep | None = None
    index_prices: IndexPricesStep | None = None
    usage: UsageStep | None = None
    credit: CreditStep | None = None
    payment: PaymentStep | None = None
    pro_forma: ProFormaStep | None = None
    set_reference: SetReferenceStep | None = None
    tax_id_check: TaxIdCheckStep | None = None
    order: ContractEntry | None = None

    @property
    def action(self) -> tuple[str, Any]:
        """The name and value of what happens."""
        return next((n, v) for n in self.__struct_fields__ if n != "on" and (v := getattr(self, n)) is not None)


class ExpectedDocument(Part):
    """What the n-th document must be; what is left out is not compared. `lines` are net amounts."""

    kind: Literal["invoice", "credit_note", "pro_forma"] | None = None
    issued: date | None = None
    currency: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    lines: list[Decimal] | None = None
    periods: list[str] | None = None
    tax_rates: list[Decimal] | None = None


class Scenario(Part):
    """The whole file. One customer under `customer`, or several under `customers`."""

    title: str
    contracts: list[ContractEntry]
    story: list[Step]
    customer: CustomerEntry | None = None
    customers: list[CustomerEntry] = field(default_factory=list)
    sales_organisation: OrganisationEntry = field(default_factory=OrganisationEntry)
    exchange_rates: list[ExchangeRateEntry] = field(default_factory=list)
    description: str = ""
    expect: list[ExpectedDocument] | None = None
    expect_open: Decimal | None = None
    expect_parked: int | None = None
