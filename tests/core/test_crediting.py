"""Credit notes: the original's tax and rate, never more than is left, and all of them together are the invoice."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.charges import ChargeKind
from rackbill.core.crediting import (
    CreditItem,
    CreditRefused,
    asked_items,
    draft_credit_note,
    remaining_of,
    whole_invoice,
)
from rackbill.core.document import Document, DocumentKind, DocumentReference, Remaining, check
from rackbill.core.invoicing import BillableCharge, ExchangeRate
from rackbill.core.money import decimal_from_minor, round_half_up
from rackbill.core.periods import Period
from rackbill.core.terms import Discount, DiscountKind
from tests.world.documents import OCTOBER, document, golden, line, vat

NOTED = date(2020, 12, 1)
INVOICES = [
    value for _name, value in sorted(golden().items()) if value.kind is DocumentKind.INVOICE and value.totals.net_minor
]
RATES = [vat("S", "21"), vat("S", "19", "DE"), vat("S", "16", "DE"), vat("S", "25.5", "FI")]

DISCOUNTS = [
    Discount(DiscountKind.PERCENT, Decimal(10), "Term", date(2020, 1, 1), None),
    Discount(DiscountKind.AMOUNT, Decimal(15), "Loyalty", date(2020, 1, 1), None),
    Discount(DiscountKind.PERCENT, Decimal(100), "Free", date(2020, 1, 1), date(2020, 10, 1)),
]


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
    """An invoice at several rates, with discounts and quantities, in EUR or foreign money; some take older charges back."""
    currency = draw(st.sampled_from(["EUR", "EUR", "USD", "JPY"]))
    charges: list[BillableCharge] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        price, start = draw(st.decimals(1, 3000, places=2)), draw(st.sampled_from([OCTOBER, date(2020, 9, 17)]))
        discounts = draw(st.lists(st.sampled_from(DISCOUNTS), max_size=2, unique=True))
        rows = line(
            number, str(price), draw(st.sampled_from(RATES)), currency, start=start, discounts=tuple(discounts),
            quantity=draw(st.integers(1, 5)),
        )  # fmt: skip
        charges += rows
        if draw(st.integers(0, 5)) == 0:
            charges.append(taken_back(rows[0], draw(st.integers(1, max(rows[0].charge.amount_minor, 1)))))
    rate = ExchangeRate(currency="EUR", rate=Decimal("0.8537"), rate_on=OCTOBER, rate_source="ECB")
    return document(charges, currency=currency, rate=None if currency == "EUR" else rate)


def taken_back(of: BillableCharge, amount_minor: int) -> BillableCharge:
    """A negative line of the same subject and tax: what an earlier invoice charged too much."""
    price = decimal_from_minor(amount_minor, of.charge.currency)
    charge = replace(
        of.charge, kind=ChargeKind.REVERSAL, quantity=Decimal(-1), unit="C62", unit_price=price, price_base_quantity=Decimal(1),
        amount_minor=-amount_minor, allowances=(), corrects=7,
    )  # fmt: skip
    return replace(of, charge=charge, corrects=DocumentReference(number="19999999", issued_on=OCTOBER, line_number=1))


@st.composite
def requests(draw: st.DrawFn, original: Document) -> dict[str, object]:
    """What somebody may ask for: everything, lines, a period, an amount; some of it is out of reach."""
    numbers = draw(st.lists(st.integers(1, len(original.lines)), max_size=2, unique=True))
    what = draw(st.sampled_from(["all", "period", "amount", "amount"]))
    if what == "period":
        start = draw(st.dates(date(2020, 9, 1), date(2020, 10, 31)))
        end = draw(st.dates(start + timedelta(days=1), date(2020, 11, 2)))
        return {"line_numbers": numbers, "period": Period(start, end)}
    if what == "amount":
        return {"line_numbers": numbers, "amount_minor": draw(st.integers(1, 200_000))}
    return {"line_numbers": numbers}


@given(st.data(), invoices())
def test_many_credits_never_exceed_the_invoice_and_can_reach_it(data: st.DataObject, original: Document) -> None:
    if original.kind is not DocumentKind.INVOICE or original.totals.net_minor <= 0:
        return
    left, notes = left_of(original), []
    whole = {row.line_number: row.net_minor for row in original.lines}
    for _ in range(data.draw(st.integers(0, 6))):
        wanted = data.draw(requests(original))
        before = dict(left)
        try:
            items = asked_items(original=original, left_minor=left, **wanted)  # type: ignore[arg-type]
            notes.append(credit(original, items, left))
        except CreditRefused:
            assert left == before
            continue
        assert all(0 <= left[n] < before[n] for n in (item.line_number for item in items))
        assert all(left[n] == whole[n] for n in whole if whole[n] < 0)
        assert sum(left.values()) >= 0
        assert {row.rate for row in notes[-1].tax_subtotals} <= {row.rate for row in original.tax_subtotals}
        assert sum(note.totals.tax_minor for note in notes) <= original.totals.tax_minor
        rest = remaining(original, left)
        assert rest.net_minor == original.totals.net_minor - sum(note.totals.net_minor for note in notes)
        assert rest.gross_minor == original.totals.gross_minor - sum(note.totals.gross_minor for note in notes)
    items = whole_invoice(original=original, left_minor=left)
    if takes_back_more_than_it_charges(original):
        return
    if items:
        notes.append(credit(original, items, left))
    assert remaining(original, left) == Remaining(number=original.number, net_minor=0, gross_minor=0)
    assert sum(left.values()) == 0
    assert sum(note.totals.net_minor for note in notes) == original.totals.net_minor
    by_rate: Counter[Decimal] = Counter()
    for note in notes:
        by_rate.update({row.rate: row.tax_minor for row in note.tax_subtotals})
        if original.accounting:
            assert note.accounting and note.accounting.rate == original.accounting.rate
    assert +by_rate == +Counter({row.rate: row.tax_minor for row in original.tax_subtotals})


def remaining(original: Document, left: dict[int, int]) -> Remaining:
    rows = [(row.net_minor, left[row.line_number], row.taxes) for row in original.lines]
    return remaining_of(number=original.number, tax_minor=original.totals.tax_minor, lines=rows)


def test_what_is_left_is_never_below_nothing() -> None:
    taxes = vat("S", "21")
    rows = [(10_000, 0, taxes), (-8_000, -8_000, taxes)]
    assert remaining_of(number="20000001", tax_minor=420, lines=rows) == Remaining(
        number="20000001", net_minor=0, gross_minor=0
    )


def takes_back_more_than_it_charges(original: Document) -> bool:
    """Whether an invoice has a tax at which negative lines outweigh the others; it cannot be credited as a whole."""
    return any(row.base_minor < 0 for row in original.tax_subtotals)


def test_negative_lines_leave_less_room_at_their_tax() -> None:
    high, low = vat("S", "25.5", "FI"), vat("S", "21")
    dear, cheap = line(1, "1", high), line(2, "1", low)
    original = document([*dear, taken_back(dear[0], 44), *cheap])
    left = left_of(original)
    charged = next(row.line_number for row in original.lines if row.net_minor == 100 and row.taxes == high)
    with pytest.raises(CreditRefused, match=r"0\.56 is left at its tax"):
        credit(original, [CreditItem(line_number=charged)], left)
    note = credit(original, [CreditItem(line_number=charged, amount_minor=56)], left)
    assert note.totals.tax_minor == 14
    over = document([*dear, taken_back(dear[0], 144), *cheap])
    with pytest.raises(CreditRefused, match="took back more at one tax"):
        credit(over, whole_invoice(original=over, left_minor=left_of(over)), left_of(over))


def test_an_amount_needs_weights_and_a_period_needs_days() -> None:
    original = document(line(1, "100", vat("S", "21")) + line(2, "50", vat("S", "21")))
    left = left_of(original)

    def asked(**wanted: object) -> list[CreditItem]:
        return asked_items(original=original, left_minor=left, **wanted)  # type: ignore[arg-type]

    assert asked(amount_minor=1000) == [
        CreditItem(line_number=1, amount_minor=667), CreditItem(line_number=2, amount_minor=333),
    ]  # fmt: skip
    assert asked(amount_minor=1) == [CreditItem(line_number=1, amount_minor=1)]
    assert asked(line_numbers=[2], amount_minor=5000) == [CreditItem(line_number=2, amount_minor=5000)]
    assert asked(line_numbers=[2]) == [CreditItem(line_number=2)]
    days = Period(date(2020, 10, 5), date(2020, 12, 1))
    shared = Period(date(2020, 10, 5), date(2020, 11, 1))
    assert asked(period=days) == [CreditItem(line_number=n, period=shared) for n in (1, 2)]
    assert asked(period=days, line_numbers=[1]) == [CreditItem(line_number=1, period=days)]
    for wanted, words in (
        ({"amount_minor": 15001}, r"150\.00 left"), ({"amount_minor": 0}, "more than 0"),
        ({"period": Period(date(2021, 1, 1), date(2021, 1, 2))}, "no line charged by time"),
        ({"period": days, "amount_minor": 1}, "exclude each other"),
    ):  # fmt: skip
        with pytest.raises(CreditRefused, match=words):
            asked(**wanted)


@given(st.data(), invoices())
def test_days_of_a_line_cost_their_share(data: st.DataObject, original: Document) -> None:
    row = original.lines[0]
    if original.kind is not DocumentKind.INVOICE or row.net_minor <= 0 or original.totals.net_minor < row.net_minor:
        return
    first = data.draw(st.integers(0, row.period.day_count - 1))
    count = data.draw(st.integers(1, row.period.day_count - first))
    start = date.fromordinal(row.period.start.toordinal() + first)
    period = Period(start, date.fromordinal(start.toordinal() + count))
    if round_half_up(Decimal(row.net_minor) * count / row.period.day_count) == 0:
        return
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
