"""Processes that make PDF files; one whose memory has grown past the limit ends after its work and is replaced."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Self

from rackbill.interfaces.jobs import parent
from rackbill.interfaces.jobs.crew import memory_mb

MAX_MEMORY_MB = int(os.environ.get("RACKBILL_RENDERER_MEMORY_MB", "280"))
"""Resident memory above which a process is replaced. It begins with about 110 and stands at about 140 with common invoices."""
_AHEAD = 4
"""Documents that wait for one process, so that it never waits for the one who stores them."""

Call = tuple[Callable[..., bytes], tuple[object, ...]]


class Renderers:
    """So many processes, each its own pool of one: a process is replaced without the others noticing."""

    def __init__(self, *, processes: int, max_memory_mb: int = MAX_MEMORY_MB) -> None:
        self._max_memory_mb = max_memory_mb
        self._pools = [_pool() for _ in range(processes)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)

    def rendered(self, calls: Iterable[Call]) -> Iterator[Callable[[], bytes]]:
        """For each call, in order: what gives its file, or raises what the call raised.

        BrokenProcessPool is raised for a process that was killed; whoever is told must not go on with these processes.
        """
        waiting: deque[tuple[int, ProcessPoolExecutor, Future[tuple[bytes, int]]]] = deque()
        for place, (make, arguments) in enumerate(calls):
            seat = place % len(self._pools)
            pool = self._pools[seat]
            waiting.append((seat, pool, pool.submit(_made, make, arguments)))
            if len(waiting) >= _AHEAD * len(self._pools):
                yield self._taken(*waiting.popleft())
        while waiting:
            yield self._taken(*waiting.popleft())

    def _taken(self, seat: int, pool: ProcessPoolExecutor, future: Future[tuple[bytes, int]]) -> Callable[[], bytes]:
        if future.exception() is None and future.result()[1] > self._max_memory_mb and self._pools[seat] is pool:
            # What already waits for the old process is still made by it; then it ends.
            pool.shutdown(wait=False)
            self._pools[seat] = _pool()
        return lambda: future.result()[0]


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=1, mp_context=multiprocessing.get_context("spawn"),
        initializer=parent.end_with_parent, initargs=(os.getpid(),),
    )  # fmt: skip


def _made(make: Callable[..., bytes], arguments: tuple[object, ...]) -> tuple[bytes, int]:
    return make(*arguments), memory_mb(os.getpid())
