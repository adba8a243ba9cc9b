"""Credit notes on issued invoices: prepared, issued and set off in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from rackbill.core import crediting
from rackbill.core import document as frozen
from rackbill.core.crediting import CreditItem
from rackbill.core.document import DocumentKind
from rackbill.core.money import minor_digits
from rackbill.domain.billing.errors import DocumentNotBilled
from rackbill.domain.billing.models import BillDraft, Charge
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.operations import NewItem


@transaction.atomic
def credit_document(
    *,
    number: str,
    items: Sequence[CreditItem] | None,
    reason: str,
    is_reissued: bool,
    on: date,
    now: datetime,
    actor: Actor,
) -> str:
    """The number of the credit note that takes back an invoice (`items` None), or some of it.

    With `is_reissued` the charges count as taken back, so that the next run charges them anew by what is agreed then; else
    they stay owed and the credit is given for good. Raises DocumentNotBilled, core CreditRefused, and what issuing raises.
    """
    draft = locks.locked(
        BillDraft.objects.filter(document_number=number).select_related("customer", "billing_group")
    ).first()
    if draft is None:
        raise DocumentNotBilled(
            f"there is no invoice {number} of ours; a legacy document is credited in its own system"
        )
    charges = {row.line_number: row for row in Charge.objects.filter(draft=draft)}
    original = replace(
        frozen.document_from_canonical(draft.canonical.encode()), number=number, kind=DocumentKind(draft.kind)
    )
    left = _left(charges)
    if is_reissued:
        _check_reissue(number, items, charges, left)
    wanted = items if items is not None else crediting.whole_invoice(original=original, left_minor=left)
    value = crediting.draft_credit_note(original=original, items=wanted, left_minor=left, issued_on=on, note=reason)
    frozen.check(value.document, is_draft=True)
    credit = BillDraft.objects.create(
        run=None, customer_id=draft.customer_id, billing_group_id=draft.billing_group_id, kind="credit_note",
        currency=draft.currency, place=0, line_count=len(value.document.lines), net_minor=value.document.totals.net_minor,
        canonical=frozen.canonical_bytes(value.document).decode(),
    )  # fmt: skip
    kind = "reversal" if is_reissued else "credit"
    rows = []
    for place, ((line_number, amount), line) in enumerate(zip(value.items, value.document.lines, strict=True), start=1):
        rows.append(_charge(credit, charges[line_number], line, amount, kind, place, reason))
    Charge.objects.bulk_create(rows)
    contracts.unsettle_lines(line_keys=[row.contract_line_id for row in rows])
    credit_number = _issue(draft, credit, value.document, rows, now)
    receivables.allocate_credit(credit_number=credit_number, invoice_number=number, booked_on=on)
    history.record_change(
        now=now, actor=actor, verb="credit_document", object_kind="document", object_id=number,
        customer_id=draft.customer.customer_id,
        detail={"credit_note": credit_number, "reason": reason, "reissued": is_reissued},
    )  # fmt: skip
    return credit_number


def _check_reissue(
    number: str, items: Sequence[CreditItem] | None, charges: dict[int | None, Charge], left: dict[int, int]
) -> None:
    wanted = [item.line_number for item in items] if items is not None else sorted(left)
    if items is not None and any(item.period or item.amount_minor for item in items):
        raise crediting.CreditRefused(
            f"only whole lines of invoice {number} can be reissued; name lines without amounts"
        )
    for line_number in wanted:
        row = charges.get(line_number)
        if row is not None and row.corrects_id is None and left[line_number] != row.amount_minor:
            raise crediting.CreditRefused(
                f"line {line_number} of invoice {number} was credited before; credit what is left of it instead"
            )


def _left(charges: dict[int | None, Charge]) -> dict[int, int]:
    """What is left of each line: its amount less all that was taken back or credited since."""
    keys = [row.pk for row in charges.values()]
    taken = dict(Charge.objects.filter(corrects__in=keys).values_list("corrects").annotate(Sum("amount_minor")))
    return {row.line_number or 0: row.amount_minor + taken.get(row.pk, 0) for row in charges.values()}


def _charge(
    draft: BillDraft, original: Charge, line: frozen.DocumentLine, amount_minor: int, kind: str, place: int, reason: str
) -> Charge:
    same = Charge.objects.filter(
        contract_line=original.contract_line_id, kind=kind, step=original.step, period_start=line.period.start,
        period_end=line.period.end,
    )  # fmt: skip
    amount = Decimal(amount_minor).scaleb(-minor_digits(original.currency))
    return Charge(
        contract_line_id=original.contract_line_id, kind=kind, period_start=line.period.start,
        period_end=line.period.end, revision=same.count(), quantity=-line.quantity, unit=line.unit,
        unit_price=line.unit_price, price_base_quantity=line.price_base_quantity, amount_minor=-amount_minor,
        currency=original.currency, allowances=[[a.reason, -a.amount_minor] for a in line.allowances], step=original.step,
        rule=f"credited: {reason}"[:100] if reason else "credited", formula=f"0 - {amount}", facts=[], corrects=original,
        draft=draft, line_number=place,
    )  # fmt: skip


def _issue(draft: BillDraft, credit: BillDraft, value: frozen.Document, rows: list[Charge], now: datetime) -> str:
    seller = parties.seller(organisation_id=value.sales_organisation_id)
    request = IssueRequest(
        canonical=credit.canonical, customer_key=draft.customer_id, group_key=draft.billing_group_id,
        line_keys=tuple(row.contract_line_id for row in rows),
    )  # fmt: skip
    issued = documents.issue_documents(
        organisation_key=seller.key, kind="credit_note", requests=[request], run_id="", now=now
    )
    (document,) = issued
    credit.document_number = document.number
    credit.save(update_fields=["document_number"])
    item = NewItem(
        customer_key=draft.customer_id, organisation_key=seller.key, document_number=document.number,
        document_kind="credit_note", currency=value.currency, issued_on=document.issued_on, due_on=document.due_on,
        amount_minor=-value.totals.due_minor,
    )  # fmt: skip
    receivables.open_items(items=[item])
    recipients = parties.recipients(group_keys=[draft.billing_group_id])
    dispatch.queue_documents(issued=issued, recipients=recipients, now=now)
    return document.number
