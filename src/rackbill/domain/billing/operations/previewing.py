"""What a run would bring: shown without storing anything, or issued as a pro forma, which is no invoice and opens no item."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core.document import Document, canonical_bytes
from rackbill.core.invoicing import Draft
from rackbill.core.periods import add_months, first_of_month
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import NothingToPreview
from rackbill.domain.billing.models import BillRun
from rackbill.domain.billing.operations.computing import preview_bills
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingLines:
    """What the run of a coming day would do about some contract lines, in minor units without tax, by currency.

    `open_run` is a run that is not issued yet and holds the customer: `is_parked_there`, or with drafts of what was agreed
    when it was computed.
    """

    billed_on: date
    through: date
    charged_minor: dict[str, int]
    taken_back_minor: dict[str, int]
    parked: str
    open_run: str
    is_parked_there: bool


def preview_coming_lines(*, scope: Scope, customer_id: str, line_keys: Collection[int], now: datetime) -> ComingLines:
    """What the run of the 1st of next month would charge and take back of contract lines. Raises as preview_coming_bill does."""
    coming = preview_coming_bill(scope=scope, customer_id=customer_id, now=now)
    customer = parties.customer(scope=scope, customer_id=customer_id)
    wanted = set(line_keys)
    charged: dict[str, int] = defaultdict(int)
    taken_back: dict[str, int] = defaultdict(int)
    for charge in (charge for draft in coming.drafts for charge in draft.charges if charge.line_id in wanted):
        into = charged if charge.amount_minor >= 0 else taken_back
        into[charge.currency] += abs(charge.amount_minor)
    own_runs = BillRun.objects.filter(sales_organisation__organisation_id=customer.organisation_id)
    open_runs = own_runs.exclude(state__in=policy.CLOSED_STATES).order_by("-pk")
    parking = open_runs.filter(parked__customer_id=customer.key).first()
    billing = parking or open_runs.filter(drafts__customer_id=customer.key).first()
    return ComingLines(
        billed_on=coming.billed_on, through=add_months(coming.billed_on, 1), charged_minor=dict(charged),
        taken_back_minor=dict(taken_back), parked=coming.parked, open_run=billing.run_id if billing else "",
        is_parked_there=parking is not None,
    )  # fmt: skip


@transaction.atomic
def issue_pro_formas(
    *, scope: Scope, customer_id: str, pages: Sequence[tuple[Document, Sequence[int]]], now: datetime, actor: Actor
) -> list[str]:
    """The numbers of pro formas made for a customer, each a document with the contract line behind each of its lines.

    The same again on the same day gives the same numbers. No charge is kept and no item is opened. Raises CustomerNotFound and
    what documents.issue_documents raises.
    """
    customer = parties.customer(scope=scope, customer_id=customer_id)
    seller = parties.seller(organisation_id=customer.organisation_id)
    groups = {row.group_id: row.key for row in parties.billing_groups(scope=scope, customer_id=customer_id)}
    recipients = parties.recipients(group_keys=list(groups.values()))
    numbers = []
    for document, line_keys in pages:
        request = IssueRequest(
            canonical=canonical_bytes(document).decode(), customer_key=customer.key, line_keys=line_keys,
            group_key=groups[document.bill_to.billing_group_id],
        )  # fmt: skip
        issued, is_new = documents.issue_once(organisation_key=seller.key, kind="pro_forma", request=request, now=now)
        numbers.append(issued.number)
        if is_new:
            dispatch.queue_documents(issued=[issued], recipients=recipients, now=now)
            history.record_change(
                now=now, actor=actor, verb="issue_pro_forma", object_kind="document", object_id=issued.number,
                customer_id=customer_id,
            )  # fmt: skip
    return numbers
