"""Reads of number series: what is used of each range, and which are nearly used up."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet

from rackbill.domain.documents.models import NumberSeries
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope, WholeInstallation

NEARLY_FULL_PERCENT = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """A number series in a list. `is_current` says that numbers are taken from it; a further range of its kind ends that."""

    organisation_id: str
    organisation_name: str
    kind: str
    range_start: int
    range_end: int
    used_count: int
    is_current: bool

    @property
    def size(self) -> int:
        """How many numbers the range has."""
        return self.range_end - self.range_start + 1

    @property
    def used_percent(self) -> int:
        """Rounded down."""
        return self.used_count * 100 // self.size

    @property
    def is_nearly_full(self) -> bool:
        """Whether the next range should be added."""
        return self.is_current and self.used_percent >= NEARLY_FULL_PERCENT


def number_series(*, scope: Scope, limit: int = 50, offset: int = 0) -> Page[SeriesRow]:
    """All number series, by sales organisation, kind and age; two queries."""
    rows = _series(scope).order_by("sales_organisation__organisation_id", "kind", "pk")
    return page_of(rows, limit=limit, offset=offset, make=_row)


def nearly_full_series(*, scope: Scope, limit: int = 50) -> list[SeriesRow]:
    """The series of which nine tenths or more are used and that no further range follows; one query."""
    used, size = F("next_counter") - F("range_start"), F("range_end") - F("range_start") + 1
    rows = _series(scope).filter(is_current=True).alias(used=used * 100, most=size * NEARLY_FULL_PERCENT)
    return [_row(row) for row in rows.filter(used__gte=F("most")).order_by("range_start")[:limit]]


def series_warnings(*, organisation_id: str) -> list[str]:
    """A sentence for each number series of a sales organisation that is nearly used up, with the way out."""
    return [
        f"series {row.kind} {row.range_start}-{row.range_end} has used {row.used_count} of {row.size} numbers; add the next "
        f"range before the rest is gone: rackbill series add --sales-org {organisation_id} --kind {row.kind} --first N --last N"
        for row in nearly_full_series(scope=WholeInstallation(), limit=500) if row.organisation_id == organisation_id
    ]  # fmt: skip


def _series(scope: Scope) -> QuerySet[NumberSeries]:
    newer = NumberSeries.objects.filter(
        sales_organisation=OuterRef("sales_organisation"), kind=OuterRef("kind"), pk__gt=OuterRef("pk")
    )
    rows = scope.limit(NumberSeries.objects.all(), organisation="sales_organisation")
    return rows.select_related("sales_organisation").annotate(is_current=~Exists(newer))


def _row(row: NumberSeries) -> SeriesRow:
    return SeriesRow(
        organisation_id=row.sales_organisation.organisation_id, organisation_name=row.sales_organisation.legal_name,
        kind=row.kind, range_start=row.range_start, range_end=row.range_end,
        used_count=row.next_counter - row.range_start, is_current=row.is_current,  # type: ignore[attr-defined]
    )  # fmt: skip
