"""What a run would bring, without storing anything."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rackbill.core.invoicing import Draft
from rackbill.core.periods import add_months, first_of_month
from rackbill.domain.billing.errors import NothingToPreview
from rackbill.domain.billing.operations.computing import preview_bills
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties import queries as parties


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingBill:
    """What the run of a coming day will bring a customer; `parked` says why it would be parked, if so."""

    made_on: date
    billed_on: date
    drafts: tuple[Draft, ...]
    parked: str


def preview_coming_bill(*, scope: Scope, customer_id: str, now: datetime) -> ComingBill:
    """What the run of the 1st of next month will bring (B8); nothing is stored and no number is spent.

    Raises CustomerNotFound, and NothingToPreview where that day is not ours to bill.
    """
    customer = parties.customer(scope=scope, customer_id=customer_id)
    seller = parties.seller(organisation_id=customer.organisation_id)
    today = now.astimezone(ZoneInfo(seller.time_zone)).date()
    billed_on = add_months(first_of_month(today), 1)
    if not parties.is_billed_by_us(customer_key=customer.key, on=billed_on):
        raise NothingToPreview(f"customer {customer_id} is not billed by us on {billed_on}; ask the system that does")
    drafts, parked = preview_bills(
        organisation_id=customer.organisation_id, customer_keys=[customer.key], through=add_months(billed_on, 1),
        issued_on=billed_on,
    )  # fmt: skip
    return ComingBill(
        made_on=today, billed_on=billed_on, drafts=tuple(drafts), parked="; ".join(reason for _key, reason in parked)
    )
