"""Writes to the alias register, and the giving of IDs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from rackbill.core.id_shapes import IdKind, normalise
from rackbill.domain.identifiers.errors import IdsExhausted
from rackbill.domain.identifiers.models import Alias, IdSequence
from rackbill.domain.identifiers.policy import ID_RANGES
from rackbill.domain.kit import bulk, locks

OURS = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlias:
    """An identifier and what it names; `system` is blank for our own IDs and for references."""

    kind: str
    raw_text: str
    target_kind: str
    target_id: str
    customer_id: str = ""
    system: str = OURS
    organisation_id: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


_FIELDS = (
    "system", "organisation_id", "kind", "raw_text", "normalised_text", "valid_from", "valid_until", "target_kind",
    "target_id", "customer_id",
)  # fmt: skip


def register_aliases(*, aliases: Iterable[NewAlias]) -> int:
    """How many were written. The database refuses an ID of ours that was given before."""
    rows = (
        (
            a.system, a.organisation_id, a.kind, a.raw_text, normalise(a.raw_text), a.valid_from, a.valid_until,
            a.target_kind, a.target_id, a.customer_id,
        )
        for a in aliases
    )  # fmt: skip
    return bulk.insert_rows(Alias, _FIELDS, rows)


@transaction.atomic
def give_ids(*, kind: IdKind, count: int, avoiding: Collection[str] = ()) -> list[str]:
    """Fresh IDs in rising order, none of which any identifier of any system ever had, nor any of `avoiding`.

    Raises IdsExhausted.
    """
    first, last = ID_RANGES[kind]
    IdSequence.objects.get_or_create(kind=kind.value, defaults={"next_value": first})
    sequence = locks.locked(IdSequence.objects.filter(kind=kind.value)).get()
    given: list[str] = []
    value = sequence.next_value
    while len(given) < count:
        block = [str(v) for v in range(value, min(value + max(count - len(given), 100), last + 1))]
        if not block:
            raise IdsExhausted(f"all {kind.value} IDs up to {last} are given; widen the range in identifiers/policy.py")
        taken = taken_texts(texts=block)
        for text in block:
            value += 1
            if text not in taken and text not in avoiding:
                given.append(text)
                if len(given) == count:
                    break
    sequence.next_value = value
    sequence.save(update_fields=["next_value"])
    return given


def taken_texts(*, texts: Sequence[str]) -> set[str]:
    """Those of the texts that any identifier has or had, in whatever spelling."""
    taken: set[str] = set()
    for start in range(0, len(texts), 500):
        part = texts[start : start + 500]
        taken.update(Alias.objects.filter(normalised_text__in=part).values_list("normalised_text", flat=True))
        taken.update(Alias.objects.filter(raw_text__in=part).values_list("raw_text", flat=True))
    return taken


def replace_reference(*, target_kind: str, target_id: str, customer_id: str, reference: str, on: date) -> None:
    """The former reference ends on the day, the new one (unless blank) begins; both stay findable."""
    live = Alias.objects.filter(
        system=OURS, kind=IdKind.REFERENCE.value, target_kind=target_kind, target_id=target_id, valid_until=None
    )
    live.filter(valid_from=on).delete()
    live.update(valid_until=on)
    if reference.strip():
        Alias.objects.update_or_create(
            system=OURS, organisation_id="", kind=IdKind.REFERENCE.value, raw_text=reference, target_kind=target_kind,
            target_id=target_id, valid_from=on,
            defaults={"normalised_text": normalise(reference), "customer_id": customer_id, "valid_until": None},
        )  # fmt: skip
