"""A run carried on by whichever worker comes by: computed, checked, issued, reported, as far as no person is asked.

The row says what is left (policy.step_left), so a worker may come twice, late, or die at any line: another goes on.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.errors import RunRefused
from rackbill.domain.billing.queries import carrying
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.jobs import bill_run, clock, einvoice_check, engine, run_report, shards, signing, tasks

EVERYTHING = WholeInstallation()
log = logging.getLogger(__name__)


def hand_on(*, run_id: str) -> None:
    """Gives what is left of a run to workers, after an act. Without a broker nothing is given; the sweep does it later."""
    billing.note_carried(run_id=run_id, now=clock.wall(), by="worker")
    if not shards.hand_out_shards(run_id=run_id):
        _enqueue(run_id)


def sweep_runs() -> int:
    """Gives runs that nobody has carried on for a while to a worker (a lost task, a killed worker); how many."""
    handed = 0
    for run_id in carrying.runs_to_carry_on():
        if billing.hand_on_run(run_id=run_id, now=clock.wall()):
            handed += _enqueue(run_id)
    return handed


def carry_on(*, run_id: str) -> None:
    """Does what is left of a run for a machine. May run twice, also at once.

    What stops it stands with the run for the office, is logged and raised. Raises RunNotFound.
    """
    before = ""
    while (step := _step(run_id)) not in ("", before):
        with _told(run_id, step):
            billing.note_carried(run_id=run_id, now=clock.wall(), by="worker")
            if not _DOES[step](run_id):
                return
        before = step


def compute_shard(*, run_id: str, shard_number: int) -> bool:
    """One shard, unless another has it or did it; whether this call did.

    Whoever computes the last one has the run carried on, where no runner does.
    """
    with _told(run_id, "compute"):
        is_done = billing.compute_free_shard(run_id=run_id, shard_number=shard_number)
    if is_done:
        billing.note_carried(run_id=run_id, now=clock.wall())
        done, total = billing_queries.shard_progress(run_id=run_id)
        # A runner goes on by itself; two that check the same e-invoices would do it twice.
        if done == total and not carrying.has_runner(run_id=run_id):
            _enqueue(run_id)
    return is_done


def _enqueue(run_id: str) -> bool:
    try:
        tasks.carry_run.enqueue(run_id=run_id)
    except engine.EngineUnreachable as fault:
        log.warning("run %s is not given to a worker: %s", run_id, fault)
        return False
    return True


def _step(run_id: str) -> str:
    return carrying.run_progress(scope=EVERYTHING, run_id=run_id).step


@contextmanager
def _told(run_id: str, step: str) -> Iterator[None]:
    """Notes with the run what stops the work inside, and takes the note back where nothing does."""
    try:
        yield
    except Exception as fault:
        if isinstance(fault, RunRefused) and _step(run_id) != step:
            # Somebody was quicker, or took the run back.
            return
        log.exception("run %s cannot be carried on (%s)", run_id, step)
        billing.note_stop(run_id=run_id, reason=stop_words(fault))
        raise
    billing.note_stop(run_id=run_id, reason="")


def stop_words(fault: Exception) -> str:
    """Why a run does not go on: our own refusals speak for themselves, a fault of the program is for the log."""
    if type(fault).__module__.startswith("rackbill."):
        return str(fault)
    return f"a fault of the program ({type(fault).__name__}); the log of rackbill work says more"


def _compute(run_id: str) -> bool:
    if not shards.compute_free_shards(run_id=run_id, on_step=bill_run.signs_of_life(run_id, by="worker")):
        # Whoever holds the last shard has the run carried on when it is done.
        return False
    billing.finish_computing(run_id=run_id, now=clock.now(), actor=None)
    return True


def _check(run_id: str) -> bool:
    einvoice_check.check_run(run_id=run_id, now=clock.now(), on_step=bill_run.signs_of_life(run_id, by="worker"))
    run_report.prepare_report(run_id=run_id, signer=signing.workers_signer())
    return True


def _issue(run_id: str) -> bool:
    kind, _, identity = carrying.run_progress(scope=EVERYTHING, run_id=run_id).issue_asked_by.partition(":")
    signer = signing.workers_signer()
    bill_run.issue_run(run_id=run_id, now=clock.now(), actor=Actor(kind, identity), signer=signer)
    return True


def _report(run_id: str) -> bool:
    run_report.freeze_report(run_id=run_id, signer=signing.workers_signer())
    return True


_DOES: dict[str, Callable[[str], bool]] = {"compute": _compute, "check": _check, "issue": _issue, "report": _report}
"""What a worker does for each of policy.STEPS; false: the rest is in other hands."""
