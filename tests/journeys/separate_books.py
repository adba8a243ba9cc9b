"""Journeys of several processes on books of their own: a file, or a database beside the one that the suite runs on."""

import os
import subprocess
import sys
from pathlib import Path

from tests.campaigns.databases import Books


def child(books: Books, name: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of bill_run_child that has ended."""
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": books.url(name),
        "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.bill_run_child", *arguments],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
