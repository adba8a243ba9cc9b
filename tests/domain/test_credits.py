"""Credit notes on issued invoices: every kind, never more than is left, and the next run converges after each."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db.models import Sum
from typer.testing import CliRunner

from rackbill.core.crediting import CreditRefused
from rackbill.core.document import Document, InvalidDocument, Remaining, canonical_text
from rackbill.core.periods import Period
from rackbill.core.terms import DatedPrice, DatedQuantity
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.errors import DocumentNotBilled
from rackbill.domain.billing.models import Charge
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import ContractLine
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents import invariants as document_invariants
from rackbill.domain.documents import operations as document_operations
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import NumberSeries
from rackbill.domain.documents.operations import IssueRequest
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.receivables import invariants as receivable_invariants
from rackbill.domain.receivables import queries as receivables
from rackbill.domain.receivables.models import LedgerEntry
from rackbill.domain.taxes import operations as taxes
from rackbill.interfaces.console import credits, main
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
NOTED = date(2020, 10, 10)
NOTED_AT = datetime(2020, 10, 10, 9, tzinfo=UTC)
EVERYTHING = WholeInstallation()
INVOICE = "21000000"


@pytest.fixture
def world() -> world_of.Provider:
    return world_of.provider()


def bill(through: date, now: datetime) -> RunSummary:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    return bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=signer)


def bill_november() -> RunSummary:
    return bill(date(2020, 12, 1), datetime(2020, 11, 1, 6, tzinfo=UTC))


def credit(number: str = INVOICE, **wanted: Any) -> Document:
    given = {
        "line_numbers": (), "period": None, "amount": None, "reason": "Outage", "is_reissued": False, "on": NOTED,
        "now": NOTED_AT, "actor": SYSTEM, **wanted,
    }  # fmt: skip
    return documents.document(scope=EVERYTHING, number=billing.credit_invoice(number=number, **given))


def violations() -> list[str]:
    nouns = (billing_invariants, document_invariants, receivable_invariants)
    return [sentence for noun in nouns for sentence in noun.violations()]


def charged_net() -> int:
    return Charge.objects.aggregate(Sum("amount_minor"))["amount_minor__sum"] or 0


def open_and_status(number: str = INVOICE) -> tuple[int, str]:
    row = receivables.invoice(scope=EVERYTHING, number=number, today=NOTED)
    assert row is not None
    return row.open_minor, row.status


def test_a_whole_invoice_given_for_good_stays_given(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    note = credit()
    original = documents.document(scope=EVERYTHING, number=INVOICE)
    assert (note.kind, note.totals) == ("credit_note", original.totals)
    assert [(c.number, c.issued_on) for c in note.corrects] == [(INVOICE, original.issued_on)]
    assert [line.subject for line in note.lines] == [line.subject for line in original.lines]
    assert note.notes == ("Outage",)
    assert open_and_status() == (0, "CANCELLED")
    assert charged_net() == 0
    november = bill_november()
    assert (november.lines, november.net_minor_by_currency) == (1, {"EUR": 12995})
    with pytest.raises(CreditRefused, match="nothing is left"):
        credit()
    assert violations() == []


def left(note: Document) -> list[tuple[str, int, int]]:
    return [(row.number, row.net_minor, row.gross_minor) for row in note.remaining]


def test_a_credit_note_says_what_is_left_at_the_moment_it_is_frozen(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world), price="100", starts_on=date(2020, 10, 1))
    world_of.bill_october()
    contracts.end_line(line_key=row.lines.get().pk, ends_on=date(2020, 10, 25), now=NOTED_AT, actor=SYSTEM)
    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=NOTED_AT, actor=SYSTEM)
    assert billing.compute_shard(run_id=run_id, shard_number=0) == 1
    # Computed is not issued: a credit that comes between counts in the run's credit note, and not the other way round.
    first = credit(amount=Decimal(20))
    assert left(first) == [(INVOICE, 8_000, 9_280)]
    bill(date(2020, 11, 1), NOTED_AT)
    of_the_run = documents.document(scope=EVERYTHING, number="21900001")
    assert (of_the_run.totals.net_minor, of_the_run.totals.gross_minor) == (2_258, 2_619)
    assert left(of_the_run) == [(INVOICE, 5_742, 6_661)]
    assert left(credit()) == [(INVOICE, 0, 0)]
    assert left(documents.document(scope=EVERYTHING, number=first.number)) == [(INVOICE, 8_000, 9_280)]
    assert violations() == []


def test_a_credit_note_is_not_frozen_without_what_is_left(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    note = credit(amount=Decimal(10))
    draft = canonical_text(replace(note, number="", document_uuid="", remaining=()))
    owner = Charge.objects.select_related("draft__customer").filter(draft__isnull=False).latest("pk")
    assert owner.draft is not None
    request = IssueRequest(
        canonical=draft, customer_key=owner.draft.customer_id, group_key=owner.draft.billing_group_id,
        line_keys=[owner.contract_line_id] * len(note.lines),
    )  # fmt: skip
    elsewhere = replace(request, remaining=(Remaining(number="21000009", net_minor=1, gross_minor=1),))
    key = owner.draft.customer.sales_organisation_id
    for wanted, words in ((request, "says what is left"), (elsewhere, "of each corrected document")):
        with pytest.raises(InvalidDocument, match=words):
            document_operations.issue_documents(
                organisation_key=key, kind="credit_note", requests=[wanted], run_id="", now=NOTED_AT
            )


def test_one_line_of_two(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner)
    world_of.service(world, owner, price="50")
    world_of.bill_october()
    note = credit(line_numbers=[3])
    assert [(line.corrects and line.corrects.line_number, line.net_minor) for line in note.lines] == [(3, 5000)]
    assert open_and_status()[1] == "OPEN"
    assert bill_november().net_minor_by_currency == {"EUR": 17995}
    assert violations() == []


def test_the_days_of_an_outage_on_every_line_charged_by_time(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    row = world_of.service(world, owner, starts_on=date(2020, 10, 1))
    fee = contracts.NewLine(
        kind="one_off", description="Set-up", starts_on=date(2020, 10, 2), prices=world_of_price("80", date(2020, 10, 2)),
        quantities=world_of_quantity(date(2020, 10, 2)),
    )  # fmt: skip
    contracts.add_line(service_id=row.service_id, line=fee, now=NOTED_AT, actor=SYSTEM)
    world_of.bill_october()
    note = credit(period=Period(date(2020, 10, 1), date(2020, 10, 4)))
    (line,) = note.lines
    assert (str(line.period), line.quantity, line.unit, line.price_base_quantity, line.net_minor) == (
        "2020-10-01/2020-10-04", 3, "DAY", 31, 1258,
    )  # fmt: skip
    with pytest.raises(CreditRefused, match="no line charged by time"):
        credit(period=Period(date(2020, 12, 1), date(2020, 12, 4)))
    assert bill_november().net_minor_by_currency == {"EUR": 12995}
    assert charged_net() == 12995 + 8000 - 1258 + 12995
    assert violations() == []


def world_of_price(price: str, start: date) -> tuple[DatedPrice, ...]:
    return (DatedPrice(start, None, Decimal(price)),)


def world_of_quantity(start: date) -> tuple[DatedQuantity, ...]:
    return (DatedQuantity(start, None, Decimal(1)),)


def test_an_amount_is_shared_out_by_what_is_left_and_never_exceeds_it(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner, price="100", starts_on=date(2020, 10, 1))
    world_of.service(world, owner, price="50", starts_on=date(2020, 10, 1))
    world_of.bill_october()
    note = credit(amount=Decimal("10.00"))
    assert [line.net_minor for line in note.lines] == [667, 333]
    with pytest.raises(CreditRefused, match=r"has 140\.00 left"):
        credit(amount=Decimal("140.01"))
    rest = credit(amount=Decimal("140"))
    total = documents.document(scope=EVERYTHING, number=INVOICE).totals
    assert note.totals.tax_minor + rest.totals.tax_minor == total.tax_minor
    assert note.totals.gross_minor + rest.totals.gross_minor == total.gross_minor
    assert open_and_status() == (0, "CANCELLED")
    assert violations() == []


def test_a_reissue_is_charged_anew_by_what_is_agreed_then(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    credit(is_reissued=True)
    contracts.set_price(
        line_key=row.lines.get().pk, unit_price=Decimal("99"), valid_from=date(2020, 10, 1), now=NOTED_AT, actor=SYSTEM
    )
    again = bill(date(2020, 11, 1), NOTED_AT)
    assert (again.lines, again.net_minor_by_currency) == (1, {"EUR": 9900})
    assert charged_net() == 9900
    assert Charge.objects.filter(kind="recurring").order_by("pk").last().revision == 1  # type: ignore[union-attr]
    assert bill(date(2020, 11, 1), NOTED_AT).lines == 0
    assert violations() == []


def test_a_reissue_of_one_line_charges_that_line_alone(world: world_of.Provider) -> None:
    owner = world_of.customer(world)
    world_of.service(world, owner, starts_on=date(2020, 10, 1))
    world_of.service(world, owner, price="50", starts_on=date(2020, 10, 1))
    world_of.bill_october()
    credit(line_numbers=[2], is_reissued=True)
    assert bill(date(2020, 11, 1), NOTED_AT).net_minor_by_currency == {"EUR": 5000}
    assert charged_net() == 12995 + 5000


def test_a_credited_or_partly_named_line_is_not_reissued(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    with pytest.raises(CreditRefused, match="as a whole only"):
        credit(line_numbers=[1], amount=Decimal(1), is_reissued=True)
    credit(amount=Decimal(30))
    for wanted in ({}, {"line_numbers": [1]}):
        with pytest.raises(CreditRefused, match=r"reissued as a whole only|was credited before"):
            credit(is_reissued=True, **wanted)
    line = ContractLine.objects.get()
    contracts.set_price(
        line_key=line.pk, unit_price=Decimal(100), valid_from=date(2020, 10, 1), now=NOTED_AT, actor=SYSTEM
    )
    bill(date(2020, 11, 1), NOTED_AT)
    assert charged_net() == 7000
    anew = Charge.objects.select_related("draft").get(kind="recurring", revision=1)
    with pytest.raises(CreditRefused, match="was credited before"):
        credit(anew.draft.document_number, line_numbers=[anew.line_number], is_reissued=True)


def test_an_invoice_that_takes_back_older_charges_is_not_reissued_as_a_whole(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    contracts.set_price(
        line_key=row.lines.get().pk,
        unit_price=Decimal("139.95"),
        valid_from=date(2020, 10, 1),
        now=NOTED_AT,
        actor=SYSTEM,
    )
    bill_november()
    later = {"on": date(2020, 11, 2), "now": datetime(2020, 11, 2, 6, tzinfo=UTC)}
    with pytest.raises(CreditRefused, match="name the one line"):
        credit("21000001", is_reissued=True, **later)
    credit("21000001", line_numbers=[3], is_reissued=True, **later)
    bill(date(2020, 12, 1), later["now"])
    assert charged_net() == 2 * 13995
    note = credit("21000001", **later)
    assert note.totals.net_minor == 13995 + 13995 - 12995 - 13995
    assert violations() == []


def test_the_tax_of_the_original_even_when_the_rate_has_changed_since(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    note = credit(amount=Decimal(100), on=date(2021, 2, 1), now=datetime(2021, 2, 1, tzinfo=UTC))
    assert [(row.rate, row.tax_minor) for row in note.tax_subtotals] == [(16, 1600)]


def test_the_exchange_rate_of_the_original(world: world_of.Provider) -> None:
    rates = [("USD", "EUR", Decimal("0.85"), date(2020, 9, 30)), ("USD", "EUR", Decimal("0.80"), date(2020, 10, 9))]
    taxes.store_exchange_rates(rates=rates, source="house bank")
    world_of.service(world, world_of.customer(world), currency="USD", starts_on=date(2020, 10, 1))
    world_of.bill_october()
    note = credit(amount=Decimal(100))
    assert note.accounting is not None
    assert (note.accounting.rate, note.accounting.rate_on, note.accounting.net_minor) == (
        Decimal("0.85"), date(2020, 9, 30), 8500,
    )  # fmt: skip


def test_the_days_taken_back_by_a_run_cannot_be_credited_again(world: world_of.Provider) -> None:
    row = world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    contracts.end_line(line_key=row.lines.get().pk, ends_on=date(2020, 10, 15), now=NOTED_AT, actor=SYSTEM)
    bill(date(2020, 11, 1), NOTED_AT)
    with pytest.raises(CreditRefused, match=r"has 58\.69 left"):
        credit(amount=Decimal("58.70"))
    assert credit().totals.net_minor == 5869
    assert charged_net() == 0


def test_a_paid_invoice_leaves_the_credit_open_for_the_customer(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world), starts_on=date(2020, 10, 1))
    world_of.bill_october()
    gross = documents.document(scope=EVERYTHING, number=INVOICE).totals.gross_minor
    item = LedgerEntry.objects.get(source_id=INVOICE).open_item
    LedgerEntry.objects.create(
        open_item=item, kind="payment", amount_minor=-gross, booked_on=NOTED, source_kind="payment", source_id="P1"
    )
    note = credit(amount=Decimal(50))
    assert open_and_status()[0] == 0
    entries = LedgerEntry.objects.filter(open_item__document_number=note.number)
    assert entries.aggregate(Sum("amount_minor"))["amount_minor__sum"] == -note.totals.gross_minor


def test_a_credit_note_is_sent_and_remembered(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    note = credit()
    assert Dispatch.objects.filter(document__number=note.number, recipient="ap@buyer.example").count() == 1
    entry = HistoryEntry.objects.get(verb="credit_document")
    assert (entry.object_id, entry.detail["credit_note"]) == (INVOICE, note.number)


def test_refusals(world: world_of.Provider) -> None:
    world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    with pytest.raises(DocumentNotBilled, match="no invoice 99999999 of ours"):
        credit("99999999")
    with pytest.raises(CreditRefused, match="needs a reason"):
        credit(reason=" ")
    with pytest.raises(CreditRefused, match="exclude each other"):
        credit(amount=Decimal(1), period=Period(NOTED, date(2020, 10, 11)))
    with pytest.raises(ValueError, match="more decimals"):
        credit(amount=Decimal("1.001"))
    with pytest.raises(CreditRefused, match="line 9 of invoice 21000000 does not exist"):
        credit(line_numbers=[9])
    note = credit()
    with pytest.raises(CreditRefused, match="only an invoice can"):
        credit(note.number)
    assert NumberSeries.objects.get(kind="credit_note").next_counter == 21_900_001


def test_the_console(world: world_of.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    monkeypatch.setattr(main, "set_clock", lambda _at: NOTED_AT)
    runner = CliRunner()
    app = main.typer.Typer()
    app.callback()(lambda: None)
    credits.register(app)
    done = runner.invoke(app, ["credit", INVOICE, "--line", "1", "--amount", "10", "--reason", "Goodwill", "--json"])
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["credit_note"], answer["invoice"], answer["net_minor"]) == ("21900000", INVOICE, 1000)
    assert answer["lines"] == [{"line": 1, "period": "2020-09-01/2020-10-01", "net_minor": 1000}]
    people = runner.invoke(app, ["credit", INVOICE, "--period", "2020-10-01/2020-10-02", "--reason", "Outage"])
    assert "Credit note 21900001 on invoice 21000000" in people.stdout
    for words in (["--period", "October"], ["--amount", "ten"]):
        refused = runner.invoke(app, ["credit", INVOICE, "--reason", "x", *words])
        assert isinstance(refused.exception, main.answers.Refused)
