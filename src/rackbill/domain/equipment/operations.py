"""Writes to equipment."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from rackbill.core.id_shapes import IdKind
from rackbill.domain.equipment.models import Equipment, Site
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias


@transaction.atomic
def add_equipment(
    *, customer_key: int, customer_id: str, kind: str, site: str, fields: Mapping[str, Any]
) -> tuple[str, int]:
    """(Equipment ID, key) of a new thing at a site, which is made where it is new."""
    (equipment_id,) = identifiers.give_ids(kind=IdKind.EQUIPMENT, count=1)
    place, _created = Site.objects.get_or_create(code=site)
    row = Equipment.objects.create(equipment_id=equipment_id, kind=kind, customer_id=customer_key, site=place, **fields)
    alias = NewAlias(
        kind="equipment", raw_text=equipment_id, target_kind="equipment", target_id=equipment_id, customer_id=customer_id
    )  # fmt: skip
    identifiers.register_aliases(aliases=[alias])
    return equipment_id, row.pk
