"""Offers and reminders on paper: lines, totals, costs over the term, and what each kind may and must have."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.charges import Allowance
from rackbill.core.document import (
    Change,
    Document,
    DocumentKind,
    InvalidDocument,
    LineSubject,
    QuotedPrice,
    QuotedTerms,
    RemindedItem,
    canonical_bytes,
    check,
    document_from_canonical,
)
from rackbill.core.invoicing import BillHead
from rackbill.core.pricing import PriceModel, Tier, UsagePrice
from rackbill.core.quoting import OfferedPosition, draft_offer, draft_pro_forma, offer_costs, opening_figures
from rackbill.core.reminding import draft_reminder
from rackbill.core.tax import TaxDecision
from tests.world.documents import golden

D = Decimal
SIMPLE = golden()["simple"]
TODAY, NEXT_YEAR = date(2020, 10, 20), date(2021, 1, 15)
VAT = (TaxDecision(regime="VAT", code="S", rate=D(19), jurisdiction="DE"),)
HEAD = BillHead(
    sales_organisation_id="2100", issued_on=TODAY, currency="EUR", language="en", seller=SIMPLE.seller, buyer=SIMPLE.buyer,
    bill_to=SIMPLE.bill_to, payment=SIMPLE.payment,
)  # fmt: skip
TERMS = QuotedTerms(version=1, term_months=24, notice_months=3, valid_until=date(2020, 11, 20), starts_on=NEXT_YEAR)


def position(unit: str, price: str, quantity: str = "1", *, contract_id: str = "", off: int = 0) -> OfferedPosition:
    subject = LineSubject(
        contract_id=contract_id, service_id="", product_id="DEDICATED_SERVER", product_code="DS-1", description="Server"
    )
    return OfferedPosition(
        subject=subject, quantity=D(quantity), unit=unit, unit_price=D(price), taxes=VAT,
        allowances=(Allowance("Term 5 %", off),) if off else (),
    )  # fmt: skip


POSITIONS = (
    position("MON", "129.95", "2", off=1300), position("ANN", "1200.00"), position("C62", "99.00"), position("E20", "2.00", "100"),
    position("E34", "0.05", "0"),
)  # fmt: skip


def quote(**more: object) -> Document:
    return replace(draft_offer(kind=DocumentKind.QUOTE, head=HEAD, positions=POSITIONS, terms=TERMS), **more)  # type: ignore[arg-type]


def confirmation(contract_id: str = "50000001", order_id: str = "41000001") -> Document:
    positions = [position("MON", "129.95", contract_id=contract_id)]
    terms = replace(TERMS, valid_until=None, order_id=order_id, first_invoice_on=date(2021, 2, 1))
    return draft_offer(kind=DocumentKind.ORDER_CONFIRMATION, head=HEAD, positions=positions, terms=terms)


def refused(document: Document, words: str) -> None:
    with pytest.raises(InvalidDocument, match=words):
        check(document, is_draft=True)


def test_an_offer_shows_one_first_invoice() -> None:
    made = quote()
    check(made, is_draft=True)
    assert [line.net_minor for line in made.lines] == [24690, 120000, 9900, 20000, 0]
    assert [(line.period.start, line.period.end) for line in made.lines[:3]] == [
        (NEXT_YEAR, date(2021, 2, 15)), (NEXT_YEAR, date(2022, 1, 15)), (NEXT_YEAR, date(2021, 1, 16)),
    ]  # fmt: skip
    assert (made.totals.net_minor, made.totals.tax_minor) == (174590, 33172)
    assert (made.issued_on, made.due_on) == (TODAY, date(2020, 11, 20))
    assert confirmation().due_on == date(2021, 2, 1)
    check(confirmation(), is_draft=True)


def test_what_an_offer_costs_once_per_period_and_over_the_term() -> None:
    costs = offer_costs(document=quote())
    assert costs.once_minor == 9900
    assert costs.per_period == ((1, 44690), (12, 120000))
    assert costs.whole_term_minor == 9900 + 24 * 44690 + 2 * 120000
    cut = offer_costs(document=quote(quoted=replace(TERMS, term_months=18)))
    assert cut.whole_term_minor == 9900 + 18 * 44690 + 180000
    assert offer_costs(document=quote(quoted=replace(TERMS, term_months=0))).whole_term_minor is None


TIERS = (Tier(D(10), D(5)), Tier(D(100), D("4.25")), Tier(None, D(3)))


def usage_position(price: UsagePrice, unit: str = "E35", **more: D) -> OfferedPosition:
    quantity, unit_price = opening_figures(price=price)
    return replace(
        position(unit, "0"), **{"quantity": quantity, "unit_price": unit_price, "usage_price": price, **more}
    )


def usage_quote(*positions: OfferedPosition) -> Document:
    return draft_offer(kind=DocumentKind.QUOTE, head=HEAD, positions=positions, terms=TERMS)


def test_usage_is_offered_with_all_its_prices_and_paid_as_used() -> None:
    tiered = UsagePrice(model=PriceModel.TIERED, tiers=TIERS, minimum=D(20))
    commit = UsagePrice(model=PriceModel.COMMIT, price=D("1.2"), included=D(100), overage_price=D("1.8"))
    value = usage_quote(usage_position(tiered), usage_position(commit))
    check(value, is_draft=True)
    assert [(line.quantity, line.unit_price, line.net_minor) for line in value.lines] == [
        (0, 5, 0),
        (100, D("1.2"), 12000),
    ]
    assert value.lines[0].quoted_price == QuotedPrice(model="tiered", tiers=TIERS, minimum=D(20))
    assert value.lines[1].quoted_price == QuotedPrice(
        model="commit", price=D("1.2"), included=D(100), overage_price=D("1.8")
    )
    assert document_from_canonical(canonical_bytes(value)) == value
    assert dict(offer_costs(document=value).per_period) == {1: 12000}


def test_a_usage_price_stands_alone_and_on_what_is_measured() -> None:
    package = UsagePrice(model=PriceModel.PACKAGE, price=D(7), size=D(500))
    with pytest.raises(ValueError, match="position 1 offers 3 at 7, but its usage price says 0 at 7; give those"):
        usage_quote(usage_position(package, quantity=D(3)))
    with pytest.raises(ValueError, match="has a usage price and the unit MON; usage is measured in B80, E20"):
        usage_quote(usage_position(package, unit="MON"))


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ([D(10), D(100)], "only that, has no upper end"), ([None, None], "only that, has no upper end"),
        ([D(10), D(10), None], "rise from above 0"), ([D(0), None], "rise from above 0"),
    ],
)  # fmt: skip
def test_tiers_of_a_document_leave_no_quantity_without_a_price(ends: list[D | None], sentence: str) -> None:
    value = usage_quote(usage_position(UsagePrice(model=PriceModel.TIERED, tiers=TIERS)))
    price = QuotedPrice(model="tiered", tiers=tuple(Tier(end, D(1)) for end in ends))
    refused(replace(value, lines=(replace(value.lines[0], quoted_price=price),)), sentence)


def test_only_an_offer_has_quoted_prices() -> None:
    line = replace(SIMPLE.lines[0], quoted_price=QuotedPrice(model="flat", price=D(1)))
    refused(replace(SIMPLE, number="", lines=(line, *SIMPLE.lines[1:])), "a invoice has no quoted_price")


def test_each_kind_has_what_it_needs_and_no_more() -> None:
    refused(quote(quoted=None), "an offer names its terms")
    refused(quote(quoted=replace(TERMS, valid_until=None)), "says until when it is valid")
    refused(quote(quoted=replace(TERMS, valid_until=date(2020, 10, 19))), "not before the day it is made")
    refused(quote(quoted=replace(TERMS, version=0)), "the version of an offer is 1 or more")
    refused(confirmation(order_id=""), "names the order")
    refused(confirmation(contract_id=""), "names its contract")
    change = (Change(reason="new", service_count=1, difference_minor=1),)
    refused(quote(changes=change), "a quote has no changes")
    refused(replace(SIMPLE, number="", quoted=TERMS), "a invoice has no quoted")
    with pytest.raises(ValueError, match="a invoice is no offer"):
        draft_offer(kind=DocumentKind.INVOICE, head=HEAD, positions=POSITIONS, terms=TERMS)


def test_a_reminder_lists_what_is_open_by_age() -> None:
    items = [
        RemindedItem(number=number, issued_on=TODAY, due_on=due_on, gross_minor=5000, open_minor=open_minor)
        for number, due_on, open_minor in (("20000002", date(2020, 10, 9), 5000), ("20000001", date(2020, 10, 9), 700))
    ]
    made = draft_reminder(head=HEAD, step=2, items=items)
    check(made, is_draft=True)
    assert made.reminded is not None
    assert [item.number for item in made.reminded.items] == ["20000001", "20000002"]
    assert (made.totals.due_minor, made.due_on, made.reminded.step) == (5700, TODAY, 2)
    early = draft_reminder(head=HEAD, step=1, items=[replace(items[0], due_on=date(2020, 11, 2))])
    assert early.due_on == date(2020, 11, 2)
    refused(replace(made, kind=DocumentKind.INVOICE, lines=SIMPLE.lines), "a invoice has no reminded")


def test_a_pro_forma_keeps_what_changed() -> None:
    change = (Change(reason="new", service_count=1, difference_minor=1),)
    made = draft_pro_forma(
        draft=replace(SIMPLE, number="", changes=change), note="No invoice.", made_on=SIMPLE.issued_on
    )
    check(made, is_draft=True)
    assert made.changes == change
