"""Business terms → UBL 2.1: Invoice or CreditNote, elements in the order of the schema."""

from collections.abc import Iterator
from decimal import Decimal

from rackbill.core.periods import Period
from rackbill.formats.einvoice_terms import (
    ROUNDING,
    InvoiceTerms,
    LineTerms,
    PartyTerms,
    PaymentTerms,
    TaxTerms,
)
from rackbill.formats.einvoice_xml import DECLARATION, Amounts, escaped, last_day, number_text

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd"
_ROOT = (
    'xmlns="{namespace}:{root}-2" xmlns:cac="{namespace}:CommonAggregateComponents-2" '
    'xmlns:cbc="{namespace}:CommonBasicComponents-2"'
)
_OBJECT_SCHEME = "EQ"
"""Equipment number (UNTDID 1153), the scheme of BT-128."""
NO_ORDER = "NA"
"""UBL wants a purchase order beside a sales order; this stands for none."""


def write_ubl(terms: InvoiceTerms) -> bytes:
    """The document as UBL, UTF-8."""
    root = "CreditNote" if terms.is_credit_note else "Invoice"
    amounts = Amounts(terms.currency)
    parts = [DECLARATION, f"<{root} {_ROOT.format(namespace=_NAMESPACE, root=root)}>"]
    parts.extend(_head(terms))
    parts.extend(_references(terms))
    parts.append(f"<cac:AccountingSupplierParty>{_party(terms.seller, terms)}</cac:AccountingSupplierParty>")
    parts.append(f"<cac:AccountingCustomerParty>{_party(terms.buyer, terms)}</cac:AccountingCustomerParty>")
    parts.append(_delivery(terms))
    parts.append(_payment(terms.payment))
    parts.extend(_charges(terms, amounts))
    parts.append(_taxes(terms, amounts))
    parts.append(_totals(terms, amounts))
    parts.extend(_line(line, terms, amounts) for line in terms.lines)
    parts.append(f"</{root}>\n")
    return "".join(parts).encode()


def _cbc(name: str, value: str) -> str:
    return f"<cbc:{name}>{escaped(value)}</cbc:{name}>" if value else ""


def _cac(name: str, content: str) -> str:
    return f"<cac:{name}>{content}</cac:{name}>" if content else ""


def _with(name: str, attribute: str, attribute_value: str, value: str) -> str:
    if not attribute_value:
        return _cbc(name, value)
    return f'<cbc:{name} {attribute}="{escaped(attribute_value)}">{escaped(value)}</cbc:{name}>' if value else ""


def _amount(name: str, text: str, currency: str) -> str:
    return f'<cbc:{name} currencyID="{currency}">{text}</cbc:{name}>'


def _period(period: Period) -> str:
    return (
        f"<cac:InvoicePeriod><cbc:StartDate>{period.start.isoformat()}</cbc:StartDate>"
        f"<cbc:EndDate>{last_day(period.end).isoformat()}</cbc:EndDate></cac:InvoicePeriod>"
    )


def _head(terms: InvoiceTerms) -> Iterator[str]:
    yield _cbc("CustomizationID", terms.specification)
    yield _cbc("ProfileID", terms.process)
    yield _cbc("ID", terms.number)
    yield _cbc("UUID", terms.document_uuid)
    yield _cbc("IssueDate", terms.issued_on.isoformat())
    if terms.due_on is not None:
        yield _cbc("DueDate", terms.due_on.isoformat())
    yield _cbc("CreditNoteTypeCode" if terms.is_credit_note else "InvoiceTypeCode", terms.type_code)
    yield _cbc("Note", terms.note)
    yield _cbc("DocumentCurrencyCode", terms.currency)
    if terms.accounting is not None:
        yield _cbc("TaxCurrencyCode", terms.accounting.currency)
    yield _cbc("AccountingCost", terms.cost_centre)
    yield _cbc("BuyerReference", terms.buyer_reference)
    yield _period(terms.period)


def _references(terms: InvoiceTerms) -> Iterator[str]:
    if terms.purchase_order or terms.sales_order:
        order = _cbc("ID", terms.purchase_order or NO_ORDER)
        yield _cac("OrderReference", order + _cbc("SalesOrderID", terms.sales_order))
    for number, issued_on in terms.corrects:
        reference = _cbc("ID", number) + _cbc("IssueDate", issued_on.isoformat())
        yield _cac("BillingReference", _cac("InvoiceDocumentReference", reference))
    yield _cac("ContractDocumentReference", _cbc("ID", terms.contract))
    if terms.object_id:
        yield _additional(terms.object_id, "130")
    if terms.project and terms.is_credit_note:
        yield _additional(terms.project, "50")
    accounting = terms.accounting
    if accounting is not None and accounting.net_minor is not None and accounting.gross_minor is not None:
        text = Amounts(accounting.currency).text
        yield _additional(accounting.currency, "sgdtotal-excl-gst", text(accounting.net_minor))
        yield _additional(accounting.currency, "sgdtotal-incl-gst", text(accounting.gross_minor))
    if terms.details_url:
        location = _cac("Attachment", _cac("ExternalReference", _cbc("URI", terms.details_url)))
        yield _cac("AdditionalDocumentReference", _cbc("ID", terms.number) + location)
    if not terms.is_credit_note:
        yield _cac("ProjectReference", _cbc("ID", terms.project))


def _additional(value: str, code: str, description: str = "") -> str:
    content = _cbc("ID", value) + _cbc("DocumentTypeCode", code) + _cbc("DocumentDescription", description)
    return _cac("AdditionalDocumentReference", content)


def _party(party: PartyTerms, terms: InvoiceTerms) -> str:
    creditor_id = terms.payment.creditor_id if party is terms.seller else ""
    content = [
        _with("EndpointID", "schemeID", party.address_scheme, party.electronic_address),
        _cac("PartyIdentification", _cbc("ID", party.identifier)),
        _cac("PartyIdentification", _with("ID", "schemeID", "SEPA", creditor_id)),
        _cac(
            "PostalAddress",
            _cbc("StreetName", party.street)
            + _cbc("CityName", party.city)
            + _cbc("PostalZone", party.postal_code)
            + _cbc("CountrySubentity", party.state)
            + _cac("Country", _cbc("IdentificationCode", party.country)),
        ),
        _tax_scheme(party.tax_id, terms.tax_scheme),
        _tax_scheme(party.tax_number, "TAX"),
        _cac(
            "PartyLegalEntity",
            _cbc("RegistrationName", party.name)
            + _with("CompanyID", "schemeID", party.company_scheme, party.company_number)
            + _cbc("CompanyLegalForm", party.legal_information),
        ),
    ]
    contact = _cbc("Name", party.contact_name) + _cbc("Telephone", party.phone) + _cbc("ElectronicMail", party.email)
    content.append(_cac("Contact", contact))
    return f"<cac:Party>{''.join(content)}</cac:Party>"


def _tax_scheme(number: str, scheme: str) -> str:
    if not number:
        return ""
    return _cac("PartyTaxScheme", _cbc("CompanyID", number) + _scheme(scheme))


def _scheme(scheme: str) -> str:
    return f"<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme>"


def _delivery(terms: InvoiceTerms) -> str:
    if not terms.deliver_to:
        return ""
    buyer = terms.buyer
    address = (
        _cbc("StreetName", buyer.street)
        + _cbc("CityName", buyer.city)
        + _cbc("PostalZone", buyer.postal_code)
        + _cac("Country", _cbc("IdentificationCode", buyer.country))
    )
    return _cac("Delivery", _cac("DeliveryLocation", _cac("Address", address)))


def _payment(payment: PaymentTerms) -> str:
    means = ""
    if payment.code:
        account = _cac(
            "PayeeFinancialAccount",
            _cbc("ID", payment.account)
            + _cbc("Name", payment.account_name)
            + _cac("FinancialInstitutionBranch", _cbc("ID", payment.bank_code)),
        )
        debited = _cac("PayerFinancialAccount", _cbc("ID", payment.debited_account))
        means = _cac(
            "PaymentMeans",
            _cbc("PaymentMeansCode", payment.code)
            + _cbc("PaymentID", payment.reference)
            + account
            + _cac("PaymentMandate", _cbc("ID", payment.mandate) + debited),
        )
    return means + _cac("PaymentTerms", _cbc("Note", payment.conditions))


def _allowance_charge(minor: int, reason: str, currency: str, amounts: Amounts, category: str = "") -> str:
    """An allowance of a positive amount; a charge of a negative one."""
    return _indicated(
        is_charge=minor < 0, text=amounts.text(abs(minor)), reason=reason, currency=currency, more=category
    )


def _indicated(*, is_charge: bool, text: str, reason: str, currency: str, more: str = "") -> str:
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{'true' if is_charge else 'false'}</cbc:ChargeIndicator>"
        f"{_cbc('AllowanceChargeReason', reason)}{_amount('Amount', text, currency)}{more}</cac:AllowanceCharge>"
    )


def _charges(terms: InvoiceTerms, amounts: Amounts) -> Iterator[str]:
    for charge in terms.charges:
        category = _category("TaxCategory", charge.category, charge.rate, terms.tax_scheme)
        yield _allowance_charge(-charge.amount_minor, charge.reason, terms.currency, amounts, category)


def _category(name: str, code: str, rate: Decimal | None, scheme: str, more: str = "") -> str:
    percent = "" if rate is None else f"<cbc:Percent>{number_text(rate)}</cbc:Percent>"
    return f"<cac:{name}><cbc:ID>{escaped(code)}</cbc:ID>{percent}{more}{_scheme(scheme)}</cac:{name}>"


def _taxes(terms: InvoiceTerms, amounts: Amounts) -> str:
    rows = "".join(_subtotal(row, terms, amounts) for row in terms.taxes)
    total = _amount("TaxAmount", amounts.text(terms.totals.tax_minor), terms.currency)
    accounting = terms.accounting
    second = ""
    if accounting is not None:
        text = Amounts(accounting.currency).text(accounting.tax_minor)
        second = _cac("TaxTotal", _amount("TaxAmount", text, accounting.currency))
    return f"<cac:TaxTotal>{total}{rows}</cac:TaxTotal>{second}"


def _subtotal(row: TaxTerms, terms: InvoiceTerms, amounts: Amounts) -> str:
    reason = _cbc("TaxExemptionReasonCode", row.exemption_code) + _cbc("TaxExemptionReason", row.exemption_text)
    return (
        f"<cac:TaxSubtotal>{_amount('TaxableAmount', amounts.text(row.base_minor), terms.currency)}"
        f"{_amount('TaxAmount', amounts.text(row.tax_minor), terms.currency)}"
        f"{_category('TaxCategory', row.category, row.rate, terms.tax_scheme, reason)}</cac:TaxSubtotal>"
    )


def _totals(terms: InvoiceTerms, amounts: Amounts) -> str:
    totals = terms.totals
    rows = (
        ("LineExtensionAmount", totals.lines_minor, True),
        ("TaxExclusiveAmount", totals.net_minor, True),
        ("TaxInclusiveAmount", totals.gross_minor, True),
        ("AllowanceTotalAmount", totals.allowances_minor, bool(totals.allowances_minor)),
        ("ChargeTotalAmount", totals.charges_minor, bool(totals.charges_minor)),
        ("PrepaidAmount", totals.prepaid_minor, bool(totals.prepaid_minor)),
        ("PayableAmount", totals.due_minor, True),
    )
    content = "".join(
        _amount(name, amounts.text(minor), terms.currency) for name, minor, is_written in rows if is_written
    )
    return f"<cac:LegalMonetaryTotal>{content}</cac:LegalMonetaryTotal>"


def _line(line: LineTerms, terms: InvoiceTerms, amounts: Amounts) -> str:
    currency = terms.currency
    name, quantity = (
        ("CreditNoteLine", "CreditedQuantity") if terms.is_credit_note else ("InvoiceLine", "InvoicedQuantity")
    )
    allowances = "".join(_allowance_charge(a.amount_minor, a.reason, currency, amounts) for a in line.allowances)
    if line.rounding:
        allowances += _indicated(
            is_charge=line.rounding > 0, text=number_text(abs(line.rounding)), reason=ROUNDING, currency=currency
        )
    return (
        f"<cac:{name}><cbc:ID>{line.line_id}</cbc:ID>{_cbc('Note', line.note)}"
        f'<cbc:{quantity} unitCode="{escaped(line.unit)}">{number_text(line.quantity)}</cbc:{quantity}>'
        f"{_amount('LineExtensionAmount', amounts.text(line.net_minor), currency)}"
        f"{_cbc('AccountingCost', line.cost_centre)}{_period(line.period)}"
        f"{_cac('OrderLineReference', _cbc('LineID', line.po_line))}{_object(line)}{allowances}{_item(line, terms)}"
        f"<cac:Price>{_amount('PriceAmount', number_text(line.price), currency)}"
        f'<cbc:BaseQuantity unitCode="{escaped(line.unit)}">{number_text(line.base_quantity)}</cbc:BaseQuantity></cac:Price>'
        f"</cac:{name}>"
    )


def _object(line: LineTerms) -> str:
    if not line.object_id:
        return ""
    content = _with("ID", "schemeID", _OBJECT_SCHEME, line.object_id) + _cbc("DocumentTypeCode", "130")
    return _cac("DocumentReference", content)


def _item(line: LineTerms, terms: InvoiceTerms) -> str:
    attributes = "".join(
        f"<cac:AdditionalItemProperty>{_cbc('Name', name)}{_cbc('Value', value)}</cac:AdditionalItemProperty>"
        for name, value in line.attributes
    )
    return (
        f"<cac:Item>{_cbc('Name', line.name)}"
        f"{_cac('BuyersItemIdentification', _cbc('ID', line.reference))}"
        f"{_cac('SellersItemIdentification', _cbc('ID', line.product_code))}"
        f"{_category('ClassifiedTaxCategory', line.category, line.rate, terms.tax_scheme)}{attributes}</cac:Item>"
    )
