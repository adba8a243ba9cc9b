"""Bulk writes of legacy contracts; for the cut-over alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rackbill.domain.contracts.models import (
    Contract,
    ContractLine,
    EquipmentPlacement,
    LineDiscount,
    LinePrice,
    LineQuantity,
    Service,
)
from rackbill.domain.kit import bulk

Rows = Iterable[Mapping[str, Any]]


def adopt_contracts(*, rows: Rows) -> dict[str, int]:
    """Keys by Contract ID."""
    made = Contract.objects.bulk_create([Contract(**row) for row in rows], batch_size=500)
    return {row.contract_id: row.pk for row in made}


def adopt_services(*, rows: Rows, placements: Rows) -> dict[str, int]:
    """Keys by service ID; placements name their service by ID under `service`."""
    made = Service.objects.bulk_create([Service(**row) for row in rows], batch_size=500)
    keys = {row.service_id: row.pk for row in made}
    EquipmentPlacement.objects.bulk_create(
        [
            EquipmentPlacement(
                service_id=keys[row["service"]], equipment_id=row["equipment_id"], valid_from=row["valid_from"],
                valid_until=row["valid_until"],
            )
            for row in placements
        ],
        batch_size=500,
    )  # fmt: skip
    return keys


def adopt_lines(*, rows: Rows) -> dict[str, int]:
    """Keys by legacy line ID."""
    made = ContractLine.objects.bulk_create([ContractLine(**row) for row in rows], batch_size=500)
    return {row.legacy_id: row.pk for row in made}


def adopt_line_terms(*, prices: Rows, quantities: Rows, discounts: Rows) -> None:
    """Prices, quantities and discounts of adopted lines."""
    LinePrice.objects.bulk_create([LinePrice(**row) for row in prices], batch_size=1000)
    LineQuantity.objects.bulk_create([LineQuantity(**row) for row in quantities], batch_size=1000)
    LineDiscount.objects.bulk_create([LineDiscount(**row) for row in discounts], batch_size=1000)


TABLES = {model.__name__: model for model in (Contract, Service, ContractLine, LinePrice, LineQuantity, LineDiscount)}


def adopt_table(*, table: str, fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many rows of one table of this noun were kept, keys included: for bases too large for objects."""
    return bulk.insert_rows(TABLES[table], fields, rows)


def settle_key_sequences() -> None:
    """Lets the database count on behind keys that were written by hand."""
    bulk.settle_key_sequences(TABLES.values())
