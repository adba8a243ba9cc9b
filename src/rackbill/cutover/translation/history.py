"""Old documents with their lines, open items, payments, deposits, mandates."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from rackbill.core.money import exact_minor_from_decimal
from rackbill.cutover.translation.new_ids import NewIds, Rows

Made = Iterator[dict[str, Any]]


def documents(
    rows: Rows, ids: NewIds, *, system: str, customer_keys: dict[str, int], organisations: dict[str, int],
    file_hashes: dict[str, str],
) -> Made:  # fmt: skip
    """Archived as they were: number, dates, totals, file."""
    organisation = {row["customer_id"]: organisations[row["sales_organisation_id"]] for row in rows["customers"]}
    for row in rows["invoices"]:
        currency = row["currency"]
        yield {
            "system": system, "number": row["number"], "sales_organisation_id": organisation[row["customer_id"]],
            "customer_id": customer_keys[ids.customers[row["customer_id"]]], "kind": row["kind"],
            "issued_on": row["issued_on"], "due_on": row["due_on"], "currency": currency,
            "net_minor": exact_minor_from_decimal(row["net"], currency),
            "tax_minor": exact_minor_from_decimal(row["tax"], currency),
            "gross_minor": exact_minor_from_decimal(row["total"], currency),
            "file_sha256": file_hashes.get(row["number"], ""),
        }  # fmt: skip


def document_lines(rows: Rows, ids: NewIds) -> Made:
    """Lines as the legacy system had them, with the service's new ID beside its legacy ID."""
    currencies = {row["number"]: row["currency"] for row in rows["invoices"]}
    for row in rows["invoice_lines"]:
        legacy = row["service_id"] or ""
        yield {
            "number": row["number"], "line_number": row["line"], "service_id": ids.services.get(legacy, ""),
            "legacy_service_id": legacy, "description": row["description"], "period_start": row["period_from"],
            "period_end": row["period_until"], "quantity": row["quantity"], "unit_price": row["unit_price"],
            "net_minor": exact_minor_from_decimal(row["amount"], currencies[row["number"]]), "tax_rate": row["tax_rate"],
        }  # fmt: skip


def open_items(
    rows: Rows, ids: NewIds, *, system: str, customer_keys: dict[str, int], organisations: dict[str, int]
) -> Made:
    """One for each old document, also the paid ones: a payment may still quote them."""
    organisation = {row["customer_id"]: organisations[row["sales_organisation_id"]] for row in rows["customers"]}
    for row in rows["invoices"]:
        yield {
            "system": system, "document_number": row["number"], "document_kind": row["kind"],
            "customer_id": customer_keys[ids.customers[row["customer_id"]]],
            "sales_organisation_id": organisation[row["customer_id"]], "currency": row["currency"],
            "issued_on": row["issued_on"], "due_on": row["due_on"],
        }  # fmt: skip


def ledger_entries(rows: Rows) -> Made:
    """The document, the payments that name it, and what else the legacy system's open amount says, as one opening entry."""
    paid: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for payment in rows["payments"]:
        if payment["invoice_number"]:
            paid[payment["invoice_number"]].append(payment)
    for row in rows["invoices"]:
        currency, number = row["currency"], row["number"]
        total = exact_minor_from_decimal(row["total"], currency)
        left = exact_minor_from_decimal(row["open_amount"], currency)
        kind = "credit" if row["kind"] == "credit_note" else "invoice"
        yield _entry(number, kind, total, row["issued_on"], "document", number)
        balance = total
        for payment in paid[number]:
            if payment["currency"] == currency:
                amount = exact_minor_from_decimal(payment["amount"], currency)
                balance -= amount
                yield _entry(number, "payment", -amount, payment["received_on"], "payment", payment["payment_id"])
        if balance != left:
            yield _entry(number, "opening", left - balance, row["issued_on"], "cutover", number)


def _entry(
    number: str, kind: str, amount_minor: int, booked_on: Any, source_kind: str, source_id: str
) -> dict[str, Any]:
    return {
        "number": number, "kind": kind, "amount_minor": amount_minor, "booked_on": booked_on, "source_kind": source_kind,
        "source_id": source_id,
    }  # fmt: skip


def payments(rows: Rows, ids: NewIds, *, system: str, customer_keys: dict[str, int]) -> Made:
    """Money received, as it was."""
    for row in rows["payments"]:
        yield {
            "payment_id": f"{system}:{row['payment_id']}", "customer_id": customer_keys[ids.customers[row["customer_id"]]],
            "received_on": row["received_on"], "currency": row["currency"],
            "amount_minor": exact_minor_from_decimal(row["amount"], row["currency"]), "method": row["method"],
            "remittance_text": row["remittance_text"] or "", "system": system,
            "document_number": row["invoice_number"] or "",
        }  # fmt: skip


def deposits(rows: Rows, ids: NewIds, *, system: str, customer_keys: dict[str, int]) -> Made:
    """Money that belongs to the customer."""
    for row in rows["credits"]:
        yield {
            "deposit_id": f"{system}:{row['credit_id']}", "customer_id": customer_keys[ids.customers[row["customer_id"]]],
            "currency": row["currency"], "amount_minor": exact_minor_from_decimal(row["amount"], row["currency"]),
            "reason": row["reason"], "created_on": row["created_on"],
        }  # fmt: skip


def mandates(rows: Rows, ids: NewIds, customer_keys: dict[str, int]) -> Made:
    """Debit mandates keep their reference: a changed one would be rejected by the bank."""
    for row in rows["mandates"]:
        yield {
            "mandate_reference": row["mandate_reference"],
            "customer_id": customer_keys[ids.customers[row["customer_id"]]], "holder": row["holder"],
            "iban": row["iban"], "bic": row["bic"] or "", "signed_on": row["signed_on"],
            "last_used_on": row["last_used_on"],
        }  # fmt: skip
