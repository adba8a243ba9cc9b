"""Page one: the facts, what it is for, what changed, tax, how to pay."""

from collections.abc import Iterable, Iterator
from typing import Any

from rackbill.core.document import Document, DocumentKind, DocumentLine
from rackbill.core.tax import TaxSubtotal
from rackbill.formats.payment_qr import payment_payload, payment_reference
from rackbill.formats.printed_document import offers
from rackbill.formats.printed_document.labels import tax_label
from rackbill.formats.wording import Wording

OFFERS = (DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION)


def facts(document: Document, words: Wording) -> Iterator[tuple[str, str, str]]:
    """(label, value, remark) of the head; a row without a label goes on with the one above."""
    to = document.bill_to
    yield words.word("issued_on"), words.day(document.issued_on), ""
    if document.lines and document.kind not in OFFERS:
        yield words.word("period"), words.period(document.period), ""
    if document.quoted is not None:
        yield from offers.facts(document, words)
    formerly = words.word("formerly", old=to.legacy_customer_id) if to.legacy_customer_id else ""
    yield words.word("customer_id"), to.customer_id, formerly
    if to.billing_group_name:
        yield words.word("billing_group"), to.billing_group_name, to.billing_group_id
    tax_number = document.buyer.tax_number() if document.kind is not DocumentKind.REMINDER else ""
    for key, value in (
        ("tax_number", tax_number), ("po_number", to.po_number), ("project_reference", to.project_reference),
        ("cost_centre", to.cost_centre), ("buyer_reference", to.buyer_reference),
    ):  # fmt: skip
        if value:
            yield words.word(key), value, ""
    if document.kind is DocumentKind.CREDIT_NOTE:
        for place, row in enumerate(document.corrects):
            yield words.word("corrected_documents") if place == 0 else "", row.number, words.day(row.issued_on)


def families(document: Document, words: Wording) -> list[dict[str, Any]]:
    """Lines and net by product family, largest first."""
    return _sums(document, ((words.family(line.subject.product_id), line) for line in document.lines), words)


def sites(document: Document, words: Wording) -> list[dict[str, Any]]:
    """Lines and net by site; empty when all is at one."""
    rows = _sums(document, ((line.subject.location or words.word("no_site"), line) for line in document.lines), words)
    return rows if len(rows) > 1 else []


def _sums(document: Document, rows: Iterable[tuple[str, DocumentLine]], words: Wording) -> list[dict[str, Any]]:
    sums: dict[str, tuple[int, int]] = {}
    for name, line in rows:
        count, net = sums.get(name, (0, 0))
        sums[name] = (count + 1, net + line.net_minor)
    ordered = sorted(sums.items(), key=lambda item: (-item[1][1], item[0]))
    return [
        {"name": name, "lines": str(count), "net": words.amount(net, document.currency), "net_minor": net}
        for name, (count, net) in ordered
    ]


def groups(document: Document, words: Wording) -> list[dict[str, Any]]:
    """Lines and net by product family and site: what a very long document prints instead of its lines."""
    named = (
        (f"{words.family(line.subject.product_id)}\n{line.subject.location or words.word('no_site')}", line)
        for line in document.lines
    )
    return _sums(document, named, words)


def reminded(document: Document, words: Wording) -> list[tuple[str, ...]]:
    """What a reminder is about, the oldest first: number, date, due date, total, what is open."""
    if document.reminded is None:
        return []
    return [
        (item.number, words.day(item.issued_on), words.day(item.due_on), words.amount(item.gross_minor, document.currency),
         words.amount(item.open_minor, document.currency))
        for item in sorted(document.reminded.items, key=lambda item: (item.due_on, item.number))
    ]  # fmt: skip


def changes(document: Document, words: Wording) -> dict[str, Any] | None:
    """What changed since the last invoice; None where there was none or nothing is known."""
    before = document.previous
    if before is None or not document.changes:
        return None
    rows = [
        {"name": words.word(f"change.{row.reason}"), "lines": str(row.service_count) if row.service_count else "",
         "net": words.difference(row.difference_minor, document.currency)}
        for row in document.changes
    ]  # fmt: skip
    together = sum(row.difference_minor for row in document.changes)
    return {
        "title": words.word("changed_since", number=before.number),
        "rows": rows,
        "total": words.difference(together, document.currency),
    }


def remaining(document: Document, words: Wording) -> list[dict[str, Any]]:
    """What a credit note leaves of the documents it corrects, but for those of which nothing is left."""
    return [
        {"name": row.number, "net": words.amount(row.net_minor, document.currency), "net_minor": row.net_minor,
         "gross": words.amount(row.gross_minor, document.currency), "gross_minor": row.gross_minor}
        for row in document.remaining if row.net_minor or row.gross_minor
    ]  # fmt: skip


def fully_credited(document: Document, words: Wording) -> str:
    """The documents of which a credit note leaves nothing, in a sentence; empty where there are none."""
    numbers = [row.number for row in document.remaining if not row.net_minor and not row.gross_minor]
    return words.word("fully_credited", numbers=", ".join(numbers)) if numbers else ""


def tax(row: TaxSubtotal, document: Document, words: Wording) -> dict[str, str]:
    """A row of the tax breakdown."""
    return {
        "label": tax_label(row, words),
        "base": words.amount(row.base_minor, document.currency),
        "tax": words.amount(row.tax_minor, document.currency),
    }


def accounting(document: Document, words: Wording) -> dict[str, Any] | None:
    """Net, tax and gross in the seller's own currency, with the rate (BT-6, BT-111; GST Regulations 11)."""
    totals = document.accounting
    if totals is None:
        return None
    taxes = [
        words.amount(minor, totals.currency)
        for row, minor in zip(document.tax_subtotals, totals.tax_minor, strict=True)
        if row.tax_minor or len(totals.tax_minor) > 1
    ]
    return {
        "title": words.word("in_accounting", currency=totals.currency),
        "currency": totals.currency,
        "net": words.amount(totals.net_minor, totals.currency),
        "tax": words.amount(sum(totals.tax_minor), totals.currency),
        "taxes": taxes,
        "gross": words.amount(totals.gross_minor, totals.currency),
        "rate": words.word(
            "rate_used", source=document.currency, rate=words.number(totals.rate), target=totals.currency,
            date=words.day(totals.rate_on), origin=totals.rate_source,
        ),
    }  # fmt: skip


def payment(document: Document, words: Wording) -> dict[str, Any] | None:
    """How to pay: a sentence for a debit, else account and reference, and what a banking app reads."""
    if document.kind not in (DocumentKind.INVOICE, DocumentKind.REMINDER) or document.totals.due_minor <= 0:
        return None
    means = document.payment
    if means.mandate_reference:
        return {
            "sentence": words.word("debited", mandate=means.mandate_reference),
            "rows": _debit(document, words),
            "code": "",
        }
    rows: list[dict[str, Any]] = []
    if means.account is not None:
        account = means.account
        grouped = " ".join(account.iban[i : i + 4] for i in range(0, len(account.iban), 4))
        candidates = (
            (words.word("bank"), account.bank_name), ("IBAN", grouped), (words.word("account"), account.account_number),
            (words.word("routing"), account.routing_code), ("BIC", account.bic),
        )  # fmt: skip
        rows = [
            {"label": label, "value": value, "is_id": value != account.bank_name}
            for label, value in candidates
            if value
        ]
    if means.paynow_uen and document.currency == "SGD":
        rows.append({"label": "PayNow UEN", "value": means.paynow_uen, "is_id": True})
    rows.append({"label": words.word("payment_reference"), "value": payment_reference(document), "is_id": True})
    return {"sentence": "", "rows": rows, "code": payment_payload(document)}


def _debit(document: Document, words: Wording) -> list[dict[str, Any]]:
    """Whom the bank will name, and which account it takes: its last four characters, which its holder knows it by."""
    means = document.payment
    account = "".join(means.debited_account.split())
    candidates = (
        (words.word("debited_account"), f"•••• {account[-4:]}" if account else ""),
        (words.word("creditor_id"), means.creditor_id),
    )  # fmt: skip
    return [{"label": label, "value": value, "is_id": True} for label, value in candidates if value]
