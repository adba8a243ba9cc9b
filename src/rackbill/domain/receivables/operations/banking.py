"""Bank files: every line is kept once, matched once, and paid into the books once; what nobody can tell is parked."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from rackbill.core.bank_statement import IGNORED, LineKind, StatementLine, line_ids
from rackbill.core.money import Money
from rackbill.core.settling import OpenAmount, Settlement, settle
from rackbill.domain.history import operations as history
from rackbill.domain.kit import bulk, locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import policy
from rackbill.domain.receivables.errors import MoneyNotFound, MoneyRefused
from rackbill.domain.receivables.models import Allocation, BankLine, LedgerEntry, OpenItem, Payment, Refund
from rackbill.domain.receivables.operations import paying
from rackbill.domain.receivables.queries import balances, clues


@dataclass(slots=True)
class ImportSummary:
    """What became of a file's lines; sums in minor units by currency. `received` = `allocated` + `on_account` + `parked`."""

    line_count: int = 0
    known_count: int = 0
    matched_count: int = 0
    parked_count: int = 0
    waiting_returns: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    allocated: Counter[str] = field(default_factory=Counter)
    on_account: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Match:
    """A line whose customer is known, and what it pays."""

    line: BankLine
    customer_key: int
    reason: str
    settlement: Settlement


_LINE_FIELDS = (
    "line_id", "sales_organisation", "account", "bank_reference", "booked_on", "value_on", "kind", "currency",
    "amount_minor", "payer_name", "payer_account", "text", "end_to_end_id", "mandate_reference", "ignored_because",
    "file_sha256", "imported_at",
)  # fmt: skip
_LENGTHS = {name: BankLine._meta.get_field(name).max_length for name in _LINE_FIELDS}


@transaction.atomic
def import_statement(
    *, organisation_id: str, lines: Sequence[StatementLine], file_sha256: str, now: datetime, actor: Actor
) -> ImportSummary:
    """Keeps the lines that are new and settles those whose customer is certain. The same lines again change nothing.

    Raises SalesOrganisationNotFound, MoneyRefused where the account is another sales organisation's.
    """
    seller = parties.seller(organisation_id=organisation_id)
    _check_accounts(organisation_id, {line.account for line in lines})
    ids = line_ids(organisation_id=organisation_id, lines=lines)
    by_id = dict(zip(ids, lines, strict=True))
    known = _known(by_id)
    fresh = {line_id: line for line_id, line in by_id.items() if line_id not in known}
    BankLine.objects.bulk_create(
        [_row(line_id, line, seller.key, file_sha256, now) for line_id, line in fresh.items()],
        batch_size=500, ignore_conflicts=True,
    )  # fmt: skip
    summary = ImportSummary(line_count=len(lines), known_count=len(lines) - len(fresh))
    _settle(_waiting(fresh), organisation_id, now, summary)
    for line in fresh.values():
        if line.kind in IGNORED:
            summary.ignored[IGNORED[line.kind]] += 1
        elif line.kind is LineKind.RETURNED:
            summary.waiting_returns += 1
    if fresh:
        history.record_change(
            now=now, actor=actor, verb="import_statement", object_kind="bank_file", object_id=file_sha256,
            detail={"lines": len(lines), "new": len(fresh), "matched": summary.matched_count, "parked": summary.parked_count},
        )  # fmt: skip
    return summary


def _check_accounts(organisation_id: str, accounts: Collection[str]) -> None:
    owners = parties.account_owners(accounts=accounts)
    for account, owner in sorted(owners.items()):
        if organisation_id not in owner:
            raise MoneyRefused(
                f"account {account} is that of sales organisation {', '.join(sorted(owner))}, not of {organisation_id}"
            )


def _known(ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in balances.chunks(values=ids):
        found.update(BankLine.objects.filter(line_id__in=part).values_list("line_id", flat=True))
    return found


def _row(line_id: str, line: StatementLine, organisation_key: int, file_sha256: str, now: datetime) -> BankLine:
    fields = {name: getattr(line, name) for name in _LINE_FIELDS[2:-3] if name != "kind"}
    cut = {name: value[: _LENGTHS[name]] if isinstance(value, str) else value for name, value in fields.items()}
    return BankLine(
        line_id=line_id, sales_organisation_id=organisation_key, kind=line.kind.value,
        ignored_because=IGNORED.get(line.kind, ""), file_sha256=file_sha256, imported_at=now, **cut,
    )  # fmt: skip


def _waiting(ids: Collection[str]) -> list[BankLine]:
    """Received lines that have no payment and were not sent back, in the order of the ids; locked."""
    found: dict[str, BankLine] = {}
    for part in balances.chunks(values=ids):
        rows = BankLine.objects.filter(line_id__in=part, kind=LineKind.RECEIVED.value)
        rows = rows.filter(payment__isnull=True, refund__isnull=True)
        found.update((row.line_id, row) for row in locks.locked(rows.order_by("pk")))
    return [found[line_id] for line_id in ids if line_id in found]


@transaction.atomic
def match_parked(*, organisation_id: str, now: datetime, actor: Actor) -> ImportSummary:
    """Tries all parked money of a sales organisation again, by what is open and known today."""
    seller = parties.seller(organisation_id=organisation_id)
    rows = BankLine.objects.filter(sales_organisation_id=seller.key, kind=LineKind.RECEIVED.value)
    rows = rows.filter(payment__isnull=True, refund__isnull=True).order_by("booked_on", "pk")
    ids = list(rows.values_list("line_id", flat=True))
    summary = ImportSummary(line_count=len(ids))
    _settle(_waiting(ids), organisation_id, now, summary)
    if summary.matched_count:
        history.record_change(
            now=now, actor=actor, verb="match_parked", object_kind="sales_organisation", object_id=organisation_id,
            detail={"lines": len(ids), "matched": summary.matched_count},
        )  # fmt: skip
    return summary


def _settle(rows: Sequence[BankLine], organisation_id: str, now: datetime, summary: ImportSummary) -> None:
    """Matches the lines in their order, each by what the lines before it left open, and books the whole set at once."""
    values = [clues.statement_line(row=row) for row in rows]
    register = clues.register_of(organisation_id=organisation_id, lines=values)
    if rows:
        _lock_items(register.items)
        register.items = balances.open_amounts(customer_keys=register.items)
    matches = []
    for place, (row, line) in enumerate(zip(rows, values, strict=True)):
        summary.received[row.currency] += row.amount_minor
        found = policy.verdict(clues=register.clues(place=place, line=line))
        if found.customer_key is None:
            summary.parked_count += 1
            summary.parked[row.currency] += row.amount_minor
            continue
        items = register.items.get(found.customer_key, [])
        settlement = settle(received=Money(row.amount_minor, row.currency), items=items, named=found.named)
        register.items[found.customer_key] = _reduced(items, settlement)
        matches.append(_Match(row, found.customer_key, found.reason, settlement))
        summary.matched_count += 1
        summary.allocated[row.currency] += row.amount_minor - settlement.remainder_minor
        summary.on_account[row.currency] += settlement.remainder_minor
    _book(matches)


def _lock_items(customers: Collection[int]) -> None:
    for part in balances.chunks(values=sorted(customers)):
        list(locks.locked(OpenItem.objects.filter(customer_id__in=part).order_by("pk")).values_list("pk"))


def _reduced(items: Sequence[OpenAmount], settlement: Settlement) -> list[OpenAmount]:
    paid = {share.key: share.amount_minor for share in settlement.shares}
    return [
        OpenAmount(
            key=item.key, currency=item.currency, issued_on=item.issued_on, due_on=item.due_on,
            open_minor=item.open_minor - paid.get(item.key, 0),
        )
        for item in items
        if item.open_minor > paid.get(item.key, 0)
    ]  # fmt: skip


def _book(matches: Sequence[_Match]) -> None:
    """Payments, allocations and ledger entries of many lines, written as sets."""
    bulk.insert_rows(
        Payment,
        ("payment_id", "bank_line", "customer", "received_on", "currency", "amount_minor", "method", "remittance_text",
         "system", "document_number"),
        [
            (f"bank:{m.line.line_id}", m.line.pk, m.customer_key, m.line.booked_on, m.line.currency, m.line.amount_minor,
             "bank", m.line.text[:300], "", "")
            for m in matches
        ],
    )  # fmt: skip
    keys: dict[str, int] = {}
    for part in balances.chunks(values=[f"bank:{m.line.line_id}" for m in matches]):
        keys.update(Payment.objects.filter(payment_id__in=part).values_list("payment_id", "pk"))
    allocations, entries = [], []
    for match in matches:
        payment_id, on = f"bank:{match.line.line_id}", match.line.booked_on
        for place, share in enumerate(match.settlement.shares, start=1):
            allocation_id = f"{payment_id}:{place}"
            reason = f"{share.ground.value}: {match.reason}"[:200]
            allocations.append((allocation_id, keys[payment_id], share.key, share.amount_minor, on, reason))
            entries.append((share.key, "payment", -share.amount_minor, on, "allocation", allocation_id))
    bulk.insert_rows(
        Allocation, ("allocation_id", "payment", "open_item", "amount_minor", "booked_on", "reason"), allocations
    )
    bulk.insert_rows(
        LedgerEntry, ("open_item", "kind", "amount_minor", "booked_on", "source_kind", "source_id"), entries
    )


@transaction.atomic
def assign_line(*, line_id: str, customer_id: str, number: str, now: datetime, actor: Actor) -> int:
    """Says by hand whose a parked line is: the customer's, or that of the document's customer, which it pays first.

    How much was allocated; the rest is on account. May run twice. Raises MoneyNotFound, MoneyRefused, OpenItemNotFound.
    """
    line = _parked_line(line_id)
    if Refund.objects.filter(bank_line=line).exists():
        raise MoneyRefused(f"the money of line {line_id} went back to its sender; it can pay nothing any more")
    rows = OpenItem.objects.filter(sales_organisation_id=line.sales_organisation_id)
    named: frozenset[int] = frozenset()
    if number:
        found = list(rows.filter(document_number=number).select_related("customer")[:2])
        if len(found) != 1:
            raise MoneyNotFound(f"{len(found) or 'no'} documents of this sales organisation have the number {number}")
        item = found[0]
        if item.currency != line.currency:
            raise MoneyRefused(f"line {line_id} is in {line.currency} and document {number} in {item.currency}")
        customer_id, customer_key, named = item.customer.customer_id, item.customer_id, frozenset({item.pk})
    else:
        customer = parties.customer_names(customer_ids=[customer_id]).get(customer_id)
        if customer is None or customer.organisation_id != line.sales_organisation.organisation_id:
            raise MoneyNotFound(f"{line.sales_organisation.organisation_id} has no customer {customer_id}")
        customer_key = customer.key
    known = Payment.objects.filter(bank_line=line).first()
    if known is not None:
        if known.customer_id != customer_key:
            raise MoneyRefused(
                f"line {line_id} was assigned to another customer before; deallocate and refund that first"
            )
        return (
            known.amount_minor - balances.payments_with_left(rows=Payment.objects.filter(pk=known.pk)).get().left_minor
        )
    paying.lock_items_of(customer_key=customer_key)
    payment = Payment.objects.create(
        payment_id=f"bank:{line.line_id}", bank_line=line, customer_id=customer_key, received_on=line.booked_on,
        currency=line.currency, amount_minor=line.amount_minor, method="bank", remittance_text=line.text[:300],
    )  # fmt: skip
    allocated = paying.settle_payment(payment=payment, named=named, text=line.text, on=line.booked_on)
    history.record_change(
        now=now, actor=actor, verb="assign_line", object_kind="bank_line", object_id=line.line_id, customer_id=customer_id,
        detail={"document": number, "amount_minor": line.amount_minor, "allocated_minor": allocated},
    )  # fmt: skip
    return allocated


@transaction.atomic
def return_line(*, line_id: str, reason: str, on: date, now: datetime, actor: Actor) -> int:
    """Notes that parked money went back to whoever sent it; the amount. May run twice. Raises MoneyNotFound, MoneyRefused."""
    line = _parked_line(line_id)
    if Payment.objects.filter(bank_line=line).exists():
        raise MoneyRefused(f"line {line_id} is a customer's payment; refund it from his account")
    if not Refund.objects.filter(bank_line=line).exists():
        Refund.objects.create(
            refund_id=f"line:{line.line_id}",
            bank_line=line,
            amount_minor=line.amount_minor,
            paid_on=on,
            reason=reason[:200],
        )
        history.record_change(
            now=now, actor=actor, verb="return_line", object_kind="bank_line", object_id=line.line_id,
            detail={"amount_minor": line.amount_minor, "reason": reason},
        )  # fmt: skip
    return line.amount_minor


def _parked_line(line_id: str) -> BankLine:
    rows = BankLine.objects.filter(line_id__startswith=line_id, kind=LineKind.RECEIVED.value)
    found = list(locks.locked(rows.select_related("sales_organisation"))[:2]) if len(line_id) >= 6 else []
    if len(found) != 1:
        raise MoneyNotFound(
            f"no single received bank line begins with {line_id!r}; `rackbill payments list-parked` lists them"
        )
    return found[0]
