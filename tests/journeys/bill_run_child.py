"""A process that bills October 2020 and kills itself (SIGKILL) before its n-th database statement; run by the kill test.

Usage: python -m tests.journeys.bill_run_child build|run [N]|wait. Prints how many statements it made. `wait` says "ready"
and bills once the file `open` lies in the folder RACKBILL_GATE.
"""

import os
import signal
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import django

OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)


def build() -> None:
    """Tables, and a provider with thirty customers."""
    from rackbill.interfaces.console import fresh_tables
    from tests.world import provider as world_of

    fresh_tables.migrate()
    world = world_of.provider()
    for number in range(30):
        owner = world_of.customer(world, country="DE" if number % 3 else "CH", name=f"Buyer {number}")
        for _ in range(1 + number % 3):
            world_of.service(world, owner, starts_on=date(2020, 9, 1 + number % 28))
    broken = world_of.customer(world, name="Broken")
    from rackbill.domain.contracts.models import LinePrice

    LinePrice.objects.filter(line__service=world_of.service(world, broken)).delete()


def run(kill_before: int | None) -> int:
    """Bills in small shards and blocks."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from django.db import connection

    from rackbill.domain.billing import policy
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.domain.kit.secrets import Signer
    from rackbill.interfaces.jobs import bill_run

    policy.SHARD_CUSTOMERS, policy.ISSUE_BLOCK = 6, 8
    count = 0

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        if kill_before is not None and count >= kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    with connection.execute_wrapper(counted):
        bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=signer)
    return count


def wait() -> None:
    """Until the gate opens, with everything loaded and the database connected."""
    from django.db import connection

    from rackbill.interfaces.jobs import bill_run

    assert bill_run.run_bill
    connection.ensure_connection()
    print("ready", flush=True)
    while not (Path(os.environ["RACKBILL_GATE"]) / "open").exists():
        time.sleep(0.001)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "build":
        build()
    elif sys.argv[1] == "wait":
        wait()
        print(run(None))
    else:
        print(run(int(sys.argv[2]) if len(sys.argv) > 2 else None))
