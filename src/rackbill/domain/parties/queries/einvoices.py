"""Whether customers can receive e-invoices on a day, and the data behind it, for the doors where they are edited."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from rackbill.core.document.reading import party_from_plain
from rackbill.core.party import DebitMandate
from rackbill.core.periods import Period
from rackbill.core.tax import NoTaxRule
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope, StaffScope, WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.errors import CustomerNotFound
from rackbill.domain.parties.models import BillingGroup, Customer, PurchaseOrder
from rackbill.domain.parties.policy import einvoices as policy
from rackbill.domain.parties.policy.einvoices import CountryRule
from rackbill.domain.parties.policy.readiness import EinvoiceFacts, Readiness, readiness

OfStaff = StaffScope | WholeInstallation
MandatesOf = Callable[..., Mapping[tuple[int, str], DebitMandate]]
"""How a door reads mandates, which are kept above this noun: customer_keys → the mandate by (customer key, currency)."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A dated purchase order."""

    number: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupData:
    """What of a billing group can be edited for its documents."""

    group_id: str
    name: str
    is_default: bool
    language: str
    addressee: str
    street: str
    city: str
    postal_code: str
    contact_name: str
    electronic_address: str
    buyer_reference: str
    project_reference: str
    po_number: str
    cost_centre: str
    einvoice_choice: str
    orders: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerData:
    """What of a customer can be edited for its documents, with its billing groups and the rule of its country."""

    key: int
    customer_id: str
    name: str
    organisation_id: str
    organisation_name: str
    kind: str
    is_public_body: bool
    street: str
    city: str
    postal_code: str
    country: str
    tax_id: str
    company_number: str
    company_scheme: str
    electronic_address: str
    groups: tuple[GroupData, ...]
    rule: CountryRule


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """A customer in a list."""

    customer_id: str
    name: str
    organisation_id: str
    country: str
    is_public_body: bool


def customer_list(*, scope: OfStaff, search: str = "", limit: int, offset: int = 0) -> Page[CustomerLine]:
    """Customers by ID; a search looks at the start of the ID, the legacy ID, and anywhere in the name."""
    rows = _customers(scope).select_related("sales_organisation").order_by("customer_id")
    if search:
        rows = rows.filter(
            Q(customer_id__startswith=search) | Q(legacy_id__iexact=search) | Q(name__icontains=search)
        )  # fmt: skip
    return page_of(rows, limit=limit, offset=offset, make=_line)


def _customers(scope: OfStaff) -> QuerySet[Customer]:
    return scope.limit(Customer.objects.all(), organisation="sales_organisation")


def _line(row: Customer) -> CustomerLine:
    return CustomerLine(
        customer_id=row.customer_id, name=row.name, country=row.country, is_public_body=row.is_public_body,
        organisation_id=row.sales_organisation.organisation_id,
    )  # fmt: skip


def customer_data(*, scope: Scope, customer_id: str, on: date) -> CustomerData:
    """One customer. Raises CustomerNotFound, also for one that is not in the scope."""
    row = _customer(scope, customer_id)
    own = row.sales_organisation
    groups = row.billing_groups.order_by("-is_default", "group_id").prefetch_related("purchase_orders")
    return CustomerData(
        key=row.pk, customer_id=row.customer_id, name=row.name, organisation_id=own.organisation_id,
        organisation_name=own.name, kind=row.kind, is_public_body=row.is_public_body, street=row.street, city=row.city,
        postal_code=row.postal_code, country=row.country, tax_id=row.tax_id, company_number=row.company_number,
        company_scheme=row.company_scheme, electronic_address=row.electronic_address,
        groups=tuple(_group_data(group) for group in groups), rule=_rule(row, on),
    )  # fmt: skip


def group_ids(*, scope: Scope, customer_id: str) -> list[str]:
    """The IDs of a customer's billing groups, the default one first. Raises CustomerNotFound."""
    groups = _customer(scope, customer_id).billing_groups.order_by("-is_default", "group_id")
    return list(groups.values_list("group_id", flat=True))


def _customer(scope: Scope, customer_id: str) -> Customer:
    rows = scope.limit(BillingGroup.objects.filter(customer__customer_id=customer_id, is_default=True))
    group = rows.select_related("customer__sales_organisation").first()
    if group is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    found: Customer = group.customer
    return found


def _rule(row: Customer, on: date) -> CountryRule:
    kind = policy.kind_of(row.kind, row.is_public_body)
    return policy.country_rule(row.sales_organisation.country, row.country, kind, on)


def _group_data(group: BillingGroup) -> GroupData:
    orders = sorted(group.purchase_orders.all(), key=lambda order: order.valid_from)
    return GroupData(
        group_id=group.group_id, name=group.name, is_default=group.is_default, language=group.language,
        addressee=group.addressee, street=group.street, city=group.city, postal_code=group.postal_code,
        contact_name=group.contact_name, electronic_address=group.electronic_address,
        buyer_reference=group.buyer_reference, project_reference=group.project_reference, po_number=group.po_number,
        cost_centre=group.cost_centre, einvoice_choice=group.einvoice_choice,
        orders=tuple(OrderRow(number=o.number, valid_from=o.valid_from, valid_until=o.valid_until) for o in orders),
    )  # fmt: skip


def einvoice_readiness(
    *, scope: Scope, customer_id: str, on: date, imported: Collection[str], mandates: MandatesOf
) -> list[Readiness]:
    """For each billing group of a customer, the default one first: can it receive an e-invoice on the day, and if not, why.

    `imported` are the profiles whose official rules the installation has. Raises CustomerNotFound.
    """
    row = _customer(scope, customer_id)
    seller = parties.seller(organisation_id=row.sales_organisation.organisation_id)
    codes, fault = _tax_codes(customer_id, on)
    mandate = mandates(customer_keys=[row.pk]).get((row.pk, "EUR"))
    found = []
    for group in row.billing_groups.order_by("-is_default", "group_id"):
        buyer = parties.buyer(group_key=group.pk, on=on)
        # What will be frozen is what is looked at.
        to, party = json.loads(buyer.bill_to), party_from_plain(json.loads(buyer.party))
        facts = EinvoiceFacts(
            group_id=group.group_id, organisation_id=seller.organisation_id, choice=group.einvoice_choice,
            profile=to.get("einvoice_profile", ""), rule=_rule(row, on), seller=seller.party, buyer=party,
            is_public_body=to.get("buyer_kind") == policy.PUBLIC, buyer_reference=to.get("buyer_reference", ""),
            accounts=tuple(seller.accounts.values()), accounting_currency=seller.accounting_currency,
            mandate=mandate, creditor_id=seller.creditor_ids.get("EUR", ""), paynow_uen=seller.paynow_uen, tax_codes=codes,
            tax_fault=fault, has_ended_order=not to.get("po_number") and _has_ended_order(group, on),
        )  # fmt: skip
        found.append(readiness(facts, imported=imported))
    return found


def _tax_codes(customer_id: str, on: date) -> tuple[frozenset[str], str]:
    """The categories of VAT of a month of hosting that is billed on the day, or why nothing can be billed."""
    try:
        taxing = parties.taxing(
            customer_id=customer_id, tax_class="standard", period=Period(on, on + _DAY), issued_on=on
        )  # fmt: skip
    except NoTaxRule as fault:
        return frozenset(), str(fault)
    return frozenset(tax.code for part in taxing.parts for tax in part.taxes if tax.regime == "VAT"), ""


def _has_ended_order(group: BillingGroup, on: date) -> bool:
    return PurchaseOrder.objects.filter(billing_group=group, valid_until__lte=on).exists()


def unready_customers(
    *, scope: OfStaff, organisation_id: str, on: date, imported: Collection[str], mandates: MandatesOf
) -> list[tuple[str, Readiness]]:
    """(customer ID, readiness) of a sales organisation's billing groups that get e-invoices on the day and lack something."""
    rows = _customers(scope).filter(is_closed=False, sales_organisation__organisation_id=organisation_id)
    seen = rows.values_list(
        "customer_id",
        "kind",
        "is_public_body",
        "country",
        "sales_organisation__country",
        "billing_groups__einvoice_choice",
    ).order_by("customer_id")
    wanted = {
        customer_id: None
        for customer_id, kind, is_public_body, country, seller_country, choice in seen
        if policy.profile_of(choice or "", seller_country, country, policy.kind_of(kind, is_public_body), on)
    }
    return [
        (customer_id, one)
        for customer_id in wanted
        for one in einvoice_readiness(scope=scope, customer_id=customer_id, on=on, imported=imported, mandates=mandates)
        if one.profile and not one.is_ready
    ]
