"""A bill run's separate acts: computed anew, retried, discarded; approved by the right people; compared with last month."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, transaction

from rackbill.core.bill_comparison import compare_bills
from rackbill.domain.access import operations as access
from rackbill.domain.access import queries as access_queries
from rackbill.domain.access.errors import StaffRefused
from rackbill.domain.billing import invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.errors import ApprovalRefused, LimitRefused, RunNotFound, RunRefused
from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill, RunReport
from rackbill.domain.billing.operations import ParkedPreview, RunFilter
from rackbill.domain.billing.queries import comparing, runs
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.documents.models import Document
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM, Actor
from rackbill.domain.kit.scope import StaffScope, WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = datetime(2020, 10, 1, 6, tzinfo=UTC), datetime(2020, 11, 1, 6, tzinfo=UTC)
THROUGH, NEXT = date(2020, 11, 1), date(2020, 12, 1)
EVERYTHING = WholeInstallation()
ANNA, BERT, CARA = (Actor("person", f"{name}@meridian.example") for name in ("anna", "bert", "cara"))
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))


def staff(world: world_of.Provider, *people: Actor, role: str = "approver") -> None:
    for person in people:
        access.give_staff_role(
            email=person.identity, full_name="", organisation_key=world.organisation.pk, role=role,
            secret=f"secret of {person.identity}", expires_on=date(2021, 10, 1), now=OCTOBER, actor=SYSTEM,
        )  # fmt: skip


def limit(amount_minor: int, currency: str = "EUR", actor: Actor = SYSTEM) -> None:
    billing.set_approval_limit(
        organisation_id="2100",
        currency=currency,
        amount_minor=amount_minor,
        valid_from=date(2020, 10, 1),
        now=OCTOBER,
        actor=actor,
    )


def computed(
    actor: Actor = SYSTEM, *, computed_by: Actor | None = None, now: datetime = OCTOBER, through: date = THROUGH
) -> str:
    run_id = billing.plan_run(organisation_id="2100", through=through, now=now, actor=actor)
    bill_run.compute_run(run_id=run_id, now=now, actor=computed_by or actor)
    return run_id


def issue(run_id: str, now: datetime = OCTOBER) -> None:
    bill_run.issue_run(run_id=run_id, now=now, actor=SYSTEM, signer=SIGNER)


def state(run_id: str) -> str:
    return BillRun.objects.get(run_id=run_id).state


# --- taking back ------------------------------------------------------------------------------------------------------------


def test_a_discarded_run_leaves_nothing_and_the_next_bills_the_same() -> None:
    world = world_of.provider()
    for _ in range(3):
        world_of.service(world, world_of.customer(world))
    first = computed()
    drafts = list(BillDraft.objects.order_by("pk").values_list("canonical", flat=True))
    billing.discard_run(run_id=first, now=OCTOBER, actor=SYSTEM)
    billing.discard_run(run_id=first, now=OCTOBER, actor=SYSTEM)
    assert (BillDraft.objects.count(), Charge.objects.count(), Document.objects.count()) == (0, 0, 0)
    assert set(ContractLine.objects.values_list("settled_until", flat=True)) == {None}
    second = computed()
    assert second != first
    assert list(BillDraft.objects.order_by("pk").values_list("canonical", flat=True)) == drafts
    assert billing.approve_run(run_id=second, now=OCTOBER, actor=SYSTEM) == "approved"
    issue(second)
    assert Document.objects.count() == 3
    assert [run.state for run in BillRun.objects.order_by("pk")] == ["discarded", "issued"]
    assert list(HistoryEntry.objects.filter(object_id=first).order_by("pk").values_list("verb", flat=True)) == [
        "plan_run", "compute_run", "discard_run",
    ]  # fmt: skip
    assert list(invariants.violations()) == []


def test_a_run_is_computed_anew_after_a_price_was_mended() -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world))
    run_id = computed()
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    LinePrice.objects.filter(line__service=service).update(unit_price=Decimal("99.00"))
    billing.reset_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert (state(run_id), BillRun.objects.get().approved_by) == ("planned", "")
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert sum(Charge.objects.values_list("amount_minor", flat=True)) == 2 * 9900
    assert state(run_id) == "computed"


def test_a_parked_customer_is_retried_alone_after_mending() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    broken = world_of.service(world, world_of.customer(world))
    price = LinePrice.objects.get(line__service=broken)
    price.delete()
    run_id = computed()
    kept = list(BillDraft.objects.values_list("pk", flat=True))
    (parked,) = runs.run(scope=EVERYTHING, run_id=run_id).parked
    assert parked.customer_id == broken.customer.customer_id
    assert "retry the parked customers" in parked.way_out
    assert "price" in parked.reason
    assert billing.retry_parked(run_id=run_id, now=OCTOBER, actor=SYSTEM) == 1
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert ParkedBill.objects.count() == 1, "not mended yet"
    LinePrice.objects.create(
        line=ContractLine.objects.get(service=broken), unit_price=Decimal("129.95"), valid_from=date(2020, 9, 1)
    )
    assert billing.retry_parked(run_id=run_id, now=OCTOBER, actor=SYSTEM) == 1
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert ParkedBill.objects.count() == 0
    assert set(kept) < set(BillDraft.objects.values_list("pk", flat=True))
    assert BillDraft.objects.count() == 2
    assert billing.retry_parked(run_id=run_id, now=OCTOBER, actor=SYSTEM) == 0
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    issue(run_id)
    assert list(invariants.violations()) == []


def test_what_is_issued_stays() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    run_id = computed()
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    billing.issue_block(run_id=run_id, now=OCTOBER)
    for take_back in (billing.discard_run, billing.reset_run, billing.retry_parked):
        with pytest.raises(RunRefused, match="what is issued stays"):
            take_back(run_id=run_id, now=OCTOBER, actor=SYSTEM)
        with pytest.raises(RunNotFound, match="rackbill run list"):
            take_back(run_id="nothing", now=OCTOBER, actor=SYSTEM)


def test_a_discarded_run_goes_nowhere() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    run_id = computed()
    billing.discard_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    for act in (billing.reset_run, billing.retry_parked, billing.approve_run):
        with pytest.raises(RunRefused, match="was discarded; plan a new one"):
            act(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert billing.compute_shard(run_id=run_id, shard_number=0) == 0


# --- four eyes --------------------------------------------------------------------------------------------------------------


def one_run_of_259_90(world: world_of.Provider, actor: Actor = SYSTEM, computed_by: Actor | None = None) -> str:
    world_of.service(world, world_of.customer(world))
    return computed(actor, computed_by=computed_by)


def test_below_the_limit_the_system_approves_and_above_it_a_person_must() -> None:
    world = world_of.provider()
    limit(25_990)
    run_id = one_run_of_259_90(world, ANNA)
    assert billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM) == "approved"
    billing.reset_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    limit(25_989)
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=ANNA)
    with pytest.raises(ApprovalRefused, match=r"above the limit of 259\.89 EUR .* --as EMAIL"):
        billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert (
        bill_run.run_bill(organisation_id="2100", through=THROUGH, now=OCTOBER, actor=SYSTEM, signer=SIGNER).state
        == "computed"
    )
    assert Document.objects.count() == 0


def test_who_planned_or_computed_does_not_approve() -> None:
    world = world_of.provider()
    staff(world, ANNA, BERT, CARA)
    limit(0)
    run_id = one_run_of_259_90(world, ANNA, computed_by=BERT)
    for person in (ANNA, BERT):
        with pytest.raises(ApprovalRefused, match="another approver must"):
            billing.approve_run(run_id=run_id, now=OCTOBER, actor=person)
    assert billing.approve_run(run_id=run_id, now=OCTOBER, actor=CARA) == "approved"
    assert billing.approve_run(run_id=run_id, now=OCTOBER, actor=ANNA) == "approved", "may run twice"
    assert BillRun.objects.get().approved_by == "person:cara@meridian.example"
    assert HistoryEntry.objects.filter(verb="approve_run", actor_identity=CARA.identity).count() == 1
    assert list(invariants.violations()) == []
    BillRun.objects.update(approved_by=str(ANNA), computed_by="system:console")
    assert "one person alone" in next(iter(invariants.violations()))


def test_a_run_that_no_person_planned_needs_two_approvers() -> None:
    world = world_of.provider()
    staff(world, ANNA, BERT)
    limit(0)
    run_id = one_run_of_259_90(world)
    assert billing.approve_run(run_id=run_id, now=OCTOBER, actor=ANNA) == "computed"
    with pytest.raises(ApprovalRefused, match="one more person must"):
        billing.approve_run(run_id=run_id, now=OCTOBER, actor=ANNA)
    assert billing.approve_run(run_id=run_id, now=OCTOBER, actor=BERT) == "approved"
    assert list(invariants.violations()) == []


def test_only_an_approver_of_that_organisation_approves() -> None:
    world = world_of.provider()
    other = world_of.provider("2600", "NL")
    staff(world, ANNA, role="clerk")
    staff(other, BERT)
    run_id = one_run_of_259_90(world)
    for actor in (ANNA, BERT, CARA, Actor("api_key", "abc")):
        with pytest.raises(ApprovalRefused, match="no approver of this sales organisation"):
            billing.approve_run(run_id=run_id, now=OCTOBER, actor=actor)
    billing.check_operator(organisation_id="2100", actor=ANNA)
    with pytest.raises(RunRefused, match="may not handle runs of 2100"):
        billing.check_operator(organisation_id="2100", actor=BERT)


def test_a_currency_without_a_limit_has_the_limit_nought_and_limits_have_days() -> None:
    world = world_of.provider()
    limit(1_000_000, "USD")
    run_id = one_run_of_259_90(world)
    assert runs.run(scope=EVERYTHING, run_id=run_id).above == (("EUR", 25_990, 0),)
    billing.set_approval_limit(
        organisation_id="2100", currency="EUR", amount_minor=0, valid_from=date(2020, 12, 1), now=OCTOBER, actor=SYSTEM
    )
    assert runs.limits_on(organisation_key=world.organisation.pk, on=date(2020, 11, 30)) == {"USD": 1_000_000}


def test_only_an_administrator_raises_a_limit() -> None:
    world = world_of.provider()
    staff(world, ANNA)
    staff(world, BERT, role="administrator")
    limit(1_000)
    limit(900)
    for actor in (SYSTEM, ANNA):
        with pytest.raises(LimitRefused, match="only an administrator"):
            limit(1_000, actor=actor)
        with pytest.raises(LimitRefused, match="only an administrator"):
            limit(1_000, "USD", actor=actor)
    limit(1_000, actor=BERT)
    with pytest.raises(LimitRefused, match="not negative"):
        limit(-1)
    with pytest.raises(LimitRefused, match="begins today"):
        billing.set_approval_limit(
            organisation_id="2100",
            currency="EUR",
            amount_minor=1,
            valid_from=date(2020, 9, 30),
            now=OCTOBER,
            actor=SYSTEM,
        )


def test_a_staff_token_says_who_acts() -> None:
    world = world_of.provider()
    staff(world, ANNA)
    member = access_queries.staff_member(
        email="ANNA@meridian.example", secret="secret of anna@meridian.example", now=OCTOBER
    )
    assert member is not None
    assert (member.email, member.roles) == (ANNA.identity, {"2100": frozenset({"approver"})})
    for email, secret, now in (
        ("bert@meridian.example", "secret of anna@meridian.example", OCTOBER), (ANNA.identity, "wrong", OCTOBER),
        (ANNA.identity, "secret of anna@meridian.example", datetime(2021, 10, 1, tzinfo=UTC)),
    ):  # fmt: skip
        assert access_queries.staff_member(email=email, secret=secret, now=now) is None
    access.give_staff_role(
        email=ANNA.identity, full_name="Anna", organisation_key=world.organisation.pk, role="clerk", secret="fresh",
        expires_on=date(2021, 10, 1), now=OCTOBER, actor=SYSTEM,
    )  # fmt: skip
    assert (
        access_queries.staff_member(email=ANNA.identity, secret="secret of anna@meridian.example", now=OCTOBER) is None
    )
    with pytest.raises(StaffRefused, match="no staff role 'boss'; the roles are clerk"):
        staff(world, ANNA, role="boss")


# --- what staff see -----------------------------------------------------------------------------------------------------------


def test_another_organisations_runs_do_not_exist() -> None:
    world = world_of.provider()
    run_id = one_run_of_259_90(world)
    own, other = StaffScope(frozenset({"2100"})), StaffScope(frozenset({"2600"}))
    assert [row.run_id for row in runs.runs(scope=own).rows] == [run_id]
    assert runs.runs(scope=other).total_count == 0
    for read in (runs.run, runs.report):
        with pytest.raises(RunNotFound):
            read(scope=other, run_id=run_id)


# --- last month -------------------------------------------------------------------------------------------------------------


def differences(run_id: str) -> dict[str, dict[str, int]]:
    return {
        row.customer_id: {
            item.reason.value: item.total_minor
            for before, after in row.compared
            for item in compare_bills(before=before, after=after, facts=row.facts)
        }
        for row in comparing.customer_bills(run_id=run_id)
    }


def test_the_second_month_says_why_each_bill_differs() -> None:
    world = world_of.provider()
    owners = {name: world_of.customer(world) for name in ("same", "dearer", "ends", "more", "broken")}
    services = {name: world_of.service(world, owner, starts_on=date(2020, 10, 1)) for name, owner in owners.items()}
    issue_all(THROUGH, OCTOBER)
    lines = {name: ContractLine.objects.get(service=service) for name, service in services.items()}
    LinePrice.objects.filter(line=lines["dearer"]).update(valid_until=THROUGH)
    LinePrice.objects.create(line=lines["dearer"], unit_price=Decimal("139.95"), valid_from=THROUGH)
    ContractLine.objects.filter(pk=lines["ends"].pk).update(ends_on=THROUGH, settled_until=None)
    world_of.service(world, owners["more"], starts_on=THROUGH, price="10.00")
    ContractLine.objects.filter(pk=lines["broken"].pk).update(settled_until=None)
    LinePrice.objects.filter(line=lines["broken"]).delete()
    run_id = computed(through=NEXT, now=NOVEMBER)
    by_name = {name: differences(run_id)[owner.customer_id] for name, owner in owners.items()}
    assert by_name == {
        "same": {}, "dearer": {"price": 1160}, "ends": {"ended": -15074}, "more": {"new": 1160}, "broken": {"parked": -15074},
    }  # fmt: skip


def issue_all(through: date, now: datetime) -> None:
    run = bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=SIGNER)
    assert run.state == "issued"


def test_the_first_month_is_compared_with_what_the_legacy_system_charged() -> None:
    world = world_of.provider()
    service = world_of.service(world, world_of.customer(world), starts_on=date(2020, 1, 1))
    line = ContractLine.objects.get(service=service)
    ContractLine.objects.update(billed_from=date(2020, 10, 1))
    Charge.objects.create(
        contract_line=line, kind="recurring", period_start=date(2020, 9, 1), period_end=date(2020, 10, 1), revision=0,
        quantity=Decimal(1), unit="C62", unit_price=Decimal("119.95"), price_base_quantity=Decimal(1), amount_minor=11_995,
        currency="EUR", rule="billed by the legacy system", formula="",
    )  # fmt: skip
    assert differences(computed()) == {service.customer.customer_id: {"price": 1_000}}


# --- dry run ------------------------------------------------------------------------------------------------------------------


def preview(**only: tuple[str, ...]) -> list[comparing.CustomerBills | ParkedPreview]:
    return list(billing.preview_run(organisation_id="2100", through=THROUGH, only=RunFilter(**only), now=OCTOBER))


def test_a_dry_run_gives_what_the_run_gives_and_stores_nothing() -> None:
    world = world_of.provider()
    for country in ("DE", "CH"):
        world_of.service(world, world_of.customer(world, country=country))
    broken = world_of.service(world, world_of.customer(world))
    LinePrice.objects.filter(line__service=broken).delete()
    found = preview()
    assert (BillDraft.objects.count(), Charge.objects.count(), BillRun.objects.count()) == (0, 0, 0)
    documents = [document for row in found if not isinstance(row, ParkedPreview) for document in row.documents]
    parked = [row.customer_id for row in found if isinstance(row, ParkedPreview)]
    assert parked == [broken.customer.customer_id]
    computed()
    assert sorted(document.totals.gross_minor for document in documents) == sorted(
        document.totals.gross_minor
        for row in comparing.customer_bills(run_id=BillRun.objects.get().run_id)
        for document in row.documents
    )


def test_a_dry_run_takes_any_filter() -> None:
    world = world_of.provider()
    german, swiss = world_of.customer(world), world_of.customer(world, country="CH")
    first, second = world_of.service(world, german), world_of.service(world, german, price="10.00")
    world_of.service(world, swiss)
    group_id = german.billing_groups.get().group_id

    def customers(**only: tuple[str, ...]) -> list[str]:
        return [row.customer_id for row in preview(**only)]

    assert customers(countries=("CH",)) == customers(customer_ids=(swiss.customer_id,)) == [swiss.customer_id]
    assert (
        customers(group_ids=(group_id,))
        == customers(contract_ids=(second.contract.contract_id,))
        == [german.customer_id]
    )
    assert len(customers(product_ids=("DEDICATED_SERVER",), currencies=("EUR",))) == 2
    only = RunFilter(contract_ids=(second.contract.contract_id,))
    (row,) = preview(contract_ids=only.contract_ids)
    assert not isinstance(row, ParkedPreview)
    assert {line.subject.contract_id for line in only.lines(row.documents[0])} == {second.contract.contract_id}
    assert len(row.documents[0].lines) == 4, first
    with pytest.raises(RunRefused, match="matches the filter"):
        preview(customer_ids=("99999999",))
    assert billing_queries.run_summary(run_id=computed()).invoices == 2


def test_a_report_is_kept_once_and_never_changes() -> None:
    run_id = one_run_of_259_90(world_of.provider())
    for content in ("first", "second"):
        billing.keep_provisional_report(run_id=run_id, content=content, computed_at=OCTOBER)
    assert runs.report(scope=EVERYTHING, run_id=run_id) == ("second", "")
    with pytest.raises(RunRefused, match="kept once it is issued"):
        billing.keep_report(run_id=run_id, content="x", sha256="0" * 64, pdf_sha256="0" * 64, now=OCTOBER)
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    issue(run_id)
    for content in ("kept", "late"):
        billing.keep_report(run_id=run_id, content=content, sha256="0" * 64, pdf_sha256="1" * 64, now=OCTOBER)
    assert runs.report(scope=EVERYTHING, run_id=run_id) == ("kept", "1" * 64)
    assert [text for text in invariants.violations() if "is not the one that was stored" in text]
    for change in (lambda: RunReport.objects.update(content="other"), lambda: RunReport.objects.all().delete()):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            change()


def test_a_discarded_run_that_holds_a_draft_is_a_violation() -> None:
    run_id = one_run_of_259_90(world_of.provider())
    BillRun.objects.filter(run_id=run_id).update(state="discarded")
    assert f"run {run_id} was discarded and still holds a draft" in list(invariants.violations())
