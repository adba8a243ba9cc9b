"""What a run would bring: shown without storing anything, or issued as a pro forma, which is no invoice and opens no item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core.document import Document, canonical_bytes
from rackbill.core.invoicing import Draft
from rackbill.core.periods import add_months, first_of_month
from rackbill.domain.billing.errors import NothingToPreview
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
