"""Shards as tasks: who takes which, what is handed out, and what happens when a worker or the broker is gone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import override_settings
from django_tasks_db.models import DBTaskResult

from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import policy
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.models import BillDraft, BillShard
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import SYSTEM
from rackbill.interfaces.jobs import engine, shards, tasks
from tests.world import provider as world_of

OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
WALL = datetime(2026, 11, 25, 21, tzinfo=UTC)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer, and no row locks")


@pytest.fixture
def run_id(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A planned run of three shards."""
    return planned(monkeypatch)


def planned(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(policy, "SHARD_CUSTOMERS", 2)
    world = world_of.provider()
    for _ in range(5):
        world_of.service(world, world_of.customer(world))
    return billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)


def nothing(_stage: str, _done: int, _total: int) -> None:
    pass


def test_the_runner_alone_computes_every_shard(run_id: str) -> None:
    seen: list[tuple[int, int]] = []
    shards.compute_shards(run_id=run_id, on_step=lambda _stage, done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((0, 3), (3, 3))
    assert BillDraft.objects.count() == 5
    assert billing_queries.runs_to_compute() == []


def test_a_task_that_comes_late_or_twice_does_nothing(run_id: str) -> None:
    tasks.compute_shard.call(run_id=run_id, shard_number=0)
    drafts = BillDraft.objects.count()
    tasks.compute_shard.call(run_id=run_id, shard_number=0)
    tasks.compute_shard.call(run_id="no such run", shard_number=0)
    assert BillDraft.objects.count() == drafts == 2
    assert billing_queries.shard_progress(run_id=run_id) == (1, 3)


def test_the_runner_begins_at_the_other_end(run_id: str) -> None:
    assert billing.compute_next_shard(run_id=run_id) == 2
    assert billing.compute_free_shard(run_id=run_id, shard_number=2) is False
    assert billing.compute_free_shard(run_id=run_id, shard_number=0) is True
    assert billing.compute_next_shard(run_id=run_id) == 1
    assert billing.compute_next_shard(run_id=run_id) is None


def test_one_writer_gets_no_tasks_and_many_get_each_shard_once(run_id: str) -> None:
    handed = shards.hand_out_shards(run_id=run_id)
    assert handed == DBTaskResult.objects.count() == (3 if locks.has_row_locks() else 0)
    assert shards.hand_out_shards(run_id=run_id) == 0
    for row in DBTaskResult.objects.all():
        assert set(row.args_kwargs["kwargs"]) == {"run_id", "shard_number"}, "a task carries the ID of a row, no more"


@on_postgresql
def test_a_shard_whose_task_got_lost_is_handed_out_again_after_a_while(run_id: str) -> None:
    assert billing.queue_shards(run_id=run_id, now=WALL) == [0, 1, 2]
    billing.compute_free_shard(run_id=run_id, shard_number=1)
    assert billing.queue_shards(run_id=run_id, now=WALL + policy.QUEUED) == []
    assert billing.queue_shards(run_id=run_id, now=WALL + policy.QUEUED + timedelta(seconds=1)) == [0, 2]


@on_postgresql
def test_the_worker_of_the_database_engine_works_the_queue_off(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = planned(monkeypatch)
    shards.hand_out_shards(run_id=run_id)
    engine.work_off_tasks(until_empty=True)
    assert billing_queries.runs_to_compute() == []
    assert BillDraft.objects.count() == 5
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}


@pytest.fixture
def other_process(transactional_db: None) -> Iterator[Any]:
    """A second connection to the same database, as another worker would have it."""
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
    ) as other:
        yield other


@on_postgresql
def test_a_shard_in_anothers_hands_is_passed_over_until_that_process_dies(
    other_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = planned(monkeypatch)
    key = BillShard.objects.get(shard_number=2).pk
    other_process.execute("SELECT 1 FROM rackbill_billing_billshard WHERE id = %s FOR UPDATE", [key])
    assert billing.compute_free_shard(run_id=run_id, shard_number=2) is False
    assert billing.queue_shards(run_id=run_id, now=WALL) == [0, 1]
    assert billing.compute_next_shard(run_id=run_id) == 1
    # kill -9 closes the connection, and with it the lock is gone.
    other_process.close()
    assert billing.compute_next_shard(run_id=run_id) == 2


def test_without_a_broker_the_runner_does_it_alone(run_id: str, caplog: pytest.LogCaptureFixture) -> None:
    backend = {"default": {"BACKEND": "rackbill.config.task_engine.CeleryBackend"}}
    from rackbill.config import task_engine

    before = task_engine.app.conf.broker_url
    task_engine.app.conf.broker_url = task_engine.app.conf.broker_write_url = "amqp://guest:guest@127.0.0.1:1//"
    try:
        with override_settings(TASKS=backend):
            with pytest.raises(engine.EngineUnreachable, match="the broker does not answer"):
                tasks.compute_shard.enqueue(run_id=run_id, shard_number=0)
            shards.compute_shards(run_id=run_id, on_step=nothing)
    finally:
        task_engine.app.conf.broker_url = task_engine.app.conf.broker_write_url = before
    assert billing_queries.runs_to_compute() == []
    assert "are not given to workers" in caplog.text or not locks.has_row_locks()


def test_celery_runs_our_tasks_and_no_others(run_id: str) -> None:
    from rackbill.config import task_engine

    path = "rackbill.interfaces.jobs.tasks.compute_shard"
    task_engine.run_task(path=path, kwargs={"run_id": run_id, "shard_number": 0})
    assert billing_queries.shard_progress(run_id=run_id) == (1, 3)
    with pytest.raises(ValueError, match="is not one of our tasks"):
        task_engine.run_task(path="os.system", kwargs={"command": "true"})


@pytest.mark.django_db
def test_tasks_whose_worker_died_are_closed_and_old_ones_go() -> None:
    def row(status: str, started: datetime, finished: datetime | None) -> DBTaskResult:
        return DBTaskResult.objects.create(
            status=status, started_at=started, finished_at=finished, task_path="x", backend_name="default",
            args_kwargs={"args": [], "kwargs": {}}, exception_class_path="", traceback="",
        )  # fmt: skip

    lost = row("RUNNING", WALL - timedelta(hours=2), None)
    alive = row("RUNNING", WALL - timedelta(minutes=5), None)
    row("SUCCESSFUL", WALL - timedelta(days=9), WALL - timedelta(days=9))
    assert engine.close_lost_tasks(now=WALL) == 1
    assert dict(DBTaskResult.objects.values_list("pk", "status")) == {lost.pk: "FAILED", alive.pk: "RUNNING"}


def test_a_shard_that_fails_keeps_nothing_and_stops_the_runner(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rackbill.domain.billing.operations import computing

    def broken(**_: Any) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(computing.contracts, "mark_settled", broken)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        shards.compute_shards(run_id=run_id, on_step=nothing)
    assert BillDraft.objects.count() == 0
    assert billing_queries.shard_progress(run_id=run_id) == (0, 3)
