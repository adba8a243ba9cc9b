"""Hands what was translated to every noun's `adopting`, low nouns first; the caller's transaction holds it together."""

from collections.abc import Callable
from datetime import date

from rackbill.cutover.connectors.bundle import Bundle
from rackbill.cutover.translation import contracts, history, new_ids, parties
from rackbill.cutover.translation.new_ids import NewIds, Rows
from rackbill.domain.access import adopting as access
from rackbill.domain.billing import adopting as billing
from rackbill.domain.catalogue import adopting as catalogue
from rackbill.domain.contracts import adopting as contract_adopting
from rackbill.domain.contracts import policy as contract_policy
from rackbill.domain.documents import adopting as documents
from rackbill.domain.equipment import adopting as equipment
from rackbill.domain.identifiers import adopting as identifiers
from rackbill.domain.ordering import adopting as ordering
from rackbill.domain.parties import adopting as party_adopting
from rackbill.domain.receivables import adopting as receivables
from rackbill.domain.taxes import adopting as taxes

OnStep = Callable[[str, int, int], None]
Keys = dict[str, int]


def adopt(bundle: Bundle, *, cutover_on: date, file_hashes: dict[str, str], on_step: OnStep) -> dict[str, int]:
    """How many things of each noun were adopted."""
    rows: Rows = bundle.values
    ids = new_ids.give(rows)
    aliases = identifiers.adopt_aliases(aliases=new_ids.aliases(rows, ids, system=bundle.system, cutover_on=cutover_on))
    on_step("adopt", 1, 4)
    organisations, customers, groups = _parties(rows, ids, cutover_on)
    on_step("adopt", 2, 4)
    services, lines = _contracts(rows, ids, customers, groups)
    on_step("adopt", 3, 4)
    archived, money = _history(rows, ids, bundle.system, customers, organisations, file_hashes)
    charges = billing.adopt_charges(rows=contracts.charges(rows, lines))
    on_step("adopt", 4, 4)
    return {
        "identifiers": aliases, "sales_organisations": len(organisations), "customers": len(customers),
        "contacts": len(rows["contacts"]), "users": len(rows["users"]), "api_keys": len(rows["api_keys"]),
        "contracts": len(ids.contracts), "orders": len(ids.orders), "equipment": len(ids.equipment),
        "services": len(services), "contract_lines": len(lines), "charges": charges, "archived_documents": archived,
        "payments_deposits_mandates": money,
    }  # fmt: skip


def _parties(rows: Rows, ids: NewIds, cutover_on: date) -> tuple[Keys, Keys, Keys]:
    organisations = party_adopting.adopt_sales_organisations(
        rows=parties.sales_organisations(rows), tax_numbers=parties.seller_tax_numbers(rows),
        accounts=parties.seller_accounts(rows),
    )  # fmt: skip
    customers = party_adopting.adopt_customers(rows=parties.customers(rows, ids, organisations))
    taxes.adopt_tax_id_checks(rows=parties.tax_id_checks(rows, ids))
    names = parties.contact_ids(rows, ids)
    contact_keys = party_adopting.adopt_contacts(
        rows=parties.contacts(rows, ids, customers, names), roles=parties.contact_roles(rows, ids, customers, names)
    )
    groups = party_adopting.adopt_billing_groups(
        rows=parties.billing_groups(rows, ids, customers), recipients=parties.recipients(rows, ids, contact_keys, names)
    )
    party_adopting.adopt_billing_authorities(rows=parties.authorities(customers, cutover_on))
    users = access.adopt_users(rows=parties.users(rows))
    access.adopt_memberships(rows=parties.memberships(rows, ids, users, customers))
    access.adopt_api_keys(rows=parties.api_keys(rows, ids, customers))
    return organisations, customers, groups


def _contracts(rows: Rows, ids: NewIds, customers: Keys, groups: Keys) -> tuple[Keys, Keys]:
    products = catalogue.adopt_products(rows=contracts.products(rows))
    things = equipment.adopt_equipment(rows=contracts.equipment(rows, ids, customers))
    contract_keys = contract_adopting.adopt_contracts(rows=contracts.contracts(rows, ids, customers))
    services = contract_adopting.adopt_services(
        rows=contracts.services(
            rows, ids, customer_keys=customers, group_keys=groups, contract_keys=contract_keys, product_keys=products,
            equipment_keys=things, search_text=contract_policy.search_text,
        ),
        placements=contracts.placements(rows, ids, things),
    )  # fmt: skip
    lines = contract_adopting.adopt_lines(rows=contracts.lines(rows, ids, services, contract_keys))
    contract_adopting.adopt_line_terms(
        prices=contracts.prices(rows, lines), quantities=contracts.quantities(rows, lines),
        discounts=contracts.discounts(rows, lines),
    )  # fmt: skip
    ordering.adopt_orders(
        rows=contracts.orders(rows, ids, contract_keys), services=contracts.ordered_services(rows, ids, services)
    )
    return services, lines


def _history(
    rows: Rows, ids: NewIds, system: str, customers: Keys, organisations: Keys, file_hashes: dict[str, str]
) -> tuple[int, int]:
    archived = documents.adopt_documents(
        rows=history.documents(
            rows, ids, system=system, customer_keys=customers, organisations=organisations, file_hashes=file_hashes
        ),
        lines=history.document_lines(rows, ids),
    )
    receivables.adopt_open_items(
        rows=history.open_items(rows, ids, system=system, customer_keys=customers, organisations=organisations),
        entries=history.ledger_entries(rows),
    )
    money = receivables.adopt_money(
        payments=history.payments(rows, ids, system=system, customer_keys=customers),
        deposits=history.deposits(rows, ids, system=system, customer_keys=customers),
        mandates=history.mandates(rows, ids, customers),
    )
    return archived, money
