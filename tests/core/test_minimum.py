"""The minimum charge: tops up what counted lines leave, in arrears, and corrects itself."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.charges import Charged, ContradictoryTerms, charges_owed, charges_unbilled
from rackbill.core.terms import ContractTerms, DatedPrice, DatedQuantity, LineKind, Suspension, TermLine, Timing
from tests.core.stories import days, lines

START = date(2020, 10, 1)


def line(line_id: int, price: str, kind: LineKind = LineKind.RECURRING, **more: object) -> TermLine:
    plain = TermLine(
        line_id=line_id, kind=kind, start=START, end=None, prices=(DatedPrice(date(2019, 1, 1), None, Decimal(price)),),
        quantities=(DatedQuantity(date(2019, 1, 1), None, Decimal(1)),),
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def contract(*rows: TermLine) -> ContractTerms:
    return ContractTerms(contract_id="50000001", currency="EUR", lines=rows)


def minimum(price: str, counted: tuple[int, ...] = (1, 2), **more: object) -> TermLine:
    return line(9, price, LineKind.MINIMUM, counted_lines=counted, **more)


def top_ups(terms: ContractTerms, through: date) -> list[tuple[str, int, str]]:
    return [
        (str(c.period), c.amount_minor, c.cause.formula)
        for c in charges_owed(terms=terms, through=through)
        if c.line_id == 9
    ]


def test_what_is_missing_is_charged_after_the_month() -> None:
    terms = contract(line(1, "20"), line(2, "12.10", timing=Timing.ARREARS), minimum("50"))
    assert top_ups(terms, date(2020, 10, 31)) == []
    assert top_ups(terms, date(2020, 11, 1)) == [("2020-10-01/2020-11-01", 1790, "max(1 * 50 - 32.10, 0)")]


def test_a_run_that_bills_ahead_waits_for_the_month_whatever_was_agreed() -> None:
    terms = contract(line(1, "20"), line(2, "12.10"), minimum("50"))
    ahead = {"terms": terms, "charged": {}, "through": date(2020, 12, 1)}
    billed = charges_unbilled(**ahead, ended_by=date(2020, 11, 1))  # type: ignore[arg-type]
    assert [(str(c.period), c.amount_minor) for c in billed if c.line_id == 9] == [("2020-10-01/2020-11-01", 1790)]
    assert not [c for c in charges_unbilled(**ahead, ended_by=date(2020, 10, 31)) if c.line_id == 9]  # type: ignore[arg-type]


def test_a_month_that_reaches_the_minimum_has_no_top_up() -> None:
    assert top_ups(contract(line(1, "30"), line(2, "20"), minimum("50")), date(2020, 12, 1)) == []
    assert len(top_ups(contract(line(1, "30"), line(2, "19.99"), minimum("50")), date(2020, 12, 1))) == 2


def test_a_yearly_charge_counts_by_its_days_and_a_started_month_by_its_share() -> None:
    yearly = line(1, "365", cycle_months=12)
    terms = contract(yearly, line(2, "0"), minimum("50", start=date(2020, 10, 17)))
    first, november = top_ups(terms, date(2020, 12, 1))
    # 15 of 31 days of the minimum; 15 and 30 of 365 days of the year.
    assert first == ("2020-10-17/2020-11-01", 2419 - 1500, "max(15 * 50 / 31 - 15.00, 0)")
    assert november[1] == 5000 - 3000


def test_the_document_line_is_one_piece_of_what_is_missing() -> None:
    terms = contract(line(1, "20"), line(2, "0"), minimum("50"))
    charge = charges_owed(terms=terms, through=date(2020, 11, 1))[-1]
    assert (charge.quantity, charge.unit, charge.unit_price, charge.price_base_quantity) == (
        1,
        "C62",
        Decimal("30.00"),
        1,
    )
    assert dict(charge.cause.facts) == {"price_from": "2019-01-01", "minimum": "1 * 50", "counted": "20.00"}
    assert charge.cause.rule == "minimum charge less what was charged"


def test_a_change_below_corrects_the_top_up() -> None:
    cheap, dear = line(1, "20"), line(1, "45")
    charged = charges_unbilled(
        terms=contract(cheap, line(2, "0"), minimum("50")), charged={}, through=date(2020, 11, 1)
    )
    past = {n: [Charged(key=k, charge=c) for k, c in enumerate(charged, 1) if c.line_id == n] for n in (1, 2, 9)}
    new = charges_unbilled(terms=contract(dear, line(2, "0"), minimum("50")), charged=past, through=date(2020, 11, 1))
    assert [c.amount_minor for c in new if c.line_id == 9] == [-3000, 500]


def test_counted_lines_must_be_at_hand() -> None:
    with pytest.raises(ContradictoryTerms, match="over 2 lines, 1 of them"):
        top_ups(contract(line(1, "20"), minimum("50")), date(2020, 11, 1))
    with pytest.raises(ContradictoryTerms, match="another minimum"):
        top_ups(contract(minimum("50", (9,))), date(2020, 11, 1))
    other = line(8, "20", LineKind.MINIMUM, counted_lines=(1,))
    with pytest.raises(ContradictoryTerms, match="another minimum; count its lines instead"):
        top_ups(contract(line(1, "20"), other, minimum("50", (1, 8))), date(2020, 11, 1))


@given(lines(), lines(), st.decimals(0, 3000, places=2), days)
def test_with_its_top_up_every_period_reaches_the_minimum(
    a: TermLine, b: TermLine, agreed: Decimal, through: date
) -> None:
    floor = minimum(str(agreed), start=date(2019, 7, 1), suspensions=(Suspension(date(2020, 3, 1), date(2020, 4, 1)),))
    terms = contract(replace(a, line_id=1), replace(b, line_id=2), floor)
    charges = charges_owed(terms=terms, through=through)
    extra = {c.period.start: c for c in charges if c.line_id == 9}
    counted = [c for c in charges if c.line_id != 9]
    day, whole = date(2019, 7, 1), round(agreed * 100)
    while (after := date(day.year + day.month // 12, day.month % 12 + 1, 1)) <= through:
        if day != date(2020, 3, 1):
            reached = sum(
                Decimal(c.amount_minor)
                * (min(c.period.end, after) - max(c.period.start, day)).days
                / c.period.day_count
                for c in counted
                if c.period.start < after and day < c.period.end
            )
            top_up = extra[day].amount_minor if day in extra else 0
            assert abs(max(reached, Decimal(whole)) - (reached + top_up)) <= Decimal("0.5")
            assert top_up >= 0
        else:
            assert day not in extra
        day = after
