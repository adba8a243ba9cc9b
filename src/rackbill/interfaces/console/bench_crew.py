"""Workers beside a bench: `rackbill work` on Celery, what processor time its processes took, and how large they became."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

READY_SECONDS = 60


class BenchCrew:
    """So many Celery workers on the installation and the queue of this process's environment; none where `count` is 0."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "BenchCrew":
        if self._count:
            code = "from rackbill.interfaces.console.main import run; run()"
            self._process = subprocess.Popen(
                [sys.executable, "-c", code, "work", "--processes", str(self._count), "--no-schedule"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            deadline = time.monotonic() + READY_SECONDS
            # `rackbill work`, the parent of the pool, and its workers.
            while len(self._tree()) < self._count + 2 and time.monotonic() < deadline:
                time.sleep(0.2)
        return self

    def __exit__(self, _kind: type | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
        from celery import Celery
        from django.conf import settings

        with Celery(broker=settings.BROKER_URL).connection_for_write() as connection:
            connection.default_channel.queue_delete(settings.TASK_QUEUE)

    def processor_seconds(self) -> float:
        """User and system time of all its processes until now."""
        from rackbill.interfaces.console import benches

        return sum(benches.seconds_of(pid) for pid in self._tree())

    def peak_rss_mb(self) -> int:
        """The most memory that any one of its processes ever held."""
        peaks = [0]
        for pid in self._tree():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            peaks += [int(row.split()[1]) // 1024 for row in status.splitlines() if row.startswith("VmHWM")]
        return max(peaks)

    def _tree(self) -> list[int]:
        if self._process is None:
            return []
        found, waiting = [], [self._process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            try:
                waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return found


def environment(count: int) -> dict[str, str]:
    """What a bench with workers adds to its environment: Celery, and a queue of its own."""
    return {"RACKBILL_TASKS": "celery", "RACKBILL_TASK_QUEUE": f"rackbill_bench_{os.getpid()}"} if count else {}
