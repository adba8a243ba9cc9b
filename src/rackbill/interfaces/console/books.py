"""`rackbill check-books` and `rackbill completeness`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Annotated, Any

import typer
from rich.table import Table

from rackbill.domain.access import invariants as access
from rackbill.domain.billing import invariants as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.queries import Completeness
from rackbill.domain.billing.queries.completeness import REASONS
from rackbill.domain.catalogue import invariants as catalogue
from rackbill.domain.contracts import invariants as contracts
from rackbill.domain.dispatch import invariants as dispatch
from rackbill.domain.documents import invariants as documents
from rackbill.domain.equipment import invariants as equipment
from rackbill.domain.history import invariants as history
from rackbill.domain.identifiers import invariants as identifiers
from rackbill.domain.kit.scope import Scope, StaffScope, WholeInstallation
from rackbill.domain.ordering import invariants as ordering
from rackbill.domain.parties import invariants as parties
from rackbill.domain.receivables import invariants as receivables
from rackbill.domain.taxes import invariants as taxes
from rackbill.domain.usage import invariants as usage
from rackbill.interfaces.console import answers
from rackbill.interfaces.console.billing import day

BOOKS = (documents, billing)
"""Nouns that tell check by check and can be limited to a sales organisation and a day."""
UNDER_THEM = {
    "receivables": receivables, "dispatch": dispatch, "history": history, "identifiers": identifiers, "taxes": taxes,
    "parties": parties, "access": access, "catalogue": catalogue, "equipment": equipment, "contracts": contracts,
    "usage": usage, "ordering": ordering,
}  # fmt: skip
"""The other nouns, each one check over the whole installation."""
KEPT_SENTENCES = 100


@dataclass(slots=True)
class Findings:
    """What the checks found: how much each looked at, how many violations, and the first sentences of each."""

    seen: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    sentences: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, check: str, sentence: str) -> None:
        """One violation; of each check only the first sentences are kept, all are counted."""
        self.counts[check] += 1
        kept = self.sentences.setdefault(check, [])
        if len(kept) < KEPT_SENTENCES:
            kept.append(sentence)

    @property
    def checks(self) -> list[str]:
        """The names of all checks, in their order."""
        every = (*documents.CHECKS, *billing.CHECKS, *UNDER_THEM)
        return [check for check in every if check not in self.left_out]


def violations() -> list[str]:
    """Every violation in the books and under them, one sentence each."""
    return [sentence for _check, sentence in _found(WholeInstallation(), None, Findings(), answers.Steps(None, False))]


def examine(*, scope: Scope, since: date | None, steps: answers.Steps) -> Findings:
    """All checks over a scope; checks that cannot be limited to it are left out."""
    findings = Findings()
    for check, sentence in _found(scope, since, findings, steps):
        findings.add(check, sentence)
    return findings


def _found(scope: Scope, since: date | None, findings: Findings, steps: answers.Steps) -> Iterator[tuple[str, str]]:
    total = documents.checked_count(scope=scope, since=since)

    def seen(check: str, count: int) -> None:
        findings.seen[check] += count
        if check == "hashes":
            steps("documents", findings.seen[check], total)
        if check == "recomputation":
            steps("recomputation", findings.seen[check], findings.seen["unbilled"])

    for noun in BOOKS:
        yield from noun.checks(scope=scope, since=since, seen=seen)
    if since is not None:
        findings.left_out += billing.WHOLE
    if since is not None or not isinstance(scope, WholeInstallation):
        findings.left_out += UNDER_THEM
        return
    for done, (name, module) in enumerate(UNDER_THEM.items(), start=1):
        yield from ((name, sentence) for sentence in module.violations())
        steps("other tables", done, len(UNDER_THEM))


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @app.command("check-books")
    def check_books(
        sales_org: Annotated[str | None, typer.Option(help="four digits; without it all")] = None,
        since: Annotated[str | None, typer.Option(help="documents issued on this day or later")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Check numbers, dates, hashes, chain, seals, totals, charges, ledger, what is unbilled, and the fast path."""
        first = day(since, "--since") if since else None
        scope = _scope(sales_org)
        with answers.steps(as_json=as_json) as steps:
            findings = examine(scope=scope, since=first, steps=steps)
        standings = billing.standings(scope=scope) if first is None else []
        parked = billing.parked_customers(scope=scope)
        total = documents.checked_count(scope=scope, since=first)
        if as_json:
            _print_json(findings, standings, parked, total)
        else:
            _print(findings, standings, parked, total)
        if findings.counts:
            raise answers.CheckFailed

    @app.command("completeness")
    def completeness(
        sales_org: Annotated[str, typer.Option(help="four digits")],
        through: Annotated[str, typer.Option(help="everything before this day must be billed")],
        every: Annotated[
            bool, typer.Option("--list", help="also every line that is not billed, with its reason")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Prove that every contract line is billed to a day exactly once, or list it with the reason why not."""
        until = day(through, "--through")
        found = billing_queries.completeness(organisation_id=sales_org, through=until)
        if every:
            for line in billing_queries.line_standings(organisation_id=sales_org, through=until):
                _print_line(asdict(line), as_json)
        if as_json:
            answers.print_json({**standing_json(found), "exceptions": [asdict(line) for line in found.exceptions]})
        else:
            _print_completeness(found)
        if not found.is_complete:
            raise answers.CheckFailed


def _scope(sales_org: str | None) -> Scope:
    if sales_org is None:
        return WholeInstallation()
    scope = StaffScope(frozenset({sales_org}))
    if not billing.organisations(scope=scope):
        raise answers.Refused(f"there is no sales organisation {sales_org!r}")
    return scope


def standing_json(found: Completeness) -> dict[str, Any]:
    """The completeness proof as the console and reports print it."""
    return {
        "sales_org": found.organisation_id, "through": found.through, "lines_total": found.lines_total,
        "billed": found.billed, "by_reason": found.by_reason, "exception_count": found.exception_count,
        "is_complete": found.is_complete,
    }  # fmt: skip


def _print_json(findings: Findings, standings: list[Completeness], parked: list[dict[str, str]], total: int) -> None:
    for check in findings.checks:
        answers.print_json({
            "check": check, "seen": findings.seen[check], "violation_count": findings.counts[check],
            "violations": findings.sentences.get(check, []),
        })  # fmt: skip
    answers.print_json({
        "checked": total, "violation_count": findings.counts.total(),
        "violations": [sentence for kept in findings.sentences.values() for sentence in kept],
        "failed_checks": sorted(findings.counts), "left_out": findings.left_out,
        "completeness": [standing_json(found) for found in standings], "parked": parked,
    })  # fmt: skip


def _print(findings: Findings, standings: list[Completeness], parked: list[dict[str, str]], total: int) -> None:
    table = Table("check", "looked at", "violations", box=None)
    for check in findings.checks:
        count = findings.counts[check]
        looked_at = "all" if check in UNDER_THEM else f"{findings.seen[check]:,}"
        table.add_row(check.replace("_", " "), looked_at, f"✗ {count}" if count else "✓")
    answers.out.print(table)
    for check, kept in findings.sentences.items():
        for sentence in kept:
            answers.out.print(f"✗ {sentence}", markup=False, soft_wrap=True)
        if (more := findings.counts[check] - len(kept)) > 0:
            answers.out.print(f"✗ {more} more of {check.replace('_', ' ')}")
    for found in standings:
        _print_completeness(found)
    for row in parked:
        answers.out.print(f"parked: customer {row['customer_id']} of {row['sales_org']}: {row['reason']}", markup=False)
    answers.out.print(f"{total} documents checked, {findings.counts.total()} violations")


def _print_completeness(found: Completeness) -> None:
    words = "complete" if found.is_complete else f"{found.exception_count} exceptions"
    answers.out.print(
        f"{found.organisation_id} through {found.through}: {found.billed:,} of {found.lines_total:,} lines billed, {words}"
    )
    for reason, count in found.by_reason.items():
        answers.out.print(f"  {count:>9,}  {REASONS[reason]}")
    for line in found.exceptions:
        _print_line(asdict(line), as_json=False)


def _print_line(line: dict[str, Any], as_json: bool) -> None:
    if as_json:
        answers.print_json(line)
        return
    answers.out.print(
        f"  service {line['service_id']} of customer {line['customer_id']}, {line['description']}: "
        f"{REASONS[line['reason']]} (owed from {line['begins_on']} until {line['owed_until']}, "
        f"{line['billed_days']} of {line['owed_days']} days billed)",
        markup=False, soft_wrap=True,
    )  # fmt: skip
