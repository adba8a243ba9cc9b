"""A bill run from plan to last number; goes on where an earlier process stopped."""

from datetime import date, datetime

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.documents import operations as documents
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties import queries as parties
from rackbill.interfaces.jobs import shards, usage
from rackbill.interfaces.jobs.shards import OnStep


def run_bill(
    *, organisation_id: str, through: date, now: datetime, actor: Actor, signer: Signer, on_step: OnStep | None = None
) -> RunSummary:
    """The run as it stands at the end: issued. Raises RunRefused, SalesOrganisationNotFound and what issuing raises."""
    run_id = compute(organisation_id=organisation_id, through=through, now=now, actor=actor, on_step=on_step)
    return issue(run_id=run_id, organisation_id=organisation_id, now=now, actor=actor, signer=signer, on_step=on_step)


def compute(*, organisation_id: str, through: date, now: datetime, actor: Actor, on_step: OnStep | None = None) -> str:
    """The ID of the run, planned where none is under way, with every shard computed. Raises what planning raises."""
    step = on_step or _quietly
    usage.measure_anew(now=now, on_step=step)
    run_id = billing.plan_run(organisation_id=organisation_id, through=through, now=now, actor=actor)
    if billing_queries.run_summary(run_id=run_id).state == "planned":
        shards.compute_shards(run_id=run_id, on_step=step)
    return run_id


def issue(
    *, run_id: str, organisation_id: str, now: datetime, actor: Actor, signer: Signer, on_step: OnStep | None = None
) -> RunSummary:
    """Approves a computed run and gives the numbers, block by block. Raises RunRefused and what issuing raises."""
    step = on_step or _quietly
    billing.approve_run(run_id=run_id, now=now, actor=actor)
    total = billing_queries.run_summary(run_id=run_id).invoices
    done = billing_queries.issued_count(run_id=run_id)
    while count := billing.issue_block(run_id=run_id, now=now):
        done += count
        step("issue", done, total)
    seller = parties.seller(organisation_id=organisation_id)
    # Sealed before it is closed: a run that was killed between the two is still open, so the next call seals it.
    documents.seal_chains(organisation_key=seller.key, signer=signer, now=now)
    billing.close_run(run_id=run_id, now=now, actor=actor)
    return billing_queries.run_summary(run_id=run_id)


def _quietly(stage: str, done: int, total: int) -> None:
    pass
