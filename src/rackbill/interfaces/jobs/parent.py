"""Helpers that outlive a killed process would hold memory and take work for ever: they watch for it and end."""

import os
import signal
import threading
import time

VARIABLE = "RACKBILL_PARENT"
"""The process ID of whoever started a helper and wants it to end with him, in the helper's environment."""


def end_with_stated_parent() -> None:
    """As `end_with_parent` where the environment names one; else nothing: a service manager looks after the process."""
    if VARIABLE in os.environ:
        end_with_parent(int(os.environ[VARIABLE]))


def end_with_parent(parent: int) -> None:
    """Tells this process to end (SIGTERM) soon after the process of that number, which started it, is gone.

    It asks once a second. Linux could send the signal by itself (PR_SET_PDEATHSIG), but when the thread ends that started the
    helper, and not the process: a web server's threads come and go.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
