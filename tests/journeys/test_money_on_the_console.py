"""A clerk's day with money, told through the console: a bank file, parked money, payments by hand, write-offs, reminders."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from rackbill.core.bank_statement import BankFileRefused
from rackbill.domain.parties.models import Contact, ContactRole, Customer
from rackbill.domain.receivables import invariants
from rackbill.domain.receivables.errors import MoneyRefused
from rackbill.domain.receivables.models import Allocation
from rackbill.interfaces.console import answers, payments, receivables, reminders
from rackbill.interfaces.console import staff as staff_console
from tests.world import money
from tests.world import provider as world_of
from tests.world.bank_files import camt, detail, entry
from tests.world.money import open_of

pytestmark = pytest.mark.django_db
ORG = ("--sales-org", "2100")


def said(app: typer.Typer, *words: str) -> str:
    """What a command prints. What it refuses with is raised."""
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def told(app: typer.Typer, *words: str) -> dict[str, Any]:
    """The same, as the JSON object of its last line."""
    answer: dict[str, Any] = json.loads(said(app, *words, "--json").splitlines()[-1])
    return answer


@pytest.fixture
def buyer() -> Customer:
    owner = world_of.customer(world_of.provider(), name="Buyer [GmbH]")
    money.known(owner)
    money.item(owner, "21000010", "150.74", issued_on=date(2020, 9, 1))
    money.item(owner, "21000011", "99.00", issued_on=date(2020, 9, 1), due_in=60)
    contact = Contact.objects.create(contact_id="c", customer=owner, last_name="X", email="ap@buyer.example")
    ContactRole.objects.create(contact=contact, customer=owner, role="BILLING", is_primary=True)
    return owner


def test_a_bank_file_of_a_german_bank(buyer: Customer, tmp_path: Path) -> None:
    file = tmp_path / "umsatz.csv"
    file.write_text(
        "Tag;Betrag;Zweck\n05.10.2020;150,74;Rg 2100 0010\n05.10.2020;1,00;[bold]?\n05.10.2020;-3,50;Porto\n05.10.2020;0,00;x\n",
        encoding="cp1252",
    )
    layout = (
        "--column", "booked_on=Tag", "--column", "amount=Betrag", "--column", "text=Zweck", "--delimiter", ";", "--decimal-mark", ",",
        "--day-form", "DD.MM.YYYY", "--encoding", "cp1252", "--account", money.ACCOUNT, "--currency", "EUR",
    )  # fmt: skip
    answer = told(payments.app, "import", str(file), *ORG, *layout)
    assert (answer["lines"], answer["matched"], answer["parked"], answer["known"]) == (3, 1, 1, 0)
    assert answer["allocated_minor"] == {"EUR": 15074}
    assert answer["left_out"] == ["row 5 moves no money"]
    assert "3 lines, 3 of them known already: 0 matched" in said(payments.app, "import", str(file), *ORG, *layout)
    text = said(payments.app, "list-parked", *ORG)
    assert "[bold]?" in text
    assert "names nothing we know" in text
    (line,) = told(payments.app, "list-parked", *ORG)["lines"]
    assert told(payments.app, "assign", line["line_id"][:8], "--to", buyer.legacy_id)["allocated_minor"] == 100
    assert open_of("21000011") == 9800
    with pytest.raises(answers.Refused, match="takes our column="):
        said(payments.app, "import", str(file), *ORG, "--column", "booked_on")
    with pytest.raises(answers.Refused, match="--format is camt053 or csv"):
        said(payments.app, "import", str(file), *ORG, "--format", "mt940")
    with pytest.raises(BankFileRefused, match="no column 'account'"):
        said(payments.app, "import", str(file), *ORG, "--delimiter", ";")


def test_camt_is_recognised_by_itself(buyer: Customer, tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"
    file.write_bytes(
        camt("02", entry("02", "150.74", detail("02", "21000010")), entry("02", "5.00", detail("02", "?")))
    )
    assert told(payments.app, "import", str(file), *ORG)["matched"] == 1
    (line,) = told(payments.app, "list-parked", *ORG)["lines"]
    assert told(payments.app, "send-back", line["line_id"], "--reason", "not ours")["returned_minor"] == 500
    assert told(payments.app, "match", *ORG)["lines"] == 0
    payment_id = Allocation.objects.get().payment.payment_id
    assert told(payments.app, "return", payment_id, "--reason", "bounced")["returned_minor"] == 15074
    assert open_of("21000010") == 15074


def staff(tmp_path: Path, name: str, role: str) -> tuple[str, ...]:
    """A member of staff, as the options with which he acts."""
    file = tmp_path / name
    email = f"{name}@meridian.example"
    file.write_text(told(staff_console.app, "add", email, "--role", role, *ORG)["token"])
    return "--as", email, "--token-file", str(file)


def test_a_payment_by_hand_and_where_its_money_goes(buyer: Customer, tmp_path: Path) -> None:
    add = (
        "add",
        "--customer",
        buyer.legacy_id,
        "--amount",
        "160.00",
        "--to",
        "21000010",
        "--id",
        "p-1",
        *staff(tmp_path, "clara", "clerk"),
    )
    for _ in range(2):
        assert told(payments.app, *add) == {"payment": "p-1", "allocated_minor": 16000}
    account = told(receivables.app, "show", buyer.customer_id)
    assert (account["open"], account["on_account"]) == ({"EUR": 8974}, {"EUR": 0})
    assert told(payments.app, "deallocate", "p-1:2", "--reason", "wrong invoice")["taken_back_minor"] == 926
    allocate = ("allocate", "payment:p-1", "--to", "21000011", "--amount", "5.00", "--reason", "by hand", "--id", "a-1")
    assert told(payments.app, *allocate) == {"allocation": "a-1", "allocated_minor": 500}
    assert said(payments.app, *allocate).strip() == "allocation a-1: allocated 5.00 EUR", "people read amounts"
    refund = ("refund", "payment:p-1", "--reason", "asked for", "--id", "r-1")
    assert told(payments.app, *refund)["refunded_minor"] == 426
    assert said(payments.app, *refund).strip() == "refund r-1: refunded 4.26 EUR"
    text = said(receivables.app, "show", buyer.legacy_id)
    assert "payment:p-1" in text
    assert "Buyer [GmbH]" in text
    assert "open 94.00" in text
    with pytest.raises(answers.Refused, match="names no customer"):
        said(receivables.app, "show", "nobody")
    with pytest.raises(answers.Refused, match="money is payment:ID"):
        said(payments.app, "refund", "p-1", "--reason", "x")
    with pytest.raises(answers.Refused, match=r"takes an amount such as 12\.50"):
        said(payments.app, *add[:4], "12.505")
    assert list(invariants.violations()) == []


def test_a_write_off_by_two_who_show_their_tokens(buyer: Customer, tmp_path: Path) -> None:
    clara, anton = staff(tmp_path, "clara", "clerk"), staff(tmp_path, "anton", "approver")
    ask = ("write-off", "21000010", "--reason", "insolvent", *clara, "--id", "w-1")
    assert "waits; somebody else runs" in " ".join(said(receivables.app, *ask).split())
    assert "write-off w-1 of 150.74 EUR of 21000010" in said(receivables.app, "show", buyer.customer_id)
    with pytest.raises(MoneyRefused, match="somebody else must approve"):
        said(receivables.app, "approve-write-off", "w-1", *clara)
    with pytest.raises(MoneyRefused, match=r"carl@meridian\.example is no approver of 2100"):
        said(receivables.app, "approve-write-off", "w-1", *staff(tmp_path, "carl", "clerk"))
    with pytest.raises(answers.Refused, match="the token is not one of anton"):
        said(receivables.app, "approve-write-off", "w-1", "--as", "anton@meridian.example", *clara[2:])
    assert "of 150.74 EUR is booked" in said(receivables.app, "approve-write-off", "w-1", *anton)
    assert told(receivables.app, "approve-write-off", "w-1", *anton)["amount_minor"] == 15074
    assert told(receivables.app, *ask)["is_booked"] is True
    assert told(receivables.app, "settle-credits", *ORG) == {"settled_minor": {}}


def test_the_aged_list_on_a_day_and_as_csv(buyer: Customer, tmp_path: Path) -> None:
    text = said(receivables.app, "list", "--on", "2020-10-20", *ORG)
    assert "Buyer [GmbH]" in text and "150.74" in text and "249.74" in text and "1 to 1 of 1 on 2020-10-20" in text
    answer = told(receivables.app, "list", "--on", "2020-10-20", "--overdue", "--search", buyer.legacy_id)
    assert answer["customers"][0]["ages_minor"] == {
        "not due": 9900,
        "1-30": 0,
        "31-60": 15074,
        "61-90": 0,
        "over 90": 0,
    }
    assert (answer["total"], answer["totals"][0]["overdue_minor"], answer["customers"][0]["oldest_due_on"]) == (
        1, 15074, "2020-09-15",
    )  # fmt: skip
    file = tmp_path / "aged.csv"
    said(receivables.app, "list", "--on", "2020-10-20", "-o", str(file))
    header, row = file.read_bytes().decode().split("\r\n")[:2]
    assert header.startswith("csv_version,on,sales_organisation_id,customer_id,name,currency,not_due,overdue_1_30")
    assert row.endswith(",249.74,150.74,0.00,0.00,249.74,2020-09-15")
    assert "0 on 2020-01-01" in said(receivables.app, "list", "--on", "2020-01-01")
    with pytest.raises(answers.Refused, match="--sort takes customer, name"):
        said(receivables.app, "list", "--sort", "size")


def test_reminders_are_planned_held_and_taken_once(buyer: Customer) -> None:
    (notice,) = told(reminders.app, "plan", *ORG)["notices"]
    assert (notice["customer_id"], notice["total_minor"], notice["recipients"]) == (
        buyer.customer_id,
        15074,
        ["ap@buyer.example"],
    )
    hold = told(
        reminders.app, "hold", buyer.legacy_id, "--document", "21000010", "--disputed", "50.74", "--reason", "outage"
    )["hold"]
    text = " ".join(said(reminders.app, "plan", *ORG).split())
    assert (
        "step 2 remind: 21000010 of 2020-09-01, due 2020-09-15, 17 days overdue, 100.00 of 150.74 (the rest is disputed)"
        in text
    )
    assert told(reminders.app, "lift", hold)["hold"] == hold
    assert len(told(reminders.app, "propose", *ORG)["notices"]) == 1
    assert told(reminders.app, "propose", *ORG)["notices"] == []
    assert "6: 30 days after the due date, collect" in said(reminders.app, "ladder", *ORG)
    own = told(
        reminders.app,
        "ladder",
        *ORG,
        "--valid-from",
        "2020-10-02",
        "--step",
        "5:remind",
        "--step",
        "9:collect:45.00:EUR",
    )
    assert [(s["days_after_due"], s["action"], s["fee_minor"]) for s in own["steps"]] == [
        (5, "remind", 0),
        (9, "collect", 4500),
    ]
    with pytest.raises(answers.Refused, match="a step is days:action"):
        said(reminders.app, "ladder", *ORG, "--step", "soon:remind")
