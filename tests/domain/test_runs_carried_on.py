"""What a run has left for a machine, who asked for it, and who is carrying it on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from rackbill.domain.access import operations as access
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import ApprovalRefused, RunNotFound, RunRefused
from rackbill.domain.billing.models import BillDraft, BillRun
from rackbill.domain.billing.queries import carrying
from rackbill.domain.contracts.models import LinePrice
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM, Actor
from rackbill.domain.kit.scope import StaffScope, WholeInstallation
from rackbill.interfaces.jobs import bill_run, run_report
from tests.domain.test_run_control import ANNA, BERT, OCTOBER, SIGNER, THROUGH, computed, issue, limit, staff
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()
WALL = datetime(2026, 11, 26, 12, tzinfo=UTC)
CLERK = Actor("person", "clara@meridian.example")


@pytest.fixture
def world() -> world_of.Provider:
    found = world_of.provider()
    staff(found, ANNA, BERT)
    staff(found, CLERK, role="clerk")
    world_of.service(found, world_of.customer(found))
    return found


def approved() -> str:
    run_id = computed()
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    return run_id


def step(run_id: str) -> str:
    """What is left, by the policy; the query that looks for such runs must say the same."""
    found = carrying.run_progress(scope=EVERYTHING, run_id=run_id).step
    assert carrying.runs_to_carry_on() == ([run_id] if found else [])
    return found


# --- asking ------------------------------------------------------------------------------------------------------------------


def test_an_operator_asks_for_an_approved_run_to_be_issued(world: world_of.Provider) -> None:
    run_id = approved()
    billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=CLERK)
    billing.ask_to_issue(run_id=run_id, now=OCTOBER + timedelta(hours=1), actor=ANNA)
    row = BillRun.objects.get()
    assert (row.issue_asked_by, row.issue_asked_at, row.state) == (str(CLERK), OCTOBER, "approved")
    asked = HistoryEntry.objects.filter(verb="ask_to_issue", object_id=run_id)
    assert [(entry.actor_kind, entry.actor_identity) for entry in asked] == [("person", CLERK.identity)]
    issue(run_id)
    billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=ANNA)
    assert asked.count() == 1


def test_nobody_else_may_ask_and_nothing_else_can_be_asked(world: world_of.Provider) -> None:
    staff(world, Actor("person", "otto@meridian.example"), role="auditor")
    stranger = world_of.provider("2600", "NL")
    access.give_staff_role(
        email="nina@meridian.example", full_name="", organisation_key=stranger.organisation.pk, role="administrator",
        secret="secret of nina", expires_on=THROUGH, now=OCTOBER, actor=SYSTEM,
    )  # fmt: skip
    run_id = billing.plan_run(organisation_id="2100", through=THROUGH, now=OCTOBER, actor=SYSTEM)

    def refused(actor: Actor) -> str:
        with pytest.raises(RunRefused) as caught:
            billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=actor)
        assert BillRun.objects.get().issue_asked_at is None
        return caught.value.code

    assert refused(CLERK) == "not_approved"
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert refused(CLERK) == "not_approved"
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    for name in ("otto", "nina", "nobody"):
        assert refused(Actor("person", f"{name}@meridian.example")) == "no_operator"
    billing.discard_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert refused(CLERK) == "discarded"
    with pytest.raises(RunNotFound, match="rackbill run list"):
        billing.ask_to_issue(run_id="nothing", now=OCTOBER, actor=CLERK)


def test_the_database_keeps_no_wish_without_an_approval_and_a_name(world: world_of.Provider) -> None:
    run_id = computed()
    for wish in ({"issue_asked_at": OCTOBER, "issue_asked_by": "person:x"}, {"issue_asked_by": "person:x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BillRun.objects.update(**wish)
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic():
        BillRun.objects.update(issue_asked_at=OCTOBER)
    BillRun.objects.update(issue_asked_at=OCTOBER, issue_asked_by="person:x")


def test_taking_back_takes_the_wish_back_too(world: world_of.Provider) -> None:
    run_id = approved()
    billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=CLERK)
    billing.reset_run(run_id=run_id, now=OCTOBER, actor=ANNA)
    row = BillRun.objects.get()
    assert (row.state, row.issue_asked_by, row.issue_asked_at, row.stop_reason) == ("planned", "", None, "")


# --- what is left ------------------------------------------------------------------------------------------------------------


def test_what_is_left_of_a_run_at_each_state(world: world_of.Provider) -> None:
    run_id = billing.plan_run(organisation_id="2100", through=THROUGH, now=OCTOBER, actor=SYSTEM)
    assert step(run_id) == "compute"
    progress = carrying.run_progress(scope=EVERYTHING, run_id=run_id)
    assert (progress.done, progress.total) == (0, 1)
    billing.compute_next_shard(run_id=run_id)
    assert step(run_id) == "compute", "every shard is computed, and nobody has said so"
    billing.finish_computing(run_id=run_id, now=OCTOBER, actor=None)
    assert step(run_id) == "check"
    run_report.prepare_report(run_id=run_id, signer=SIGNER)
    assert step(run_id) == "", "it waits for an approval"
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert step(run_id) == "", "it waits for somebody who wants it issued"
    billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=CLERK)
    assert step(run_id) == "issue"
    progress = carrying.run_progress(scope=EVERYTHING, run_id=run_id)
    assert (progress.done, progress.total, progress.issue_asked_by) == (0, 1, str(CLERK))
    billing.issue_block(run_id=run_id, now=OCTOBER)
    assert step(run_id) == "issue", "numbered, and neither sealed nor closed"
    issue(run_id)
    assert step(run_id) == "report"
    run_report.freeze_report(run_id=run_id, signer=SIGNER)
    assert step(run_id) == ""


def test_a_discarded_run_has_nothing_left(world: world_of.Provider) -> None:
    run_id = computed()
    billing.discard_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert step(run_id) == ""


def test_another_organisation_sees_no_progress(world: world_of.Provider) -> None:
    run_id = computed()
    assert carrying.run_progress(scope=StaffScope(frozenset({"2100"})), run_id=run_id).run_id == run_id
    with pytest.raises(RunNotFound):
        carrying.run_progress(scope=StaffScope(frozenset({"2600"})), run_id=run_id)


# --- who carries it on -------------------------------------------------------------------------------------------------------


def test_a_run_is_handed_to_one_worker_until_it_is_silent_for_too_long(world: world_of.Provider) -> None:
    run_id = billing.plan_run(organisation_id="2100", through=THROUGH, now=OCTOBER, actor=SYSTEM)
    assert carrying.run_progress(scope=EVERYTHING, run_id=run_id).is_silent(WALL)
    assert billing.hand_on_run(run_id=run_id, now=WALL) is True
    assert billing.hand_on_run(run_id=run_id, now=WALL + policy.CARRIED) is False
    billing.note_carried(run_id=run_id, now=WALL + policy.CARRIED)
    progress = carrying.run_progress(scope=EVERYTHING, run_id=run_id)
    assert not progress.is_silent(WALL + policy.CARRIED + policy.SILENT)
    assert progress.is_silent(WALL + policy.CARRIED + policy.SILENT + timedelta(seconds=1))
    later = WALL + 2 * policy.CARRIED + timedelta(seconds=1)
    assert billing.hand_on_run(run_id=run_id, now=later) is True


def test_who_waits_for_nothing_is_not_silent(world: world_of.Provider) -> None:
    run_id = computed()
    run_report.prepare_report(run_id=run_id, signer=SIGNER)
    assert not carrying.run_progress(scope=EVERYTHING, run_id=run_id).is_silent(WALL + timedelta(days=9))


def test_what_a_worker_stumbled_over_stands_with_the_run(world: world_of.Provider) -> None:
    run_id = computed()
    billing.note_stop(run_id=run_id, reason="the series is used up; " + "x" * 400)
    assert carrying.run_progress(scope=EVERYTHING, run_id=run_id).stop_reason.startswith("the series is used up")
    billing.note_stop(run_id=run_id, reason="")
    assert carrying.run_progress(scope=EVERYTHING, run_id=run_id).stop_reason == ""


# --- four eyes, though a machine computes ------------------------------------------------------------------------------------


def test_who_wants_a_retry_has_computed_the_run_though_a_worker_finishes_it(world: world_of.Provider) -> None:
    limit(0)
    broken = world_of.service(world, world_of.customer(world))
    LinePrice.objects.filter(line__service=broken).delete()
    run_id = computed(CLERK)
    assert billing.retry_parked(run_id=run_id, now=OCTOBER, actor=ANNA) == 1
    assert billing.compute_next_shard(run_id=run_id) is not None
    billing.finish_computing(run_id=run_id, now=OCTOBER, actor=None)
    row = BillRun.objects.get()
    assert (row.planned_by, row.computed_by) == (str(CLERK), str(ANNA))
    with pytest.raises(ApprovalRefused) as refused:
        billing.approve_run(run_id=run_id, now=OCTOBER, actor=ANNA)
    assert refused.value.code == "took_part"
    assert billing.approve_run(run_id=run_id, now=OCTOBER, actor=BERT) == "approved"


def test_who_planned_has_computed_where_nobody_else_asked(world: world_of.Provider) -> None:
    run_id = billing.plan_run(organisation_id="2100", through=THROUGH, now=OCTOBER, actor=CLERK)
    billing.compute_next_shard(run_id=run_id)
    billing.finish_computing(run_id=run_id, now=OCTOBER, actor=None)
    assert BillRun.objects.get().computed_by == str(CLERK)
    (entry,) = HistoryEntry.objects.filter(verb="compute_run")
    assert entry.actor_kind == "system", "history says whose hands it were"


def test_the_report_of_what_is_computed_anew_meanwhile_is_not_kept(world: world_of.Provider) -> None:
    run_id = computed()
    billing.keep_provisional_report(run_id=run_id, content="old", computed_at=OCTOBER - timedelta(hours=1))
    assert BillRun.objects.get().provisional_report == ""
    billing.keep_provisional_report(run_id=run_id, content="new", computed_at=OCTOBER)
    assert BillRun.objects.get().provisional_report == "new"


def test_e_invoices_can_be_asked_to_be_checked_anew(world: world_of.Provider) -> None:
    run_id = computed()
    run_report.prepare_report(run_id=run_id, signer=SIGNER)
    billing.ask_to_check(run_id=run_id, now=OCTOBER, actor=CLERK)
    assert step(run_id) == "", "nothing waits for a check"
    BillDraft.objects.update(einvoice_profile="xrechnung")
    billing.ask_to_check(run_id=run_id, now=OCTOBER, actor=CLERK)
    assert step(run_id) == "check"
    for actor, code in ((Actor("person", "nobody@x.example"), "no_operator"), (CLERK, "not_checkable")):
        if code == "not_checkable":
            billing.reset_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
        with pytest.raises(RunRefused) as refused:
            billing.ask_to_check(run_id=run_id, now=OCTOBER, actor=actor)
        assert refused.value.code == code
