"""What runs when: the one table, ticked by `rackbill work`. Every entry may run twice, on several machines, or die midway."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import close_old_connections

from rackbill.interfaces.jobs import carrying, clock, dispatch, document_files, einvoice_check, engine, shards

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is done again and again."""

    name: str
    every: timedelta
    run: Callable[[], object]


def send_what_waits() -> None:
    """Missing PDF files, then the outbox."""
    document_files.store_missing_pdfs(now=clock.now())
    server = dispatch.mail_server()
    try:
        dispatch.send_waiting(server=server, now=clock.now())
    finally:
        server.close()


SCHEDULE = (
    Entry("shards that got lost", timedelta(seconds=30), shards.sweep_shards),
    Entry(
        "e-invoices that wait for the rule checker",
        timedelta(minutes=1),
        lambda: einvoice_check.check_waiting_runs(now=clock.now()),
    ),
    Entry("runs that nobody carries on", timedelta(seconds=30), carrying.sweep_runs),
    Entry("files and mail", timedelta(seconds=5), send_what_waits),
    Entry("tasks that got lost, and old ones", timedelta(hours=1), lambda: engine.close_lost_tasks(now=clock.wall())),
)


@dataclass(frozen=True, slots=True)
class Ticked:
    """The names of the entries that ran, and of those of them that failed."""

    ran: list[str]
    failed: list[str]


class Ticker:
    """Runs the entries that are due; a fault in one is written to the log and does not stop the others."""

    def __init__(self, entries: tuple[Entry, ...] = SCHEDULE) -> None:
        self._entries = entries
        self._next: dict[str, datetime] = {}

    def tick(self, *, now: datetime) -> Ticked:
        """Runs what is due. `now` is the wall clock."""
        ticked = Ticked([], [])
        for entry in self._entries:
            if self._next.get(entry.name, now) > now:
                continue
            close_old_connections()
            try:
                entry.run()
            except Exception:
                log.exception("%s: failed, tried again in %s", entry.name, entry.every)
                ticked.failed.append(entry.name)
            self._next[entry.name] = now + entry.every
            ticked.ran.append(entry.name)
        return ticked
