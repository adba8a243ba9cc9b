"""Sellers, buyers and who bills them, as core values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from rackbill.core.document import texts
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.domain.kit import bulk
from rackbill.domain.parties.errors import SalesOrganisationNotFound
from rackbill.domain.parties.models import (
    BillingGroup,
    BillingRecipient,
    Customer,
    PostalFields,
    SalesOrganisation,
    SellerBankAccount,
    SellerTaxNumber,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A sales organisation as documents need it; bank accounts by currency."""

    key: int
    organisation_id: str
    name: str
    party: Party
    country: str
    state: str
    time_zone: str
    accounting_currency: str
    billing_email: str
    accounts: dict[str, BankAccount]
    creditor_ids: dict[str, str]


_GROUP_COLUMNS = (
    "pk", "customer_id", "group_id", "name", "language", "payment_days", "po_number", "cost_centre", "buyer_reference",
    "addressee", "street", "city", "postal_code", "state", "country", "customer__customer_id", "customer__kind",
    "customer__name", "customer__street", "customer__city", "customer__postal_code", "customer__state",
    "customer__country", "customer__company_number", "customer__tax_id", "customer__email", "customer__phone",
    "customer__legacy_id",
)  # fmt: skip


class Buyer:
    """A billing group with its customer, as documents need it. Blank address of the group: the customer's own.

    `country` and `state` are the customer's, which decide the tax.
    """

    __slots__ = (
        "bill_to", "country", "customer_id", "customer_key", "group_key", "is_business", "language", "party", "payment_days",
        "state",
    )  # fmt: skip

    def __init__(self, row: tuple[Any, ...]) -> None:
        (
            self.group_key, self.customer_key, group_id, group_name, self.language, self.payment_days, po_number, cost_centre,
            buyer_reference, addressee, *group_address, self.customer_id, kind, name, street, city, postal_code, self.state,
            self.country, company_number, tax_id, email, phone, legacy_id,
        ) = row  # fmt: skip
        self.is_business = kind == "business"
        own = group_address if group_address[0] else (street, city, postal_code, self.state, self.country)
        self.party = texts.party_text(addressee or name, *own, company_number, tax_id, email, phone)
        """The canonical form of the Party on the document."""
        self.bill_to = texts.bill_to_text(
            self.customer_id, legacy_id, group_id, group_name, po_number, cost_centre, buyer_reference
        )
        """The canonical form of its BillTo."""


def seller(*, organisation_id: str) -> Seller:
    """One sales organisation. Raises SalesOrganisationNotFound."""
    row = SalesOrganisation.objects.filter(organisation_id=organisation_id).first()
    if row is None:
        known = ", ".join(sellers()) or "none"
        raise SalesOrganisationNotFound(f"there is no sales organisation {organisation_id!r}; known are: {known}")
    numbers = SellerTaxNumber.objects.filter(sales_organisation=row).order_by("pk")
    accounts = list(SellerBankAccount.objects.filter(sales_organisation=row))
    return Seller(
        key=row.pk, organisation_id=row.organisation_id, name=row.name, country=row.country, state=row.state,
        time_zone=row.time_zone, accounting_currency=row.accounting_currency, billing_email=row.billing_email,
        party=Party(
            name=row.legal_name, address=_address(row), company_number=row.company_number,
            tax_registrations=tuple(TaxRegistration(scheme=n.scheme, number=n.number) for n in numbers),
            email=row.billing_email, phone=row.billing_phone,
        ),
        accounts={
            a.currency: BankAccount(
                bank_name=a.bank_name, currency=a.currency, iban=a.iban, bic=a.bic, account_number=a.account_number,
                routing_code=a.routing_code,
            )
            for a in accounts
        },
        creditor_ids={a.currency: a.creditor_id for a in accounts if a.creditor_id},
    )  # fmt: skip


def sellers() -> list[str]:
    """The IDs of all sales organisations."""
    return list(SalesOrganisation.objects.order_by("organisation_id").values_list("organisation_id", flat=True))


def counts() -> dict[str, int]:
    """How many sales organisations and customers there are."""
    return {"sales_organisations": SalesOrganisation.objects.count(), "customers": Customer.objects.count()}


def customers_billed_by_us(
    *, organisation_id: str, on: date, first_id: str = "", last_id: str = ""
) -> list[tuple[str, int]]:
    """(ID, key) of the customers whose billing authority on the day is ours, by ID, within a range of IDs where given."""
    rows = Customer.objects.filter(
        Q(authorities__valid_from__isnull=True) | Q(authorities__valid_from__lte=on),
        Q(authorities__valid_until__isnull=True) | Q(authorities__valid_until__gt=on),
        sales_organisation__organisation_id=organisation_id,
        authorities__authority="ours",
    )
    if first_id:
        rows = rows.filter(customer_id__gte=first_id, customer_id__lte=last_id)
    return list(rows.order_by("customer_id").values_list("customer_id", "pk").distinct())


def buyers(*, customer_keys: Sequence[int]) -> dict[int, Buyer]:
    """By key of the billing group, every billing group of the customers."""
    rows = BillingGroup.objects.filter(customer_id__any_of=bulk.Keys(customer_keys)).order_by()
    return {row[0]: Buyer(row) for row in bulk.plain_rows(rows, *_GROUP_COLUMNS)}


def recipients(*, group_keys: Sequence[int]) -> dict[int, list[str]]:
    """E-mail addresses of each billing group that has any, in the order they were entered."""
    found: dict[int, list[str]] = {}
    rows = BillingRecipient.objects.filter(billing_group_id__any_of=bulk.Keys(group_keys)).order_by("pk")
    for key, email in bulk.plain_rows(rows, "billing_group_id", "email"):
        found.setdefault(key, []).append(email)
    return found


def _address(row: PostalFields) -> PostalAddress:
    return PostalAddress(
        street=row.street, city=row.city, country=row.country, postal_code=row.postal_code, state=row.state
    )
