"""The worker processes that `rackbill work` starts, watches, replaces and stops."""

import os
import subprocess
import sys
from pathlib import Path

from rackbill.interfaces.jobs import engine, parent

STOP_SECONDS = 60
MAX_MEMORY_MB = int(os.environ.get("RACKBILL_WORKER_MEMORY_MB", "700"))
"""A worker above this ends after its task and is replaced."""


def commands(*, processes: int) -> list[list[str]]:
    """What to start: one process for each worker, or one Celery that has so many of its own."""
    if engine.is_database():
        return [[sys.executable, "-m", "rackbill.interfaces.jobs.worker_process"]] * processes
    if not processes:
        return []
    celery = [sys.executable, "-m", "celery", "-A", "rackbill.config.task_engine", "--quiet", "worker"]
    return [[*celery, "--concurrency", str(processes), "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
             "--hostname", f"rackbill-{os.getpid()}@%h"]]  # fmt: skip


class Crew:
    """Worker processes; a dead one is replaced at the next `keep`."""

    def __init__(self, *, processes: int) -> None:
        self._commands = commands(processes=processes)
        self._running: list[subprocess.Popen[bytes] | None] = [None] * len(self._commands)

    @property
    def pids(self) -> list[int]:
        """Of those that were started last."""
        return [process.pid for process in self._running if process is not None]

    def keep(self) -> int:
        """Starts what is not running and sends home who has grown too large; how many were started."""
        started = 0
        for place, command in enumerate(self._commands):
            process = self._running[place]
            if process is None or process.poll() is not None:
                self._running[place] = subprocess.Popen(command, env=_environment())
                started += 1
            elif engine.is_database() and memory_mb(process.pid) > MAX_MEMORY_MB:
                process.terminate()
        return started

    def stop(self) -> None:
        """Lets every worker end its task, then ends those that did not."""
        alive = [process for process in self._running if process is not None and process.poll() is None]
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment() -> dict[str, str]:
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    return {**os.environ, "DJANGO_SETTINGS_MODULE": settings, parent.VARIABLE: str(os.getpid())}


def memory_mb(pid: int) -> int:
    """Memory that a process holds, in megabytes; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
