"""`rackbill work`: background work on this machine, until it is stopped."""

import signal
import threading
from types import FrameType
from typing import Annotated

import typer
from django.conf import settings

from rackbill.interfaces.console import answers
from rackbill.interfaces.jobs import clock, engine, parent, schedule
from rackbill.interfaces.jobs.crew import Crew


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("work")
    def work(
        processes: Annotated[int, typer.Option(min=0, help="workers for tasks on this machine")] = 1,
        with_schedule: Annotated[
            bool, typer.Option("--schedule/--no-schedule", help="also do what is due: lost shards, files, mail")
        ] = True,
        once: Annotated[bool, typer.Option(help="do what waits, then end")] = False,
        pause_seconds: Annotated[int, typer.Option(min=1)] = 5,
    ) -> None:
        """Work on the tasks of bill runs and on what the clock brings, again and again."""
        ticker = schedule.Ticker()
        if once:
            failed = ticker.tick(now=clock.wall()).failed
            if engine.is_database():
                engine.work_off_tasks(until_empty=True)
            if failed:
                answers.people.print(f"failed: {', '.join(failed)}; the log says why")
                raise answers.CheckFailed
            return
        crew, stopped = Crew(processes=processes), threading.Event()
        _stop_on_signals(stopped)
        parent.end_with_stated_parent()
        answers.people.print(f"Working on {settings.TASK_ENGINE} tasks with {processes} processes (stop with Ctrl-C)")
        try:
            while not stopped.is_set():
                crew.keep()
                if with_schedule:
                    ticker.tick(now=clock.wall())
                stopped.wait(pause_seconds)
        finally:
            crew.stop()


def _stop_on_signals(stopped: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
