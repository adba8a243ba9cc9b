"""Parked money: what the bank says, why nobody was certain, and whose it may be."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from rackbill.core.bank_statement import LineKind
from rackbill.domain.kit.paging import Page, page_of
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import policy
from rackbill.domain.receivables.models import BankLine, OpenItem, Payment
from rackbill.domain.receivables.queries import clues

MOST_SUGGESTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Whose a parked line may be: the customer, the document if one is meant, and why in words. The first is the best."""

    customer_id: str
    number: str
    reason: str
    is_amount_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedLine:
    """A bank line that waits for a person. `kind` returned: the bank took money back; name the payment it was."""

    line_id: str
    kind: str
    booked_on: date
    currency: str
    amount_minor: int
    payer_name: str
    payer_account: str
    text: str
    reason: str
    suggestions: tuple[Suggestion, ...]


def parked_sums(*, scope: Scope, organisation_id: str) -> dict[str, int]:
    """By currency: all received money that is no customer's yet, in minor units."""
    rows = _parked(scope, organisation_id).filter(kind=LineKind.RECEIVED.value).order_by()
    return dict(rows.values_list("currency").annotate(Sum("amount_minor")))


def parked_lines(*, scope: Scope, organisation_id: str, limit: int = 50, offset: int = 0) -> Page[ParkedLine]:
    """Waiting bank lines, oldest first, with suggestions by what is open and known today."""
    rows = _parked(scope, organisation_id).order_by("booked_on", "pk")
    page = page_of(rows, limit=limit, offset=offset, make=lambda row: row)
    return Page(_told(page.rows, organisation_id), page.total_count, page.limit, page.offset)


def parked_line(*, scope: Scope, organisation_id: str, line_id: str) -> ParkedLine | None:
    """One waiting bank line with its suggestions, or None, also for another sales organisation's."""
    found = _told(list(_parked(scope, organisation_id).filter(line_id=line_id)), organisation_id)
    return found[0] if found else None


def _told(rows: Sequence[BankLine], organisation_id: str) -> list[ParkedLine]:
    received = [row for row in rows if row.kind == LineKind.RECEIVED.value]
    values = [clues.statement_line(row=row) for row in received]
    register = clues.register_of(organisation_id=organisation_id, lines=values)
    found = {
        row.pk: register.clues(place=place, line=line)
        for place, (row, line) in enumerate(zip(received, values, strict=True))
    }
    by_amount = _items_of_amounts(organisation_id, received)
    names = _Names(found, by_amount)
    paid = _payments_like([row for row in rows if row.kind == LineKind.RETURNED.value])
    lines = []
    for row in rows:
        if row.kind == LineKind.RETURNED.value:
            reason, suggestions = "the bank took this money back; say which payment it was", paid.get(row.pk, [])
        else:
            verdict = policy.verdict(clues=found[row.pk])
            is_sure = verdict.customer_key is not None
            reason = f"certain by now, match it again: {verdict.reason}" if is_sure else verdict.reason
            suggestions = names.suggestions(row, found[row.pk])
        lines.append(
            ParkedLine(
                line_id=row.line_id, kind=row.kind, booked_on=row.booked_on, currency=row.currency,
                amount_minor=row.amount_minor, payer_name=row.payer_name, payer_account=row.payer_account, text=row.text,
                reason=reason, suggestions=tuple(suggestions[:MOST_SUGGESTIONS]),
            )
        )  # fmt: skip
    return lines


def _parked(scope: Scope, organisation_id: str) -> QuerySet[BankLine]:
    rows = BankLine.objects.filter(
        sales_organisation__organisation_id=organisation_id, ignored_because="", payment__isnull=True,
        refund__isnull=True, returned_money__isnull=True,
    )  # fmt: skip
    # A bank line is no customer's yet, so a customer's scope sees none.
    return scope.limit(rows, customer="payment__customer", organisation="sales_organisation")


class _Names:
    """Customer IDs and document numbers behind the keys of clues and items of the same amount."""

    def __init__(self, found: dict[int, list[policy.Clue]], by_amount: dict[tuple[str, int], list[OpenItem]]) -> None:
        self._by_amount = by_amount
        item_keys = {clue.item_key for clues_of in found.values() for clue in clues_of if clue.item_key}
        self._numbers = dict(OpenItem.objects.filter(pk__in=item_keys).values_list("pk", "document_number"))
        customer_keys = {clue.customer_key for clues_of in found.values() for clue in clues_of}
        self._customers = parties.customer_ids(customer_keys=customer_keys)

    def suggestions(self, row: BankLine, clues_of: Sequence[policy.Clue]) -> list[Suggestion]:
        """The best clue of each customer, then documents that are open with exactly this amount."""
        made = [
            Suggestion(
                customer_id=self._customers[clue.customer_key], number=self._numbers.get(clue.item_key or 0, ""),
                reason=clue.says, is_amount_open=clue.agrees,
            )
            for clue in policy.ranked(clues=clues_of)
        ]  # fmt: skip
        known = {one.customer_id for one in made}
        for item in self._by_amount.get((row.currency, row.amount_minor), []):
            if item.customer.customer_id not in known:
                said = f"{item.document_kind} {item.document_number} is open with exactly this amount"
                made.append(
                    Suggestion(
                        customer_id=item.customer.customer_id,
                        number=item.document_number,
                        reason=said,
                        is_amount_open=True,
                    )
                )
        return made


def _items_of_amounts(organisation_id: str, rows: Sequence[BankLine]) -> dict[tuple[str, int], list[OpenItem]]:
    """By currency and amount of the lines: the oldest documents that are open with just that."""
    found: dict[tuple[str, int], list[OpenItem]] = defaultdict(list)
    wanted = Counter((row.currency, row.amount_minor) for row in rows)
    items = OpenItem.objects.filter(sales_organisation__organisation_id=organisation_id).select_related("customer")
    amounts = {amount for _currency, amount in wanted}
    for item in items.annotate(left=Sum("entries__amount_minor")).filter(left__in=amounts).order_by("due_on", "pk"):
        same = found[item.currency, item.left]
        if (item.currency, item.left) in wanted and len(same) < MOST_SUGGESTIONS:
            same.append(item)
    return found


def _payments_like(rows: Sequence[BankLine]) -> dict[int, list[Suggestion]]:
    """By key of a returned line: payments of the same amount that came from the same account or carry its end-to-end ID."""
    found: dict[int, list[Suggestion]] = {}
    for row in rows:
        same = Payment.objects.filter(
            currency=row.currency, amount_minor=row.amount_minor, received_on__lte=row.booked_on
        )
        same = same.filter(bank_line__sales_organisation_id=row.sales_organisation_id, refunds=None)
        for payment in same.select_related("customer", "bank_line").order_by("-received_on", "pk")[:50]:
            line = payment.bank_line
            is_same = row.end_to_end_id and line.end_to_end_id == row.end_to_end_id
            if is_same or (row.payer_account and line.payer_account == row.payer_account):
                said = "the same end-to-end ID" if is_same else "the same account and amount"
                found.setdefault(row.pk, []).append(
                    Suggestion(
                        customer_id=payment.customer.customer_id, number=payment.payment_id, is_amount_open=False,
                        reason=f"payment {payment.payment_id} of {payment.received_on} has {said}",
                    )
                )  # fmt: skip
    return found
