"""Bulk writes of legacy equipment; for the cut-over alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.equipment.models import Equipment, Site


def adopt_equipment(*, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Keys by Equipment ID; rows name their site by its code under `site`, which is made where it is new."""
    rows = list(rows)
    Site.objects.bulk_create([Site(code=code) for code in sorted({row["site"] for row in rows})], ignore_conflicts=True)
    sites = dict(Site.objects.values_list("code", "pk"))
    things = [Equipment(**{k: v for k, v in row.items() if k != "site"}, site_id=sites[row["site"]]) for row in rows]
    return {thing.equipment_id: thing.pk for thing in Equipment.objects.bulk_create(things, batch_size=500)}
