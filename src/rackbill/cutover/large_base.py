"""A synthetic customer base of any size, written row by row through the nouns' adopting: what the benches bill.

Five services a customer, each with a monthly or quarterly line; one customer in ten pays in another currency, one line in ten
has a discount, one service in twenty is metered. Everything follows from the counter, so two bases of a size are equal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rackbill.domain.catalogue import operations as catalogue
from rackbill.domain.contracts import adopting as contracts
from rackbill.domain.contracts import policy as contract_policy
from rackbill.domain.equipment import adopting as equipment
from rackbill.domain.identifiers import adopting as identifiers
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.parties import adopting as parties
from rackbill.domain.parties import operations as party_operations
from rackbill.domain.taxes import adopting as taxes

SERVICES_PER_CUSTOMER = 5
METERED_EVERY = 20
BLOCK = 2_000
STARTED = date(2020, 3, 1)
STARTED_AT = datetime(2020, 3, 1, tzinfo=UTC)
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Seller:
    """A sales organisation of the base: its share of the customers in percent, its currencies and its buyers' countries."""

    organisation_id: str
    country: str
    accounting_currency: str
    time_zone: str
    share_percent: int
    currencies: tuple[str, ...]
    buyer_countries: tuple[str, ...]
    tax_scheme: str
    tax_number: str


SELLERS = (
    Seller("2100", "DE", "EUR", "Europe/Berlin", 40, ("EUR",), ("DE", "DE", "AT", "FR", "CH"), "VAT", "DE136695976"),
    Seller("2600", "NL", "EUR", "Europe/Amsterdam", 30, ("EUR", "USD"), ("NL", "NL", "BE", "US", "GB"), "VAT", "NL820471616B01"),
    Seller("2700", "GB", "GBP", "Europe/London", 15, ("GBP", "EUR"), ("GB", "GB", "IE", "DE", "US"), "VAT", "GB220430231"),
    Seller("2500", "SG", "SGD", "Asia/Singapore", 15, ("SGD", "USD"), ("SG", "SG", "JP", "AU", "NL"), "GST", "M90365428K"),
)  # fmt: skip
PRODUCTS = (
    ("DEDICATED_SERVER", "Dedicated server"),
    ("VIRTUAL_SERVER", "Virtual server"),
    ("COLOCATION", "Colocation"),
)
SITES = ("AMS-01", "FRA-10", "LON-12", "SIN-01")
PRICES = ("129.95", "89.00", "49.00", "219.50", "12.345")


def adopt_large_base(*, services: int, now: datetime, on_step: OnStep) -> dict[str, int]:
    """How much of what was written, into an empty installation. Raises what the databases refuse where it is not empty."""
    organisations = {seller.organisation_id: _organisation(seller, now) for seller in SELLERS}
    products = [
        catalogue.add_product(code=f"{code}-STD", product_id=code, name=name) for code, name in PRODUCTS
    ]  # fmt: skip
    sites = equipment.adopt_sites(codes=SITES)
    customers = max(services // SERVICES_PER_CUSTOMER, 1)
    for first in range(0, customers, BLOCK):
        numbers = range(first, min(first + BLOCK, customers))
        _write(numbers, organisations, products, sites)
        on_step("base", numbers.stop, customers)
    counts = {"customers": customers, "services": customers * SERVICES_PER_CUSTOMER}
    contracts.settle_key_sequences()
    parties.settle_key_sequences()
    equipment.settle_key_sequences()
    return counts


def metered_line_keys(*, services: int) -> list[int]:
    """The keys of the metered lines of a base of that size."""
    return [_line_key(n, is_metered=True) for n in range(METERED_EVERY - 1, services, METERED_EVERY)]


def recurring_line_keys(*, services: int, every: int, first: int) -> list[int]:
    """The keys of every so many recurring lines, from one on."""
    return [_line_key(n) for n in range(first, services, every)]


def seller_of(customer: int) -> Seller:
    """Which sales organisation a customer of the base belongs to."""
    place = customer * 37 % 100
    for seller in SELLERS:
        if place < seller.share_percent:
            return seller
        place -= seller.share_percent
    raise AssertionError("the shares come to 100 percent")


def _line_key(service: int, *, is_metered: bool = False) -> int:
    return 2 * service + (2 if is_metered else 1)


def _organisation(seller: Seller, now: datetime) -> int:
    return party_operations.add_sales_organisation(
        organisation_id=seller.organisation_id,
        fields={
            "name": "Meridian", "legal_name": f"Meridian Hosting {seller.country}", "company_number": "HRB 1",
            "accounting_currency": seller.accounting_currency, "time_zone": seller.time_zone,
            "billing_email": f"billing.{seller.country.lower()}@meridian.example", "billing_phone": "+49 69 1",
            "payment_days": 14, "street": "Messeturm 1", "city": "Harbour", "country": seller.country,
        },
        tax_numbers={seller.tax_scheme: seller.tax_number},
        bank_accounts={
            currency: {"bank_name": "Harbour Bank", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}
            for currency in seller.currencies
        },
        now=now, actor=SYSTEM,
    )  # fmt: skip


def _write(numbers: range, organisations: dict[str, int], products: list[int], sites: dict[str, int]) -> None:
    """One block of customers, table by table; keys are counted from the customer's number."""
    parties.adopt_table(table="Customer", fields=_CUSTOMER, rows=(_customer(n, organisations) for n in numbers))
    parties.adopt_table(table="BillingGroup", fields=_GROUP, rows=(_group(n) for n in numbers))
    parties.adopt_table(
        table="BillingRecipient", fields=("billing_group", "email"),
        rows=((n + 1, f"invoices@customer-{n}.example") for n in numbers),
    )  # fmt: skip
    parties.adopt_table(
        table="BillingAuthority", fields=("customer", "authority"), rows=((n + 1, "ours") for n in numbers)
    )
    taxes.adopt_tax_id_checks(rows=[row for n in numbers if (row := _tax_id_check(n)) is not None])
    contracts.adopt_table(table="Contract", fields=_CONTRACT, rows=(_contract(n) for n in numbers))
    services = range(numbers.start * SERVICES_PER_CUSTOMER, numbers.stop * SERVICES_PER_CUSTOMER)
    equipment.adopt_table(table="Equipment", fields=_EQUIPMENT, rows=(_equipment(s, sites) for s in services))
    contracts.adopt_table(table="Service", fields=_SERVICE, rows=(_service(s, products) for s in services))
    contracts.adopt_table(table="ContractLine", fields=_LINE, rows=_lines(services))
    contracts.adopt_table(table="LinePrice", fields=_PRICE, rows=_prices(services))
    contracts.adopt_table(
        table="LineQuantity", fields=("line", "quantity", "valid_from"),
        rows=((key, Decimal(1), STARTED) for key, _service_number in _line_keys(services)),
    )  # fmt: skip
    contracts.adopt_table(
        table="LineDiscount", fields=("line", "kind", "value", "reason", "valid_from"),
        rows=((_line_key(s), "percent", Decimal(10), "Term 12 months", STARTED) for s in services if s % 10 == 4),
    )  # fmt: skip
    identifiers.adopt_table(table="Alias", fields=_ALIAS, rows=_aliases(numbers, services))


def _customer_id(n: int) -> str:
    return f"{20_000_000 + n}"


def _contract_id(n: int) -> str:
    return f"{30_000_000 + n}"


def _service_id(s: int) -> str:
    return f"{30_000_000 + s // SERVICES_PER_CUSTOMER}{(s % SERVICES_PER_CUSTOMER + 1) * 100:06d}"


def _equipment_id(s: int) -> str:
    return f"{10_000_000 + s}"


def _country(n: int) -> str:
    countries = seller_of(n).buyer_countries
    return countries[n // 7 % len(countries)]


def _is_business(n: int) -> bool:
    return n % 6 != 0


_CUSTOMER = (
    "id", "customer_id", "sales_organisation", "kind", "name", "email", "phone", "company_number", "tax_id", "language",
    "legacy_id", "created_on", "is_closed", "street", "city", "postal_code", "state", "country",
)  # fmt: skip


def _customer(n: int, organisations: dict[str, int]) -> tuple[Any, ...]:
    country = _country(n)
    return (
        n + 1, _customer_id(n), organisations[seller_of(n).organisation_id], "business" if _is_business(n) else "consumer",
        f"Customer {n} & Söhne" if n % 9 == 0 else f"Customer {n} Ltd", f"office@customer-{n}.example", "", "",
        f"{country}{100_000_000 + n}" if _is_business(n) else "", "en", f"{country}{1_000_000_000 + n}", STARTED, False,
        f"Street {n}", "City", "1000", "CA" if country == "US" else "", country,
    )  # fmt: skip


_GROUP = (
    "id", "group_id", "customer", "name", "is_default", "language", "payment_days", "po_number", "cost_centre",
    "buyer_reference", "addressee", "street", "city", "postal_code", "state", "country",
)  # fmt: skip


def _group(n: int) -> tuple[Any, ...]:
    blanks = ("",) * 7
    return (
        n + 1,
        f"{_customer_id(n)}-01",
        n + 1,
        "",
        True,
        ("en", "de", "nl", "ru")[n % 4],
        14,
        f"PO-{n}",
        "",
        *blanks,
    )


def _tax_id_check(n: int) -> dict[str, Any] | None:
    if not _is_business(n):
        return None
    return {
        "customer_id": _customer_id(n), "tax_id": f"{_country(n)}{100_000_000 + n}", "checked_on": STARTED,
        "is_valid": True, "evidence": "VIES",
    }  # fmt: skip


_CONTRACT = (
    "id", "contract_id", "customer", "currency", "ordered_on", "starts_at", "term_months", "po_number", "legacy_id",
)  # fmt: skip


def _contract(n: int) -> tuple[Any, ...]:
    currencies = seller_of(n).currencies
    currency = currencies[-1] if n % 10 == 3 else currencies[0]
    return (n + 1, _contract_id(n), n + 1, currency, STARTED, STARTED_AT, 12, f"PO-{n}", f"C{n}")


_EQUIPMENT = (
    "id", "equipment_id", "kind", "customer", "site", "suite", "rack", "unit", "asset_id", "serial_number", "brand", "chassis",
    "cpu_type", "disks", "ip_address", "mac_address", "legacy_id", "legacy_name",
)  # fmt: skip


def _equipment(s: int, sites: dict[str, int]) -> tuple[Any, ...]:
    site = SITES[s // 3 % len(SITES)]
    return (
        s + 1, _equipment_id(s), "SERVER", s // SERVICES_PER_CUSTOMER + 1, sites[site], "A", f"{s % 90}", f"{s % 42}",
        f"A{s}", f"SN{s}", "Dell", "R640", "Xeon", [], f"10.{s >> 16 & 255}.{s >> 8 & 255}.{s & 255}", "", f"E{s}",
        f"SRV{s}-{site[:3]}",
    )  # fmt: skip


_SERVICE = (
    "id", "service_id", "contract", "customer", "billing_group", "product", "equipment", "description", "status", "reference",
    "starts_at", "cost_centre", "legacy_id", "legacy_name", "search_text",
)  # fmt: skip


def _service(s: int, products: list[int]) -> tuple[Any, ...]:
    owner = s // SERVICES_PER_CUSTOMER + 1
    reference = f"web-{s}.example" if s % 3 else ""
    legacy_name = f"SRV{s}-{SITES[s // 3 % len(SITES)][:3]}"
    return (
        s + 1, _service_id(s), owner, owner, owner, products[s % len(products)], s + 1, PRODUCTS[s % len(products)][1],
        "ACTIVE", reference, STARTED_AT, f"CC-{s % 40}" if s % 4 == 0 else "", f"S{s}", legacy_name,
        contract_policy.search_text(
            reference, _equipment_id(s), _service_id(s), _contract_id(owner - 1), f"S{s}", legacy_name, f"C{owner - 1}"
        ),
    )  # fmt: skip


def _line_keys(services: range) -> Iterator[tuple[int, int]]:
    for s in services:
        yield _line_key(s), s
        if s % METERED_EVERY == METERED_EVERY - 1:
            yield _line_key(s, is_metered=True), s


_LINE = (
    "id", "service", "contract", "kind", "timing", "description", "cycle_months", "starts_on", "billed_from", "proration",
    "rounding", "legacy_id",
)  # fmt: skip


def _lines(services: range) -> Iterator[tuple[Any, ...]]:
    """Days before September were the legacy system's to bill; quarters begin in different months."""
    for key, s in _line_keys(services):
        is_metered = key % 2 == 0
        cycle = 3 if s % 20 == 7 and not is_metered else 1
        yield (
            key, s + 1, s // SERVICES_PER_CUSTOMER + 1, "metered" if is_metered else "recurring",
            "arrears" if is_metered else "advance", "Data traffic" if is_metered else PRODUCTS[s % len(PRODUCTS)][1], cycle,
            STARTED, date(2020, 9, 1), "days_of_cycle", "half_up", f"L{key}",
        )  # fmt: skip


_PRICE = ("line", "unit_price", "usage_price", "valid_from")
_TRAFFIC = {"model": "included", "included": "1000", "price": "0.05"}


def _prices(services: range) -> Iterator[tuple[Any, ...]]:
    for key, s in _line_keys(services):
        is_metered = key % 2 == 0
        yield (key, Decimal(0 if is_metered else PRICES[s % len(PRICES)]), _TRAFFIC if is_metered else None, STARTED)


_ALIAS = (
    "system", "organisation_id", "kind", "raw_text", "normalised_text", "valid_from", "target_kind", "target_id",
    "customer_id",
)  # fmt: skip


def _aliases(numbers: range, services: range) -> Iterator[tuple[Any, ...]]:
    """Every ID of ours, and the legacy IDs of customers and services."""
    for n in numbers:
        own, seller = _customer_id(n), seller_of(n).organisation_id
        legacy = f"{_country(n)}{1_000_000_000 + n}"
        yield ("", "", "customer", own, own, None, "customer", own, own)
        yield ("legacy", seller, "customer", legacy, legacy, None, "customer", own, own)
        yield ("", "", "contract", _contract_id(n), _contract_id(n), None, "contract", _contract_id(n), own)
    for s in services:
        owner, seller = _customer_id(s // SERVICES_PER_CUSTOMER), seller_of(s // SERVICES_PER_CUSTOMER).organisation_id
        service, thing = _service_id(s), _equipment_id(s)
        yield ("", "", "service", service, service, None, "service", service, owner)
        yield ("legacy", seller, "service", f"S{s}", f"S{s}", None, "service", service, owner)
        yield ("", "", "equipment", thing, thing, None, "equipment", thing, owner)
