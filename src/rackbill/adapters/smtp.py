"""Handing a message to a mail server, in the clear or over TLS with a certificate that is checked."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

STARTTLS, IMPLICIT = "starttls", "implicit"
USUAL_PORTS = {"": 25, STARTTLS: 587, IMPLICIT: 465}
"""By kind of TLS."""
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


class MailRefused(RuntimeError):
    """The mail server did not take a message; the text says what it answered."""


class MailHeld(RuntimeError):
    """No message may or can leave until a person has mended the way to the mail server; the text says what and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAccess:
    """How the mail server is spoken to. `tls`: starttls, implicit, or none; `hello`: our name in EHLO, the machine's if empty.

    The password is given or lies in a file. `ca_file`: PEM certificates that are trusted besides the machine's.
    Raises ValueError for what cannot be.
    """

    tls: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    ca_file: str = ""
    hello: str = ""
    timeout_seconds: int = 30

    def __post_init__(self) -> None:
        if self.tls not in USUAL_PORTS:
            raise ValueError(
                f"RACKBILL_SMTP_TLS is {self.tls!r}; Rackbill knows starttls and implicit, and none if it is empty"
            )
        if self.password and self.password_file:
            raise ValueError(
                "RACKBILL_SMTP_PASSWORD and RACKBILL_SMTP_PASSWORD_FILE are both set; leave one of them out"
            )
        if bool(self.user) != bool(self.password or self.password_file):
            raise ValueError(
                "a log-in at the mail server needs RACKBILL_SMTP_USER and RACKBILL_SMTP_PASSWORD (or "
                "RACKBILL_SMTP_PASSWORD_FILE); set both or none"
            )
        if self.ca_file and not self.tls:
            raise ValueError(
                "RACKBILL_SMTP_CA_FILE is set and RACKBILL_SMTP_TLS is not; set it to starttls or implicit"
            )
        if self.timeout_seconds < 1:
            raise ValueError(f"RACKBILL_SMTP_TIMEOUT is {self.timeout_seconds}; it is a number of seconds from 1 on")


class MailServer:
    """One connection for many messages; opened on first use, again after a fault.

    Where TLS is asked for, neither password nor message leaves without it: what it takes is not offered, or not trusted, raises
    MailHeld, and there is no second way (RFC 3207, RFC 8314).
    """

    def __init__(self, *, host: str, port: int, access: MailAccess | None = None) -> None:
        self._host, self._port, self._access = host, port, access or MailAccess()
        if self._access.user and not self._access.tls and host not in _THIS_MACHINE:
            raise ValueError(
                f"the password of RACKBILL_SMTP_USER would go to {host} in the clear; set RACKBILL_SMTP_TLS to "
                "starttls or implicit"
            )
        self._connection: smtplib.SMTP | None = None

    def send(self, *, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hands the message over. Raises MailRefused, MailHeld."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.send_message(message, from_addr=sender, to_addrs=[recipient])
        except (OSError, smtplib.SMTPException) as fault:
            self.close()
            raise MailRefused(f"{self._name}: {fault}") from fault

    def close(self) -> None:
        """Ends the connection, if any."""
        if self._connection is not None:
            try:
                self._connection.quit()
            except (OSError, smtplib.SMTPException):
                self._connection.close()
            self._connection = None

    @property
    def _name(self) -> str:
        return f"mail server {self._host}:{self._port}"

    def _connect(self) -> smtplib.SMTP:
        password = self._password()
        connection = self._open()
        try:
            if self._access.tls == STARTTLS:
                self._start_tls(connection)
            if self._access.user:
                self._log_in(connection, password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> smtplib.SMTP:
        hello, wait = self._access.hello or None, self._access.timeout_seconds
        if self._access.tls != IMPLICIT:
            return smtplib.SMTP(self._host, self._port, local_hostname=hello, timeout=wait)
        try:
            return smtplib.SMTP_SSL(self._host, self._port, local_hostname=hello, timeout=wait, context=self._context())
        except ssl.SSLError as fault:
            raise self._untrusted(fault) from fault

    def _start_tls(self, connection: smtplib.SMTP) -> None:
        context = self._context()
        try:
            connection.starttls(context=context)
        except ssl.SSLError as fault:
            raise self._untrusted(fault) from fault
        except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as fault:
            raise MailHeld(
                f"{self._name} does not start TLS ({_told(fault)}), so nothing was sent; have it offer STARTTLS, or name a port "
                "with TLS from the start and set RACKBILL_SMTP_TLS=implicit"
            ) from fault

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        try:
            if self._access.ca_file:
                context.load_verify_locations(cafile=self._access.ca_file)
            return context
        except OSError as fault:
            raise MailHeld(
                f"the file {self._access.ca_file} of RACKBILL_SMTP_CA_FILE cannot be read as PEM certificates ({fault}), so "
                "nothing was sent; correct it"
            ) from fault

    def _untrusted(self, fault: ssl.SSLError) -> MailHeld:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return MailHeld(
                f"the certificate of {self._name} is not trusted ({fault.verify_message}), so nothing was sent; name the server "
                "as its certificate does, or its authority's certificate in RACKBILL_SMTP_CA_FILE"
            )
        return MailHeld(
            f"{self._name} and this machine agree on no TLS ({fault.reason or fault}), so nothing was sent; check "
            "RACKBILL_SMTP_PORT and RACKBILL_SMTP_TLS (465 is usual for implicit, 587 for starttls)"
        )

    def _password(self) -> str:
        """Read for each connection, so that a new one counts without a restart."""
        path = self._access.password_file
        if not path:
            return self._access.password
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else "it is no text"
            raise MailHeld(
                f"the password of {self._name} cannot be read from {path} ({why}), so nothing was sent; put it there, or "
                "correct RACKBILL_SMTP_PASSWORD_FILE"
            ) from None

    def _log_in(self, connection: smtplib.SMTP, password: str) -> None:
        user = self._access.user
        if not password or not (user + password).isascii():
            raise MailHeld(
                f"user and password of {self._name} must be letters of ASCII and not empty, so nothing was sent; "
                "correct RACKBILL_SMTP_USER and the password"
            )
        try:
            connection.login(user, password)
        except smtplib.SMTPAuthenticationError as fault:
            raise MailHeld(
                f"{self._name} refused the log-in of {user} ({_told(fault)}), so nothing was sent; correct RACKBILL_SMTP_USER "
                "and the password"
            ) from fault
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as fault:
            raise MailHeld(
                f"{self._name} offers no log-in that we know ({_told(fault)}), so nothing was sent; have it offer PLAIN or "
                "LOGIN, or leave RACKBILL_SMTP_USER out"
            ) from fault


def _told(fault: smtplib.SMTPException) -> str:
    """What the server said, in one line that leaves room for the way out."""
    if not isinstance(fault, smtplib.SMTPResponseException):
        return str(fault)[:90]
    said = fault.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{fault.smtp_code} {' '.join(text.split())}"[:90]
