"""Rows and bills → the files of the bundle, its PDF files and its manifest. The same rows give the same bytes."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rackbill.cutover.simulator import pdf
from rackbill.cutover.simulator.columns import COLUMNS
from rackbill.cutover.simulator.history import Bill
from rackbill.cutover.simulator.sums import print_cents, print_decimal, print_quantity
from rackbill.cutover.simulator.world import Row, World

SYSTEM = "oldbill"
EXPORTED_AT = "2020-09-12T18:00:00Z"
_NOTE = (
    "For demonstrations only: a real bundle never holds passwords or keys, and the manifest does not list this file."
)


def line_rows(world: World) -> None:
    """Fills lines.csv, prices.csv and discounts.csv from the services."""
    for customer in world.customers:
        for contract in customer.contracts:
            for service in contract.services:
                for line in service.lines:
                    billed = line.billed or ("", "")
                    world.add("lines.csv", {
                        "line_id": line.id, "service_id": service.row["service_id"], "kind": line.kind,
                        "description": line.description, "quantity": print_quantity(line.quantity),
                        "cycle_months": line.cycle, "starts_on": line.starts_on, "ends_on": line.ends_on or "",
                        "last_billed_from": billed[0], "last_billed_until": billed[1],
                    })  # fmt: skip
                    for price in line.prices:
                        world.add("prices.csv", {
                            "line_id": line.id, "unit_price": print_decimal(price.amount), "currency": contract.currency,
                            "valid_from": price.valid_from, "valid_until": price.valid_until or "",
                        })  # fmt: skip
                    for cut in line.discounts:
                        value = print_quantity(cut.value) if cut.kind == "percent" else print_decimal(cut.value)
                        world.add("discounts.csv", {
                            "line_id": line.id, "kind": cut.kind, "value": value, "reason": cut.reason,
                            "valid_from": cut.valid_from, "valid_until": cut.valid_until or "",
                        })  # fmt: skip


def bill_rows(world: World, bills: list[Bill], out: Path, step: Callable[[int, int], None]) -> None:
    """Fills invoices.csv and invoice_lines.csv and writes one PDF file for each bill."""
    sellers = {row["sales_organisation_id"]: row for row in world.tables["sales_organisations.csv"]}
    accounts = {(row["sales_organisation_id"], row["currency"]): row for row in world.tables["bank_accounts.csv"]}
    folders: set[Path] = set()
    for done, bill in enumerate(bills):
        org = bill.customer.org.id
        content = pdf.invoice_pdf(bill, sellers[org], accounts[org, bill.currency])
        name = f"{org}/{bill.issued_on:%Y-%m}/{bill.number}.pdf"
        path = out / "pdf" / name
        if path.parent not in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.add(path.parent)
        path.write_bytes(content)
        _add_bill(world, bill, name, hashlib.sha256(content).hexdigest())
        if done % 500 == 0:
            step(done, len(bills))


def _add_bill(world: World, bill: Bill, name: str, digest: str) -> None:
    world.add("invoices.csv", {
        "number": bill.number, "kind": bill.kind, "customer_id": bill.customer.id, "issued_on": bill.issued_on,
        "due_on": bill.due_on, "currency": bill.currency, "net": print_cents(bill.net), "tax": print_cents(bill.tax),
        "total": print_cents(bill.total), "open_amount": print_cents(bill.open_amount), "status": bill.status,
        "pdf_file": name, "pdf_sha256": digest,
    })  # fmt: skip
    rate = print_quantity(bill.rule.printed_rate)
    for number, item in enumerate(bill.items, 1):
        world.add("invoice_lines.csv", {
            "number": bill.number, "line": number, "service_id": item.service.row["service_id"],
            "description": item.description, "period_from": item.period[0], "period_until": item.period[1],
            "quantity": print_quantity(item.quantity), "unit_price": print_decimal(item.unit_price),
            "amount": print_cents(item.amount), "tax_rate": rate,
        })  # fmt: skip


def write_tables(world: World, out: Path) -> dict[str, int]:
    """Writes every CSV file, the manifest and the demo secrets; gives the rows of each file."""
    entries = {}
    for name, columns in COLUMNS.items():
        rows = world.tables[name]
        content = csv_bytes([columns, *(_cells(row, columns) for row in rows)])
        (out / name).write_bytes(content)
        entries[name] = manifest_entry(len(rows), content)
    write_manifest(out, entries)
    secrets = {"note": _NOTE, **world.secrets}
    _write_json(out / "demo_secrets.json", secrets)
    return {name: len(world.tables[name]) for name in COLUMNS}


def csv_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """Comma, quotes where needed, CRLF (RFC 4180), UTF-8 without byte order mark; a lone surrogate is written as its byte."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")


def manifest_entry(rows: int, content: bytes) -> dict[str, object]:
    """What the manifest says of one file."""
    return {"rows": rows, "sha256": hashlib.sha256(content).hexdigest()}


def write_manifest(out: Path, entries: dict[str, dict[str, object]]) -> None:
    """Writes manifest.json of format 1."""
    _write_json(out / "manifest.json", {"format": 1, "system": SYSTEM, "exported_at": EXPORTED_AT, "files": entries})


def _cells(row: Row, columns: Sequence[str]) -> list[object]:
    return [row.get(column, "") for column in columns]


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
