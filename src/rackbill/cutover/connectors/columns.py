"""The legacy bundle of format 1 in one table: every file, its columns, what a cell may hold and what it refers to."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import pycountry
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from rackbill.core.money import UnknownCurrency, minor_digits

Parser = Callable[[str], Any]
LANGUAGES = ("en", "ru", "nl", "de")
ROLES = ("GENERAL", "BILLING", "TECHNICAL", "SECURITY")
STATUSES = (
    "NEW_CONTRACT", "TO_BE_PROVISIONED", "SCHEDULED", "ACTIVE", "TO_BE_MODIFIED", "TO_BE_SUSPENDED", "SUSPENDED",
    "TO_BE_RECONNECTED",
)  # fmt: skip
_COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_SCHEMES = ("VAT", "GST", "QST", "EIN", "JCT", "ABN")
_ONE_TIME = (
    "PRIVATE_CLOUD RACKSPACE_PRIVATE_COLOCATION DEDICATED_SERVER SWITCH FIREWALL LOADBALANCER SAN_STORAGE "
    "DDOS_IP_PROTECTION CROSS_CONNECT METRO LONG_HAUL_ETHERNET WAVE DARK_FIBER ADDITIONAL_SERVICES OTHER_COST"
).split()
PRODUCT_IDS = (
    *(
        "PRIVATE_CLOUD BACKUP VIRTUAL_SERVER ADDITIONAL_SERVICES REMOTE_HANDS ATS PDU DEDICATED_SERVER SWITCH FIREWALL "
        "LOADBALANCER NETWORK_CONNECTIVITY SAN_STORAGE OBJECT_STORAGE DOMAIN_PROTECTION DDOS_IP_PROTECTION CROSS_CONNECT "
        "METRO LONG_HAUL_ETHERNET WAVE DARK_FIBER DOMAIN WEBHOSTING OTHER_HARDWARE FLOATING_IP OTHER_COST "
        "PRIVATE_COLOCATION RACK_UNIT DEDICATED_RACK CDN_MULTI_DELIVERY CDN_OBJECT_STORAGE DIRECT_INTERNET_ACCESS "
        "IP_TRANSIT GENERAL_MANAGEMENT_AND_SUPPORT NETWORK_MANAGEMENT_SUPPORT THIRD_LINE_SUPPORT MANAGEMENT_PACK "
        "SUPPLIER_SUPPORT_CONTRACT ETHERNET_SERVICES SSL_CERTIFICATE CAGE IMPERVA DEDICATED_PRIVATE_CLOUD IP_POOL "
        "SLA_POOL BARE_METAL_STORAGE CLOUD_CONNECT PROJECT_COST PUBLIC_CLOUD KUBERNETES"
    ).split(),
    *(f"{name}_NRC" for name in _ONE_TIME),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how its cells are read, whether they may be blank, and the file whose rows they name."""

    name: str
    read: Parser
    is_mandatory: bool = False
    refers_to: str = ""


def text(cell: str) -> str:
    """Any text."""
    return cell


def day(cell: str) -> date:
    """YYYY-MM-DD."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
        raise ValueError("is not a date; write YYYY-MM-DD")
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


def number(cell: str) -> Decimal:
    """A decimal with a point and at most six decimals."""
    if not re.fullmatch(r"-?\d{1,12}(?:\.\d{1,6})?", cell):
        raise ValueError("is not a number with a decimal point and at most six decimals")
    try:
        return Decimal(cell)
    except InvalidOperation:
        raise ValueError("is not a number") from None


def positive(cell: str) -> Decimal:
    """A number above zero."""
    value = number(cell)
    if value <= 0:
        raise ValueError("must be above zero")
    return value


def not_negative(cell: str) -> Decimal:
    """A number of zero or more."""
    value = number(cell)
    if value < 0:
        raise ValueError("must not be negative")
    return value


def whole(cell: str) -> int:
    """A whole number of zero or more."""
    if not re.fullmatch(r"\d{1,9}", cell):
        raise ValueError("is not a whole number")
    return int(cell)


def currency(cell: str) -> str:
    """ISO 4217."""
    try:
        minor_digits(cell)
    except UnknownCurrency as fault:
        raise ValueError(f"is not a currency: {fault}") from None
    return cell


def country(cell: str) -> str:
    """ISO 3166-1 alpha-2."""
    if cell not in _COUNTRIES:
        raise ValueError("is not a country of ISO 3166-1; write two capital letters such as SG")
    return cell


def email(cell: str) -> str:
    """An address that can be mailed to."""
    if not _EMAIL.fullmatch(cell):
        raise ValueError("is not an e-mail address")
    return cell


def iban(cell: str) -> str:
    """An IBAN with valid check digits."""
    try:
        return str(IBAN(cell).compact)
    except SchwiftyException as fault:
        raise ValueError(f"is not a valid IBAN ({fault})") from None


def yes_no(cell: str) -> bool:
    """yes or no."""
    if cell not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return cell == "yes"


def zone(cell: str) -> str:
    """An IANA time zone."""
    try:
        ZoneInfo(cell)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone such as Asia/Singapore") from None
    return cell


def sha256(cell: str) -> str:
    """64 hex digits."""
    if not re.fullmatch(r"[0-9a-f]{64}", cell):
        raise ValueError("is not a SHA-256 (64 lower-case hex digits)")
    return cell


def password_hash(cell: str) -> str:
    """Django's encoded form."""
    if not re.fullmatch(r"(?:pbkdf2_sha256|argon2|bcrypt_sha256)\$.+\$.+", cell):
        raise ValueError("is not a password hash in Django's encoded form, such as pbkdf2_sha256$…")
    return cell


def shaped(pattern: str, meaning: str) -> Parser:
    """A text of a given shape."""

    def read(cell: str) -> str:
        if not re.fullmatch(pattern, cell):
            raise ValueError(f"is not {meaning}")
        return cell

    return read


def one_of(*allowed: str) -> Parser:
    """One of the words."""

    def read(cell: str) -> str:
        if cell not in allowed:
            raise ValueError(f"is not known; allowed are {', '.join(allowed[:12])}{' …' if len(allowed) > 12 else ''}")
        return cell

    return read


def whole_of(*allowed: int) -> Parser:
    """One of the numbers."""

    def read(cell: str) -> int:
        if cell not in {str(value) for value in allowed}:
            raise ValueError(f"is not sold; allowed are {', '.join(map(str, allowed))}")
        return int(cell)

    return read


def listed(read: Parser) -> Parser:
    """A list separated by |."""
    return lambda cell: tuple(read(part) for part in cell.split("|"))


def network(cell: str) -> str:
    """An address or network, v4 or v6."""
    try:
        ipaddress.ip_interface(cell)
    except ValueError:
        raise ValueError("is not an IP address or network") from None
    return cell


registration = shaped(rf"(?:{'|'.join(_SCHEMES)}):\S.*", f"SCHEME:NUMBER with a scheme of {', '.join(_SCHEMES)}")
disk = shaped(r"\d+ x \d+ \S.*", "COUNT x SIZE_GB TYPE")
organisation_id = shaped(r"\d{4}", "four digits")


def _columns(*specs: tuple[Any, ...]) -> tuple[Column, ...]:
    """(name, parser, "M" or "", file referred to)."""
    return tuple(Column(spec[0], spec[1], "M" in spec[2:], spec[3] if len(spec) > 3 else "") for spec in specs)


FILES: dict[str, tuple[Column, ...]] = {
    "sales_organisations": _columns(
        ("sales_organisation_id", organisation_id, "M"), ("legacy_code", text, "M"), ("name", text, "M"),
        ("legal_name", text, "M"), ("street", text, "M"), ("city", text, "M"), ("postal_code", text, "M"),
        ("state", text), ("country", country, "M"), ("company_number", text, "M"),
        ("tax_registrations", listed(registration)), ("accounting_currency", currency, "M"), ("time_zone", zone, "M"),
        ("billing_email", email, "M"), ("billing_phone", text, "M"), ("payment_days", whole, "M"),
    ),
    "bank_accounts": _columns(
        ("sales_organisation_id", text, "M", "sales_organisations"), ("currency", currency, "M"), ("bank_name", text, "M"),
        ("iban", iban), ("bic", text), ("account_number", text), ("routing_code", text), ("creditor_id", text),
    ),
    "customers": _columns(
        ("customer_id", text, "M"), ("sales_organisation_id", text, "M", "sales_organisations"),
        ("kind", one_of("business", "consumer"), "M"), ("name", text, "M"), ("street", text, "M"),
        ("postal_code", text), ("city", text, "M"), ("state", text), ("country", country, "M"), ("email", email, "M"),
        ("phone", text), ("company_number", text), ("tax_id", text), ("tax_id_checked_on", day),
        ("tax_id_valid", yes_no), ("tax_id_evidence", text), ("language", one_of(*LANGUAGES), "M"),
        ("po_number", text), ("cost_centre", text), ("buyer_reference", text), ("payment_days", whole, "M"),
        ("created_on", day, "M"),
    ),
    "contacts": _columns(
        ("contact_id", text, "M"), ("customer_id", text, "M", "customers"), ("first_name", text), ("last_name", text, "M"),
        ("email", email, "M"), ("phone", text), ("roles", listed(one_of(*ROLES)), "M"),
        ("primary_roles", listed(one_of(*ROLES))),
    ),
    "users": _columns(
        ("user_id", text, "M"), ("email", email, "M"), ("full_name", text, "M"), ("password_hash", password_hash),
        ("language", one_of(*LANGUAGES), "M"), ("created_on", day, "M"),
    ),
    "memberships": _columns(
        ("user_id", text, "M", "users"), ("customer_id", text, "M", "customers"),
        ("role", one_of("MASTER", "ADMIN", "FINANCE", "TECHNICAL", "ABUSE"), "M"),
    ),
    "api_keys": _columns(
        ("key_id", shaped(r"[0-9A-Za-z]{6}", "six letters and digits"), "M"), ("customer_id", text, "M", "customers"),
        ("label", text), ("key_sha256", sha256, "M"),
        ("methods", listed(one_of("GET", "POST", "PUT", "DELETE")), "M"), ("allowed_ips", listed(network)),
        ("created_on", day, "M"), ("expires_on", day),
    ),
    "contracts": _columns(
        ("contract_id", text, "M"), ("customer_id", text, "M", "customers"), ("currency", currency, "M"),
        ("ordered_on", day, "M"), ("starts_on", day, "M"), ("ends_on", day),
        ("term_months", whole_of(1, 3, 6, 12, 24, 36), "M"), ("po_number", text), ("quotation_number", text),
    ),
    "services": _columns(
        ("service_id", text, "M"), ("server_name", text), ("contract_id", text, "M", "contracts"),
        ("product_id", one_of(*PRODUCT_IDS), "M"), ("product_code", text, "M"), ("product_name", text, "M"),
        ("reference", text), ("status", one_of(*STATUSES), "M"), ("starts_on", day, "M"), ("ends_on", day),
        ("cancelled_on", day), ("cost_centre", text),
    ),
    "equipment": _columns(
        ("service_id", text, "M", "services"),
        ("kind", one_of("SERVER", "VIRTUAL_SERVER", "PRIVATE_CLOUD", "RACK", "SWITCH", "FIREWALL", "LOADBALANCER",
                        "STORAGE", "OTHER"), "M"),
        ("asset_id", text), ("serial_number", text), ("site", text, "M"), ("suite", text), ("rack", text), ("unit", text),
        ("brand", text), ("chassis", text), ("cpu_type", text), ("cpu_count", whole), ("ram_gb", whole),
        ("disks", listed(disk)), ("ip_address", network), ("mac_address", text),
    ),
    "lines": _columns(
        ("line_id", text, "M"), ("service_id", text, "M", "services"), ("kind", one_of("recurring", "one_off"), "M"),
        ("description", text, "M"), ("quantity", positive, "M"), ("cycle_months", whole_of(1, 3, 6, 12), "M"),
        ("starts_on", day, "M"), ("ends_on", day), ("last_billed_from", day), ("last_billed_until", day),
    ),
    "prices": _columns(
        ("line_id", text, "M", "lines"), ("unit_price", not_negative, "M"), ("currency", currency, "M"),
        ("valid_from", day, "M"), ("valid_until", day),
    ),
    "discounts": _columns(
        ("line_id", text, "M", "lines"), ("kind", one_of("percent", "amount"), "M"), ("value", positive, "M"),
        ("reason", text, "M"), ("valid_from", day, "M"), ("valid_until", day),
    ),
    "invoices": _columns(
        ("number", text, "M"), ("kind", one_of("invoice", "credit_note"), "M"), ("customer_id", text, "M", "customers"),
        ("issued_on", day, "M"), ("due_on", day, "M"), ("currency", currency, "M"), ("net", number, "M"),
        ("tax", number, "M"), ("total", number, "M"), ("open_amount", number, "M"),
        ("status", one_of("OPEN", "PAID", "OVERDUE", "CANCELLED"), "M"), ("pdf_file", text), ("pdf_sha256", sha256),
    ),
    "invoice_lines": _columns(
        ("number", text, "M", "invoices"), ("line", whole, "M"), ("service_id", text, "", "services"),
        ("description", text, "M"), ("period_from", day), ("period_until", day), ("quantity", number, "M"),
        ("unit_price", number, "M"), ("amount", number, "M"), ("tax_rate", not_negative, "M"),
    ),
    "payments": _columns(
        ("payment_id", text, "M"), ("customer_id", text, "M", "customers"), ("received_on", day, "M"),
        ("currency", currency, "M"), ("amount", positive, "M"), ("invoice_number", text, "", "invoices"),
        ("method", one_of("transfer", "debit", "card"), "M"), ("remittance_text", text),
    ),
    "credits": _columns(
        ("credit_id", text, "M"), ("customer_id", text, "M", "customers"), ("currency", currency, "M"),
        ("amount", positive, "M"), ("reason", text, "M"), ("created_on", day, "M"),
    ),
    "mandates": _columns(
        ("mandate_reference", text, "M"), ("customer_id", text, "M", "customers"), ("holder", text, "M"),
        ("iban", iban, "M"), ("bic", text), ("signed_on", day, "M"), ("last_used_on", day),
    ),
}  # fmt: skip
"""In this order every file stands after those it refers to."""

UNIQUE: dict[str, tuple[tuple[str, ...], ...]] = {
    "sales_organisations": (("sales_organisation_id",),), "bank_accounts": (("sales_organisation_id", "currency"),),
    "customers": (("customer_id",),), "contacts": (("contact_id",),), "users": (("user_id",), ("email",)),
    "memberships": (("user_id", "customer_id", "role"),), "api_keys": (("key_id",), ("key_sha256",)),
    "contracts": (("contract_id",),), "services": (("service_id",),), "equipment": (("service_id",),),
    "lines": (("line_id",),), "prices": (("line_id", "valid_from"),), "invoices": (("number",),),
    "invoice_lines": (("number", "line"),), "payments": (("payment_id",),), "credits": (("credit_id",),),
    "mandates": (("mandate_reference",),),
}  # fmt: skip
"""Columns that together may come once only; e-mail addresses whatever their letter case."""

KEYS = {
    "sales_organisations": "sales_organisation_id", "customers": "customer_id", "users": "user_id",
    "contracts": "contract_id", "services": "service_id", "lines": "line_id", "invoices": "number",
}  # fmt: skip
"""The column that other files refer to."""

PERIODS: dict[str, tuple[tuple[str, str], ...]] = {
    "contracts": (("starts_on", "ends_on"),), "services": (("starts_on", "ends_on"),),
    "lines": (("starts_on", "ends_on"), ("last_billed_from", "last_billed_until")),
    "prices": (("valid_from", "valid_until"),), "discounts": (("valid_from", "valid_until"),),
    "invoice_lines": (("period_from", "period_until"),),
}  # fmt: skip
"""Half-open periods: the second day comes after the first."""
