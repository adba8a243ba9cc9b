"""How the console answers: progress for people, JSON lines for programs, one line for a refusal."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

people = Console(stderr=True, highlight=False, emoji=False)
out = Console(highlight=False, emoji=False)


class Refused(Exception):
    """Bad input: one clear line on stderr, exit code 2."""


class CheckFailed(Exception):
    """The check that was asked for failed: exit code 1. The answer was printed before."""


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, sort_keys=False, default=str) + "\n")
    sys.stdout.flush()


class Steps:
    """Shows how far a long work is: a bar for each stage on a terminal, one JSON line for each stage with --json."""

    def __init__(self, progress: Progress | None, as_json: bool) -> None:
        self._progress, self._as_json = progress, as_json
        self._tasks: dict[str, Any] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` of a stage."""
        if self._as_json:
            if done >= total:
                print_json({"step": stage, "done": done, "total": total})
        elif self._progress is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._progress.add_task(stage, total=total)
            self._progress.update(self._tasks[stage], completed=done, total=total)


@contextmanager
def steps(*, as_json: bool) -> Iterator[Steps]:
    """Progress for the length of a piece of work."""
    if as_json:
        yield Steps(None, True)
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=people) as progress:
        yield Steps(progress, False)
