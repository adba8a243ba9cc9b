"""UBL 2.1 → business terms."""

import re
from decimal import Decimal
from typing import Any

from rackbill.formats.einvoice_reading.tree import Node, day, period
from rackbill.formats.einvoice_terms import (
    ROUNDING,
    AccountingTerms,
    AllowanceTerms,
    ChargeTerms,
    InvoiceTerms,
    LineTerms,
    PartyTerms,
    PaymentTerms,
    TaxTerms,
    TotalTerms,
)
from rackbill.formats.einvoice_ubl import NO_ORDER

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")


def read_ubl(root: Any) -> InvoiceTerms:
    """The terms of an Invoice or CreditNote. Raises Unreadable."""
    top = Node(root)
    is_credit_note = top.one("CreditNoteTypeCode").is_there
    currency = top.must("DocumentCurrencyCode")
    documents = list(top.all("AdditionalDocumentReference"))
    references = {code: row for row in documents if (code := row.text("DocumentTypeCode"))}
    order = top.text("OrderReference/ID")
    project = references["50"].text("ID") if "50" in references else top.text("ProjectReference/ID")
    due = top.text("DueDate")
    tax_total = _tax_total(top, has_rows=True)
    payment = _payment(top)
    return InvoiceTerms(
        specification=top.must("CustomizationID"),
        process=top.text("ProfileID"),
        tax_scheme=tax_total.must("TaxSubtotal/TaxCategory/TaxScheme/ID"),
        number=top.must("ID"),
        type_code=top.must("CreditNoteTypeCode" if is_credit_note else "InvoiceTypeCode"),
        issued_on=day(top.must("IssueDate")),
        due_on=day(due) if due else None,
        currency=currency,
        period=period(top.must("InvoicePeriod/StartDate"), top.must("InvoicePeriod/EndDate")),
        seller=_party(top.one("AccountingSupplierParty/Party")),
        buyer=_party(top.one("AccountingCustomerParty/Party")),
        payment=payment,
        lines=tuple(
            _line(row, currency) for row in top.all("CreditNoteLine" if is_credit_note else "InvoiceLine")
        ),
        taxes=tuple(_tax(row, currency) for row in tax_total.all("TaxSubtotal")),
        charges=tuple(_charge(row, currency) for row in top.all("AllowanceCharge")),
        totals=_totals(top.one("LegalMonetaryTotal"), tax_total.minor("TaxAmount", currency), currency),
        accounting=_accounting(top, references),
        note=top.text("Note"),
        buyer_reference=top.text("BuyerReference"),
        project=project,
        contract=top.text("ContractDocumentReference/ID"),
        purchase_order="" if order == NO_ORDER else order,
        sales_order=top.text("OrderReference/SalesOrderID"),
        object_id=references["130"].text("ID") if "130" in references else "",
        cost_centre=top.text("AccountingCost"),
        corrects=tuple(
            (row.must("InvoiceDocumentReference/ID"), day(row.must("InvoiceDocumentReference/IssueDate")))
            for row in top.all("BillingReference")
        ),
        deliver_to=top.one("Delivery/DeliveryLocation/Address").is_there,
        details_url=next((url for row in documents if (url := row.text("Attachment/ExternalReference/URI"))), ""),
        document_uuid=top.text("UUID"),
    )  # fmt: skip


def _party(party: Node) -> PartyTerms:
    identifiers = [row.one("ID") for row in party.all("PartyIdentification")]
    schemes = {row.text("TaxScheme/ID"): row.text("CompanyID") for row in party.all("PartyTaxScheme")}
    address = party.one("PostalAddress")
    entity = party.one("PartyLegalEntity")
    return PartyTerms(
        name=entity.must("RegistrationName"),
        identifier=next((row.text() for row in identifiers if row.attribute("schemeID") != "SEPA"), ""),
        company_number=entity.text("CompanyID"),
        company_scheme=entity.one("CompanyID").attribute("schemeID"),
        tax_id=schemes.get("VAT", "") or schemes.get("GST", ""),
        tax_number=schemes.get("TAX", ""),
        legal_information=entity.text("CompanyLegalForm"),
        electronic_address=party.text("EndpointID"),
        address_scheme=party.one("EndpointID").attribute("schemeID"),
        street=address.text("StreetName"),
        city=address.text("CityName"),
        postal_code=address.text("PostalZone"),
        state=address.text("CountrySubentity"),
        country=address.text("Country/IdentificationCode"),
        contact_name=party.text("Contact/Name"),
        phone=party.text("Contact/Telephone"),
        email=party.text("Contact/ElectronicMail"),
    )


def _payment(top: Node) -> PaymentTerms:
    means = top.one("PaymentMeans")
    account = means.text("PayeeFinancialAccount/ID")
    creditors = [row.one("ID") for row in top.one("AccountingSupplierParty/Party").all("PartyIdentification")]
    return PaymentTerms(
        code=means.text("PaymentMeansCode"),
        account=account,
        # UBL does not say which kind of account it is.
        is_iban=bool(_IBAN.match(account)),
        account_name=means.text("PayeeFinancialAccount/Name"),
        bank_code=means.text("PayeeFinancialAccount/FinancialInstitutionBranch/ID"),
        mandate=means.text("PaymentMandate/ID"),
        debited_account=means.text("PaymentMandate/PayerFinancialAccount/ID"),
        creditor_id=next((row.text() for row in creditors if row.attribute("schemeID") == "SEPA"), ""),
        reference=means.text("PaymentID"),
        conditions=top.text("PaymentTerms/Note"),
    )


def _signed(row: Node, currency: str) -> int:
    """The amount of an allowance; that of a charge is negative."""
    minor = row.minor("Amount", currency)
    return -minor if row.text("ChargeIndicator") == "true" else minor


def _charge(row: Node, currency: str) -> ChargeTerms:
    category = row.one("TaxCategory")
    return ChargeTerms(
        reason=row.text("AllowanceChargeReason"), amount_minor=-_signed(row, currency), category=category.text("ID"),
        rate=_rate(category),
    )  # fmt: skip


def _rate(category: Node) -> Decimal | None:
    return category.number("Percent") if category.one("Percent").is_there else None


def _tax(row: Node, currency: str) -> TaxTerms:
    category = row.one("TaxCategory")
    return TaxTerms(
        category=category.must("ID"), rate=_rate(category), base_minor=row.minor("TaxableAmount", currency),
        tax_minor=row.minor("TaxAmount", currency), exemption_code=category.text("TaxExemptionReasonCode"),
        exemption_text=category.text("TaxExemptionReason"),
    )  # fmt: skip


def _tax_total(top: Node, *, has_rows: bool) -> Node:
    return next((row for row in top.all("TaxTotal") if row.one("TaxSubtotal").is_there == has_rows), Node(None))


def _accounting(top: Node, references: dict[str, Node]) -> AccountingTerms | None:
    currency = top.text("TaxCurrencyCode")
    if not currency:
        return None
    tax = _tax_total(top, has_rows=False)
    net, gross = references.get("sgdtotal-excl-gst"), references.get("sgdtotal-incl-gst")
    return AccountingTerms(
        currency=currency,
        tax_minor=tax.minor("TaxAmount", currency),
        net_minor=net.minor("DocumentDescription", currency) if net else None,
        gross_minor=gross.minor("DocumentDescription", currency) if gross else None,
    )


def _totals(totals: Node, tax_minor: int, currency: str) -> TotalTerms:
    return TotalTerms(
        lines_minor=totals.minor("LineExtensionAmount", currency),
        allowances_minor=totals.minor("AllowanceTotalAmount", currency),
        charges_minor=totals.minor("ChargeTotalAmount", currency),
        net_minor=totals.minor("TaxExclusiveAmount", currency),
        tax_minor=tax_minor,
        gross_minor=totals.minor("TaxInclusiveAmount", currency),
        prepaid_minor=totals.minor("PrepaidAmount", currency),
        due_minor=totals.minor("PayableAmount", currency),
    )


def _line(row: Node, currency: str) -> LineTerms:
    quantity = row.one("CreditedQuantity")
    name = "CreditedQuantity" if quantity.is_there else "InvoicedQuantity"
    item = row.one("Item")
    category = item.one("ClassifiedTaxCategory")
    charges = list(row.all("AllowanceCharge"))
    rounding = Decimal(0)
    for charge in charges:
        if charge.text("AllowanceChargeReason") == ROUNDING:
            sign = 1 if charge.text("ChargeIndicator") == "true" else -1
            rounding += sign * charge.number("Amount")
    return LineTerms(
        line_id=row.must("ID"),
        quantity=row.number(name),
        unit=row.one(name).attribute("unitCode"),
        net_minor=row.minor("LineExtensionAmount", currency),
        price=row.number("Price/PriceAmount"),
        base_quantity=row.number("Price/BaseQuantity"),
        period=period(row.must("InvoicePeriod/StartDate"), row.must("InvoicePeriod/EndDate")),
        name=item.must("Name"),
        category=category.must("ID"),
        rate=_rate(category),
        note=row.text("Note"),
        object_id=row.text("DocumentReference/ID"),
        po_line=row.text("OrderLineReference/LineID"),
        cost_centre=row.text("AccountingCost"),
        product_code=item.text("SellersItemIdentification/ID"),
        reference=item.text("BuyersItemIdentification/ID"),
        attributes=tuple((pair.text("Name"), pair.text("Value")) for pair in item.all("AdditionalItemProperty")),
        allowances=tuple(
            AllowanceTerms(reason=charge.text("AllowanceChargeReason"), amount_minor=_signed(charge, currency))
            for charge in charges
            if charge.text("AllowanceChargeReason") != ROUNDING
        ),
        rounding=rounding,
    )
