"""The bills of a run beside those of the month before, customer by customer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from rackbill.core.bill_comparison import (
    ComparedBill,
    ComparedLine,
    LineOrigin,
    ThingFacts,
    compared_lines,
    nature_of,
)
from rackbill.core.charges import ChargeKind
from rackbill.core.document import Document, document_from_canonical
from rackbill.core.periods import Period, add_months
from rackbill.domain.billing.errors import RunNotFound
from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.parties import queries as parties

CUSTOMERS_AT_ONCE = 200
Bills = dict[int, dict[str, ComparedBill]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBills:
    """One customer: the documents of this run, and in each currency the bill before and the bill now."""

    customer_id: str
    name: str
    documents: tuple[Document, ...]
    compared: tuple[tuple[ComparedBill, ComparedBill], ...]
    facts: dict[str, ThingFacts]


def customer_bills(*, run_id: str) -> Iterator[CustomerBills]:
    """Every customer that the run bills or parks, or that the month before billed. Raises RunNotFound.

    Read in groups of customers, so that memory does not grow with the run.
    """
    run = _run(run_id)
    before = Before.of(run.sales_organisation_id, run.through)
    keys = before.customer_keys() | set(run.drafts.order_by().values_list("customer_id", flat=True).distinct())
    keys |= set(run.parked.values_list("customer_id", flat=True))
    ordered = sorted(keys)
    for start in range(0, len(ordered), CUSTOMERS_AT_ONCE):
        some = ordered[start : start + CUSTOMERS_AT_ONCE]
        documents: dict[int, list[tuple[Document, list[LineOrigin]]]] = defaultdict(list)
        for row, origins in _drafts([run.pk], some):
            documents[row.customer_id].append((document_from_canonical(row.canonical.encode()), origins))
        parked = set(ParkedBill.objects.filter(run=run, customer_id__in=some).values_list("customer_id", flat=True))
        yield from compared_customers(
            before=before, customer_keys=some, documents=documents, parked=parked, through=run.through,
            issued_on=run.issued_on,
        )  # fmt: skip


def month_before(*, run_id: str) -> "Before":
    """What a run is compared with. Raises RunNotFound."""
    run = _run(run_id)
    return Before.of(run.sales_organisation_id, run.through)


def _run(run_id: str) -> BillRun:
    run = BillRun.objects.filter(run_id=run_id).defer("provisional_report").first()
    if run is None:
        raise RunNotFound(f"there is no bill run {run_id}; list them with rackbill run list")
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The month before: the issued runs of the last through date before this one, else what the legacy system billed."""

    organisation_key: int
    run_keys: tuple[int, ...]
    through: date
    issued_on: date

    @property
    def is_legacy(self) -> bool:
        """Whether there is no run before, so that the legacy system's charges stand in its place."""
        return not self.run_keys

    @classmethod
    def of(cls, organisation_key: int, through: date) -> "Before":
        """Of a sales organisation's run through a date."""
        billed = Exists(BillDraft.objects.filter(run=OuterRef("pk")))
        rows = BillRun.objects.filter(
            billed, sales_organisation_id=organisation_key, state="issued", through__lt=through
        ).defer("provisional_report")
        last = rows.order_by("-through").first()
        if last is None:
            day = add_months(through, -1)
            return cls(organisation_key=organisation_key, run_keys=(), through=day, issued_on=add_months(day, -1))
        same = rows.filter(through=last.through).order_by("issued_on")
        keys = tuple(run.pk for run in same)
        return cls(organisation_key=organisation_key, run_keys=keys, through=last.through, issued_on=same[0].issued_on)

    def customer_keys(self) -> set[int]:
        """The customers billed then."""
        if self.run_keys:
            return set(
                BillDraft.objects.filter(run_id__in=self.run_keys).values_list("customer_id", flat=True).distinct()
            )
        return set(self._legacy_charges().values_list("contract_line__contract__customer_id", flat=True).distinct())

    def bills(self, customer_keys: Sequence[int]) -> Bills:
        """Their bills then, by customer key and currency. Of a legacy system only the net amounts are known."""
        lines: dict[tuple[int, str], list[ComparedLine]] = defaultdict(list)
        if self.run_keys:
            for row, origins in _drafts(self.run_keys, customer_keys):
                document = document_from_canonical(row.canonical.encode())
                lines[(row.customer_id, row.currency)] += compared_lines(document, origins)
        else:
            charges = self._legacy_charges().filter(contract_line__contract__customer_id__in=list(customer_keys))
            for charge in charges.select_related("contract_line__contract"):
                owner = charge.contract_line.contract.customer_id
                lines[(owner, charge.currency)].append(_legacy_line(charge))
        found: Bills = defaultdict(dict)
        for (customer_key, currency), own in lines.items():
            found[customer_key][currency] = ComparedBill(
                currency=currency, through=self.through, issued_on=self.issued_on, lines=tuple(own)
            )
        return found

    def _legacy_charges(self) -> Any:
        # What the legacy system billed last of each line counts where it reached into the month before.
        return Charge.objects.filter(
            draft__isnull=True, contract_line__contract__customer__sales_organisation_id=self.organisation_key,
            period_end__gt=self.issued_on,
        )  # fmt: skip


def compared_customers(
    *, before: Before, customer_keys: Sequence[int], documents: dict[int, list[tuple[Document, list[LineOrigin]]]],
    parked: set[int], through: date, issued_on: date,
) -> Iterator[CustomerBills]:  # fmt: skip
    """The customers with both bills, by customer ID; a bill that was not made has no lines."""
    old = before.bills(customer_keys)
    names = parties.names_by_key(customer_keys=customer_keys)
    facts = _facts(old, documents, before.issued_on, through)
    for key in sorted(customer_keys, key=lambda key: names[key][0]):
        lines: dict[str, list[ComparedLine]] = defaultdict(list)
        for document, origins in documents.get(key, ()):
            lines[document.currency] += compared_lines(document, origins)
        if before.is_legacy:
            lines = {currency: [_without_tax(line) for line in own] for currency, own in lines.items()}
        currencies = sorted({*lines, *old.get(key, {})})
        if not currencies and key not in parked:
            continue
        customer_id, name = names[key]
        yield CustomerBills(
            customer_id=customer_id, name=name, documents=tuple(document for document, _ in documents.get(key, ())),
            compared=tuple(
                (
                    old.get(key, {}).get(currency)
                    or ComparedBill(currency=currency, through=before.through, issued_on=before.issued_on),
                    ComparedBill(
                        currency=currency, through=through, issued_on=issued_on, lines=tuple(lines.get(currency, ())),
                        is_parked=key in parked,
                    ),
                )
                for currency in currencies
            ),
            facts=facts,
        )  # fmt: skip


def _drafts(run_keys: Sequence[int], customer_keys: Sequence[int]) -> Iterator[tuple[BillDraft, list[LineOrigin]]]:
    rows = list(
        BillDraft.objects.filter(run_id__in=list(run_keys), customer_id__in=list(customer_keys)).order_by(
            "customer_id", "billing_group__group_id", "currency", "place"
        )
    )
    origins: dict[int, list[LineOrigin]] = defaultdict(list)
    charges = Charge.objects.filter(draft_id__in=[row.pk for row in rows]).order_by("draft_id", "line_number")
    for draft_key, line_key, kind, revision in charges.values_list("draft_id", "contract_line_id", "kind", "revision"):
        origins[draft_key].append(LineOrigin(str(line_key), ChargeKind(kind), revision))
    for row in rows:
        yield row, origins[row.pk]


def _facts(
    old: Bills, documents: dict[int, list[tuple[Document, list[LineOrigin]]]], since: date, until: date
) -> dict[str, ThingFacts]:
    keys = {int(line.thing) for bills in old.values() for bill in bills.values() for line in bill.lines}
    keys |= {int(origin.thing) for rows in documents.values() for _, origins in rows for origin in origins}
    return {
        str(key): facts for key, facts in contracts.line_facts(line_keys=sorted(keys), since=since, until=until).items()
    }


def _legacy_line(charge: Charge) -> ComparedLine:
    kind = ChargeKind(charge.kind)
    is_recurring = kind is ChargeKind.RECURRING
    return ComparedLine(
        thing=str(charge.contract_line_id), nature=nature_of(kind, charge.revision),
        period=Period(charge.period_start, charge.period_end),
        months=Decimal(charge.contract_line.cycle_months if is_recurring else 1), count=charge.quantity,
        gross_minor=charge.amount_minor,
    )  # fmt: skip


def _without_tax(line: ComparedLine) -> ComparedLine:
    return ComparedLine(
        thing=line.thing, nature=line.nature, period=line.period, months=line.months, count=line.count,
        gross_minor=line.gross_minor, discount_minor=line.discount_minor,
    )  # fmt: skip
