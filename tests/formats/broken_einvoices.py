"""E-invoices broken on purpose, each with the official rule that forbids it: what our own checks and imported packs must say."""

import re
from dataclasses import dataclass

from rackbill.formats.einvoice import write_einvoice
from tests.world import documents as world
from tests.world.reachable import reachable


@dataclass(frozen=True, slots=True)
class Broken:
    """A golden document in a profile, with one edit of its XML (pattern, replacement), and the rule that it breaks."""

    profile: str
    document: str
    rule: str
    pattern: str
    replacement: str = ""

    @property
    def xml(self) -> bytes:
        """The broken file. Raises AssertionError where the edit changes nothing."""
        text = write_einvoice(reachable(world.golden()[self.document]), self.profile).decode()
        changed = re.sub(self.pattern, self.replacement, text, flags=re.DOTALL)
        assert changed != text, f"{self}: nothing to edit"
        return changed.encode()


_SELLER = "^(.*<cac:AccountingSupplierParty>.*?)"
_BUYER = "^(.*<cac:AccountingCustomerParty>.*?)"
_MEANS = "^(.*<cac:PaymentMeans>.*?)"
_TOTALS = "^(.*<cac:LegalMonetaryTotal>.*?)"
_LINE = "^(.*?<cac:InvoiceLine>.*?)"


def _gone(inside: str, name: str) -> tuple[str, str]:
    """Takes the first element of that name inside a part away."""
    return rf"{inside}<{name}(?: [^>]*)?>.*?</{name}>", r"\1"


_ON_THE_NETWORK: tuple[tuple[str, str, str], ...] = (
    ("R001", "<cbc:ProfileID>.*?</cbc:ProfileID>", ""),
    (
        "R005",
        "(<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>)",
        r"\1<cbc:TaxCurrencyCode>EUR</cbc:TaxCurrencyCode>",
    ),
    ("R008", _BUYER + "<cbc:StreetName>.*?<", r"\1<cbc:StreetName> <"),
    ("R010", *_gone(_BUYER, "cbc:EndpointID")),
    ("R020", *_gone(_SELLER, "cbc:EndpointID")),
    ("R053", "(<cac:TaxTotal>.*?</cac:TaxTotal>)", r"\1\1"),
    ("R054", "(<cac:TaxTotal>)", r'<cac:TaxTotal><cbc:TaxAmount currencyID="USD">1</cbc:TaxAmount></cac:TaxTotal>\1'),
    ("R101", _LINE + "(<cac:DocumentReference>.*?<cbc:DocumentTypeCode>)130", r"\g<1>\g<2>50"),
    ("R110", _LINE + "<cbc:StartDate>.*?<", r"\1<cbc:StartDate>2019-01-01<"),
    ("R111", _LINE + "<cbc:EndDate>.*?<", r"\1<cbc:EndDate>2029-01-01<"),
    ("R120", _LINE + "(<cbc:PriceAmount [^>]*>)[^<]*", r"\g<1>\g<2>77777"),
    ("R121", _LINE + "(<cbc:BaseQuantity [^>]*>)[^<]*", r"\g<1>\g<2>-1"),
    ("R130", _LINE + '(<cbc:BaseQuantity unitCode=")[^"]*', r"\g<1>\g<2>XBX"),
)
"""Rules that Peppol and XRechnung have alike."""
_PEPPOL: tuple[tuple[str, str, str, str], ...] = (
    ("PEPPOL-EN16931-R002", "simple", "(<cbc:Note>.*?</cbc:Note>)(?=<cbc:DocumentCurrencyCode>)", r"\1\1"),
    ("PEPPOL-EN16931-R003", "simple", "<cbc:BuyerReference>.*?</cbc:BuyerReference>(.*?)<cac:OrderReference>.*?</cac:OrderReference>", r"\1"),
    ("PEPPOL-EN16931-R004", "simple", "billing:3.0</cbc:CustomizationID>", "billing:2.0</cbc:CustomizationID>"),
    ("PEPPOL-EN16931-R007", "simple", "billing:01:1.0</cbc:ProfileID>", "ordering</cbc:ProfileID>"),
    ("PEPPOL-EN16931-R051", "simple", _TOTALS + '(<cbc:PayableAmount currencyID=")EUR', r"\g<1>\g<2>USD"),
    ("PEPPOL-EN16931-R061", "two_rates", "<cac:PaymentMandate>.*?</cac:PaymentMandate>", ""),
    ("PEPPOL-EN16931-R100", "simple", _LINE + "(<cac:DocumentReference>.*?</cac:DocumentReference>)", r"\1\2\2"),
    ("PEPPOL-COMMON-R040", "simple", _BUYER + "<cbc:EndpointID.*?<", r'\1<cbc:EndpointID schemeID="0088">5390000000003<'),
    ("PEPPOL-COMMON-R043", "simple", _BUYER + "<cbc:EndpointID.*?<", r'\1<cbc:EndpointID schemeID="0208">0428759498<'),
    ("NL-R-001", "credit_note", "<cac:BillingReference>.*?</cac:BillingReference>", ""),
    ("NL-R-002", "simple", *_gone(_SELLER, "cbc:PostalZone")),
    ("NL-R-003", "simple", _SELLER + r'(<cbc:CompanyID) schemeID="0106"', r"\1\2"),
    ("NL-R-007", "simple", "<cac:PaymentMeans>.*?</cac:PaymentMeans>", ""),
    ("NL-R-007", "credit_note", "<cac:PaymentMeans>.*?</cac:PaymentMeans>", ""),
    ("NL-R-008", "simple", "<cbc:PaymentMeansCode>58<", "<cbc:PaymentMeansCode>97<"),
    ("NL-R-008", "credit_note", "<cbc:PaymentMeansCode>57<", "<cbc:PaymentMeansCode>97<"),
    (
        "NL-R-009", "simple", "<cac:OrderReference>.*?</cac:OrderReference>(.*?)(<cac:DocumentReference>)",
        r"\1<cac:OrderLineReference><cbc:LineID>1</cbc:LineID></cac:OrderLineReference>\2",
    ),
)  # fmt: skip
_GERMAN: tuple[tuple[str, str, str, str], ...] = (
    ("BR-DE-1", "simple", "<cac:PaymentMeans>.*?</cac:PaymentMeans>", ""),
    ("BR-DE-2", "simple", *_gone(_SELLER, "cac:Contact")),
    ("BR-DE-3", "simple", *_gone(_SELLER, "cbc:CityName")),
    ("BR-DE-4", "simple", *_gone(_SELLER, "cbc:PostalZone")),
    ("BR-DE-5", "simple", _SELLER + "(<cac:Contact>)<cbc:Name>.*?</cbc:Name>", r"\1\2"),
    ("BR-DE-6", "simple", *_gone(_SELLER, "cbc:Telephone")),
    ("BR-DE-7", "simple", *_gone(_SELLER, "cbc:ElectronicMail")),
    ("BR-DE-8", "simple", *_gone(_BUYER, "cbc:CityName")),
    ("BR-DE-9", "simple", *_gone(_BUYER, "cbc:PostalZone")),
    ("BR-DE-14", "simple", "^(.*?<cac:TaxSubtotal>.*?)<cbc:Percent>.*?</cbc:Percent>", r"\1"),
    ("BR-DE-15", "simple", "<cbc:BuyerReference>.*?</cbc:BuyerReference>", ""),
    ("BR-DE-21", "simple", "xrechnung_3.0</cbc:CustomizationID>", "xrechnung_9.9</cbc:CustomizationID>"),
    ("BR-DE-23-a", "simple", "<cac:PayeeFinancialAccount>.*?</cac:PayeeFinancialAccount>", ""),
    ("BR-DE-23-b", "simple", "(</cac:PayeeFinancialAccount>)", r"\1<cac:PaymentMandate><cbc:ID>M</cbc:ID></cac:PaymentMandate>"),
    ("BR-DE-25-a", "two_rates", "<cac:PaymentMandate>.*?</cac:PaymentMandate>", ""),
    ("BR-DE-30", "two_rates", *_gone(_SELLER, "cac:PartyIdentification")),
    ("BR-DE-31", "two_rates", "<cac:PayerFinancialAccount>.*?</cac:PayerFinancialAccount>", ""),
)  # fmt: skip
_SINGAPOREAN: tuple[tuple[str, str, str, str], ...] = (
    ("PEPPOL-EN16931-R003-SG", "singapore_in_usd", "<cbc:BuyerReference>.*?</cbc:BuyerReference>|<cac:OrderReference>.*?</cac:OrderReference>", ""),
    ("PEPPOL-EN16931-R004-SG", "singapore_in_usd", "billing-1@sg-1", "billing-1@my-1"),
    ("PEPPOL-EN16931-R007-SG", "singapore_in_usd", "bis:billing</cbc:ProfileID>", "bis:ordering</cbc:ProfileID>"),
    ("PEPPOL-EN16931-R053-SG", "singapore_in_usd", "(<cac:TaxTotal>.*?</cac:TaxTotal>)", r"\1\1"),
    ("PEPPOL-EN16931-R054-SG", "singapore_in_usd", '<cac:TaxTotal><cbc:TaxAmount currencyID="SGD">.*?</cac:TaxTotal>', ""),
    ("PEPPOL-EN16931-R120-SG", "singapore_in_usd", _LINE + "(<cbc:PriceAmount [^>]*>)[^<]*", r"\g<1>\g<2>77777"),
    ("BR-53-GST-SG", "singapore_in_usd", "<cbc:DocumentTypeCode>sgdtotal-incl-gst<", "<cbc:DocumentTypeCode>130<"),
    ("BR-105-GST-SG", "singapore_in_usd", *_gone(_SELLER, "cac:PartyTaxScheme")),
    ("BR-106-GST-SG", "singapore_in_usd", *_gone(_SELLER, "cbc:PostalZone")),
    ("BR-107-GST-SG", "singapore_in_usd", *_gone(_BUYER, "cbc:StreetName")),
    ("BR-108-GST-SG", "singapore_in_usd", "<cbc:UUID>.*?</cbc:UUID>", ""),
    ("BR-109-GST-SG", "singapore_in_usd", "<cbc:UUID>.*?</cbc:UUID>", "<cbc:UUID>5</cbc:UUID>"),
    ("BR-110-GST-SG", "singapore_in_usd", "<cbc:TaxCurrencyCode>.*?</cbc:TaxCurrencyCode>", ""),
    ("BR-112-GST-SG", "singapore_in_usd", _SELLER + "(</cbc:RegistrationName>)<cbc:CompanyID.*?</cbc:CompanyID>", r"\1\2"),
    ("BR-113-GST-SG", "singapore_dollars", "(</cbc:DocumentCurrencyCode>)", r"\1<cbc:TaxCurrencyCode>USD</cbc:TaxCurrencyCode>"),
    ("BR-CL-16-SG", "singapore_in_usd", "<cbc:PaymentMeansCode>.*?<", "<cbc:PaymentMeansCode>99<"),
    ("BR-CL-17-GST-SG", "singapore_in_usd", "(<cac:TaxCategory><cbc:ID>)SR", r"\1S"),
    ("BR-CL-18-GST-SG", "singapore_in_usd", "(<cac:ClassifiedTaxCategory><cbc:ID>)SR", r"\1S"),
    ("BR-CO-04-GST-SG", "singapore_in_usd", _LINE + "(<cac:ClassifiedTaxCategory>.*?<cac:TaxScheme><cbc:ID>)GST", r"\1\2VAT"),
    ("BR-CO-10-SG", "singapore_in_usd", _TOTALS + "(<cbc:LineExtensionAmount [^>]*>)[^<]*", r"\g<1>\g<2>1.00"),
    ("BR-CO-13-GST-SG", "singapore_in_usd", _TOTALS + "(<cbc:TaxExclusiveAmount [^>]*>)[^<]*", r"\g<1>\g<2>1.00"),
    ("BR-CO-14-GST-SG", "singapore_in_usd", "^(.*?<cac:TaxTotal><cbc:TaxAmount [^>]*>)[^<]*", r"\g<1>1.00"),
    ("BR-CO-16-GST-SG", "singapore_in_usd", _TOTALS + "(<cbc:PayableAmount [^>]*>)[^<]*", r"\g<1>\g<2>1.00"),
    ("BR-CO-25-SG", "singapore_in_usd", "<cbc:DueDate>.*?</cbc:DueDate>(.*?)<cac:PaymentTerms>.*?</cac:PaymentTerms>", r"\1"),
    ("UBL-SR-43-GST-SG", "singapore_in_usd", "<cbc:DocumentTypeCode>sgdtotal-incl-gst<", "<cbc:DocumentTypeCode>916<"),
    ("IRASC5-097", "singapore_in_usd", _LINE + "(<cbc:PriceAmount [^>]*>)129.95", r"\g<1>\g<2>129.950"),
)  # fmt: skip
BROKEN = [
    *(
        Broken(profile, "simple", f"PEPPOL-EN16931-{rule}", pattern, to)
        for rule, pattern, to in _ON_THE_NETWORK
        for profile in ("peppol", "xrechnung")
    ),
    *(Broken("peppol", document, rule, pattern, to) for rule, document, pattern, to in _PEPPOL),
    *(Broken("xrechnung", document, rule, pattern, to) for rule, document, pattern, to in _GERMAN),
    *(Broken("pint-sg", document, rule, pattern, to) for rule, document, pattern, to in _SINGAPOREAN),
]
