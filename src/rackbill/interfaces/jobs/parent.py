"""Helpers that outlive a killed process would hold memory and take work for ever: they watch for it and end."""

import os
import signal
import threading
import time


def end_with_parent(parent: int) -> None:
    """Tells this process to end (SIGTERM) soon after the process of that number, which started it, is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
