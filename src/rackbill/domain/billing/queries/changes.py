"""What a coming invoice changes since the last one of its billing group and currency; reads documents of earlier runs alone.

Where nothing but whole months of settled lines is charged, as many lines and the same net amount as the last time, nothing
changed and no charge is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from rackbill.core.bill_comparison import ThingFacts
from rackbill.core.changes import Billed, BilledCharge, changes_text, what_changed
from rackbill.core.charges.plain import PLAIN_FIELDS
from rackbill.core.document import Change, DocumentReference
from rackbill.core.document.texts import reference_text
from rackbill.core.invoicing import BillItem
from rackbill.core.periods import add_months
from rackbill.domain.billing.models import BillDraft, BillRun, Charge
from rackbill.domain.billing.queries.earlier_runs import LastRun
from rackbill.domain.contracts.queries import BillableLine
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.queries import InvoiceHead
from rackbill.domain.kit import bulk

_CHARGE = ("contract_line_id", *PLAIN_FIELDS[1:12])
GroupKey = tuple[int, str]
"""Key of a billing group, and currency."""


@dataclass(slots=True)
class GroupItems:
    """What a billing group is to be charged for in one currency.

    `is_settled`: only whole months of lines that were charged before and not amended since.
    """

    customer_key: int
    items: list[BillItem] = field(default_factory=list)
    is_settled: bool = True


@dataclass(slots=True)
class Earlier:
    """The last invoice of a billing group in a currency; `charges` are read only where they are needed.

    Of an invoice that its run split in two no changes are told.
    """

    head: InvoiceHead
    through: date
    is_only: bool
    reference: str
    line_count: int = 0
    draft_key: int = 0
    charges: list[tuple[BilledCharge, str]] = field(default_factory=list)

    def is_same(self, own: GroupItems, line_count: int, net_minor: int) -> bool:
        """Whether no line changed, without a look at the charges."""
        return own.is_settled and line_count == self.line_count and net_minor == self.head.net_minor


def is_steady(*, line: BillableLine, cycles: Sequence[tuple[str, str]]) -> bool:
    """Whether a settled line is charged for one month alone, at what it was charged for the month before."""
    if line.cycle_months != 1 or len(cycles) != 1:
        return False
    if len(line.prices) == len(line.quantities) == 1 and not line.discounts and not line.suspensions:
        return True
    ((start, end),) = cycles
    return line.in_force(_month_before(start), end) is not None


@lru_cache(maxsize=64)
def _month_before(day: str) -> str:
    return add_months(date.fromisoformat(day), -1).isoformat()


class Comparison:
    """Compares the invoice of a billing group with the one before."""

    __slots__ = ("_days", "_earlier", "_lines", "_own")

    def __init__(
        self, earlier: Earlier | None, own: GroupItems, lines: Sequence[BillableLine], days: tuple[date, date]
    ) -> None:
        self._earlier = earlier
        self._own = own
        self._lines = lines
        self._days = days

    def __call__(self, items: Sequence[BillItem], net_minor: int, tax_minor: int) -> tuple[str, str]:
        """The canonical texts of what changed, and of the reference to the last invoice; both empty where there is none."""
        earlier, own = self._earlier, self._own
        if earlier is None:
            return "", ""
        if not earlier.is_only or len({item.taxes.is_outside for item in own.items}) > 1:
            return "", earlier.reference
        if earlier.is_same(own, len(items), net_minor):
            difference = tax_minor - earlier.head.tax_minor
            changes = (Change(reason="tax", service_count=0, difference_minor=difference),) if difference else ()
        else:
            changes = self._compared(earlier, items, tax_minor)
        return changes_text(changes), earlier.reference

    def _compared(self, earlier: Earlier, items: Sequence[BillItem], tax_minor: int) -> tuple[Change, ...]:
        issued_on, through = self._days
        head = earlier.head
        return what_changed(
            before=Billed(
                charges=earlier.charges, tax_minor=head.tax_minor, issued_on=head.issued_on, through=earlier.through
            ),
            after=Billed(
                charges=[(item.charge[:12], str(item.order[1])) for item in items], tax_minor=tax_minor,
                issued_on=issued_on, through=through,
            ),
            facts=self._facts,
        )  # fmt: skip

    def _facts(self, line_key: int) -> ThingFacts | None:
        line = next((line for line in self._lines if line.line_key == line_key), None)
        if line is None or self._earlier is None:
            return None
        return _facts(line, self._earlier.head.issued_on, self._days[1])


def _facts(line: BillableLine, since: date, until: date) -> ThingFacts:
    ends = [day[:10] for day in (line.ends_on, line.service_ends_at, line.contract_ends_at) if day is not None]
    first, last = since.isoformat(), until.isoformat()
    return ThingFacts(
        starts_on=date.fromisoformat(line.starts_on), ends_on=date.fromisoformat(min(ends)) if ends else None,
        cycle_months=line.cycle_months,
        is_suspended=any(start < last and (end is None or end > first) for _line, start, end in line.suspensions),
    )  # fmt: skip


def earlier_invoices(*, last: LastRun, groups: Mapping[GroupKey, GroupItems]) -> dict[GroupKey, Earlier]:
    """The last invoice of each billing group; its charges where a comparison will need them. Four queries at most."""
    found: dict[GroupKey, Earlier] = {}
    if last.run_id:
        customers = {own.customer_key for own in groups.values()}
        heads = documents.invoices_of_run(customer_keys=sorted(customers), run_id=last.run_id, issued_on=last.issued_on)
        _take(found, groups, heads, {last.run_id: last.through})
    missing = sorted({own.customer_key for key, own in groups.items() if key not in found})
    if missing:
        heads = documents.invoices_by_age(customer_keys=missing)
        runs = BillRun.objects.filter(run_id__in={head.run_id for head in heads})
        older: dict[GroupKey, Earlier] = {}
        _take(older, groups, heads, dict(runs.values_list("run_id", "through")))
        found = {**older, **found}
    _read_charges(found, groups)
    return found


def _take(
    found: dict[GroupKey, Earlier], groups: Mapping[GroupKey, GroupItems], heads: Iterable[InvoiceHead],
    through: Mapping[str, date | None],
) -> None:  # fmt: skip
    """The newest of each group; heads come in their age."""
    for head in heads:
        key = (head.group_key, head.currency)
        if key not in groups:
            continue
        before = found.get(key)
        reference = reference_text(DocumentReference(number=head.number, issued_on=head.issued_on))
        found[key] = Earlier(
            head=head, through=through.get(head.run_id) or head.issued_on, reference=reference,
            is_only=before is None or not head.run_id or before.head.run_id != head.run_id,
        )  # fmt: skip


def _read_charges(found: Mapping[GroupKey, Earlier], groups: Mapping[GroupKey, GroupItems]) -> None:
    by_number = {earlier.head.number: earlier for earlier in found.values()}
    rows = BillDraft.objects.filter(document_number__any_of=bulk.Keys(by_number))
    for number, key, line_count in bulk.plain_rows(rows, "document_number", "pk", "line_count") if by_number else ():
        by_number[number].draft_key, by_number[number].line_count = key, line_count
    by_draft: dict[int, list[tuple[BilledCharge, str]]] = defaultdict(list)
    wanted = [
        earlier
        for key, earlier in found.items()
        if not earlier.is_same(groups[key], len(groups[key].items), sum([item.charge[9] for item in groups[key].items]))
    ]
    if not wanted:
        return
    charges = Charge.objects.filter(draft_id__any_of=bulk.Keys(earlier.draft_key for earlier in wanted))
    rows_of: list[tuple[Any, ...]] = bulk.plain_rows(
        charges.order_by("draft_id", "line_number"), "draft_id", "contract_line__service__service_id", *_CHARGE
    )
    for draft_key, service_id, *charge in rows_of:
        by_draft[draft_key].append((tuple(charge), service_id))
    for earlier in wanted:
        earlier.charges = by_draft[earlier.draft_key]
