"""Rows written by the ten thousand are held by the same guards as rows written one by one, on both databases."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from rackbill.core.charges.plain import PLAIN_FIELDS
from rackbill.domain.billing.models import BillDraft, Charge
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.documents.models import Document, DocumentLine
from rackbill.domain.kit import bulk
from rackbill.domain.parties.models import Customer
from tests.domain.test_bill_run import bill
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db(transaction=True)


def charge(line: int, start: str, end: str, **changed: Any) -> tuple[Any, ...]:
    row = dict(
        zip(
            PLAIN_FIELDS,
            (
                line,
                "recurring",
                start,
                end,
                0,
                1_000_000,
                "MON",
                89_000_000,
                1_000_000,
                8900,
                "EUR",
                "[]",
                0,
                "r",
                "1",
                "[]",
                None,
            ),
            strict=True,
        )
    )
    return tuple({**row, **changed}.values())


def line_key() -> int:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    return ContractLine.objects.get().pk


def test_days_are_charged_once() -> None:
    key = line_key()
    bulk.insert_plain_rows(Charge, PLAIN_FIELDS, [charge(key, "2020-09-01", "2020-10-01")])
    for start, end in (("2020-09-30", "2020-10-30"), ("2020-08-15", "2020-09-02"), ("2020-08-01", "2020-11-01")):
        with pytest.raises(IntegrityError), transaction.atomic():
            bulk.insert_plain_rows(Charge, PLAIN_FIELDS, [charge(key, start, end)])
    with pytest.raises(IntegrityError), transaction.atomic():
        rows = [charge(key, "2020-11-01", "2020-12-01"), charge(key, "2020-11-30", "2020-12-02")]
        bulk.insert_plain_rows(Charge, PLAIN_FIELDS, rows)
    bulk.insert_plain_rows(Charge, PLAIN_FIELDS, [charge(key, "2020-10-01", "2020-11-01")])
    assert Charge.objects.count() == 2


@pytest.mark.parametrize("column", ["contract_line", "corrects"])
def test_a_row_names_rows_that_are_there(column: str) -> None:
    key = line_key()
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert_plain_rows(Charge, PLAIN_FIELDS, [charge(key, "2020-09-01", "2020-10-01", **{column: 999_999})])
    assert Charge.objects.count() == 0


@pytest.mark.parametrize("parent", [Customer, ContractLine, BillDraft])
def test_what_is_named_is_not_deleted(parent: Any) -> None:
    line_key()
    bill(date(2020, 11, 1))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        for child in ("recipient", "price", "quantity"):
            tables = [t for t in connection.introspection.table_names() if t.endswith(child)]
            for table in tables:
                cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute(f'DELETE FROM "{parent._meta.db_table}"')
    assert parent.objects.exists()


def test_what_a_row_belongs_to_does_not_change() -> None:
    line_key()
    bill(date(2020, 11, 1))
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError), transaction.atomic():
            BillDraft.objects.update(customer_id=999_999)
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentLine.objects.update(document_id=999_999)
    assert Document.objects.get().lines.count() == 2


def test_both_ways_of_writing_give_equal_rows() -> None:
    key = line_key()
    LinePrice.objects.create(line_id=key, unit_price=Decimal("12.345678"), valid_from=date(2021, 1, 1))
    bulk.insert_rows(
        LinePrice, ("line", "unit_price", "usage_price", "valid_from"),
        [(key, Decimal("12.345678"), {"model": "flat", "price": "1é"}, date(2022, 1, 1))],
    )  # fmt: skip
    by_orm, by_hand = LinePrice.objects.filter(valid_from__gte=date(2021, 1, 1)).order_by("valid_from")
    assert by_hand.unit_price == by_orm.unit_price == Decimal("12.345678")
    assert by_hand.valid_until is None and by_hand.usage_price == {"model": "flat", "price": "1é"}


def test_reserved_keys_are_nobody_elses() -> None:
    key = line_key()
    first, second = bulk.reserve_keys(Charge, 3), bulk.reserve_keys(Charge, 2)
    rows = [(k, *charge(key, f"202{n}-01-01", f"202{n}-02-01")) for n, k in enumerate(first)]
    bulk.insert_plain_rows(Charge, ("id", *PLAIN_FIELDS), rows)
    if connection.vendor == "postgresql":
        assert not set(first) & set(second)
    later = bulk.reserve_keys(Charge, 1)
    assert not set(later) & set(first)
    assert bulk.plain_rows(Charge.objects.order_by("pk"), "pk", "period_start")[0] == (first[0], "2020-01-01")
