"""kill -9 in every phase of a bill run and of its dispatch, a small sample of the campaign (tests/campaigns/kills)."""

import os
import random
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.campaigns.databases import suite_books
from tests.campaigns.kill_campaign import PHASES, Campaign
from tests.campaigns.killing import Kill, Workers, Zygote

SERVICES = 60
KILLS = 8


def campaign(engine: str, folder: Path, made_tables: str) -> Campaign:
    return Campaign(
        engine, suite_books(folder, made_tables), folder, SERVICES, KILLS, random.Random(2020), shard=6, block=8
    )


@pytest.fixture
def small(tmp_path: Path, made_tables: str) -> Iterator[Campaign]:
    kind = "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"
    made = campaign(kind, tmp_path, made_tables)
    made.prepare()
    yield made
    for name in ("base", "calm", "hurt"):
        made.books.drop(name)


def test_a_killed_run_goes_on_to_the_same_documents(small: Campaign) -> None:
    assert len(small.calm["documents"]) == 30 and len(small.expected) == 30 and len(small.calm["parked"]) == 1
    small.run()
    landed = {kill.phase for kill in small.landed}
    assert landed >= set(PHASES), f"kills landed in {landed} only"


def test_the_campaign_sees_what_is_not_as_undisturbed(small: Campaign) -> None:
    """Its comparison can fail: here the books of the second run differ by one cent."""
    table = "rackbill_contracts_lineprice"
    sql = f"UPDATE {table} SET unit_price = unit_price + 10000 WHERE id = (SELECT min(id) FROM {table})"
    small.books.execute("base", sql)
    with pytest.raises(AssertionError, match="not those of the undisturbed run"):
        small.one_run(Counter())


def broker_answers() -> bool:
    parts = urlsplit(settings.BROKER_URL)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672), timeout=3):
            return True
    except OSError:
        return False


@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="Celery needs PostgreSQL: see make test-postgresql",
)
@pytest.mark.skipif(not broker_answers(), reason=f"no broker answers at {settings.BROKER_URL.rpartition('@')[2]}")
def test_celery_workers_bill_as_the_runner_alone_does_and_one_is_killed(tmp_path: Path, made_tables: str) -> None:
    celery = campaign("celery", tmp_path, made_tables)
    celery.prepare()
    celery.one_run(Counter({"compute": 1}))
    for name in ("base", "calm", "hurt"):
        celery.books.drop(name)


@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="Celery needs PostgreSQL: see make test-postgresql",
)
@pytest.mark.skipif(not broker_answers(), reason=f"no broker answers at {settings.BROKER_URL.rpartition('@')[2]}")
def test_celery_workers_alone_compute_what_a_dead_runner_left(tmp_path: Path, made_tables: str) -> None:
    """The runner is killed while it plans; the sweeper of `rackbill work` hands the shards out, and workers compute them."""
    celery = campaign("celery", tmp_path, made_tables)
    celery.prepare()
    celery.books.copy("base", "hurt")
    environment = celery.environment("hurt")
    with Zygote(environment) as zygote:
        marker = tmp_path / "runner.marker"
        assert zygote.begin({"do": "bill", "marker": str(marker), "kill": "compute:1:0"}).wait() == -9
        assert Kill.read("runner", marker).phase == "compute"
        left = "SELECT count(*) FROM rackbill_billing_billshard WHERE NOT is_computed"
        assert celery.books.rows("hurt", left) != [(0,)]
        with Workers(environment, True, with_schedule=True) as workers:
            assert workers.wait_until(lambda: celery.books.rows("hurt", left) == [(0,)], seconds=120)
    for name in ("base", "calm", "hurt"):
        celery.books.drop(name)
