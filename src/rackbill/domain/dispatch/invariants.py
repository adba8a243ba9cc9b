"""What must always hold over the outbox; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents import queries as documents


def violations() -> Iterator[str]:
    """Every issued document has at least one dispatch, sent, waiting or parked with a reason."""
    known = set(Dispatch.objects.values_list("document__number", flat=True))
    for number in documents.numbers():
        if number not in known:
            yield f"document {number} has no dispatch"
    for number in Dispatch.objects.filter(state__in=("parked", "failed"), reason="").values_list(
        "document__number", flat=True
    ):
        yield f"the dispatch of document {number} stands still without a reason"
