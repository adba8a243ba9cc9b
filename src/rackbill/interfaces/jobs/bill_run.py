"""A bill run from plan to last number, each act by itself or all in one go; goes on where an earlier process stopped."""

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.errors import ApprovalRefused, RunHeld
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.documents import operations as documents
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import operations as receivables
from rackbill.interfaces.jobs import clock, einvoice_check, shards, usage
from rackbill.interfaces.jobs.shards import OnStep

SIGN_SECONDS = 10


def run_bill(
    *, organisation_id: str, through: date, now: datetime, actor: Actor, signer: Signer, on_step: OnStep | None = None
) -> RunSummary:
    """The run as it stands at the end: issued, or computed where this actor may not approve it or the rule checker is down.

    Raises RunRefused, SalesOrganisationNotFound and what issuing raises.
    """
    run_id = plan_run(organisation_id=organisation_id, through=through, now=now, actor=actor, on_step=on_step)
    compute_run(run_id=run_id, now=now, actor=actor, on_step=on_step)
    try:
        state = billing.approve_run(run_id=run_id, now=now, actor=actor)
    except (ApprovalRefused, RunHeld):
        state = "computed"
    if state in ("approved", "issued"):
        issue_run(run_id=run_id, now=now, actor=actor, signer=signer, on_step=on_step)
    return billing_queries.run_summary(run_id=run_id)


def plan_run(*, organisation_id: str, through: date, now: datetime, actor: Actor, on_step: OnStep | None = None) -> str:
    """The ID of the run, after what came late of usage was measured anew (decision 6). May run twice.

    Raises RunRefused, SalesOrganisationNotFound.
    """
    usage.measure_anew(now=now, on_step=on_step or _quietly)
    return billing.plan_run(organisation_id=organisation_id, through=through, now=now, actor=actor)


def compute_run(*, run_id: str, now: datetime, actor: Actor, on_step: OnStep | None = None) -> None:
    """Computes what is left of a planned run, beside the workers, and checks its e-invoices. May run twice. Raises RunNotFound.

    The run stays computed and says why where the rule checker is down.
    """
    on_step = signs_of_life(run_id, on_step)
    if billing_queries.run_summary(run_id=run_id).state == "planned":
        shards.compute_shards(run_id=run_id, on_step=on_step)
        billing.finish_computing(run_id=run_id, now=now, actor=actor)
    einvoice_check.check_run(run_id=run_id, now=now, on_step=on_step)


def issue_run(*, run_id: str, now: datetime, actor: Actor, signer: Signer, on_step: OnStep | None = None) -> None:
    """Issues what is left of an approved run, in one ordered pass, and seals the chains. May run twice. Raises RunRefused."""
    summary = billing_queries.run_summary(run_id=run_id)
    done, on_step = billing_queries.issued_count(run_id=run_id), signs_of_life(run_id, on_step)
    while count := billing.issue_block(run_id=run_id, now=now):
        done += count
        on_step("issue", done, summary.invoices)
    seller = parties.seller(organisation_id=summary.organisation_id)
    # Sealed before it is closed: a run that was killed between the two is still open, so the next call seals it.
    documents.seal_chains(organisation_key=seller.key, signer=signer, now=now)
    # What a credit note takes back is set off against its invoice; what is left stays the customer's.
    receivables.settle_credits(organisation_key=seller.key, on=now.astimezone(ZoneInfo(seller.time_zone)).date())
    billing.close_run(run_id=run_id, now=now, actor=actor)


def signs_of_life(run_id: str, on_step: OnStep | None = None, *, by: str = "runner") -> OnStep:
    """The same steps; on the way they say with the run who carries it on, so that no worker is sent after it."""
    told = 0.0

    def step(stage: str, done: int, total: int) -> None:
        nonlocal told
        if not told or time.monotonic() - told >= SIGN_SECONDS:
            billing.note_carried(run_id=run_id, now=clock.wall(), by=by)
            told = time.monotonic()
        if on_step is not None:
            on_step(stage, done, total)

    return step


def _quietly(stage: str, done: int, total: int) -> None:
    pass
