"""Handing a message to a mail server."""

import smtplib
from email.message import EmailMessage

TIMEOUT_SECONDS = 30


class MailRefused(RuntimeError):
    """The mail server did not take a message; the text says what it answered."""


class MailServer:
    """One connection for many messages; opened on first use, again after a fault."""

    def __init__(self, *, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._connection: smtplib.SMTP | None = None

    def send(self, *, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hands the message over. Raises MailRefused."""
        try:
            if self._connection is None:
                self._connection = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
            self._connection.send_message(message, from_addr=sender, to_addrs=[recipient])
        except (OSError, smtplib.SMTPException) as fault:
            self.close()
            raise MailRefused(f"mail server {self._host}:{self._port}: {fault}") from fault

    def close(self) -> None:
        """Ends the connection, if any."""
        if self._connection is not None:
            try:
                self._connection.quit()
            except (OSError, smtplib.SMTPException):
                pass
            self._connection = None
