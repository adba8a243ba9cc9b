"""Parts of the canonical form written straight as text, for the many drafts of a bill run; equal to `canonical_text`."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring

from rackbill.core.document.values import AccountingTotals, DocumentReference
from rackbill.core.tax import TaxDecision, TaxSubtotal

MILLION = 1_000_000
quoted = encode_basestring
"""A text as JSON writes it."""


@lru_cache(maxsize=65_536)
def millionths_text(value: int) -> str:
    """Millionths as the canonical form writes a decimal: 129950000 → 129.95, 1000000 → 1."""
    sign, whole = ("-", -value) if value < 0 else ("", value)
    main, rest = divmod(whole, MILLION)
    return f"{sign}{main}.{rest:06d}".rstrip("0") if rest else f"{sign}{main}"


def _with(text: str, name: str, value: str) -> str:
    """The text of an object with one more member, unless that is empty."""
    return f'{text},"{name}":{quoted(value)}' if value else text


def subject_text(
    contract_id: str, cost_centre: str, description: str, equipment_id: str, legacy_id: str, legacy_name: str, location: str,
    order_id: str, po_number: str, product_code: str, product_id: str, reference: str, service_id: str, po_line: str = "",
    serial: str = "",
) -> str:  # fmt: skip
    """A LineSubject."""
    text = f',"contract_id":"{contract_id}"' if contract_id else ""
    if cost_centre:
        text = f'{text},"cost_centre":{quoted(cost_centre)}'
    if description:
        text = f'{text},"description":{quoted(description)}'
    if equipment_id:
        text = f'{text},"equipment_id":"{equipment_id}"'
    if legacy_id:
        text = f'{text},"legacy_id":{quoted(legacy_id)}'
    if legacy_name:
        text = f'{text},"legacy_name":{quoted(legacy_name)}'
    if location:
        text = f'{text},"location":{quoted(location)}'
    if order_id:
        text = f'{text},"order_id":"{order_id}"'
    if po_line:
        text = f'{text},"po_line":{quoted(po_line)}'
    if po_number:
        text = f'{text},"po_number":{quoted(po_number)}'
    if product_code:
        text = f'{text},"product_code":{quoted(product_code)}'
    if product_id:
        text = f'{text},"product_id":{quoted(product_id)}'
    if reference:
        text = f'{text},"reference":{quoted(reference)}'
    if serial:
        text = f'{text},"serial":{quoted(serial)}'
    if service_id:
        text = f'{text},"service_id":"{service_id}"'
    return f"{{{text[1:]}}}"


def party_text(
    name: str, street: str, city: str, postal_code: str, state: str, country: str, company_number: str, tax_id: str,
    email: str, phone: str, contact_name: str = "", electronic_address: str = "", company_scheme: str = "",
) -> str:  # fmt: skip
    """A Party with at most one tax number, of the scheme VAT."""
    address = ""
    for member, value in (
        ("city", city), ("country", country), ("postal_code", postal_code), ("state", state), ("street", street),
    ):  # fmt: skip
        address = _with(address, member, value)
    text = f'{{"address":{{{address[1:]}}}' if address else '{"address":{}'
    for member, value in (
        ("company_number", company_number), ("company_scheme", company_scheme), ("contact_name", contact_name),
        ("electronic_address", electronic_address), ("email", email), ("name", name), ("phone", phone),
    ):  # fmt: skip
        text = _with(text, member, value)
    registrations = f',"tax_registrations":[{{"number":{quoted(tax_id)},"scheme":"VAT"}}]' if tax_id else ""
    return f"{text}{registrations}}}"


def bill_to_text(
    customer_id: str, legacy_customer_id: str, billing_group_id: str, billing_group_name: str, po_number: str,
    cost_centre: str, buyer_reference: str, project_reference: str = "", einvoice_profile: str = "",
    buyer_kind: str = "",
) -> str:  # fmt: skip
    """A BillTo."""
    text = ""
    for member, value in (
        ("billing_group_id", billing_group_id),
        ("billing_group_name", billing_group_name), ("buyer_kind", buyer_kind), ("buyer_reference", buyer_reference),
        ("cost_centre", cost_centre), ("customer_id", customer_id), ("einvoice_profile", einvoice_profile),
        ("legacy_customer_id", legacy_customer_id), ("po_number", po_number), ("project_reference", project_reference),
    ):  # fmt: skip
        text = _with(text, member, value)
    return f"{{{text[1:]}}}"


def einvoice_profile_in(bill_to: str) -> str:
    """The e-invoice profile in the canonical form of a BillTo; empty where the customer gets none."""
    # A quotation mark inside a value is escaped, so the member's name cannot stand in one.
    _before, found, rest = bill_to.partition('"einvoice_profile":"')
    return rest.partition('"')[0] if found else ""


def payment_text(
    account: str, payment_days: int, mandate_reference: str, creditor_id: str, paynow_uen: str = "",
    debited_account: str = "",
) -> str:  # fmt: skip
    """PaymentInstructions; `account` is the text of a BankAccount, or null."""
    head = "" if account == "null" else f'"account":{account},'
    head += f'"creditor_id":{quoted(creditor_id)},' if creditor_id else ""
    head += f'"debited_account":{quoted(debited_account)},' if debited_account else ""
    head += f'"mandate_reference":{quoted(mandate_reference)},' if mandate_reference else ""
    text = f'{{{head}"payment_days":{payment_days}'
    return _with(text, "paynow_uen", paynow_uen) + "}"


def allowances_text(allowances: tuple[tuple[str, int], ...]) -> str:
    """Allowances of a line from (reason, minor units)."""
    return "[" + ",".join(
        f'{{"amount_minor":{minor},"reason":{quoted(reason)}}}' if reason else f'{{"amount_minor":{minor}}}'
        for reason, minor in allowances
    ) + "]"  # fmt: skip


@lru_cache(maxsize=4096)
def decimal_text(value: Decimal) -> str:
    """Without exponent and trailing zeros, so that equal numbers are equal texts."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decisions_text(decisions: Sequence[TaxDecision]) -> str:
    """The taxes of a line."""
    return "[" + ",".join(map(_decision_text, decisions)) + "]"


def _decision_text(d: TaxDecision) -> str:
    text = f'{{"base_rate":"{decimal_text(d.base_rate)}"'
    for member, value in (
        ("code", d.code), ("evidence", d.evidence), ("exemption_code", d.exemption_code),
        ("jurisdiction", d.jurisdiction), ("rate", decimal_text(d.rate)), ("regime", d.regime),
    ):  # fmt: skip
        text = _with(text, member, value)
    return text + "}"


def subtotals_text(rows: Sequence[TaxSubtotal]) -> str:
    """A tax breakdown."""
    return "[" + ",".join(map(_subtotal_text, rows)) + "]"


def _subtotal_text(r: TaxSubtotal) -> str:
    text = f'{{"base_minor":{r.base_minor}'
    for member, value in (
        ("code", r.code), ("exemption_code", r.exemption_code), ("exemption_text", r.exemption_text),
        ("jurisdiction", r.jurisdiction), ("rate", decimal_text(r.rate)), ("regime", r.regime),
    ):  # fmt: skip
        text = _with(text, member, value)
    return f'{text},"tax_minor":{r.tax_minor}}}'


def reference_text(reference: DocumentReference) -> str:
    """A DocumentReference."""
    line = "" if reference.line_number is None else f'"line_number":{reference.line_number},'
    return f'{{"issued_on":"{reference.issued_on.isoformat()}",{line}"number":{quoted(reference.number)}}}'


def accounting_text(totals: AccountingTotals) -> str:
    """AccountingTotals."""
    taxes = ",".join(map(str, totals.tax_minor))
    return (
        f'{{"currency":"{totals.currency}","gross_minor":{totals.gross_minor},"net_minor":{totals.net_minor},'
        f'"rate":"{decimal_text(totals.rate)}","rate_on":"{totals.rate_on.isoformat()}"'
        + (f',"rate_source":{quoted(totals.rate_source)}' if totals.rate_source else "")
        + (f',"tax_minor":[{taxes}]}}' if taxes else "}")
    )
