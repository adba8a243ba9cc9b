"""`python -m rackbill`: the `rackbill` command."""

from rackbill.interfaces.console.main import run

run()
