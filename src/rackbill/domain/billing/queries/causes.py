"""Why documents say what they say: each line with the cause of its charge and the life of its days."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from rackbill.core import document as frozen
from rackbill.core.charges import ChargeKind
from rackbill.core.explanation import Explanation, LineCause, Step
from rackbill.core.periods import Period
from rackbill.domain.billing.errors import DocumentNotBilled
from rackbill.domain.billing.models import Charge
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import Scope

_COLUMNS = (
    "draft__document_number", "line_number", "contract_line_id", "kind", "period_start", "period_end", "revision",
    "amount_minor", "rule", "formula", "facts", "step",
)  # fmt: skip


def explanation(*, scope: Scope, number: str) -> Explanation:
    """One document. Raises DocumentNotFound, also for another customer's, and DocumentNotBilled where it bills nothing."""
    documents.canonical_form(scope=scope, number=number)
    found = explanations(scope=scope, numbers=[number])
    if not found:
        raise DocumentNotBilled(f"document {number} bills nothing; only invoices and credit notes are explained")
    return found[0]


def explanations(*, scope: Scope, numbers: Sequence[str]) -> list[Explanation]:
    """Some documents in their order, in four queries; those without charges behind them are left out."""
    forms = documents.canonical_forms(scope=scope, numbers=numbers)
    own = _charges(draft__document_number__in=list(forms))
    by_document: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in own:
        by_document[row["draft__document_number"]].append(row)
    life = _life(own)
    result = []
    for number in numbers:
        if number in forms and number in by_document:
            value = frozen.document_from_canonical(forms[number])
            causes = {row["line_number"]: _cause(row, life) for row in by_document[number]}
            result.append(
                Explanation(document=value, sha256=frozen.document_hash(forms[number]), causes=causes)
            )  # fmt: skip
    return result


def explained_in_turn(*, scope: Scope, numbers: Sequence[str], chunk: int = 200) -> Iterator[Explanation]:
    """Any number of documents, some at a time, so that memory stays bounded."""
    for start in range(0, len(numbers), chunk):
        yield from explanations(scope=scope, numbers=numbers[start : start + chunk])


def _charges(**filters: Any) -> list[dict[str, Any]]:
    rows = Charge.objects.filter(draft__document_number__isnull=False, line_number__isnull=False, **filters)
    return list(rows.order_by("pk").values(*_COLUMNS))


def _life(own: Sequence[dict[str, Any]]) -> dict[int, list[tuple[int, Step]]]:
    """By contract line, everything that was ever billed of it, oldest first, each with its slice of a used quantity."""
    rows = _charges(contract_line_id__in=list({row["contract_line_id"] for row in own}))
    heads = documents.heads(numbers=list({row["draft__document_number"] for row in rows}))
    life: dict[int, list[tuple[int, Step]]] = defaultdict(list)
    for row in rows:
        head = heads[row["draft__document_number"]]
        step = Step(
            document_number=head.number, document_kind=head.kind, issued_on=head.issued_on, line_number=row["line_number"],
            charge_kind=ChargeKind(row["kind"]), period=_period(row), amount_minor=row["amount_minor"], rule=row["rule"],
        )  # fmt: skip
        life[row["contract_line_id"]].append((row["step"], step))
    return life


def _cause(row: dict[str, Any], life: dict[int, list[tuple[int, Step]]]) -> LineCause:
    period = _period(row)
    steps = tuple(
        step
        for place, step in life[row["contract_line_id"]]
        if place == row["step"] and step.period.overlap(period) is not None
    )
    return LineCause(
        charge_kind=ChargeKind(row["kind"]), revision=row["revision"], rule=row["rule"], formula=row["formula"],
        facts=tuple((name, text) for name, text in row["facts"]), steps=steps,
    )  # fmt: skip


def _period(row: dict[str, Any]) -> Period:
    return Period(row["period_start"], row["period_end"])
