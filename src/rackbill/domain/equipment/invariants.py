"""What must always hold over equipment; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.core.id_shapes import IdKind, is_shaped
from rackbill.domain.equipment.models import Equipment


def violations() -> Iterator[str]:
    """Every Equipment ID has the published shape."""
    for equipment_id in Equipment.objects.values_list("equipment_id", flat=True).iterator():
        if not is_shaped(IdKind.EQUIPMENT, equipment_id):
            yield f"{equipment_id!r} is not an Equipment ID (3 to 8 digits)"
