"""What must always hold over the ledger; yields violations, mends nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from django.db.models import Count, F, Q, Sum

from rackbill.core.bank_statement import IGNORED, LineKind
from rackbill.core.document import document_from_canonical
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.receivables.models import (
    Allocation,
    BankLine,
    Deposit,
    LedgerEntry,
    OpenItem,
    Payment,
    Refund,
    Reminder,
    ReminderHold,
    ReminderStep,
    WriteOff,
)
from rackbill.domain.receivables.policy import ACTIONS, needs_second_person
from rackbill.domain.receivables.queries import balances

PAYABLE = ("invoice", "credit_note")
"""The kinds of document of ours that open an item; the others ask for no money of their own."""


def violations() -> Iterator[str]:
    """Items are sums of their entries, money is spent once, each pair is balanced, each bank line is paid in once."""
    yield from _items()
    yield from _money()
    yield from _allocations()
    yield from _pairs()
    yield from _bank_lines()
    yield from _write_offs()
    yield from _reminders()


def _items() -> Iterator[str]:
    rows = OpenItem.objects.annotate(entry_count=Count("entries"), open_minor=Sum("entries__amount_minor"))
    for item in rows.filter(entry_count=0).iterator():
        yield f"open item {item.document_number} has no ledger entry"
    for item in rows.filter(system="").exclude(document_kind__in=PAYABLE).iterator():
        yield f"open item {item.document_number} is for a {item.document_kind}, which is not to be paid"
    for item in rows.filter(Q(document_kind="invoice") & Q(open_minor__lt=0)).iterator():
        yield f"open item {item.document_number} is paid by more than it was: {item.open_minor}"
    for item in rows.filter(Q(document_kind="credit_note", system="") & Q(open_minor__gt=0)).iterator():
        yield f"credit note {item.document_number} has given more than it was: {item.open_minor}"


def _money() -> Iterator[str]:
    """No more is allocated and refunded than was received; nothing of a payment is negative."""
    for payment in balances.payments_with_left(rows=Payment.objects.all()).filter(left_minor__lt=0).iterator():
        yield f"payment {payment} pays more than it was: {-payment.left_minor} too much"
    for deposit in balances.deposits_with_left(rows=Deposit.objects.all()).filter(left_minor__lt=0).iterator():
        yield f"deposit {deposit} pays more than it was: {-deposit.left_minor} too much"
    for payment in Payment.objects.filter(system="", amount_minor__lte=0).iterator():
        yield f"payment {payment} of {payment.amount_minor} is no money received"


def _allocations() -> Iterator[str]:
    """Money pays documents of its own customer in its own currency; what takes back mirrors what it takes back."""
    for column in ("payment", "credit_item", "deposit"):
        rows = Allocation.objects.filter(**{f"{column}__isnull": False})
        wrong_customer = rows.exclude(**{f"{column}__customer_id": F("open_item__customer_id")})
        for row in wrong_customer.iterator():
            yield f"allocation {row} pays a document of another customer"
        for row in rows.exclude(**{f"{column}__currency": F("open_item__currency")}).iterator():
            yield f"allocation {row} pays a document in another currency"
    backs = Allocation.objects.filter(takes_back__isnull=False).select_related("takes_back")
    for row in backs.iterator():
        was = row.takes_back
        same = all(
            getattr(row, name) == getattr(was, name)
            for name in ("payment_id", "credit_item_id", "deposit_id", "open_item_id")
        )
        if not same or row.amount_minor != -was.amount_minor:
            yield f"allocation {row} does not mirror {was}, which it takes back"


def _pairs() -> Iterator[str]:
    """Each allocation, refund of a credit and write-off stands in the ledger with its amount, and nothing else does."""
    said: dict[str, Counter[tuple[str, int]]] = {kind: Counter() for kind in ("allocation", "refund", "write_off")}
    rows = Allocation.objects.values_list("allocation_id", "open_item_id", "credit_item_id", "amount_minor")
    for identity, item, credit, amount in rows.iterator(chunk_size=5000):
        said["allocation"][identity, item] -= amount
        if credit is not None:
            said["allocation"][identity, credit] += amount
    for identity, credit, amount in Refund.objects.filter(credit_item__isnull=False).values_list(
        "refund_id", "credit_item_id", "amount_minor"
    ):
        said["refund"][identity, credit] += amount
    for identity, item, amount in WriteOff.objects.filter(approved_at__isnull=False).values_list(
        "write_off_id", "open_item_id", "amount_minor"
    ):
        said["write_off"][identity, item] -= amount
    entries = LedgerEntry.objects.filter(source_kind__in=list(said))
    for kind, identity, item, amount in entries.values_list(
        "source_kind", "source_id", "open_item_id", "amount_minor"
    ).iterator(chunk_size=5000):
        said[kind][identity, item] -= amount
    for kind, found in said.items():
        for (identity, _item), off in found.items():
            if off:
                yield f"{kind.replace('_', ' ')} {identity} and its ledger entries differ by {off}"


def _bank_lines() -> Iterator[str]:
    """A line's payment is the line's money; only received lines are paid in, and none is both a payment and sent back."""
    paid = Payment.objects.filter(bank_line__isnull=False)
    for payment in paid.exclude(
        amount_minor=F("bank_line__amount_minor"), currency=F("bank_line__currency")
    ).iterator():
        yield f"payment {payment} is not the money of its bank line"
    for payment in paid.exclude(bank_line__kind=LineKind.RECEIVED.value).iterator():
        yield f"payment {payment} rests on a bank line that brought no money"
    elsewhere = paid.exclude(customer__sales_organisation_id=F("bank_line__sales_organisation_id"))
    for payment in elsewhere.iterator():
        yield f"payment {payment} came to another sales organisation than its customer's"
    for line in BankLine.objects.filter(payment__isnull=False, refund__isnull=False).iterator():
        yield f"bank line {line} is a payment and was sent back as well"
    for line in BankLine.objects.filter(kind__in=[kind.value for kind in IGNORED], ignored_because="").iterator():
        yield f"bank line {line} is left out without a reason"
    for refund in (
        Refund.objects.filter(bank_line__isnull=False).exclude(amount_minor=F("bank_line__amount_minor")).iterator()
    ):
        yield f"refund {refund} is not the money of its bank line"


def _write_offs() -> Iterator[str]:
    for row in WriteOff.objects.filter(approved_at__isnull=False).iterator():
        if needs_second_person(amount_minor=row.amount_minor) and row.approved_by == row.asked_by:
            yield f"write-off {row} was asked for and approved by the same person"


def _reminders() -> Iterator[str]:
    yield from _reminder_documents()
    for row in Reminder.objects.exclude(action__in=ACTIONS).iterator():
        yield f"reminder {row} is to do something that no ladder knows: {row.action}"
    for step in ReminderStep.objects.exclude(action__in=ACTIONS).iterator():
        yield f"reminder step {step} is to do something that no ladder knows"
    for hold in (
        ReminderHold.objects.filter(open_item__isnull=False).exclude(open_item__customer_id=F("customer_id")).iterator()
    ):
        yield f"hold {hold} names a document of another customer"


def _reminder_documents() -> Iterator[str]:
    """A reminder document says exactly the steps that name it, each with what was open then."""
    said: dict[str, dict[str, int]] = defaultdict(dict)
    rows = Reminder.objects.filter(document_number__isnull=False)
    for number, item, minor in rows.values_list("document_number", "open_item__document_number", "open_minor"):
        said[number or ""][item] = minor
    for row in rows.exclude(action="remind").iterator():
        yield f"reminder {row} names document {row.document_number}, but only reminding is said by a document"
    numbers = sorted({*said, *documents.numbers(kinds=("reminder",))})
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        forms = documents.canonical_forms(scope=WholeInstallation(), numbers=part)
        for number in part:
            reminded = document_from_canonical(forms[number]).reminded if number in forms else None
            items = {item.number: item.open_minor for item in reminded.items} if reminded is not None else {}
            if items != said.get(number, {}):
                yield f"reminder {number} does not say the steps that were taken for it"


def invoiced_minor_by_number() -> dict[str, int]:
    """By number of a document of ours: what its first ledger entry says."""
    rows = LedgerEntry.objects.filter(open_item__system="", source_kind="document")
    return dict(rows.values_list("source_id", "amount_minor"))
