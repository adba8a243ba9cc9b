"""The outbox: a claim is held by its count of attempts, so that a slow worker cannot undo what another has done."""

from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.dispatch import policy
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.interfaces.jobs import bill_run, document_files
from rackbill.interfaces.jobs import dispatch as jobs
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
LATER = OCTOBER + policy.CLAIM + timedelta(seconds=1)


@pytest.fixture
def two_invoices() -> None:
    world = world_of.provider()
    for _ in range(2):
        world_of.service(world, world_of.customer(world))
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=signer)


def test_a_claim_that_ran_out_is_taken_over_and_the_slow_worker_changes_nothing(two_invoices: None) -> None:
    slow = dispatch.claim_next(worker="slow", now=OCTOBER)
    dispatch.claim_next(worker="other", now=OCTOBER)
    quick = dispatch.claim_next(worker="quick", now=LATER)
    assert slow is not None and quick is not None and (slow.key, quick.attempt_count) == (quick.key, 2)
    dispatch.record_failure(key=slow.key, attempt_count=slow.attempt_count, reason="too late", now=LATER)
    assert Dispatch.objects.get(pk=slow.key).state == "claimed", "it is in the quick worker's hands"
    dispatch.record_sent(key=quick.key, message_sha256="a" * 64, now=LATER)
    dispatch.record_failure(key=slow.key, attempt_count=slow.attempt_count, reason="too late", now=LATER)
    dispatch.record_sent(key=slow.key, message_sha256="b" * 64, now=LATER + timedelta(hours=1))
    row = Dispatch.objects.get(pk=slow.key)
    assert (row.state, row.message_sha256, row.sent_at) == ("sent", "a" * 64, LATER)


def test_a_failure_is_tried_again_later_and_at_last_left_to_a_person(two_invoices: None) -> None:
    now = OCTOBER
    for attempt in range(1, policy.MAX_ATTEMPTS + 1):
        claimed = dispatch.claim_next(worker="w", now=now)
        assert claimed is not None and claimed.attempt_count == attempt
        if attempt == 1:
            Dispatch.objects.exclude(pk=claimed.key).update(state="sent")
        dispatch.record_failure(key=claimed.key, attempt_count=attempt, reason="refused", now=now)
        now += timedelta(hours=7)
    assert Dispatch.objects.get(pk=claimed.key).state == "failed"


def test_waiting_for_the_rule_checker_is_no_failure_and_goes_on_for_ever(two_invoices: None) -> None:
    now = OCTOBER
    for _ in range(3 * policy.MAX_ATTEMPTS):
        claimed = dispatch.claim_next(worker="w", now=now)
        assert claimed is not None
        Dispatch.objects.exclude(pk=claimed.key).update(state="sent")
        dispatch.record_hold(key=claimed.key, attempt_count=claimed.attempt_count, reason="it is down", now=now)
        row = Dispatch.objects.get(pk=claimed.key)
        assert (row.state, row.reason, row.next_attempt_at) == ("queued", "it is down", now + policy.HOLD)
        now += policy.HOLD
    claimed = dispatch.claim_next(worker="w", now=now)
    assert claimed is not None
    dispatch.record_failure(key=claimed.key, attempt_count=claimed.attempt_count, reason="refused", now=now)
    assert Dispatch.objects.get(pk=claimed.key).next_attempt_at == now + timedelta(seconds=30), "its first failure"
    slow = claimed.attempt_count - 1
    dispatch.record_hold(key=claimed.key, attempt_count=slow, reason="too late", now=now)
    dispatch.park_dispatch(key=claimed.key, attempt_count=slow, reason="too late")
    assert Dispatch.objects.get(pk=claimed.key).reason == "refused"


class Taker:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def send(self, *, message: object, sender: str, recipient: str) -> None:
        self.taken.append(recipient)


def test_a_document_that_cannot_be_rendered_stops_no_other(two_invoices: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Dispatch.objects.order_by("pk").first()
    assert first is not None
    number, real = first.document.number, document_files.document_pdf

    def broken(*, scope: object, number: str, now: datetime, _bad: str = number) -> bytes:
        if number == _bad:
            raise RuntimeError("a glyph is missing")
        return real(scope=scope, number=number, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(document_files, "document_pdf", broken)
    server = Taker()
    assert jobs.send_waiting(server=server, now=OCTOBER) == 1  # type: ignore[arg-type]
    first.refresh_from_db()
    assert (first.state, first.reason, len(server.taken)) == ("queued", "RuntimeError: a glyph is missing", 1)
