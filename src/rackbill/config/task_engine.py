"""Celery on RabbitMQ as the engine of tasks: the application that workers load, and the backend that hands tasks to it."""

import os
from typing import Any

from celery import Celery
from celery.exceptions import OperationalError
from celery.signals import setup_logging, worker_init
from django.conf import settings
from django.utils.module_loading import import_string

from rackbill.interfaces.jobs import clock, crew, engine, parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
TASKS = "rackbill.interfaces.jobs.tasks."
MINUTE = 60

app = Celery("rackbill")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_connection_timeout=4,
    broker_connection_retry_on_startup=True,
    # The broker says that it has a message before the sender goes on.
    broker_transport_options={"confirm_publish": True, "max_retries": 2, "interval_start": 0, "interval_max": 1},
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0, "interval_step": 1, "interval_max": 1},
    task_default_queue=settings.TASK_QUEUE,
    task_serializer="json",
    accept_content=["json"],
    # The rows say what was done; nobody reads a result.
    task_ignore_result=True,
    # A message leaves the queue when its task has ended; one whose worker was killed goes to another.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # A task that failed is not handed out for ever: the sweeper finds what it left undone.
    task_acks_on_failure_or_timeout=True,
    # A shard takes seconds. RabbitMQ closes the channel of a message that is not acknowledged within 30 minutes.
    task_time_limit=20 * MINUTE,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=crew.MAX_MEMORY_MB * 1024,
    # When the connection is lost the work goes on: the row's lock makes a second delivery harmless.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_enable_remote_control=False,
)


@setup_logging.connect
def _leave_logging_to_django(**_rest: Any) -> None:
    pass


@worker_init.connect
def _end_with_parent(**_rest: Any) -> None:
    if "RACKBILL_PARENT" in os.environ:
        parent.end_with_parent(int(os.environ["RACKBILL_PARENT"]))


@app.task(name="rackbill.run_task")
def run_task(path: str, kwargs: dict[str, Any]) -> None:
    """Runs one of our tasks by its name; refuses any other name."""
    if not path.startswith(TASKS):
        raise ValueError(f"{path} is not one of our tasks ({TASKS}…)")
    import_string(path).call(**kwargs)


class CeleryBackend(engine.BaseTaskBackend):
    """Hands tasks to RabbitMQ. Raises EngineUnreachable where it does not answer."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> engine.TaskResult[Any]:
        """The task as it was handed over; what became of it is seen in the rows that it works on."""
        self.validate_task(task)
        if args:
            raise TypeError(f"{task.module_path} takes its arguments by name")
        try:
            sent = run_task.apply_async(kwargs={"path": task.module_path, "kwargs": kwargs})
        except (OperationalError, OSError) as fault:
            raise engine.EngineUnreachable(f"the broker does not answer: {fault}") from fault
        return engine.TaskResult(
            task=task, id=sent.id, status=engine.TaskResultStatus.READY, enqueued_at=clock.wall(), started_at=None,
            finished_at=None, last_attempted_at=None, args=[], kwargs=kwargs, backend=self.alias, errors=[], worker_ids=[],
        )  # fmt: skip
