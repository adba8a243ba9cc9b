"""The way to the mail server against a real one: TLS, certificates, log-in. What was asked for and is not there holds the mail."""

import os
import socket
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from rackbill.adapters.smtp import MailAccess, MailHeld, MailRefused, MailServer
from tests.world import mail_server
from tests.world.mail_server import PASSWORD, USER

KINDS = ("starttls", "implicit")


def message() -> EmailMessage:
    value = EmailMessage()
    value["Subject"] = "Invoice 26000000"
    value.set_content("Attached is invoice 26000000.")
    return value


def send(port: int, access: MailAccess | None = None, *, host: str = "127.0.0.1", to: str = "ap@buyer.example") -> None:
    server = MailServer(host=host, port=port, access=access)
    try:
        server.send(message=message(), sender="billing@meridian.example", recipient=to)
    finally:
        server.close()


def held(port: int, access: MailAccess, *, host: str = "127.0.0.1") -> str:
    """Why nothing left."""
    with pytest.raises(MailHeld) as fault:
        send(port, access, host=host)
    text = str(fault.value)
    assert len(text) < 300, "the outbox keeps no more"
    assert "nothing was sent" in text
    return text


@pytest.mark.parametrize("tls", KINDS)
def test_over_tls_with_a_log_in_and_a_name(tls: str, tmp_path: Path) -> None:
    pem = mail_server.certificate(tmp_path)
    access = MailAccess(tls=tls, user=USER, password=PASSWORD, ca_file=str(pem), hello="bill.meridian.example")
    with mail_server.running(pem=pem, tls=tls, with_log_in=True) as (seen, port):
        send(port, access)
    assert len(seen.messages) == 1
    assert (seen.log_ins, seen.commands_in_clear) == ([(USER, PASSWORD)], [])
    assert set(seen.hellos) == {"bill.meridian.example"}


def test_without_settings_it_goes_as_before() -> None:
    with mail_server.running() as (seen, port):
        send(port)
    assert len(seen.messages) == 1
    assert seen.commands_in_clear == ["MAIL billing@meridian.example"], "the test sees what goes in the clear"


@pytest.mark.parametrize("tls", KINDS)
def test_a_wrong_password(tls: str, tmp_path: Path) -> None:
    pem = mail_server.certificate(tmp_path)
    with mail_server.running(pem=pem, tls=tls, with_log_in=True) as (seen, port):
        why = held(port, MailAccess(tls=tls, user=USER, password="guessed", ca_file=str(pem)))
    assert f"refused the log-in of {USER} (535" in why
    assert why.endswith("correct RACKBILL_SMTP_USER and the password")
    assert "guessed" not in why
    assert seen.messages == []


@pytest.mark.parametrize("tls", KINDS)
def test_a_certificate_that_nobody_trusts(tls: str, tmp_path: Path) -> None:
    pem = mail_server.certificate(tmp_path)
    with mail_server.running(pem=pem, tls=tls, with_log_in=True) as (seen, port):
        why = held(port, MailAccess(tls=tls, user=USER, password=PASSWORD))
    assert "is not trusted (self" in why
    assert "RACKBILL_SMTP_CA_FILE" in why
    assert (seen.messages, seen.log_ins) == ([], [])


@pytest.mark.parametrize("tls", KINDS)
def test_a_certificate_of_another_name(tls: str, tmp_path: Path) -> None:
    pem = mail_server.certificate(tmp_path, name="mail.else.example")
    with mail_server.running(pem=pem, tls=tls) as (seen, port):
        why = held(port, MailAccess(tls=tls, ca_file=str(pem)))
    assert "127.0.0.1" in why
    assert "name the server as its certificate does" in why
    assert seen.messages == []


def test_starttls_that_is_not_offered_is_not_done_without() -> None:
    with mail_server.running() as (seen, port):
        why = held(port, MailAccess(tls="starttls"))
    assert "does not start TLS (STARTTLS extension not supported by server.)" in why
    assert (seen.messages, seen.commands_in_clear) == ([], [])


def test_tls_from_the_start_that_is_not_spoken_is_not_done_without() -> None:
    with mail_server.running() as (seen, port):
        why = held(port, MailAccess(tls="implicit"))
    assert "agree on no TLS (WRONG_VERSION_NUMBER)" in why
    assert "RACKBILL_SMTP_PORT" in why
    assert (seen.messages, seen.commands_in_clear) == ([], [])


def test_a_log_in_that_is_not_offered(tmp_path: Path) -> None:
    pem = mail_server.certificate(tmp_path)
    with mail_server.running(pem=pem, tls="implicit") as (seen, port):
        why = held(port, MailAccess(tls="implicit", user=USER, password=PASSWORD, ca_file=str(pem)))
    assert "offers no log-in that we know (SMTP AUTH extension not supported by server.)" in why
    assert seen.messages == []


def test_the_password_of_a_file_is_read_for_each_connection(tmp_path: Path) -> None:
    pem, secret = mail_server.certificate(tmp_path), tmp_path / "password"
    access = MailAccess(tls="starttls", user=USER, password_file=str(secret), ca_file=str(pem))
    with mail_server.running(pem=pem, tls="starttls", with_log_in=True) as (seen, port):
        why = held(port, access)
        assert f"cannot be read from {secret} (No such file or directory)" in why
        assert why.endswith("correct RACKBILL_SMTP_PASSWORD_FILE")
        secret.write_text("")
        assert "not empty" in held(port, access)
        secret.write_text("gehört")
        assert "letters of ASCII" in held(port, access)
        secret.write_text(f"{PASSWORD}\n")
        send(port, access)
    assert len(seen.messages) == 1
    assert PASSWORD not in repr(MailAccess(user=USER, password=PASSWORD))


def test_an_authority_that_cannot_be_read(tmp_path: Path) -> None:
    with mail_server.running() as (_seen, port):
        for path in (tmp_path / "none.pem", tmp_path):
            assert "of RACKBILL_SMTP_CA_FILE cannot be read" in held(
                port, MailAccess(tls="starttls", ca_file=str(path))
            )


def test_one_refused_recipient_is_no_reason_to_hold_the_others() -> None:
    with mail_server.running() as (seen, port):
        server = MailServer(host="127.0.0.1", port=port)
        with pytest.raises(MailRefused, match="no such mailbox"):
            server.send(message=message(), sender="billing@meridian.example", recipient="nobody@buyer.example")
        server.send(message=message(), sender="billing@meridian.example", recipient="ap@buyer.example")
        server.close()
    assert len(seen.messages) == 1


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(MailRefused, match="timed out"):
            send(silent.getsockname()[1], MailAccess(timeout_seconds=1))
        assert time.monotonic() - begun < 10


def test_a_password_does_not_go_to_another_machine_in_the_clear() -> None:
    MailServer(host="127.0.0.1", port=25, access=MailAccess(user=USER, password=PASSWORD))
    with pytest.raises(ValueError, match=r"would go to mail\.example in the clear; set RACKBILL_SMTP_TLS"):
        MailServer(host="mail.example", port=25, access=MailAccess(user=USER, password=PASSWORD))


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"TLS": "ssl"}, "RACKBILL_SMTP_TLS is 'ssl'; Rackbill knows starttls and implicit"),
        ({"USER": "billing"}, "set both or none"),
        ({"PASSWORD": "secret"}, "set both or none"),
        ({"USER": "b", "PASSWORD": "secret", "PASSWORD_FILE": "/f"}, "leave one of them out"),
        ({"USER": "b", "PASSWORD": "secret", "HOST": "mail.example"}, "would go to mail.example in the clear"),
        ({"CA_FILE": "/f"}, "RACKBILL_SMTP_TLS is not"),
        ({"PORT": "smtp"}, "RACKBILL_SMTP_PORT is 'smtp'; it is a whole number"),
        ({"TIMEOUT": "0"}, "it is a number of seconds from 1 on"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_the_start(
    environment: dict[str, str], why: str, tmp_path: Path
) -> None:
    done = _console(environment, tmp_path, "-m", "rackbill", "init")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("rackbill: ")
    assert why in line
    assert "secret" not in line


@pytest.mark.parametrize(("tls", "port"), [("", "25"), ("starttls", "587"), ("implicit", "465")])
def test_each_kind_of_tls_has_its_usual_port(tls: str, port: str, tmp_path: Path) -> None:
    show = "from rackbill.config import settings; print(settings.SMTP_PORT)"
    assert _console({"TLS": tls, "HOST": "mail.example"}, tmp_path, "-c", show).stdout.strip() == port


def _console(environment: dict[str, str], home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {f"RACKBILL_SMTP_{name}": text for name, text in environment.items()}
    plain = {name: text for name, text in os.environ.items() if not name.startswith("RACKBILL_")}
    return subprocess.run(
        [sys.executable, *words], env={**plain, **own, "RACKBILL_HOME": str(home)}, capture_output=True, text=True
    )  # fmt: skip
