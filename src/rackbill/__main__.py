"""`python -m rackbill`: the command where no script was installed for it."""

from rackbill.interfaces.console.main import run

run()
