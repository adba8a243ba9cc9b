"""CII D16B → business terms."""

from decimal import Decimal
from typing import Any

from rackbill.core.periods import Period
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

_DAY = "DateTimeString"


def read_cii(root: Any) -> InvoiceTerms:
    """The terms of a CrossIndustryInvoice. Raises Unreadable."""
    top = Node(root)
    context, head = top.one("ExchangedDocumentContext"), top.one("ExchangedDocument")
    trade = top.one("SupplyChainTradeTransaction")
    agreement, settlement = trade.one("ApplicableHeaderTradeAgreement"), trade.one("ApplicableHeaderTradeSettlement")
    currency = settlement.must("InvoiceCurrencyCode")
    documents = list(agreement.all("AdditionalReferencedDocument"))
    due = settlement.text(f"SpecifiedTradePaymentTerms/DueDateDateTime/{_DAY}")
    return InvoiceTerms(
        specification=context.must("GuidelineSpecifiedDocumentContextParameter/ID"),
        process=context.text("BusinessProcessSpecifiedDocumentContextParameter/ID"),
        tax_scheme=settlement.must("ApplicableTradeTax/TypeCode"),
        number=head.must("ID"),
        type_code=head.must("TypeCode"),
        issued_on=day(head.must(f"IssueDateTime/{_DAY}")),
        due_on=day(due) if due else None,
        currency=currency,
        period=_period(settlement),
        seller=_party(agreement.one("SellerTradeParty")),
        buyer=_party(agreement.one("BuyerTradeParty")),
        payment=_payment(settlement),
        lines=tuple(_line(row, currency) for row in trade.all("IncludedSupplyChainTradeLineItem")),
        taxes=tuple(_tax(row, currency) for row in settlement.all("ApplicableTradeTax")),
        charges=tuple(_charge(row, currency) for row in settlement.all("SpecifiedTradeAllowanceCharge")),
        totals=_totals(settlement.one("SpecifiedTradeSettlementHeaderMonetarySummation"), currency),
        accounting=_accounting(settlement),
        note=head.text("IncludedNote/Content"),
        buyer_reference=agreement.text("BuyerReference"),
        project=agreement.text("SpecifiedProcuringProject/ID"),
        contract=agreement.text("ContractReferencedDocument/IssuerAssignedID"),
        purchase_order=agreement.text("BuyerOrderReferencedDocument/IssuerAssignedID"),
        sales_order=agreement.text("SellerOrderReferencedDocument/IssuerAssignedID"),
        object_id=next((row.text("IssuerAssignedID") for row in documents if row.text("TypeCode") == "130"), ""),
        cost_centre=settlement.text("ReceivableSpecifiedTradeAccountingAccount/ID"),
        corrects=tuple(
            (row.must("IssuerAssignedID"), day(row.must(f"FormattedIssueDateTime/{_DAY}")))
            for row in settlement.all("InvoiceReferencedDocument")
        ),
        details_url=next((url for row in documents if (url := row.text("URIID"))), ""),
        deliver_to=trade.one("ApplicableHeaderTradeDelivery/ShipToTradeParty").is_there,
    )


def _period(settlement: Node) -> Period:
    return period(
        settlement.must(f"BillingSpecifiedPeriod/StartDateTime/{_DAY}"),
        settlement.must(f"BillingSpecifiedPeriod/EndDateTime/{_DAY}"),
    )


def _party(party: Node) -> PartyTerms:
    registrations = [row.one("ID") for row in party.all("SpecifiedTaxRegistration")]
    numbers = {row.attribute("schemeID"): row.text() for row in registrations}
    address = party.one("PostalTradeAddress")
    contact = party.one("DefinedTradeContact")
    company = party.one("SpecifiedLegalOrganization/ID")
    electronic = party.one("URIUniversalCommunication/URIID")
    return PartyTerms(
        name=party.must("Name"),
        identifier=party.text("ID"),
        company_number=company.text(),
        company_scheme=company.attribute("schemeID"),
        tax_id=numbers.get("VA", ""),
        tax_number=numbers.get("FC", ""),
        legal_information=party.text("Description"),
        electronic_address=electronic.text(),
        address_scheme=electronic.attribute("schemeID"),
        street=address.text("LineOne"),
        city=address.text("CityName"),
        postal_code=address.text("PostcodeCode"),
        state=address.text("CountrySubDivisionName"),
        country=address.text("CountryID"),
        contact_name=contact.text("PersonName"),
        phone=contact.text("TelephoneUniversalCommunication/CompleteNumber"),
        email=contact.text("EmailURIUniversalCommunication/URIID"),
    )


def _payment(settlement: Node) -> PaymentTerms:
    means = settlement.one("SpecifiedTradeSettlementPaymentMeans")
    account = means.one("PayeePartyCreditorFinancialAccount")
    iban = account.text("IBANID")
    return PaymentTerms(
        code=means.text("TypeCode"),
        account=iban or account.text("ProprietaryID"),
        is_iban=bool(iban),
        account_name=account.text("AccountName"),
        bank_code=means.text("PayeeSpecifiedCreditorFinancialInstitution/BICID"),
        mandate=settlement.text("SpecifiedTradePaymentTerms/DirectDebitMandateID"),
        debited_account=means.text("PayerPartyDebtorFinancialAccount/IBANID"),
        creditor_id=settlement.text("CreditorReferenceID"),
        reference=settlement.text("PaymentReference"),
        conditions=settlement.text("SpecifiedTradePaymentTerms/Description"),
    )


def _is_charge(row: Node) -> bool:
    return row.text("ChargeIndicator/Indicator") == "true"


def _signed(row: Node, currency: str) -> int:
    """The amount of an allowance; that of a charge is negative."""
    minor = row.minor("ActualAmount", currency)
    return -minor if _is_charge(row) else minor


def _charge(row: Node, currency: str) -> ChargeTerms:
    category = row.one("CategoryTradeTax")
    return ChargeTerms(
        reason=row.text("Reason"), amount_minor=-_signed(row, currency), category=category.text("CategoryCode"),
        rate=_rate(category),
    )  # fmt: skip


def _rate(category: Node) -> Decimal | None:
    name = "RateApplicablePercent"
    return category.number(name) if category.one(name).is_there else None


def _tax(row: Node, currency: str) -> TaxTerms:
    return TaxTerms(
        category=row.must("CategoryCode"), rate=_rate(row), base_minor=row.minor("BasisAmount", currency),
        tax_minor=row.minor("CalculatedAmount", currency), exemption_code=row.text("ExemptionReasonCode"),
        exemption_text=row.text("ExemptionReason"),
    )  # fmt: skip


def _accounting(settlement: Node) -> AccountingTerms | None:
    currency = settlement.text("TaxCurrencyCode")
    if not currency:
        return None
    rows = settlement.one("SpecifiedTradeSettlementHeaderMonetarySummation")
    for row in rows.all("TaxTotalAmount"):
        if row.attribute("currencyID") == currency:
            return AccountingTerms(currency=currency, tax_minor=row.minor("", currency))
    return None


def _totals(totals: Node, currency: str) -> TotalTerms:
    taxes = {row.attribute("currencyID"): row for row in totals.all("TaxTotalAmount")}
    return TotalTerms(
        lines_minor=totals.minor("LineTotalAmount", currency),
        allowances_minor=totals.minor("AllowanceTotalAmount", currency),
        charges_minor=totals.minor("ChargeTotalAmount", currency),
        net_minor=totals.minor("TaxBasisTotalAmount", currency),
        tax_minor=taxes[currency].minor("", currency) if currency in taxes else 0,
        gross_minor=totals.minor("GrandTotalAmount", currency),
        prepaid_minor=totals.minor("TotalPrepaidAmount", currency),
        due_minor=totals.minor("DuePayableAmount", currency),
    )


def _line(row: Node, currency: str) -> LineTerms:
    product, settlement = row.one("SpecifiedTradeProduct"), row.one("SpecifiedLineTradeSettlement")
    agreement, delivery = row.one("SpecifiedLineTradeAgreement"), row.one("SpecifiedLineTradeDelivery")
    category = settlement.one("ApplicableTradeTax")
    charges = list(settlement.all("SpecifiedTradeAllowanceCharge"))
    rounding = Decimal(0)
    for charge in charges:
        if charge.text("Reason") == ROUNDING:
            rounding += charge.number("ActualAmount") * (1 if _is_charge(charge) else -1)
    characteristics = product.all("ApplicableProductCharacteristic")
    return LineTerms(
        line_id=row.must("AssociatedDocumentLineDocument/LineID"),
        quantity=delivery.number("BilledQuantity"),
        unit=delivery.one("BilledQuantity").attribute("unitCode"),
        net_minor=settlement.minor("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount", currency),
        price=agreement.number("NetPriceProductTradePrice/ChargeAmount"),
        base_quantity=agreement.number("NetPriceProductTradePrice/BasisQuantity"),
        period=_period(settlement),
        name=product.must("Name"),
        category=category.must("CategoryCode"),
        rate=_rate(category),
        note=row.text("AssociatedDocumentLineDocument/IncludedNote/Content"),
        object_id=settlement.text("AdditionalReferencedDocument/IssuerAssignedID"),
        po_line=agreement.text("BuyerOrderReferencedDocument/LineID"),
        cost_centre=settlement.text("ReceivableSpecifiedTradeAccountingAccount/ID"),
        product_code=product.text("SellerAssignedID"),
        reference=product.text("BuyerAssignedID"),
        attributes=tuple((pair.text("Description"), pair.text("Value")) for pair in characteristics),
        allowances=tuple(
            AllowanceTerms(reason=charge.text("Reason"), amount_minor=_signed(charge, currency))
            for charge in charges
            if charge.text("Reason") != ROUNDING
        ),
        rounding=rounding,
    )
