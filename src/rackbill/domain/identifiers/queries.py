"""What an identifier names, and every identifier of a thing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from rackbill.core.id_shapes import normalise
from rackbill.domain.identifiers.models import Alias
from rackbill.domain.kit.scope import CustomerScope, Scope


@dataclass(frozen=True, slots=True)
class Identity:
    """One identifier of a thing: kind, text, whose (`system` blank = ours) and from when until when it is valid."""

    kind: str
    text: str
    system: str
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """A thing that a text names: how it was found, and everything the thing is and was called."""

    target_kind: str
    target_id: str
    customer_id: str
    found_by: Identity
    is_exact: bool
    identities: tuple[Identity, ...]


def resolutions(*, scope: Scope, text: str) -> list[Resolution]:
    """Every thing that the text names. Exact hits first and alone; tolerant ones (case, blanks, dashes) else."""
    wanted = text.strip()
    if not wanted:
        return []
    exact = list(_visible(scope).filter(Q(raw_text=wanted) | Q(raw_text=text))[:50])
    hits = exact or list(_visible(scope).filter(normalised_text=normalise(wanted))[:50])
    identities = _identities([(hit.target_kind, hit.target_id) for hit in hits])
    found: dict[tuple[str, str], Resolution] = {}
    for hit in sorted(hits, key=lambda a: (a.system != "", a.valid_until is not None, a.kind, a.target_id)):
        key = (hit.target_kind, hit.target_id)
        if key not in found:
            found[key] = Resolution(*key, hit.customer_id, _identity(hit), bool(exact), tuple(identities.get(key, ())))
    return list(found.values())


def target_id(*, scope: Scope, target_kind: str, text: str) -> str | None:
    """The ID of the one thing of a kind that the text names for this scope, or None. References never count."""
    rows = _visible(scope).filter(target_kind=target_kind).exclude(kind="reference")
    for hits in (rows.filter(raw_text=text), rows.filter(normalised_text=normalise(text))):
        targets = set(hits.values_list("target_id", flat=True)[:2])
        if targets:
            return targets.pop() if len(targets) == 1 else None
    return None


@dataclass(frozen=True, slots=True)
class NamedThing:
    """What a normalised text names: the kind of the identifier, the thing, the customer whose it is."""

    text: str
    kind: str
    system: str
    target_kind: str
    target_id: str
    customer_id: str


def named_things(*, texts: Collection[str]) -> dict[str, list[NamedThing]]:
    """By normalised text: everything of a customer that it names or ever named; references, being free text, never count."""
    found: dict[str, list[NamedThing]] = {}
    wanted = sorted(set(texts))
    for start in range(0, len(wanted), 900):
        rows = Alias.objects.filter(normalised_text__in=wanted[start : start + 900]).exclude(kind="reference")
        columns = ("normalised_text", "kind", "system", "target_kind", "target_id", "customer_id")
        for row in rows.exclude(customer_id="").order_by("pk").values_list(*columns):
            found.setdefault(row[0], []).append(NamedThing(*row))
    return found


def _visible(scope: Scope) -> QuerySet[Alias]:
    rows = Alias.objects.all()
    return rows.filter(customer_id=scope.customer_id) if isinstance(scope, CustomerScope) else rows


def _identity(row: Alias) -> Identity:
    return Identity(row.kind, row.raw_text, row.system, row.valid_from, row.valid_until)


def _identities(targets: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Identity]]:
    result: dict[tuple[str, str], list[Identity]] = {}
    if not targets:
        return result
    wanted = Q()
    for kind, identity in set(targets):
        wanted |= Q(target_kind=kind, target_id=identity)
    for row in Alias.objects.filter(wanted).order_by("system", "kind", "valid_from", "raw_text"):
        result.setdefault((row.target_kind, row.target_id), []).append(_identity(row))
    return result


def unresolved_legacy_count(*, system: str) -> int:
    """How many legacy identifiers of a system name nothing that has an ID of ours."""
    from django.db.models import Exists, OuterRef

    own = Alias.objects.filter(system="", target_kind=OuterRef("target_kind"), target_id=OuterRef("target_id")).exclude(
        kind="reference"
    )
    return Alias.objects.filter(system=system).exclude(target_kind="archived_document").filter(~Exists(own)).count()


def legacy_count(*, system: str) -> int:
    """How many identifiers of a legacy system are in the register."""
    return Alias.objects.filter(system=system).count()
