"""Bulk writes: COPY on PostgreSQL, executemany on SQLite. The rows are tuples in the order of the named fields."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def insert_rows(model: type[models.Model], field_names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many rows were written. Values are Python values of the fields; constraints and triggers hold as always."""
    columns = [model._meta.get_field(name) for name in field_names]
    prepare = [column.get_db_prep_save for column in columns]
    names = ", ".join(f'"{column.column}"' for column in columns)
    table = model._meta.db_table
    prepared = (tuple(convert(value, connection) for convert, value in zip(prepare, row, strict=True)) for row in rows)
    count = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in prepared:
                    copy.write_row([_copyable(value) for value in row])
                    count += 1
            return count
        batch = list(prepared)
        marks = ", ".join(["%s"] * len(columns))
        if batch:
            cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', batch)
        return len(batch)


def _copyable(value: Any) -> Any:
    """psycopg wraps JSON for statements; COPY takes its text."""
    wrapped = getattr(value, "obj", None)
    if wrapped is not None and type(value).__module__.startswith("psycopg"):
        import json

        return json.dumps(wrapped)
    return value
