"""`rackbill serve` and `rackbill openapi`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from rackbill.interfaces.console import answers


class Server(BaseApplication):
    """gunicorn with our application loaded before it forks."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Hands the options over."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application."""
        return get_wsgi_application()


def serve(*, host: str, port: int, workers: int) -> None:
    """Serves portal and API until it is stopped."""
    Server(
        {
            "bind": f"{host}:{port}", "workers": workers, "threads": 4, "worker_class": "gthread", "preload_app": True,
            "loglevel": "warning", "accesslog": None, "control_socket_disable": True,
        }
    ).run()  # fmt: skip


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @app.command("serve")
    def serve_command(
        port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
        host: Annotated[str, typer.Option()] = "127.0.0.1",
        workers: Annotated[int, typer.Option(min=1)] = 2,
    ) -> None:
        """Serve the portal and the API of what lies in RACKBILL_HOME."""
        answers.people.print(f"Portal and API on http://{host}:{port}/ (stop with Ctrl-C)")
        serve(host=host, port=port, workers=workers)

    @app.command("openapi")
    def openapi(
        check: Annotated[Path | None, typer.Option(help="a file that must hold exactly this document")] = None,
    ) -> None:
        """Print the OpenAPI document of the public API, or compare it with a file."""
        from rackbill.interfaces.api import schema

        text = schema.openapi_json()
        if check is None:
            print(text, end="")
        elif not check.is_file() or check.read_text(encoding="utf-8") != text:
            answers.people.print(f"{check} is not today's API; write it anew with: rackbill openapi > {check}")
            raise answers.CheckFailed
