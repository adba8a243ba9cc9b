"""Bank lines: whose money they are, by every identifier ever valid; kept once, paid in once; doubt is parked."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connection

from rackbill.core.bank_statement import LineKind
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.scope import CustomerScope, StaffScope, WholeInstallation
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import invariants, queries
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.errors import MoneyNotFound, MoneyRefused, OpenItemNotFound
from rackbill.domain.receivables.models import Allocation, BankLine, LedgerEntry, Mandate, Payment, Refund
from rackbill.domain.receivables.operations import ImportSummary
from tests.world import money
from tests.world import provider as world_of
from tests.world.money import CLERK, NOW, imported, line, open_of

pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


@pytest.fixture
def buyer(world: world_of.Provider) -> Customer:
    """Two invoices of ours and one of the legacy system."""
    owner = world_of.customer(world)
    money.known(owner, contract_id="50000077")
    money.item(owner, "21000010", "150.74")
    money.item(owner, "21000011", "99.00", due_in=30)
    money.item(owner, "DE0000004711", "20.00", issued_on=date(2020, 8, 1), system="oldbill")
    return owner


@pytest.fixture
def other(world: world_of.Provider) -> Customer:
    owner = world_of.customer(world, name="Other BV")
    money.known(owner)
    money.item(owner, "21000055", "70.00")
    return owner


def parked() -> list[queries.ParkedLine]:
    return list(queries.parked_lines(scope=EVERYTHING, organisation_id="2100").rows)


def changed(before: dict[str, int]) -> dict[str, int]:
    return {number: before[number] - open_of(number) for number in before if open_of(number) != before[number]}


def opens() -> dict[str, int]:
    return {n: open_of(n) for n in ("21000010", "21000011", "DE0000004711", "21000055")}


MATCHED: dict[str, tuple[str, str, dict[str, int]]] = {
    "our number": ("150.74", "Invoice 21000010", {"21000010": 15074}),
    "our number with blanks": ("150.74", "RE 2100 0010", {"21000010": 15074}),
    "our number with dots, glued to a word": ("150.74", "RE21.000.010", {"21000010": 15074}),
    "two of them": ("249.74", "21000010/21000011", {"21000010": 15074, "21000011": 9900}),
    "the sum of one of ours and an old one": ("119.00", "21000011 + DE0000004711", {"21000011": 9900, "DE0000004711": 2000}),
    "an old number": ("20.00", "rg de 0000 004711", {"DE0000004711": 2000}),
    "a part": ("50.00", "21000010 Teilzahlung", {"21000010": 5000}),
    "named, then what has the rest": ("170.74", "21000010", {"21000010": 15074, "DE0000004711": 2000}),
    "our customer ID": ("99.00", "Kunde 12000001", {"21000011": 9900}),
    "our customer ID, by age": ("30.00", "Kunde 12000001", {"DE0000004711": 2000, "21000010": 1000}),
    "the old customer ID": ("99.00", "KdNr DE000000001", {"21000011": 9900}),
    "the billing group": ("99.00", "12000001-01", {"21000011": 9900}),
    "the contract": ("99.00", "contract 50000077", {"21000011": 9900}),
    "a contract, amount unknown": ("98.00", "contract 50000077", {"DE0000004711": 2000, "21000010": 7800}),
    "two digits exchanged": ("150.74", "Invoice 21000001 0", {"21000010": 15074}),
    "a digit missing": ("150.74", "Invoice 2100010", {"21000010": 15074}),
    "a digit too many": ("150.74", "Invoice 210000100", {"21000010": 15074}),
    "a wrong digit": ("150.74", "Invoice 21000070", {"21000010": 15074}),
    "a misspelt customer ID": ("99.00", "Kunde 1200001", {"21000011": 9900}),
    "a misspelt old number": ("20.00", "DE000004711", {"DE0000004711": 2000}),
    "a day beside the number": ("150.74", "21000010 vom 01102020", {"21000010": 15074}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MATCHED))
def test_money_finds_what_it_pays(buyer: Customer, other: Customer, name: str) -> None:
    amount, text, paid = MATCHED[name]
    before = opens()
    summary = imported(line(amount, text))
    assert (summary.matched_count, summary.parked_count) == (1, 0), parked()
    assert changed(before) == paid
    assert Payment.objects.get().customer == buyer
    assert list(invariants.violations()) == []


PARKED: dict[str, tuple[str, str, str]] = {
    "nothing known": ("12.00", "thanks for all", "names nothing we know"),
    "two customers": ("220.74", "21000010 21000055", "names things of 2 customers"),
    "a document of one, the ID of another": ("70.00", "21000055 Kunde 12000001", "names things of 2 customers"),
    "misspelt, and the amount is nobody's": ("7.00", "Invoice 2100010", "names nothing we know"),
    "another currency": ("150.74", "Invoice 21000012", "which is in USD"),
    "a valid number, the amount of its neighbour": ("70.00", "Invoice 21000011", "with just this amount"),
    "a day that is a number": ("1.00", "20201015", "names nothing we know"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PARKED))
def test_doubt_is_parked_with_its_reason(buyer: Customer, other: Customer, name: str) -> None:
    amount, text, reason = PARKED[name]
    money.item(buyer, "21000012", "150.74", currency="USD")
    money.item(other, "21000001", "70.00")
    money.item(other, "20201015", "5.00")
    before = opens()
    summary = imported(line(amount, text))
    assert (summary.matched_count, summary.parked_count) == (0, 1)
    assert changed(before) == {}
    assert reason in parked()[0].reason
    assert queries.parked_sums(scope=EVERYTHING, organisation_id="2100") == {"EUR": summary.parked["EUR"]}
    assert list(invariants.violations()) == []


def test_a_misspelt_number_that_may_mean_two_customers_is_parked(buyer: Customer, other: Customer) -> None:
    money.item(buyer, "21000081", "33.00")
    money.item(other, "21000082", "33.00")
    imported(line("33.00", "Invoice 21000083"))
    (one,) = parked()
    assert "may be the money of several customers" in one.reason
    assert {(s.customer_id, s.number, s.is_amount_open) for s in one.suggestions} == {
        (buyer.customer_id, "21000081", True), (other.customer_id, "21000082", True),
    }  # fmt: skip


def test_a_slip_from_a_paid_invoice_to_an_open_one_of_another_is_parked(buyer: Customer, other: Customer) -> None:
    money.item(buyer, "21000081", "33.00")
    imported(line("33.00", "21000081"))
    money.item(other, "21000082", "33.00")
    assert imported(line("33.00", "Invoice 21000083")).parked_count == 1
    assert imported(line("33.00", "21000081 again")).matched_count == 1, "paid twice, but no slip"


def test_a_short_old_number_counts_only_with_the_amount(buyer: Customer, world: world_of.Provider) -> None:
    identifiers.register_aliases(
        aliases=[
            NewAlias(kind="service", raw_text="200001", target_kind="service", target_id="41000001000100", system="oldbill", customer_id=buyer.customer_id)
        ]
    )  # fmt: skip
    assert imported(line("99.00", "service 200001")).matched_count == 1
    summary = imported(line("1.00", "service 200001"))
    assert summary.parked_count == 1
    assert parked()[0].suggestions[0].customer_id == buyer.customer_id


def test_the_payer_is_known_from_a_mandate_or_from_before(buyer: Customer, other: Customer) -> None:
    account = "NL91ABNA0417164300"
    assert imported(line("99.00", "rent", payer_account=account)).parked_count == 1
    imported(line("50.74", "21000010", payer_account=account))
    assert imported(line("100.00", "thanks", payer_account=account)).matched_count == 1
    assert open_of("21000010") == 0
    assert imported(line("0.03", "what is this", payer_account=account)).parked_count == 1, (
        "known payer, unknown amount"
    )
    Mandate.objects.create(
        mandate_reference="M-1", customer=other, holder="x", iban="DE02120300000000202051", signed_on=NOW.date()
    )
    assert imported(line("70.00", "", payer_account="DE02120300000000202051")).matched_count == 1
    assert open_of("21000055") == 0


def test_an_account_of_another_customer_who_owes_just_that_is_doubt(buyer: Customer, other: Customer) -> None:
    money.item(other, "21000056", "150.74")
    imported(line("1.00", "Kunde 12000002", payer_account="NL2"), line("1.00", "Kunde 12000001", payer_account="NL1"))
    assert imported(line("150.74", "21000010", payer_account="NL2")).parked_count == 1
    assert "yet account NL2 belongs" in parked()[0].reason
    assert imported(line("150.74", "21000010", payer_account="NL1")).matched_count == 1
    assert imported(line("97.00", "21000011", payer_account="NL2")).matched_count == 1, (
        "who pays for another is believed else"
    )


def test_a_payer_of_two_customers_is_no_proof(buyer: Customer, other: Customer) -> None:
    money.item(other, "21000056", "99.00")
    for text in ("Kunde 12000001", "Kunde 12000002"):
        imported(line("1.00", text, payer_account="NL1"))
    assert imported(line("99.00", "", payer_account="NL1")).parked_count == 1
    assert "several customers" in parked()[0].reason


def test_end_to_end_id_and_mandate_name_as_well(buyer: Customer) -> None:
    identifiers.register_aliases(
        aliases=[NewAlias(kind="mandate", raw_text="MH-2600-000001", target_kind="mandate", target_id="MH-2600-000001", customer_id=buyer.customer_id)]
    )  # fmt: skip
    assert imported(line("150.74", "", end_to_end_id="21000010")).matched_count == 1
    assert imported(line("99.00", "", mandate_reference="MH-2600-000001")).matched_count == 1
    assert open_of("21000011") == 0


def test_the_same_file_again_changes_nothing_and_equal_lines_count_each(buyer: Customer) -> None:
    lines = [
        line("10.00", "21000010"),
        line("10.00", "21000010"),
        line("5.00", "?"),
        line("9.99", kind=LineKind.PAID_OUT),
    ]
    first = imported(*lines)
    assert (first.matched_count, first.parked_count, first.known_count) == (2, 1, 0)
    assert first.ignored == Counter({"money that left the account pays no invoice": 1})
    assert (first.received, first.allocated, first.parked) == ({"EUR": 2500}, {"EUR": 2000}, {"EUR": 500})
    assert open_of("21000010") == 15074 - 2000
    counts = [model.objects.count() for model in (BankLine, Payment, Allocation, LedgerEntry)]
    again = imported(*lines)
    assert (again.known_count, again.matched_count, again.parked_count) == (4, 0, 0)
    assert [model.objects.count() for model in (BankLine, Payment, Allocation, LedgerEntry)] == counts
    longer = imported(*lines, line("10.00", "21000010"))
    assert (longer.known_count, longer.matched_count) == (4, 1)


def test_more_than_is_open_stays_on_account(buyer: Customer) -> None:
    summary = imported(line("300.00", "21000010"))
    assert (summary.allocated, summary.on_account) == ({"EUR": 26974}, {"EUR": 3026})
    account = queries.customer_account(scope=EVERYTHING, customer_id=buyer.customer_id, today=money.TODAY)
    assert (account.open, account.on_account, account.balance) == ({"EUR": 0}, {"EUR": 3026}, {"EUR": -3026})


def test_lines_of_one_file_pay_one_after_the_other(buyer: Customer) -> None:
    summary = imported(line("150.74", "21000010"), line("150.74", "21000010"))
    assert (summary.allocated["EUR"], summary.on_account["EUR"]) == (15074 + 2000 + 9900, 15074 - 11900)
    assert list(invariants.violations()) == []


def test_another_sales_organisation_sees_none_of_it(buyer: Customer) -> None:
    far = world_of.provider("2200")
    far.organisation.bank_accounts.update(iban="DE00220000000000000000")
    summary = imported(line("150.74", "21000010 Kunde 12000001", account="x"), organisation_id="2200")
    assert summary.parked_count == 1
    with pytest.raises(MoneyRefused, match="is that of sales organisation 2100"):
        imported(line("150.74", "21000010"), organisation_id="2200")
    assert queries.parked_lines(scope=StaffScope(frozenset({"2100"})), organisation_id="2200").rows == []
    assert len(queries.parked_lines(scope=StaffScope(frozenset({"2200"})), organisation_id="2200").rows) == 1
    assert queries.parked_lines(scope=CustomerScope(buyer.pk, buyer.customer_id), organisation_id="2200").rows == []


def assign(line_id: str, *, customer_id: str = "", number: str = "") -> int:
    return receivables.assign_line(line_id=line_id, customer_id=customer_id, number=number, now=NOW, actor=CLERK)


def test_parked_money_is_assigned_by_hand_once(buyer: Customer, other: Customer) -> None:
    imported(line("70.00", "thanks"), line("99.50", "for everything"))
    first, second = parked()
    assert [(s.number, s.is_amount_open) for s in first.suggestions] == [("21000055", True)]
    assert "open with exactly this amount" in first.suggestions[0].reason
    assert assign(first.line_id[:12], number="21000055") == 7000
    assert assign(first.line_id, number="21000055") == 7000
    assert open_of("21000055") == 0
    with pytest.raises(MoneyRefused, match="assigned to another customer before"):
        assign(first.line_id, customer_id=buyer.customer_id)
    assert assign(second.line_id, customer_id=buyer.customer_id) == 9950
    assert parked() == []
    assert Payment.objects.count() == 2
    assert list(invariants.violations()) == []


def test_what_cannot_be_assigned(buyer: Customer) -> None:
    money.item(buyer, "21000012", "5.00", currency="USD")
    imported(line("70.00", "?"))
    line_id = parked()[0].line_id
    with pytest.raises(MoneyRefused, match="is in EUR and document 21000012 in USD"):
        assign(line_id, number="21000012")
    with pytest.raises(MoneyNotFound, match="no documents"):
        assign(line_id, number="29999999")
    with pytest.raises(MoneyNotFound, match="has no customer"):
        assign(line_id, customer_id="19999999")
    with pytest.raises(MoneyNotFound, match="no single received bank line"):
        assign("ffffff", customer_id=buyer.customer_id)
    with pytest.raises(MoneyNotFound, match="no single received bank line"):
        assign(line_id[:5], customer_id=buyer.customer_id)
    assert Payment.objects.count() == 0


def test_parked_money_that_is_nobodys_goes_back(buyer: Customer) -> None:
    imported(line("70.00", "?"), line("20.00", "21000010"))
    line_id = parked()[0].line_id
    for _ in range(2):
        assert (
            receivables.return_line(line_id=line_id, reason="wrong account", on=NOW.date(), now=NOW, actor=CLERK)
            == 7000
        )
    assert Refund.objects.count() == 1
    assert parked() == []
    assert queries.parked_sums(scope=EVERYTHING, organisation_id="2100") == {}
    with pytest.raises(MoneyRefused, match="went back to its sender"):
        assign(line_id, customer_id=buyer.customer_id)
    paid = BankLine.objects.get(text="21000010")
    with pytest.raises(MoneyRefused, match="is a customer's payment"):
        receivables.return_line(line_id=paid.line_id, reason="x", on=NOW.date(), now=NOW, actor=CLERK)
    assert list(invariants.violations()) == []


def test_parked_money_is_matched_when_its_invoice_comes(buyer: Customer) -> None:
    imported(line("42.00", "21000099"))
    assert receivables.match_parked(organisation_id="2100", now=NOW, actor=CLERK).matched_count == 0
    money.item(buyer, "21000099", "42.00")
    assert receivables.match_parked(organisation_id="2100", now=NOW, actor=CLERK).matched_count == 1
    assert open_of("21000099") == 0
    assert receivables.match_parked(organisation_id="2100", now=NOW, actor=CLERK).line_count == 0


def test_money_that_the_bank_takes_back_opens_the_invoice_again(buyer: Customer) -> None:
    imported(line("150.74", "21000010", end_to_end_id="e2e-1"))
    payment = Payment.objects.get()
    summary = imported(line("150.74", "return", kind=LineKind.RETURNED, end_to_end_id="e2e-1"))
    assert (summary.waiting_returns, summary.received) == (1, {})
    (waiting,) = parked()
    assert waiting.suggestions[0].number == payment.payment_id
    assert "same end-to-end ID" in waiting.suggestions[0].reason
    for _ in range(2):
        assert receivables.return_payment(
            payment_id=payment.payment_id, line_id=waiting.line_id, reason="returned debit", on=NOW.date(), now=NOW, actor=CLERK
        ) == 15074  # fmt: skip
    assert open_of("21000010") == 15074
    assert parked() == []
    account = queries.customer_account(scope=EVERYTHING, customer_id=buyer.customer_id, today=money.TODAY)
    assert account.on_account == {"EUR": 0}
    assert list(invariants.violations()) == []


def test_a_return_must_be_of_the_payments_amount(buyer: Customer) -> None:
    imported(line("10.00", "21000010"), line("9.00", kind=LineKind.RETURNED))
    payment, waiting = Payment.objects.get(), BankLine.objects.get(kind="returned")
    for line_id, refusal, words in (
        (waiting.line_id, MoneyRefused, r"but 10\.00 EUR of payment"), ("nothing", MoneyNotFound, "no waiting bank line"),
    ):  # fmt: skip
        with pytest.raises(refusal, match=words):
            receivables.return_payment(
                payment_id=payment.payment_id, line_id=line_id, reason="x", on=NOW.date(), now=NOW, actor=CLERK
            )
    assert open_of("21000010") == 14074


def test_an_unknown_document_is_not_found(buyer: Customer) -> None:
    with pytest.raises(OpenItemNotFound, match="no document 21999999"):
        receivables.write_off_item(
            write_off_id="w", number="21999999", amount_minor=1, reason="x", now=NOW, actor=CLERK
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer; two never meet")
def test_two_processes_with_the_same_file_pay_once() -> None:
    owner = world_of.customer(world_of.provider())
    for number in range(21000010, 21000040):
        money.item(owner, str(number), "10.00")
    lines = [line("10.00", str(number)) for number in range(21000010, 21000040)]
    together = Barrier(2)

    def put_in() -> ImportSummary:
        try:
            together.wait(timeout=30)
            return imported(*lines)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        found = [future.result(timeout=60) for future in [workers.submit(put_in), workers.submit(put_in)]]
    assert sum(summary.allocated["EUR"] for summary in found) == 30_000
    assert (BankLine.objects.count(), Payment.objects.count(), Allocation.objects.count()) == (30, 30, 30)
    assert list(invariants.violations()) == []
