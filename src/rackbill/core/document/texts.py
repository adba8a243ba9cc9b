"""Parts of the canonical form written straight as text, for the many drafts of a bill run; equal to `canonical_text`."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as quoted

from rackbill.core.document.values import AccountingTotals, DocumentReference
from rackbill.core.tax import TaxDecision, TaxSubtotal

MILLION = 1_000_000


@lru_cache(maxsize=65_536)
def millionths_text(value: int) -> str:
    """Millionths as the canonical form writes a decimal: 129950000 → 129.95, 1000000 → 1."""
    sign, whole = ("-", -value) if value < 0 else ("", value)
    main, rest = divmod(whole, MILLION)
    return f"{sign}{main}.{rest:06d}".rstrip("0") if rest else f"{sign}{main}"


def subject_text(
    contract_id: str, cost_centre: str, description: str, equipment_id: str, legacy_id: str, legacy_name: str, location: str,
    order_id: str, po_number: str, product_code: str, product_id: str, reference: str, service_id: str,
) -> str:  # fmt: skip
    """A LineSubject."""
    return (
        f'{{"contract_id":"{contract_id}","cost_centre":{quoted(cost_centre)},"description":{quoted(description)},'
        f'"equipment_id":"{equipment_id}","legacy_id":{quoted(legacy_id)},"legacy_name":{quoted(legacy_name)},'
        f'"location":{quoted(location)},"order_id":"{order_id}","po_number":{quoted(po_number)},'
        f'"product_code":{quoted(product_code)},"product_id":{quoted(product_id)},"reference":{quoted(reference)},'
        f'"service_id":"{service_id}"}}'
    )


def party_text(
    name: str, street: str, city: str, postal_code: str, state: str, country: str, company_number: str, tax_id: str,
    email: str, phone: str,
) -> str:  # fmt: skip
    """A Party with at most one tax number, of the scheme VAT."""
    registrations = f'[{{"number":{quoted(tax_id)},"scheme":"VAT"}}]' if tax_id else "[]"
    return (
        f'{{"address":{{"city":{quoted(city)},"country":"{country}","postal_code":{quoted(postal_code)},'
        f'"state":{quoted(state)},"street":{quoted(street)}}},"company_number":{quoted(company_number)},'
        f'"email":{quoted(email)},"name":{quoted(name)},"phone":{quoted(phone)},"tax_registrations":{registrations}}}'
    )


def bill_to_text(
    customer_id: str, legacy_customer_id: str, billing_group_id: str, billing_group_name: str, po_number: str,
    cost_centre: str, buyer_reference: str,
) -> str:  # fmt: skip
    """A BillTo."""
    return (
        f'{{"billing_group_id":"{billing_group_id}","billing_group_name":{quoted(billing_group_name)},'
        f'"buyer_reference":{quoted(buyer_reference)},"cost_centre":{quoted(cost_centre)},"customer_id":"{customer_id}",'
        f'"legacy_customer_id":{quoted(legacy_customer_id)},"po_number":{quoted(po_number)}}}'
    )


def payment_text(account: str, payment_days: int, mandate_reference: str, creditor_id: str) -> str:
    """PaymentInstructions; `account` is the text of a BankAccount, or null."""
    return (
        f'{{"account":{account},"creditor_id":{quoted(creditor_id)},"mandate_reference":{quoted(mandate_reference)},'
        f'"payment_days":{payment_days}}}'
    )


def allowances_text(allowances: tuple[tuple[str, int], ...]) -> str:
    """Allowances of a line from (reason, minor units)."""
    return "[" + ",".join(f'{{"amount_minor":{minor},"reason":{quoted(reason)}}}' for reason, minor in allowances) + "]"


@lru_cache(maxsize=4096)
def decimal_text(value: Decimal) -> str:
    """Without exponent and trailing zeros, so that equal numbers are equal texts."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decisions_text(decisions: Sequence[TaxDecision]) -> str:
    """The taxes of a line."""
    return "[" + ",".join(
        f'{{"base_rate":"{decimal_text(d.base_rate)}","code":{quoted(d.code)},"evidence":{quoted(d.evidence)},'
        f'"exemption_code":{quoted(d.exemption_code)},"jurisdiction":{quoted(d.jurisdiction)},'
        f'"rate":"{decimal_text(d.rate)}","regime":{quoted(d.regime)}}}'
        for d in decisions
    ) + "]"  # fmt: skip


def subtotals_text(rows: Sequence[TaxSubtotal]) -> str:
    """A tax breakdown."""
    return "[" + ",".join(
        f'{{"base_minor":{r.base_minor},"code":{quoted(r.code)},"exemption_code":{quoted(r.exemption_code)},'
        f'"exemption_text":{quoted(r.exemption_text)},"jurisdiction":{quoted(r.jurisdiction)},'
        f'"rate":"{decimal_text(r.rate)}","regime":{quoted(r.regime)},"tax_minor":{r.tax_minor}}}'
        for r in rows
    ) + "]"  # fmt: skip


def reference_text(reference: DocumentReference) -> str:
    """A DocumentReference."""
    line = "null" if reference.line_number is None else reference.line_number
    return (
        f'{{"issued_on":"{reference.issued_on.isoformat()}","line_number":{line},"number":{quoted(reference.number)}}}'
    )


def accounting_text(totals: AccountingTotals) -> str:
    """AccountingTotals."""
    taxes = ",".join(map(str, totals.tax_minor))
    return (
        f'{{"currency":"{totals.currency}","gross_minor":{totals.gross_minor},"net_minor":{totals.net_minor},'
        f'"rate":"{decimal_text(totals.rate)}","rate_on":"{totals.rate_on.isoformat()}",'
        f'"rate_source":{quoted(totals.rate_source)},"tax_minor":[{taxes}]}}'
    )
