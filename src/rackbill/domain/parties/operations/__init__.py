"""Writes to sales organisations, customers and billing groups."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from rackbill.core.id_shapes import IdKind
from rackbill.domain.history import operations as history
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties.errors import CustomerNotFound, SalesOrganisationRefused
from rackbill.domain.parties.models import (
    BillingAuthority,
    BillingGroup,
    BillingRecipient,
    Customer,
    SalesOrganisation,
    SellerBankAccount,
    SellerTaxNumber,
)
from rackbill.domain.parties.policy.addresses import checked_columns


@transaction.atomic
def add_sales_organisation(
    *, organisation_id: str, fields: Mapping[str, Any], tax_numbers: Mapping[str, str],
    bank_accounts: Mapping[str, Mapping[str, str]], now: datetime, actor: Actor,
) -> int:  # fmt: skip
    """The key of a new legal entity; `fields` are its columns, accounts stand by currency. Raises SalesOrganisationRefused."""
    if SalesOrganisation.objects.filter(organisation_id=organisation_id).exists():
        raise SalesOrganisationRefused(f"sales organisation {organisation_id} is there already; choose another ID")
    row = SalesOrganisation.objects.create(organisation_id=organisation_id, **checked_columns(fields))
    for scheme, number in tax_numbers.items():
        SellerTaxNumber.objects.create(sales_organisation=row, scheme=scheme, number=number)
    for currency, account in bank_accounts.items():
        SellerBankAccount.objects.create(sales_organisation=row, currency=currency, **account)
    history.record_change(
        now=now, actor=actor, verb="add_sales_organisation", object_kind="sales_organisation", object_id=organisation_id
    )
    return row.pk


@transaction.atomic
def add_customer(
    *, organisation_id: str, fields: Mapping[str, Any], recipients: Sequence[str], billed_from: date | None,
    payment_days: int, now: datetime, actor: Actor,
) -> str:  # fmt: skip
    """The ID of a new customer of a sales organisation, with its default billing group. Raises SalesOrganisationRefused.

    `fields` are the customer's columns; `billed_from` is the first day on which we bill it (open where None).
    """
    organisation = SalesOrganisation.objects.filter(organisation_id=organisation_id).first()
    if organisation is None:
        raise SalesOrganisationRefused(f"there is no sales organisation {organisation_id}; add it first")
    (customer_id,) = identifiers.give_ids(kind=IdKind.CUSTOMER, count=1)
    customer = Customer.objects.create(
        customer_id=customer_id, sales_organisation=organisation, created_on=now.date(), **checked_columns(fields)
    )
    BillingAuthority.objects.create(customer=customer, authority="ours", valid_from=billed_from)
    aliases = [NewAlias(kind="customer", raw_text=customer_id, target_kind="customer", target_id=customer_id,
                        customer_id=customer_id)]  # fmt: skip
    identifiers.register_aliases(aliases=aliases)
    _add_group(customer, {"is_default": True, "language": customer.language, "payment_days": payment_days}, recipients)
    history.record_change(
        now=now,
        actor=actor,
        verb="add_customer",
        object_kind="customer",
        object_id=customer_id,
        customer_id=customer_id,
    )
    return customer_id


@transaction.atomic
def add_billing_group(
    *, customer_id: str, fields: Mapping[str, Any], recipients: Sequence[str], now: datetime, actor: Actor
) -> str:
    """The ID of a further billing group. Raises CustomerNotFound."""
    customer = Customer.objects.filter(customer_id=customer_id).first()
    if customer is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    group_id = _add_group(customer, fields, recipients)
    history.record_change(
        now=now, actor=actor, verb="add_billing_group", object_kind="billing_group", object_id=group_id,
        customer_id=customer_id,
    )  # fmt: skip
    return group_id


def _add_group(customer: Customer, fields: Mapping[str, Any], recipients: Sequence[str]) -> str:
    count = BillingGroup.objects.filter(customer=customer).count()
    group = BillingGroup.objects.create(
        group_id=f"{customer.customer_id}-{count + 1:02d}", customer=customer, **checked_columns(fields)
    )
    BillingRecipient.objects.bulk_create(BillingRecipient(billing_group=group, email=email) for email in recipients)
    return group.group_id
