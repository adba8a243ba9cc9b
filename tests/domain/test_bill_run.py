"""The bill run: converges, resumes, parks, numbers without gaps."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.errors import RunRefused
from rackbill.domain.billing.models import Charge, ParkedBill
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents import invariants as document_invariants
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import ChainSeal, Document
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingAuthority
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
NOVEMBER = datetime(2020, 11, 1, 6, tzinfo=UTC)
EVERYTHING = WholeInstallation()


def bill(through: date, now: datetime = OCTOBER, organisation_id: str = "2100") -> billing_queries.RunSummary:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    return bill_run.run_bill(organisation_id=organisation_id, through=through, now=now, actor=SYSTEM, signer=signer)


def all_violations() -> list[str]:
    return [*document_invariants.violations(), *billing_invariants.violations()]


def test_bills_calendar_months_with_the_german_rate_of_2020() -> None:
    world = world_of.provider()
    buyer = world_of.customer(world)
    world_of.service(world, buyer, starts_on=date(2020, 9, 20), reference="shop-db-1")
    summary = bill(date(2020, 11, 1))
    assert (summary.invoices, summary.lines) == (1, 2)
    value = documents.document(scope=EVERYTHING, number="21000000")
    pro_rata, october = value.lines
    assert (pro_rata.quantity, pro_rata.unit, pro_rata.price_base_quantity) == (11, "DAY", 30)
    assert pro_rata.net_minor == 4765
    assert (october.quantity, october.unit, october.net_minor) == (1, "MON", 12995)
    assert value.tax_subtotals[0].rate == Decimal(16)
    assert value.totals.tax_minor == 2842
    assert all_violations() == []
    assert ChainSeal.objects.count() == 1


def test_a_second_run_gives_nothing_and_the_next_month_gives_one_month() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    assert bill(date(2020, 11, 1)).lines == 2
    assert bill(date(2020, 11, 1)).invoices == 0
    november = bill(date(2020, 12, 1), NOVEMBER)
    assert (november.invoices, november.lines, november.net_minor_by_currency) == (1, 1, {"EUR": 12995})


def test_fast_path_equals_full_computation() -> None:
    world = world_of.provider()
    owner = world_of.customer(world)
    for cycle in (1, 3, 6, 12):
        world_of.service(world, owner, cycle_months=cycle, starts_on=date(2020, 9, 15))
    bill(date(2020, 11, 1))
    assert ContractLine.objects.filter(settled_until=None).count() == 0
    ContractLine.objects.update(settled_until=None)
    assert bill(date(2020, 11, 1)).lines == 0


def test_a_price_corrected_in_the_past_is_taken_back_and_charged_anew_with_the_original_tax() -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world))
    bill(date(2020, 11, 1))
    line = ContractLine.objects.get(service=service)
    LinePrice.objects.filter(line=line).update(unit_price=Decimal("139.95"))
    ContractLine.objects.update(settled_until=None)
    summary = bill(date(2020, 12, 1), NOVEMBER)
    value = documents.document(scope=EVERYTHING, number="21000001")
    assert summary.lines == 5
    corrected = [item for item in value.lines if item.corrects]
    assert [(c.corrects.number, c.net_minor) for c in corrected if c.corrects] == [("21000000", -12995)] * 2
    assert value.totals.net_minor == 2 * 1000 + 13995
    assert all_violations() == []


def test_an_end_in_the_past_gives_a_credit_note_at_the_original_rate() -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world))
    bill(date(2020, 11, 1))
    ContractLine.objects.filter(service=service).update(ends_on=date(2020, 10, 15), settled_until=None)
    bill(date(2021, 2, 1), datetime(2021, 1, 2, 6, tzinfo=UTC))
    value = documents.document(scope=EVERYTHING, number="21900000")
    assert value.kind == "credit_note"
    assert (value.lines[0].quantity, value.lines[0].net_minor) == (17, 7126)
    assert value.tax_subtotals[0].rate == Decimal(16)
    assert value.corrects[0].number == "21000000"
    original = documents.document(scope=EVERYTHING, number="21000000").totals
    rest = (original.net_minor - value.totals.net_minor, original.gross_minor - value.totals.gross_minor)
    assert [(row.number, row.net_minor, row.gross_minor) for row in value.remaining] == [("21000000", *rest)]
    assert all_violations() == []


def test_parks_a_customer_with_contradictory_data_and_one_without_a_tax_rule() -> None:
    world = world_of.provider()
    good = world_of.customer(world)
    world_of.service(world, good)
    broken = world_of.customer(world)
    LinePrice.objects.filter(line__service=world_of.service(world, broken)).delete()
    nowhere = world_of.customer(world, country="US", kind="consumer")
    world_of.service(world, nowhere, currency="USD")
    summary = bill(date(2020, 11, 1))
    assert summary.invoices == 1
    codes = dict(ParkedBill.objects.values_list("customer__customer_id", "code"))
    assert codes == {broken.customer_id: "contradictory_data", nowhere.customer_id: "no_exchange_rate"}


def test_bills_only_customers_whose_authority_is_ours() -> None:
    world = world_of.provider()
    legacy = world_of.customer(world)
    world_of.service(world, legacy)
    BillingAuthority.objects.filter(customer=legacy).update(authority="legacy")
    assert bill(date(2020, 11, 1)).invoices == 0


def test_dispatches_to_every_recipient_and_parks_a_group_without() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world, recipients=("a@x.example", "b@x.example")))
    world_of.service(world, world_of.customer(world, recipients=()))
    bill(date(2020, 11, 1))
    assert sorted(Dispatch.objects.values_list("recipient", "state")) == [
        ("", "parked"),
        ("a@x.example", "queued"),
        ("b@x.example", "queued"),
    ]


def test_refuses_another_through_date_while_a_run_is_under_way() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    with pytest.raises(RunRefused, match="finish it"):
        billing.plan_run(organisation_id="2100", through=date(2020, 12, 1), now=OCTOBER, actor=SYSTEM)


def test_issuing_needs_approval() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    with pytest.raises(RunRefused, match="must be approved"):
        billing.issue_block(run_id=run_id, now=OCTOBER)
    with pytest.raises(RunRefused, match="not computed"):
        billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)


def test_reverse_charge_and_outside_scope() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world, country="NL", tax_id="NL004495445B01"))
    world_of.service(world, world_of.customer(world, country="CH"))
    bill(date(2020, 11, 1))
    codes = [documents.document(scope=EVERYTHING, number=n).tax_subtotals[0].code for n in ("21000000", "21000001")]
    assert codes == ["AE", "O"]
    assert Document.objects.count() == 2
    assert Charge.objects.filter(line_number=None).count() == 0
