"""A worker that can be killed: what `rackbill work` starts, in small blocks, ended with SIGKILL before its n-th statement.

Usage: python -m tests.journeys.carry_child build|plan|ask|work [N]|heal|wait. `work` prints at which statement each step of
issuing began; `wait` says "ready" and carries the run on once the file `open` lies in the folder RACKBILL_GATE.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django

OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
count = 0


def build() -> None:
    """Tables, and a provider with twelve customers, one of whom cannot be billed."""
    from rackbill.domain.contracts.models import LinePrice
    from rackbill.interfaces.console import fresh_tables
    from tests.world import provider as world_of

    fresh_tables.migrate()
    world = world_of.provider()
    for number in range(12):
        owner = world_of.customer(world, country="DE" if number % 3 else "CH", name=f"Buyer {number}")
        world_of.service(world, owner, starts_on=date(2020, 9, 1 + number))
    broken = world_of.service(world, world_of.customer(world, name="Broken"))
    LinePrice.objects.filter(line__service=broken).delete()


def plan() -> None:
    """As the office plans: the run, and what is to be done handed to workers."""
    from rackbill.domain.billing import operations as billing
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.interfaces.jobs import carrying

    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    carrying.hand_on(run_id=run_id)


def ask() -> None:
    """As the office approves and issues."""
    from rackbill.domain.billing import operations as billing
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.interfaces.jobs import carrying

    billing.approve_run(run_id=the_run(), now=OCTOBER, actor=SYSTEM)
    billing.ask_to_issue(run_id=the_run(), now=OCTOBER, actor=SYSTEM)
    carrying.hand_on(run_id=the_run())


def the_run() -> str:
    from rackbill.domain.billing.models import BillRun

    return BillRun.objects.get().run_id


def work(kill_before: int | None) -> dict[str, list[int]]:
    """Works the tasks off; at which statement issue_block, close_run and keep_report began."""
    from django.db import connection

    from rackbill.domain.billing import operations as billing
    from rackbill.interfaces.jobs import engine

    begun: dict[str, list[int]] = {}

    def marked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            begun.setdefault(name, []).append(count)
            return function(**arguments)

        return call

    for name in ("issue_block", "close_run", "keep_report"):
        setattr(billing, name, marked(name, getattr(billing, name)))

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        global count
        count += 1
        if kill_before is not None and count >= kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counted):
        engine.work_off_tasks(until_empty=True)
    return begun


def heal() -> int:
    """What the sweep finds once nobody gave a sign of life for longer than allowed, worked off; how many runs it found."""
    from rackbill.domain.billing import policy
    from rackbill.interfaces.jobs import carrying, clock

    real = clock.wall
    assert carrying.sweep_runs() == 0, "somebody gave a sign of life just now"
    clock.wall = lambda: real() + policy.CARRIED + timedelta(seconds=1)
    handed = carrying.sweep_runs()
    work(None)
    return handed


def wait() -> None:
    """Carries the run on once the gate opens, with everything loaded and the database connected."""
    from django.db import connection

    from rackbill.interfaces.jobs import tasks

    run_id = the_run()
    connection.ensure_connection()
    print("ready", flush=True)
    while not (Path(os.environ["RACKBILL_GATE"]) / "open").exists():
        time.sleep(0.001)
    tasks.carry_run.call(run_id=run_id)


if __name__ == "__main__":
    django.setup()
    from rackbill.domain.billing import policy as sizes

    sizes.SHARD_CUSTOMERS, sizes.ISSUE_BLOCK = 5, 4
    if sys.argv[1] == "work":
        print(json.dumps(work(int(sys.argv[2]) if len(sys.argv) > 2 else None)))
    else:
        print(json.dumps({"build": build, "plan": plan, "ask": ask, "heal": heal, "wait": wait}[sys.argv[1]]()))
