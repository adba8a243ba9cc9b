"""Thousands of bank lines: every cent is allocated or parked, none twice, nobody pays for another, the same file changes nothing.

RACKBILL_BANK_LINES says how many; `tests/campaigns/bank_lines` runs ten thousand.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterable

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from rackbill.core.bank_statement import BankStatement, LineKind
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.receivables import invariants, queries
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.models import Allocation, BankLine, LedgerEntry, Payment
from rackbill.domain.receivables.operations import ImportSummary
from rackbill.formats.bank_camt import read_camt
from rackbill.formats.bank_csv import CsvLayout, read_bank_csv
from tests.world import bank_stories
from tests.world import provider as world_of
from tests.world.bank_files import bank_csv, camt_of
from tests.world.bank_stories import Story
from tests.world.money import CLERK, NOW

pytestmark = pytest.mark.django_db
LINES = int(os.environ.get("RACKBILL_BANK_LINES", "300"))
SEED = int(os.environ.get("RACKBILL_SEED", "2020"))
UNKNOWABLE = ("nothing known", "two customers", "no money in", "another's number", "another's number and amount")
TABLES = (BankLine, Payment, Allocation, LedgerEntry)


def read(form: str, stories: Iterable[Story]) -> BankStatement:
    """The stories through a file and back: what a bank hands over is bytes."""
    lines = [story.line for story in stories]
    if form == "camt053":
        return read_camt(camt_of(lines))
    return read_bank_csv(bank_csv(lines), layout=CsvLayout())


def put_in(statement: BankStatement) -> ImportSummary:
    return receivables.import_statement(
        organisation_id="2100", lines=statement.lines, file_sha256="0" * 64, now=NOW, actor=CLERK
    )


def books() -> str:
    """A hash over all rows of the ledger and below."""
    text = hashlib.sha256()
    for model in TABLES:
        for row in model.objects.order_by("pk").values_list():
            text.update(repr(row).encode())
    return text.hexdigest()


def sums(rows: object) -> dict[str, int]:
    return dict(rows.order_by().values_list("currency").annotate(Sum("amount_minor")))  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["csv", "camt053"])
def test_every_cent_is_allocated_or_parked_and_none_twice(form: str) -> None:
    payers = bank_stories.settle_in(world_of.provider(), count=max(LINES // 3, 20), seed=SEED)
    stories = bank_stories.stories(payers, count=LINES, seed=SEED)
    half = stories[LINES // 2].line.booked_on
    first = [story for story in stories if story.line.booked_on < half]
    started = time.monotonic()
    with CaptureQueriesContext(connection) as captured:
        summaries = [put_in(read(form, first))]
        early = time.monotonic()
        summaries.append(put_in(read(form, stories)))  # the whole month, with the first half once more
    seconds = round(time.monotonic() - started, 1)
    assert summaries[1].known_count == len(first)
    before = books()
    again = put_in(read(form, stories))
    assert (again.known_count, again.matched_count, again.parked_count) == (LINES, 0, 0)
    assert put_in(read(form, reversed(stories))).known_count == LINES, "the order in a file means nothing"
    assert books() == before

    received = sums(BankLine.objects.filter(kind="received"))
    expected: Counter[str] = Counter()
    for story in stories:
        if story.line.kind is LineKind.RECEIVED:
            expected[story.line.currency] += story.line.amount_minor
    assert received == expected
    paid = sums(Payment.objects.filter(bank_line__isnull=False))
    parked = queries.parked_sums(scope=WholeInstallation(), organisation_id="2100")
    for currency, amount in received.items():
        assert amount == paid.get(currency, 0) + parked.get(currency, 0)
        told = sum(s.allocated[currency] + s.on_account[currency] + s.parked[currency] for s in summaries)
        assert amount == told
    allocated = Allocation.objects.aggregate(total=Sum("amount_minor"))["total"]
    assert (
        allocated == -LedgerEntry.objects.filter(source_kind="allocation").aggregate(total=Sum("amount_minor"))["total"]
    )
    assert allocated == sum(sum(s.allocated.values()) for s in summaries)
    assert list(invariants.violations()) == []

    outcome = _outcome(stories)
    # Who writes another's number and pays just the other's amount cannot be told from the other.
    wrong = {kind: n for (kind, what), n in outcome.items() if what == "wrong customer"}
    assert set(wrong) <= {"another's number and amount"}, outcome
    rate = sum(n for (_kind, what), n in outcome.items() if what == "matched") / sum(
        n for (kind, _what), n in outcome.items() if kind not in UNKNOWABLE
    )
    assert rate > 0.85, outcome
    if LINES > 1000:
        _tell(form, seconds, early - started, len(captured), summaries, outcome)


def _outcome(stories: list[Story]) -> Counter[tuple[str, str]]:
    """How many lines of each kind were matched, parked, or given to a wrong customer."""
    paid: dict[tuple[object, ...], list[int | None]] = {}
    columns = (
        "booked_on",
        "amount_minor",
        "currency",
        "text",
        "payer_account",
        "mandate_reference",
        "kind",
        "payment__customer_id",
    )
    for *content, customer_key in BankLine.objects.order_by("pk").values_list(*columns):
        paid.setdefault(tuple(content), []).append(customer_key)
    outcome: Counter[tuple[str, str]] = Counter()
    for story in stories:
        line = story.line
        kind = "paid_out" if line.kind is not LineKind.RECEIVED else "received"
        content = (
            line.booked_on,
            line.amount_minor,
            line.currency,
            line.text,
            line.payer_account,
            line.mandate_reference,
        )
        found = next(paid[*content, k] for k in (line.kind.value, kind) if paid.get((*content, k)))
        customer_key = found.pop(0)
        what = (
            "parked" if customer_key is None else "matched" if customer_key == story.customer_key else "wrong customer"
        )
        outcome[story.kind, what if line.kind is LineKind.RECEIVED else "ignored or waiting"] += 1
    return outcome


def _tell(
    form: str,
    seconds: float,
    half: float,
    query_count: int,
    summaries: list[ImportSummary],
    outcome: Counter[tuple[str, str]],
) -> None:
    print(
        f"\n{connection.vendor}, {form}: {LINES} lines, seed {SEED}: {seconds} s ({half:.1f} s for the first half), {query_count} queries"
    )
    for currency in sorted(summaries[1].received):
        parts = {
            n: sum(getattr(s, n)[currency] for s in summaries)
            for n in ("received", "allocated", "on_account", "parked")
        }
        print(f"  {currency} in minor units: " + ", ".join(f"{name} {value}" for name, value in parts.items()))
    for kind in sorted({kind for kind, _what in outcome}):
        print(f"  {kind:<20} " + ", ".join(f"{what} {n}" for (k, what), n in sorted(outcome.items()) if k == kind))
