"""Bulk writes of legacy parties; for the cut-over alone. Rows are columns by name; foreign keys are row keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rackbill.domain.kit import bulk
from rackbill.domain.parties.models import (
    BillingAuthority,
    BillingGroup,
    BillingRecipient,
    Contact,
    ContactRole,
    Customer,
    SalesOrganisation,
    SellerBankAccount,
    SellerTaxNumber,
)

Rows = Iterable[Mapping[str, Any]]


def adopt_sales_organisations(*, rows: Rows, tax_numbers: Rows, accounts: Rows) -> dict[str, int]:
    """Keys by sales organisation ID. Numbers and accounts name their sales organisation by ID."""
    made = SalesOrganisation.objects.bulk_create([SalesOrganisation(**row) for row in rows])
    keys = {row.organisation_id: row.pk for row in made}
    SellerTaxNumber.objects.bulk_create([SellerTaxNumber(**_with_key(row, keys)) for row in tax_numbers])
    SellerBankAccount.objects.bulk_create([SellerBankAccount(**_with_key(row, keys)) for row in accounts])
    return keys


def _with_key(row: Mapping[str, Any], keys: Mapping[str, int]) -> dict[str, Any]:
    return {**{k: v for k, v in row.items() if k != "organisation"}, "sales_organisation_id": keys[row["organisation"]]}


def adopt_customers(*, rows: Rows) -> dict[str, int]:
    """Keys by customer ID."""
    made = Customer.objects.bulk_create([Customer(**row) for row in rows], batch_size=500)
    return {row.customer_id: row.pk for row in made}


def adopt_contacts(*, rows: Rows, roles: Rows) -> dict[str, int]:
    """Keys by contact ID; roles name their contact by ID under `contact`."""
    made = Contact.objects.bulk_create([Contact(**row) for row in rows], batch_size=500)
    keys = {row.contact_id: row.pk for row in made}
    ContactRole.objects.bulk_create(
        [
            ContactRole(
                contact_id=keys[row["contact"]],
                customer_id=row["customer_id"],
                role=row["role"],
                is_primary=row["is_primary"],
            )
            for row in roles
        ],
        batch_size=500,
    )
    return keys


def adopt_billing_groups(*, rows: Rows, recipients: Rows) -> dict[str, int]:
    """Keys by billing group ID; recipients name their group by ID under `group`."""
    made = BillingGroup.objects.bulk_create([BillingGroup(**row) for row in rows], batch_size=500)
    keys = {row.group_id: row.pk for row in made}
    BillingRecipient.objects.bulk_create(
        [
            BillingRecipient(billing_group_id=keys[row["group"]], email=row["email"], contact_id=row["contact_key"])
            for row in recipients
        ],
        batch_size=500,
    )
    return keys


def adopt_billing_authorities(*, rows: Rows) -> None:
    """Who bills whom from when."""
    BillingAuthority.objects.bulk_create([BillingAuthority(**row) for row in rows], batch_size=500)


TABLES = {model.__name__: model for model in (Customer, BillingGroup, BillingRecipient, BillingAuthority)}


def adopt_table(*, table: str, fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many rows of one table of this noun were kept, keys included: for bases too large for objects."""
    return bulk.insert_rows(TABLES[table], fields, rows)


def settle_key_sequences() -> None:
    """Lets the database count on behind keys that were written by hand."""
    bulk.settle_key_sequences(TABLES.values())
