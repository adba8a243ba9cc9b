"""What was agreed with a customer before anything of it was amended, as entries of a scenario file."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rackbill.core.pricing import usage_price_from_plain
from rackbill.domain.contracts import policy
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.history.queries import Change
from rackbill.formats.scenario_file import entries
from rackbill.interfaces.console.scenario.stand_ins import Numbered

TABLES = {
    "set_price": "prices", "index_price": "prices", "set_quantity": "quantities", "add_discount": "discounts",
    "end_discount": "discounts",
}  # fmt: skip


@dataclass(slots=True)
class Agreed:
    """Names of lines (by key), services and contracts (by ID), and the contracts as they were agreed."""

    contracts: dict[str, entries.ContractEntry] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)
    added: dict[int, entries.LineEntry] = field(default_factory=dict)
    reasons: Numbered = field(default_factory=lambda: Numbered("discount"))
    contract_names: dict[str, str] = field(default_factory=dict)


class ExportRefused(ValueError):
    """A case cannot be told as a story; the message says why."""


def agreed_at_first(*, customer_key: int, changes: Sequence[Change], zone: ZoneInfo, groups: dict[int, str]) -> Agreed:
    """Everything agreed with a customer with its amendments taken back. Raises ExportRefused for a history without them."""
    now = contracts.agreed_rows(customer_key=customer_key)
    reasons = {row["reason"] for row in now["discounts"]}
    _take_back(now, changes)
    told = Agreed()
    # Discounts of one day apply in the order of their reasons, so the stand-ins keep it.
    reasons |= {row["reason"] for row in now["discounts"]}
    reasons |= {change.detail["reason"] for change in changes if change.verb == "add_discount"}
    for reason in sorted(reasons):
        told.reasons(reason)
    by_line: dict[str, dict[int, list[Any]]] = {
        name: defaultdict(list) for name in ("prices", "quantities", "discounts")
    }
    for name, rows in by_line.items():
        for row in now[name]:
            rows[row["line_id"]].append(row)
    added = {change.detail.get("line_key") for change in changes if change.verb == "add_line"}
    swapped = {change.detail.get("new_line_key") for change in changes if change.verb == "swap_product"}
    added |= swapped
    lines: dict[int, list[entries.LineEntry]] = defaultdict(list)
    for row in now["lines"]:
        name = told.lines[row["id"]] = f"line {len(told.lines) + 1}"
        entry = _line(
            row, name, told.reasons, *(by_line[table][row["id"]] for table in by_line), is_swapped_in=row["id"] in swapped
        )  # fmt: skip
        if row["id"] in added:
            told.added[row["id"]] = entry
        else:
            lines[row["service_id"]].append(entry)
    references, centres, orders = Numbered("reference"), Numbered("centre"), Numbered("order")
    services: dict[int, list[entries.ServiceEntry]] = defaultdict(list)
    ends = {row["id"]: row["ends_at"] for row in now["contracts"]}
    for row in now["services"]:
        name = told.services[row["service_id"]] = f"service {len(told.services) + 1}"
        first_end = min((e for e in (row["ends_at"], ends[row["contract_id"]]) if e is not None), default=None)
        services[row["contract_id"]].append(
            entries.ServiceEntry(
                name=name, lines=lines[row["id"]], product=row["product_kind"], tax_class=row["tax_class"],
                description=row["product_kind"].replace("_", " ").capitalize(), reference=references(row["reference"]),
                equipment=row["equipment_id"] is not None, cost_centre=centres(row["cost_centre"]),
                billing_group=groups[row["billing_group_id"]], starts=local(row["starts_at"], zone),
                ends=first_end and local(first_end, zone),
                status="ACTIVE" if row["status"] in policy.BILLED_STATUSES else "SCHEDULED",
            )
        )  # fmt: skip
    for row in now["contracts"]:
        name = told.contract_names[row["contract_id"]] = f"contract {len(told.contracts) + 1}"
        told.contracts[row["contract_id"]] = entries.ContractEntry(
            name=name, starts=local(row["starts_at"], zone), services=services[row["id"]], ordered=row["ordered_on"],
            term_months=row["term_months"], currency=row["currency"], po_number=orders(row["po_number"]),
        )  # fmt: skip
    return told


def _take_back(now: dict[str, list[dict[str, Any]]], changes: Sequence[Change]) -> None:
    """Puts in place of what holds now what held before the first amendment of each kind."""
    lines = {row["id"]: row for row in now["lines"]}
    services = {row["service_id"]: row for row in now["services"]}
    contracts_by_id = {row["contract_id"]: row for row in now["contracts"]}
    seen: set[tuple[str, object]] = set()
    for change in changes:
        verb, detail = change.verb, change.detail
        table = TABLES.get(verb, verb)
        if verb in TABLES or verb == "end_line":
            key = detail.get("line_key")
            if key is None or "before" not in detail:
                raise ExportRefused(
                    f"the history of service {change.object_id} does not say what was agreed before {change.at:%Y-%m-%d}; "
                    "only amendments since that is kept can be exported"
                )
            if (table, key) in seen or key not in lines:
                continue
            if verb == "end_line":
                lines[key]["ends_on"] = _day(detail["before"])
            else:
                now[table] = [row for row in now[table] if row["line_id"] != key]
                now[table] += [{**_row(row), "line_id": key} for row in detail["before"]]
            seen.add((table, key))
        elif verb == "swap_product" and "new_line_key" not in detail:
            raise ExportRefused(
                f"the history of service {change.object_id} does not say what was swapped on {change.at:%Y-%m-%d}; "
                "only swaps since that is kept can be exported"
            )
        elif verb == "swap_product":
            if ("end_line", detail["line_key"]) not in seen:
                seen.add(("end_line", detail["line_key"]))
                lines[detail["line_key"]]["ends_on"] = _day(detail["ended"])
            if ("product", change.object_id) not in seen:
                seen.add(("product", change.object_id))
                services[change.object_id].update(detail["product"])
        elif verb == "end_service" and ("service", change.object_id) not in seen:
            seen.add(("service", change.object_id))
            before = detail.get("before")
            services[change.object_id]["ends_at"] = datetime.fromisoformat(before) if before else None
        elif (
            verb in ("cancel_contract", "withdraw_cancellation", "end_contract")
            and ("contract", change.object_id) not in seen
        ):
            seen.add(("contract", change.object_id))
            before = detail.get("before")
            contracts_by_id[change.object_id]["ends_at"] = datetime.fromisoformat(before) if before else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of history with its days and numbers."""
    found = dict(row)
    for name in ("valid_from", "valid_until"):
        found[name] = _day(row[name])
    for name in ("unit_price", "quantity", "value"):
        if name in row:
            found[name] = Decimal(row[name])
    return found


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """An instant as the file says it: the clock of the seller, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)


def short(value: Decimal) -> Decimal:
    """The number without needless zeros, at least as an amount has them."""
    plain = value.normalize()
    return plain.quantize(Decimal("0.01")) if -plain.as_tuple().exponent < 2 else plain  # type: ignore[operator]


def count(value: Decimal) -> Decimal:
    """A quantity without needless zeros."""
    return Decimal(f"{value.normalize():f}")


def usage_price(plain: dict[str, Any] | None) -> entries.UsagePriceEntry | None:
    """A stored usage price as the file says it."""
    if plain is None:
        return None
    price = usage_price_from_plain(plain)
    said = {name: Decimal(str(plain[name])) for name in plain if name not in ("model", "tiers")}
    tiers = [entries.TierEntry(price=tier.price, up_to=tier.up_to) for tier in price.tiers]
    return entries.UsagePriceEntry(model=price.model.value, tiers=tiers, **said)


def _first_price(start: date, rows: list[Any]) -> dict[str, Any]:
    """`price` or `usage_price` where the line has one from its start on, else all `prices` with their days."""
    prices = [
        entries.DatedPriceEntry(
            starts=row["valid_from"], until=row["valid_until"], usage_price=usage_price(row["usage_price"]),
            price=None if row["usage_price"] else short(row["unit_price"]),
        )
        for row in rows
    ]  # fmt: skip
    only = prices[0] if len(prices) == 1 else None
    if only is not None and only.starts == start and only.until is None:
        return {"usage_price": only.usage_price} if only.usage_price else {"price": only.price}
    return {"prices": prices}


def _first_quantity(start: date, rows: list[Any]) -> dict[str, Any]:
    """`quantity` where the line has one from its start on, nothing where that is 1, else all `quantities`."""
    if len(rows) == 1 and rows[0]["valid_from"] == start and rows[0]["valid_until"] is None:
        return {} if rows[0]["quantity"] == 1 else {"quantity": count(rows[0]["quantity"])}
    return {
        "quantities": [
            entries.DatedQuantityEntry(starts=q["valid_from"], until=q["valid_until"], quantity=count(q["quantity"]))
            for q in rows
        ]
    }


def _line(
    row: dict[str, Any], name: str, reasons: Numbered, prices: list[Any], quantities: list[Any], discounts: list[Any],
    is_swapped_in: bool,
) -> entries.LineEntry:  # fmt: skip
    """A line; what a swap brings in counts its cycles from where those of the line before it stood, by itself."""
    start = row["starts_on"]
    entry = entries.LineEntry(
        name=name, kind=row["kind"], counts=row["counts"] or "service",
        starts=start, ends=row["ends_on"], billed_from=row["billed_from"],
        cycle_months=row["cycle_months"], timing=row["timing"], anniversary=row["anchor_on"] == start,
        discounts=[
            entries.DiscountEntry(
                reason=reasons(d["reason"]), starts=d["valid_from"], until=d["valid_until"],
                **{d["kind"]: count(d["value"])},
            )
            for d in discounts
        ],
        **_first_price(start, prices), **_first_quantity(start, quantities),
    )  # fmt: skip
    if row["anchor_on"] not in (None, start) and not is_swapped_in:
        raise ExportRefused(f"{name} has its cycles counted from {row['anchor_on']}; a story cannot say that yet")
    profile = entries.ProrationEntry(
        method=row["proration"], day_price_digits=row["day_price_digits"], rounding=row["rounding"],
        day_count=row["day_count"], unit_rounded=row["is_unit_rounded"],
    )  # fmt: skip
    if profile != entries.ProrationEntry():
        entry.proration = profile
    return entry
