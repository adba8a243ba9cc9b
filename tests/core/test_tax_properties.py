"""What holds for every tax: total or refused, rounded once, split without losing a cent, Great Britain in and out."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from rackbill.core import document as frozen
from rackbill.core.charges import Allowance, Charge, Charged, ChargeKind, charges_owed
from rackbill.core.charges.charge import Cause
from rackbill.core.charges.dividing import PART_OF, divide
from rackbill.core.crediting import CreditItem, draft_credit_note, whole_invoice
from rackbill.core.document import BillTo, Document, LineSubject, PaymentInstructions
from rackbill.core.invoicing import SPLIT_NOTE, BillableCharge, BillHead, draft_invoices
from rackbill.core.money import minor_digits, round_half_up
from rackbill.core.party import Party, PostalAddress
from rackbill.core.periods import Period
from rackbill.core.tax import (
    TAX_CLASSES,
    CountryEvidence,
    NoTaxRule,
    Registration,
    SellerChoice,
    TaxDecision,
    TaxIdProof,
    TaxParty,
    TaxSeller,
    tax_breakdown,
    taxing_of,
)
from rackbill.core.tax.desk import TaxDesk
from rackbill.core.terms import TermLine
from tests.core.stories import Books, amendments, lines, owed_total
from tests.world.tax_tables import RATES, TABLE, TERRITORIES

days = st.dates(date(2015, 1, 1), date(2027, 12, 31))
countries = sorted({rate.territory[:2] for rate in RATES} | {row.country for row in TERRITORIES} | {"RU", "BR", "IN"})
states = ["", "TX", "CT", "CA", "WA", "QC", "ON", "NS", "MB", "BC"]
postal_codes = st.sampled_from(["", "35001", "9000-001", "9500", "6691", "78266", "22100", "97400", "10115"])
tax_classes = st.sampled_from([*TAX_CLASSES, "standard", "private_suite-DE", "unknown"])
sellers = ["NL", "DE", "IE", "FI", "GB", "US-VA", "CA-QC", "SG", "JP", "HK", "AU", "CH", "NO", "BR"]


@st.composite
def proofs(draw: st.DrawFn) -> TaxIdProof:
    return TaxIdProof(
        tax_id="ID", is_valid=draw(st.booleans()), checked_on=draw(days), valid_from=draw(st.none() | days),
        is_tax_registered=draw(st.none() | st.booleans()),
    )  # fmt: skip


@st.composite
def evidence(draw: st.DrawFn) -> CountryEvidence:
    kind = draw(st.sampled_from(["ip address", "bank", "sim card"]))
    return CountryEvidence(kind=kind, country=draw(st.sampled_from(["DE", "SE", "NL"])), recorded_on=draw(days))


@st.composite
def buyers(draw: st.DrawFn) -> TaxParty:
    return TaxParty(
        country=draw(st.sampled_from(countries)), state=draw(st.sampled_from(states)), postal_code=draw(postal_codes),
        is_business=draw(st.booleans()), proofs=tuple(draw(st.lists(proofs(), max_size=3))),
        country_evidence=tuple(draw(st.lists(evidence(), max_size=3))),
    )  # fmt: skip


@st.composite
def tax_sellers(draw: st.DrawFn) -> TaxSeller:
    country, _, state = draw(st.sampled_from(sellers)).partition("-")
    choice = st.builds(
        SellerChoice, choice=st.sampled_from(Registration), valid_from=days, valid_until=st.none() | days,
        territory=st.sampled_from(["", "GB", "CH", "AU", "JP", "CA", "DE"]),
    )  # fmt: skip
    return TaxSeller(country=country, state=state, choices=tuple(draw(st.lists(choice, max_size=2))))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(days)
    return Period(start, start + timedelta(days=draw(st.integers(1, 800))))


def taxes_known_on(day: date) -> set[Decimal]:
    """Every rate that anybody knew on a day."""
    return {rate.rate for rate in RATES if rate.known_from is None or rate.known_from <= day}


@given(by=tax_sellers(), to=buyers(), tax_class=tax_classes, period=periods(), issued_on=days)
def test_a_decision_is_total_never_a_silent_zero(
    by: TaxSeller, to: TaxParty, tax_class: str, period: Period, issued_on: date
) -> None:
    try:
        taxing = taxing_of(
            seller=by, buyer=to, tax_class=tax_class, period=period, issued_on=issued_on, table=TABLE
        )  # fmt: skip
    except NoTaxRule as refusal:
        said = str(refusal)
        taxing = None
    if taxing is None:
        assert len(said) > 20, "a refusal says what is missing"
        return
    assert taxing.ruling.basis
    assert taxing.rule.source
    borders = [part.period for part in taxing.parts]
    assert (borders[0].start, borders[-1].end) == (period.start, period.end)
    assert all(a.end == b.start for a, b in zip(borders, borders[1:], strict=False))
    for part in taxing.parts:
        assert part.taxes
        for tax in part.taxes:
            assert (tax.rate > 0) != bool(tax.exemption_code), "a rate, or a reason why there is none"
            assert tax.rate == 0 or tax.rate in taxes_known_on(issued_on)
            assert (tax.code in ("O", "AE", "ZR", "OUT", "NT")) == (tax.rate == 0)
        codes = {tax.code for tax in part.taxes}
        assert not ("O" in codes and len(codes) > 1)
    if not taxing.rule.splits:
        assert len(taxing.parts) == 1


@given(period=periods(), issued_on=days, business=st.booleans())
def test_great_britain_is_in_the_union_until_the_end_of_2020(period: Period, issued_on: date, business: bool) -> None:
    proof = TaxIdProof(tax_id="GB1", is_valid=True, checked_on=date(2010, 1, 1))
    to = TaxParty(country="GB", is_business=business, proofs=(proof,) if business else ())
    taxing = taxing_of(
        seller=TaxSeller(country="NL"), buyer=to, tax_class="standard", period=period, issued_on=issued_on, table=TABLE
    )
    is_inside = period.end - timedelta(days=1) < date(2021, 1, 1)
    assert [tax.code for tax in taxing.parts[0].taxes] == [("AE" if business else "S") if is_inside else "O"]


CODES = [("S", "21"), ("S", "9"), ("S", "25.5"), ("AE", "0"), ("O", "0")]


def decision(code: str, rate: str, base: str = "1") -> TaxDecision:
    return TaxDecision(
        regime="VAT", code=code, rate=Decimal(rate), jurisdiction="NL", base_rate=Decimal(base),
        exemption_code="" if Decimal(rate) else f"VATEX-EU-{code}",
    )  # fmt: skip


line_taxes = st.sampled_from([(decision(*row),) for row in CODES] + [
    (decision("GST", "5"), decision("QST", "9.975")), (decision("SALES", "6.25", "0.8"),), (decision("SALES", "1"),),
])  # fmt: skip


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), line_taxes), min_size=1, max_size=30))
def test_base_and_tax_are_rounded_once_for_each_category(rows: list[tuple[int, tuple[TaxDecision, ...]]]) -> None:
    result = tax_breakdown(rows)
    assert len({(r.code, r.rate) for r in result}) == len(result)
    for row in result:
        exact = sum(
            (
                net * tax.base_rate
                for net, taxes in rows
                for tax in taxes
                if (tax.code, tax.rate) == (row.code, row.rate)
            ),
            Decimal(0),
        )
        assert abs(exact - row.base_minor) <= Decimal("0.5")
        assert abs(exact * row.rate / 100 - row.tax_minor) <= Decimal("0.5")
    assert tax_breakdown(rows[::-1]) == result


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    """A charge of any unit with allowances."""
    unit, quantity, base = draw(st.sampled_from(["MON", "ANN", "DAY", "E34", "HUR"])), Decimal(1), Decimal(1)
    period = draw(periods())
    if unit == "DAY":
        quantity, base = Decimal(period.day_count * draw(st.integers(1, 9))), Decimal(draw(st.integers(28, 366)))
    elif unit in ("E34", "HUR"):
        quantity = draw(st.decimals(0, 5000, places=6))
    else:
        quantity = Decimal(draw(st.integers(1, 40)))
    price = draw(st.decimals(0, 5000, places=2) | st.decimals(0, 500, places=6))
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    gross = round_half_up((quantity * price / base).scaleb(minor_digits(currency)))
    off = draw(st.integers(0, gross))
    return Charge(
        line_id=1, kind=ChargeKind.RECURRING, period=period, revision=0, quantity=quantity, unit=unit, unit_price=price,
        price_base_quantity=base, amount_minor=gross - off, currency=currency, cause=Cause("month", f"{quantity} * {price} / {base}"),
        allowances=(Allowance("Term", off),) if off else (),
    )  # fmt: skip


@given(charge=charges(), shares=st.lists(st.integers(1, 99), max_size=3))
def test_a_charge_split_by_days_sums_to_the_whole(charge: Charge, shares: list[int]) -> None:
    cuts = [charge.period.start + timedelta(days=charge.period.day_count * share // 100) for share in shares]
    parts = divide(charge, cuts)
    assert sum(part.amount_minor for part in parts) == charge.amount_minor
    assert (parts[0].period.start, parts[-1].period.end) == (charge.period.start, charge.period.end)
    assert all(a.period.end == b.period.start for a, b in zip(parts, parts[1:], strict=False))
    scale = minor_digits(charge.currency)
    for part in parts:
        gross = round_half_up((part.quantity * part.unit_price / part.price_base_quantity).scaleb(scale))
        assert gross - part.allowance_minor == part.amount_minor
        exact = Decimal(charge.amount_minor) * part.period.day_count / charge.period.day_count
        assert abs(exact - part.amount_minor) <= len(parts)
        if len(parts) > 1:
            assert (PART_OF, str(charge.period)) in part.cause.facts
            value = eval(part.cause.formula, {"__builtins__": {}})
            assert abs(value - float(part.amount_minor) / 10**scale) <= 0.5 / 10**scale + 1e-6
    if charge.unit not in ("MON", "ANN", "DAY"):
        assert sum(part.quantity for part in parts) == charge.quantity
    assert sum(a.amount_minor for p in parts for a in p.allowances if a.reason == "Term") == charge.allowance_minor


@given(st.data())
def test_split_charges_converge_like_whole_ones(data: st.DataObject) -> None:
    """A life of amendments, with every charge cut at the same days as it is billed, as Swiss law cuts at a new rate."""
    line = data.draw(lines())
    cuts = data.draw(st.lists(st.dates(date(2019, 1, 1), date(2021, 12, 31)), min_size=1, max_size=2))
    books = CutBooks(cuts=cuts)
    through = data.draw(st.dates(date(2019, 6, 1), date(2021, 12, 31)))
    books.run(line, through)
    for _ in range(data.draw(st.integers(0, 3))):
        line = data.draw(amendments(line))
        through = max(through, data.draw(st.dates(date(2019, 6, 1), date(2021, 12, 31))))
        books.run(line, through)
    books.run(line, through)
    assert books.run(line, through) == []
    assert books.total == owed_total(line, through)


@given(st.data())
def test_what_bears_a_wrong_rate_is_taken_back_once_and_charged_anew(data: st.DataObject) -> None:
    line = data.draw(lines())
    through = data.draw(st.dates(date(2019, 6, 1), date(2021, 12, 31)))
    books = CutBooks(cuts=data.draw(st.lists(st.dates(date(2019, 1, 1), date(2021, 12, 31)), max_size=1)))
    books.run(line, through)
    assume(books.charged)
    wrong = data.draw(st.sets(st.sampled_from([c.key for c in books.charged]), min_size=1))
    books.charged = [replace(c, is_mistaxed=c.key in wrong) for c in books.charged]
    corrections = books.run(line, through)
    assert {c.corrects for c in corrections if c.corrects} == wrong
    assert sum(c.amount_minor for c in corrections) == 0
    assert books.run(line, through) == []
    assert books.total == owed_total(line, through)
    line = data.draw(amendments(line))
    books.run(line, through)
    assert books.run(line, through) == []
    assert books.total == owed_total(line, through)


class CutBooks(Books):
    """Books whose charges are cut at some days when they are billed."""

    def __init__(self, cuts: list[date]) -> None:
        super().__init__()
        self.cuts = cuts

    def run(self, line: TermLine, through: date) -> list[Charge]:
        known = len(self.charged)
        super().run(line, through)
        new = [c.charge for c in self.charged[known:]]
        del self.charged[known:]
        cut = [part for charge in new for part in ([charge] if charge.corrects else divide(charge, self.cuts))]
        for charge in cut:
            self._check(charge)
            self.charged.append(Charged(key=len(self.charged) + 1, charge=charge))
        return cut


@given(line=lines(), issued_on=days, country=st.sampled_from(["CH", "SG", "DE", "NL"]))
def test_the_desk_loses_nothing_and_decides_like_the_law(line: TermLine, issued_on: date, country: str) -> None:
    by, to = TaxSeller(country=country), TaxParty(country=country)
    desk = TaxDesk(seller=by, table=TABLE, issued_on=issued_on)
    from tests.core.stories import terms

    owed = charges_owed(terms=terms(line), through=date(2021, 6, 1))
    for charge in owed * 2:
        taxed = desk.of(to).taxed(charge, "standard")
        assert sum(part.amount_minor for part, _ in taxed) == charge.amount_minor
        taxing = taxing_of(
            seller=by, buyer=to, tax_class="standard", period=charge.period, issued_on=issued_on, table=TABLE
        )  # fmt: skip
        assert [(part.period, taxes) for part, taxes in taxed] == [(p.period, p.taxes) for p in taxing.parts]


HEAD = BillHead(
    sales_organisation_id="2000", issued_on=date(2020, 10, 1), currency="EUR", language="en",
    seller=Party(name="S", address=PostalAddress(street="1", city="A", country="NL")),
    buyer=Party(name="B", address=PostalAddress(street="1", city="A", country="DE"), company_number="1"),
    bill_to=BillTo(customer_id="12000001", legacy_customer_id="", billing_group_id="12000001-01"),
    payment=PaymentInstructions(account=None, payment_days=14), exemption_texts={SPLIT_NOTE: "two documents"},
)  # fmt: skip
SUBJECT = LineSubject(
    contract_id="50000001", service_id="41000001000100", product_id="X", product_code="X", description="X"
)


def drafts(rows: list[tuple[int, tuple[TaxDecision, ...]]]) -> list[Document]:
    """Documents of one-off charges with those amounts and taxes."""
    day = Period(date(2020, 10, 1), date(2020, 11, 1))
    items = [
        BillableCharge(
            charge=Charge(
                line_id=n, kind=ChargeKind.RECURRING, period=day, revision=0, quantity=Decimal(1), unit="MON",
                unit_price=Decimal(net).scaleb(-2), price_base_quantity=Decimal(1), amount_minor=net, currency="EUR",
                cause=Cause("month", str(net)),
            ),
            subject=SUBJECT, taxes=taxes,
        )
        for n, (net, taxes) in enumerate(rows, start=1)
    ]  # fmt: skip
    return [draft.document for draft in draft_invoices(head=HEAD, charges=items)]


amounts = st.lists(st.tuples(st.integers(0, 10**7), line_taxes), min_size=1, max_size=8)


@given(amounts)
def test_what_is_not_subject_never_shares_a_document_and_both_say_so(
    rows: list[tuple[int, tuple[TaxDecision, ...]]],
) -> None:
    found = drafts(rows)
    kinds = {taxes[0].code == "O" for _net, taxes in rows}
    assert len(found) == len(kinds)
    for value in found:
        frozen.check(value, is_draft=True)
        codes = {tax.code for line in value.lines for tax in line.taxes}
        assert codes == {"O"} or "O" not in codes
        assert value.notes == (("two documents",) if len(kinds) == 2 else ())
    assert sum(value.totals.net_minor for value in found) == sum(net for net, _taxes in rows)


@given(amounts, st.lists(st.integers(1, 100), max_size=4))
def test_the_tax_of_all_credit_notes_sums_to_the_originals(
    rows: list[tuple[int, tuple[TaxDecision, ...]]], percents: list[int]
) -> None:
    original = replace(drafts(rows)[0], number="20000000")
    assume(original.totals.net_minor > 0)
    left = {line.line_number: line.net_minor for line in original.lines}
    credited: dict[tuple[str, Decimal], int] = {}
    net = 0
    steps: list[int | None] = [*percents, None]
    for percent in steps:
        if percent is None:
            items = whole_invoice(original=original, left_minor=left)
        else:
            number = 1 + percent % len(original.lines)
            amount = left[number] * percent // 200
            items = [CreditItem(line_number=number, amount_minor=amount)] if amount else []
        if not items:
            continue
        value = draft_credit_note(original=original, items=items, left_minor=left, issued_on=date(2020, 12, 1), note="")
        frozen.check(value.document, is_draft=True)
        for number, minor in value.items:
            left[number] -= minor
        net += value.document.totals.net_minor
        for row in value.document.tax_subtotals:
            credited[(row.code, row.rate)] = credited.get((row.code, row.rate), 0) + row.tax_minor
    assert net == original.totals.net_minor
    wanted = {(row.code, row.rate): row.tax_minor for row in original.tax_subtotals if row.tax_minor}
    assert {key: minor for key, minor in credited.items() if minor} == wanted
