"""Row locks. PostgreSQL locks rows; SQLite has one writer, and its transactions begin as writers (IMMEDIATE)."""

from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def has_row_locks() -> bool:
    """Whether several processes can write side by side: PostgreSQL yes, SQLite no."""
    return bool(connection.features.has_select_for_update)


def locked(rows: QuerySet[Row], *, skip_locked: bool = False) -> QuerySet[Row]:
    """The same rows, locked until the transaction ends; those locked by others are waited for, or skipped."""
    if has_row_locks():
        options: dict[str, Any] = {"of": ("self",)} if connection.features.has_select_for_update_of else {}
        return rows.select_for_update(skip_locked=skip_locked, **options)
    return rows
