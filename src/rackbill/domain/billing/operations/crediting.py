"""Credit notes on issued invoices: prepared, issued and set off in one transaction."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from rackbill.core import crediting
from rackbill.core import document as frozen
from rackbill.core.charges import CREDITED
from rackbill.core.crediting import CreditItem
from rackbill.core.document import DocumentKind
from rackbill.core.money import exact_minor_from_decimal, minor_digits
from rackbill.core.periods import Period
from rackbill.domain.billing.errors import CreditUnchecked, DocumentNotBilled
from rackbill.domain.billing.models import BillDraft, BillShard, Charge
from rackbill.domain.billing.operations.remaining import remaining_after
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents.operations import IssueRequest
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.queries import documents as party_documents
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.operations import NewItem


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDraft:
    """A draft by the hash of its canonical form, with the e-invoice rules that it has passed."""

    sha256: str
    checked_with: str


Choose = Callable[[frozen.Document, dict[int, int]], Sequence[CreditItem]]
"""Which items, seen what is left of each line of the locked original."""


@transaction.atomic
def credit_document(
    *, number: str, items: Sequence[CreditItem] | None, reason: str, is_reissued: bool, on: date, now: datetime, actor: Actor,
    checked: CheckedDraft | None = None,
) -> str:  # fmt: skip
    """The number of the credit note that takes back an invoice (`items` None), or some of it.

    With `is_reissued` the charges count as taken back, so that the next run charges them anew by what is agreed then; else
    they stay owed and the credit is given for good. Raises DocumentNotBilled, core CreditRefused, CreditUnchecked where it
    will be an e-invoice and is not the one that was `checked`, and what issuing raises.
    """

    def choose(original: frozen.Document, left: dict[int, int]) -> Sequence[CreditItem]:
        return items if items is not None else crediting.whole_invoice(original=original, left_minor=left)

    return _credited(number, choose, reason, is_reissued, on, now, actor, checked)


@transaction.atomic
def credit_invoice(
    *, number: str, line_numbers: Sequence[int], period: Period | None, amount: Decimal | None, reason: str,
    is_reissued: bool, on: date, now: datetime, actor: Actor, checked: CheckedDraft | None = None,
) -> str:  # fmt: skip
    """The number of the credit note for an invoice, for lines, a period or a net amount in the main unit of it.

    Raises as credit_document does, and ValueError for an amount with more decimals than its currency has.
    """

    def choose(original: frozen.Document, left: dict[int, int]) -> Sequence[CreditItem]:
        minor = exact_minor_from_decimal(amount, original.currency) if amount is not None else None
        return crediting.asked_items(
            original=original, left_minor=left, line_numbers=line_numbers, period=period, amount_minor=minor
        )

    return _credited(number, choose, reason, is_reissued, on, now, actor, checked)


def _credited(
    number: str, choose: Choose, reason: str, is_reissued: bool, on: date, now: datetime, actor: Actor,
    checked: CheckedDraft | None,
) -> str:  # fmt: skip
    if not reason.strip():
        raise crediting.CreditRefused(f"a credit on invoice {number} needs a reason; the customer reads it")
    draft, original = _locked_original(number)
    charges = {row.line_number or 0: row for row in Charge.objects.filter(draft=draft)}
    left = _left(charges)
    wanted = list(choose(original, left))
    if is_reissued:
        _check_reissue(original, wanted, charges, left)
    value = crediting.draft_credit_note(original=original, items=wanted, left_minor=left, issued_on=on, note=reason)
    document = party_documents.readdressed(document=value.document, group_key=draft.billing_group_id, on=on)
    value = replace(value, document=document)
    frozen.check(document, is_draft=True)
    canonical, profile = frozen.canonical_bytes(document), document.bill_to.einvoice_profile
    if profile and (checked is None or checked.sha256 != hashlib.sha256(canonical).hexdigest()):
        raise CreditUnchecked(number, canonical, profile)
    credit = BillDraft.objects.create(
        run=None, customer_id=draft.customer_id, billing_group_id=draft.billing_group_id, kind="credit_note",
        currency=draft.currency, place=0, line_count=len(value.document.lines), net_minor=value.document.totals.net_minor,
        canonical=canonical.decode(), einvoice_profile=profile, checked_at=now if profile else None,
        checked_with=checked.checked_with if profile and checked else None,
    )  # fmt: skip
    kind = "reversal" if is_reissued else "credit"
    rows = []
    for place, ((line_number, amount), line) in enumerate(zip(value.items, value.document.lines, strict=True), start=1):
        row = _charge(credit, charges[line_number], line, amount, kind, place, reason)
        row.revision += sum(1 for other in rows if _place_of(other) == _place_of(row))
        rows.append(row)
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


def _locked_original(number: str) -> tuple[BillDraft, frozen.Document]:
    draft = locks.locked(
        BillDraft.objects.filter(document_number=number).select_related("customer", "billing_group")
    ).first()
    if draft is None:
        raise DocumentNotBilled(
            f"there is no invoice {number} of ours; a legacy document is credited in its own system"
        )
    # A shard under computation may be taking back the same charges; whoever comes second sees what the first one wrote.
    shards = BillShard.objects.filter(
        run__sales_organisation_id=draft.customer.sales_organisation_id, is_computed=False,
        first_customer_id__lte=draft.customer.customer_id, last_customer_id__gte=draft.customer.customer_id,
    )  # fmt: skip
    list(locks.locked(shards.exclude(run__state="issued").order_by("pk")))
    value = frozen.document_from_canonical(draft.canonical.encode())
    return draft, replace(value, number=number, kind=DocumentKind(draft.kind))


def _place_of(row: Charge) -> tuple[object, ...]:
    return (row.contract_line_id, row.kind, row.period_start, row.period_end, row.step)


def _check_reissue(
    original: frozen.Document, items: Sequence[CreditItem], charges: Mapping[int, Charge], left: Mapping[int, int]
) -> None:
    """Only a line that is charged in full can be charged anew; else what was given or taken back before would be lost."""
    taken_back = [line.line_number for line in original.lines if line.net_minor < 0]
    if taken_back and sum(1 for line in original.lines if line.net_minor > 0) == len(items) > 1:
        raise crediting.CreditRefused(
            f"invoice {original.number} takes back older charges in lines {taken_back}, which cannot be reissued; "
            "name the one line to reissue"
        )
    for item in items:
        row = charges.get(item.line_number)
        if row is None or row.corrects_id is not None:
            continue
        name = f"line {item.line_number} of invoice {original.number}"
        if item.period is not None or item.amount_minor not in (None, row.amount_minor):
            raise crediting.CreditRefused(f"{name} can be reissued as a whole only; leave out period and amount")
        if left[item.line_number] != row.amount_minor or any(reason == CREDITED for reason, _minor in row.allowances):
            raise crediting.CreditRefused(f"{name} was credited before; credit what is left of it without reissue")


def _left(charges: Mapping[int, Charge]) -> dict[int, int]:
    """What is left of each line: its amount less all that was taken back or credited since."""
    keys = [row.pk for row in charges.values()]
    taken = dict(Charge.objects.filter(corrects__in=keys).values_list("corrects").annotate(Sum("amount_minor")))
    return {number: row.amount_minor + taken.get(row.pk, 0) for number, row in charges.items()}


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
        line_keys=tuple(row.contract_line_id for row in rows), remaining=remaining_after(draft_keys=[credit.pk])[credit.pk],
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
