"""Sellers, buyers and who bills them, as core values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from rackbill.core.document import BillTo
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """A billing group with its customer, as documents need it."""

    customer_key: int
    group_key: int
    customer_id: str
    is_business: bool
    country: str
    state: str
    party: Party
    bill_to: BillTo
    language: str
    payment_days: int


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


def customers_billed_by_us(*, organisation_id: str, on: date) -> list[tuple[str, int]]:
    """(ID, key) of the customers whose billing authority on the day is ours, by ID."""
    rows = Customer.objects.filter(
        Q(authorities__valid_from__isnull=True) | Q(authorities__valid_from__lte=on),
        Q(authorities__valid_until__isnull=True) | Q(authorities__valid_until__gt=on),
        sales_organisation__organisation_id=organisation_id,
        authorities__authority="ours",
    )
    return list(rows.order_by("customer_id").values_list("customer_id", "pk").distinct())


def buyers(*, customer_keys: Sequence[int]) -> dict[int, Buyer]:
    """By key of the billing group, every billing group of the customers."""
    rows = BillingGroup.objects.filter(customer_id__in=list(customer_keys)).select_related("customer")
    return {row.pk: _buyer(row) for row in rows}


def recipients(*, group_keys: Sequence[int]) -> dict[int, list[str]]:
    """E-mail addresses of each billing group that has any, in the order they were entered."""
    found: dict[int, list[str]] = {}
    rows = BillingRecipient.objects.filter(billing_group_id__in=list(group_keys)).order_by("pk")
    for key, email in rows.values_list("billing_group_id", "email"):
        found.setdefault(key, []).append(email)
    return found


def _buyer(group: BillingGroup) -> Buyer:
    customer = group.customer
    own_address = bool(group.street)
    address = _address(group if own_address else customer)
    registrations = (TaxRegistration(scheme="VAT", number=customer.tax_id),) if customer.tax_id else ()
    return Buyer(
        customer_key=customer.pk, group_key=group.pk, customer_id=customer.customer_id,
        is_business=customer.kind == "business", country=customer.country, state=customer.state,
        party=Party(
            name=group.addressee or customer.name, address=address, company_number=customer.company_number,
            tax_registrations=registrations, email=customer.email, phone=customer.phone,
        ),
        bill_to=BillTo(
            customer_id=customer.customer_id, legacy_customer_id=customer.legacy_id, billing_group_id=group.group_id,
            billing_group_name=group.name, po_number=group.po_number, cost_centre=group.cost_centre,
            buyer_reference=group.buyer_reference,
        ),
        language=group.language, payment_days=group.payment_days,
    )  # fmt: skip


def _address(row: PostalFields | BillingGroup) -> PostalAddress:
    return PostalAddress(
        street=row.street, city=row.city, country=row.country, postal_code=row.postal_code, state=row.state
    )


def customer_names(*, customer_keys: Sequence[int]) -> dict[int, tuple[str, str]]:
    """By key: customer ID and name."""
    rows = Customer.objects.filter(pk__in=list(customer_keys)).values_list("pk", "customer_id", "name")
    return {key: (customer_id, name) for key, customer_id, name in rows}


def customer_keys_where(
    *, organisation_id: str, customer_ids: Sequence[str], countries: Sequence[str], group_ids: Sequence[str]
) -> set[int]:
    """The customers of a sales organisation that match every filter given; an empty one matches all."""
    rows = Customer.objects.filter(sales_organisation__organisation_id=organisation_id)
    if customer_ids:
        rows = rows.filter(customer_id__in=list(customer_ids))
    if countries:
        rows = rows.filter(country__in=list(countries))
    if group_ids:
        rows = rows.filter(billing_groups__group_id__in=list(group_ids))
    return set(rows.values_list("pk", flat=True))
