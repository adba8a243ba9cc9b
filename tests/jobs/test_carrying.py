"""Runs carried on by workers: what is handed out when, what a sweep finds, and what one worker leaves to another."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django_tasks_db.models import DBTaskResult

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import policy
from rackbill.domain.billing.models import BillRun, RunReport
from rackbill.domain.documents.models import Document
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import SYSTEM, Actor
from rackbill.interfaces.jobs import bill_run, carrying, clock, schedule
from tests.domain.test_run_control import SIGNER
from tests.jobs.test_shards import OCTOBER, nothing, run_id
from tests.world import provider as world_of
from tests.world.queue import work_off

__all__ = ["run_id"]
pytestmark = pytest.mark.django_db


def tasks_in_the_queue() -> list[str]:
    return [
        path.rpartition(".")[2]
        for path in DBTaskResult.objects.order_by("enqueued_at").values_list("task_path", flat=True)
    ]


def state() -> str:
    return BillRun.objects.get().state


def test_what_is_handed_out_and_what_follows_by_itself(run_id: str) -> None:
    carrying.hand_on(run_id=run_id)
    handed = ["compute_shard"] * 3 if locks.has_row_locks() else ["carry_run"]
    assert tasks_in_the_queue() == handed
    work_off()
    assert tasks_in_the_queue()[: len(handed)] == handed
    assert tasks_in_the_queue()[len(handed) :] == (["carry_run"] if locks.has_row_locks() else [])
    row = BillRun.objects.get()
    assert (row.state, row.provisional_report != "", row.stop_reason) == ("computed", True, "")
    assert row.carried_at is not None and clock.wall() - row.carried_at < timedelta(minutes=5)


def test_a_run_with_nothing_to_compute_is_carried_on_too() -> None:
    world_of.provider()
    run = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    carrying.hand_on(run_id=run)
    assert tasks_in_the_queue() == ["carry_run"]
    work_off()
    assert state() == "computed"


def test_the_sweep_hands_out_what_nobody_gave_a_sign_of(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (carrying.sweep_runs(), carrying.sweep_runs()) == (1, 0)
    real = clock.wall
    monkeypatch.setattr(clock, "wall", lambda: real() + policy.CARRIED + timedelta(seconds=1))
    assert carrying.sweep_runs() == 1
    billing.note_carried(run_id=run_id, now=clock.wall())
    assert carrying.sweep_runs() == 0
    work_off()
    assert (state(), carrying.sweep_runs()) == ("computed", 0)


def test_what_the_console_is_at_is_left_to_it(run_id: str) -> None:
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert BillRun.objects.get().provisional_report == ""
    assert carrying.sweep_runs() == 0
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    BillRun.objects.update(carried_at=None)
    assert carrying.sweep_runs() == 0, "approved on the console, and issued there"


def test_the_worker_of_the_last_shard_leaves_the_rest_to_a_runner(run_id: str) -> None:
    billing.note_carried(run_id=run_id, now=clock.wall(), by="runner")
    for number in range(3):
        assert carrying.compute_shard(run_id=run_id, shard_number=number) is True
    assert (tasks_in_the_queue(), state()) == ([], "planned")
    BillRun.objects.update(carried_at=None)
    assert (carrying.sweep_runs(), tasks_in_the_queue()) == (1, ["carry_run"]), "and the runner died"


def test_the_worker_of_the_last_shard_has_the_run_carried_on(run_id: str) -> None:
    for number in range(3):
        assert tasks_in_the_queue() == []
        carrying.compute_shard(run_id=run_id, shard_number=number)
    assert tasks_in_the_queue() == ["carry_run"]


def test_a_worker_finishes_what_died_between_the_last_number_and_the_report(run_id: str) -> None:
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    bill_run.issue_run(run_id=run_id, now=OCTOBER, actor=SYSTEM, signer=SIGNER)
    BillRun.objects.update(carried_at=None)
    assert RunReport.objects.count() == 0
    assert carrying.sweep_runs() == 1
    work_off()
    kept = RunReport.objects.get()
    carrying.carry_on(run_id=run_id)
    assert RunReport.objects.get().content == kept.content
    assert carrying.sweep_runs() == 0


def test_who_wanted_it_issued_has_issued_it(run_id: str) -> None:
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=Actor("system", "the month's end"))
    carrying.carry_on(run_id=run_id)
    (entry,) = HistoryEntry.objects.filter(verb="issue_run")
    assert (entry.actor_identity, Document.objects.count(), RunReport.objects.count()) == ("the month's end", 5, 1)


def test_without_a_broker_nothing_is_lost(run_id: str, caplog: pytest.LogCaptureFixture) -> None:
    from rackbill.config import task_engine

    before = task_engine.app.conf.broker_url
    task_engine.app.conf.broker_url = task_engine.app.conf.broker_write_url = "amqp://guest:guest@127.0.0.1:1//"
    try:
        with override_settings(TASKS={"default": {"BACKEND": "rackbill.config.task_engine.CeleryBackend"}}):
            carrying.hand_on(run_id=run_id)
            BillRun.objects.update(carried_at=None)
            assert carrying.sweep_runs() == 0
    finally:
        task_engine.app.conf.broker_url = task_engine.app.conf.broker_write_url = before
    assert f"run {run_id} is not given to a worker" in caplog.text
    BillRun.objects.update(carried_at=None)
    assert carrying.sweep_runs() == 1


def test_celery_carries_it_on_by_the_same_task(run_id: str) -> None:
    from rackbill.config import task_engine

    task_engine.run_task(path="rackbill.interfaces.jobs.tasks.carry_run", kwargs={"run_id": run_id})
    assert state() == "computed"


def test_one_worker_leaves_to_another_what_that_one_holds(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rackbill.interfaces.jobs import shards

    monkeypatch.setattr(shards, "compute_free_shards", lambda **_arguments: False)
    carrying.carry_on(run_id=run_id)
    assert (state(), BillRun.objects.get().stop_reason) == ("planned", "")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_with_one_writer_others_get_their_turn_between_shards(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rackbill.interfaces.jobs import shards

    slept: list[float] = []
    monkeypatch.setattr(shards.time, "sleep", slept.append)
    assert shards.compute_free_shards(run_id=run_id, on_step=nothing) is True
    assert slept == [shards.PAUSE_SECONDS] * 3


def test_the_schedule_sweeps() -> None:
    assert carrying.sweep_runs in {entry.run for entry in schedule.SCHEDULE}
