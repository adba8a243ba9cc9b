"""Business terms → CII D16B (CrossIndustryInvoice), as EN 16931 and Factur-X use it; elements in the order of the schema."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

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

_ROOT = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)
_OBJECT_SCHEME = "EQ"
"""Equipment number (UNTDID 1153), the scheme of BT-128."""
_SUPPORTING = "916"
"""Type of a supporting document (BG-24, UNTDID 1001)."""
_PROJECT_NAME = "Project reference"
"""CII wants a name beside a project's number (BT-11)."""


def write_cii(terms: InvoiceTerms) -> bytes:
    """The document as CII, UTF-8."""
    amounts = Amounts(terms.currency)
    parts = [DECLARATION, f"<rsm:CrossIndustryInvoice {_ROOT}>", _head(terms), "<rsm:SupplyChainTradeTransaction>"]
    parts.extend(_line(line, terms, amounts) for line in terms.lines)
    parts.append(
        f"<ram:ApplicableHeaderTradeAgreement>{''.join(_agreement(terms))}</ram:ApplicableHeaderTradeAgreement>"
    )
    parts.append(f"<ram:ApplicableHeaderTradeDelivery>{_delivery(terms)}</ram:ApplicableHeaderTradeDelivery>")
    parts.append(
        f"<ram:ApplicableHeaderTradeSettlement>{''.join(_settlement(terms, amounts))}</ram:ApplicableHeaderTradeSettlement>"
    )
    parts.append("</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>\n")
    return "".join(parts).encode()


def _ram(name: str, value: str) -> str:
    return f"<ram:{name}>{escaped(value)}</ram:{name}>" if value else ""


def _group(name: str, content: str) -> str:
    return f"<ram:{name}>{content}</ram:{name}>" if content else ""


def _with_scheme(name: str, scheme: str, value: str) -> str:
    if not scheme:
        return _ram(name, value)
    return f'<ram:{name} schemeID="{escaped(scheme)}">{escaped(value)}</ram:{name}>' if value else ""


def _date(name: str, day: date, prefix: str = "udt") -> str:
    return f'<ram:{name}><{prefix}:DateTimeString format="102">{day.strftime("%Y%m%d")}</{prefix}:DateTimeString></ram:{name}>'


def _reference(name: str, value: str) -> str:
    return _group(name, _ram("IssuerAssignedID", value))


@lru_cache(maxsize=500)
def _period(period: Period) -> str:
    return _group(
        "BillingSpecifiedPeriod",
        _date("StartDateTime", period.start) + _date("EndDateTime", last_day(period.end)),
    )


def _head(terms: InvoiceTerms) -> str:
    return (
        "<rsm:ExchangedDocumentContext>"
        f"{_group('BusinessProcessSpecifiedDocumentContextParameter', _ram('ID', terms.process))}"
        f"{_group('GuidelineSpecifiedDocumentContextParameter', _ram('ID', terms.specification))}"
        "</rsm:ExchangedDocumentContext><rsm:ExchangedDocument>"
        f"{_ram('ID', terms.number)}{_ram('TypeCode', terms.type_code)}{_date('IssueDateTime', terms.issued_on)}"
        f"{_group('IncludedNote', _ram('Content', terms.note))}</rsm:ExchangedDocument>"
    )


def _agreement(terms: InvoiceTerms) -> Iterator[str]:
    yield _ram("BuyerReference", terms.buyer_reference)
    yield _group("SellerTradeParty", _party(terms.seller))
    yield _group("BuyerTradeParty", _party(terms.buyer))
    yield _reference("SellerOrderReferencedDocument", terms.sales_order)
    yield _reference("BuyerOrderReferencedDocument", terms.purchase_order)
    yield _reference("ContractReferencedDocument", terms.contract)
    if terms.object_id:
        content = _ram("IssuerAssignedID", terms.object_id) + _ram("TypeCode", "130")
        yield _group("AdditionalReferencedDocument", content)
    if terms.details_url:
        location = (
            _ram("IssuerAssignedID", terms.number) + _ram("URIID", terms.details_url) + _ram("TypeCode", _SUPPORTING)
        )
        yield _group("AdditionalReferencedDocument", location)
    if terms.project:
        yield _group("SpecifiedProcuringProject", _ram("ID", terms.project) + _ram("Name", _PROJECT_NAME))


def _party(party: PartyTerms) -> str:
    contact = (
        _ram("PersonName", party.contact_name)
        + _group("TelephoneUniversalCommunication", _ram("CompleteNumber", party.phone))
        + _group("EmailURIUniversalCommunication", _ram("URIID", party.email))
    )
    return (
        f"{_ram('ID', party.identifier)}{_ram('Name', party.name)}{_ram('Description', party.legal_information)}"
        f"{_group('SpecifiedLegalOrganization', _with_scheme('ID', party.company_scheme, party.company_number))}"
        f"{_group('DefinedTradeContact', contact)}{_group('PostalTradeAddress', _address(party))}"
        f"{_group('URIUniversalCommunication', _with_scheme('URIID', party.address_scheme, party.electronic_address))}"
        f"{_group('SpecifiedTaxRegistration', _with_scheme('ID', 'VA', party.tax_id))}"
        f"{_group('SpecifiedTaxRegistration', _with_scheme('ID', 'FC', party.tax_number))}"
    )


def _address(party: PartyTerms, *, with_state: bool = True) -> str:
    return (
        _ram("PostcodeCode", party.postal_code)
        + _ram("LineOne", party.street)
        + _ram("CityName", party.city)
        + _ram("CountryID", party.country)
        + (_ram("CountrySubDivisionName", party.state) if with_state else "")
    )


def _delivery(terms: InvoiceTerms) -> str:
    if not terms.deliver_to:
        return ""
    return _group("ShipToTradeParty", _group("PostalTradeAddress", _address(terms.buyer, with_state=False)))


def _settlement(terms: InvoiceTerms, amounts: Amounts) -> Iterator[str]:
    payment = terms.payment
    yield _ram("CreditorReferenceID", payment.creditor_id)
    yield _ram("PaymentReference", payment.reference)
    if terms.accounting is not None:
        yield _ram("TaxCurrencyCode", terms.accounting.currency)
    yield _ram("InvoiceCurrencyCode", terms.currency)
    yield _means(payment)
    for row in terms.taxes:
        yield _tax(row, amounts)
    yield _period(terms.period)
    for charge in terms.charges:
        category = _category("CategoryTradeTax", charge.category, charge.rate)
        yield _allowance_charge(-charge.amount_minor, charge.reason, amounts, category)
    due = "" if terms.due_on is None else _date("DueDateDateTime", terms.due_on)
    conditions = _ram("Description", payment.conditions) + due + _ram("DirectDebitMandateID", payment.mandate)
    yield _group("SpecifiedTradePaymentTerms", conditions)
    yield _totals(terms, amounts)
    for number, issued_on in terms.corrects:
        content = _ram("IssuerAssignedID", number) + _date("FormattedIssueDateTime", issued_on, "qdt")
        yield _group("InvoiceReferencedDocument", content)
    yield _group("ReceivableSpecifiedTradeAccountingAccount", _ram("ID", terms.cost_centre))


def _means(payment: PaymentTerms) -> str:
    if not payment.code:
        return ""
    account = _ram("IBANID", payment.account) if payment.is_iban else ""
    proprietary = "" if payment.is_iban else _ram("ProprietaryID", payment.account)
    return _group(
        "SpecifiedTradeSettlementPaymentMeans",
        _ram("TypeCode", payment.code)
        + _group("PayerPartyDebtorFinancialAccount", _ram("IBANID", payment.debited_account))
        + _group(
            "PayeePartyCreditorFinancialAccount", account + _ram("AccountName", payment.account_name) + proprietary
        )
        + _group("PayeeSpecifiedCreditorFinancialInstitution", _ram("BICID", payment.bank_code)),
    )


def _category(name: str, code: str, rate: Decimal | None) -> str:
    percent = "" if rate is None else _ram("RateApplicablePercent", number_text(rate))
    return _group(name, f"<ram:TypeCode>VAT</ram:TypeCode>{_ram('CategoryCode', code)}{percent}")


def _tax(row: TaxTerms, amounts: Amounts) -> str:
    return _group(
        "ApplicableTradeTax",
        _ram("CalculatedAmount", amounts.text(row.tax_minor))
        + "<ram:TypeCode>VAT</ram:TypeCode>"
        + _ram("ExemptionReason", row.exemption_text)
        + _ram("BasisAmount", amounts.text(row.base_minor))
        + _ram("CategoryCode", row.category)
        + _ram("ExemptionReasonCode", row.exemption_code)
        + ("" if row.rate is None else _ram("RateApplicablePercent", number_text(row.rate))),
    )


def _allowance_charge(minor: int, reason: str, amounts: Amounts, category: str = "") -> str:
    """An allowance of a positive amount; a charge of a negative one."""
    return _indicated(is_charge=minor < 0, text=amounts.text(abs(minor)), reason=reason, more=category)


def _indicated(*, is_charge: bool, text: str, reason: str, more: str = "") -> str:
    indicator = f"<udt:Indicator>{'true' if is_charge else 'false'}</udt:Indicator>"
    return _group(
        "SpecifiedTradeAllowanceCharge",
        _group("ChargeIndicator", indicator) + _ram("ActualAmount", text) + _ram("Reason", reason) + more,
    )


def _totals(terms: InvoiceTerms, amounts: Amounts) -> str:
    totals = terms.totals
    text = amounts.text
    taxes = f'<ram:TaxTotalAmount currencyID="{terms.currency}">{text(totals.tax_minor)}</ram:TaxTotalAmount>'
    accounting = terms.accounting
    if accounting is not None:
        second = Amounts(accounting.currency).text(accounting.tax_minor)
        taxes += f'<ram:TaxTotalAmount currencyID="{accounting.currency}">{second}</ram:TaxTotalAmount>'
    return _group(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        _ram("LineTotalAmount", text(totals.lines_minor))
        + (_ram("ChargeTotalAmount", text(totals.charges_minor)) if totals.charges_minor else "")
        + (_ram("AllowanceTotalAmount", text(totals.allowances_minor)) if totals.allowances_minor else "")
        + _ram("TaxBasisTotalAmount", text(totals.net_minor))
        + taxes
        + _ram("GrandTotalAmount", text(totals.gross_minor))
        + (_ram("TotalPrepaidAmount", text(totals.prepaid_minor)) if totals.prepaid_minor else "")
        + _ram("DuePayableAmount", text(totals.due_minor)),
    )


def _line(line: LineTerms, terms: InvoiceTerms, amounts: Amounts) -> str:
    price = (
        f"{_ram('ChargeAmount', number_text(line.price))}"
        f'<ram:BasisQuantity unitCode="{escaped(line.unit)}">{number_text(line.base_quantity)}</ram:BasisQuantity>'
    )
    order = _group("BuyerOrderReferencedDocument", _ram("LineID", line.po_line))
    quantity = f'<ram:BilledQuantity unitCode="{escaped(line.unit)}">{number_text(line.quantity)}</ram:BilledQuantity>'
    return (
        "<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument>"
        f"{_ram('LineID', line.line_id)}{_group('IncludedNote', _ram('Content', line.note))}"
        f"</ram:AssociatedDocumentLineDocument>{_group('SpecifiedTradeProduct', _product(line))}"
        f"{_group('SpecifiedLineTradeAgreement', order + _group('NetPriceProductTradePrice', price))}"
        f"{_group('SpecifiedLineTradeDelivery', quantity)}"
        f"{_group('SpecifiedLineTradeSettlement', _line_settlement(line, amounts))}"
        "</ram:IncludedSupplyChainTradeLineItem>"
    )


def _product(line: LineTerms) -> str:
    attributes = "".join(
        _group("ApplicableProductCharacteristic", _ram("Description", name) + _ram("Value", value))
        for name, value in line.attributes
    )
    return (
        _ram("SellerAssignedID", line.product_code)
        + _ram("BuyerAssignedID", line.reference)
        + _ram("Name", line.name)
        + attributes
    )


def _line_settlement(line: LineTerms, amounts: Amounts) -> str:
    allowances = "".join(_allowance_charge(a.amount_minor, a.reason, amounts) for a in line.allowances)
    if line.rounding:
        allowances += _indicated(is_charge=line.rounding > 0, text=number_text(abs(line.rounding)), reason=ROUNDING)
    subject = ""
    if line.object_id:
        subject = _group(
            "AdditionalReferencedDocument",
            _ram("IssuerAssignedID", line.object_id)
            + _ram("TypeCode", "130")
            + _ram("ReferenceTypeCode", _OBJECT_SCHEME),
        )
    return (
        f"{_category('ApplicableTradeTax', line.category, line.rate)}{_period(line.period)}{allowances}"
        f"{_group('SpecifiedTradeSettlementLineMonetarySummation', _ram('LineTotalAmount', amounts.text(line.net_minor)))}"
        f"{subject}{_group('ReceivableSpecifiedTradeAccountingAccount', _ram('ID', line.cost_centre))}"
    )
