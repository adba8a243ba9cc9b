"""Mail whose way is barred (log-in, TLS) waits with the reason, is never given up, and leaves once the way is mended."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from typer.testing import CliRunner

from rackbill.adapters.smtp import MailAccess
from rackbill.domain.dispatch import policy
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer
from rackbill.interfaces.console import outbox
from rackbill.interfaces.jobs import bill_run, clock, dispatch
from tests.world import mail_server
from tests.world import provider as world_of
from tests.world.mail_server import PASSWORD, USER, Seen

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
PEOPLE = tuple(f"ap{n}@buyer.example" for n in range(3))


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return mail_server.certificate(tmp_path)


@pytest.fixture
def relay(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """A server that wants STARTTLS and a log-in, and three mails that wait for it."""
    world = world_of.provider()
    world_of.service(world, world_of.customer(world, recipients=PEOPLE))
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM, signer=signer)
    with mail_server.running(pem=pem, tls="starttls", with_log_in=True) as (seen, port):
        monkeypatch.setattr(settings, "SMTP_PORT", port)
        yield seen


def pass_over(access: MailAccess, monkeypatch: pytest.MonkeyPatch) -> int:
    """One pass over the outbox, with everything due."""
    monkeypatch.setattr(settings, "SMTP_ACCESS", access)
    Dispatch.objects.filter(state="queued").update(next_attempt_at=clock.wall())
    server = dispatch.mail_server()
    try:
        return dispatch.send_waiting(server=server, now=OCTOBER)
    finally:
        server.close()


def test_a_wrong_password_holds_everything_after_one_try_and_never_gives_up(
    relay: Seen, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = MailAccess(tls="starttls", user=USER, password="guessed", ca_file=str(pem))
    begun = clock.wall()
    assert pass_over(wrong, monkeypatch) == 0
    first_tries = len(relay.log_ins)
    assert first_tries <= 2, "one connection, which tries the mechanisms that the server offers"
    rows = Dispatch.objects.order_by("recipient")
    for row in rows:
        assert (row.state, row.hold_count) == ("queued", 1)
        assert "refused the log-in of billing (535" in row.reason
        assert row.reason.endswith("correct RACKBILL_SMTP_USER and the password")
        assert row.next_attempt_at >= begun + policy.NO_WAY - timedelta(seconds=1)
    for _ in range(policy.MAX_ATTEMPTS + 2):
        assert pass_over(wrong, monkeypatch) == 0
    assert set(rows.values_list("state", flat=True)) == {"queued"}
    assert relay.messages == []
    shown = CliRunner().invoke(outbox.app, ["list"])
    assert " ".join(shown.output.split()).count("correct RACKBILL_SMTP_USER") == 3

    right = MailAccess(tls="starttls", user=USER, password=PASSWORD, ca_file=str(pem))
    assert pass_over(right, monkeypatch) == 3
    assert set(rows.values_list("state", "reason")) == {("sent", "")}
    assert len(relay.messages) == 3
    assert relay.commands_in_clear == []


@pytest.mark.parametrize(
    ("access", "why"),
    [
        (MailAccess(tls="starttls", user=USER, password=PASSWORD), "is not trusted"),
        (MailAccess(tls="implicit", user=USER, password=PASSWORD), "agree on no TLS"),
    ],
)
def test_without_the_tls_that_was_asked_for_nothing_leaves(
    relay: Seen, access: MailAccess, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pass_over(access, monkeypatch) == 0
    for row in Dispatch.objects.all():
        assert (row.state, row.hold_count) == ("queued", 1)
        assert why in row.reason
        assert "RACKBILL_SMTP_" in row.reason, "the way out fits in"
    assert (relay.messages, relay.log_ins) == ([], [])


def test_starttls_that_is_not_offered_holds_the_mail(relay: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server.running() as (plain, port):
        monkeypatch.setattr(settings, "SMTP_PORT", port)
        assert pass_over(MailAccess(tls="starttls"), monkeypatch) == 0
    assert (plain.messages, plain.commands_in_clear) == ([], [])
    assert all("does not start TLS" in row.reason and row.hold_count == 1 for row in Dispatch.objects.all())
