"""Sales organisations, customers, contacts, billing groups, log-ins."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from rackbill.cutover.translation.new_ids import NewIds, Rows

Made = Iterator[dict[str, Any]]


def sales_organisations(rows: Rows) -> Made:
    """As they were; their IDs do not change."""
    for row in rows["sales_organisations"]:
        yield {
            "organisation_id": row["sales_organisation_id"], "legacy_code": row["legacy_code"], "name": row["name"],
            "legal_name": row["legal_name"], "company_number": row["company_number"],
            "accounting_currency": row["accounting_currency"], "time_zone": row["time_zone"],
            "billing_email": row["billing_email"], "billing_phone": row["billing_phone"],
            "payment_days": row["payment_days"], **_address(row),
        }  # fmt: skip


def _address(row: dict[str, Any]) -> dict[str, str]:
    names = ("street", "city", "postal_code", "state", "country")
    return {name: row[name] or "" for name in names}


def seller_tax_numbers(rows: Rows) -> Made:
    """One for each scheme."""
    for row in rows["sales_organisations"]:
        for entry in row["tax_registrations"] or ():
            scheme, _, number = entry.partition(":")
            yield {"organisation": row["sales_organisation_id"], "scheme": scheme, "number": number}


def seller_accounts(rows: Rows) -> Made:
    """One for each currency."""
    for row in rows["bank_accounts"]:
        names = ("iban", "bic", "account_number", "routing_code", "creditor_id")
        yield {
            "organisation": row["sales_organisation_id"], "currency": row["currency"], "bank_name": row["bank_name"],
            **{name: row[name] or "" for name in names},
        }  # fmt: skip


def customers(rows: Rows, ids: NewIds, organisations: dict[str, int]) -> Made:
    """Under their new IDs."""
    for row in rows["customers"]:
        yield {
            "customer_id": ids.customers[row["customer_id"]],
            "sales_organisation_id": organisations[row["sales_organisation_id"]], "kind": row["kind"],
            "name": row["name"], "email": row["email"], "phone": row["phone"] or "",
            "company_number": row["company_number"] or "", "tax_id": row["tax_id"] or "", "language": row["language"],
            "legacy_id": row["customer_id"], "created_on": row["created_on"], **_address(row),
        }  # fmt: skip


def tax_id_checks(rows: Rows, ids: NewIds) -> Made:
    """What the legacy system knew of a registry's answer."""
    for row in rows["customers"]:
        if row["tax_id"] and row["tax_id_checked_on"] and row["tax_id_valid"] is not None:
            yield {
                "customer_id": ids.customers[row["customer_id"]], "tax_id": row["tax_id"],
                "checked_on": row["tax_id_checked_on"], "is_valid": row["tax_id_valid"],
                "evidence": row["tax_id_evidence"] or "",
            }  # fmt: skip


def contact_ids(rows: Rows, ids: NewIds) -> dict[str, str]:
    """By legacy contact ID: the customer's ID, C and a number in the order of the legacy IDs."""
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for row in sorted(rows["contacts"], key=lambda r: (r["customer_id"], r["contact_id"])):
        customer_id = ids.customers[row["customer_id"]]
        counts[customer_id] = counts.get(customer_id, 0) + 1
        found[row["contact_id"]] = f"{customer_id}-C{counts[customer_id]:02d}"
    return found


def contacts(rows: Rows, ids: NewIds, customer_keys: dict[str, int], names: dict[str, str]) -> Made:
    """Contacts are not users."""
    for row in rows["contacts"]:
        yield {
            "contact_id": names[row["contact_id"]], "customer_id": customer_keys[ids.customers[row["customer_id"]]],
            "first_name": row["first_name"] or "", "last_name": row["last_name"], "email": row["email"],
            "phone": row["phone"] or "", "legacy_id": row["contact_id"],
        }  # fmt: skip


def contact_roles(rows: Rows, ids: NewIds, customer_keys: dict[str, int], names: dict[str, str]) -> Made:
    """One primary for each role of a customer: the first that the bundle names so."""
    taken: set[tuple[str, str]] = set()
    for row in rows["contacts"]:
        for role in dict.fromkeys(row["roles"]):
            key = (row["customer_id"], role)
            is_primary = role in (row["primary_roles"] or ()) and key not in taken
            if is_primary:
                taken.add(key)
            yield {
                "contact": names[row["contact_id"]], "customer_id": customer_keys[ids.customers[row["customer_id"]]],
                "role": role, "is_primary": is_primary,
            }  # fmt: skip


def billing_groups(rows: Rows, ids: NewIds, customer_keys: dict[str, int]) -> Made:
    """The default one of each customer."""
    for row in rows["customers"]:
        customer_id = ids.customers[row["customer_id"]]
        yield {
            "group_id": f"{customer_id}-01", "customer_id": customer_keys[customer_id], "is_default": True,
            "language": row["language"], "payment_days": row["payment_days"], "po_number": row["po_number"] or "",
            "cost_centre": row["cost_centre"] or "", "buyer_reference": row["buyer_reference"] or "",
        }  # fmt: skip


def recipients(rows: Rows, ids: NewIds, contact_keys: dict[str, int], names: dict[str, str]) -> Made:
    """The billing contacts, the primary one first, each address once."""
    billing = [row for row in rows["contacts"] if "BILLING" in row["roles"]]
    seen: set[tuple[str, str]] = set()
    for row in sorted(
        billing, key=lambda r: (r["customer_id"], "BILLING" not in (r["primary_roles"] or ()), r["contact_id"])
    ):
        key = (row["customer_id"], row["email"].casefold())
        if key not in seen:
            seen.add(key)
            yield {
                "group": f"{ids.customers[row['customer_id']]}-01", "email": row["email"],
                "contact_key": contact_keys[names[row["contact_id"]]],
            }  # fmt: skip


def authorities(customer_keys: dict[str, int], cutover_on: date) -> Made:
    """Legacy until the cut-over, ours from it."""
    for key in customer_keys.values():
        yield {"customer_id": key, "authority": "legacy", "valid_from": None, "valid_until": cutover_on}
        yield {"customer_id": key, "authority": "ours", "valid_from": cutover_on, "valid_until": None}


def users(rows: Rows) -> Made:
    """People with the hashes they had."""
    for row in rows["users"]:
        yield {
            "email": row["email"], "full_name": row["full_name"], "password": row["password_hash"] or "",
            "language": row["language"], "created_on": row["created_on"], "legacy_id": row["user_id"],
        }  # fmt: skip


def memberships(rows: Rows, ids: NewIds, user_keys: dict[str, int], customer_keys: dict[str, int]) -> Made:
    """The roles they had."""
    for row in rows["memberships"]:
        yield {
            "user_id": user_keys[row["user_id"]], "customer_id": customer_keys[ids.customers[row["customer_id"]]],
            "role": row["role"],
        }  # fmt: skip


def api_keys(rows: Rows, ids: NewIds, customer_keys: dict[str, int]) -> Made:
    """Keys keep their ID, hash, methods, addresses and last day."""
    for row in rows["api_keys"]:
        yield {
            "key_id": row["key_id"], "customer_id": customer_keys[ids.customers[row["customer_id"]]],
            "label": row["label"] or "", "secret_hash": row["key_sha256"], "methods": list(row["methods"]),
            "allowed_ips": list(row["allowed_ips"] or ()), "created_at": datetime.combine(row["created_on"], time(), UTC),
            "expires_on": row["expires_on"],
        }  # fmt: skip
