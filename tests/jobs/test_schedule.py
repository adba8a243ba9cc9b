"""What runs when, and the worker processes of `rackbill work`."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rackbill.interfaces.jobs import crew, schedule
from rackbill.interfaces.jobs.schedule import Entry, Ticker

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_an_entry_runs_when_it_is_due_and_a_fault_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def broken() -> None:
        raise RuntimeError("the mail server is away")

    ticker = Ticker((
        Entry("broken", timedelta(seconds=10), broken),
        Entry("often", timedelta(seconds=10), lambda: done.append("often")),
        Entry("seldom", timedelta(hours=1), lambda: done.append("seldom")),
    ))  # fmt: skip
    first = ticker.tick(now=NOON)
    assert (first.ran, first.failed) == (["broken", "often", "seldom"], ["broken"])
    assert "the mail server is away" in caplog.text
    assert ticker.tick(now=NOON + timedelta(seconds=9)).ran == []
    assert ticker.tick(now=NOON + timedelta(seconds=10)).ran == ["broken", "often"]
    assert done == ["often", "seldom", "often"]


def test_the_table_has_what_a_lost_worker_needs() -> None:
    assert {entry.name for entry in schedule.SCHEDULE} >= {"shards that got lost", "files and mail"}


@pytest.mark.django_db(transaction=True)
def test_the_table_as_it_is_runs_on_an_empty_installation() -> None:
    assert Ticker().tick(now=NOON).failed == []


def test_a_dead_worker_is_replaced_and_all_end_with_the_crew(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(crew, "commands", lambda *, processes: [sleeper] * processes)
    workers = crew.Crew(processes=2)
    assert (workers.keep(), workers.keep()) == (2, 0)
    first, second = workers.pids
    os.kill(first, 9)
    while workers.keep() == 0:
        time.sleep(0.02)
    assert workers.pids[1] == second and workers.pids[0] != first
    workers.stop()
    for pid in workers.pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_grew_too_large_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(crew, "commands", lambda *, processes: [sleeper] * processes)
    monkeypatch.setattr(crew, "MAX_MEMORY_MB", 0)
    monkeypatch.setattr(crew, "memory_mb", lambda _pid: 1)
    workers = crew.Crew(processes=1)
    workers.keep()
    (first,) = workers.pids
    workers.keep()
    while workers.keep() == 0:
        time.sleep(0.02)
    assert workers.pids != [first]
    workers.stop()


def test_memory_is_read_where_the_system_tells_it() -> None:
    expected = Path("/proc/self/statm").exists()
    assert (crew.memory_mb(os.getpid()) > 0) is expected
    assert crew.memory_mb(2**22 + 1) == 0


def test_a_helper_ends_soon_after_the_process_that_started_it_was_killed() -> None:
    helper = (
        "import os, sys, time; from rackbill.interfaces.jobs import parent; parent.end_with_parent(os.getppid()); "
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    starter = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {helper!r}]); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    for _ in range(300):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the helper outlives its parent")
