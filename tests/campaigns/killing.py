"""What the campaign works with: processes that cost no start, workers that are killed from outside, a mail server that counts."""

import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Kill:
    """Where a kill landed: whose process, in which phase, at or after which statement or step."""

    who: str
    phase: str
    detail: str

    @classmethod
    def read(cls, who: str, marker: Path) -> "Kill":
        """From the marker that the dead process left."""
        _pid, phase, detail = marker.read_bytes().rstrip(b"\0").decode(errors="replace").split("|", 2)
        return cls(who, phase, " ".join(detail.split())[:100])


class Process:
    """One fork of the zygote."""

    def __init__(self, pid: int, answer: Path) -> None:
        self.pid, self.answer = pid, answer
        self.ended: queue.Queue[int] = queue.Queue()

    def wait(self) -> int:
        """Its exit code; minus nine for a kill."""
        self.status = self.ended.get(timeout=600)
        return self.status

    def kill(self) -> None:
        """kill -9."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Zygote:
    """A process with everything loaded, which forks for each order."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._processes: dict[int, Process] = {}
        self._begun: queue.Queue[int] = queue.Queue()
        self._folder = tempfile.TemporaryDirectory(prefix="rackbill-orders-")
        self._orders = 0

    def __enter__(self) -> "Zygote":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.kill_child", "serve"], cwd=ROOT, env=self._environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, _kind: type | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "status" not in told:
                self._begun.put(told["pid"])
                continue
            for _ in range(200):
                if told["pid"] in self._processes:
                    break
                time.sleep(0.01)
            self._processes.pop(told["pid"]).ended.put(told["status"])

    def begin(self, order: dict[str, Any]) -> Process:
        """Starts a process for an order."""
        self._orders += 1
        answer = Path(self._folder.name) / str(self._orders)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**order, "answer": str(answer)}) + "\n")
        self._process.stdin.flush()
        process = Process(self._begun.get(timeout=120), answer)
        self._processes[process.pid] = process
        return process

    def must(self, order: dict[str, Any]) -> Any:
        """The answer of an order that may not fail."""
        process = self.begin(order)
        status = process.wait()
        assert status == 0, f"{order['do']} ended with {status}"
        return json.loads(process.answer.read_text())


class Workers:
    """`rackbill work` with two Celery workers, started again when it is killed, as a service manager would."""

    def __init__(self, environment: dict[str, str], running: bool, *, with_schedule: bool = False) -> None:
        self.running, self._schedule = running, "--schedule" if with_schedule else "--no-schedule"
        self._environment = {**environment, "PGAPPNAME": "rackbill-worker"}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Workers":
        if self.running:
            self._start()
        return self

    def __exit__(self, _kind: type | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
        if self.running:
            self._delete_queue()

    def _delete_queue(self) -> None:
        from celery import Celery

        broker = self._environment.get("RACKBILL_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
        with Celery(broker=broker).connection_for_write() as connection:
            connection.default_channel.queue_delete(self._environment["RACKBILL_TASK_QUEUE"])

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.kill_child", "work", self._schedule], cwd=ROOT, env=self._environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while len(self.pool()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)

    def wait_until(self, is_done: Callable[[], bool], *, seconds: int) -> bool:
        """Whether it came true in time."""
        deadline = time.monotonic() + seconds
        while not is_done():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def _children(self, pid: int) -> list[int]:
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            return []
        return [int(word) for word in text.split()]

    def pool(self) -> list[int]:
        """The processes that compute: two levels below `rackbill work`."""
        assert self._process is not None
        return [
            worker
            for celery in self._children(self._process.pid)
            for worker in self._children(celery)
            if _is_celery(worker)
        ]

    def kill_during(self, phase: str, marker: Path, runner: Process, dice: random.Random) -> Kill | None:
        """kill -9 of a random process of theirs while the runner is in a phase; None where the runner was quicker."""
        assert self._process is not None
        while runner.ended.empty():
            text = marker.read_bytes() if marker.exists() else b""
            if text.startswith(f"{runner.pid}|{phase}|".encode()):
                break
            time.sleep(0.002)
        else:
            return None
        time.sleep(dice.uniform(0, 0.5))
        busy = self._in_transaction()
        who = dice.choice(("worker", "worker", "celery", "work"))
        pids = {"worker": self.pool(), "celery": self._children(self._process.pid), "work": [self._process.pid]}[who]
        if not pids or not runner.ended.empty():
            return None
        os.kill(dice.choice(pids), signal.SIGKILL)
        landed = Kill.read(who, marker)
        if who == "work":
            self._process.wait()
            self._start()
        return Kill(who, landed.phase, f"{busy} worker(s) in a transaction; runner at: {landed.detail[:60]}")

    def _in_transaction(self) -> int:
        import psycopg

        sql = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'rackbill-worker' AND state <> 'idle'"
        )
        with psycopg.connect(self._environment["DATABASE_URL"]) as connection:
            row = connection.execute(sql).fetchone()
        return int(row[0]) if row else 0


def _is_celery(pid: int) -> bool:
    try:
        return b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Mails:
    """A real mail server that counts each Message-ID; the part before the @ is the dispatch."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.port = 0

    def __enter__(self) -> "Mails":
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, data_size_limit=2**26)
        self._controller.start()
        return self

    def __exit__(self, _kind: type | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Takes a message and counts it."""
        identifier = str(message_from_bytes(envelope.content)["Message-ID"]).strip()
        self.received[identifier.strip("<>").rpartition("@")[0]] += 1
        return "250 kept"
