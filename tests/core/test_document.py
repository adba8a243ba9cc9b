"""The frozen document: canonical form, invariants, drafts."""

import json
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from rackbill.core.document import (
    BillTo,
    Change,
    Document,
    DocumentKind,
    DocumentReference,
    InvalidDocument,
    MeasuredUse,
    PaymentInstructions,
    QuotedTerms,
    Reminded,
    RemindedItem,
    Totals,
    canonical_bytes,
    canonical_text,
    check,
    document_from_canonical,
    document_hash,
    reference_shown,
)
from rackbill.core.document.texts import bill_to_text, payment_text
from rackbill.core.invoicing import BillHead, draft_invoices
from tests.world.documents import AEGEAN, OCTOBER, document, golden, line, vat

ALL = golden()
SIMPLE = ALL["simple"]


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_canonical_form_comes_back(name: str) -> None:
    content = canonical_bytes(ALL[name])
    again = document_from_canonical(content)
    check(again, is_draft=again.number == "")
    assert again == ALL[name]
    assert canonical_bytes(again) == content
    assert len(document_hash(content)) == 64


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    text = canonical_bytes(ALL["cyrillic"]).decode()
    data = json.loads(text, parse_float=lambda number: pytest.fail(f"{number} is a float"))
    assert text == json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data["schema"] == 2
    assert "Северный" in text


def test_equal_numbers_are_equal_texts() -> None:
    changed = replace(SIMPLE, lines=(replace(SIMPLE.lines[0], unit_price=Decimal("129.950000")),))
    assert canonical_bytes(changed) == canonical_bytes(SIMPLE)


def test_an_unknown_schema_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="schema 99"):
        document_from_canonical(b'{"schema":99}')


def broken(value: Document, words: str) -> None:
    with pytest.raises(InvalidDocument, match=words):
        check(value)


def test_every_invariant_is_checked() -> None:
    first, totals = SIMPLE.lines[0], SIMPLE.totals
    broken(replace(SIMPLE, lines=()), "no line")
    broken(replace(SIMPLE, number=""), "draft has no number")
    broken(replace(SIMPLE, lines=(replace(first, line_number=2),)), "line 2 stands where line 1")
    broken(replace(SIMPLE, lines=(replace(first, net_minor=first.net_minor + 1),)), "not its net amount")
    broken(
        replace(SIMPLE, lines=(replace(first, unit_price=-first.unit_price, quantity=-first.quantity),)),
        "never in the price",
    )
    broken(replace(SIMPLE, lines=(replace(first, taxes=()),)), "no tax decision")
    broken(replace(SIMPLE, totals=replace(totals, net_minor=1)), "BR-CO-10")
    broken(replace(SIMPLE, tax_subtotals=(replace(SIMPLE.tax_subtotals[0], tax_minor=1),)), "BR-CO-17")
    broken(replace(SIMPLE, totals=replace(totals, tax_minor=1)), "BR-CO-14")
    broken(replace(SIMPLE, totals=replace(totals, gross_minor=1)), "BR-CO-15")
    broken(replace(SIMPLE, totals=replace(totals, due_minor=1)), "BR-CO-16")
    broken(replace(SIMPLE, due_on=SIMPLE.issued_on.replace(year=2019)), "due before")
    broken(replace(SIMPLE, kind=DocumentKind.CREDIT_NOTE), "BT-25")
    outside = document(line(1, "1", vat("O", "0")))
    both = (outside.lines[0], replace(SIMPLE.lines[0], line_number=2))
    broken(replace(SIMPLE, lines=both), "BR-O-11")


def test_what_is_outside_the_scope_stands_alone() -> None:
    inside, outside = line(1, "100", vat("S", "21")), line(2, "50", vat("O", "0", "US"))
    head = _head()
    drafts = [d.document for d in draft_invoices(head=head, charges=inside + outside)]
    assert [(d.totals.net_minor, {t.code for r in d.lines for t in r.taxes}) for d in drafts] == [
        (10000, {"S"}),
        (5000, {"O"}),
    ]


def _head() -> BillHead:
    return BillHead(
        sales_organisation_id="2000", issued_on=OCTOBER, currency="EUR", language="en", seller=SIMPLE.seller, buyer=AEGEAN,
        bill_to=BillTo(customer_id="12000456", legacy_customer_id="", billing_group_id="12000456-01"),
        payment=PaymentInstructions(account=None, payment_days=14),
    )  # fmt: skip


def test_the_order_of_the_charges_does_not_matter() -> None:
    charges = [charge for n in range(12) for charge in line(n, f"{n}.5", vat("S", "21"))]
    shuffled = charges[:]
    Random(7).shuffle(shuffled)
    assert canonical_bytes(document(shuffled)) == canonical_bytes(document(charges))


def test_a_credit_note_carries_positive_amounts() -> None:
    note = ALL["credit_note"]
    assert note.kind is DocumentKind.CREDIT_NOTE
    assert note.lines[0].quantity > 0
    assert note.totals.gross_minor > 0
    assert [reference.number for reference in note.corrects] == ["20000001"]


def test_the_reference_column() -> None:
    subject = SIMPLE.lines[0].subject
    assert reference_shown(subject) == ("shop-db-1", "reference")
    assert reference_shown(replace(subject, reference=" \u2003")) == ("ABCD001-XYZ", "legacy_name")
    assert reference_shown(replace(subject, reference="", legacy_name="")) == ("48214", "equipment_id")
    assert reference_shown(replace(subject, reference="", legacy_name="", equipment_id=""))[0] == ""


def test_accounting_totals() -> None:
    totals = ALL["singapore_in_usd"].accounting
    assert totals is not None
    assert (totals.currency, totals.net_minor, totals.tax_minor, totals.gross_minor) == ("SGD", 19447, (1361,), 20808)


def test_what_is_empty_is_left_out_and_read_back() -> None:
    data = json.loads(canonical_bytes(replace(SIMPLE, number="", document_uuid="", notes=())))
    assert data["number"] == data["document_uuid"] == ""

    def empty(value: object, name: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for key, member in value.items() for found in empty(member, key)]
        if isinstance(value, list) and value:
            return [found for member in value for found in empty(member, name)]
        return [name] if value in (None, "", []) and name not in ("number", "document_uuid") else []

    assert empty(data) == []


def test_schema_1_keeps_its_form_and_takes_nothing_new() -> None:
    first = replace(SIMPLE, schema=1)
    assert '"accounting":null' in canonical_bytes(first).decode() and "texts" not in canonical_bytes(first).decode()
    assert document_from_canonical(canonical_bytes(first)) == first
    with pytest.raises(InvalidDocument, match="schema 1 has no texts"):
        canonical_bytes(replace(first, texts=("Thank you.",)))


def _reminder(**changed: int) -> Document:
    opened = RemindedItem(
        number="20000001",
        issued_on=OCTOBER,
        due_on=OCTOBER,
        gross_minor=5000,
        open_minor=changed.get("open_minor", 2000),
    )
    due = changed.get("due_minor", 2000)
    return replace(
        SIMPLE, kind=DocumentKind.REMINDER, lines=(), tax_subtotals=(), reminded=Reminded(step=1, items=(opened,)),
        totals=Totals(net_minor=due, tax_minor=0, gross_minor=due, prepaid_minor=0, due_minor=due),
    )  # fmt: skip


def test_a_reminder_asks_for_what_is_open() -> None:
    check(_reminder())
    assert document_from_canonical(canonical_bytes(_reminder())) == _reminder()
    broken(_reminder(due_minor=2001), "open amounts do not sum")
    broken(_reminder(open_minor=6000, due_minor=6000), "no more than its total")
    broken(replace(_reminder(), lines=SIMPLE.lines), "no lines and no taxes")
    broken(replace(_reminder(), reminded=None), "names the documents")


def test_every_member_of_schema_2_comes_back() -> None:
    measured = MeasuredUse(
        quantity=Decimal("812.5"), unit="E20", included=Decimal(100), method="p95-max", sample_count=8640,
        samples_sha256="ab" * 32,
    )  # fmt: skip
    terms = QuotedTerms(
        version=2, term_months=12, notice_months=1, valid_until=OCTOBER, order_id="3000001", agreement="MSA 4"
    )
    full = replace(
        SIMPLE, texts=("Thank you.",), details_url="https://portal.example/invoices/", quoted=terms,
        changes=(Change(reason="new", service_count=2, difference_minor=12000),),
        previous=DocumentReference(number="20000001", issued_on=OCTOBER),
        lines=(replace(SIMPLE.lines[0], measured=measured), *SIMPLE.lines[1:]),
    )  # fmt: skip
    assert document_from_canonical(canonical_bytes(full)) == full


def test_whom_a_document_is_for_is_written_as_text_like_the_value() -> None:
    to = replace(
        SIMPLE.bill_to, billing_group_name="IT", po_number="PO", cost_centre="CC", buyer_reference="991-03730-19",
        project_reference="P", einvoice_profile="xrechnung", buyer_kind="public",
    )  # fmt: skip
    text = bill_to_text(
        to.customer_id,
        to.legacy_customer_id,
        "12000456-01",
        "IT",
        "PO",
        "CC",
        "991-03730-19",
        "P",
        "xrechnung",
        "public",
    )
    assert text == canonical_text(to)
    assert document_from_canonical(canonical_bytes(replace(SIMPLE, bill_to=to))).bill_to == to


def test_payment_instructions_are_written_as_text_like_the_value() -> None:
    payment = replace(
        SIMPLE.payment, mandate_reference="M-1", creditor_id="NL98ZZZ", debited_account="DE89370400440532013000",
        paynow_uen="201012345K",
    )  # fmt: skip
    text = payment_text(
        canonical_text(payment.account), payment.payment_days, "M-1", "NL98ZZZ", "201012345K", "DE89370400440532013000"
    )
    assert text == canonical_text(payment)
    assert document_from_canonical(canonical_bytes(replace(SIMPLE, payment=payment))).payment == payment
