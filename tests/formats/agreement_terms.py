"""What an e-invoice states, term by term of EN 16931, read by XPath from UBL and CII without any attachment; and what it should.

The terms are those of the mapping table of the domain notes: identifiers, references, periods, quantities, amounts, taxes.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from lxml import etree

from rackbill.core.document import Document, DocumentKind, DocumentLine
from rackbill.core.money import minor_digits

Facts = dict[str, str]
_UBL = {
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
}
_CII = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_T = "rsm:SupplyChainTradeTransaction/ram:"
_A, _S = f"{_T}ApplicableHeaderTradeAgreement/ram:", f"{_T}ApplicableHeaderTradeSettlement/ram:"
_M = f"{_S}SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
_LA, _LS = "ram:SpecifiedLineTradeAgreement/ram:", "ram:SpecifiedLineTradeSettlement/ram:"
_P = "cac:Party/"
HEAD: dict[str, tuple[str, str]] = {
    "BT-1": ("cbc:ID", "rsm:ExchangedDocument/ram:ID"),
    "BT-2": ("cbc:IssueDate", "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString"),
    "BT-3": ("cbc:InvoiceTypeCode | cbc:CreditNoteTypeCode", "rsm:ExchangedDocument/ram:TypeCode"),
    "BT-5": ("cbc:DocumentCurrencyCode", f"{_S}InvoiceCurrencyCode"),
    "BT-6": ("cbc:TaxCurrencyCode", f"{_S}TaxCurrencyCode"),
    "BT-9": ("cbc:DueDate", f"{_S}SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString"),
    "BT-10": ("cbc:BuyerReference", f"{_A}BuyerReference"),
    "BT-11": (
        "cac:ProjectReference/cbc:ID | cac:AdditionalDocumentReference[cbc:DocumentTypeCode='50']/cbc:ID",
        f"{_A}SpecifiedProcuringProject/ram:ID",
    ),
    "BT-12": ("cac:ContractDocumentReference/cbc:ID", f"{_A}ContractReferencedDocument/ram:IssuerAssignedID"),
    "BT-13": ("cac:OrderReference/cbc:ID[.!='NA']", f"{_A}BuyerOrderReferencedDocument/ram:IssuerAssignedID"),
    "BT-14": ("cac:OrderReference/cbc:SalesOrderID", f"{_A}SellerOrderReferencedDocument/ram:IssuerAssignedID"),
    "BT-18": (
        "cac:AdditionalDocumentReference[cbc:DocumentTypeCode='130']/cbc:ID",
        f"{_A}AdditionalReferencedDocument[ram:TypeCode='130']/ram:IssuerAssignedID",
    ),
    "BT-19": ("cbc:AccountingCost", f"{_S}ReceivableSpecifiedTradeAccountingAccount/ram:ID"),
    "BT-27": (
        f"cac:AccountingSupplierParty/{_P}cac:PartyLegalEntity/cbc:RegistrationName", f"{_A}SellerTradeParty/ram:Name",
    ),
    "BT-44": (
        f"cac:AccountingCustomerParty/{_P}cac:PartyLegalEntity/cbc:RegistrationName", f"{_A}BuyerTradeParty/ram:Name",
    ),
    "BT-46": (f"cac:AccountingCustomerParty/{_P}cac:PartyIdentification/cbc:ID", f"{_A}BuyerTradeParty/ram:ID"),
    "BT-73": (
        "cac:InvoicePeriod/cbc:StartDate", f"{_S}BillingSpecifiedPeriod/ram:StartDateTime/udt:DateTimeString",
    ),
    "BT-74": ("cac:InvoicePeriod/cbc:EndDate", f"{_S}BillingSpecifiedPeriod/ram:EndDateTime/udt:DateTimeString"),
    "BT-89": (
        "cac:PaymentMeans/cac:PaymentMandate/cbc:ID", f"{_S}SpecifiedTradePaymentTerms/ram:DirectDebitMandateID",
    ),
    "BT-90": (
        f"cac:AccountingSupplierParty/{_P}cac:PartyIdentification/cbc:ID[@schemeID='SEPA']", f"{_S}CreditorReferenceID",
    ),
    "BT-91": (
        "cac:PaymentMeans/cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID",
        f"{_S}SpecifiedTradeSettlementPaymentMeans/ram:PayerPartyDebtorFinancialAccount/ram:IBANID",
    ),
    "BT-106": ("cac:LegalMonetaryTotal/cbc:LineExtensionAmount", f"{_M}LineTotalAmount"),
    "BT-112": ("cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", f"{_M}GrandTotalAmount"),
    "BT-113": ("cac:LegalMonetaryTotal/cbc:PrepaidAmount", f"{_M}TotalPrepaidAmount"),
    "BT-115": ("cac:LegalMonetaryTotal/cbc:PayableAmount", f"{_M}DuePayableAmount"),
}  # fmt: skip
LINES = ("cac:InvoiceLine | cac:CreditNoteLine", f"{_T}IncludedSupplyChainTradeLineItem")
LINE: dict[str, tuple[str, str]] = {
    "BT-126": ("cbc:ID", "ram:AssociatedDocumentLineDocument/ram:LineID"),
    "BT-128": (
        "cac:DocumentReference[cbc:DocumentTypeCode='130']/cbc:ID",
        f"{_LS}AdditionalReferencedDocument[ram:TypeCode='130']/ram:IssuerAssignedID",
    ),
    "BT-129": ("cbc:InvoicedQuantity | cbc:CreditedQuantity", "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"),
    "BT-130": (
        "cbc:InvoicedQuantity/@unitCode | cbc:CreditedQuantity/@unitCode",
        "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode",
    ),
    "BT-131": ("cbc:LineExtensionAmount", f"{_LS}SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
    "BT-132": ("cac:OrderLineReference/cbc:LineID", f"{_LA}BuyerOrderReferencedDocument/ram:LineID"),
    "BT-133": ("cbc:AccountingCost", f"{_LS}ReceivableSpecifiedTradeAccountingAccount/ram:ID"),
    "BT-134": (
        "cac:InvoicePeriod/cbc:StartDate", f"{_LS}BillingSpecifiedPeriod/ram:StartDateTime/udt:DateTimeString",
    ),
    "BT-135": ("cac:InvoicePeriod/cbc:EndDate", f"{_LS}BillingSpecifiedPeriod/ram:EndDateTime/udt:DateTimeString"),
    "BT-146": ("cac:Price/cbc:PriceAmount", f"{_LA}NetPriceProductTradePrice/ram:ChargeAmount"),
    "BT-149": ("cac:Price/cbc:BaseQuantity", f"{_LA}NetPriceProductTradePrice/ram:BasisQuantity"),
    "BT-155": ("cac:Item/cac:SellersItemIdentification/cbc:ID", "ram:SpecifiedTradeProduct/ram:SellerAssignedID"),
    "BT-156": ("cac:Item/cac:BuyersItemIdentification/cbc:ID", "ram:SpecifiedTradeProduct/ram:BuyerAssignedID"),
}  # fmt: skip
_ATTRIBUTES = (
    ("cac:Item/cac:AdditionalItemProperty", "cbc:Name", "cbc:Value"),
    ("ram:SpecifiedTradeProduct/ram:ApplicableProductCharacteristic", "ram:Description", "ram:Value"),
)
_CORRECTED = (
    ("cac:BillingReference/cac:InvoiceDocumentReference", "cbc:ID", "cbc:IssueDate"),
    (f"{_S}InvoiceReferencedDocument", "ram:IssuerAssignedID", "ram:FormattedIssueDateTime/*"),
)
_TAXES = (
    ("cac:TaxTotal/cac:TaxSubtotal", "cbc:TaxableAmount", "cbc:TaxAmount", "cac:TaxCategory/cbc:ID"),
    (f"{_S}ApplicableTradeTax", "ram:BasisAmount", "ram:CalculatedAmount", "ram:CategoryCode"),
)
_NUMBERS = {"BT-129", "BT-146", "BT-149", "BT-106", "BT-112", "BT-113", "BT-115", "BT-131"}
_DAYS = {"BT-2", "BT-9", "BT-73", "BT-74", "BT-134", "BT-135"}


def read_terms(content: bytes) -> Facts:
    """The terms that the XML states. Raises ValueError where one stands twice."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    is_cii = etree.QName(root).localname == "CrossIndustryInvoice"
    side, names = (1, _CII) if is_cii else (0, _UBL)
    facts = {term: _one(root, paths[side], names, term) for term, paths in HEAD.items()}
    currency = facts["BT-5"]
    facts |= {term: _amount(facts[term], currency) for term in ("BT-106", "BT-112", "BT-113", "BT-115")}
    facts |= _tax_totals(root, side, names, currency, facts["BT-6"])
    block, number, day = _CORRECTED[side]
    for place, element in enumerate(root.xpath(block, namespaces=names)):
        facts[f"BT-25 {place}"] = _one(element, number, names, "BT-25")
        facts[f"BT-26 {place}"] = _day(_one(element, day, names, "BT-26"))
    lines = root.xpath(LINES[side], namespaces=names)
    facts["line count"] = str(len(lines))
    for place, element in enumerate(lines, start=1):
        own = {term: _one(element, paths[side], names, term) for term, paths in LINE.items()}
        own["BT-131"] = _amount(own["BT-131"], currency)
        block, name, value = _ATTRIBUTES[side]
        for attribute in element.xpath(block, namespaces=names):
            own[f"BG-32 {_one(attribute, name, names, 'BT-160')}"] = _one(attribute, value, names, "BT-161")
        facts |= {f"line {place} {term}": text for term, text in own.items()}
    return {term: text for term, text in facts.items() if text}


def _one(element: etree._Element, path: str, names: dict[str, str], term: str) -> str:
    found = element.xpath(path, namespaces=names)
    if len(found) > 1:
        raise ValueError(f"{term} stands {len(found)} times")
    text = (found[0] if isinstance(found[0], str) else found[0].text or "") if found else ""
    if term in _DAYS:
        return _day(text)
    return _plain(Decimal(text)) if term in _NUMBERS and text else text


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _amount(text: str, currency: str) -> str:
    """An amount with all digits of its currency, and no more."""
    value = Decimal(text or "0")
    minor = value.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{text} has more decimals than {currency}")
    return amount(int(minor), currency)


def amount(minor: int, currency: str) -> str:
    """Minor units as an exact decimal of the currency."""
    return f"{Decimal(minor).scaleb(-minor_digits(currency)):f}"


def _tax_totals(root: etree._Element, side: int, names: dict[str, str], currency: str, books: str) -> Facts:
    """What is charged in taxes, VAT or not: BT-110 and the document's charges (BT-108) less its allowances (BT-107)."""
    paths = (
        ("cac:TaxTotal/cbc:TaxAmount", "cac:LegalMonetaryTotal/cbc:ChargeTotalAmount",
         "cac:LegalMonetaryTotal/cbc:AllowanceTotalAmount"),
        (f"{_M}TaxTotalAmount", f"{_M}ChargeTotalAmount", f"{_M}AllowanceTotalAmount"),
    )[side]  # fmt: skip
    totals = {element.get("currencyID"): element.text for element in root.xpath(paths[0], namespaces=names)}
    charged = Decimal(totals.get(currency) or "0")
    charged += Decimal(_one(root, paths[1], names, "BT-108") or "0") - Decimal(
        _one(root, paths[2], names, "BT-107") or "0"
    )
    facts = {"all taxes": _amount(str(charged), currency)}
    if books:
        facts["BT-111"] = _amount(totals[books], books)
    block, base, tax, _code = _TAXES[side]
    rows = root.xpath(block, namespaces=names)
    facts["BT-116 together"] = _amount(str(sum(Decimal(_one(row, base, names, "BT-116")) for row in rows)), currency)
    facts["BT-117 together"] = _amount(str(sum(Decimal(_one(row, tax, names, "BT-117")) for row in rows)), currency)
    return facts


# What the document says, put where the mapping table wants it.


def terms_stated(document: Document) -> Facts:
    """The terms that an e-invoice of the document must state, and no others of those that are read."""
    to, totals, currency = document.bill_to, document.totals, document.currency
    is_invoice = document.kind is DocumentKind.INVOICE
    order = to.po_number.strip() or _only((line.subject.po_number for line in document.lines), of_all=True)
    contract = _only((line.subject.contract_id for line in document.lines), of_all=True)
    is_vat = all(row.regime in ("VAT", "OUTSIDE") for row in document.tax_subtotals)
    facts = {
        "BT-1": document.number, "BT-2": str(document.issued_on), "BT-3": "380" if is_invoice else "381", "BT-5": currency,
        "BT-9": str(document.due_on) if is_invoice else "", "BT-10": _buyer_reference(document, order, contract),
        "BT-11": to.project_reference.strip(), "BT-12": contract, "BT-13": order,
        "BT-14": _sales_order(document), "BT-18": to.billing_group_id, "BT-19": to.cost_centre.strip(),
        "BT-27": document.seller.name, "BT-44": document.buyer.name, "BT-46": to.customer_id,
        "BT-73": str(document.period.start), "BT-74": str(document.period.end - timedelta(days=1)),
        "BT-106": amount(totals.net_minor, currency), "BT-112": amount(totals.gross_minor, currency),
        "BT-113": amount(totals.prepaid_minor, currency), "BT-115": amount(totals.due_minor, currency),
        "all taxes": amount(totals.tax_minor, currency), "line count": str(len(document.lines)),
        "BT-116 together": amount(totals.net_minor if is_vat else totals.gross_minor, currency),
        "BT-117 together": amount(totals.tax_minor if is_vat else 0, currency), 
        # What is credited is not debited.
        "BT-89": document.payment.mandate_reference if is_invoice else "",
    }  # fmt: skip
    if facts["BT-89"]:
        facts |= {"BT-90": document.payment.creditor_id, "BT-91": "".join(document.payment.debited_account.split())}
    books = document.accounting
    if is_vat and books is not None and books.currency != currency:
        facts |= {"BT-6": books.currency, "BT-111": amount(sum(books.tax_minor), books.currency)}
    for place, reference in enumerate(document.corrects):
        facts |= {f"BT-25 {place}": reference.number, f"BT-26 {place}": str(reference.issued_on)}
    for place, line in enumerate(document.lines, start=1):
        facts |= {f"line {place} {term}": text for term, text in _line_terms(line, document, order).items()}
    return {term: text for term, text in facts.items() if text}


def _only(values: Iterator[str], *, of_all: bool = False) -> str:
    """The one value there is; a blank one counts as another only where all must have it."""
    found = {value.strip() for value in values} - (set() if of_all else {""})
    return found.pop() if len(found) == 1 else ""


def _sales_order(document: Document) -> str:
    """BT-14 stands for the whole document, so every line has to be of that order."""
    return _only((line.subject.order_id for line in document.lines), of_all=True)


def _buyer_reference(document: Document, order: str, contract: str) -> str:
    """BT-10: the buyer's own value (a Leitweg-ID above all), else the purchase order, the contract, the billing group."""
    own = document.bill_to.buyer_reference.strip()
    scheme, _, leitweg_id = document.buyer.electronic_address.partition(":")
    if not own and scheme == "0204":
        own = leitweg_id.strip()
    return own or order or contract or document.bill_to.billing_group_id


def _line_terms(line: DocumentLine, document: Document, order: str) -> Facts:
    subject = line.subject
    own_order, sales_order = subject.po_number.strip(), subject.order_id.strip()
    attributes = {
        "Contract ID": subject.contract_id, "Service ID": subject.service_id, "Reference": subject.reference,
        "Legacy name": subject.legacy_name, "Legacy ID": subject.legacy_id, "Location": subject.location,
        "Serial": subject.serial, "Order ID": "" if sales_order == _sales_order(document) else sales_order,
        "Purchase order": "" if own_order == order else own_order, **_measured(line),
    }  # fmt: skip
    return {
        "BT-126": str(line.line_number), "BT-128": subject.equipment_id.strip(), "BT-129": _plain(line.quantity),
        "BT-130": line.unit, "BT-131": amount(line.net_minor, document.currency),
        "BT-132": subject.po_line.strip() if order and own_order in ("", order) else "",
        "BT-133": subject.cost_centre.strip(), "BT-134": str(line.period.start), "BT-135": str(_last(line)),
        "BT-146": _plain(line.unit_price), "BT-149": _plain(line.price_base_quantity),
        "BT-155": subject.product_code.strip(), "BT-156": subject.reference.strip(),
        **{f"BG-32 {name}": value.strip() for name, value in attributes.items()},
    }  # fmt: skip


_UNITS = {"E20": "Mbps", "B80": "Gbps", "E34": "GB", "E35": "TB", "HUR": "h", "C62": "unit"}
"""Units of Rec. 20 by the word that people know."""


def _measured(line: DocumentLine) -> Facts:
    use = line.measured
    if use is None:
        return {}
    unit = _UNITS.get(use.unit, use.unit)
    return {
        "Measured": f"{_plain(use.quantity)} {unit}", "Included": f"{_plain(use.included)} {unit}" if use.included else "",
        "Method": use.method, "Samples": str(use.sample_count or ""), "Samples SHA-256": use.samples_sha256,
    }  # fmt: skip


def _last(line: DocumentLine) -> date:
    return line.period.end - timedelta(days=1)
