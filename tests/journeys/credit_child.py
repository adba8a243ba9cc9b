"""A process of its own for the test of two credits at once.

Usage: python -m tests.journeys.credit_child build | credit AMOUNT. `credit` waits on its standard input between having its
connection and asking; it prints the credit note's number, or REFUSED and the reason.
"""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import django

NOTED_AT = datetime(2020, 10, 10, 9, tzinfo=UTC)


def build() -> None:
    """Tables, and a provider with one invoice of 129.95 net."""
    from rackbill.interfaces.console import fresh_tables
    from tests.world import provider as world_of

    fresh_tables.migrate()
    world = world_of.provider()
    world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()


def credit(amount: str) -> str:
    """The answer to one credit on line 1 of the invoice."""
    from django.db import connection

    from rackbill.core.crediting import CreditRefused
    from rackbill.domain.billing import operations as billing
    from rackbill.domain.kit.actor import SYSTEM

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        return billing.credit_invoice(
            number="21000000", line_numbers=[1], period=None, amount=Decimal(amount), reason="Outage", is_reissued=False,
            on=NOTED_AT.date(), now=NOTED_AT, actor=SYSTEM,
        )  # fmt: skip
    except CreditRefused as refusal:
        return f"REFUSED {refusal}"


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "build":
        build()
    else:
        print(credit(sys.argv[2]))
