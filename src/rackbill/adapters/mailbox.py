"""A real SMTP server on this machine that keeps every message it receives as a file, for demonstrations and tests."""

import hashlib
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = len(list(folder.glob("*.eml")))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._count += 1
        digest = hashlib.sha256(raw).hexdigest()[:12]
        (self._folder / f"{self._count:05d}-{digest}.eml").write_bytes(raw)
        return "250 kept"


class Mailbox:
    """The server; `port` is known once it is started."""

    def __init__(self, *, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._controller = Controller(
            _Keeper(folder), hostname=host, port=port or _free_port(host), data_size_limit=2**26
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def start(self) -> None:
        """Begins to listen, in a thread of its own."""
        self._controller.start()

    def stop(self) -> None:
        """Stops listening."""
        self._controller.stop()


def _free_port(host: str) -> int:
    import socket

    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
