"""What workers do, done here: the tasks in the database, one by one, on the connection (and in the transaction) of the test."""

from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult


def work_off() -> None:
    """Until none is left. A task that fails is marked so, and the next one is done."""
    while (row := DBTaskResult.objects.ready().order_by("enqueued_at").first()) is not None:
        row.claim("test")
        try:
            import_string(row.task_path).call(**row.args_kwargs["kwargs"])
        except Exception as fault:
            row.set_failed(fault)
        else:
            row.set_successful(None)
