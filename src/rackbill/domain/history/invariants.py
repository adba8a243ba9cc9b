"""What must always hold over history; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import Q

from rackbill.domain.history.models import HistoryEntry


def violations() -> Iterator[str]:
    """Every entry says who did what to what."""
    rows = HistoryEntry.objects.filter(Q(verb="") | Q(object_kind="") | Q(object_id="") | Q(actor_identity=""))
    for key in rows.order_by("pk").values_list("pk", flat=True):
        yield f"history entry {key} does not say who did what to which object"
