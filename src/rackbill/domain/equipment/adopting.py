"""Bulk writes of legacy equipment; for the cut-over alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rackbill.domain.equipment.models import Equipment, Site
from rackbill.domain.kit import bulk


def adopt_sites(*, codes: Sequence[str]) -> dict[str, int]:
    """Keys by code."""
    Site.objects.bulk_create([Site(code=code) for code in codes], ignore_conflicts=True)
    return dict(Site.objects.filter(code__in=codes).values_list("code", "pk"))


def adopt_equipment(*, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Keys by Equipment ID; rows name their site by its code under `site`, which is made where it is new."""
    rows = list(rows)
    Site.objects.bulk_create([Site(code=code) for code in sorted({row["site"] for row in rows})], ignore_conflicts=True)
    sites = dict(Site.objects.values_list("code", "pk"))
    things = [Equipment(**{k: v for k, v in row.items() if k != "site"}, site_id=sites[row["site"]]) for row in rows]
    return {thing.equipment_id: thing.pk for thing in Equipment.objects.bulk_create(things, batch_size=500)}


TABLES = {model.__name__: model for model in (Equipment,)}


def adopt_table(*, table: str, fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many rows of one table of this noun were kept, keys included: for bases too large for objects."""
    return bulk.insert_rows(TABLES[table], fields, rows)


def settle_key_sequences() -> None:
    """Lets the database count on behind keys that were written by hand."""
    bulk.settle_key_sequences(TABLES.values())
