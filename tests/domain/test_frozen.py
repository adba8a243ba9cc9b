"""Frozen means frozen: the database itself refuses every way of changing what was issued."""

from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, models, transaction

from rackbill.domain.documents.models import (
    ArchivedDocument,
    ArchivedLine,
    ChainSeal,
    Document,
    DocumentFile,
    DocumentLine,
    DocumentTax,
)
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingGroup, Customer
from rackbill.domain.receivables.models import LedgerEntry
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
FROZEN = (
    Document, DocumentLine, DocumentTax, DocumentFile, ChainSeal, ArchivedDocument, ArchivedLine, HistoryEntry, LedgerEntry,
)  # fmt: skip


@pytest.fixture
def issued() -> Document:
    world = world_of.provider()
    owner = world_of.customer(world)
    world_of.service(world, owner)
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=signer)
    document = Document.objects.get()
    DocumentFile.objects.create(document=document, format="pdf", sha256="0" * 64, byte_count=1, stored_at=OCTOBER)
    archived = ArchivedDocument.objects.create(
        system="oldbill", number="DE1234567890", sales_organisation=world.organisation, customer=owner, kind="invoice",
        issued_on=date(2020, 8, 1), due_on=date(2020, 8, 15), currency="EUR", net_minor=1, tax_minor=0, gross_minor=1,
    )  # fmt: skip
    ArchivedLine.objects.create(
        document=archived, line_number=1, description="x", quantity=1, unit_price=1, net_minor=1, tax_rate=0
    )
    return document


def refused(sql: str, *parameters: object) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        connection.check_constraints()


@pytest.mark.parametrize("model", FROZEN)
def test_update_and_delete_are_refused(issued: Document, model: type[models.Model]) -> None:
    table = model._meta.db_table
    assert model._default_manager.exists()
    column = next(f.column for f in model._meta.concrete_fields if f.column != "id")
    refused(f'UPDATE "{table}" SET "{column}" = "{column}"')
    refused(f'DELETE FROM "{table}"')


@pytest.mark.parametrize("model", FROZEN)
def test_replace_upsert_and_truncate_are_refused(issued: Document, model: type[models.Model]) -> None:
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    if connection.vendor == "postgresql":
        refused(f'TRUNCATE "{table}" CASCADE')
        again = f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"'
        refused(f"{again} ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id")
    else:
        refused(f'INSERT OR REPLACE INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"')
        refused(
            f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{table}" WHERE true ON CONFLICT (id) DO UPDATE SET id = id'
        )


def test_a_second_row_with_the_same_number_is_refused(issued: Document) -> None:
    names = [field.column for field in Document._meta.concrete_fields if field.column != "id"]
    columns = ", ".join(f'"{name}"' for name in names)
    table = '"rackbill_documents_document"'
    if connection.vendor == "postgresql":
        values = f"SELECT id + 1, {columns} FROM {table} ON CONFLICT (number) DO UPDATE SET id = EXCLUDED.id"
        refused(f"INSERT INTO {table} (id, {columns}) {values}")
    else:
        refused(f"INSERT OR REPLACE INTO {table} (id, {columns}) SELECT id + 1, {columns} FROM {table}")


@pytest.mark.parametrize("model", [Customer, BillingGroup])
def test_a_cascade_is_refused(issued: Document, model: type[models.Model]) -> None:
    refused(f'DELETE FROM "{model._meta.db_table}"')
    with pytest.raises(models.ProtectedError):
        model._default_manager.all().delete()
    assert Document.objects.count() == 1
