"""E-invoices are checked between computed and approved: what fails is parked and spends no number, nothing is let pass unchecked."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import IntegrityError, transaction

from rackbill.adapters import rule_checker
from rackbill.adapters.rule_checker import RuleChecker, RuleCheckerDown
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.errors import CreditUnchecked, RunHeld
from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.contracts.models import LinePrice
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import StaffScope
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingGroup, Customer
from rackbill.domain.parties.queries import einvoices as einvoice_queries
from rackbill.domain.receivables import queries as receivables
from rackbill.formats import einvoice_rules
from rackbill.formats.einvoice_rules import Failure
from rackbill.interfaces.jobs import bill_run, einvoice_check, schedule
from rackbill.interfaces.jobs import einvoice_rules as installed
from tests.world import einvoices, rule_packs
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = datetime(2020, 10, 1, 6, tzinfo=UTC), datetime(2020, 11, 1, 6, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
GOOD_VAT = "DE811907980"


@pytest.fixture(autouse=True)
def own_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of packs of its own, and one child for the whole test: compiling the rules takes a second."""
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    installed._kept_sheet.cache_clear()
    shared = RuleChecker()
    end = shared.close
    monkeypatch.setattr(shared, "close", lambda: None)
    monkeypatch.setattr(einvoice_check, "Gate", lambda: GATE(checker=shared))
    yield
    end()


GATE = einvoice_check.Gate


def bill(now: datetime = OCTOBER, through: date = date(2020, 11, 1)) -> RunSummary:
    return bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=SIGNER)


def buyers(world: world_of.Provider, *tax_ids: str) -> list[Customer]:
    found = [world_of.customer(world, tax_id=tax_id) for tax_id in tax_ids]
    for owner in found:
        world_of.service(world, owner)
    return found


def nothing_is_wrong() -> bool:
    assert [*billing_invariants.violations()] == []
    return True


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Takes the checker down, or brings it back."""

    def check(_self: RuleChecker, **_asked: Any) -> Any:
        raise RuleCheckerDown("the e-invoice rule checker does not answer (it was killed by signal 9)")

    alive = rule_checker.RuleChecker.check

    def switch(is_down: bool) -> None:
        monkeypatch.setattr(rule_checker.RuleChecker, "check", check if is_down else alive)

    return switch


def test_what_passes_is_issued_and_says_which_rules_it_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    ubl, cii, none = buyers(world, GOOD_VAT, GOOD_VAT, GOOD_VAT)
    profiles = {**einvoices.of(ubl), **einvoices.of(cii, profile="factur-x")}
    einvoices.give_einvoices(profiles)
    summary = bill()
    assert (summary.state, summary.invoices, summary.parked) == ("issued", 3, [])
    drafts = {row.customer_id: row for row in BillDraft.objects.all()}
    assert drafts[ubl.pk].checked_with.startswith("EN 16931 for UBL 1.3.16 (fbb6faaf0c50")
    assert drafts[cii.pk].checked_with.startswith("Factur-X EN 16931 for CII 1.09.2 (")
    assert (
        drafts[none.pk].einvoice_profile,
        drafts[none.pk].checked_at,
        drafts[none.pk].checked_with,
    ) == (
        "",
        None,
        None,
    )
    assert drafts[ubl.pk].checked_at == OCTOBER and nothing_is_wrong()


def test_a_run_without_e_invoices_starts_no_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    buyers(world, GOOD_VAT)
    monkeypatch.setattr(einvoice_check, "Gate", lambda: pytest.fail("a checker was started"))
    assert bill().state == "issued"


def test_a_failing_billing_group_is_parked_and_no_number_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    good, bad, last = buyers(world, GOOD_VAT, "DE811907981", GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(good, bad))
    summary = bill()
    (parked,) = ParkedBill.objects.all()
    assert (parked.customer_id, parked.code, parked.billing_group.group_id) == (
        bad.pk,
        "einvoice_rule",
        f"{bad.customer_id}-01",
    )
    assert (
        "RB-VAT-BUYER (BT-48)" in parked.reason
        and "DE811907981" in parked.reason
        and "correct it there" in parked.reason
    )
    assert parked.failures[0]["rule"] == "RB-VAT-BUYER"
    assert summary.invoices == 2 and list(Document.objects.order_by("number").values_list("number", flat=True)) == [
        "21000000",
        "21000001",
    ]
    assert (
        not BillDraft.objects.filter(customer=bad).exists()
        and not Charge.objects.filter(contract_line__service__customer=bad).exists()
    )
    assert {row.customer_id for row in BillDraft.objects.all()} == {good.pk, last.pk} and nothing_is_wrong()
    proof = billing_queries.completeness(organisation_id="2100", through=date(2020, 11, 1))
    assert proof.is_complete and proof.by_reason == {"parked": 1}


def test_the_next_run_bills_what_was_parked_once_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    (bad,) = buyers(world, "DE811907981")
    einvoices.give_einvoices(einvoices.of(bad))
    assert bill().invoices == 0
    Customer.objects.filter(pk=bad.pk).update(tax_id=GOOD_VAT)
    summary = bill(NOVEMBER, date(2020, 12, 1))
    assert (summary.invoices, summary.lines) == (1, 3), "September, October and November"
    assert (
        nothing_is_wrong()
        and billing_queries.completeness(organisation_id="2100", through=date(2020, 12, 1)).is_complete
    )


def two_groups(world: world_of.Provider) -> tuple[Customer, BillingGroup]:
    (owner,) = buyers(world, GOOD_VAT)
    second = BillingGroup.objects.create(
        group_id=f"{owner.customer_id}-02", customer=owner, language="en", payment_days=14, po_number="PO-1; PO-2"
    )
    row = world_of.service(world, owner)
    row.billing_group = second
    row.save()
    return owner, second


def test_only_the_billing_group_that_fails_is_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, second = two_groups(world_of.provider())
    einvoices.give_einvoices(einvoices.of(owner))
    summary = bill()
    assert summary.invoices == 1 and [row.billing_group_id for row in ParkedBill.objects.all()] == [second.pk]
    assert "more than one purchase order" in ParkedBill.objects.get().reason and nothing_is_wrong()
    BillingGroup.objects.filter(pk=second.pk).update(po_number="PO-1")
    summary = bill(NOVEMBER, date(2020, 12, 1))
    by_group = {row.billing_group_id: row.line_count for row in BillDraft.objects.filter(run__run_id=summary.run_id)}
    assert sorted(by_group.values()) == [1, 3] and by_group[second.pk] == 3, (
        "the parked group catches up, the other goes on"
    )
    assert (
        nothing_is_wrong()
        and billing_queries.completeness(organisation_id="2100", through=date(2020, 12, 1)).is_complete
    )


def test_a_parked_group_is_retried_within_its_run_whatever_was_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    owner, second = two_groups(world)
    einvoices.give_einvoices(einvoices.of(owner))
    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert BillDraft.objects.count() == 1
    BillingGroup.objects.filter(pk=second.pk).update(po_number="PO-1")
    # Something about the group that passed is mended as well: its draft must not stand beside a second one.
    LinePrice.objects.filter(line__service__billing_group__is_default=True).update(unit_price="100")
    assert billing.retry_parked(run_id=run_id, now=OCTOBER, actor=SYSTEM) == 1
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert sorted(BillDraft.objects.values_list("net_minor", flat=True)) == [20000, 25990]
    assert BillDraft.objects.filter(checked_at=None).count() == 0 and ParkedBill.objects.count() == 0
    assert bill().state == "issued" and nothing_is_wrong()


def test_a_profile_without_its_pack_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    owners = buyers(world, GOOD_VAT, GOOD_VAT, GOOD_VAT)
    profiles = dict(zip([row.customer_id for row in owners], ("xrechnung", "peppol", "pint-sg"), strict=True))
    einvoices.give_einvoices(profiles)
    assert bill().invoices == 0
    for row in ParkedBill.objects.all():
        assert "are not imported" in row.reason and "rackbill einvoice-rules import DIR --profile" in row.reason


def test_the_gate_asks_a_public_body_for_its_reference_as_readiness_does(tmp_path: Path) -> None:
    installed.import_folder(
        folder=rule_packs.xrechnung(tmp_path / "kosit"), profile=None, version="", licence="", on=OCTOBER.date(),
        checker=einvoice_check.Gate().checker,
    )  # fmt: skip
    town, firm = buyers(world_of.provider(), GOOD_VAT, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(town, firm, profile="xrechnung"))
    Customer.objects.update(postal_code="20354")
    Customer.objects.filter(pk=town.pk).update(is_public_body=True)
    BillingGroup.objects.update(po_number="PO-4711")

    def lacks(owner: Customer) -> list[str]:
        scope, day = StaffScope(frozenset({"2100"})), OCTOBER.date()
        (found,) = einvoice_queries.einvoice_readiness(
            scope=scope, customer_id=owner.customer_id, on=day, imported=("xrechnung",), mandates=receivables.mandates
        )
        return [gap.rule for gap in found.gaps]

    assert (lacks(town), lacks(firm)) == (["BR-DE-15"], [])
    summary = bill()
    assert summary.invoices == 1
    (parked,) = ParkedBill.objects.all()
    assert parked.customer_id == town.pk and "BR-DE-15 (BT-10)" in parked.reason
    assert f"enter it at billing group {town.customer_id}-01" in parked.reason
    BillingGroup.objects.filter(customer=town).update(buyer_reference="991-03730-19")
    assert lacks(town) == []
    assert bill(NOVEMBER, date(2020, 12, 1)).parked == [] and nothing_is_wrong()


def test_a_dead_checker_holds_the_run_and_nothing_is_issued(
    monkeypatch: pytest.MonkeyPatch, down: Callable[[bool], None]
) -> None:
    world = world_of.provider()
    owner, _other = buyers(world, GOOD_VAT, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    down(True)
    summary = bill()
    assert summary.state == "computed" and "does not answer (it was killed" in summary.hold_reason
    assert Document.objects.count() == 0
    with pytest.raises(
        RunHeld, match=r"1 of its documents are e-invoices and not checked .*does not answer.*rackbill run check"
    ):
        billing.approve_run(run_id=summary.run_id, now=OCTOBER, actor=SYSTEM)
    assert bill().state == "computed", "trying again changes nothing while it is down"
    down(False)
    assert schedule.SCHEDULE[1].name.startswith("e-invoices") and schedule.SCHEDULE[1].run() == 1
    run = BillRun.objects.get()
    assert (run.state, run.hold_reason) == ("computed", "")
    assert bill().state == "issued" and Document.objects.count() == 2 and nothing_is_wrong()


def test_what_was_checked_before_the_checker_died_is_not_checked_again(
    monkeypatch: pytest.MonkeyPatch, down: Callable[[bool], None]
) -> None:
    world = world_of.provider()
    owners = buyers(world, *[GOOD_VAT] * 5)
    einvoices.give_einvoices(einvoices.of(*owners))
    monkeypatch.setattr("rackbill.domain.billing.policy.CHECK_BLOCK", 2)
    asked: list[int] = []
    settle = einvoice_check._settle

    def count(run_id: str, drafts: Any, verdicts: Any, now: datetime) -> None:
        settle(run_id, drafts, verdicts, now)
        asked.append(len(drafts))
        down(len(asked) == 2)

    monkeypatch.setattr(einvoice_check, "_settle", count)
    assert bill().state == "computed" and BillDraft.objects.filter(checked_at=None).count() == 1
    down(False)
    assert bill().state == "issued" and asked == [2, 2, 1]


def test_the_database_gives_no_number_to_an_unchecked_e_invoice(
    monkeypatch: pytest.MonkeyPatch, down: Callable[[bool], None]
) -> None:
    world = world_of.provider()
    (owner,) = buyers(world, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    down(True)
    run_id = bill().run_id
    BillRun.objects.update(state="approved")
    with pytest.raises(IntegrityError, match="einvoice_checked_before_number"), transaction.atomic():
        billing.issue_block(run_id=run_id, now=OCTOBER)
    assert Document.objects.count() == 0


def test_rules_that_look_at_nothing_let_nothing_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    (owner,) = buyers(world, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    ask = rule_checker.RuleChecker.check

    def blind(self: RuleChecker, **asked: Any) -> Any:
        return [[rule_checker.Ran(key=ran.key, rule_count=0) for ran in answer] for answer in ask(self, **asked)]

    monkeypatch.setattr(rule_checker.RuleChecker, "check", blind)
    assert bill().invoices == 0 and "no rule of en16931 looks at this document" in ParkedBill.objects.get().reason


def test_a_damaged_pack_holds_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tests.world import rule_packs

    world = world_of.provider()
    (owner,) = buyers(world, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    checker = RuleChecker()
    cen = rule_packs.style_sheet(("BR-CO-26", "true()", "fatal", "x"))
    folder = rule_packs.write_pack(tmp_path / "cen", {"1.9.9/EN16931-UBL.xslt": cen})
    installed.import_folder(folder=folder, profile=None, version="", licence="", on=date(2020, 10, 1), checker=checker)
    checker.close()
    (kept,) = (tmp_path / "rules").rglob("*.xslt")
    text = kept.read_text()
    kept.write_text(text + " ")
    summary = bill()
    assert summary.state == "computed" and "was changed on disk; import the pack again" in summary.hold_reason
    kept.write_text(text)
    assert bill().state == "issued" and "1.9.9" in (BillDraft.objects.get().checked_with or "")


def test_four_eyes_see_what_was_checked(monkeypatch: pytest.MonkeyPatch, down: Callable[[bool], None]) -> None:
    """A first approval does not count either while an e-invoice is unchecked."""
    world = world_of.provider()
    (owner,) = buyers(world, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    down(True)
    run_id = bill().run_id
    with pytest.raises(RunHeld):
        billing.approve_run(run_id=run_id, now=OCTOBER + timedelta(hours=1), actor=SYSTEM)
    assert BillRun.objects.get().reviewed_by == ""


def credit(number: str) -> str:
    return einvoice_check.credit_checked(
        credit=lambda checked: billing.credit_invoice(
            number=number, line_numbers=(), period=None, amount=None, reason="Out of order", is_reissued=False,
            on=date(2020, 10, 2), now=OCTOBER, actor=SYSTEM, checked=checked,
        )
    )  # fmt: skip


def test_a_credit_note_by_hand_is_checked_before_it_has_a_number(
    monkeypatch: pytest.MonkeyPatch, down: Callable[[bool], None]
) -> None:
    world = world_of.provider()
    (owner,) = buyers(world, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    bill()
    down(True)
    with pytest.raises(RuleCheckerDown):
        credit("21000000")
    with pytest.raises(CreditUnchecked, match="is not checked against the official rules"):
        billing.credit_document(
            number="21000000",
            items=None,
            reason="Out of order",
            is_reissued=False,
            on=date(2020, 10, 2),
            now=OCTOBER,
            actor=SYSTEM,
        )
    assert Document.objects.count() == 1
    down(False)
    assert credit("21000000") == "21900000"
    assert BillDraft.objects.get(document_number="21900000").checked_with.startswith("EN 16931 for UBL")
    assert nothing_is_wrong()


def test_a_credit_note_that_breaks_a_rule_gets_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of.provider()
    (owner,) = buyers(world, GOOD_VAT)
    einvoices.give_einvoices(einvoices.of(owner))
    bill()
    failing = (Failure(rule="BR-55", text="Each Preceding Invoice reference shall contain a reference (BT-25)."),)
    monkeypatch.setattr(einvoice_rules, "document_failures", lambda _document, **_of: list(failing))
    with pytest.raises(einvoice_check.CreditStopped, match=r"cannot be issued as an e-invoice.*BR-55 \(BG-3, BT-25\)"):
        credit("21000000")
    assert Document.objects.count() == 1
