"""A process of a bill run that says where it stands and can kill itself (SIGKILL) at a wanted place; see kill_campaign.

python -m tests.campaigns.kill_child serve | work --no-schedule

An order's "marker" is the file in which the process keeps its phase and last statement: memory of the file, so it outlives
a kill. Its "kill" is "phase:n:seconds": so many seconds after the n-th statement of that phase, wherever it is by then.
"""

import hashlib
import json
import mmap
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django

BILLED_AT = datetime(2020, 10, 1, 6, tzinfo=UTC)
THROUGH = date(2020, 11, 1)
MARKER_BYTES = 512
CLAIM_SECONDS = 8


class Marker:
    """Where the process stands, in a file that is mapped into its memory; and the kill that waits for it."""

    def __init__(self, path: str, kill: str) -> None:
        Path(path).write_bytes(bytes(MARKER_BYTES))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), MARKER_BYTES)
        phase, count, seconds = kill.split(":") if kill else ("", "0", "0")
        self._phase, self._left, self._seconds = phase, int(count), float(seconds)
        self.phase = "start"
        self.counts: dict[str, int] = {}

    def moment(self, detail: str) -> None:
        """Notes what comes next; a kill that is due falls now, or from a thread a little later."""
        text = f"{os.getpid()}|{self.phase}|{detail}".encode()[:MARKER_BYTES]
        self._map[:] = text.ljust(MARKER_BYTES, b"\0")
        self.counts[self.phase] = self.counts.get(self.phase, 0) + 1
        if self.phase != self._phase or not self._left:
            return
        self._left -= 1
        if self._left == 0:
            if not self._seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Thread(target=self._kill_later, daemon=True).start()

    def _kill_later(self) -> None:
        time.sleep(self._seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """For Django: a moment before each statement."""
        self.moment(sql)
        return execute(sql, params, many, context)

    def during(self, phase: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with the phase noted while it runs."""

        def marked(*args: Any, **kwargs: Any) -> Any:
            before, self.phase = self.phase, phase
            self.moment(work.__name__)
            try:
                return work(*args, **kwargs)
            finally:
                self.phase = before
                self.moment(f"after {work.__name__}")

        return marked


marker: Marker | None = None


def build(services: int) -> None:
    """The data set of the benches, or for a small number the cast of the tests, one of them with contradictory data."""
    from rackbill.domain.dispatch.models import Dispatch
    from rackbill.interfaces.console import bench_data, installation

    installation.migrate()
    if services >= 1000:
        bench_data.build(services=services, on_step=lambda *_: None)
        # The month before was sent long ago.
        Dispatch.objects.filter(state="queued").update(state="sent", sent_at=BILLED_AT)
        return
    from rackbill.domain.contracts.models import LinePrice
    from tests.world import provider as world_of

    world = world_of.provider()
    for number in range(services // 2):
        owner = world_of.customer(world, country="DE" if number % 3 else "CH", name=f"Buyer {number}")
        for _ in range(1 + number % 3):
            world_of.service(world, owner, starts_on=date(2020, 9, 1 + number % 28))
    broken = world_of.customer(world, name="Broken")
    LinePrice.objects.filter(line__service=world_of.service(world, broken)).delete()


def bill() -> None:
    """October 2020 of every sales organisation; goes on where an earlier process stopped."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from django.db import connection

    from rackbill.domain.billing import operations as billing
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.domain.kit.secrets import Signer
    from rackbill.domain.parties import queries as parties
    from rackbill.interfaces.jobs import bill_run, shards

    if marker:
        shards.compute_shards = marker.during("compute", shards.compute_shards)
        billing.approve_run = marker.during("approve", billing.approve_run)
        billing.issue_block = marker.during("issue", billing.issue_block)
        connection.execute_wrappers.append(marker.statement)
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    for organisation_id in parties.sellers():
        bill_run.run_bill(
            organisation_id=organisation_id, through=THROUGH, now=BILLED_AT, actor=SYSTEM, signer=signer
        )  # fmt: skip


def send() -> None:
    """Files and mail until nothing waits, nor is left in the hands of a process that was killed."""
    from django.db import connection

    from rackbill.adapters import file_storage
    from rackbill.adapters.smtp import MailServer
    from rackbill.domain.dispatch import queries as dispatch_queries
    from rackbill.domain.documents import queries as document_queries
    from rackbill.interfaces.jobs import schedule

    missing = document_queries.numbers_without_file
    waiting = set(waiting_numbers())
    document_queries.numbers_without_file = lambda *, format: [n for n in missing(format=format) if n in waiting]
    if marker:
        MailServer.send = marker.during("dispatch", MailServer.send)  # type: ignore[method-assign]
        file_storage.store_file = marker.during("dispatch", file_storage.store_file)
        schedule.send_what_waits = marker.during("dispatch", schedule.send_what_waits)
        connection.execute_wrappers.append(marker.statement)
    while True:
        schedule.send_what_waits()
        counts = dispatch_queries.counts_by_state()
        if not {"queued", "claimed"} & set(counts):
            return
        time.sleep(0.3)


def waiting_numbers() -> list[str]:
    """The documents that are to be sent; the others were sent before."""
    from rackbill.domain.dispatch.models import Dispatch

    return list(Dispatch.objects.exclude(state="sent").values_list("document__number", flat=True))


def work(schedule: str) -> None:
    """`rackbill work` with two workers, as it is."""
    from rackbill.interfaces.console import main

    sys.argv[1:] = ["work", "--processes", "2", schedule, "--pause-seconds", "1"]
    main.run()


def check(scope: str) -> list[str]:
    """The violations in the books: of what a run writes but for the contents of documents, of all it writes, of everything."""
    from rackbill.domain.billing import invariants as billing
    from rackbill.domain.dispatch import invariants as dispatch
    from rackbill.domain.documents import invariants as documents
    from rackbill.domain.history import invariants as history
    from rackbill.domain.receivables import invariants as receivables
    from rackbill.interfaces.console import books

    if scope == "everything":
        return books.violations()
    quick = (billing, receivables, dispatch, history)
    return [text for noun in ((*quick, documents) if scope == "written" else quick) for text in noun.violations()]


def cached_render(canonical: bytes, brand: object = None) -> bytes:
    """The PDF of a canonical form, rendered once for all the databases of a campaign: what is killed here is the rest."""
    from rackbill.formats import document_pdf

    path = Path(os.environ["RACKBILL_RENDERED"]) / f"{hashlib.sha256(canonical).hexdigest()}.pdf"
    if not path.exists():
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(document_pdf.render_pdf(document_pdf.document_from_canonical(canonical)))
        half.replace(path)
    return path.read_bytes()


def prepare() -> None:
    """Small shards and blocks, short claims, rendered files shared."""
    from rackbill.domain.billing import policy
    from rackbill.domain.dispatch import policy as dispatch_policy

    policy.SHARD_CUSTOMERS = int(os.environ.get("RACKBILL_SHARD", "200"))
    policy.ISSUE_BLOCK = int(os.environ.get("RACKBILL_BLOCK", "500"))
    dispatch_policy.CLAIM = timedelta(seconds=CLAIM_SECONDS)
    if "RACKBILL_RENDERED" in os.environ:
        from rackbill.formats import document_pdf

        document_pdf.render_canonical = cached_render


def run(order: dict[str, Any]) -> None:
    """Carries one order out, in a process of its own; what came out goes to the file that the order names."""
    global marker
    if order.get("marker"):
        marker = Marker(order["marker"], order.get("kill", ""))
    answer: Any = None
    if order["do"] == "build":
        build(order["services"])
    elif order["do"] == "check":
        answer = check(order["scope"])
    else:
        {"bill": bill, "send": send}[order["do"]]()
        answer = marker.counts if marker else {}
    Path(order["answer"]).write_text(json.dumps(answer))


def serve() -> None:
    """Reads orders, one JSON object a line; each is carried out by a fresh fork, so that a process costs no start.

    Prints {"pid": …} when it has begun and {"pid": …, "status": …} when it has ended; minus nine is a kill.
    """
    prepare()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                run(json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(json.dumps({"pid": pid}), flush=True)
        threading.Thread(target=_tell_end, args=(pid,), daemon=True).start()


def _tell_end(pid: int) -> None:
    _pid, status = os.waitpid(pid, 0)
    print(json.dumps({"pid": pid, "status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    django.setup()
    # By its own name, so that helper processes find the functions that are handed to them.
    from tests.campaigns import kill_child

    if sys.argv[1] == "work":
        kill_child.work(sys.argv[2])
    else:
        kill_child.serve()
