"""Germany 2020: 19 % → 16 % on 1 July 2020 → 19 % on 1 January 2021, in real bill runs, month by month.

Source: Federal Ministry of Finance, letter of 30 June 2020, III C 2 - S 7030/20/10009 :004, nos. 2 to 12, 23 ff., 46;
§ 12, § 13, § 27(1) and § 28 UStG. Shown line by line in docs/decisions/0007-rate-changes.md.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.core import document as frozen
from rackbill.core.money import round_half_up
from rackbill.core.periods import add_months
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.models import RateCorrection, RateReview
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import ContractLine
from rackbill.domain.documents import invariants as document_invariants
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingAuthority, Customer
from rackbill.domain.taxes import operations as taxes
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
MARCH = date(2020, 3, 1)
Row = tuple[str, str, str, int]
"""Day of the invoice, period, rate, net."""


def bill(on: date, through: date, organisation_id: str = "2100") -> int:
    """One bill run at six in the morning; how many customers were parked."""
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    now = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    return len(
        bill_run.run_bill(
            organisation_id=organisation_id, through=through, now=now, actor=SYSTEM, signer=signer
        ).parked
    )  # fmt: skip


def month_by_month(last: date, *, first: date = MARCH, in_advance: bool = True, organisation_id: str = "2100") -> None:
    """A run on every first of a month: through the next first, or through that day for what is billed in arrears."""
    for n in range((last.year - first.year) * 12 + last.month - first.month + 1):
        day = add_months(first, n)
        assert bill(day, add_months(day, 1) if in_advance else day, organisation_id) == 0


def buyer(world: world_of.Provider, kind: str, country: str = "DE") -> Customer:
    """A buyer who is billed by us since 2019; a business has a tax ID that was found valid then."""
    owner = world_of.customer(world, kind=kind, country=country)
    BillingAuthority.objects.filter(customer=owner).update(valid_from=date(2019, 1, 1))
    if kind == "business":
        Customer.objects.filter(pk=owner.pk).update(tax_id="DE136695976")
        taxes.record_tax_id_check(
            customer_id=owner.customer_id, tax_id="DE136695976", is_valid=True, checked_on=date(2019, 1, 2),
            reference="WAPI-1",
        )  # fmt: skip
    return owner


def billed(owner: Customer) -> Iterator[Row]:
    """Every line of the customer's documents with its rate; credit notes with a minus."""
    for number in (
        Document.objects.filter(customer=owner).order_by("issued_on", "number").values_list("number", flat=True)
    ):
        value = documents.document(scope=WholeInstallation(), number=number)
        frozen.check(value)
        sign = -1 if value.kind == "credit_note" else 1
        for line in value.lines:
            (tax,) = line.taxes
            yield str(value.issued_on), str(line.period), f"{tax.code} {tax.rate.normalize():f}", sign * line.net_minor


def violations() -> list[str]:
    return [*document_invariants.violations(), *billing_invariants.violations()]


def monthly(first: str, *months: tuple[str, str]) -> list[Row]:
    """Rows of 100.00 a month: (day of the invoice, rate) for each month from the first on."""
    start = date.fromisoformat(first)
    rows = []
    for n, (issued, rate) in enumerate(months):
        rows.append((issued, f"{add_months(start, n)}/{add_months(start, n + 1)}", f"S {rate}", 10_000))
    return rows


ARREARS = monthly(
    "2020-03-01", ("2020-04-01", "19"), ("2020-05-01", "19"), ("2020-06-01", "19"), ("2020-07-01", "19"),
    ("2020-08-01", "16"), ("2020-09-01", "16"), ("2020-10-01", "16"), ("2020-11-01", "16"), ("2020-12-01", "16"),
    ("2021-01-01", "16"), ("2021-02-01", "19"), ("2021-03-01", "19"),
)  # fmt: skip
ADVANCE = monthly(
    "2020-03-01", ("2020-03-01", "19"), ("2020-04-01", "19"), ("2020-05-01", "19"), ("2020-06-01", "19"),
    ("2020-07-01", "16"), ("2020-08-01", "16"), ("2020-09-01", "16"), ("2020-10-01", "16"), ("2020-11-01", "16"),
    ("2020-12-01", "16"), ("2021-01-01", "19"), ("2021-02-01", "19"), ("2021-03-01", "19"),
)  # fmt: skip


@pytest.mark.parametrize("kind", ["business", "consumer"])
def test_monthly_in_arrears(kind: str) -> None:
    world = world_of.provider()
    owner = buyer(world, kind)
    service = world_of.service(world, owner, price="100", starts_on=MARCH)
    ContractLine.objects.filter(service=service).update(timing="arrears")
    month_by_month(date(2021, 3, 1), first=date(2020, 4, 1), in_advance=False)
    assert list(billed(owner)) == ARREARS
    assert violations() == []


@pytest.mark.parametrize("kind", ["business", "consumer"])
def test_monthly_in_advance(kind: str) -> None:
    world = world_of.provider()
    owner = buyer(world, kind)
    world_of.service(world, owner, price="100", starts_on=MARCH)
    month_by_month(date(2021, 3, 1))
    assert list(billed(owner)) == ADVANCE
    assert RateCorrection.objects.count() == 0
    assert violations() == []


@pytest.mark.parametrize("kind", ["business", "consumer"])
def test_yearly_in_advance(kind: str) -> None:
    """The year ends on 28 February 2021, when 19 % is the rate again: nothing to correct, and no part of it bears 16 %."""
    world = world_of.provider()
    owner = buyer(world, kind)
    world_of.service(world, owner, price="1200", starts_on=MARCH, cycle_months=12)
    month_by_month(date(2021, 4, 1))
    assert list(billed(owner)) == [
        ("2020-03-01", "2020-03-01/2021-03-01", "S 19", 120_000),
        ("2021-03-01", "2021-03-01/2022-03-01", "S 19", 120_000),
    ]
    assert violations() == []


@pytest.mark.parametrize(
    ("starts_on", "ends", "corrected_on"),
    [
        (date(2019, 9, 1), "2020-09-01", "2020-09-01"),
        (date(2019, 7, 1), "2020-07-01", ""),
        (date(2020, 1, 1), "2021-01-01", "2021-01-01"),
        (date(2020, 2, 1), "2021-02-01", ""),
    ],
)
def test_a_year_that_ends_in_the_second_half_of_2020_is_corrected_when_it_is_performed(
    starts_on: date, ends: str, corrected_on: str
) -> None:
    """§ 27(1) UStG: billed at 19 % when nobody knew better, performed at 16 %. What ends outside that half stays."""
    world = world_of.provider()
    owner = buyer(world, "business")
    world_of.service(world, owner, price="1200", starts_on=starts_on, cycle_months=12)
    month_by_month(date(2021, 3, 1), first=starts_on)
    year = f"{starts_on}/{ends}"
    rows = list(billed(owner))
    assert rows[0] == (str(starts_on), year, "S 19", 120_000)
    own = [row for row in rows[1:] if row[1] == year]
    assert own == (
        [(corrected_on, year, "S 16", 120_000), (corrected_on, year, "S 19", -120_000)] if corrected_on else []
    )
    assert violations() == []


def test_the_correction_names_the_invoice_and_gives_back_three_points_once() -> None:
    world = world_of.provider()
    owner = buyer(world, "consumer")
    service = world_of.service(world, owner, price="1200", starts_on=date(2019, 9, 1), cycle_months=12)
    bill(date(2019, 9, 1), date(2019, 10, 1))
    ContractLine.objects.filter(service=service).update(ends_on=date(2020, 9, 1))
    month_by_month(date(2020, 12, 1), first=date(2020, 8, 1))
    credit, invoice = (
        documents.document(scope=WholeInstallation(), number=row.number)
        for row in Document.objects.filter(customer=owner, issued_on=date(2020, 9, 1)).order_by("-number")
    )
    assert (credit.kind, invoice.kind) == ("credit_note", "invoice")
    assert credit.corrects[0].number == "21000000"
    assert (credit.totals.net_minor, credit.totals.tax_minor) == (120_000, 22_800)
    assert (invoice.totals.net_minor, invoice.totals.tax_minor) == (120_000, 19_200)
    assert Document.objects.filter(customer=owner).count() == 3
    assert violations() == []


@pytest.mark.parametrize(
    ("starts_on", "ends", "end", "taken_back_on", "rates"),
    [
        # A year that would have ended at 19 % ends in the half year of 16 %: what is left of it was performed at 16 %.
        (date(2020, 3, 1), "2021-03-01", date(2020, 11, 1), "2020-11-01", ["S 19", "S 16"]),
        # It was billed when both rates were known; the end came later than the law.
        (date(2020, 9, 1), "2021-09-01", date(2020, 12, 1), "2020-12-01", ["S 19", "S 16"]),
        # A year that would have been corrected to 16 % when performed was over before the half year began.
        (date(2019, 9, 1), "2020-09-01", date(2020, 7, 1), "2020-07-01", ["S 19"]),
    ],
)
def test_a_year_that_ends_early_bears_the_rate_of_the_day_it_ended(
    starts_on: date, ends: str, end: date, taken_back_on: str, rates: list[str]
) -> None:
    """§ 27(1) UStG: the performance of a shortened part ends on its last day. It was billed at the rate of its whole."""
    world = world_of.provider()
    owner = buyer(world, "business")
    service = world_of.service(world, owner, price="1200", starts_on=starts_on, cycle_months=12)
    bill(starts_on, add_months(starts_on, 1))
    told_on = date.fromisoformat(taken_back_on)
    line_key = ContractLine.objects.get(service=service).pk
    contracts.end_line(line_key=line_key, ends_on=end, now=datetime(2020, 10, 10, tzinfo=UTC), actor=SYSTEM)
    month_by_month(date(2021, 3, 1), first=told_on)
    rows = list(billed(owner))
    left = sum(net for _day, _period, _rate, net in rows)
    year, whole = (end - starts_on).days, (date.fromisoformat(ends) - starts_on).days
    assert left == round_half_up(Decimal(120_000 * year) / whole)
    assert rows[:2] == [
        (str(starts_on), f"{starts_on}/{ends}", "S 19", 120_000), (taken_back_on, f"{end}/{ends}", "S 19", left - 120_000)
    ]  # fmt: skip
    anew = [(str(add_months(told_on, 1)), f"{starts_on}/{end}", rate, left) for rate in rates[1:]]
    back = [(day, period, "S 19", -net) for day, period, _rate, net in anew]
    assert sorted(rows[2:]) == sorted([*anew, *back])
    assert violations() == []


def test_a_preview_foretells_the_correction_and_stores_nothing() -> None:
    world = world_of.provider()
    owner = buyer(world, "business")
    world_of.service(world, owner, price="1200", starts_on=date(2019, 9, 1), cycle_months=12)
    bill(date(2019, 9, 1), date(2019, 10, 1))
    day, through = date(2020, 9, 1), date(2020, 10, 1)
    drafts, parked = billing.preview_bills(
        organisation_id="2100", customer_keys=[owner.pk], through=through, issued_on=day
    )
    assert (RateReview.objects.count(), RateCorrection.objects.count(), parked) == (0, 0, [])
    foretold = sorted(
        (str(line.period), f"{line.taxes[0].code} {line.taxes[0].rate.normalize():f}", line.net_minor)
        for draft in drafts
        for line in draft.document.lines
    )
    bill(day, through)
    brought = sorted((period, rate, net) for issued, period, rate, net in billed(owner) if issued == str(day))
    year, coming = "2019-09-01/2020-09-01", "2020-09-01/2021-09-01"
    assert foretold == brought
    assert foretold == [(year, "S 16", 120_000), (year, "S 19", -120_000), (coming, "S 19", 120_000)]
    assert RateReview.objects.count() > 0


def test_july_that_was_billed_before_the_law_was_known_is_corrected() -> None:
    """The law was made public on 30 June 2020; a run of 25 June could not know it."""
    world = world_of.provider()
    owner = buyer(world, "business")
    world_of.service(world, owner, price="100", starts_on=date(2020, 6, 1))
    bill(date(2020, 6, 25), date(2020, 8, 1))
    bill(date(2020, 7, 1), date(2020, 8, 1))
    bill(date(2020, 8, 1), date(2020, 9, 1))
    july = "2020-07-01/2020-08-01"
    assert list(billed(owner)) == [
        ("2020-06-25", "2020-06-01/2020-07-01", "S 19", 10_000), ("2020-06-25", july, "S 19", 10_000),
        ("2020-08-01", july, "S 16", 10_000), ("2020-08-01", july, "S 19", -10_000),
        ("2020-08-01", "2020-08-01/2020-09-01", "S 16", 10_000),
    ]  # fmt: skip
    assert violations() == []


def test_a_dutch_seller_applies_german_law_to_a_german_consumer() -> None:
    """MOSS: the consumer's country, and so that country's rule for the change."""
    world = world_of.provider("2000", country="NL")
    owner = buyer(world, "consumer")
    service = world_of.service(world, owner, price="100", starts_on=MARCH)
    ContractLine.objects.filter(service=service).update(timing="arrears")
    month_by_month(date(2021, 3, 1), first=date(2020, 4, 1), in_advance=False, organisation_id="2000")
    assert list(billed(owner)) == ARREARS


def test_a_rate_entered_late_reviews_what_was_billed_before_it_was_noticed() -> None:
    world = world_of.provider("2200", country="RO")
    owner = buyer(world, "consumer", country="RO")
    world_of.service(world, owner, price="100", starts_on=date(2026, 1, 1))
    bill(date(2026, 1, 1), date(2026, 2, 1), "2200")
    taxes.add_rate_change(
        territory="RO", tax="VAT", tax_class="standard", rate=Decimal(23), base_rate=Decimal(1), starts=date(2026, 1, 1),
        known_from=date(2025, 12, 20), source="a law that was entered late",
    )  # fmt: skip
    bill(date(2026, 2, 1), date(2026, 3, 1), "2200")
    january = "2026-01-01/2026-02-01"
    assert list(billed(owner)) == [
        ("2026-01-01", january, "S 21", 10_000), ("2026-02-01", january, "S 23", 10_000),
        ("2026-02-01", january, "S 21", -10_000), ("2026-02-01", "2026-02-01/2026-03-01", "S 23", 10_000),
    ]  # fmt: skip
