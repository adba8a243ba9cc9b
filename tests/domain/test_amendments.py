"""Changes in the past, the present and the future: one next run corrects what was charged, and a second one finds nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from rackbill.core.terms import DiscountKind
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.models import Charge
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.errors import AmendmentRefused, ContractNotFound, LineNotFound, ServiceNotFound
from rackbill.domain.contracts.models import ContractLine, LineDiscount, LinePrice, LineSuspension, Service
from rackbill.domain.documents import queries as documents
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from tests.domain.test_credits import bill, charged_net, violations
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 12, 1, 6, tzinfo=UTC)
DONE = {"now": NOW, "actor": SYSTEM}
THROUGH = date(2020, 12, 2)
BASE = 4 * 3100
"""September to December at 31.00 a month."""


@pytest.fixture
def row() -> Service:
    """A server at 31.00 a month from September, billed month by month up to December."""
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world), price="31")
    for month in (9, 10, 11, 12):
        bill(date(2020, month, 2), datetime(2020, month, 1, 6, tzinfo=UTC))
    assert charged_net() == BASE
    return service


def key(row: Service) -> int:
    return row.lines.get().pk


def new_lines() -> list[tuple[str, str, int]]:
    """What one more run charges; and that one after it finds nothing."""
    before = set(Charge.objects.values_list("pk", flat=True))
    bill(THROUGH, NOW)
    rows = Charge.objects.exclude(pk__in=before).order_by("period_start", "amount_minor")
    found = [(c.kind, f"{c.period_start}/{c.period_end}", c.amount_minor) for c in rows]
    assert bill(THROUGH, NOW).lines == 0
    assert violations() == []
    return found


def month(number: int, minor: int, kind: str = "recurring") -> tuple[str, str, int]:
    end = date(2020 + number // 12, number % 12 + 1, 1)
    return kind, f"{date(2020, number, 1)}/{end}", minor


def test_a_price_corrected_three_months_back(row: Service) -> None:
    contracts.set_price(line_key=key(row), unit_price=Decimal("30"), valid_from=date(2020, 9, 1), **DONE)
    expected = []
    for number in (9, 10, 11, 12):
        expected += [month(number, -3100, "reversal"), month(number, 3000)]
    assert new_lines() == expected
    note = documents.document(scope=WholeInstallation(), number="21900000")
    assert {line.corrects.number for line in note.lines if line.corrects} == {
        "21000000",
        "21000001",
        "21000002",
        "21000003",
    }


def test_a_price_for_one_month_leaves_the_others(row: Service) -> None:
    contracts.set_price(
        line_key=key(row), unit_price=Decimal("62"), valid_from=date(2020, 10, 1), valid_until=date(2020, 11, 1), **DONE
    )
    assert new_lines() == [month(10, -3100, "reversal"), month(10, 6200)]
    rows = LinePrice.objects.order_by("valid_from").values_list("valid_from", "valid_until", "unit_price")
    assert list(rows) == [
        (date(2020, 9, 1), date(2020, 10, 1), 31), (date(2020, 10, 1), date(2020, 11, 1), 62), (date(2020, 11, 1), None, 31),
    ]  # fmt: skip
    contracts.set_price(
        line_key=key(row),
        unit_price=Decimal("93"),
        valid_from=date(2020, 10, 15),
        valid_until=date(2020, 11, 15),
        **DONE,
    )
    rows = LinePrice.objects.order_by("valid_from").values_list("valid_from", "valid_until", "unit_price")
    assert list(rows)[1:] == [
        (date(2020, 10, 1), date(2020, 10, 15), 62), (date(2020, 10, 15), date(2020, 11, 15), 93), (date(2020, 11, 15), None, 31),
    ]  # fmt: skip


def test_a_price_in_the_future_waits(row: Service) -> None:
    contracts.set_price(line_key=key(row), unit_price=Decimal("62"), valid_from=date(2021, 1, 1), **DONE)
    assert new_lines() == []
    bill(date(2021, 1, 2), datetime(2021, 1, 1, 6, tzinfo=UTC))
    assert charged_net() == BASE + 6200


def test_an_end_set_two_months_back(row: Service) -> None:
    contracts.end_line(line_key=key(row), ends_on=date(2020, 10, 11), **DONE)
    assert new_lines() == [
        ("reversal", "2020-10-11/2020-11-01", -2100), month(11, -3100, "reversal"), month(12, -3100, "reversal"),
    ]  # fmt: skip
    contracts.end_line(line_key=key(row), ends_on=None, **DONE)
    assert sum(minor for _kind, _period, minor in new_lines()) == 2100 + 6200
    assert charged_net() == BASE


def test_a_service_that_ends_within_a_day_is_charged_up_to_it(row: Service) -> None:
    contracts.end_service(service_id=row.service_id, ends_at=datetime(2020, 12, 11, 15, tzinfo=UTC), **DONE)
    assert new_lines() == [("reversal", "2020-12-11/2021-01-01", -2100)]


def test_more_from_a_day_in_the_past(row: Service) -> None:
    contracts.set_quantity(line_key=key(row), quantity=Decimal(3), valid_from=date(2020, 12, 11), **DONE)
    assert (
        new_lines()
        == [("recurring", "2020-12-11/2021-01-01", 6300), ("reversal", "2020-12-11/2021-01-01", -2100)][::-1]
    )


def test_a_discount_given_for_november_and_taken_away_again(row: Service) -> None:
    contracts.add_discount(
        line_key=key(row), kind=DiscountKind.PERCENT, value=Decimal(50), reason="Sorry", valid_from=date(2020, 11, 1),
        valid_until=date(2021, 3, 1), **DONE,
    )  # fmt: skip
    assert charged_after(new_lines) == BASE - 3100
    contracts.end_discount(line_key=key(row), reason="Sorry", valid_until=date(2020, 12, 1), **DONE)
    assert charged_after(new_lines) == BASE - 1550
    contracts.end_discount(line_key=key(row), reason="Sorry", valid_until=date(2020, 11, 1), **DONE)
    assert charged_after(new_lines) == BASE
    assert LineDiscount.objects.count() == 0


def charged_after(run: Callable[[], object]) -> int:
    run()
    return charged_net()


def test_suspension_and_reconnection(row: Service) -> None:
    contracts.suspend_service(
        service_id=row.service_id, on=date(2020, 11, 11), reason="not paid", is_charged=False, **DONE
    )
    assert new_lines() == [("reversal", "2020-11-11/2020-12-01", -2067), month(12, -3100, "reversal")]
    assert Service.objects.get().status == "SUSPENDED"
    contracts.reconnect_service(service_id=row.service_id, on=date(2020, 12, 11), **DONE)
    assert new_lines() == [("recurring", "2020-12-11/2021-01-01", 2100)]
    assert Service.objects.get().status == "ACTIVE"
    assert LineSuspension.objects.get().valid_until == date(2020, 12, 11)


def test_a_suspension_that_goes_on_being_charged_changes_nothing(row: Service) -> None:
    contracts.suspend_service(service_id=row.service_id, on=date(2020, 11, 11), reason="abuse", is_charged=True, **DONE)
    assert new_lines() == []
    assert bill(date(2021, 1, 2), datetime(2021, 1, 1, 6, tzinfo=UTC)).lines == 1


def test_a_suspension_undone_from_its_first_day_leaves_no_trace(row: Service) -> None:
    contracts.suspend_service(
        service_id=row.service_id, on=date(2020, 11, 11), reason="error", is_charged=False, **DONE
    )
    contracts.reconnect_service(service_id=row.service_id, on=date(2020, 11, 11), **DONE)
    assert LineSuspension.objects.count() == 0
    assert new_lines() == []


def test_every_change_is_remembered_and_unsettles_its_line(row: Service) -> None:
    assert ContractLine.objects.get().settled_until is not None
    contracts.set_price(line_key=key(row), unit_price=Decimal(40), valid_from=date(2021, 1, 1), **DONE)
    assert ContractLine.objects.get().settled_until is None
    entry = HistoryEntry.objects.filter(verb="set_price").get()
    assert entry.object_id == row.service_id
    assert {name: entry.detail[name] for name in ("line", "unit_price", "from", "until")} == {
        "line": "Dedicated server", "unit_price": "40", "from": "2021-01-01", "until": None,
    }  # fmt: skip
    assert [row["unit_price"] for row in entry.detail["before"]] == ["31"]


def test_refusals(row: Service) -> None:
    line = {"line_key": key(row), "valid_from": date(2020, 9, 1), **DONE}
    percent = {**line, "kind": DiscountKind.PERCENT, "reason": "x", "valid_until": None}
    refused: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: contracts.set_price(unit_price=Decimal(-1), **line), AmendmentRefused, "is negative"),
        (lambda: contracts.set_quantity(quantity=Decimal(-1), **line), AmendmentRefused, "is negative"),
        (lambda: contracts.set_price(unit_price=Decimal(1), valid_until=date(2020, 9, 1), **line), AmendmentRefused, "is no time"),
        (lambda: contracts.add_discount(value=Decimal(101), **percent), AmendmentRefused, "out of reach"),
        (lambda: contracts.add_discount(value=Decimal(0), **percent), AmendmentRefused, "out of reach"),
        (
            lambda: contracts.end_discount(line_key=key(row), reason="none", valid_until=date(2020, 9, 1), **DONE),
            AmendmentRefused, "no discount 'none'",
        ),
        (lambda: contracts.end_line(line_key=0, ends_on=None, **DONE), LineNotFound, "no contract line 0"),
        (lambda: contracts.end_service(service_id="0", ends_at=None, **DONE), ServiceNotFound, "no service 0"),
        (
            lambda: contracts.reconnect_service(service_id=row.service_id, on=date(2020, 9, 1), **DONE),
            AmendmentRefused, "is ACTIVE, not suspended",
        ),
        (lambda: contracts.withdraw_cancellation(contract_id="0", **DONE), ContractNotFound, "no contract 0"),
    ]  # fmt: skip
    for call, kind, words in refused:
        with pytest.raises(kind, match=words):
            call()
    suspend = {"service_id": row.service_id, "on": date(2020, 9, 1), "reason": "x", "is_charged": True, **DONE}
    contracts.suspend_service(**suspend)
    with pytest.raises(AmendmentRefused, match="suspended already"):
        contracts.suspend_service(**suspend)
    assert new_lines() == []


def test_a_contract_ends_by_agreement_and_goes_on(row: Service) -> None:
    contract = {"contract_id": row.contract.contract_id, **DONE}
    contracts.end_contract(ends_at=datetime(2020, 12, 10, 23, tzinfo=UTC), **contract)
    assert new_lines() == [("reversal", "2020-12-11/2021-01-01", -2100)]
    contracts.end_contract(ends_at=None, **contract)
    assert sum(minor for *_what, minor in new_lines()) == 2100
    assert [entry.detail["before"] for entry in HistoryEntry.objects.filter(verb="end_contract").order_by("pk")] == [
        None, "2020-12-10T23:00:00+00:00",
    ]  # fmt: skip
    given = {"given_at": NOW, "zone": ZoneInfo("Europe/Berlin"), **contract}
    contracts.cancel_contract(**given)
    with pytest.raises(AmendmentRefused, match="withdraw that first"):
        contracts.end_contract(ends_at=None, **contract)
    with pytest.raises(ContractNotFound, match="no contract 0; look it up"):
        contracts.end_contract(ends_at=None, **{**contract, "contract_id": "0"})


def test_what_would_count_twice_or_never_is_refused_or_changes_nothing(row: Service) -> None:
    discount = {
        "line_key": key(row), "kind": DiscountKind.PERCENT, "value": Decimal(10), "reason": "x",
        "valid_from": date(2020, 12, 1), **DONE,
    }  # fmt: skip
    for _ in range(2):
        contracts.add_discount(valid_until=None, **discount)
    assert LineDiscount.objects.count() == HistoryEntry.objects.filter(verb="add_discount").count() == 1
    with pytest.raises(AmendmentRefused, match="is no time"):
        contracts.add_discount(valid_until=date(2020, 12, 1), **discount)
    with pytest.raises(AmendmentRefused, match="starts on 2020-09-01, after 2020-08-31; end it on 2020-09-01"):
        contracts.end_line(line_key=key(row), ends_on=date(2020, 8, 31), **DONE)
    suspend = {"service_id": row.service_id, "reason": "x", "is_charged": False, **DONE}
    contracts.suspend_service(on=date(2020, 10, 5), **suspend)
    contracts.reconnect_service(service_id=row.service_id, on=date(2020, 10, 9), **DONE)
    for day in (date(2020, 10, 1), date(2020, 10, 5), date(2020, 10, 8)):
        with pytest.raises(AmendmentRefused, match="was suspended from 2020-10-05 until 2020-10-09"):
            contracts.suspend_service(on=day, **suspend)
    contracts.suspend_service(on=date(2020, 10, 9), **suspend)
    assert LineSuspension.objects.count() == 2


def test_the_next_run_is_told_for_the_lines_asked_about_alone(row: Service) -> None:
    world = world_of.Provider(row.customer.sales_organisation, 50)
    other = world_of.service(world, row.customer, price="310", starts_on=date(2020, 12, 1))
    contracts.set_price(line_key=key(row), unit_price=Decimal(62), valid_from=date(2020, 12, 1), **DONE)
    ask = {"scope": WholeInstallation(), "customer_id": row.customer.customer_id, "now": NOW}
    coming = billing.preview_coming_lines(line_keys=[key(row)], **ask)
    assert (coming.billed_on, coming.through, coming.parked, coming.open_run) == (
        date(2021, 1, 1), date(2021, 2, 1), "", "",
    )  # fmt: skip
    assert (coming.taken_back_minor, coming.charged_minor) == ({"EUR": 3100}, {"EUR": 6200 * 2})
    assert billing.preview_coming_lines(line_keys=[key(other)], **ask).charged_minor == {"EUR": 62000}
    LinePrice.objects.filter(line=key(row)).delete()
    assert "no price or no quantity" in billing.preview_coming_lines(line_keys=[key(row)], **ask).parked
