"""Reads of number series: what is used of each range, and which are nearly used up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import DateField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from rackbill.domain.documents import policy
from rackbill.domain.documents.models import NumberSeries
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope, WholeInstallation

_FIRST_DAY = Coalesce(F("valid_from"), Value(date.min), output_field=DateField())


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """A range in a list, of the series from `valid_from` on (None: the first of its kind).

    `is_last`: no further one goes on where it ends; `is_waiting`: the one before has numbers left, or its day has not come;
    `is_over`: a later series has begun.
    """

    organisation_id: str
    organisation_name: str
    kind: str
    range_start: int
    range_end: int
    used_count: int
    is_last: bool
    is_waiting: bool
    is_over: bool = False
    valid_from: date | None = None

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
        return self.is_last and not self.is_over and policy.is_nearly_used_up(used=self.used_count, size=self.size)

    @property
    def from_words(self) -> str:
        """The option that names the series to `rackbill series add`; empty for the first of its kind."""
        return f" --from {self.valid_from}" if self.valid_from is not None else ""

    @property
    def is_used_up(self) -> bool:
        """Whether its last number is given."""
        return self.used_count == self.size


def number_series(*, scope: Scope, limit: int = 50, offset: int = 0) -> Page[SeriesRow]:
    """All number series, by sales organisation, kind and range; two queries."""
    rows = _series(scope).order_by("sales_organisation__organisation_id", "kind", "range_start")
    return page_of(rows, limit=limit, offset=offset, make=_row)


def nearly_full_series(*, scope: Scope, limit: int = 50) -> list[SeriesRow]:
    """The series of which nine tenths or more are used and that no further range or begun series follows; one query."""
    used, size = F("next_counter") - F("range_start"), F("range_end") - F("range_start") + 1
    rows = (
        _series(scope)
        .filter(is_last=True, is_over=False)
        .alias(used=used * 100, most=size * policy.NEARLY_USED_UP_PERCENT)
    )
    return [_row(row) for row in rows.filter(used__gte=F("most")).order_by("range_start")[:limit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortSeries:
    """A kind of document whose numbers run short: how many are left in all its ranges, how many a run takes, and the way out."""

    kind: str
    left_count: int
    run_count: int
    way_out: str


def short_series(*, organisation_id: str, on: date, run_counts: Mapping[str, int]) -> list[ShortSeries]:
    """The kinds of a sales organisation whose series of a day is nearly used up, or has fewer numbers than a run takes."""
    rows = _series(WholeInstallation()).filter(sales_organisation__organisation_id=organisation_id)
    kinds: dict[str, list[SeriesRow]] = {}
    for row in map(_row, rows.order_by("kind", "range_start")):
        kinds.setdefault(row.kind, []).append(row)
    left: dict[str, int] = {}
    days: dict[str, str] = {}
    nearly_full: set[str] = set()
    for kind, all_ranges in kinds.items():
        start = policy.series_of_day(starts={row.valid_from for row in all_ranges}, day=on)
        own = [row for row in all_ranges if row.valid_from == start]
        left[kind] = sum(row.size - row.used_count for row in own)
        days[kind] = own[-1].from_words
        if any(row.is_nearly_full for row in own):
            nearly_full.add(kind)
    return [
        ShortSeries(
            kind=kind, left_count=count, run_count=run_counts.get(kind, 0),
            way_out=f"rackbill series add --sales-org {organisation_id} --kind {kind} --first N --last N{days[kind]}"
            + ("" if kind in nearly_full else " --early"),
        )
        for kind, count in left.items()
        if policy.is_running_short(left=count, is_nearly_full=kind in nearly_full, run_count=run_counts.get(kind, 0))
    ]  # fmt: skip


def series_warnings(*, organisation_id: str) -> list[str]:
    """A sentence for each number series of a sales organisation that is nearly used up, with the way out."""
    return [
        f"series {row.kind} {row.range_start}-{row.range_end} has used {row.used_count} of {row.size} numbers; add the next "
        f"range before the rest is gone: rackbill series add --sales-org {organisation_id} --kind {row.kind} --first N --last N"
        + row.from_words
        for row in nearly_full_series(scope=WholeInstallation(), limit=500) if row.organisation_id == organisation_id
    ]  # fmt: skip


def _series(scope: Scope) -> QuerySet[NumberSeries]:
    day, own_day = _FIRST_DAY, Coalesce(OuterRef("valid_from"), Value(date.min), output_field=DateField())
    kind = NumberSeries.objects.filter(sales_organisation=OuterRef("sales_organisation"), kind=OuterRef("kind"))
    same = kind.alias(day=day).filter(day=own_day)
    later = kind.alias(day=day).filter(day__gt=own_day, next_counter__gt=F("range_start"))
    further = same.filter(range_start__gt=OuterRef("range_start"))
    before = same.filter(range_start__lt=OuterRef("range_start"), next_counter__lte=F("range_end"))
    rows = scope.limit(NumberSeries.objects.all(), organisation="sales_organisation")
    return rows.select_related("sales_organisation").annotate(
        is_last=~Exists(further), is_waiting=Exists(before), is_over=Exists(later)
    )  # fmt: skip


def _row(row: NumberSeries) -> SeriesRow:
    return SeriesRow(
        organisation_id=row.sales_organisation.organisation_id, organisation_name=row.sales_organisation.legal_name,
        kind=row.kind, range_start=row.range_start, range_end=row.range_end,
        used_count=row.next_counter - row.range_start, is_last=row.is_last,  # type: ignore[attr-defined]
        is_waiting=row.is_waiting or (row.valid_from is not None and row.next_counter == row.range_start),  # type: ignore[attr-defined]
        is_over=row.is_over, valid_from=row.valid_from,  # type: ignore[attr-defined]
    )  # fmt: skip
