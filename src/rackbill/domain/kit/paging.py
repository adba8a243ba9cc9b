"""One page of a list, counted and cut in the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

Row = TypeVar("Row")

MAX_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows from `offset` on, at most `limit`, of `total_count`."""

    rows: Sequence[Row]
    total_count: int
    limit: int
    offset: int

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins, or None on the last."""
        following = self.offset + self.limit
        return following if following < self.total_count else None

    @property
    def previous_offset(self) -> int | None:
        """Where the page before begins, or None on the first."""
        return max(self.offset - self.limit, 0) if self.offset else None


def page_of(rows: QuerySet[Any], *, limit: int, offset: int, make: Callable[[Any], Row]) -> Page[Row]:
    """Two queries: the count and the page; `make` turns each row into a value."""
    limit = max(1, min(limit, MAX_LIMIT))
    offset = max(0, offset)
    total = rows.count()
    cut = [make(row) for row in rows[offset : offset + limit]] if offset < total else []
    return Page(cut, total, limit, offset)
