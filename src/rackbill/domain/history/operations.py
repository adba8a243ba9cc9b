"""Writing history, in the transaction of the change itself."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rackbill.domain.history.models import HistoryEntry, PersonalDetail
from rackbill.domain.kit.actor import Actor


def _plain(value: Any) -> Any:
    """The value as JSON keeps it: days, instants and amounts as text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value


def record_change(
    *,
    now: datetime,
    actor: Actor,
    verb: str,
    object_kind: str,
    object_id: str,
    customer_id: str = "",
    detail: dict[str, Any] | None = None,
    personal: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> None:
    """Appends one entry; `personal` is (before, after) and goes to the erasable side table.

    Days, instants and amounts in `detail` are kept as text.
    """
    entry = HistoryEntry.objects.create(
        at=now, actor_kind=actor.kind, actor_identity=actor.identity, object_kind=object_kind, object_id=object_id,
        customer_id=customer_id, verb=verb, detail=_plain(detail or {}),
    )  # fmt: skip
    if personal is not None:
        PersonalDetail.objects.create(entry=entry, before=personal[0], after=personal[1])
