"""Credit notes: the original's tax and rate, never more than is left, and all of them together are the invoice."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.crediting import CreditItem, CreditRefused, draft_credit_note, whole_invoice
from rackbill.core.document import Document, DocumentKind, check
from rackbill.core.periods import Period
from tests.world.documents import document, golden, line, vat

NOTED = date(2020, 12, 1)
INVOICES = [
    value for _name, value in sorted(golden().items()) if value.kind is DocumentKind.INVOICE and value.totals.net_minor
]
RATES = [vat("S", "21"), vat("S", "19", "DE"), vat("S", "16", "DE"), vat("S", "25.5", "FI")]


def left_of(value: Document) -> dict[int, int]:
    return {row.line_number: row.net_minor for row in value.lines}


def credit(value: Document, items: list[CreditItem], left: dict[int, int]) -> Document:
    draft = draft_credit_note(original=value, items=items, left_minor=left, issued_on=NOTED, note="")
    check(draft.document, is_draft=True)
    for number, minor in draft.items:
        left[number] -= minor
    return draft.document


@pytest.mark.parametrize("original", INVOICES, ids=lambda value: value.number)
def test_a_whole_invoice_is_credited_with_its_own_tax_and_rate(original: Document) -> None:
    left = left_of(original)
    note = credit(original, whole_invoice(original=original, left_minor=left), left)
    assert note.totals.gross_minor == original.totals.gross_minor
    assert {r.rate for r in note.tax_subtotals} <= {r.rate for r in original.tax_subtotals}
    assert [r.number for r in note.corrects] == [original.number]
    if original.accounting and note.accounting:
        assert note.accounting.rate == original.accounting.rate
        assert note.accounting.rate_on == original.accounting.rate_on
    with pytest.raises(CreditRefused, match="nothing is left"):
        credit(original, whole_invoice(original=original, left_minor=left), left)


@st.composite
def invoices(draw: st.DrawFn) -> Document:
    """An invoice of some lines at several rates."""
    charges = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        price = str(draw(st.decimals("0.01", 3000, places=2)))
        charges += line(number, price, draw(st.sampled_from(RATES)))
    return document(charges)


@given(st.data(), invoices())
def test_many_credits_never_exceed_the_invoice_and_can_reach_it(data: st.DataObject, original: Document) -> None:
    left, net, tax = left_of(original), 0, 0
    for _ in range(data.draw(st.integers(0, 6))):
        number = data.draw(st.integers(1, len(original.lines)))
        amount = data.draw(st.integers(1, original.lines[number - 1].net_minor))
        item = CreditItem(line_number=number, amount_minor=amount)
        if amount > left[number]:
            with pytest.raises(CreditRefused):
                credit(original, [item], left)
            continue
        note = credit(original, [item], left)
        net, tax = net + note.totals.net_minor, tax + note.totals.tax_minor
        assert net <= original.totals.net_minor
        assert tax <= original.totals.tax_minor
    rest = whole_invoice(original=original, left_minor=left)
    if rest:
        note = credit(original, rest, left)
        net, tax = net + note.totals.net_minor, tax + note.totals.tax_minor
    assert (net, tax) == (original.totals.net_minor, original.totals.tax_minor)


@given(st.data(), invoices())
def test_days_of_a_line_cost_their_share(data: st.DataObject, original: Document) -> None:
    row = original.lines[0]
    first = data.draw(st.integers(0, row.period.day_count - 1))
    count = data.draw(st.integers(1, row.period.day_count - first))
    start = date.fromordinal(row.period.start.toordinal() + first)
    period = Period(start, date.fromordinal(start.toordinal() + count))
    note = credit(original, [CreditItem(line_number=1, period=period)], left_of(original))
    share = Decimal(row.net_minor) * count / row.period.day_count
    assert abs(note.totals.net_minor - share) <= Decimal("0.5")


def test_refusals_name_what_is_left() -> None:
    original = INVOICES[0]
    left = left_of(original)
    with pytest.raises(CreditRefused, match="left, not the amount"):
        credit(original, [CreditItem(line_number=1, amount_minor=left[1] + 1)], left)
    with pytest.raises(CreditRefused, match="does not exist"):
        credit(original, [CreditItem(line_number=99)], left)
    with pytest.raises(CreditRefused, match="does not lie within"):
        outside = Period(date(2001, 1, 1), date(2001, 1, 2))
        credit(original, [CreditItem(line_number=1, period=outside)], left)
    note = credit(original, [CreditItem(line_number=1)], left)
    with pytest.raises(CreditRefused, match="cannot be credited"):
        credit(replace(note, number="20000009"), [CreditItem(line_number=1)], left)
