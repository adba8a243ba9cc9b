"""What is left of the documents that credit notes correct, read in the transaction that issues the credit notes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Sum

from rackbill.core import crediting
from rackbill.core.document import Remaining
from rackbill.core.tax import TaxDecision
from rackbill.domain.billing.models import BillDraft, Charge
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit import bulk, locks


@dataclass(slots=True)
class _Billed:
    """A corrected document: by charge its net, what is left of it, and its taxes. A credit note's charges are negative."""

    number: str
    sign: int
    tax_minor: int
    lines: dict[int, tuple[int, tuple[TaxDecision, ...]]] = field(default_factory=dict)
    left: dict[int, int] = field(default_factory=dict)

    def remaining(self) -> Remaining:
        rows = ((net * self.sign, self.left[key] * self.sign, taxes) for key, (net, taxes) in self.lines.items())
        return crediting.remaining_of(number=self.number, tax_minor=self.tax_minor, lines=rows)


def remaining_after(*, draft_keys: Sequence[int]) -> dict[int, tuple[Remaining, ...]]:
    """By draft of a credit note, given in the order in which they get their numbers: what is left after it, by number.

    Counts what issued documents took back, and these drafts one after the other. The corrected documents stay locked until
    the transaction ends, so that of two credit notes on one of them the second counts the first.
    """
    own = Charge.objects.filter(draft_id__any_of=bulk.Keys(draft_keys), corrects__draft__isnull=False)
    taken: dict[int, list[tuple[int, int]]] = defaultdict(list)
    corrected: set[int] = set()
    for draft_key, key, document_key, minor in bulk.plain_rows(
        own.order_by("draft_id", "line_number"), "draft_id", "corrects_id", "corrects__draft_id", "amount_minor"
    ):
        taken[draft_key].append((key, minor))
        corrected.add(document_key)
    billed = _billed(sorted(corrected))
    found: dict[int, tuple[Remaining, ...]] = {}
    for draft_key in draft_keys:
        touched = {}
        for key, minor in taken[draft_key]:
            billed[key].left[key] += minor
            touched[billed[key].number] = billed[key]
        found[draft_key] = tuple(touched[number].remaining() for number in sorted(touched))
    return found


def _billed(document_keys: Iterable[int]) -> Mapping[int, _Billed]:
    """By charge, the document that it stands on, with what issued documents left of it; locked."""
    rows = BillDraft.objects.filter(pk__any_of=bulk.Keys(document_keys), document_number__isnull=False)
    numbers = dict(locks.locked(rows.order_by("pk")).values_list("pk", "document_number"))
    heads = documents.heads(numbers=list(numbers.values()))
    taxes = documents.lines_with_taxes(numbers=heads)
    originals = {
        key: _Billed(number, -1 if heads[number].kind == "credit_note" else 1, heads[number].tax_minor)
        for key, number in numbers.items()
    }
    charges = Charge.objects.filter(draft_id__any_of=bulk.Keys(numbers), line_number__isnull=False)
    by_charge: dict[int, _Billed] = {}
    for key, document_key, line_number, minor in bulk.plain_rows(
        charges, "pk", "draft_id", "line_number", "amount_minor"
    ):
        original = by_charge[key] = originals[document_key]
        _issued_on, decisions = taxes[(original.number, line_number)]
        original.lines[key], original.left[key] = (minor, decisions), minor
    before = Charge.objects.filter(corrects__any_of=bulk.Keys(by_charge), draft__document_number__isnull=False)
    for key, minor in before.values_list("corrects").annotate(Sum("amount_minor")):
        by_charge[key].left[key] += minor
    return by_charge
