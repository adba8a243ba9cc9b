"""Products, equipment, contracts, orders, services, lines with their dated terms, and what was billed of them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rackbill.core.money import minor_from_decimal
from rackbill.cutover.translation.new_ids import NewIds, Rows

Made = Iterator[dict[str, Any]]


def zones(rows: Rows) -> dict[str, ZoneInfo]:
    """By legacy contract: the time zone of its sales organisation, in which its dates begin."""
    organisations = {row["sales_organisation_id"]: ZoneInfo(row["time_zone"]) for row in rows["sales_organisations"]}
    customers = {row["customer_id"]: organisations[row["sales_organisation_id"]] for row in rows["customers"]}
    return {row["contract_id"]: customers[row["customer_id"]] for row in rows["contracts"]}


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def products(rows: Rows) -> Made:
    """Each article code once, with the words of its first service."""
    seen: set[str] = set()
    for row in rows["services"]:
        if row["product_code"] not in seen:
            seen.add(row["product_code"])
            yield {"code": row["product_code"], "product_id": row["product_id"], "name": row["product_name"]}


def equipment(rows: Rows, ids: NewIds, customer_keys: dict[str, int]) -> Made:
    """The things served, with the legacy ID and name that they had."""
    services = {row["service_id"]: row for row in rows["services"]}
    for row in rows["equipment"]:
        service = services[row["service_id"]]
        texts = ("suite", "rack", "unit", "asset_id", "serial_number", "brand", "chassis", "cpu_type", "ip_address",
                 "mac_address")  # fmt: skip
        yield {
            "equipment_id": ids.equipment[row["service_id"]], "kind": row["kind"], "site": row["site"],
            "customer_id": customer_keys[ids.owner[service["contract_id"]]], "cpu_count": row["cpu_count"],
            "ram_gb": row["ram_gb"], "disks": [_disk(entry) for entry in row["disks"] or ()],
            "legacy_id": row["service_id"], "legacy_name": service["server_name"] or "",
            **{name: row[name] or "" for name in texts},
        }  # fmt: skip


def _disk(entry: str) -> dict[str, Any]:
    count, _, rest = entry.partition(" x ")
    size, _, kind = rest.partition(" ")
    return {"amount": int(count), "size_gb": int(size), "type": kind}


def contracts(rows: Rows, ids: NewIds, customer_keys: dict[str, int]) -> Made:
    """Under their new Contract IDs."""
    zone = zones(rows)
    for row in rows["contracts"]:
        own = zone[row["contract_id"]]
        yield {
            "contract_id": ids.contracts[row["contract_id"]], "customer_id": customer_keys[ids.owner[row["contract_id"]]],
            "currency": row["currency"], "ordered_on": row["ordered_on"], "starts_at": _midnight(row["starts_on"], own),
            "ends_at": _midnight(row["ends_on"], own), "term_months": row["term_months"],
            "po_number": row["po_number"] or "", "legacy_id": row["contract_id"],
        }  # fmt: skip


def orders(rows: Rows, ids: NewIds, contract_keys: dict[str, int]) -> Made:
    """One for each contract, so that the trace from an invoice line never dead-ends (N8)."""
    zone = zones(rows)
    for row in rows["contracts"]:
        yield {
            "order_id": ids.orders[row["contract_id"]], "contract_id": contract_keys[ids.contracts[row["contract_id"]]],
            "kind": "NEW_ORDER", "origin": "OTHER", "created_at": _midnight(row["ordered_on"], zone[row["contract_id"]]),
            "quotation_number": row["quotation_number"] or "",
        }  # fmt: skip


def services(
    rows: Rows, ids: NewIds, *, customer_keys: dict[str, int], group_keys: dict[str, int], contract_keys: dict[str, int],
    product_keys: dict[str, int], equipment_keys: dict[str, int], search_text: Any,
) -> Made:  # fmt: skip
    """Under their new service IDs, found by everything they were ever called."""
    zone = zones(rows)
    for row in rows["services"]:
        owner = ids.owner[row["contract_id"]]
        own = zone[row["contract_id"]]
        equipment_id = ids.equipment.get(row["service_id"], "")
        contract_id = ids.contracts[row["contract_id"]]
        service_id = ids.services[row["service_id"]]
        reference, name = row["reference"] or "", row["server_name"] or ""
        yield {
            "service_id": service_id, "contract_id": contract_keys[contract_id], "customer_id": customer_keys[owner],
            "billing_group_id": group_keys[f"{owner}-01"], "product_id": product_keys[row["product_code"]],
            "equipment_id": equipment_keys[equipment_id] if equipment_id else None, "description": row["product_name"],
            "status": row["status"], "reference": reference, "starts_at": _midnight(row["starts_on"], own),
            "ends_at": _midnight(row["ends_on"], own), "cancelled_on": row["cancelled_on"],
            "cost_centre": row["cost_centre"] or "", "legacy_id": row["service_id"], "legacy_name": name,
            "search_text": search_text(
                reference, equipment_id, service_id, contract_id, row["service_id"], name, row["contract_id"]
            ),
        }  # fmt: skip


def placements(rows: Rows, ids: NewIds, equipment_keys: dict[str, int]) -> Made:
    """Which equipment serves which service, since the service began."""
    for row in rows["services"]:
        equipment_id = ids.equipment.get(row["service_id"])
        if equipment_id:
            yield {
                "service": ids.services[row["service_id"]], "equipment_id": equipment_keys[equipment_id],
                "valid_from": row["starts_on"], "valid_until": None,
            }  # fmt: skip


def ordered_services(rows: Rows, ids: NewIds, service_keys: dict[str, int]) -> Made:
    """The position of each service in its order."""
    for row in rows["services"]:
        yield {
            "order": ids.orders[row["contract_id"]], "service_id": service_keys[ids.services[row["service_id"]]],
            "position": ids.positions[row["service_id"]],
        }  # fmt: skip


def lines(rows: Rows, ids: NewIds, service_keys: dict[str, int], contract_keys: dict[str, int]) -> Made:
    """Contract lines; `billed_from` is the boundary date: the day after the last that the legacy system has billed."""
    parent = {row["service_id"]: row["contract_id"] for row in rows["services"]}
    for row in rows["lines"]:
        boundary = row["last_billed_until"] or row["starts_on"]
        yield {
            "service_id": service_keys[ids.services[row["service_id"]]],
            "contract_id": contract_keys[ids.contracts[parent[row["service_id"]]]], "kind": row["kind"],
            "timing": "advance", "description": row["description"], "cycle_months": row["cycle_months"],
            "starts_on": row["starts_on"], "ends_on": row["ends_on"], "billed_from": boundary,
            "settled_until": boundary, "legacy_id": row["line_id"],
        }  # fmt: skip


def prices(rows: Rows, line_keys: dict[str, int]) -> Made:
    """Dated prices."""
    for row in rows["prices"]:
        yield {
            "line_id": line_keys[row["line_id"]], "unit_price": row["unit_price"], "valid_from": row["valid_from"],
            "valid_until": row["valid_until"],
        }  # fmt: skip


def quantities(rows: Rows, line_keys: dict[str, int]) -> Made:
    """The quantity since the line began."""
    for row in rows["lines"]:
        yield {
            "line_id": line_keys[row["line_id"]], "quantity": row["quantity"], "valid_from": row["starts_on"],
            "valid_until": None,
        }  # fmt: skip


def discounts(rows: Rows, line_keys: dict[str, int]) -> Made:
    """Dated discounts."""
    for row in rows["discounts"]:
        yield {
            "line_id": line_keys[row["line_id"]], "kind": row["kind"], "value": row["value"], "reason": row["reason"],
            "valid_from": row["valid_from"], "valid_until": row["valid_until"],
        }  # fmt: skip


def charges(rows: Rows, line_keys: dict[str, int]) -> Made:
    """What the legacy system billed last of each line, so that nothing is billed twice and the first run is born converged."""
    price_rows: dict[str, list[dict[str, Any]]] = {}
    for row in rows["prices"]:
        price_rows.setdefault(row["line_id"], []).append(row)
    for row in rows["lines"]:
        start, end = row["last_billed_from"], row["last_billed_until"]
        if start is None or end is None:
            continue
        price = _price_on(price_rows[row["line_id"]], start)
        one_off = row["kind"] == "one_off"
        yield {
            "contract_line_id": line_keys[row["line_id"]], "kind": row["kind"], "period_start": start,
            "period_end": start + timedelta(days=1) if one_off else end, "revision": 0, "quantity": row["quantity"],
            "unit": "C62", "unit_price": price["unit_price"], "price_base_quantity": Decimal(1),
            "amount_minor": minor_from_decimal(price["unit_price"] * row["quantity"], price["currency"]),
            "currency": price["currency"], "rule": "billed by the legacy system", "formula": "",
        }  # fmt: skip


def _price_on(rows: list[dict[str, Any]], day: date) -> dict[str, Any]:
    for row in rows:
        if row["valid_from"] <= day and (row["valid_until"] is None or day < row["valid_until"]):
            return row
    return min(rows, key=lambda row: row["valid_from"])
