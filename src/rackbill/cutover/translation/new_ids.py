"""The new ID of every legacy thing, and the register of all identifiers old and new."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rackbill.core.id_shapes import IdKind, normalise, print_service_id
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias

Rows = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class NewIds:
    """By legacy identifier: the new ID. `owner` gives the new customer ID of a legacy contract."""

    customers: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    equipment: dict[str, str] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)


def legacy_texts(rows: Rows) -> set[str]:
    """Every value that any legacy identifier of any kind has, as written and normalised."""
    columns = (
        ("customers", "customer_id"), ("contracts", "contract_id"), ("contracts", "quotation_number"),
        ("services", "service_id"), ("services", "server_name"), ("equipment", "asset_id"), ("lines", "line_id"),
        ("invoices", "number"), ("mandates", "mandate_reference"), ("contacts", "contact_id"), ("users", "user_id"),
        ("api_keys", "key_id"), ("payments", "payment_id"), ("credits", "credit_id"),
    )  # fmt: skip
    texts = {row[column] for name, column in columns for row in rows[name] if row[column]}
    return texts | {normalise(text) for text in texts}


def give(rows: Rows) -> NewIds:
    """Gives every legacy thing its new ID, in the order of the legacy identifiers: the same bundle, the same IDs."""
    avoiding = legacy_texts(rows)
    ids = NewIds()
    customers = sorted(row["customer_id"] for row in rows["customers"])
    contracts = sorted(row["contract_id"] for row in rows["contracts"])
    ids.customers = _pairs(customers, IdKind.CUSTOMER, avoiding)
    ids.contracts = _pairs(contracts, IdKind.CONTRACT, avoiding)
    ids.orders = _pairs(contracts, IdKind.ORDER, avoiding)
    ids.equipment = _pairs(sorted(row["service_id"] for row in rows["equipment"]), IdKind.EQUIPMENT, avoiding)
    ids.owner = {row["contract_id"]: ids.customers[row["customer_id"]] for row in rows["contracts"]}
    last: dict[str, int] = {}
    for row in sorted(rows["services"], key=lambda r: (r["contract_id"], r["service_id"])):
        order_id = ids.orders[row["contract_id"]]
        position = last.get(order_id, 0) + 1
        while print_service_id(order_id, position) in avoiding:
            position += 1
        last[order_id] = position
        ids.services[row["service_id"]] = print_service_id(order_id, position)
        ids.positions[row["service_id"]] = position
    return ids


def _pairs(legacy: list[str], kind: IdKind, avoiding: set[str]) -> dict[str, str]:
    return dict(zip(legacy, identifiers.give_ids(kind=kind, count=len(legacy), avoiding=avoiding), strict=True))


@dataclass(frozen=True, slots=True)
class _Namer:
    """Makes the rows of the register: our IDs hold from the cut-over on, the legacy system's until it."""

    system: str
    cutover_on: date
    organisation: dict[str, str]

    def own(self, kind: IdKind, text: str, owner: str) -> NewAlias:
        return NewAlias(
            kind=kind.value, raw_text=text, target_kind=kind.value, target_id=text, customer_id=owner,
            valid_from=self.cutover_on,
        )  # fmt: skip

    def legacy(
        self, kind: str, text: str, target: tuple[str, str], *, owner: str, since: date, customer: str
    ) -> NewAlias:
        return NewAlias(
            system=self.system, organisation_id=self.organisation[customer], kind=kind, raw_text=text,
            target_kind=target[0], target_id=target[1], customer_id=owner, valid_from=since, valid_until=self.cutover_on,
        )  # fmt: skip


def aliases(rows: Rows, ids: NewIds, *, system: str, cutover_on: date) -> Iterator[NewAlias]:
    """Every identifier: our new ones from the cut-over on, the legacy ones until it; references from the service's start."""
    organisation = {row["customer_id"]: row["sales_organisation_id"] for row in rows["customers"]}
    namer = _Namer(system, cutover_on, organisation)
    yield from _of_customers(rows, ids, namer)
    yield from _of_contracts(rows, ids, namer)
    yield from _of_services(rows, ids, namer)
    yield from _of_documents(rows, ids, namer)


def _of_customers(rows: Rows, ids: NewIds, namer: _Namer) -> Iterator[NewAlias]:
    for row in rows["customers"]:
        legacy = row["customer_id"]
        new = ids.customers[legacy]
        yield namer.own(IdKind.CUSTOMER, new, new)
        yield namer.own(IdKind.BILLING_GROUP, f"{new}-01", new)
        target = (IdKind.CUSTOMER.value, new)
        yield namer.legacy("customer", legacy, target, owner=new, since=row["created_on"], customer=legacy)


def _of_contracts(rows: Rows, ids: NewIds, namer: _Namer) -> Iterator[NewAlias]:
    for row in rows["contracts"]:
        legacy, customer, since = row["contract_id"], row["customer_id"], row["ordered_on"]
        new, order_id, owner = ids.contracts[legacy], ids.orders[legacy], ids.owner[legacy]
        yield namer.own(IdKind.CONTRACT, new, owner)
        yield namer.own(IdKind.ORDER, order_id, owner)
        yield namer.legacy(
            "contract", legacy, (IdKind.CONTRACT.value, new), owner=owner, since=since, customer=customer
        )
        if row["quotation_number"]:
            target = (IdKind.ORDER.value, order_id)
            yield namer.legacy(
                "quotation", row["quotation_number"], target, owner=owner, since=since, customer=customer
            )


def _of_services(rows: Rows, ids: NewIds, namer: _Namer) -> Iterator[NewAlias]:
    customers = {row["contract_id"]: row["customer_id"] for row in rows["contracts"]}
    for row in rows["services"]:
        legacy, since, customer = row["service_id"], row["starts_on"], customers[row["contract_id"]]
        new, owner = ids.services[legacy], ids.owner[row["contract_id"]]
        targets = [(IdKind.SERVICE, new)]
        if legacy in ids.equipment:
            # The legacy system had one number and one name for the service and the thing served.
            targets.append((IdKind.EQUIPMENT, ids.equipment[legacy]))
        for kind, target_id in targets:
            target = (kind.value, target_id)
            yield namer.own(kind, target_id, owner)
            yield namer.legacy("service", legacy, target, owner=owner, since=since, customer=customer)
            if row["server_name"]:
                yield namer.legacy(
                    "server_name", row["server_name"], target, owner=owner, since=since, customer=customer
                )
        if row["reference"]:
            yield NewAlias(
                kind="reference", raw_text=row["reference"], target_kind="service", target_id=new, customer_id=owner,
                valid_from=since,
            )  # fmt: skip


def _of_documents(rows: Rows, ids: NewIds, namer: _Namer) -> Iterator[NewAlias]:
    for row in rows["invoices"]:
        number, customer = row["number"], row["customer_id"]
        target, owner = ("archived_document", number), ids.customers[customer]
        yield namer.legacy("document", number, target, owner=owner, since=row["issued_on"], customer=customer)
    for row in rows["mandates"]:
        text = row["mandate_reference"]
        yield NewAlias(
            kind="mandate", raw_text=text, target_kind="mandate", target_id=text,
            customer_id=ids.customers[row["customer_id"]], valid_from=row["signed_on"],
        )  # fmt: skip
