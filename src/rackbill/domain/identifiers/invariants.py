"""What must always hold over the register; yields violations, mends nothing (I1, I3, I7 of the migration invariants)."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from rackbill.core.id_shapes import IdKind, normalise
from rackbill.domain.identifiers.models import Alias, IdSequence

_OWN = [kind.value for kind in (IdKind.CUSTOMER, IdKind.CONTRACT, IdKind.ORDER, IdKind.SERVICE, IdKind.EQUIPMENT)]


def violations() -> Iterator[str]:
    """No ID of ours equals a legacy value; every legacy identifier leads to something of ours; counters stand above."""
    own = Alias.objects.filter(system="", kind__in=_OWN)
    legacy = Alias.objects.exclude(system="").filter(raw_text=OuterRef("raw_text"))
    for kind, text in own.filter(Exists(legacy)).values_list("kind", "raw_text"):
        yield f"{kind} ID {text} equals an identifier of a legacy system"
    # An ID of ours is its own target; said in the words of the unique index, or each search would read all of them.
    named = (
        Alias.objects.filter(system="", kind=OuterRef("target_kind"), raw_text=OuterRef("target_id"))
        .exclude(kind="reference")
        .filter(target_kind=OuterRef("target_kind"), target_id=OuterRef("target_id"))
    )
    lost = Alias.objects.exclude(system="").filter(target_kind__in=_OWN).filter(~Exists(named))
    for kind, text in lost.values_list("kind", "raw_text"):
        yield f"legacy {kind} {text} leads to nothing that has an ID of ours"
    for row in IdSequence.objects.all():
        texts = own.filter(kind=row.kind).values_list("raw_text", flat=True)
        highest = max((int(text) for text in texts.iterator() if text.isdigit()), default=0)
        if highest >= row.next_value:
            yield f"the counter of {row.kind} IDs stands at {row.next_value}, but {highest} is given"
    for raw, normalised in Alias.objects.values_list("raw_text", "normalised_text").iterator(chunk_size=5000):
        if normalise(raw) != normalised:
            yield f"identifier {raw!r} is stored under {normalised!r}, which is not its normalised form"
