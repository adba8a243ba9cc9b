"""`rackbill bench data`: the one data set that all benches use, with a past that the real engine made.

A base of so many services; September 2020 billed and issued by a real run; then one recurring line in ten amended (prices in
the past, quantities, discounts, ends) and the traffic of the metered lines measured, so that October has something to correct.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from rackbill.core.metering import MeasuredQuantity
from rackbill.core.periods import Period
from rackbill.core.terms import DiscountKind
from rackbill.cutover import large_base
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.documents import operations as documents
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.parties import queries as parties
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.usage import operations as usage
from rackbill.interfaces.console import answers, installation
from rackbill.interfaces.jobs import bill_run

SEPTEMBER = Period(date(2020, 9, 1), date(2020, 10, 1))
FIRST_THROUGH, FIRST_AT = date(2020, 10, 1), datetime(2020, 9, 1, 6, tzinfo=UTC)
THROUGH, BILLED_AT = date(2020, 11, 1), datetime(2020, 10, 1, 6, tzinfo=UTC)
AMENDED_EVERY = 10
RATES = (("USD", "EUR", "0.85"), ("EUR", "GBP", "0.91"), ("USD", "SGD", "1.37"))


def build(*, services: int, on_step: large_base.OnStep) -> dict[str, int]:
    """Fills the empty installation; how much of what there is then."""
    days = (date(2020, 8, 31), date(2020, 9, 30))
    taxes.store_exchange_rates(
        rates=[(source, target, Decimal(rate), day) for source, target, rate in RATES for day in days], source="bench"
    )
    counts = large_base.adopt_large_base(services=services, now=FIRST_AT, on_step=on_step)
    signer = installation.signer()
    for place, organisation_id in enumerate(parties.sellers(), start=1):
        seller = parties.seller(organisation_id=organisation_id)
        for offset, kind in ((0, "invoice"), (8_000_000, "credit_note")):
            first = place * 20_000_000 + offset
            documents.create_series(
                organisation_key=seller.key, kind=kind, range_start=first, range_end=first + 7_999_999
            )
        summary = bill_run.run_bill(
            organisation_id=organisation_id, through=FIRST_THROUGH, now=FIRST_AT, actor=SYSTEM, signer=signer
        )
        counts["documents"] = counts.get("documents", 0) + summary.invoices
        on_step("September", place, len(large_base.SELLERS))
    counts["amended"] = _amend(services, on_step)
    counts["measured"] = _measure(services, on_step)
    return counts


def _amend(services: int, on_step: large_base.OnStep) -> int:
    """Of ten amended lines four get another price since mid-September, two each a quantity, a discount, an end."""
    keys = large_base.recurring_line_keys(services=services, every=AMENDED_EVERY, first=1)
    for place, key in enumerate(keys):
        kind = place % 10
        if kind < 4:
            contracts.set_price(
                line_key=key, unit_price=Decimal("99.50"), valid_from=date(2020, 9, 15), now=FIRST_AT, actor=SYSTEM
            )
        elif kind < 6:
            contracts.set_quantity(
                line_key=key, quantity=Decimal(2), valid_from=date(2020, 10, 11), now=FIRST_AT, actor=SYSTEM
            )
        elif kind < 8:
            contracts.add_discount(
                line_key=key, kind=DiscountKind.PERCENT, value=Decimal(5), reason="Loyalty", now=FIRST_AT, actor=SYSTEM,
                valid_from=date(2020, 10, 1), valid_until=None,
            )  # fmt: skip
        else:
            contracts.end_line(line_key=key, ends_on=date(2020, 10, 21), now=FIRST_AT, actor=SYSTEM)
        if place % 500 == 499:
            on_step("amended", place + 1, len(keys))
    on_step("amended", len(keys), len(keys))
    return len(keys)


def _measure(services: int, on_step: large_base.OnStep) -> int:
    keys = large_base.metered_line_keys(services=services)
    for place, key in enumerate(keys):
        measured = MeasuredQuantity(
            period=SEPTEMBER, quantity=Decimal(800 + key % 700), unit="GB", samples_sha256=f"{key:064x}",
            sample_count=8640, expected_count=8640,
        )  # fmt: skip
        usage.record_measured(line_key=key, measured=measured, now=BILLED_AT)
        if place % 500 == 499:
            on_step("measured", place + 1, len(keys))
    on_step("measured", len(keys), len(keys))
    return len(keys)


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("data")
    def data(
        services: Annotated[int, typer.Option(min=100)] = 2000,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Fill an empty test installation (RACKBILL_HOME, DATABASE_URL) with the data set of the benches."""
        installation.create(kind="test")
        installation.migrate()
        if parties.counts()["customers"]:
            raise answers.Refused(
                f"{Path(settings.RACKBILL_HOME)} holds customers already; choose another RACKBILL_HOME"
            )
        with answers.steps(as_json=as_json) as steps:
            counts = build(services=services, on_step=steps)
        if as_json:
            answers.print_json(counts)
        else:
            answers.out.print(", ".join(f"{count} {name}" for name, count in counts.items()))
