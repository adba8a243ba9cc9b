"""The fast path equals the full one: every settled line is computed as if nothing was noted of it, and must owe nothing more."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from rackbill.core.charges import charges_unbilled
from rackbill.core.money import decimal_from_minor
from rackbill.core.terms import ContractTerms
from rackbill.domain.billing.models import BillRun, RateCorrection
from rackbill.domain.billing.queries import charged_by_line
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.queries import BillableLine
from rackbill.domain.parties import queries as parties
from rackbill.domain.usage import queries as usage

CHUNK_CUSTOMERS = 200
Seen = Callable[[str, int], None]


def last_through(*, organisation_key: int) -> date | None:
    """The furthest through date that a sales organisation has computed; None where a run is at it, or none ever was."""
    runs = BillRun.objects.filter(sales_organisation_id=organisation_key)
    if runs.filter(state="planned").exists():
        return None
    return runs.order_by("-through").values_list("through", flat=True).first()


def recomputed(*, organisation_id: str, through: date, seen: Seen) -> Iterator[tuple[str, str]]:
    """(check, sentence) for each settled line whose charges are not what is owed; some customers at a time."""
    seller = parties.seller(organisation_id=organisation_id)
    run = BillRun.objects.filter(sales_organisation_id=seller.key, through=through).order_by("pk").last()
    on = run.issued_on if run is not None else through
    keys = [key for _id, key in parties.customers_billed_by_us(organisation_id=organisation_id, on=on)]
    zone = ZoneInfo(seller.time_zone)
    for start in range(0, len(keys), CHUNK_CUSTOMERS):
        lines = contracts.billable_lines(customer_keys=keys[start : start + CHUNK_CUSTOMERS])
        settled = [line for line in lines if line.settled_until is not None]
        yield from _chunk(settled, through, on, zone)
        seen("recomputation", len(settled))
    left = RateCorrection.objects.filter(
        charge__corrected_by=None, charge__contract_line__settled_until__isnull=False,
        charge__draft__run__sales_organisation_id=seller.key,
    )  # fmt: skip
    for key, line in left.values_list("charge_id", "charge__contract_line_id"):
        yield "recomputation", f"charge {key} bears a wrong rate but contract line {line} is settled; unsettle it"


def _chunk(lines: Sequence[BillableLine], through: date, ended_by: date, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    charged = charged_by_line(line_keys=[line.line_key for line in lines])
    measured = usage.measured(line_keys=[line.line_key for line in lines if line.kind == "metered"])
    for line in lines:
        name = f"service {line.service_id}, {line.description}"
        try:
            terms = ContractTerms(
                contract_id=line.contract_id, currency=line.currency, lines=(line.terms(zone=zone, settled_until=None),)
            )  # fmt: skip
            unbilled = charges_unbilled(
                terms=terms, charged=charged, through=through, usage=measured, ended_by=ended_by
            )
        except ValueError as fault:
            yield "recomputation", f"{name}: settled up to {through}, but {fault}"
            continue
        for charge in unbilled:
            amount = decimal_from_minor(charge.amount_minor, charge.currency)
            yield (
                "recomputation",
                f"{name}: settled up to {through}, but computed in full {amount} {charge.currency} "
                f"for {charge.period} differ from what is charged ({charge.cause.rule})",
            )
