"""A real mail server with certificates made on the spot, that wants TLS, a log-in, or neither."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rackbill.adapters.mailbox import _free_port

USER, PASSWORD = "billing", "correct horse"


def certificate(folder: Path, *, name: str = "127.0.0.1") -> Path:
    """A certificate that signs itself, with its key, for a name or an address; also what to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    other = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(x509.SubjectAlternativeName([other]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class Seen:
    """What reached the server: messages, log-in attempts, the name in EHLO, and whether TLS was on at MAIL."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.log_ins: list[tuple[str, str]] = []
        self.hellos: list[str] = []
        self.commands_in_clear: list[str] = []

    async def handle_EHLO(self, server: Any, session: Any, _envelope: Any, hostname: str, replies: list[str]) -> Any:  # noqa: N802
        """Notes the name."""
        session.host_name = hostname
        self.hellos.append(hostname)
        return replies

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Notes a sender that comes without TLS."""
        if session.ssl is None and server.transport.get_extra_info("sslcontext") is None:
            self.commands_in_clear.append(f"MAIL {address}")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Knows everybody but nobody@."""
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Takes a message."""
        self.messages.append(envelope.content)
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        """Lets the one user in."""
        assert isinstance(data, LoginPassword)
        self.log_ins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.log_ins[-1] == (USER, PASSWORD), handled=False)


@contextmanager
def running(*, pem: Path | None = None, tls: str = "", with_log_in: bool = False) -> Iterator[tuple[Seen, int]]:
    """The server and its port while it runs; `tls` is starttls, implicit or none."""
    seen, context = Seen(), None
    if tls:
        assert pem is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    more: dict[str, Any] = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
    if tls == "implicit":
        more = {"ssl_context": context}
    if with_log_in:
        # aiosmtpd does not count TLS from the start as TLS here.
        more |= {"authenticator": seen.authenticate, "auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = Controller(seen, hostname="127.0.0.1", port=_free_port("127.0.0.1"), **more)
    controller.start()
    try:
        yield seen, controller.port
    finally:
        controller.stop()
