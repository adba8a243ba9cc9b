"""Rules of Peppol BIS 3, XRechnung 3, PINT-SG and IRAS, worked out anew from their published text, under their own IDs.

The official packs are not ours to pass on, so they are run by whoever imports them (`make campaign NAME=einvoices`); this is what
every test run holds against. `broken_einvoices` shows that both say the same of files that are broken on purpose.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lxml import etree
from stdnum import ean
from stdnum.be import vat as enterprise

_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
_SELLER = f"{_CAC}AccountingSupplierParty/{_CAC}Party"
_BUYER = f"{_CAC}AccountingCustomerParty/{_CAC}Party"
_TOTALS = f"{_CAC}LegalMonetaryTotal"
_MANDATE = f"{_CAC}PaymentMandate/{_CBC}ID"
_BIS = "urn:fdc:peppol.eu:2017:poacc:billing"
_SPECIFICATION = {
    "peppol": ("PEPPOL-EN16931-R004", f"urn:cen.eu:en16931:2017#compliant#{_BIS}:3.0"),
    "xrechnung": ("BR-DE-21", "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"),
    "pint-sg": ("PEPPOL-EN16931-R004-SG", "urn:peppol:pint:billing-1@sg-1"),
}
_GST_CODES = "SR SRCA-S SRCA-C ZR ES33 ESN33 DS OS NA NG SRRC SROVR-RS SROVR-LVG SRLVG".split()
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MEANS_OF_SINGAPORE = {*map(str, range(1, 69)), *"70 74 75 76 77 78 91 92 93 94 95 96 97 ZZZ Z01 Z02".split()}


def network_problems(xml: bytes, profile: str) -> list[str]:
    """What is wrong with a UBL file of a network's profile: the rule's ID, a colon, and words."""
    return list(_problems(etree.fromstring(xml), profile))


def _problems(root: Any, profile: str) -> Iterator[str]:
    rule, specification = _SPECIFICATION[profile]
    if root.findtext(f"{_CBC}CustomizationID") != specification:
        yield f"{rule}: another specification"
    yield from {"xrechnung": _german, "peppol": _peppol, "pint-sg": _singaporean}[profile](root)


def _european(root: Any) -> Iterator[str]:
    """What Peppol and XRechnung have alike."""
    process = root.findtext(f"{_CBC}ProfileID")
    if not process:
        yield "PEPPOL-EN16931-R001: no process"
    if any(not len(e) and not (e.text or "").strip() for e in root.iter() if isinstance(e.tag, str)):
        yield "PEPPOL-EN16931-R008: an empty element"
    for path, rule in ((_BUYER, "R010"), (_SELLER, "R020")):
        if root.find(f"{path}/{_CBC}EndpointID[@schemeID]") is None:
            yield f"PEPPOL-EN16931-{rule}: no electronic address"
    if root.findtext(f"{_CBC}TaxCurrencyCode") == root.findtext(f"{_CBC}DocumentCurrencyCode"):
        yield "PEPPOL-EN16931-R005: accounting currency is the invoice's"
    yield from _tax_totals(root, "PEPPOL-EN16931-R053", "PEPPOL-EN16931-R054")
    code, mandate = (root.findtext(f"{_CAC}PaymentMeans/{path}") for path in (f"{_CBC}PaymentMeansCode", _MANDATE))
    if code in ("49", "59") and not mandate:
        yield "PEPPOL-EN16931-R061: direct debit without mandate"
    first, last = (root.findtext(f"{_CAC}InvoicePeriod/{_CBC}{name}") for name in ("StartDate", "EndDate"))
    for line in _lines(root):
        period = line.find(f"{_CAC}InvoicePeriod")
        if period.findtext(f"{_CBC}StartDate") < first:
            yield "PEPPOL-EN16931-R110: a line begins before the invoice's period"
        if period.findtext(f"{_CBC}EndDate") > last:
            yield "PEPPOL-EN16931-R111: a line ends behind the invoice's period"
        if any(e.text != "130" for e in line.iterfind(f"{_CAC}DocumentReference/{_CBC}DocumentTypeCode")):
            yield "PEPPOL-EN16931-R101: a reference that is no object"
        yield from _amount_of(line, "PEPPOL-EN16931-R120")
        base = line.find(f"{_CAC}Price/{_CBC}BaseQuantity")
        if not Decimal(base.text) > 0:
            yield "PEPPOL-EN16931-R121: base quantity not positive"
        if base.get("unitCode") != _quantity(line).get("unitCode"):
            yield "PEPPOL-EN16931-R130: unit of the base quantity"


def _lines(root: Any) -> list[Any]:
    return [*root.findall(f"{_CAC}InvoiceLine"), *root.findall(f"{_CAC}CreditNoteLine")]


def _quantity(line: Any) -> Any:
    return next(e for e in line if etree.QName(e).localname in ("InvoicedQuantity", "CreditedQuantity"))


def _tax_totals(root: Any, one: str, second: str) -> Iterator[str]:
    totals = root.findall(f"{_CAC}TaxTotal")
    bare = [total for total in totals if total.find(f"{_CAC}TaxSubtotal") is None]
    if len(totals) - len(bare) != 1:
        yield f"{one}: number of tax totals with a breakdown"
    if len(bare) != (1 if root.findtext(f"{_CBC}TaxCurrencyCode") else 0):
        yield f"{second}: number of tax totals in the accounting currency"


def _amount_of(line: Any, rule: str) -> Iterator[str]:
    base = Decimal(line.findtext(f"{_CAC}Price/{_CBC}BaseQuantity"))
    exact = Decimal(_quantity(line).text) * Decimal(line.findtext(f"{_CAC}Price/{_CBC}PriceAmount")) / base
    for row in line.findall(f"{_CAC}AllowanceCharge"):
        amount = Decimal(row.findtext(f"{_CBC}Amount"))
        exact += amount if row.findtext(f"{_CBC}ChargeIndicator") == "true" else -amount
    if abs(Decimal(line.findtext(f"{_CBC}LineExtensionAmount")) - exact) > Decimal("0.02"):
        yield f"{rule}: line {line.findtext(f'{_CBC}ID')} is not quantity x price"


def _peppol(root: Any) -> Iterator[str]:
    yield from _european(root)
    if not re.fullmatch(rf"{_BIS}:\d\d:1\.0", root.findtext(f"{_CBC}ProfileID") or ""):
        yield "PEPPOL-EN16931-R007: another process"
    if len(root.findall(f"{_CBC}Note")) > 1:
        yield "PEPPOL-EN16931-R002: more than one note"
    if not root.findtext(f"{_CBC}BuyerReference") and not root.findtext(f"{_CAC}OrderReference/{_CBC}ID"):
        yield "PEPPOL-EN16931-R003: neither buyer reference nor order"
    currency = root.findtext(f"{_CBC}DocumentCurrencyCode")
    if any(e.get("currencyID") != currency for e in root.iterfind(f"{_TOTALS}/*")):
        yield "PEPPOL-EN16931-R051: a total in another currency"
    if any(len(line.findall(f"{_CAC}DocumentReference")) > 1 for line in _lines(root)):
        yield "PEPPOL-EN16931-R100: more than one object on a line"
    yield from _numbers(root)
    code = root.findtext(f"{_CAC}PaymentMeans/{_CBC}PaymentMeansCode")
    if _country(root, _SELLER) == "NL":
        yield from _dutch(root, code)
    if _country(root, _SELLER) == "DK":
        yield from _danish(root, code)
    if _country(root, _SELLER) == _country(root, _BUYER) == "DE":
        # Since 3.0.21: BR-DE-6 is DE-R-006, BR-DE-23-a is DE-R-023-1.
        for problem in _asked_in_germany(root):
            rule, _, words = problem.removeprefix("BR-DE-").partition(":")
            number, _, part = rule.partition("-")
            suffix = {"": "", "a": "-1", "b": "-2"}[part]
            yield f"DE-R-{int(number):03}{suffix}:{words}"
    company = root.find(f"{_SELLER}/{_CAC}PartyLegalEntity/{_CBC}CompanyID")
    if _country(root, _SELLER) == "IS" and (company is None or company.get("schemeID") != "0196"):
        yield "IS-R-002: no number of the Icelandic register"


def _country(root: Any, party: str) -> str | None:
    found: str | None = root.findtext(f"{party}/{_CAC}PostalAddress/{_CAC}Country/{_CBC}IdentificationCode")
    return found


def _numbers(root: Any) -> Iterator[str]:
    for e in root.iter(f"{_CBC}EndpointID", f"{_CBC}CompanyID", f"{_CBC}ID"):
        number, scheme = e.text or "", e.get("schemeID")
        if scheme == "0088" and not ean.is_valid(number):
            yield f"PEPPOL-COMMON-R040: {number} is no GLN"
        if scheme == "0208" and not (len(number) == 10 and enterprise.is_valid(number)):
            yield f"PEPPOL-COMMON-R043: {number} is no Belgian enterprise number"


def _dutch(root: Any, code: str | None) -> Iterator[str]:
    address = f"{_SELLER}/{_CAC}PostalAddress/{_CBC}"
    if not all(root.findtext(f"{address}{name}") for name in ("StreetName", "CityName", "PostalZone")):
        yield "NL-R-002: the seller's address"
    company = root.find(f"{_SELLER}/{_CAC}PartyLegalEntity/{_CBC}CompanyID")
    if company is not None and company.get("schemeID") not in ("0106", "0190"):
        yield "NL-R-003: the company number's register"
    if root.tag.endswith("CreditNote") and root.find(f"{_CAC}BillingReference") is None:
        yield "NL-R-001: a credit note without its invoice"
    if code is None and Decimal(root.findtext(f"{_TOTALS}/{_CBC}PayableAmount")) > 0:
        yield "NL-R-007: no means of payment"
    if code not in (None, "30", "48", "49", "57", "58", "59"):
        yield "NL-R-008: means of payment"
    has_position = any(line.find(f"{_CAC}OrderLineReference") is not None for line in _lines(root))
    if has_position and not root.findtext(f"{_CAC}OrderReference/{_CBC}ID"):
        yield "NL-R-009: an order position without an order"


def _danish(root: Any, code: str | None) -> Iterator[str]:
    company = root.find(f"{_SELLER}/{_CAC}PartyLegalEntity/{_CBC}CompanyID")
    if company is None:
        yield "DK-R-002: no CVR number"
    elif company.get("schemeID") != "0184":
        yield "DK-R-014: the company number's register"
    if _country(root, _BUYER) != "DK":
        return
    for party in (_SELLER, _BUYER):
        if any(not e.get("schemeID") for e in root.iterfind(f"{party}/{_CAC}PartyIdentification/{_CBC}ID")):
            yield "DK-R-013: an identifier without its scheme"
    if root.tag.endswith("CreditNote") or code is None:
        return
    if code not in "1 10 31 42 48 49 50 58 59 93 97".split():
        yield "DK-R-005: means of payment"
    account = f"{_CAC}PaymentMeans/{_CAC}PayeeFinancialAccount"
    bank = root.findtext(f"{account}/{_CAC}FinancialInstitutionBranch/{_CBC}ID")
    if code in ("31", "42") and not (root.findtext(f"{account}/{_CBC}ID") and bank):
        yield "DK-R-006: no account or no code of the bank"


def _german(root: Any) -> Iterator[str]:
    yield from _european(root)
    yield from _asked_in_germany(root)


def _asked_in_germany(root: Any) -> Iterator[str]:
    contact, seller, buyer = (
        f"{_SELLER}/{_CAC}Contact",
        f"{_SELLER}/{_CAC}PostalAddress",
        f"{_BUYER}/{_CAC}PostalAddress",
    )
    needed = {
        "BR-DE-1": f"{_CAC}PaymentMeans/{_CBC}PaymentMeansCode", "BR-DE-15": f"{_CBC}BuyerReference",
        "BR-DE-3": f"{seller}/{_CBC}CityName", "BR-DE-4": f"{seller}/{_CBC}PostalZone",
        "BR-DE-8": f"{buyer}/{_CBC}CityName", "BR-DE-9": f"{buyer}/{_CBC}PostalZone",
    }  # fmt: skip
    if root.find(contact) is None:
        yield "BR-DE-2: no contact of the seller"
    else:
        names = {"BR-DE-5": "Name", "BR-DE-6": "Telephone", "BR-DE-7": "ElectronicMail"}
        needed |= {rule: f"{contact}/{_CBC}{name}" for rule, name in names.items()}
    yield from (f"{rule}: nothing there" for rule, path in needed.items() if not root.findtext(path))
    if any(row.find(f"{_CAC}TaxCategory/{_CBC}Percent") is None for row in root.iter(f"{_CAC}TaxSubtotal")):
        yield "BR-DE-14: no rate in the breakdown"
    means = root.find(f"{_CAC}PaymentMeans")
    if means is None:
        return
    code = means.findtext(f"{_CBC}PaymentMeansCode")
    mandate = means.find(f"{_CAC}PaymentMandate")
    has_account = means.find(f"{_CAC}PayeeFinancialAccount") is not None
    if code in ("30", "58") and not has_account:
        yield "BR-DE-23-a: credit transfer without account"
    if code in ("30", "58") and mandate is not None:
        yield "BR-DE-23-b: credit transfer with mandate"
    if code == "59" and mandate is None:
        yield "BR-DE-25-a: direct debit without mandate"
    creditors = root.findall(f"{_SELLER}/{_CAC}PartyIdentification/{_CBC}ID[@schemeID='SEPA']")
    if mandate is not None and not creditors:
        yield "BR-DE-30: direct debit without creditor ID"
    if mandate is not None and mandate.find(f"{_CAC}PayerFinancialAccount") is None:
        yield "BR-DE-31: direct debit without the debited account"


def _singaporean(root: Any) -> Iterator[str]:
    if root.findtext(f"{_CBC}ProfileID") != "urn:peppol:bis:billing":
        yield "PEPPOL-EN16931-R007-SG: another process"
    if not root.findtext(f"{_CBC}BuyerReference") and not root.findtext(f"{_CAC}OrderReference/{_CBC}ID"):
        yield "PEPPOL-EN16931-R003-SG: neither buyer reference nor order"
    yield from _tax_totals(root, "PEPPOL-EN16931-R053-SG", "PEPPOL-EN16931-R054-SG")
    seller, buyer = f"{_SELLER}/{_CAC}PostalAddress/{_CBC}", f"{_BUYER}/{_CAC}PostalAddress/{_CBC}"
    needed = {
        "BR-105-GST-SG": (f"{_SELLER}/{_CAC}PartyTaxScheme/{_CBC}CompanyID",), "BR-108-GST-SG": (f"{_CBC}UUID",),
        "BR-106-GST-SG": (f"{seller}StreetName", f"{seller}PostalZone"),
        "BR-107-GST-SG": (f"{buyer}StreetName", f"{buyer}PostalZone"),
        "BR-112-GST-SG": (f"{_SELLER}/{_CAC}PartyLegalEntity/{_CBC}CompanyID",),
    }  # fmt: skip
    yield from (
        f"{rule}: nothing there" for rule, paths in needed.items() if not all(root.findtext(path) for path in paths)
    )
    document_uuid = root.findtext(f"{_CBC}UUID")
    if document_uuid and not _UUID.fullmatch(document_uuid):
        yield "BR-109-GST-SG: no UUID"
    if root.tag.endswith("CreditNote") and not root.findtext(f"{_CBC}Note"):
        yield "BR-111-GST-SG: a credit note without a reason"
    due = Decimal(root.findtext(f"{_TOTALS}/{_CBC}PayableAmount"))
    told = root.findtext(f"{_CBC}DueDate") or root.findtext(f"{_CAC}PaymentTerms/{_CBC}Note")
    if not root.tag.endswith("CreditNote") and due > 0 and not told:
        yield "BR-CO-25-SG: neither due date nor terms"
    code = root.findtext(f"{_CAC}PaymentMeans/{_CBC}PaymentMeansCode")
    if code is not None and code not in _MEANS_OF_SINGAPORE:
        yield "BR-CL-16-SG: means of payment"
    for name, rule in (("TaxCategory", "BR-CL-17-GST-SG"), ("ClassifiedTaxCategory", "BR-CL-18-GST-SG")):
        if any(e.text not in _GST_CODES for e in root.iterfind(f".//{_CAC}{name}/{_CBC}ID")):
            yield f"{rule}: a category that Singapore does not know"
    yield from _singapore_dollars(root)
    yield from _sums_of_singapore(root)
    for line in _lines(root):
        yield from _amount_of(line, "PEPPOL-EN16931-R120-SG")
        if line.findtext(f"{_CAC}Item/{_CAC}ClassifiedTaxCategory/{_CAC}TaxScheme/{_CBC}ID") != "GST":
            yield "BR-CO-04-GST-SG: a line without GST category"
        if len(line.findtext(f"{_CAC}Price/{_CBC}PriceAmount").partition(".")[2]) > 2:
            yield "IRASC5-097: a price of more than two decimals"


def _singapore_dollars(root: Any) -> Iterator[str]:
    codes = [e.text for e in root.iterfind(f"{_CAC}AdditionalDocumentReference/{_CBC}DocumentTypeCode")]
    sums = {code for code in codes if code in ("sgdtotal-excl-gst", "sgdtotal-incl-gst")}
    accounting = root.findtext(f"{_CBC}TaxCurrencyCode")
    is_foreign = root.findtext(f"{_CBC}DocumentCurrencyCode") != "SGD"
    if accounting != ("SGD" if is_foreign else None):
        yield "BR-113-GST-SG: accounting currency"
    if accounting and len(sums) < 2:
        yield "BR-53-GST-SG: totals in SGD"
    if sums and not accounting:
        yield "BR-110-GST-SG: totals in SGD without their currency"
    if any(code not in ("130", "sgdtotal-excl-gst", "sgdtotal-incl-gst", "50") for code in codes):
        yield "UBL-SR-43-GST-SG: type of a reference"


def _sums_of_singapore(root: Any) -> Iterator[str]:
    """No rules of EN 16931 are run on PINT, so its sums are added up here."""

    def total(name: str) -> Decimal:
        return Decimal(root.findtext(f"{_TOTALS}/{_CBC}{name}") or 0)

    lines, net, gross = total("LineExtensionAmount"), total("TaxExclusiveAmount"), total("TaxInclusiveAmount")
    if lines != sum(Decimal(line.findtext(f"{_CBC}LineExtensionAmount")) for line in _lines(root)):
        yield "BR-CO-10-SG: sum of the lines"
    if net != lines - total("AllowanceTotalAmount") + total("ChargeTotalAmount"):
        yield "BR-CO-13-GST-SG: total without GST"
    tax = next(one for one in root.iterfind(f"{_CAC}TaxTotal") if one.find(f"{_CAC}TaxSubtotal") is not None)
    amount = Decimal(tax.findtext(f"{_CBC}TaxAmount"))
    if amount != sum(Decimal(e.text) for e in tax.iterfind(f"{_CAC}TaxSubtotal/{_CBC}TaxAmount")):
        yield "BR-CO-14-GST-SG: sum of the taxes"
    if gross != net + amount:
        yield "BR-CO-15-GST-SG: total with GST"
    if total("PayableAmount") != gross - total("PrepaidAmount"):
        yield "BR-CO-16-GST-SG: amount due"
