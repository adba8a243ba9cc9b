"""What can happen in a story, what is expected of it, and the whole file."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from msgspec import field

from rackbill.formats.scenario_file.entries import (
    ContractEntry,
    CustomerEntry,
    ExchangeRateEntry,
    Instant,
    LineEntry,
    OrganisationEntry,
    Part,
    UsagePriceEntry,
)


class BillRunStep(Part):
    """A bill run: all days before `through` are billed, by default before the first of the next month.

    Without `sales_organisation` every seller of the story runs.
    """

    through: date | None = None
    sales_organisation: str = ""


class SetPriceStep(Part):
    """A new price of a line from `starts` on, in the past as well (up to but not including `until`)."""

    line: str
    starts: date
    price: Decimal | None = None
    until: date | None = None
    usage_price: UsagePriceEntry | None = None


class SetQuantityStep(Part):
    """A new quantity of a line from `starts` on, in the past as well (up to but not including `until`)."""

    line: str
    quantity: Decimal
    starts: date
    until: date | None = None


class AddDiscountStep(Part):
    """A discount on a line: `percent`, or an `amount` off each cycle."""

    line: str
    reason: str
    starts: date
    percent: Decimal | None = None
    amount: Decimal | None = None
    until: date | None = None


class EndDiscountStep(Part):
    """The discounts of that reason end; `until` is the first day without them."""

    line: str
    reason: str
    until: date


class EndLineStep(Part):
    """A line ends; `ends` is the first day that is not charged. Without it an earlier end is taken away."""

    line: str
    ends: date | None = None


class EndServiceStep(Part):
    """A service ends; `ends` is the first day that is not charged, or an instant. Without it an end is taken away."""

    service: str
    ends: Instant | None = None


class EndContractStep(Part):
    """A contract ends by agreement, whatever notice says; `ends` as for a service. Without it an end is taken away."""

    contract: str
    ends: Instant | None = None


class AddLineStep(Part):
    """A further line of a service: an upgrade, an addition, a one-off charge."""

    service: str
    line: LineEntry


class SwapStep(Part):
    """Another line takes the place of a recurring one from `starts` on: an upgrade or a downgrade, of the product as well.

    Discounts agreed for the old line go on unless `keeps_discounts` is off.
    """

    line: str
    to: LineEntry
    starts: date | None = None
    product: str = ""
    product_code: str = ""
    tax_class: str = "standard"
    description: str = ""
    keeps_discounts: bool = True


class SuspendStep(Part):
    """A service is suspended from `starts` on; its recurring lines are not charged unless `charged` says so."""

    service: str
    starts: date
    reason: str = "not paid"
    charged: bool = False


class ReconnectStep(Part):
    """A suspension ends; from `starts` on the service is charged again."""

    service: str
    starts: date


class CancelStep(Part):
    """A contract is cancelled; it ends with the term that the notice, given now or at an earlier instant, still reaches."""

    contract: str
    given: Instant | None = None


class WithdrawCancellationStep(Part):
    """A cancellation is undone before the contract has ended."""

    contract: str


class IndexPricesStep(Part):
    """The yearly rise of recurring prices from a 1 January on, by the index or the floor if that is higher.

    All recurring lines of the story, or those under `lines`.
    """

    starts: date
    cpi_percent: Decimal
    floor_percent: Decimal = Decimal(5)
    digits: int = 2
    lines: list[str] = field(default_factory=list)


class UsageStep(Part):
    """What was measured on a metered line in a month; the same month again takes its place (late or corrected usage)."""

    line: str
    month: date
    quantity: Decimal
    unit: Literal["GB", "TB", "Mbps", "Gbps", "h", "unit"] = "GB"


class CreditLineEntry(Part):
    """One line of an invoice: all that is left of it, an `amount` before tax, or the days from `starts` to before `until`.

    `line` is its number on the document, or its name where that stands on one line of it.
    """

    line: int | str
    amount: Decimal | None = None
    starts: date | None = None
    until: date | None = None


class CreditStep(Part):
    """A credit note on an invoice, the n-th document of the story; without `lines` on all that is left of it.

    With `reissue` the next run charges anew what is agreed then; else the credit is given for good.
    """

    document: int
    reason: str
    lines: list[CreditLineEntry] = field(default_factory=list)
    reissue: bool = False


class PaymentStep(Part):
    """Money received. `document` (the n-th of the story) or the `text` says what for; the text may name anything."""

    amount: Decimal
    text: str = ""
    document: int | None = None
    currency: str = ""
    customer: str = ""


class ReturnPaymentStep(Part):
    """The bank takes the n-th payment of the story back; what it paid is open again."""

    payment: int
    reason: str = "returned by the bank"


class RefundStep(Part):
    """Money on account goes back: what is left of the n-th `payment`, or of a credit note, the n-th `document`; or an amount."""

    payment: int | None = None
    document: int | None = None
    amount: Decimal | None = None
    reason: str = "refund"


class AllocateStep(Part):
    """Money on account pays the n-th `document`: all that is left of the n-th `payment`, or of a credit note (`credit`, the n-th

    document), as far as the document is open; or an `amount`.
    """

    document: int
    payment: int | None = None
    credit: int | None = None
    amount: Decimal | None = None
    reason: str = "allocated by hand"


class DeallocateStep(Part):
    """What the n-th `payment`, or a credit note (`credit`, the n-th document), paid of the n-th `document` is taken off it and is

    on account again; all of it, or an `amount`.
    """

    document: int
    payment: int | None = None
    credit: int | None = None
    amount: Decimal | None = None
    reason: str = "taken off by hand"


class WriteOffStep(Part):
    """What is open of the n-th document is given up, or an `amount`; a second person agrees where the sum needs one."""

    document: int
    reason: str
    amount: Decimal | None = None


class RemindStep(Part):
    """The reminders that are due on this day are issued, by every seller unless one is named."""

    sales_organisation: str = ""


class ProFormaStep(Part):
    """What the 1st of next month will bring, on a document that is no invoice."""

    customer: str = ""


class SetReferenceStep(Part):
    """The customer names a service."""

    service: str
    reference: str


class TaxIdCheckStep(Part):
    """The outcome of a check of a customer's tax ID on this day; it counts from then on.

    A `tax_id` that is found good becomes the customer's own, and documents print it.
    """

    valid: bool
    customer: str = ""
    tax_id: str = ""


class Step(Part):
    """Something that happens on a day, at 09:00 of the seller unless `on` has a time. One of the other keys says what.

    With `refused` it must be refused, in a sentence that holds this text.
    """

    on: Instant
    bill_run: BillRunStep | None = None
    set_price: SetPriceStep | None = None
    set_quantity: SetQuantityStep | None = None
    add_discount: AddDiscountStep | None = None
    end_discount: EndDiscountStep | None = None
    end_line: EndLineStep | None = None
    end_service: EndServiceStep | None = None
    end_contract: EndContractStep | None = None
    add_line: AddLineStep | None = None
    swap: SwapStep | None = None
    suspend: SuspendStep | None = None
    reconnect: ReconnectStep | None = None
    cancel: CancelStep | None = None
    withdraw_cancellation: WithdrawCancellationStep | None = None
    index_prices: IndexPricesStep | None = None
    usage: UsageStep | None = None
    credit: CreditStep | None = None
    payment: PaymentStep | None = None
    return_payment: ReturnPaymentStep | None = None
    refund: RefundStep | None = None
    allocate: AllocateStep | None = None
    deallocate: DeallocateStep | None = None
    write_off: WriteOffStep | None = None
    remind: RemindStep | None = None
    pro_forma: ProFormaStep | None = None
    set_reference: SetReferenceStep | None = None
    tax_id_check: TaxIdCheckStep | None = None
    order: ContractEntry | None = None
    refused: str | None = None

    @property
    def day(self) -> date:
        """The day of the step."""
        return self.on.date()

    @property
    def actions(self) -> list[tuple[str, Any]]:
        """The names and values of all that is said to happen; a good step has one."""
        names = (name for name in self.__struct_fields__ if name not in ("on", "refused"))
        return [(name, value) for name in names if (value := getattr(self, name)) is not None]


class ExpectedLine(Part):
    """A line as it must be; what is left out is not compared.

    `period` is the first and the last day included: 2020-10-01 to 2020-10-31. `corrects` is the n-th document of the story,
    `why` a part of the line's reason.
    """

    net: Decimal
    line: str | None = None
    period: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    tax_rate: Decimal | None = None
    corrects: int | None = None
    why: str | None = None


class ExpectedDocument(Part):
    """The n-th document as it must be; what is left out is not compared. A line may be its net amount alone.

    `tax_codes` are the categories of its taxes; `accounting_tax` is its tax in the seller's own currency.
    """

    kind: Literal["invoice", "credit_note", "pro_forma", "reminder"] | None = None
    customer: str | None = None
    billing_group: str | None = None
    issued: date | None = None
    due: date | None = None
    currency: str | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    lines: list[ExpectedLine | Decimal] | None = None
    tax_rates: list[Decimal] | None = None
    tax_codes: list[str] | None = None
    accounting_tax: Decimal | None = None
    corrects: list[int] | None = None


class Scenario(Part):
    """The whole file. One seller under `sales_organisation`, or several under `sales_organisations`; so with customers.

    `expect` lists all documents in the order of the story; `expect_open` is what is left to pay at the end.
    """

    title: str
    contracts: list[ContractEntry]
    story: list[Step]
    description: str = ""
    sales_organisation: OrganisationEntry | None = None
    sales_organisations: list[OrganisationEntry] = field(default_factory=list)
    customer: CustomerEntry | None = None
    customers: list[CustomerEntry] = field(default_factory=list)
    exchange_rates: list[ExchangeRateEntry] = field(default_factory=list)
    expect: list[ExpectedDocument] | None = None
    expect_open: dict[str, Decimal] | Decimal | None = None
    expect_parked: int | None = None

    @property
    def sellers(self) -> list[OrganisationEntry]:
        """All sellers; the default one where none is said."""
        one = [self.sales_organisation] if self.sales_organisation else []
        return [*one, *self.sales_organisations] or [OrganisationEntry()]

    @property
    def buyers(self) -> list[CustomerEntry]:
        """All customers."""
        return [*([self.customer] if self.customer else []), *self.customers]
