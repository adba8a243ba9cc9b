"""What must always hold over charges, runs and what they gave; yields violations, mends nothing."""

from collections.abc import Callable, Iterator
from datetime import date

from rackbill.domain.billing.invariants.comparing import COMPARISONS, compared
from rackbill.domain.billing.invariants.recomputing import last_through, recomputed
from rackbill.domain.billing.invariants.running import misrun
from rackbill.domain.billing.models import BillRun, ParkedBill
from rackbill.domain.billing.queries.completeness import REASONS, Completeness, completeness
from rackbill.domain.kit.scope import Scope, StaffScope, WholeInstallation
from rackbill.domain.parties import queries as parties

WHOLE = ("unbilled", "recomputation")
"""Checks of all that is agreed and charged; they cannot be limited to documents since a day."""
CHECKS = (*COMPARISONS, *WHOLE, "runs")
Seen = Callable[[str, int], None]
"""Told how many things a check has looked at."""


def violations() -> Iterator[str]:
    """One sentence for each."""
    for _check, sentence in checks(scope=WholeInstallation(), since=None, seen=lambda _check, _count: None):
        yield sentence


def checks(*, scope: Scope, since: date | None, seen: Seen) -> Iterator[tuple[str, str]]:
    """(check, sentence) of each violation in the books of a scope; with `since`, of documents issued on that day or later."""
    for organisation_id in organisations(scope=scope):
        seller = parties.seller(organisation_id=organisation_id)
        yield from compared(organisation_key=seller.key, since=since, seen=seen)
        yield from misrun(organisation_key=seller.key, seen=seen)
        through = last_through(organisation_key=seller.key)
        if since is None and through is not None:
            yield from _unbilled(organisation_id, through, seen)
            yield from recomputed(organisation_id=organisation_id, through=through, seen=seen)


def organisations(*, scope: Scope) -> list[str]:
    """The IDs of the sales organisations of a scope."""
    known = parties.sellers()
    return [o for o in known if o in scope.organisation_ids] if isinstance(scope, StaffScope) else known


def _unbilled(organisation_id: str, through: date, seen: Seen) -> Iterator[tuple[str, str]]:
    found = completeness(organisation_id=organisation_id, through=through)
    seen("unbilled", found.lines_total)
    for line in found.exceptions:
        yield (
            "unbilled",
            f"service {line.service_id}, {line.description}, through {through}: {REASONS[line.reason]} "
            f"({line.billed_days} of {line.owed_days} days billed)",
        )
    if (more := found.exception_count - len(found.exceptions)) > 0:
        yield (
            "unbilled",
            f"sales organisation {organisation_id}: {more} more such lines; rackbill completeness lists them",
        )


def standings(*, scope: Scope) -> list[Completeness]:
    """For each sales organisation that has billed, what the completeness proof says of its last through date."""
    found = []
    for organisation_id in organisations(scope=scope):
        through = last_through(organisation_key=parties.seller(organisation_id=organisation_id).key)
        if through is not None:
            found.append(completeness(organisation_id=organisation_id, through=through))
    return found


def parked_customers(*, scope: Scope) -> list[dict[str, str]]:
    """Customers that the last run of each sales organisation parked, with the reason: to be seen to, no violation."""
    found = []
    for organisation_id in organisations(scope=scope):
        run = BillRun.objects.filter(sales_organisation__organisation_id=organisation_id).order_by("pk").last()
        rows = ParkedBill.objects.filter(run=run).order_by("customer__customer_id")
        found += [
            {"sales_org": organisation_id, "customer_id": customer, "code": code, "reason": reason}
            for customer, code, reason in rows.values_list("customer__customer_id", "code", "reason")
        ]
    return found
