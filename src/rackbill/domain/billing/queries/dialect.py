"""The few words of SQL about days and months that SQLite and PostgreSQL spell differently."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

NEVER = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Gives fragments of SQL; arguments are fragments too. Months are counted as year x 12 + month - 1."""

    is_postgresql: bool

    def day(self, text: str) -> str:
        """A day from a literal or a parameter."""
        return f"CAST({text} AS date)" if self.is_postgresql else text

    def days(self, start: str, end: str) -> str:
        """Days from one up to, not including, the other; never below 0."""
        count = (
            f"({end} - {start})" if self.is_postgresql else f"CAST(julianday({end}) - julianday({start}) AS INTEGER)"
        )
        return self.greatest(count, "0")

    def month(self, day: str) -> str:
        """The month that a day lies in."""
        if self.is_postgresql:
            return f"(CAST(EXTRACT(YEAR FROM {day}) AS int) * 12 + CAST(EXTRACT(MONTH FROM {day}) AS int) - 1)"
        return f"(CAST(substr({day}, 1, 4) AS INTEGER) * 12 + CAST(substr({day}, 6, 2) AS INTEGER) - 1)"

    def day_of_month(self, day: str) -> str:
        """1 to 31."""
        return (
            f"CAST(EXTRACT(DAY FROM {day}) AS int)" if self.is_postgresql else f"CAST(substr({day}, 9, 2) AS INTEGER)"
        )

    def day_in(self, month: str, day_number: str) -> str:
        """The day of that number in a month, or the month's last where it has no such day."""
        year, number = f"({month}) / 12", f"(({month}) - (({month}) / 12) * 12 + 1)"
        if self.is_postgresql:
            first = f"make_date({year}, {number}, 1)"
            return f"LEAST({first} + ({day_number} - 1), CAST({first} + INTERVAL '1 month' AS date) - 1)"
        first = f"printf('%%04d-%%02d-01', {year}, {number})"
        return f"MIN(date({first}, '+' || ({day_number} - 1) || ' days'), date({first}, '+1 month', '-1 day'))"

    def next_day(self, day: str) -> str:
        """The day after."""
        return f"({day} + 1)" if self.is_postgresql else f"date({day}, '+1 day')"

    def local_day(self, instant: str) -> str:
        """The day of an instant in the zone of the parameter `zone`; NULL of NULL."""
        if self.is_postgresql:
            return f"CAST({instant} AT TIME ZONE %(zone)s AS date)"
        return f"django_datetime_cast_date({instant}, %(zone)s, 'UTC')"

    def is_midnight(self, instant: str) -> str:
        """Whether an instant is the beginning of a day in that zone."""
        if self.is_postgresql:
            return f"(CAST({instant} AT TIME ZONE %(zone)s AS time) = '00:00')"
        return f"(django_datetime_cast_time({instant}, %(zone)s, 'UTC') = '00:00:00')"

    def json_number(self, column: str, name: str) -> str:
        """A number kept as text in a JSON column; NULL where there is none."""
        if self.is_postgresql:
            return f"CAST({column} ->> '{name}' AS numeric)"
        return f"CAST(json_extract({column}, '$.{name}') AS REAL)"

    def least(self, *values: str) -> str:
        """The smallest; no value may be NULL."""
        return f"{'LEAST' if self.is_postgresql else 'MIN'}({', '.join(values)})"

    def greatest(self, *values: str) -> str:
        """The largest; no value may be NULL."""
        return f"{'GREATEST' if self.is_postgresql else 'MAX'}({', '.join(values)})"


def dialect() -> Dialect:
    """That of the database in use."""
    return Dialect(connection.vendor == "postgresql")


@contextmanager
def reading(*, sql: str, given: Mapping[str, Any]) -> Iterator[Any]:
    """A cursor over the rows of one large statement; PostgreSQL keeps them on its side until they are fetched."""
    with transaction.atomic():
        if dialect().is_postgresql:
            with connection.cursor() as settings:
                # Compiling such a statement takes longer than running it over a million lines; sorts need some room.
                settings.execute("SET LOCAL jit = off")
                settings.execute("SET LOCAL work_mem = '64MB'")
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql, given)
            yield cursor
