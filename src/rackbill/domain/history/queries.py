"""Reads of history."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from rackbill.domain.history.models import HistoryEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who did what to which object, when; without personal values."""

    at: datetime
    verb: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]


def changes(*, customer_id: str, run_ids: Collection[str] = ()) -> list[Change]:
    """All that happened to a customer and what is its own, and to the bill runs named, in the order it happened."""
    own = Q(customer_id=customer_id) | Q(object_kind="bill_run", object_id__in=list(run_ids))
    return [
        Change(at=row.at, verb=row.verb, object_kind=row.object_kind, object_id=row.object_id, detail=row.detail)
        for row in HistoryEntry.objects.filter(own).order_by("pk")
    ]
