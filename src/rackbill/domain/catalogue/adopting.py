"""Bulk writes of legacy products; for the cut-over alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.catalogue.models import Product


def adopt_products(*, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Keys by product code; products that are there stay as they are."""
    Product.objects.bulk_create([Product(**row) for row in rows], ignore_conflicts=True)
    return dict(Product.objects.values_list("code", "pk"))
