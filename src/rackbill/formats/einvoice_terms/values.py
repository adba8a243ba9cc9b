"""The business terms of EN 16931 (BT, BG) as one value: what a syntax (UBL, CII) writes, and what reading one gives back.

Amounts are whole minor units of the invoice's currency; a period is half-open as everywhere, its last day is printed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rackbill.core.periods import Period

INVOICE_CODE = "380"
CREDIT_NOTE_CODE = "381"
"""Document types (BT-3, UNTDID 1001)."""
ROUNDING = "Rounding of the amount"
"""Reason of the line charge that closes a gap between quantity x price and a net amount in whole units (JPY)."""


class EinvoiceRefused(ValueError):
    """A document has no e-invoice of a profile. The message names the thing, the reason and the way out.

    `rule` is the rule that would break (BR-DE-7), `term` the business term it asks for (BT-43); blank where there is none.
    """

    def __init__(self, message: str, *, rule: str = "", term: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.term = term


class NoEinvoiceOfKind(EinvoiceRefused):
    """Only invoices and credit notes have an e-invoice; the message names the kind."""


class UnknownProfile(EinvoiceRefused):
    """There is no profile of this name; the message lists those that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of e-invoice: its syntax, the identifiers it names itself by (BT-24, BT-23), and what it insists on.

    `tax_scheme` is VAT, or GST in Singapore. `is_sent` profiles travel over a network and need both electronic addresses.
    """

    name: str
    title: str
    syntax: str
    specification: str
    process: str = ""
    tax_scheme: str = "VAT"
    is_sent: bool = False

    @property
    def rules(self) -> str:
        """The name of the profile whose rules it follows: XRechnung is XRechnung inside a PDF too."""
        return "xrechnung" if self.specification == _XRECHNUNG else self.name


_EN = "urn:cen.eu:en16931:2017"
_BIS = "urn:fdc:peppol.eu:2017:poacc:billing"
_XRECHNUNG = f"{_EN}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
PROFILES = {
    profile.name: profile
    for profile in (
        Profile(name="en16931-ubl", title="EN 16931 (UBL)", syntax="ubl", specification=_EN),
        Profile(name="en16931-cii", title="EN 16931 (CII)", syntax="cii", specification=_EN),
        Profile(name="factur-x", title="Factur-X EN 16931", syntax="cii", specification=_EN),
        Profile(
            name="xrechnung", title="XRechnung 3.0", syntax="ubl", process=f"{_BIS}:01:1.0", is_sent=True,
            specification=_XRECHNUNG,
        ),
        Profile(
            name="zugferd", title="ZUGFeRD XRECHNUNG", syntax="cii", process=f"{_BIS}:01:1.0", is_sent=True,
            specification=_XRECHNUNG,
        ),
        Profile(
            name="peppol", title="Peppol BIS Billing 3.0", syntax="ubl", process=f"{_BIS}:01:1.0", is_sent=True,
            specification=f"{_EN}#compliant#{_BIS}:3.0",
        ),
        Profile(
            name="pint-sg", title="PINT-SG", syntax="ubl", specification="urn:peppol:pint:billing-1@sg-1",
            process="urn:peppol:bis:billing", tax_scheme="GST", is_sent=True,
        ),
    )
}  # fmt: skip
"""Every e-invoice that can be written, by name."""


def profile_of(name: str) -> Profile:
    """The profile of a name. Raises UnknownProfile."""
    found = PROFILES.get(name)
    if found is None:
        raise UnknownProfile(f"there is no e-invoice profile {name!r}; choose one of {', '.join(PROFILES)}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTerms:
    """Seller (BG-4, BG-5, BG-6) or buyer (BG-7, BG-8, BG-9).

    `identifier` is BT-29 or BT-46, `company_number` BT-30 or BT-47, `tax_id` BT-31 or BT-48 (GST number in PINT-SG),
    `tax_number` BT-32, `legal_information` BT-33, `electronic_address` BT-34 or BT-49.
    """

    name: str
    identifier: str = ""
    company_number: str = ""
    company_scheme: str = ""
    tax_id: str = ""
    tax_number: str = ""
    legal_information: str = ""
    electronic_address: str = ""
    address_scheme: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    state: str = ""
    country: str = ""
    contact_name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceTerms:
    """A line's allowance (BG-27) of a positive amount; a negative one is written as a charge (BG-28)."""

    reason: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTerms:
    """One line (BG-25). `rate` is None where the category has none; `rounding` is a line charge in main units.

    `object_id` is BT-128 (Equipment ID), `product_code` BT-155, `reference` BT-156, `attributes` BG-32.
    """

    line_id: str
    quantity: Decimal
    unit: str
    net_minor: int
    price: Decimal
    base_quantity: Decimal
    period: Period
    name: str
    category: str
    rate: Decimal | None
    note: str = ""
    object_id: str = ""
    po_line: str = ""
    cost_centre: str = ""
    product_code: str = ""
    reference: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    allowances: tuple[AllowanceTerms, ...] = ()
    rounding: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTerms:
    """One row of the tax breakdown (BG-23)."""

    category: str
    rate: Decimal | None
    base_minor: int
    tax_minor: int
    exemption_code: str = ""
    exemption_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTerms:
    """A tax that is no VAT, as a charge on the document (BG-21); a negative amount is written as an allowance (BG-20)."""

    reason: str
    amount_minor: int
    category: str
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """How to pay (BG-16, BG-17, BG-19). `code` is BT-81 (UNTDID 4461), `conditions` BT-20, `debited_account` BT-91.

    A blank `code`: there are no instructions.
    """

    code: str = ""
    account: str = ""
    is_iban: bool = False
    account_name: str = ""
    bank_code: str = ""
    mandate: str = ""
    creditor_id: str = ""
    debited_account: str = ""
    reference: str = ""
    conditions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingTerms:
    """The totals in the tax accounting currency (BT-6, BT-111); net and gross are known to PINT-SG alone, else None."""

    currency: str
    tax_minor: int
    net_minor: int | None = None
    gross_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalTerms:
    """BG-22: BT-106, BT-107, BT-108, BT-109, BT-110, BT-112, BT-113, BT-115."""

    lines_minor: int
    allowances_minor: int
    charges_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    prepaid_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTerms:
    """An invoice or credit note in business terms. `object_id` is BT-18 (billing group), `corrects` BG-3.

    `due_on` is None where the document has no due date; `deliver_to`: goods go to the buyer's address (category K);
    `details_url` is where the lines are shown in detail (BT-124).
    """

    specification: str
    process: str
    tax_scheme: str
    number: str
    type_code: str
    issued_on: date
    due_on: date | None
    currency: str
    period: Period
    seller: PartyTerms
    buyer: PartyTerms
    payment: PaymentTerms
    lines: tuple[LineTerms, ...]
    taxes: tuple[TaxTerms, ...]
    totals: TotalTerms
    charges: tuple[ChargeTerms, ...] = ()
    accounting: AccountingTerms | None = None
    note: str = ""
    buyer_reference: str = ""
    project: str = ""
    contract: str = ""
    purchase_order: str = ""
    sales_order: str = ""
    object_id: str = ""
    cost_centre: str = ""
    corrects: tuple[tuple[str, date], ...] = ()
    deliver_to: bool = False
    details_url: str = ""
    document_uuid: str = ""

    @property
    def is_credit_note(self) -> bool:
        """Whether its type is 381."""
        return self.type_code == CREDIT_NOTE_CODE
