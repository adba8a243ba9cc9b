"""Bulk writes: COPY on PostgreSQL, executemany on SQLite. The rows are tuples in the order of the named fields.

Columns that are not named get their field's default, as the ORM would give it. Constraints and triggers hold as always.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, models

from rackbill.domain.kit.fields import DecimalSixField, millionths

_Convert = Callable[[Any], Any]


def insert_rows(model: type[models.Model], field_names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many rows were written. Values are Python values of the fields."""
    columns = [model._meta.get_field(name) for name in field_names]
    converters = [(place, convert) for place, column in enumerate(columns) if (convert := _converter(column))]

    def plain() -> Iterable[list[Any]]:
        for row in rows:
            values = list(row)
            for place, convert in converters:
                if values[place] is not None:
                    values[place] = convert(values[place])
            yield values

    return insert_plain_rows(model, field_names, plain())


def insert_plain_rows(model: type[models.Model], field_names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """As `insert_rows`, for values as the database keeps them: whole numbers, texts, days as ISO texts, JSON as text."""
    columns = [model._meta.get_field(name).column for name in field_names]
    defaults = _defaults(model, set(field_names))
    if defaults:
        columns += defaults
        constant = tuple(defaults.values())
        rows = ((*row, *constant) for row in rows)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    count = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                write = copy.write_row
                for row in rows:
                    write(row)
                    count += 1
            return count
        batch = rows if isinstance(rows, list) else list(rows)
        if batch:
            marks = ", ".join("?" * len(columns))
            # The driver's own cursor: Django's would translate and keep every statement.
            cursor.cursor.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', batch)
        return len(batch)


def reserve_keys(model: type[models.Model], count: int) -> range:
    """Row keys that nobody else gets, for rows that name each other before they are written."""
    if not count:
        return range(0)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Two callers at once may not both move the sequence by a block; the lock ends with the transaction.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table])
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [f'"{table}"'])
            (first,) = cursor.fetchone()
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [f'"{table}"', first + count - 1])
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            row = cursor.fetchone()
            first = (row[0] if row else 0) + 1
    return range(first, first + count)


def settle_key_sequences(tables: Iterable[type[models.Model]]) -> None:
    """Lets the database count on behind keys that were written by hand (SQLite does so by itself)."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in tables:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT coalesce(max(id), 1) FROM \"{table}\"))",
                [f'"{table}"'],
            )


def _converter(field: Any) -> _Convert | None:
    if isinstance(field, DecimalSixField):
        return millionths
    if isinstance(field, models.JSONField):
        return lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(field, models.DateTimeField):
        return lambda value: field.get_db_prep_save(value, connection)
    if isinstance(field, models.DateField):
        return lambda value: value.isoformat()
    return None


def _defaults(model: type[models.Model], named: set[str]) -> dict[str, Any]:
    """By column: what rows get that do not name it, where it may not be left out."""
    found = {}
    for field in model._meta.concrete_fields:
        if (
            field.name in named
            or field.attname in named
            or field.primary_key
            or (field.null and not field.has_default())
        ):
            continue
        value = field.get_default()
        convert = _converter(field)
        found[field.column] = convert(value) if convert and value is not None else value
    return found
