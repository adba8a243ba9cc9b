"""Sellers, buyers and who bills them, as core values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from rackbill.core.document import texts
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.periods import Period
from rackbill.core.tax import Taxing, taxing_of
from rackbill.domain.kit import bulk
from rackbill.domain.kit.scope import CustomerScope, Scope
from rackbill.domain.parties.errors import BillingGroupNotFound, CustomerNotFound, SalesOrganisationNotFound
from rackbill.domain.parties.models import (
    BillingAuthority,
    BillingGroup,
    BillingRecipient,
    ContactRole,
    Customer,
    PostalFields,
    PurchaseOrder,
    SalesOrganisation,
    SellerBankAccount,
    SellerTaxNumber,
)
from rackbill.domain.parties.policy import einvoices as policy
from rackbill.domain.taxes import queries as taxes


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
    paynow_uen: str
    details_url: str
    """The start of the link to a document's line details; its number follows."""

    def paynow_for(self, currency: str) -> str:
        """The UEN that PayNow pays to; PayNow knows Singapore dollars alone."""
        return self.paynow_uen if currency == "SGD" else ""


_GROUP_COLUMNS = (
    "pk", "customer_id", "group_id", "name", "language", "payment_days", "po_number", "cost_centre", "buyer_reference",
    "addressee", "street", "city", "postal_code", "state", "country", "customer__customer_id", "customer__kind",
    "customer__name", "customer__street", "customer__city", "customer__postal_code", "customer__state",
    "customer__country", "customer__company_number", "customer__tax_id", "customer__email", "customer__phone",
    "customer__legacy_id", "customer__is_public_body", "customer__electronic_address", "customer__company_scheme",
    "customer__sales_organisation__country", "contact_name", "electronic_address", "project_reference", "einvoice_choice",
)  # fmt: skip


class Buyer:
    """A billing group with its customer, as documents need it. Blank address of the group: the customer's own.

    `country`, `state` and `postal_code` are the customer's, which decide the tax.
    """

    __slots__ = (
        "bill_to", "country", "customer_id", "customer_key", "group_key", "is_business", "language", "party", "payment_days",
        "postal_code", "state",
    )  # fmt: skip

    def __init__(self, row: tuple[Any, ...], purchase_order: str, on: date) -> None:
        (
            self.group_key, self.customer_key, group_id, group_name, self.language, self.payment_days, po_number, cost_centre,
            buyer_reference, addressee, *group_address, self.customer_id, kind, name, street, city, self.postal_code, self.state,
            self.country, company_number, tax_id, email, phone, legacy_id, is_public_body, customer_address, company_scheme,
            seller_country, contact_name, group_electronic_address, project_reference, einvoice_choice,
        ) = row  # fmt: skip
        self.is_business = kind == "business"
        own = group_address if group_address[0] else (street, city, self.postal_code, self.state, self.country)
        self.party = texts.party_text(
            addressee or name, *own, company_number, tax_id, email, phone, contact_name,
            group_electronic_address or customer_address, company_scheme if company_number else "",
        )  # fmt: skip
        """The canonical form of the Party on the document."""
        kind = policy.kind_of(kind, is_public_body)
        self.bill_to = texts.bill_to_text(
            self.customer_id, legacy_id, group_id, group_name, purchase_order or po_number, cost_centre, buyer_reference,
            project_reference, policy.profile_of(einvoice_choice, seller_country, self.country, kind, on),
            policy.PUBLIC if is_public_body else "",
        )  # fmt: skip
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
            email=row.billing_email, phone=row.billing_phone, contact_name=row.contact_name,
            electronic_address=row.electronic_address, company_scheme=row.company_scheme if row.company_number else "",
        ),
        accounts={
            a.currency: BankAccount(
                bank_name=a.bank_name, currency=a.currency, iban=a.iban, bic=a.bic, account_number=a.account_number,
                routing_code=a.routing_code,
            )
            for a in accounts
        },
        creditor_ids={a.currency: a.creditor_id for a in accounts if a.creditor_id},
        paynow_uen=row.paynow_uen, details_url=row.portal_url,
    )  # fmt: skip


def sellers() -> list[str]:
    """The IDs of all sales organisations."""
    return list(SalesOrganisation.objects.order_by("organisation_id").values_list("organisation_id", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerName:
    """A sales organisation as a choice: its ID, legal name and time zone."""

    organisation_id: str
    name: str
    time_zone: str


def seller_names(*, organisation_ids: Collection[str]) -> list[SellerName]:
    """The sales organisations of these IDs, by ID."""
    rows = SalesOrganisation.objects.filter(organisation_id__in=organisation_ids).order_by("organisation_id")
    columns = rows.values_list("organisation_id", "legal_name", "time_zone")
    return [SellerName(organisation_id=own, name=name, time_zone=zone) for own, name, zone in columns]


def counts() -> dict[str, int]:
    """How many sales organisations and customers there are."""
    return {"sales_organisations": SalesOrganisation.objects.count(), "customers": Customer.objects.count()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """A customer as the doors name it."""

    key: int
    customer_id: str
    name: str
    organisation_id: str
    is_business: bool
    country: str
    state: str
    tax_id: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A billing group as the doors name it."""

    key: int
    group_id: str
    name: str
    language: str
    payment_days: int


def billing_groups(*, scope: Scope, customer_id: str) -> list[GroupRow]:
    """The billing groups of a customer by ID, the default one first. Empty for a customer that is not in the scope."""
    rows = scope.limit(BillingGroup.objects.filter(customer__customer_id=customer_id))
    return [
        GroupRow(
            key=row.pk, group_id=row.group_id, name=row.name, language=row.language, payment_days=row.payment_days
        )
        for row in rows.order_by("-is_default", "group_id")
    ]  # fmt: skip


def customer(*, scope: Scope, customer_id: str) -> CustomerRow:
    """One customer by its ID. Raises CustomerNotFound, also for one that is not in the scope."""
    groups = scope.limit(BillingGroup.objects.filter(customer__customer_id=customer_id, is_default=True))
    group = groups.select_related("customer__sales_organisation").first()
    if group is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    row = group.customer
    return CustomerRow(
        key=row.pk, customer_id=row.customer_id, name=row.name, language=row.language, country=row.country,
        state=row.state, is_business=row.kind == "business", tax_id=row.tax_id,
        organisation_id=row.sales_organisation.organisation_id,
    )  # fmt: skip


def is_billed_by_us(*, customer_key: int, on: date) -> bool:
    """Whether the customer's billing authority on the day is ours."""
    return BillingAuthority.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=on), Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        customer_id=customer_key, authority="ours",
    ).exists()  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerName:
    """Who a customer is, for lists and look-ups."""

    key: int
    customer_id: str
    name: str
    organisation_id: str


def customer_names(*, customer_ids: Collection[str]) -> dict[str, CustomerName]:
    """By customer ID: those that exist."""
    found: dict[str, CustomerName] = {}
    wanted = sorted(set(customer_ids))
    for start in range(0, len(wanted), 900):
        rows = Customer.objects.filter(customer_id__in=wanted[start : start + 900])
        for key, customer_id, name, organisation_id in rows.values_list(
            "pk", "customer_id", "name", "sales_organisation__organisation_id"
        ):
            found[customer_id] = CustomerName(
                key=key, customer_id=customer_id, name=name, organisation_id=organisation_id
            )
    return found


def customer_ids(*, customer_keys: Collection[int]) -> dict[int, str]:
    """By key of the customer: the customer ID."""
    found: dict[int, str] = {}
    wanted = sorted(set(customer_keys))
    for start in range(0, len(wanted), 900):
        rows = Customer.objects.filter(pk__in=wanted[start : start + 900])
        found.update(rows.values_list("pk", "customer_id"))
    return found


def account_owners(*, accounts: Collection[str]) -> dict[str, set[str]]:
    """By bank account of ours (IBAN or account number): the IDs of the sales organisations that are paid there."""
    found: dict[str, set[str]] = {}
    rows = SellerBankAccount.objects.filter(Q(iban__in=list(accounts)) | Q(account_number__in=list(accounts)))
    for iban, number, organisation_id in rows.values_list(
        "iban", "account_number", "sales_organisation__organisation_id"
    ):
        for account in {iban, number} & set(accounts) - {""}:
            found.setdefault(account, set()).add(organisation_id)
    return found


def billing_contacts(*, customer_keys: Collection[int]) -> dict[int, list[str]]:
    """By key of the customer: the primary billing contact's e-mail address first, then the other billing contacts' (B47)."""
    found: dict[int, list[str]] = {}
    wanted = sorted(set(customer_keys))
    for start in range(0, len(wanted), 900):
        rows = ContactRole.objects.filter(customer_id__in=wanted[start : start + 900], role="BILLING")
        for key, email in rows.order_by("-is_primary", "pk").values_list("customer_id", "contact__email"):
            if email not in found.setdefault(key, []):
                found[key].append(email)
    return found


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


def buyers(*, customer_keys: Sequence[int], on: date) -> dict[int, Buyer]:
    """By key of the billing group, every billing group of the customers, as it is invoiced on a day."""
    rows = BillingGroup.objects.filter(customer_id__any_of=bulk.Keys(customer_keys)).order_by()
    orders = _purchase_orders(
        PurchaseOrder.objects.filter(billing_group__customer_id__any_of=bulk.Keys(customer_keys)), on
    )
    return {row[0]: Buyer(row, orders.get(row[0], ""), on) for row in bulk.plain_rows(rows, *_GROUP_COLUMNS)}


def buyer(*, group_key: int, on: date) -> Buyer:
    """One billing group as it is invoiced on a day. Raises BillingGroupNotFound."""
    rows = bulk.plain_rows(BillingGroup.objects.filter(pk=group_key).order_by(), *_GROUP_COLUMNS)
    if not rows:
        raise BillingGroupNotFound("there is no such billing group")
    orders = _purchase_orders(PurchaseOrder.objects.filter(billing_group_id=group_key), on)
    return Buyer(rows[0], orders.get(group_key, ""), on)


def _purchase_orders(rows: QuerySet[PurchaseOrder], on: date) -> dict[int, str]:
    """By key of the billing group, the number of the purchase order of a day."""
    of_the_day = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=on), valid_from__lte=on).order_by()
    return dict(bulk.plain_rows(of_the_day, "billing_group_id", "number"))


def default_group_keys(*, customer_keys: Collection[int]) -> dict[int, int]:
    """By key of the customer, that of its default billing group."""
    rows = BillingGroup.objects.filter(customer_id__any_of=bulk.Keys(customer_keys), is_default=True)
    return dict(rows.values_list("customer_id", "pk"))


def taxing(*, customer_id: str, tax_class: str, period: Period, issued_on: date) -> Taxing:
    """Which taxes a customer pays for a class of product in a period that is billed on a day, and why.

    Raises CustomerNotFound, core NoTaxRule.
    """
    row = Customer.objects.filter(customer_id=customer_id).select_related("sales_organisation").first()
    if row is None:
        raise CustomerNotFound(f"there is no customer {customer_id}; look the ID up with rackbill resolve")
    own = row.sales_organisation
    buyer = taxes.evidence(customer_ids=[customer_id]).party(
        customer_id=customer_id, country=row.country, state=row.state, postal_code=row.postal_code,
        is_business=row.kind == "business",
    )  # fmt: skip
    return taxing_of(
        seller=taxes.seller(organisation_id=own.organisation_id, country=own.country, state=own.state), buyer=buyer,
        tax_class=tax_class, period=period, issued_on=issued_on, table=taxes.tax_table(),
    )  # fmt: skip


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


def customer_scope(*, customer_id: str) -> CustomerScope:
    """What one customer may see, for the console. Raises CustomerNotFound."""
    key = Customer.objects.filter(customer_id=customer_id).values_list("pk", flat=True).first()
    if key is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return CustomerScope(key, customer_id)


def names_by_key(*, customer_keys: Sequence[int]) -> dict[int, tuple[str, str]]:
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
