"""JSON answers: amounts are decimals written as JSON numbers, never floats; dates in the forms of each API."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.http import HttpResponse

from rackbill.core.money import decimal_from_minor
from rackbill.domain.kit.paging import Page

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def json_answer(value: Any, *, status: int = 200) -> HttpResponse:
    """The value as JSON."""
    return HttpResponse(_ENCODER.encode(value), status=status, content_type="application/json")


def money(minor: int, currency: str) -> Decimal:
    """An amount as a JSON number with the decimals of its currency; zero is 0."""
    return decimal_from_minor(minor, currency) if minor else Decimal(0)


def day_with_offset(day: date) -> str:
    """A calendar day as `2026-02-01T00:00:00+00:00` (invoices, services)."""
    return f"{day.isoformat()}T00:00:00+00:00"


def day_zulu(day: date) -> str:
    """A calendar day as `2026-01-20T00:00:00Z` (servers)."""
    return f"{day.isoformat()}T00:00:00Z"


def day_from(text: str) -> date:
    """A date or a date-time as the day it falls on in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()


def metadata(page: Page[Any]) -> dict[str, int]:
    """_metadata of a list."""
    return {"totalCount": page.total_count, "limit": page.limit, "offset": page.offset}
