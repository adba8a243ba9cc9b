"""Generated contract lines and their lives: Hypothesis strategies, and books that keep charges like the database does."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from rackbill.core.charges import Charge, Charged, ChargeKind, charges_owed, charges_unbilled
from rackbill.core.periods import add_months
from rackbill.core.terms import (
    ContractTerms,
    DatedPrice,
    DatedQuantity,
    DayCount,
    Discount,
    DiscountKind,
    LineKind,
    Proration,
    ProrationProfile,
    Rounding,
    Suspension,
    TermLine,
    Timing,
)

FIRST, LAST = date(2019, 1, 1), date(2021, 12, 31)
days = st.dates(FIRST, LAST)
month_ends = days.map(lambda day: add_months(day.replace(day=1), 1) - timedelta(days=1))
prices = st.decimals(0, 5000, places=2) | st.decimals(0, 500, places=6)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


def _dated(values: list[Decimal], cuts: list[date], start: date) -> list[tuple[date, date | None, Decimal]]:
    borders = [start, *sorted({cut for cut in cuts if cut > start})][: len(values)]
    ends = [*borders[1:], None]
    return list(zip(borders, ends, values, strict=False))


@st.composite
def lines(draw: st.DrawFn) -> TermLine:
    """A contract line with dated prices, quantities and discounts."""
    start = draw(days | month_ends)
    kind = draw(st.sampled_from([LineKind.RECURRING] * 7 + [LineKind.ONE_OFF]))
    dated_prices = _dated(
        draw(st.lists(prices | st.just(Decimal(10)), min_size=1, max_size=3)), draw(st.lists(days, max_size=2)), start
    )
    counts = draw(st.lists(st.integers(1, 40).map(Decimal), min_size=1, max_size=2))
    dated_counts = _dated(counts, draw(st.lists(days, max_size=1)), start)
    return TermLine(
        line_id=1, kind=kind, start=start, end=draw(st.none() | days), prices=tuple(DatedPrice(*row) for row in dated_prices),
        quantities=tuple(DatedQuantity(*row) for row in dated_counts), discounts=tuple(draw(st.lists(discounts(), max_size=2))),
        cycle_months=draw(st.sampled_from([1, 1, 1, 3, 6, 12])), timing=draw(st.sampled_from(list(Timing))),
        billed_from=draw(st.none() | days),
        anchor_on=draw(st.none() | st.none() | st.just(start) | days | month_ends), proration=draw(profiles),
        suspensions=tuple(draw(st.lists(suspensions(), max_size=2))),
    )  # fmt: skip


profiles = st.just(ProrationProfile()) | st.builds(
    ProrationProfile, method=st.sampled_from(Proration), day_price_digits=st.sampled_from([None, None, 2, 4, 6]),
    rounding=st.sampled_from([Rounding.HALF_UP, *Rounding]), day_count=st.sampled_from([DayCount.START] * 4 + [*DayCount]),
    is_unit_rounded=st.sampled_from([False, False, True]),
)  # fmt: skip


@st.composite
def suspensions(draw: st.DrawFn) -> Suspension:
    """Some days of suspension, with or without an end."""
    start = draw(days)
    return Suspension(start, draw(st.none() | st.dates(start + timedelta(days=1), LAST + timedelta(days=2))))


@st.composite
def discounts(draw: st.DrawFn) -> Discount:
    """Percent or amount, with or without an end."""
    start = draw(days)
    end = draw(st.none() | st.dates(start + timedelta(days=1), LAST + timedelta(days=2)))
    kind = draw(st.sampled_from(list(DiscountKind)))
    value = (
        draw(st.decimals("0.5", 100, places=2))
        if kind is DiscountKind.PERCENT
        else draw(st.decimals("0.01", 900, places=2))
    )
    return Discount(kind, value, draw(st.sampled_from(["Term", "Loyalty"])), start, end)


@st.composite
def amendments(draw: st.DrawFn, line: TermLine) -> TermLine:
    """The line after one change in its past, present or future."""
    what = draw(
        st.sampled_from(["end", "no end", "price", "discount", "no discount", "quantity", "suspend", "reconnect"])
    )
    if what == "end":
        return replace(line, end=draw(days))
    if what == "no end":
        return replace(line, end=None)
    if what == "suspend":
        return replace(line, suspensions=(draw(suspensions()),))
    if what == "reconnect":
        return replace(line, suspensions=())
    if what == "discount":
        return replace(line, discounts=(*line.discounts[:2], draw(discounts())))
    if what == "no discount":
        return replace(line, discounts=())
    if what == "quantity":
        return replace(line, quantities=(DatedQuantity(line.start, None, Decimal(draw(st.integers(1, 40)))),))
    rows = _dated(draw(st.lists(prices, min_size=1, max_size=3)), draw(st.lists(days, max_size=2)), line.start)
    return replace(line, prices=tuple(DatedPrice(*row) for row in rows))


def terms(line: TermLine, currency: str = "EUR") -> ContractTerms:
    """A contract of one line."""
    return ContractTerms(contract_id="50000001", currency=currency, lines=(line,))


@dataclass
class Books:
    """Charges under keys, with the constraints that the database has."""

    currency: str = "EUR"
    charged: list[Charged] = field(default_factory=list)

    def run(self, line: TermLine, through: date) -> list[Charge]:
        """Bills what is unbilled and keeps it."""
        new = charges_unbilled(terms=terms(line, self.currency), charged={1: self.charged}, through=through)
        for charge in new:
            self._check(charge)
            self.charged.append(Charged(key=len(self.charged) + 1, charge=charge))
        return new

    def _check(self, charge: Charge) -> None:
        known = [c.charge for c in self.charged]
        key = (charge.period, charge.kind, charge.revision, charge.step)
        same = [c for c in known if (c.period, c.kind, c.revision, c.step) == key]
        assert not same, f"charged twice: {charge}"
        if charge.kind is ChargeKind.RECURRING and charge.revision == 0:
            firsts = [c for c in known if c.kind is ChargeKind.RECURRING and c.revision == 0]
            assert not any(c.period.overlap(charge.period) for c in firsts), f"days charged twice: {charge}"
        if charge.corrects is not None:
            taken = [c for c in self.charged if c.charge.corrects == charge.corrects]
            original = self.charged[charge.corrects - 1].charge
            left = original.amount_minor + sum(c.charge.amount_minor for c in taken)
            assert 0 <= left + charge.amount_minor <= left or left == charge.amount_minor == 0, (
                f"more than is left: {charge}"
            )
            assert charge.amount_minor <= 0

    def credit(self, key: int, amount_minor: int) -> None:
        """Takes so much off a charge, or what is left of it."""
        original = self.charged[key - 1].charge
        if original.corrects is not None:
            return
        taken = [c for c in self.charged if c.charge.corrects == key]
        left = original.amount_minor + sum(c.charge.amount_minor for c in taken)
        amount = -min(amount_minor, left)
        revision = sum(
            1 for c in self.charged if c.charge.kind is ChargeKind.CREDIT and c.charge.period == original.period
        )
        credit = replace(
            original, kind=ChargeKind.CREDIT, amount_minor=amount, corrects=key, revision=revision, allowances=()
        )
        self._check(credit)
        self.charged.append(Charged(key=len(self.charged) + 1, charge=credit))

    @property
    def total(self) -> int:
        """All that was charged, in minor units."""
        return sum(c.charge.amount_minor for c in self.charged)


def owed_total(line: TermLine, through: date, currency: str = "EUR") -> int:
    """All that is owed, in minor units."""
    return sum(charge.amount_minor for charge in charges_owed(terms=terms(line, currency), through=through))
