"""A process of its own for the test of one document that two processes issue.

Usage: python -m tests.journeys.issue_child build | quote | remind. The last two wait on their standard input between having a
connection and issuing, and print the numbers that they were given.
"""

import sys
from datetime import date
from decimal import Decimal

import django


def build() -> None:
    """Tables, number series for quotes and reminders, and a provider with a customer who owes an overdue invoice."""
    from rackbill.domain.documents import operations as documents
    from rackbill.interfaces.console import fresh_tables
    from tests.world import money
    from tests.world import provider as world_of

    fresh_tables.migrate()
    world = world_of.provider()
    for kind, start in (("quote", 70_210_000), ("reminder", 70_310_000)):
        documents.create_series(
            organisation_key=world.organisation.pk, kind=kind, range_start=start, range_end=start + 9_999
        )
    owner = world_of.customer(world)
    money.item(owner, "21000010", "150.00")


def wait_for_go() -> None:
    """Returns when the test says so, with the connection made and everything imported."""
    from django.db import connection

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()


def quote() -> str:
    """The number of the one quote that every process asks for."""
    from rackbill.core.document import DocumentKind, LineSubject, QuotedTerms
    from rackbill.domain.ordering import operations as ordering
    from rackbill.domain.ordering.operations import NewOffer, NewPosition
    from rackbill.domain.parties.models import Customer
    from tests.world.money import CLERK, NOW, TODAY

    subject = LineSubject(
        contract_id="", service_id="", product_id="DEDICATED_SERVER", product_code="DS-1", description="Dedicated server",
        location="FRA-01",
    )  # fmt: skip
    offer = NewOffer(
        kind=DocumentKind.QUOTE, customer_id=Customer.objects.get().customer_id, currency="EUR",
        terms=QuotedTerms(version=1, term_months=12, notice_months=1, valid_until=date(2020, 11, 20)),
        positions=[NewPosition(subject=subject, quantity=Decimal(1), unit="MON", unit_price=Decimal("129.95"))],
    )  # fmt: skip
    wait_for_go()
    return ordering.issue_offer(offer=offer, on=TODAY, now=NOW, actor=CLERK)


def remind() -> str:
    """The numbers of the reminders that this process issued; none where another one had taken the step."""
    from rackbill.domain.receivables import operations as receivables
    from tests.world.money import CLERK, NOW, TODAY

    wait_for_go()
    issued = receivables.issue_reminders(organisation_id="2100", today=TODAY, now=NOW, actor=CLERK)
    return " ".join(one.number for one in issued)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "build":
        build()
    else:
        print({"quote": quote, "remind": remind}[sys.argv[1]]())
