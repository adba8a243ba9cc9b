"""Drafts as text, and whole cycles without values in between: equal to what the values give."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from rackbill.core.charges import charges_owed
from rackbill.core.charges.plain import charge_from_plain, discounted_cycle, plain_charge, whole_cycle, whole_cycles
from rackbill.core.document import (
    BillTo,
    DocumentKind,
    DocumentReference,
    LineSubject,
    PaymentInstructions,
    canonical_text,
    check_canonical,
    numbered,
    numbered_canonical,
    texts,
)
from rackbill.core.invoicing import BillableCharge, BillHead, ExchangeRate, draft_invoices
from rackbill.core.party import Party, PostalAddress, TaxRegistration
from rackbill.core.periods import add_months
from rackbill.core.tax import TaxDecision
from rackbill.core.terms import (
    ContractTerms,
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    LineKind,
    TermLine,
    Timing,
)
from tests.core.stories import currencies, days, lines, owed_total, terms

words = st.text(max_size=12) | st.sampled_from(
    ['"quoted"', 'a,"number":"","payment":{', "back\\slash", "Söhne", "\u2028"]
)
decisions = st.builds(
    TaxDecision, regime=st.just("VAT"), code=st.sampled_from(["S", "AE"]), rate=st.sampled_from([Decimal("25.5"), Decimal(0)]),
    jurisdiction=st.just("NL"), exemption_code=st.just(""), evidence=words,
)  # fmt: skip


@st.composite
def heads(draw: st.DrawFn, currency: str) -> BillHead:
    address = PostalAddress(street=draw(words), city=draw(words), country="NL", postal_code=draw(words))
    buyer = Party(name=draw(words), address=address, tax_registrations=(TaxRegistration(scheme="VAT", number="NL1"),))
    rate = ExchangeRate(currency="SGD", rate=Decimal("1.234567"), rate_on=date(2020, 9, 30), rate_source=draw(words))
    return BillHead(
        sales_organisation_id="2600", issued_on=date(2020, 10, 1), currency=currency, language="en", seller=buyer,
        buyer=buyer, accounting_rate=draw(st.none() | st.just(rate)), exemption_texts={},
        bill_to=BillTo(customer_id="20000001", legacy_customer_id=draw(words), billing_group_id="20000001-01"),
        payment=PaymentInstructions(account=None, payment_days=14, mandate_reference=draw(words)),
    )  # fmt: skip


@given(lines(), days, currencies, st.data())
def test_a_draft_is_the_canonical_form_of_its_value(
    line: TermLine, through: date, currency: str, data: st.DataObject
) -> None:
    charges = charges_owed(terms=terms(line, currency), through=through)
    assume(charges)
    subject = LineSubject(
        contract_id="50000001", service_id="44010000000100", product_id="X", product_code="Y", description=data.draw(words),
        reference=data.draw(words), legacy_name=data.draw(words),
    )  # fmt: skip
    taxes = (data.draw(decisions),)
    reference = DocumentReference(number="20000001", issued_on=date(2020, 9, 1), line_number=3)
    items = [
        BillableCharge(charge=charge, subject=subject, taxes=taxes, corrects=data.draw(st.none() | st.just(reference)))
        for charge in charges
    ]
    (draft,) = draft_invoices(head=data.draw(heads(currency)), charges=items)
    assert canonical_text(draft.document) == draft.canonical
    check_canonical(draft.canonical, is_draft=True)
    issued = numbered(draft.document, number="20000001", document_uuid="u")
    assert numbered_canonical(draft.canonical, number="20000001", document_uuid="u") == canonical_text(issued)
    assert draft.net_minor == draft.document.totals.net_minor == owed_total(line, through, currency)


@given(lines(), days, currencies)
def test_what_is_taken_back_in_all_is_a_credit_note(line: TermLine, through: date, currency: str) -> None:
    charges = [c for c in charges_owed(terms=terms(line, currency), through=through) if c.amount_minor]
    assume(charges)
    reference = DocumentReference(number="20000001", issued_on=date(2020, 9, 1), line_number=3)
    subject = LineSubject(contract_id="50000001", service_id="1", product_id="X", product_code="Y", description="Z")
    taxes = (TaxDecision(regime="VAT", code="S", rate=Decimal(21), jurisdiction="NL"),)
    back = [
        BillableCharge(
            charge=replace(
                c, quantity=-c.quantity, amount_minor=-c.amount_minor, corrects=1,
                allowances=tuple(replace(a, amount_minor=-a.amount_minor) for a in c.allowances),
            ),
            subject=subject, taxes=taxes, corrects=reference,
        )
        for c in charges
    ]  # fmt: skip
    head = BillHead(
        sales_organisation_id="2600", issued_on=date(2020, 10, 1), currency=currency, language="en",
        seller=(party := Party(name="A", address=PostalAddress(street="", city="", country="NL"))), buyer=party,
        bill_to=BillTo(customer_id="20000001", legacy_customer_id="", billing_group_id="20000001-01"),
        payment=PaymentInstructions(account=None, payment_days=14),
    )  # fmt: skip
    (draft,) = draft_invoices(head=head, charges=back)
    assert draft.kind is DocumentKind.CREDIT_NOTE
    assert canonical_text(draft.document) == draft.canonical
    check_canonical(draft.canonical, is_draft=True)
    assert draft.document.corrects == (replace(reference, line_number=None),)


@given(st.lists(words, min_size=13, max_size=13), st.lists(words, min_size=10, max_size=10))
def test_parts_written_as_text_are_the_canonical_form(subject: list[str], party: list[str]) -> None:
    names = [
        "contract_id", "cost_centre", "description", "equipment_id", "legacy_id", "legacy_name", "location", "order_id",
        "po_number", "product_code", "product_id", "reference", "service_id",
    ]  # fmt: skip
    for place in (0, 3, 7, 12):  # IDs of ours have letters and digits alone
        subject[place] = "50000001"
    assert texts.subject_text(*subject) == canonical_text(LineSubject(**dict(zip(names, subject, strict=True))))
    party[5] = "NL"
    name, street, city, postal_code, state, country, company_number, tax_id, email, phone = party
    value = Party(
        name=name, company_number=company_number, email=email, phone=phone,
        address=PostalAddress(street=street, city=city, postal_code=postal_code, state=state, country=country),
        tax_registrations=(TaxRegistration(scheme="VAT", number=tax_id),) if tax_id else (),
    )  # fmt: skip
    assert texts.party_text(*party) == canonical_text(value)


@given(lines(), days, currencies)
def test_a_charge_comes_back_from_its_tuple(line: TermLine, through: date, currency: str) -> None:
    for charge in charges_owed(terms=terms(line, currency), through=through):
        assert charge_from_plain(plain_charge(charge)) == charge
        assert plain_charge(charge_from_plain(plain_charge(charge))) == plain_charge(charge)


plain_prices = st.integers(0, 5_000_000_000).map(lambda n: charge_price(n))


def charge_price(millionths: int) -> Decimal:
    """As the database gives it."""
    return Decimal(texts.millionths_text(millionths))


@given(
    days,
    days,
    days,
    plain_prices,
    st.integers(1, 40),
    st.sampled_from([1, 3, 6, 12]),
    st.sampled_from(list(Timing)),
    currencies,
)
def test_whole_cycles_are_what_is_owed(
    first: date, one: date, other: date, price: Decimal, count: int, months: int, timing: Timing, currency: str
) -> None:
    settled, through = sorted((one, other))
    line = TermLine(
        line_id=7, kind=LineKind.RECURRING, start=first, end=None, prices=(DatedPrice(first, None, price),),
        quantities=(DatedQuantity(first, None, Decimal(count)),), cycle_months=months, timing=timing,
    )  # fmt: skip
    periods = whole_cycles(first.isoformat(), months, timing is Timing.ARREARS, settled.isoformat(), through)
    if periods is None:
        return
    quick = [
        charge_from_plain(
            whole_cycle(7, p, months, int(price * 10**6), count * 10**6, currency, first.isoformat(), first.isoformat())
        )
        for p in periods
    ]
    both = [
        set(charges_owed(terms=ContractTerms(contract_id="1", currency=currency, lines=(line,)), through=day))
        for day in (settled, through)
    ]
    assert set(quick) == both[1] - both[0]
    assert len(quick) == len(both[1] - both[0])


def as_stored(value: Decimal) -> Decimal:
    """The number as it comes back from a column of millionths."""
    return Decimal(f"{value:f}".rstrip("0").rstrip(".") or "0")


@given(
    price=st.decimals(min_value=0, max_value=5000, places=3), count=st.integers(1, 9),
    months=st.sampled_from([1, 3, 6, 12]), currency=st.sampled_from(["EUR", "JPY"]),
    discounts=st.lists(
        st.tuples(st.sampled_from(list(DiscountKind)), st.decimals(min_value=1, max_value=99, places=2), st.booleans()),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_discounted_whole_cycles_are_what_is_owed(
    price: Decimal, count: int, months: int, currency: str, discounts: list[tuple[DiscountKind, Decimal, bool]]
) -> None:
    first, end = date(2020, 1, 1), add_months(date(2020, 1, 1), months)
    price = as_stored(price)
    rows = [
        Discount(kind, as_stored(value), f"No. {n}", first, end if ends else None)
        for n, (kind, value, ends) in enumerate(discounts)
    ]
    line = TermLine(
        line_id=7, kind=LineKind.RECURRING, start=first, end=None, prices=(DatedPrice(first, None, price),),
        quantities=(DatedQuantity(first, None, Decimal(count)),), discounts=tuple(rows), cycle_months=months,
    )  # fmt: skip
    (owed, *_later) = charges_owed(terms=ContractTerms(contract_id="1", currency=currency, lines=(line,)), through=end)
    plain, allowances = discounted_cycle(
        7, (first.isoformat(), end.isoformat()), months, int(price * 10**6), count * 10**6, currency, first.isoformat(),
        first.isoformat(),
        tuple(
            (d.valid_from.isoformat(), d.valid_until and d.valid_until.isoformat(), d.kind.value, int(d.value * 10**6), d.reason)
            for d in rows
        ),
    )  # fmt: skip
    assert charge_from_plain(plain) == owed
    assert allowances == tuple((a.reason, a.amount_minor) for a in owed.allowances)
