"""Which sizes, which bills are parked and what helps, and who may approve a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

SHARD_CUSTOMERS = 1000
ISSUE_BLOCK = 1000
CHECK_BLOCK = 200
"""How many drafts are checked against the e-invoice rules before what was found is stored."""
QUEUED = timedelta(minutes=10)
"""How long a shard handed to workers may wait before it counts as lost and is handed out again."""

CARRIED = timedelta(minutes=2)
"""How long a run may go without a sign of who carries it on before it is handed to a worker again; doubles are harmless."""
SILENT = timedelta(minutes=1)
"""After so long without such a sign it is said aloud."""

CLOSED_STATES = ("issued", "discarded")
STEPS = ("compute", "check", "issue", "report")
"""What is left of a run for a machine: its shards, its e-invoices and provisional report, its numbers, its signed report."""


def step_left(*, state: str, is_issue_asked: bool, has_report: bool) -> str:
    """Which of STEPS a run waits for; empty where it waits for a person, or for nothing.

    `has_report`: the provisional one of a computed run, the kept one of an issued run.
    """
    match state:
        case "planned":
            return "compute"
        case "computed":
            return "" if has_report else "check"
        case "approved":
            return "issue" if is_issue_asked else ""
        case "issued":
            return "" if has_report else "report"
    return ""


PARK_CODES = {
    "ContradictoryTerms": "contradictory_data",
    "NoTaxRule": "no_tax_rule",
    "NoExchangeRate": "no_exchange_rate",
    "InvalidDocument": "invalid_document",
    "ValueError": "contradictory_data",
}
EINVOICE_CODE = "einvoice_rule"
KEPT_FAILURES = 20
WAYS_OUT = {
    "contradictory_data": (
        "Mend the price, quantity or dates of the contract line named (rackbill contract show line:NUMBER; "
        "rackbill contract set-price line:NUMBER --from DAY --price PRICE, or set-quantity, end), then retry "
        "the parked customers (rackbill run retry RUN)."
    ),
    "no_tax_rule": (
        "Enter the customer's country and state (rackbill customer edit CUSTOMER --country US --state NY), or "
        "the rate that is missing (rackbill tax add-rate), then retry the parked customers (rackbill run "
        "retry RUN)."
    ),
    "no_exchange_rate": (
        "Enter the exchange rate of that day with its source (rackbill tax add-exchange-rate), then retry the "
        "parked customers (rackbill run retry RUN)."
    ),
    "invalid_document": (
        "Mend the customer's address, tax number or lines as named (rackbill customer edit CUSTOMER; rackbill "
        "contract show CUSTOMER), then retry the parked customers (rackbill run retry RUN)."
    ),
    "einvoice_rule": (
        "Do what the sentence about the e-invoice says, then retry the parked customers (rackbill run retry RUN)."
    ),
}
"""What to do about a parked customer, by code."""


def park_code(fault: Exception) -> str:
    """The short word for a reason to park."""
    return PARK_CODES.get(type(fault).__name__, "contradictory_data")


def way_out(code: str) -> str:
    """What to do about a parked customer; a code that other hands have stored is treated as contradictory data."""
    return WAYS_OUT.get(code, WAYS_OUT["contradictory_data"])


APPROVERS = frozenset({"approver"})
"""Staff roles that may approve a run of their sales organisation."""
OPERATORS = frozenset({"clerk", "approver", "administrator"})
"""Staff roles that may plan, compute, issue or discard a run."""
READERS = frozenset({"clerk", "approver", "auditor", "administrator"})
"""Staff roles that see runs and their reports."""
LIMIT_KEEPERS = frozenset({"administrator"})
"""Staff roles that may raise an approval limit."""


def above_limits(*, totals: Mapping[str, int], limits: Mapping[str, int]) -> list[str]:
    """The currencies in which a run needs four eyes. Amounts in minor units.

    Where a sales organisation has any limit, a currency without one has the limit nought; without any, none is needed.
    """
    if not limits:
        return []
    return [currency for currency, minor in sorted(totals.items()) if minor > limits.get(currency, 0)]


@dataclass(frozen=True, slots=True)
class ApprovalAnswer:
    """Whether an approval counts: it approves, it is the first of two people's, or it is refused: in words and as a code."""

    is_approved: bool = False
    is_review: bool = False
    refusal: str = ""
    code: str = ""


def approval(
    *,
    actor_kind: str,
    approver: str,
    roles: frozenset[str],
    needs_four_eyes: bool,
    people: frozenset[str],
    reviewer: str,
) -> ApprovalAnswer:
    """What an approval by somebody does. `people` are those who planned and computed, `reviewer` who approved first."""
    if actor_kind == "system":
        if needs_four_eyes:
            return ApprovalAnswer(
                refusal="two different people must see it; approve it as a person with --as EMAIL", code="not_a_person"
            )
        return ApprovalAnswer(is_approved=True)
    if actor_kind != "person" or not roles & APPROVERS:
        return ApprovalAnswer(
            refusal=f"{approver} is no approver of this sales organisation; ask one who is", code="no_approver"
        )
    if not needs_four_eyes:
        return ApprovalAnswer(is_approved=True)
    if approver in people:
        return ApprovalAnswer(
            refusal=f"{approver} planned or computed it; another approver must approve it", code="took_part"
        )
    if approver == reviewer:
        return ApprovalAnswer(
            refusal=f"{approver} has approved it already; one more person must", code="approved_before"
        )
    if people or reviewer:
        return ApprovalAnswer(is_approved=True)
    return ApprovalAnswer(is_review=True)
