"""What a refusal or a parked bill tells the operator to do, done on the console."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rackbill.core.money import UnknownCurrency
from rackbill.domain.billing.models import ParkedBill
from rackbill.domain.dispatch import invariants
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.dispatch.errors import DispatchRefused
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.parties.errors import BillingGroupNotFound, CustomerNotFound, RecipientNotFound, RecipientRefused
from rackbill.domain.taxes import queries as taxes
from rackbill.interfaces.console import answers, outbox, recipients
from rackbill.interfaces.console import taxes as taxes_console
from tests.domain.test_bill_run import bill
from tests.journeys.command_line import started
from tests.journeys.test_money_on_the_console import said, told
from tests.world import provider as world_of
from tests.world.provider import bill_october

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2020, 11, 1, 6, tzinfo=UTC)


def test_a_bill_parked_for_want_of_an_exchange_rate_is_billed_once_one_is_entered() -> None:
    world = world_of.provider(currency="SGD")
    world_of.service(world, world_of.customer(world))
    bill(date(2020, 11, 1))
    parked = ParkedBill.objects.get()
    assert (parked.code, "rackbill tax add-exchange-rate" in parked.reason) == ("no_exchange_rate", True)
    enter = ("add-exchange-rate", "--from", "EUR", "--to", "SGD", "--on", "2020-09-30", "--source", "ECB", "--rate")
    assert "1 EUR = 1.6 SGD on 2020-09-30, ECB: for sellers in AT, BE" in " ".join(
        said(taxes_console.app, *enter, "1.6").split()
    )
    said(taxes_console.app, *enter, "1.6")
    with pytest.raises(answers.Refused, match=r"1\.6 is stored for 2020-09-30 from 'ECB' and never changes"):
        said(taxes_console.app, *enter, "1.7")
    with pytest.raises(answers.Refused, match="above 0"):
        said(taxes_console.app, *enter[:-2], "other", "--rate", "0")
    with pytest.raises(UnknownCurrency, match="'EURO' is not a currency"):
        said(taxes_console.app, *enter[:2], "EURO", *enter[3:], "1.6")
    own = said(taxes_console.app, *enter[:8], "house rate", "--rate", "1.61")
    assert "as your own: the law of no country names it" in " ".join(own.split())
    assert bill(date(2020, 12, 1), NOVEMBER).invoices == 1


def test_the_answer_of_a_registry_is_entered_by_hand() -> None:
    buyer = world_of.customer(world_of.provider(), country="NL", tax_id="NL853746333B01")
    words = ("record-check", "--tax-id", "NL853746333B01", "--on", "2020-09-01", "--reference", "VIES 4711")
    assert "valid on 2020-09-01" in said(taxes_console.app, *words, "--customer", buyer.customer_id, "--valid")
    assert taxes.tax_id_checks(customer_id=buyer.customer_id) == [(date(2020, 9, 1), "NL853746333B01", True)]
    said(taxes_console.app, *words, "--customer", buyer.customer_id, "--invalid")
    assert taxes.tax_id_checks(customer_id=buyer.customer_id) == [(date(2020, 9, 1), "NL853746333B01", False)]
    with pytest.raises(CustomerNotFound):
        said(taxes_console.app, *words, "--customer", "12999999", "--valid")


def test_mail_for_nobody_is_seen_and_sent_again(tmp_path: Path) -> None:
    world = world_of.provider()
    buyer = world_of.customer(world, recipients=())
    world_of.service(world, buyer)
    bill_october()
    text = " ".join(said(outbox.app, "list").split())
    assert f"21000000 to nobody ({buyer.customer_id}): parked" in text
    assert "rackbill recipients add" in text
    with pytest.raises(DispatchRefused, match="for nobody; name somebody with --to"):
        said(outbox.app, "send-again", "21000000")
    assert "1 mails of 21000000 wait" in said(outbox.app, "send-again", "21000000", "--to", "ap@buyer.example")
    row = told(outbox.app, "list")["dispatches"][0]
    assert (row["state"], row["recipient"], row["reason"]) == ("queued", "ap@buyer.example", "")
    with pytest.raises(DispatchRefused, match="no mail of document 21000000 stands still"):
        said(outbox.app, "send-again", "21000000")
    claimed = dispatch.claim_next(worker="w", now=datetime(2030, 1, 1, tzinfo=UTC))
    assert claimed is not None and claimed.recipient == "ap@buyer.example"
    dispatch.record_sent(key=claimed.key, message_sha256="a" * 64, now=NOVEMBER)
    assert told(outbox.app, "list") == {"total_count": 0, "dispatches": []}
    assert HistoryEntry.objects.filter(verb="send_again", object_id="21000000").count() == 1
    assert list(invariants.violations()) == []


def test_what_waits_for_a_person_is_listed_first_and_page_by_page() -> None:
    world = world_of.provider()
    for _ in range(3):
        world_of.service(world, world_of.customer(world))
    bill_october()
    Dispatch.objects.filter(document__number="21000002").update(state="failed", reason="refused")
    page = told(outbox.app, "list", "--limit", "2")
    assert (page["total_count"], [row["document_number"] for row in page["dispatches"]]) == (
        3,
        ["21000002", "21000000"],
    )
    rest = told(outbox.app, "list", "--limit", "2", "--offset", "2")
    assert [row["document_number"] for row in rest["dispatches"]] == ["21000001"]
    said(outbox.app, "send-again", "21000002")
    assert Dispatch.objects.get(document__number="21000002").state == "queued"


def test_a_recipient_is_added_and_removed() -> None:
    buyer = world_of.customer(world_of.provider(), recipients=())
    group = f"{buyer.customer_id}-01"
    for _ in range(2):
        said(recipients.app, "add", group, "ap@buyer.example")
    assert said(recipients.app, "list", buyer.customer_id).count("ap@buyer.example") == 1
    with pytest.raises(RecipientRefused, match="is no e-mail address"):
        said(recipients.app, "add", group, "ap at buyer")
    with pytest.raises(BillingGroupNotFound):
        said(recipients.app, "add", "12999999-01", "ap@buyer.example")
    said(recipients.app, "remove", group, "AP@buyer.example")
    assert "ap@buyer.example" not in said(recipients.app, "list", buyer.customer_id)
    with pytest.raises(RecipientNotFound, match="has no recipient ap@buyer"):
        said(recipients.app, "remove", group, "ap@buyer.example")
    assert HistoryEntry.objects.filter(verb__in=("add_recipient", "remove_recipient")).count() == 2


def test_a_command_without_a_database_or_a_file_says_what_to_do(tmp_path: Path) -> None:
    for words, said_words in (
        (("run", "list"), "run `rackbill init`"),
        (("usage", "load", str(tmp_path / "no.csv")), "no.csv: no such file or directory; check the path"),
    ):
        done = started(tmp_path, *words)
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
        assert said_words in done.stderr
    done = started(tmp_path, "outbox")
    assert done.returncode == 2
    assert "\n  send-again " in done.stderr, "the help of a family is not folded into one line"
