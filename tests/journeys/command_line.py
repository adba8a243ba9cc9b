"""`rackbill` as often as a journey wants it: each command is a process of its own that costs no start.

It is forked from one that has the settings of an installation and all commands loaded, and nothing of its database. What
reads no settings (verify) or makes its own installation (demo, init, scenario) is started from nothing, with `started`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

CODE = "from rackbill.interfaces.console.main import run; run()"


def started(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in an installation on SQLite, as a shell starts it."""
    command = [sys.executable, "-c", CODE, *arguments]
    return subprocess.run(command, env=_environment(home), capture_output=True, text=True, check=False)


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": ""}


class CommandLine:
    """The command in one installation on SQLite that is there already; a context that ends the process behind it."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __enter__(self) -> "CommandLine":
        self._folder = tempfile.TemporaryDirectory(prefix="rackbill-commands-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.command_line"], env=_environment(self._home), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        return self

    def __exit__(self, _kind: type | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._folder.cleanup()

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What the command answered."""
        assert self._process.stdin is not None and self._process.stdout is not None
        said = [Path(self._folder.name) / name for name in ("stdout", "stderr")]
        order = {"arguments": arguments, "said": [str(path) for path in said], "folder": os.getcwd()}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, *(path.read_text(encoding="utf-8") for path in said))


def _ordered() -> list[str] | None:
    """In each fork: the arguments of its command. In the process that forks: None, once nobody orders any more."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            order = json.loads(line)
            os.chdir(order["folder"])
            for number, path in ((0, os.devnull), (1, order["said"][0]), (2, order["said"][1])):
                os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
            return list(order["arguments"])
        _pid, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


if __name__ == "__main__":
    import importlib
    import pkgutil

    import django

    django.setup()
    from rackbill.interfaces import console
    from rackbill.interfaces.console.main import run

    for found in pkgutil.iter_modules(console.__path__, f"{console.__name__}."):
        importlib.import_module(found.name)
    wanted = _ordered()
    if wanted is not None:
        sys.argv = ["rackbill", *wanted]
        run()
