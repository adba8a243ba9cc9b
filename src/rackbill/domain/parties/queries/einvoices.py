"""Whether customers can receive e-invoices on a day, and the data behind it, for the doors where they are edited."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from rackbill.core.document.reading import party_from_plain
from rackbill.core.party import DebitMandate
from rackbill.core.periods import Period
from rackbill.core.tax import NoTaxRule, taxing_of
from rackbill.domain.kit import bulk
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope, StaffScope, WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.errors import CustomerNotFound
from rackbill.domain.parties.models import BillingGroup, Customer, PurchaseOrder, SalesOrganisation
from rackbill.domain.parties.policy import einvoices as policy
from rackbill.domain.parties.policy.einvoices import CountryRule
from rackbill.domain.parties.policy.readiness import EinvoiceFacts, Readiness, readiness
from rackbill.domain.taxes import queries as taxes

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
    state: str
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
        postal_code=row.postal_code, state=row.state, country=row.country, tax_id=row.tax_id, company_number=row.company_number,
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
    return _readiness_of([_customer(scope, customer_id)], on, imported, mandates)[customer_id]


def _readiness_of(
    rows: Sequence[Customer], on: date, imported: Collection[str], mandates: MandatesOf
) -> dict[str, list[Readiness]]:
    """By customer ID, of customers of one sales organisation; as many queries for all of them as for one."""
    own = rows[0].sales_organisation
    seller = parties.seller(organisation_id=own.organisation_id)
    keys = {row.pk: row for row in rows}
    buyers = parties.buyers(customer_keys=list(keys), on=on)
    groups = BillingGroup.objects.filter(customer_id__any_of=bulk.Keys(keys)).order_by("-is_default", "group_id")
    ended = PurchaseOrder.objects.filter(billing_group__customer_id__any_of=bulk.Keys(keys), valid_until__lte=on)
    with_ended_order = set(ended.values_list("billing_group_id", flat=True))
    codes = _tax_codes(rows, own, on)
    debits = mandates(customer_keys=list(keys))
    found: dict[str, list[Readiness]] = {row.customer_id: [] for row in rows}
    for group in groups:
        row, buyer = keys[group.customer_id], buyers[group.pk]
        # What will be frozen is what is looked at.
        to, party = json.loads(buyer.bill_to), party_from_plain(json.loads(buyer.party))
        tax_codes, fault = codes[row.customer_id]
        facts = EinvoiceFacts(
            group_id=group.group_id, organisation_id=seller.organisation_id, choice=group.einvoice_choice,
            profile=to.get("einvoice_profile", ""), rule=_rule(row, on), seller=seller.party, buyer=party,
            is_public_body=to.get("buyer_kind") == policy.PUBLIC, buyer_reference=to.get("buyer_reference", ""),
            accounts=tuple(seller.accounts.values()), accounting_currency=seller.accounting_currency,
            mandate=debits.get((row.pk, "EUR")), creditor_id=seller.creditor_ids.get("EUR", ""),
            paynow_uen=seller.paynow_uen, tax_codes=tax_codes, tax_fault=fault,
            has_ended_order=not to.get("po_number") and group.pk in with_ended_order,
        )  # fmt: skip
        found[row.customer_id].append(readiness(facts, imported=imported))
    return found


def _tax_codes(rows: Sequence[Customer], own: SalesOrganisation, on: date) -> dict[str, tuple[frozenset[str], str]]:
    """By customer ID: the categories of VAT of a month of hosting billed on the day, or why nothing can be billed."""
    seller = taxes.seller(organisation_id=own.organisation_id, country=own.country, state=own.state)
    evidence, table = taxes.evidence(customer_ids=[row.customer_id for row in rows]), taxes.tax_table()
    found: dict[str, tuple[frozenset[str], str]] = {}
    for row in rows:
        buyer = evidence.party(
            customer_id=row.customer_id, country=row.country, state=row.state, postal_code=row.postal_code,
            is_business=row.kind == "business",
        )  # fmt: skip
        try:
            taxing = taxing_of(
                seller=seller,
                buyer=buyer,
                tax_class="standard",
                period=Period(on, on + _DAY),
                issued_on=on,
                table=table,
            )
        except NoTaxRule as fault:
            found[row.customer_id] = (frozenset(), str(fault))
            continue
        codes = frozenset(tax.code for part in taxing.parts for tax in part.taxes if tax.regime == "VAT")
        found[row.customer_id] = (codes, "")
    return found


def unready_customers(
    *, scope: OfStaff, organisation_id: str, on: date, imported: Collection[str], mandates: MandatesOf
) -> list[tuple[str, Readiness]]:
    """(customer ID, readiness) of a sales organisation's billing groups that get e-invoices on the day and lack something."""
    rows = _customers(scope).filter(is_closed=False, sales_organisation__organisation_id=organisation_id)
    choices: dict[int, set[str]] = defaultdict(set)
    groups = BillingGroup.objects.filter(customer__in=rows)
    for customer_key, choice in groups.values_list("customer_id", "einvoice_choice"):
        choices[customer_key].add(choice)
    wanted = [row for row in rows.select_related("sales_organisation").order_by("customer_id")
              if any(_profile(row, choice, on) for choice in choices[row.pk])]  # fmt: skip
    found = _readiness_of(wanted, on, imported, mandates) if wanted else {}
    return [
        (customer_id, one) for customer_id, ready in found.items() for one in ready if one.profile and not one.is_ready
    ]  # fmt: skip


def _profile(row: Customer, choice: str, on: date) -> str:
    kind = policy.kind_of(row.kind, row.is_public_body)
    return policy.profile_of(choice, row.sales_organisation.country, row.country, kind, on)
