"""Bulk writes: COPY on PostgreSQL, executemany on SQLite; and bulk reads of columns as the database keeps them.

The rows are tuples in the order of the named fields. Columns that are not named get their field's default, as the ORM would
give it. Constraints and triggers hold as always.
"""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models.functions import Cast

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
    with connection.wrap_database_errors, connection.cursor() as cursor:
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


@contextmanager
def without_collector() -> Iterator[None]:
    """For work on many rows at once, which makes no cycles: Python's collector would look at all of them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Keys:
    """A list that Django does not look into."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = list(values)


@models.Field.register_lookup
class AnyOf(models.Lookup):
    """`field__any_of=bulk.Keys(…)`: as `__in`, with the whole list as one parameter instead of a thousand."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> list[Any]:
        """The values as they are."""
        return self.rhs.values

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """For SQLite, which knows lists as JSON."""
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """For PostgreSQL, which knows arrays."""
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*parameters, self.rhs]


models.ForeignKey.register_lookup(AnyOf)


def plain_rows(rows: models.QuerySet[Any, Any], *names: str, at_most: int | None = None) -> list[tuple[Any, ...]]:
    """Named columns as the database keeps them: whole numbers, texts, days and instants as ISO texts, JSON as text."""
    # SQLite's driver turns columns declared as days into dates, one by one; a cast is a text on both databases.
    columns = [
        Cast(name, models.CharField(max_length=40)) if isinstance(_field(rows.model, name), models.DateField) else name
        for name in names
    ]
    statement, parameters = rows.values_list(*columns)[:at_most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _field(model: Any, name: str) -> Any:
    *path, last = name.split("__")
    for step in path:
        model = model._meta.get_field(step).related_model
    return model._meta.pk if last == "pk" else model._meta.get_field(last)


def plain_instant(moment: datetime) -> str:
    """An instant as the database keeps it."""
    return str(models.DateTimeField().get_db_prep_value(moment, connection))


def set_column(model: type[models.Model], field_name: str, value_by_key: Mapping[int, Any]) -> None:
    """One plain column of rows, each to a value of its own, in one statement."""
    column, table = model._meta.get_field(field_name).column, model._meta.db_table
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            kind = model._meta.get_field(field_name).db_type(connection)
            cursor.execute(
                f'UPDATE "{table}" SET "{column}" = fresh.value FROM unnest(%s::bigint[], %s::{kind}[]) AS fresh (key, value) '
                f'WHERE "{table}"."id" = fresh.key',
                [list(value_by_key), list(value_by_key.values())],
            )
        else:
            cursor.cursor.connection.executemany(
                f'UPDATE "{table}" SET "{column}" = ? WHERE "id" = ?', [(v, k) for k, v in value_by_key.items()]
            )


def reserve_keys(model: type[models.Model], count: int) -> Sequence[int]:
    """Row keys that nobody else gets, for rows that name each other before they are written; rising, perhaps with gaps."""
    if not count:
        return range(0)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One by one, as the sequence gives them: workers side by side do not wait for each other's transactions.
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [f'"{table}"', count]
            )
            return sorted(key for (key,) in cursor.fetchall())
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
