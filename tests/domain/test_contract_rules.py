"""What was agreed and how it changes: notice, discount rates, swaps, yearly rises, minimum charges, profiles."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from typer.testing import CliRunner

from rackbill.core.terms import DatedPrice, DatedQuantity, Discount, DiscountKind, NoticeRule
from rackbill.domain.billing.models import Charge, ParkedBill
from rackbill.domain.catalogue import invariants as catalogue_invariants
from rackbill.domain.catalogue import operations as catalogue
from rackbill.domain.catalogue.errors import DiscountRefused
from rackbill.domain.catalogue.models import DiscountRate
from rackbill.domain.contracts import invariants as contract_invariants
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import queries as contract_queries
from rackbill.domain.contracts.errors import AmendmentRefused
from rackbill.domain.contracts.models import Cancellation, Contract, ContractLine, LineDiscount, LinePrice, Service
from rackbill.domain.contracts.models import NoticeRule as StoredRule
from rackbill.domain.documents import queries as documents
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import CustomerScope, WholeInstallation
from rackbill.domain.parties.models import BillingGroup, Customer
from rackbill.interfaces.console import main
from rackbill.interfaces.console import prices as prices_console
from tests.domain.test_credits import bill, charged_net
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2020, 10, 5, 9, tzinfo=UTC)
OCTOBER = date(2020, 10, 1)
DONE = {"now": NOW, "actor": SYSTEM}
EVERYTHING = WholeInstallation()


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


def berlin(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=BERLIN)  # type: ignore[misc, arg-type]


def cancelled(row: Service, given_at: datetime, term_months: int = 12, **more: Any) -> date:
    Contract.objects.filter(pk=row.contract_id).update(
        term_months=term_months, starts_at=datetime(2020, 9, 1, tzinfo=BERLIN), ends_at=None
    )
    Cancellation.objects.filter(contract=row.contract).delete()
    return contracts.cancel_contract(
        contract_id=row.contract.contract_id, given_at=given_at, zone=BERLIN, **{**DONE, "now": given_at, **more}
    )


# --- notice ----------------------------------------------------------------------------------------------------------------

FORMS = [  # term, given, end: B28 until 2022, B27 from 2023
    (1, berlin(2020, 9, 30, 22, 59), date(2020, 10, 1)),
    (1, berlin(2020, 9, 30, 23, 1), date(2020, 11, 1)),
    (3, berlin(2020, 10, 1, 0, 0), date(2020, 12, 1)),
    (3, berlin(2020, 10, 1, 0, 1), date(2021, 3, 1)),
    (12, berlin(2021, 6, 30, 12, 0), date(2021, 9, 1)),
    (12, berlin(2021, 7, 1, 12, 0), date(2022, 9, 1)),
    (3, berlin(2023, 2, 28, 22, 59), date(2023, 3, 1)),
    (6, berlin(2023, 2, 1, 0, 0), date(2023, 3, 1)),
    (6, berlin(2023, 2, 1, 0, 1), date(2023, 9, 1)),
    (36, berlin(2023, 8, 1, 0, 0), date(2023, 9, 1)),
]


@pytest.mark.parametrize(("term", "given_at", "end"), FORMS)
def test_the_two_published_forms_are_stored_for_anybody(
    world: world_of.Provider, term: int, given_at: datetime, end: date
) -> None:
    assert cancelled(world_of.service(world, world_of.customer(world)), given_at, term) == end


def test_rules_for_consumers_go_before_those_of_a_product_class_and_an_organisation(world: world_of.Provider) -> None:
    def store(months: int, **keys: Any) -> None:
        rules = [NoticeRule(longest_term_months=1200, notice_months=months)]
        contracts.store_notice_rules(rules=rules, valid_from=date(2020, 1, 1), source="test", **keys, **DONE)

    firm = world_of.service(world, world_of.customer(world))
    person = world_of.service(world, world_of.customer(world, kind="consumer"))
    given_at = berlin(2021, 6, 15)
    store(4, organisation_id="2100")
    assert (cancelled(firm, given_at), cancelled(person, given_at)) == (date(2022, 9, 1), date(2022, 9, 1))
    store(0, product_class="DEDICATED_SERVER")
    assert cancelled(firm, given_at) == date(2021, 9, 1)
    store(3, customer_kind="consumer")
    assert (cancelled(firm, given_at), cancelled(person, given_at)) == (date(2021, 9, 1), date(2022, 9, 1))
    store(1, customer_kind="consumer")  # in place of the three months
    assert cancelled(person, given_at) == date(2021, 9, 1)
    assert cancelled(person, berlin(2019, 12, 1)) == date(2021, 9, 1)


def test_the_class_that_binds_longest_counts(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world))
    rules = [NoticeRule(longest_term_months=1200)]
    contracts.store_notice_rules(
        rules=rules, valid_from=date(2020, 1, 1), source="test", product_class="DEDICATED_SERVER", **DONE
    )
    assert cancelled(row, berlin(2021, 8, 30)) == date(2021, 9, 1)
    rack = catalogue.add_product(code="R", product_id="RACK_UNIT", name="Rack unit")
    Service.objects.create(
        service_id="99000000000100", contract=row.contract, customer=row.customer, billing_group=row.billing_group, product_id=rack,
        description="Rack", status="ACTIVE", starts_at=row.starts_at,
    )  # fmt: skip
    assert cancelled(row, berlin(2021, 8, 30)) == date(2022, 9, 1)


def test_a_renewal_that_does_not_bind_runs_on_until_the_notice_has_passed(world: world_of.Provider) -> None:
    person = world_of.service(world, world_of.customer(world, kind="consumer"))
    rules = [NoticeRule(longest_term_months=1200, notice_months=1, is_renewal_binding=False)]
    contracts.store_notice_rules(
        rules=rules, valid_from=date(2020, 1, 1), source="test", customer_kind="consumer", **DONE
    )
    assert cancelled(person, berlin(2021, 3, 1)) == date(2021, 9, 1)
    assert cancelled(person, berlin(2021, 8, 20)) == date(2021, 9, 20)
    assert cancelled(person, berlin(2022, 1, 28)) == date(2022, 2, 28)
    assert cancelled(person, berlin(2022, 1, 28, 12)) == date(2022, 3, 1)


def test_a_cancellation_is_confirmed_and_can_be_undone_for_a_while(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    row = world_of.service(world, owner, reference="shop")
    end = cancelled(row, berlin(2021, 6, 1), reason_code="OTHER", reason_text="moved")
    found = contract_queries.cancellation_confirmation(scope=EVERYTHING, contract_id=row.contract.contract_id)
    assert found is not None
    assert (found.ends_on, found.notice, found.undo_until, found.reason_code) == (
        end, "2 months", berlin(2021, 8, 31), "OTHER",
    )  # fmt: skip
    assert found.services == ((row.service_id, "Dedicated server", "shop", row.equipment.equipment_id, end),)  # type: ignore[union-attr]
    other = CustomerScope(customer_key=owner.pk + 1, customer_id="x")
    assert contract_queries.cancellation_confirmation(scope=other, contract_id=row.contract.contract_id) is None
    late = {"contract_id": row.contract.contract_id, "actor": SYSTEM}
    with pytest.raises(AmendmentRefused, match="could be undone until"):
        contracts.withdraw_cancellation(now=berlin(2021, 8, 31), **late)
    contracts.withdraw_cancellation(now=berlin(2021, 8, 30, 23, 59), **late)
    contracts.withdraw_cancellation(now=berlin(2021, 8, 30, 23, 59), **late)
    assert contract_queries.cancellation_confirmation(scope=EVERYTHING, contract_id=row.contract.contract_id) is None
    assert Contract.objects.get().ends_at is None
    assert (
        contracts.cancel_contract(
            contract_id=row.contract.contract_id, given_at=berlin(2021, 6, 2), zone=BERLIN, **DONE
        )
        == end
    )
    assert Cancellation.objects.count() == 2
    verbs = HistoryEntry.objects.filter(object_kind="contract").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["cancel_contract", "withdraw_cancellation", "cancel_contract"]


def test_a_cancelled_contract_is_billed_to_its_end(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    assert cancelled(row, berlin(2020, 10, 5), 1) == date(2020, 11, 1)
    assert bill(date(2020, 12, 1), datetime(2020, 11, 1, 6, tzinfo=UTC)).lines == 0


def test_refusals_of_notice(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world))
    with pytest.raises(AmendmentRefused, match="needs a text"):
        cancelled(row, berlin(2021, 6, 1), reason_code="OTHER")
    with pytest.raises(AmendmentRefused, match="36 months"):
        contracts.store_notice_rules(
            rules=[NoticeRule(longest_term_months=12)], valid_from=OCTOBER, source="test", **DONE
        )
    StoredRule.objects.all().delete()
    with pytest.raises(AmendmentRefused, match="no notice rule is stored for 2100, business, DEDICATED_SERVER"):
        cancelled(row, berlin(2021, 6, 1))
    assert "no notice rule is stored that holds for anybody" in list(contract_invariants.violations())


# --- discount rates --------------------------------------------------------------------------------------------------------

TERM = {months: Decimal(percent) for months, percent in ((1, 0), (3, 3), (6, 5), (12, 10), (24, 20), (36, 25))}
CYCLE = {months: Decimal(percent) for months, percent in ((1, 0), (3, 2), (6, 3), (12, 5))}


def rates(valid_from: date = date(2020, 1, 1), **more: Any) -> None:
    for basis, table in (("term", TERM), ("cycle", CYCLE)):
        catalogue.store_discount_rates(
            **{
                "product_class": "VIRTUAL_SERVER",
                "basis": basis,
                "percent_by_months": table,
                "valid_from": valid_from,
                **more,
            },
            **DONE,
        )


def opened(
    owner: Customer, *lines: contracts.NewLine, term_months: int = 12, order_id: str = "44010000", product: str = "VIRTUAL_SERVER"
) -> contracts.OpenedService:  # fmt: skip
    key = catalogue.add_product(code=product, product_id=product, name=product)
    service = contracts.NewService(
        product_key=key, description="Virtual server", lines=lines, billing_group_key=BillingGroup.objects.get(customer=owner).pk,
        starts_at=berlin(2020, 10, 1),
    )  # fmt: skip
    _id, _key, (row,) = contracts.open_contract(
        order_id=order_id, customer_key=owner.pk, customer_id=owner.customer_id, currency="EUR", ordered_on=OCTOBER,
        starts_at=berlin(2020, 10, 1), term_months=term_months, po_number="", services=[service], zone=BERLIN, **DONE,
    )  # fmt: skip
    return row


def line(price: str, kind: str = "recurring", **more: Any) -> contracts.NewLine:
    start = more.get("starts_on", OCTOBER)
    return contracts.NewLine(
        **{
            "kind": kind, "description": "Virtual server M", "starts_on": start,
            "prices": (DatedPrice(start, None, Decimal(price)),), "quantities": (DatedQuantity(start, None, Decimal(1)),), **more,
        }
    )  # fmt: skip


def discounts_of(line_key: int) -> list[tuple[str, Decimal, bool]]:
    return list(
        LineDiscount.objects.filter(line_id=line_key).order_by("pk").values_list("reason", "value", "is_listed")
    )


def test_a_line_takes_the_discounts_of_its_term_and_cycle_when_it_is_opened(world: world_of.Provider) -> None:
    rates()
    row = opened(world_of.customer(world), line("100", cycle_months=3), line("20", "one_off"), term_months=24)
    assert discounts_of(row.line_keys[0]) == [("Contract term 2 years", 20, True), ("Billing cycle 3 months", 2, True)]
    assert discounts_of(row.line_keys[1]) == []
    world_of.bill_october()
    value = documents.document(scope=EVERYTHING, number="21000000")
    quarter = next(x for x in value.lines if x.period.end == date(2021, 1, 1))
    # 100.00 less 20 percent, the rest less 2 percent: the order of application is that of the valid rows.
    assert quarter.net_minor == 7840
    assert sorted(a.reason for a in quarter.allowances) == ["Billing cycle 3 months 2 %", "Contract term 2 years 20 %"]


def test_open_lines_keep_what_they_were_opened_with(world: world_of.Provider) -> None:
    rates()
    owner = world_of.customer(world)
    before = opened(owner, line("100"))
    rates(date(2020, 10, 1), percent_by_months={1: Decimal(0), 12: Decimal(40)}, basis="term")
    after = opened(owner, line("100"), order_id="44010001")
    plain = opened(owner, line("100", takes_listed_discounts=False), order_id="44010002")
    own = opened(owner, line("100"), order_id="44010003", product="DEDICATED_SERVER")
    assert discounts_of(before.line_keys[0]) == [("Contract term 1 year", 10, True)]
    assert discounts_of(after.line_keys[0]) == [("Contract term 1 year", 40, True)]
    assert discounts_of(plain.line_keys[0]) == discounts_of(own.line_keys[0]) == []
    assert DiscountRate.objects.filter(basis="term", valid_until=date(2020, 10, 1)).count() == 6
    assert list(catalogue_invariants.violations()) == []


def test_an_organisation_may_have_its_own_rates(world: world_of.Provider) -> None:
    rates()
    rates(organisation_id="2100", basis="term", percent_by_months={12: Decimal("12.5")})
    rates(organisation_id="9999", basis="term", percent_by_months={12: Decimal(99)})
    row = opened(world_of.customer(world), line("100"))
    assert discounts_of(row.line_keys[0]) == [("Contract term 1 year", Decimal("12.5"), True)]


def test_refusals_of_discount_rates() -> None:
    for wanted, words in (
        ({"percent_by_months": {1: Decimal(101)}}, "out of reach"), ({"percent_by_months": {0: Decimal(1)}}, "out of reach"),
        ({"basis": "mood"}, "by term or by cycle"),
    ):  # fmt: skip
        with pytest.raises(DiscountRefused, match=words):
            rates(**wanted)


# --- swaps -----------------------------------------------------------------------------------------------------------------


def swapped(line_key: int, on: date, price: str, **more: Any) -> int:
    product = catalogue.add_product(code="VS-L", product_id="VIRTUAL_SERVER", name="Virtual server L")
    new = line(price, description="Virtual server L", starts_on=on, **more)
    return contracts.swap_product(line_key=line_key, product_key=product, line=new, on=on, **DONE)


def charges(*line_keys: int) -> list[tuple[str, str, int]]:
    rows = Charge.objects.filter(contract_line_id__in=line_keys).order_by(
        "contract_line_id", "period_start", "-amount_minor"
    )
    return [(c.kind, f"{c.period_start}/{c.period_end}", c.amount_minor) for c in rows]


def test_an_upgrade_in_the_past_prorates_old_and_new(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("31"))
    world_of.bill_october()
    new = swapped(row.line_keys[0], date(2020, 10, 11), "62")
    bill(date(2020, 11, 1), NOW)
    assert charges(row.line_keys[0], new) == [
        ("recurring", "2020-10-01/2020-11-01", 3100), ("reversal", "2020-10-11/2020-11-01", -2100),
        ("recurring", "2020-10-11/2020-11-01", 4200),
    ]  # fmt: skip
    assert bill(date(2020, 11, 1), NOW).lines == 0
    assert Service.objects.get().product.code == "VS-L"


def products_billed() -> list[tuple[str, str, int]]:
    """(product code, description, net) of every line of every document, in order."""
    return [
        (row.subject.product_code, row.subject.description, row.net_minor)
        for number in documents.numbers()
        for row in documents.document(scope=EVERYTHING, number=number).lines
    ]


def test_what_is_taken_back_after_a_swap_goes_by_the_product_it_was_billed_as(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("31"))
    world_of.bill_october()
    (billed,) = products_billed()
    swapped(row.line_keys[0], date(2020, 10, 11), "62")
    bill(date(2020, 11, 1), NOW)
    assert products_billed()[1:] == [("VS-L", "Virtual server L", 4200), (billed[0], billed[1], -2100)]


def test_what_a_swap_ended_is_billed_as_what_it_was_however_late(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("31"))
    swapped(row.line_keys[0], date(2020, 10, 11), "62")
    bill(date(2020, 11, 1), NOW)
    assert [(code, net) for code, _text, net in products_billed()] == [("VIRTUAL_SERVER", 1000), ("VS-L", 4200)]


def test_a_swap_inside_a_year_keeps_the_cycle_and_costs_shares_of_it(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("365", cycle_months=12))
    world_of.bill_october()
    new = swapped(row.line_keys[0], date(2021, 1, 1), "730", cycle_months=12)
    bill(date(2020, 11, 1), NOW)
    assert charges(row.line_keys[0], new)[1:] == [("reversal", "2021-01-01/2021-10-01", -27300)]
    bill(date(2021, 1, 2), datetime(2021, 1, 1, 6, tzinfo=UTC))
    assert charges(new) == [("recurring", "2021-01-01/2021-10-01", 54600)]
    assert ContractLine.objects.get(pk=new).anchor_on == OCTOBER


def test_a_downgrade_in_the_future_waits_for_its_day_and_keeps_agreed_discounts(world: world_of.Provider) -> None:
    rates()
    loyal = (
        Discount(DiscountKind.PERCENT, Decimal(50), "Loyalty", OCTOBER, date(2020, 12, 1)),
        Discount(DiscountKind.PERCENT, Decimal(1), "Over", OCTOBER, date(2020, 10, 5)),
    )
    row = opened(world_of.customer(world), line("100", discounts=loyal))
    new = swapped(row.line_keys[0], date(2020, 11, 1), "40")
    bill(date(2020, 11, 1), NOW)
    assert charges(new) == []
    assert discounts_of(new) == [("Loyalty", 50, False), ("Contract term 1 year", 10, True)]
    bill(date(2020, 12, 2), datetime(2020, 11, 30, 6, tzinfo=UTC))
    assert [amount for _k, _p, amount in charges(new)] == [1800, 3600]


def test_a_swap_with_another_cycle_begins_its_own_cycles(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("31"))
    world_of.bill_october()
    new = swapped(row.line_keys[0], date(2020, 10, 11), "372", cycle_months=12)
    bill(date(2020, 11, 2), NOW)
    assert charges(new) == [("recurring", "2020-10-11/2020-11-01", 2100), ("recurring", "2020-11-01/2021-11-01", 37200)]


def test_refusals_of_swaps(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("31"), line("5", "one_off"))
    with pytest.raises(AmendmentRefused, match="choose a day within"):
        swapped(row.line_keys[0], date(2020, 9, 30), "1")
    with pytest.raises(AmendmentRefused, match="only a recurring line"):
        swapped(row.line_keys[1], OCTOBER, "1")
    contracts.end_line(line_key=row.line_keys[0], ends_on=date(2020, 10, 20), **DONE)
    with pytest.raises(AmendmentRefused, match="choose a day within"):
        swapped(row.line_keys[0], date(2020, 10, 20), "1")
    assert ContractLine.objects.count() == 2


# --- yearly rise -----------------------------------------------------------------------------------------------------------

RISE = {"organisation_id": "2100", "on": date(2021, 1, 1), "cpi_percent": Decimal("2.1")}


def prices(line_key: int) -> list[tuple[date, date | None, Decimal]]:
    return list(
        LinePrice.objects.filter(line_id=line_key)
        .order_by("valid_from")
        .values_list("valid_from", "valid_until", "unit_price")
    )


def test_prices_rise_once_a_year_by_the_floor_or_the_index(world: world_of.Provider) -> None:
    row = opened(world_of.customer(world), line("99.99"), line("10", "one_off"))
    key = row.line_keys[0]
    preview = contracts.preview_rise(**RISE)
    assert [(r.line_key, r.unit_price, r.risen_price) for r in preview] == [(key, Decimal("99.99"), Decimal("104.99"))]
    assert len(prices(key)) == 1
    assert contracts.raise_prices(**RISE, **DONE) == preview
    assert contracts.raise_prices(**RISE, **DONE) == contracts.preview_rise(**RISE) == []
    assert prices(key)[1] == (date(2021, 1, 1), None, Decimal("104.99"))
    contracts.raise_prices(**{**RISE, "on": date(2022, 1, 1), "cpi_percent": Decimal("7.9")}, **DONE)
    assert prices(key)[2] == (date(2022, 1, 1), None, Decimal("113.28"))
    assert prices(row.line_keys[1])[0][2] == 10


def test_a_rise_is_filtered_and_keeps_later_prices(world: world_of.Provider) -> None:
    first, second = world_of.customer(world), world_of.customer(world)
    a = opened(first, line("100"))
    b = opened(second, line("100"), order_id="44010001", product="DEDICATED_SERVER")
    late = opened(first, line("100", starts_on=date(2020, 12, 15)), order_id="44010002")
    ended = opened(first, line("100", ends_on=date(2021, 1, 1)), order_id="44010003")
    contracts.set_price(line_key=a.line_keys[0], unit_price=Decimal(90), valid_from=date(2021, 6, 1), **DONE)

    def risen(**filters: Sequence[str] | date) -> set[int]:
        return {r.line_key for r in contracts.preview_rise(**RISE, **filters)}  # type: ignore[arg-type]

    keys = {row.line_keys[0] for row in (a, b, late)}
    assert ended.line_keys[0] not in keys and risen() == keys
    assert risen(product_classes=["DEDICATED_SERVER"]) == {b.line_keys[0]}
    assert risen(customer_ids=[second.customer_id]) == {b.line_keys[0]}
    assert risen(started_before=date(2020, 12, 1)) == {a.line_keys[0], b.line_keys[0]}
    assert contracts.preview_rise(**{**RISE, "organisation_id": "9999"}) == []
    contracts.raise_prices(**RISE, **DONE)
    assert prices(a.line_keys[0])[1:] == [(date(2021, 1, 1), date(2021, 6, 1), 105), (date(2021, 6, 1), None, 90)]


def test_the_console_shows_first_and_then_raises(world: world_of.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    row = opened(world_of.customer(world), line("100"))
    monkeypatch.setattr(main, "set_clock", lambda _at: NOW)
    app = main.typer.Typer()
    app.callback()(lambda: None)
    prices_console.register(app)
    words = ["raise-prices", "--sales-org", "2100", "--on", "2021-01-01", "--cpi", "2.1"]
    shown = CliRunner().invoke(app, [*words, "--preview", "--json"])
    answer = json.loads(shown.stdout.splitlines()[-1])
    assert (answer["raised"], answer["previewed"], answer["prices"][0]["risen_price"]) == (0, True, "105.00")
    assert len(prices(row.line_keys[0])) == 1
    done = CliRunner().invoke(app, words)
    assert "1 prices rise on 2021-01-01" in done.stdout
    assert prices(row.line_keys[0])[1][2] == 105
    assert isinstance(CliRunner().invoke(app, [*words, "--floor", "five"]).exception, main.answers.Refused)


def test_refusals_of_rises() -> None:
    with pytest.raises(AmendmentRefused, match="from 1 January"):
        contracts.raise_prices(**{**RISE, "on": date(2021, 2, 1)}, **DONE)
    with pytest.raises(AmendmentRefused, match="is none"):
        contracts.preview_rise(**{**RISE, "cpi_percent": Decimal(-1)}, floor_percent=Decimal(0))


# --- minimum charges and profiles ------------------------------------------------------------------------------------------


def test_a_contract_tops_up_to_its_minimum_after_the_month_and_corrects_itself(world: world_of.Provider) -> None:
    row = opened(
        world_of.customer(world), line("20"), line("50", "minimum", description="Minimum charge", counts="contract")
    )
    bill(date(2020, 10, 2), datetime(2020, 10, 1, 6, tzinfo=UTC))
    assert charges(*row.line_keys) == [("recurring", "2020-10-01/2020-11-01", 2000)]
    assert bill(date(2020, 11, 2), datetime(2020, 11, 1, 6, tzinfo=UTC)).lines == 2
    assert charges(row.line_keys[1]) == [("recurring", "2020-10-01/2020-11-01", 3000)]
    contracts.set_price(line_key=row.line_keys[0], unit_price=Decimal(45), valid_from=OCTOBER, **DONE)
    bill(date(2020, 11, 2), datetime(2020, 11, 2, 6, tzinfo=UTC))
    assert charges(row.line_keys[1])[1:] == [
        ("recurring", "2020-10-01/2020-11-01", 500), ("reversal", "2020-10-01/2020-11-01", -3000),
    ]  # fmt: skip
    assert bill(date(2020, 11, 2), datetime(2020, 11, 2, 6, tzinfo=UTC)).lines == 0
    assert charged_net() == 2 * 4500 + 500
    assert ParkedBill.objects.count() == 0


def test_a_minimum_of_a_service_counts_its_own_lines(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    row = opened(owner, line("20"), line("50", "minimum", description="Minimum charge", counts="service"))
    second = Service.objects.create(
        service_id="99000000000100", contract=Contract.objects.get(), customer=owner, product=Service.objects.get().product,
        billing_group=BillingGroup.objects.get(customer=owner), description="Other", status="ACTIVE", starts_at=berlin(2020, 10, 1),
    )  # fmt: skip
    contracts.add_line(service_id=second.service_id, line=line("100"), **DONE)
    bill(date(2020, 11, 1), datetime(2020, 11, 1, 6, tzinfo=UTC))
    assert charges(row.line_keys[1]) == [("recurring", "2020-10-01/2020-11-01", 3000)]


def test_only_a_minimum_counts_lines(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    for wanted in (line("20", counts="contract"), line("20", "minimum")):
        with pytest.raises(AmendmentRefused, match="a minimum, and nothing else"):
            opened(owner, wanted)
    row = opened(owner, line("20"))
    with pytest.raises(IntegrityError), transaction.atomic():
        ContractLine.objects.filter(pk=row.line_keys[0]).update(counts="contract")


PROFILES = [  # 20 to 31 October, 129.95 a month
    ({}, 5030), ({"proration": "days/30"}, 5198), ({"proration": "30/360"}, 4765), ({"day_count": "end"}, 4611),
    ({"day_price_digits": 2}, 5028), ({"proration": "days_of_month", "rounding": "down"}, 5030), ({"is_unit_rounded": True}, 5030),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "minor"), PROFILES)
def test_a_stored_profile_imitates_another_engine(
    world: world_of.Provider, profile: dict[str, Any], minor: int
) -> None:
    row = opened(world_of.customer(world), line("129.95", starts_on=date(2020, 10, 20), profile=profile))
    world_of.bill_october()
    assert [amount for _kind, _period, amount in charges(*row.line_keys)] == [minor]
    assert ParkedBill.objects.count() == 0
