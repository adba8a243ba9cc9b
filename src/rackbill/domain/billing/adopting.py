"""Bulk write of what the legacy system has billed, as charges without a draft; for the cut-over alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.billing.models import Charge


def adopt_charges(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """How many charges were kept."""
    return len(Charge.objects.bulk_create([Charge(**row) for row in rows], batch_size=1000))
