"""Where the outbox stands."""

from django.db.models import Count

from rackbill.domain.dispatch.models import Dispatch


def counts_by_state() -> dict[str, int]:
    """How many dispatches are in each state."""
    return dict(Dispatch.objects.values_list("state").annotate(Count("pk")))
