"""`rackbill check-books`: for every kind of damage exactly the checks it breaks are named, and no other."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from typer.testing import CliRunner

from rackbill.domain.billing.models import BillDraft, BillRun, Charge, ParkedBill
from rackbill.domain.contracts.models import ContractLine, LinePrice, Service
from rackbill.domain.documents.models import Document, NumberSeries
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import StaffScope, WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables.models import OpenItem
from rackbill.interfaces.console import answers, books
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
DOCUMENT, LINE, TAX = (f"rackbill_documents_{name}" for name in ("document", "documentline", "documenttax"))
SEAL, ENTRY = "rackbill_documents_chainseal", "rackbill_receivables_ledgerentry"


@pytest.fixture
def world() -> world_of.Provider:
    """Three customers billed on 1 October, one of them again on 1 November, so that two chains' worth of things stand."""
    world = world_of.provider()
    for _ in range(3):
        world_of.register(world_of.service(world, world_of.customer(world)))
    world_of.bill_october()
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    now = datetime(2020, 11, 1, 6, tzinfo=UTC)
    bill_run.run_bill(organisation_id="2100", through=date(2020, 12, 1), now=now, actor=SYSTEM, signer=signer)
    return world


def unguarded(table: str, sql: str) -> None:
    """A change behind the database's back, as a repair with a superuser's console would be."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET session_replication_role = DEFAULT")
        else:
            for kind in ("update", "delete"):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_frozen_{kind}"')
            cursor.execute(sql)


def damage(table: str, change: str, where: str = "number = '21000001'") -> Callable[[], None]:
    return lambda: unguarded(table, f'UPDATE "{table}" SET {change} WHERE {where}')


def of_document(number: str) -> str:
    return f"document_id = (SELECT id FROM \"{DOCUMENT}\" WHERE number = '{number}')"


def first_charge() -> Charge:
    return Charge.objects.filter(draft__document_number="21000001").order_by("line_number")[0]


def lose_a_document() -> None:
    for table in (LINE, TAX):
        unguarded(table, f'DELETE FROM "{table}" WHERE {of_document("21000001")}')
    unguarded("rackbill_dispatch_dispatch", f"DELETE FROM rackbill_dispatch_dispatch WHERE {of_document('21000001')}")
    unguarded(DOCUMENT, f"DELETE FROM \"{DOCUMENT}\" WHERE number = '21000001'")


def charge_again(**columns: object) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute('DROP TRIGGER "rackbill_billing_charge_once_a_day" ON "rackbill_billing_charge"')
        else:
            cursor.execute('DROP TRIGGER "rackbill_billing_charge_once_a_day"')
    copy = first_charge()
    copy.pk, copy.line_number = None, 99
    for name, value in columns.items():
        setattr(copy, name, value)
    copy.save()


def forget_a_draft() -> None:
    draft = BillDraft.objects.get(document_number="21000001")
    draft.pk, draft.document_number, draft.place = None, None, 7
    draft.save()


def park(reason: str, customer_id: str) -> None:
    run = BillDraft.objects.get(document_number="21000001").run
    ParkedBill.objects.create(run=run, customer=Customer.objects.get(customer_id=customer_id), code="x", reason=reason)


def a_line_nobody_billed() -> None:
    customer = Customer.objects.get(customer_id=first_charge().contract_line.service.customer.customer_id)
    world_of.register(world_of.service(world_of.Provider(customer.sales_organisation, 70), customer))


def legacy_charge_too_far() -> None:
    copy = first_charge()
    copy.pk, copy.draft, copy.line_number, copy.kind = None, None, None, "one_off"
    copy.save()


FAULTS: dict[str, tuple[Callable[[], object], set[str], str]] = {
    "a run that one person let pass": (
        lambda: BillRun.objects.update(is_four_eyes=True, approved_by="person:anna@meridian.example"), {"runs"},
        "one person alone let it pass",
    ),
    "a lost document": (lose_a_document, {"number_gaps", "chain", "drafts", "ledger"}, "number 21000001 is missing; 21000002 follows"),
    "a date that falls": (damage(DOCUMENT, "issued_on = '2020-09-30'"), {"dates", "frozen_forms"}, "21000001 is dated 2020-09-30, before"),
    "an altered form": (damage(DOCUMENT, "canonical = replace(canonical, 'Buyer', 'Other')"), {"hashes"}, "does not have the stored hash"),
    "an altered hash": (damage(DOCUMENT, f"sha256 = '{'0' * 64}'"), {"hashes", "chain"}, "21000001: the stored form does not"),
    "a broken chain": (damage(DOCUMENT, f"chain_hash = '{'0' * 64}'"), {"chain"}, "21000001: the hash chain is broken"),
    "another seal": (damage(SEAL, "signature = 'AAAA'", "last_number = '21000002'"), {"seals"}, "up to 21000002 has a wrong signature"),
    "a sealed head changed": (damage(SEAL, "chain_hash = 'x'", "last_number = '21000002'"), {"seals"}, "is not the one that was sealed"),
    "a counter set forward": (
        lambda: NumberSeries.objects.filter(kind="invoice").update(next_counter=21_000_009), {"series"}, "next free number is 21000006",
    ),
    "a head forgotten": (lambda: NumberSeries.objects.filter(kind="invoice").update(chain_hash="x"), {"series"}, "the chain head is not"),
    "a date of the series": (
        lambda: NumberSeries.objects.filter(kind="invoice").update(last_issued_on=date(2020, 12, 1)), {"series"}, "it is of 2020-11-01",
    ),
    "a net column": (damage(DOCUMENT, "net_minor = 1"), {"frozen_forms", "drafts"}, "differ in the totals"),
    "a tax column": (damage(DOCUMENT, "tax_minor = 1"), {"frozen_forms"}, "differ in the totals"),
    "a gross column": (damage(DOCUMENT, "gross_minor = 1"), {"frozen_forms", "ledger"}, "its total is 1 minor units"),
    "a line's amount": (
        damage(LINE, "net_minor = 1", f"line_number = 1 AND {of_document('21000001')}"), {"document_rows", "charges_of_lines"},
        "the charge is of 12995, the line of 1 minor units",
    ),
    "a lost line": (
        lambda: unguarded(LINE, f'DELETE FROM "{LINE}" WHERE line_number = 2 AND {of_document("21000001")}'),
        {"document_rows", "charges_of_lines"}, "stands on line 2, which it does not have",
    ),
    "a tax row": (damage(TAX, "tax_minor = 1", of_document("21000001")), {"document_rows"}, "tax rows are not those"),
    "a lost charge": (
        lambda: Charge.objects.filter(pk=first_charge().pk).delete(), {"charges_of_lines", "unbilled", "recomputation"},
        "document 21000001, line 1: no charge stands behind it",
    ),
    "a wrong cent in a charge": (
        lambda: Charge.objects.filter(pk=first_charge().pk).update(amount_minor=12996), {"charges_of_lines", "recomputation"},
        "the charge is of 12996, the line of 12995",
    ),
    "a second charge": (
        lambda: charge_again(period_end=date(2020, 9, 15)), {"overlaps", "charges_of_lines", "unbilled", "recomputation"},
        "is charged twice from 2020-09-01 on",
    ),
    "too much taken back": (
        lambda: charge_again(kind="credit", amount_minor=-13000, corrects=first_charge()), {"taken_back", "charges_of_lines"},
        "of a charge of 12995 minor units from 2020-09-01 on, 13000 were taken back",
    ),
    "a correction of other days": (
        lambda: charge_again(
            kind="credit", amount_minor=-5, corrects=first_charge(), period_start=date(2020, 8, 1), period_end=date(2020, 8, 9)
        ), {"taken_back", "charges_of_lines"}, "is of another line, currency or time",
    ),
    "a legacy charge too far": (legacy_charge_too_far, {"legacy_charges"}, "beyond its boundary date None"),
    "a draft without a document": (forget_a_draft, {"drafts"}, "a draft of customer 12000003 has no document"),
    "a draft that says otherwise": (
        lambda: BillDraft.objects.filter(document_number="21000001").update(net_minor=1), {"drafts"}, "and its draft differ",
    ),
    "a document from nowhere": (
        lambda: BillDraft.objects.filter(document_number="21000001").update(document_number="21899999"),
        {"drafts", "charges_of_lines"}, "was never prepared by a run",
    ),
    "a lost open item": (
        lambda: OpenItem.objects.filter(document_number="21000001").update(document_number="21777777"), {"ledger"},
        "document 21000001 has no open item",
    ),
    "a ledger entry": (damage(ENTRY, "amount_minor = 1", "source_id = '21000001'"), {"ledger"}, "its first ledger entry 1"),
    "a due date": (
        lambda: OpenItem.objects.filter(document_number="21000001").update(due_on=date(2021, 1, 1)), {"ledger"}, "open item differ",
    ),
    "a line nobody billed": (a_line_nobody_billed, {"unbilled"}, "days that are owed are not billed (0 of 91 days billed)"),
    "a price changed behind the back": (
        lambda: LinePrice.objects.filter(line=first_charge().contract_line).update(unit_price=Decimal(1)), {"recomputation"},
        "settled up to 2020-12-01, but computed in full",
    ),
    "an end set behind the back": (
        lambda: ContractLine.objects.filter(pk=first_charge().contract_line_id).update(ends_on=date(2020, 10, 10)),
        {"recomputation", "unbilled"}, "days outside the line's own time are billed",
    ),
    "parked and billed": (lambda: park("no tax rule", "12000003"), {"parked"}, "customer 12000003 was parked and billed at once"),
    "parked for nothing": (lambda: park("", "12000003"), {"parked"}, "was parked without a reason"),
}  # fmt: skip


def examined(**limits: object) -> books.Findings:
    scope = limits.get("scope", WholeInstallation())
    return books.examine(scope=scope, since=limits.get("since"), steps=answers.Steps(None, False))  # type: ignore[arg-type]


def test_undamaged_books_are_clean_and_every_check_looked_at_something(world: world_of.Provider) -> None:
    findings = examined()
    assert findings.counts == {}
    idle = {check for check in (*books.documents.CHECKS, *books.billing.CHECKS) if not findings.seen[check]}
    assert idle == {"taken_back", "legacy_charges", "parked"}, "nothing of these exists here"
    assert (findings.seen["hashes"], findings.seen["recomputation"], findings.seen["charges_of_lines"]) == (6, 3, 9)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_exactly_the_damaged_is_named(world: world_of.Provider, name: str) -> None:
    fault, expected, words = FAULTS[name]
    fault()
    findings = examined()
    sentences = [sentence for kept in findings.sentences.values() for sentence in kept]
    assert set(findings.counts) == expected, sentences
    assert any(words in sentence for sentence in sentences), sentences


def test_every_check_is_broken_by_some_fault() -> None:
    broken = set().union(*(expected for _fault, expected, _words in FAULTS.values()))
    assert broken == {*books.documents.CHECKS, *books.billing.CHECKS}


def test_a_filter_looks_at_its_part_alone_and_says_what_it_leaves_out(world: world_of.Provider) -> None:
    FAULTS["an altered form"][0]()
    later = examined(since=date(2020, 11, 1))
    assert (later.counts, later.seen["hashes"]) == ({}, 3)
    assert {"unbilled", "recomputation", "receivables"} <= set(later.left_out)
    assert set(examined(since=date(2020, 10, 1)).counts) == {"hashes"}
    world_of.provider("2600", country="NL")
    assert examined(scope=StaffScope(frozenset({"2600"}))).seen["hashes"] == 0
    assert set(examined(scope=StaffScope(frozenset({"2100"}))).counts) == {"hashes"}


def console(*arguments: str) -> tuple[int, list[dict[str, object]]]:
    app = typer.Typer()
    books.register(app)
    done = CliRunner().invoke(app, [*arguments, "--json"])
    code = 1 if isinstance(done.exception, answers.CheckFailed) else done.exit_code
    return code, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_console_prints_one_line_for_each_check_then_the_totals(world: world_of.Provider) -> None:
    code, (*lines, last) = console("check-books")
    checks = [line for line in lines if "check" in line]
    assert code == 0
    assert [line["check"] for line in checks] == [*books.documents.CHECKS, *books.billing.CHECKS, *books.UNDER_THEM]
    assert (last["checked"], last["violations"], last["failed_checks"]) == (6, [], [])
    assert last["completeness"] == [{
        "sales_org": "2100", "through": "2020-12-01", "lines_total": 3, "billed": 3, "by_reason": {}, "exception_count": 0,
        "is_complete": True,
    }]  # fmt: skip
    FAULTS["a wrong cent in a charge"][0]()
    code, (*_, last) = console("check-books")
    assert (code, last["failed_checks"], last["violation_count"]) == (1, ["charges_of_lines", "recomputation"], 3)


def test_completeness_on_the_console(world: world_of.Provider) -> None:
    Service.objects.filter(pk=first_charge().contract_line.service_id).update(status="SCHEDULED")
    code, (listed, last) = console("completeness", "--sales-org", "2100", "--through", "2020-12-01", "--list")
    assert (code, listed["reason"], last["by_reason"]) == (0, "not_delivered", {"not_delivered": 1})
    a_line_nobody_billed()
    code, (last,) = console("completeness", "--sales-org", "2100", "--through", "2020-12-01")
    assert (code, last["exception_count"], last["exceptions"][0]["reason"]) == (1, 1, "unbilled")  # type: ignore[index]


def test_documents_stand_in_the_order_that_the_faults_assume(world: world_of.Provider) -> None:
    found = Document.objects.order_by("number").values_list("number", "customer__customer_id", "issued_on")
    assert list(found)[1] == ("21000001", "12000003", date(2020, 10, 1))
