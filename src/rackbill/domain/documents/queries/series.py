"""Reads of number series: what is used of each range."""

from decimal import Decimal

from rackbill.domain.documents.models import NumberSeries

NEARLY_FULL = Decimal("0.9")


def series_warnings(*, organisation_id: str) -> list[str]:
    """A sentence for each number series of a sales organisation of which nine tenths are used."""
    rows = NumberSeries.objects.filter(sales_organisation__organisation_id=organisation_id).order_by("range_start")
    found = []
    for series in rows:
        used, size = series.next_counter - series.range_start, series.range_end - series.range_start + 1
        if used >= size * NEARLY_FULL:
            found.append(f"series {series} has used {used} of {size} numbers; add a series before the rest is gone")
    return found
