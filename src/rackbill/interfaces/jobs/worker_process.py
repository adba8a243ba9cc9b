"""One worker of the database engine, as a process of its own: python -m rackbill.interfaces.jobs.worker_process"""

import os

import django

MAX_TASKS = 500
"""After so many tasks the process ends and a fresh one takes its place, so that nothing grows for ever."""


def main() -> None:
    """Works until it is told to stop, its parent is gone, or it has done its share."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    django.setup()
    from rackbill.interfaces.jobs import engine, parent

    parent.end_with_stated_parent()
    engine.work_off_tasks(until_empty=False, max_tasks=MAX_TASKS)


if __name__ == "__main__":
    main()
