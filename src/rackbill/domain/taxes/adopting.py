"""Bulk writes of legacy tax evidence; for the cut-over alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.taxes.models import TaxIdCheck


def adopt_tax_id_checks(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """How many checks were kept."""
    return len(TaxIdCheck.objects.bulk_create([TaxIdCheck(**row) for row in rows], batch_size=500))
