"""The one place that knows the library of our tasks (django-tasks; django-tasks-db carries them in the database)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.management import call_command
from django_tasks import TaskResult, TaskResultStatus, task
from django_tasks.backends.base import BaseTaskBackend

__all__ = [
    "BaseTaskBackend",
    "EngineUnreachable",
    "TaskResult",
    "TaskResultStatus",
    "close_lost_tasks",
    "is_database",
    "task",
    "work_off_tasks",
]
LOST_AFTER = timedelta(hours=1)
KEPT_DAYS = 7


class EngineUnreachable(ConnectionError):
    """A task could not be handed over; whoever wanted it done goes on without workers."""


def is_database() -> bool:
    """Whether tasks lie in our own database."""
    return bool(settings.TASK_ENGINE == "database")


def work_off_tasks(*, until_empty: bool, max_tasks: int | None = None) -> None:
    """Works on the tasks in the database, in this process: until none is left, or until so many are done."""
    call_command(
        "db_worker", verbosity=0, queue_name="*", interval=1, batch=until_empty, startup_delay=False, reload=False,
        max_tasks=max_tasks,
    )  # fmt: skip


def close_lost_tasks(*, now: datetime) -> int:
    """Marks tasks whose worker died as failed and removes old ended ones; how many were lost. `now` is the wall clock.

    The work itself is not lost: it is found by what it left undone (see schedule.py), never by its task.
    """
    from django_tasks_db.models import DBTaskResult

    running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING, started_at__lt=now - LOST_AFTER)
    lost = running.update(status=TaskResultStatus.FAILED, finished_at=now, traceback="the worker died")
    ended = (TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL)
    DBTaskResult.objects.filter(status__in=ended, finished_at__lt=now - timedelta(days=KEPT_DAYS)).delete()
    return int(lost)
