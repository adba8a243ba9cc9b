"""What changed between two invoices: its rows always sum to the difference, and equal bills have none."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.bill_comparison import ThingFacts
from rackbill.core.changes import ORDER, Billed, BilledCharge, changes_text, what_changed
from rackbill.core.charges import Cause, Charge, ChargeKind
from rackbill.core.document import MeasuredUse, canonical_text
from rackbill.core.measured_use import measured_text, measured_use
from rackbill.core.metering import MeasuredQuantity
from rackbill.core.periods import Period
from rackbill.core.pricing import PriceModel, UsagePrice

OCTOBER, NOVEMBER, DECEMBER = date(2020, 10, 1), date(2020, 11, 1), date(2020, 12, 1)
MILLION = 1_000_000


def charge(
    line: int = 1, amount: int = 1000, *, kind: str = "recurring", start: date = OCTOBER, end: date = NOVEMBER,
    quantity: int = 1, unit: str = "MON", base: int = 1, revision: int = 0, allowances: str = "[]",
) -> BilledCharge:  # fmt: skip
    return (
        line, kind, start.isoformat(), end.isoformat(), revision, quantity * MILLION, unit, abs(amount) * 10_000,
        base * MILLION, amount, "EUR", allowances,
    )  # fmt: skip


def billed(*charges: BilledCharge, tax: int = 0, issued_on: date = OCTOBER, through: date = NOVEMBER) -> Billed:
    rows = [(one, f"service {one[0]}") for one in charges]
    return Billed(charges=rows, tax_minor=tax, issued_on=issued_on, through=through)


def changed(before: Billed, after: Billed, facts: ThingFacts | None = None) -> dict[str, tuple[int, int]]:
    rows = what_changed(before=before, after=after, facts=lambda _line: facts)
    return {row.reason: (row.service_count, row.difference_minor) for row in rows}


def november(*charges: BilledCharge, tax: int = 0) -> Billed:
    return billed(*charges, tax=tax, issued_on=NOVEMBER, through=DECEMBER)


def test_the_days_alone_are_no_change() -> None:
    before = billed(charge(), charge(2, 700), tax=323)
    after = november(charge(2, 700, start=NOVEMBER, end=DECEMBER), charge(start=NOVEMBER, end=DECEMBER), tax=323)
    assert changed(before, after) == {}
    assert changed(billed(charge(1, 500), charge(1, 700)), november(charge(1, 700), charge(1, 500))) == {}


def test_each_reason_alone() -> None:
    same = charge()
    cases = {
        "price": (charge(2, 700), charge(2, 800), 100),
        "usage": (charge(2, 700, kind="usage"), charge(2, 800, kind="usage"), 100),
        "one_off": (charge(2, 700, kind="one_off"), None, -700),
        "correction": (None, charge(2, -700, kind="reversal"), -700),
        "new": (None, charge(2, 700), 700),
        "ended": (charge(2, 700), None, -700),
        "quantity": (charge(2, 700), charge(2, 1400, quantity=2), 700),
        "discount": (charge(2, 700), charge(2, 600, allowances='[["Loyalty",100]]'), -100),
        "period": (charge(2, 350, quantity=15, unit="DAY", base=30, start=date(2020, 10, 17)), charge(2, 700), 350),
    }
    for reason, (old, new, difference) in cases.items():
        before = billed(same, *([old] if old else []))
        after = november(same, *([new] if new else []))
        assert changed(before, after) == {reason: (1, difference)}, reason
    assert changed(billed(same, tax=160), november(same, tax=190)) == {"tax": (0, 30)}


def test_what_is_known_of_a_line_tells_an_end_a_cycle_and_a_suspension() -> None:
    yearly = charge(2, 12000, end=date(2021, 10, 1), unit="ANN")
    assert changed(billed(charge(), yearly), november(charge())) == {"period": (1, -12000)}
    part = charge(2, 350, quantity=15, unit="DAY", base=30, start=NOVEMBER, end=date(2020, 11, 16))
    ends = ThingFacts(ends_on=date(2020, 11, 16))
    assert changed(billed(charge(2, 700)), november(part), ends) == {"ended": (1, -350)}
    held = ThingFacts(is_suspended=True)
    assert changed(billed(charge(2, 700)), november(charge()), held)["period"] == (1, -700)
    late = ThingFacts(starts_on=date(2020, 9, 1))
    assert changed(billed(charge()), november(charge(), charge(2, 700)), late) == {"new": (1, 700)}


CHARGES = st.lists(
    st.builds(
        charge, st.integers(1, 4), st.integers(0, 5000), kind=st.sampled_from(["recurring", "usage", "one_off", "reversal"]),
        quantity=st.integers(1, 3), unit=st.sampled_from(["MON", "ANN", "C62", "DAY"]), base=st.sampled_from([1, 30]),
        revision=st.integers(0, 1), allowances=st.sampled_from(["[]", '[["Loyalty",100]]']),
    ),
    max_size=8,
)  # fmt: skip


@given(old=CHARGES, new=CHARGES, taxes=st.tuples(st.integers(0, 900), st.integers(0, 900)))
def test_the_rows_sum_to_the_difference_whatever_changed(
    old: list[BilledCharge], new: list[BilledCharge], taxes: tuple[int, int]
) -> None:
    before, after = billed(*old, tax=taxes[0]), november(*new, tax=taxes[1])
    rows = what_changed(before=before, after=after)
    total = sum(c[9] for c in new) + taxes[1] - sum(c[9] for c in old) - taxes[0]
    assert sum(row.difference_minor for row in rows) == total
    assert [row.reason for row in rows] == [reason for reason in ORDER if any(row.reason == reason for row in rows)]
    assert changes_text(rows) == (canonical_text(rows) if rows else "")
    assert what_changed(before=before, after=billed(*reversed(old), tax=taxes[0])) == ()


# --- what was measured ---------------------------------------------------------------------------------------------------------

USED = MeasuredQuantity(
    period=Period(OCTOBER, NOVEMBER), quantity=Decimal(150), unit="Mbps", method="percentile", profile="95TH",
    sample_count=8928, samples_sha256="ab" * 32,
)  # fmt: skip


def used_charge(start: date = OCTOBER, kind: ChargeKind = ChargeKind.USAGE) -> Charge:
    return Charge(
        line_id=1, kind=kind, period=Period(start, NOVEMBER), revision=0, quantity=Decimal(50), unit="E20",
        unit_price=Decimal(3), price_base_quantity=Decimal(1), amount_minor=15000, currency="EUR", cause=Cause("usage", "1"),
    )  # fmt: skip


def test_a_commit_counts_for_the_days_that_were_charged() -> None:
    commit = UsagePrice(model=PriceModel.COMMIT, included=Decimal(100), price=Decimal(2), overage_price=Decimal(3))
    whole = measured_use(charge=used_charge(), measured=[USED], price=commit)
    assert whole == MeasuredUse(
        quantity=Decimal(150), unit="E20", included=Decimal(100), method="percentile 95TH", sample_count=8928,
        samples_sha256="ab" * 32,
    )  # fmt: skip
    part = measured_use(charge=used_charge(date(2020, 10, 17)), measured=[USED], price=commit)
    assert part is not None
    assert part.included == Decimal("48.387097")
    fixed = UsagePrice(model=PriceModel.COMMIT, included=Decimal(100), price=Decimal(2), is_prorated=False)
    kept = measured_use(charge=used_charge(date(2020, 10, 17)), measured=[USED], price=fixed)
    assert kept is not None
    assert kept.included == 100
    each = measured_use(
        charge=used_charge(), measured=[USED], price=UsagePrice(model=PriceModel.PER_UNIT, included=Decimal(100))
    )
    assert each is not None
    assert each.included == 0


def test_only_usage_with_its_month_has_something_to_tell() -> None:
    price = UsagePrice(model=PriceModel.PER_UNIT)
    assert measured_use(charge=used_charge(kind=ChargeKind.RECURRING), measured=[USED], price=price) is None
    assert measured_use(charge=used_charge(), measured=[], price=price) is None
    assert measured_text(charge=used_charge(), measured=[USED], price=None) == ""
    assert measured_text(charge=used_charge(), measured=[], price=price) == ""
    use = measured_use(charge=used_charge(), measured=[USED], price=price)
    assert measured_text(charge=used_charge(), measured=[USED], price=price) == canonical_text(use)


def test_a_month_frozen_before_methods_were_kept_is_told_by_what_it_has() -> None:
    price = UsagePrice(model=PriceModel.PER_UNIT)
    cases = {
        ("Mbps", "95TH", "ab"): "percentile 95TH", ("GB", "", "ab"): "traffic", ("h", "", "ab"): "hours", ("GB", "", ""): "recorded",
    }  # fmt: skip
    for (unit, profile, sha256), method in cases.items():
        old = MeasuredQuantity(
            period=Period(OCTOBER, NOVEMBER), quantity=Decimal(1), unit=unit, profile=profile, samples_sha256=sha256
        )
        use = measured_use(charge=used_charge(), measured=[old], price=price)
        assert use is not None
        assert use.method == method
