"""Bank files and payments in the office: what is certain is settled, the rest is placed by a person, nothing twice."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rackbill.core.bank_statement import LineKind
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import invariants
from rackbill.domain.receivables.models import BankLine, Payment, Refund
from rackbill.interfaces.office import bank
from tests.office.test_pages import as_person, staff
from tests.world import money
from tests.world import provider as world_of
from tests.world.bank_files import bank_csv, camt, detail, entry
from tests.world.money import open_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(monkeypatch: pytest.MonkeyPatch) -> Customer:
    monkeypatch.setattr("rackbill.interfaces.jobs.clock.now", lambda: money.NOW)
    world = world_of.provider()
    for name, role in (("clara", "clerk"), ("otto", "auditor"), ("bert", "approver")):
        staff(world, name, role)
    staff(world_of.provider("2600", "SG", "SGD"), "oscar", "clerk")
    found = world_of.customer(world, name="Aurora")
    money.known(found)
    money.item(found, "21000010", "150.74")
    money.item(found, "21000011", "99.00")
    return found


def sent(client: Client, content: bytes, organisation: str = "2100", name: str = "x.xml") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post("/office/bank/file/", {"organisation": organisation, "file": file})


def placed(client: Client, line: BankLine, **words: str) -> Any:
    return client.post(f"/office/bank/lines/{line.line_id}/", {"organisation": "2100", **words})


def parked(amount: str = "42.00", text: str = "?", **more: Any) -> BankLine:
    money.imported(money.line(amount, text, **more))
    return BankLine.objects.order_by("-pk")[0]


def test_a_file_is_read_and_its_lines_go_where_they_belong(owner: Customer) -> None:
    client = as_person("clara")
    file = camt("02", entry("02", "150.74", detail("02", "21000010")), entry("02", "5.00", detail("02", "no idea")))
    text = sent(client, file).content.decode()
    assert "What became of the file" in text and "no idea" in text and "EUR 5.00" in text
    assert open_of("21000010") == 0
    again = sent(client, file).content.decode()
    assert "2 known already" in again
    assert (BankLine.objects.count(), Payment.objects.count()) == (2, 1)
    line = BankLine.objects.get(payment=None)
    answer = placed(client, line, act="assign", to=owner.legacy_id)
    assert answer.headers["Location"] == "/office/bank/?organisation=2100&said=assigned"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Assigned." in page and "Nothing waits." in page
    assert open_of("21000011") == 9400
    change = HistoryEntry.objects.filter(verb="assign_line").get()
    assert change.actor_identity == "clara@meridian.example"
    assert [*invariants.violations()] == []


def test_csv_in_our_columns_and_a_file_that_is_refused(owner: Customer) -> None:
    client = as_person("clara")
    assert "no idea" in sent(client, bank_csv([money.line("3.00", "no idea")])).content.decode()
    refused = sent(client, b"a,b\n1,2\n")
    assert refused.status_code == 422 and "no column" in refused.content.decode()
    assert client.post("/office/bank/file/", {"organisation": "2100"}).status_code == 422
    assert BankLine.objects.count() == 1


def test_a_file_that_takes_long_is_left_to_the_console(owner: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_person("clara")
    monkeypatch.setattr(bank, "MOST_LINES", 1)
    answer = sent(client, bank_csv([money.line("3.00", "a"), money.line("4.00", "b")]))
    assert answer.status_code == 413 and "rackbill payments import FILE --sales-org 2100" in answer.content.decode()
    monkeypatch.setattr(bank, "MOST_BYTES", 10)
    assert sent(client, bank_csv([money.line("3.00", "a")])).status_code == 413
    assert BankLine.objects.count() == 0


def test_a_suggestion_is_one_click(owner: Customer) -> None:
    client, line = as_person("clara"), parked("99.00")
    page = client.get("/office/bank/").content.decode()
    assert 'name="to" value="21000011"' in page and "amount fits" in page
    assert placed(client, line, act="assign", to="21000011").status_code == 302
    assert open_of("21000011") == 0
    assert placed(client, line, act="assign", to="21000011").status_code == 404, "it waits no more"


def test_money_that_went_back(owner: Customer) -> None:
    client, line = as_person("clara"), parked()
    assert placed(client, line, act="send_back", reason=" ").status_code == 422
    assert placed(client, line, act="send_back", reason="not ours").status_code == 302
    assert Refund.objects.get().reason == "not ours"
    assert [*invariants.violations()] == []


def test_a_payment_that_the_bank_took_back(owner: Customer) -> None:
    client = as_person("clara")
    paid = parked("150.74", "21000010", end_to_end_id="E1", payer_account="NL1")
    assert open_of("21000010") == 0
    line = parked("150.74", "returned", kind=LineKind.RETURNED, end_to_end_id="E1", payer_account="NL1",
                  booked_on=date(2020, 10, 18))  # fmt: skip
    page = client.get("/office/bank/").content.decode()
    assert f'value="bank:{paid.line_id}"' in page and "Customer or document" not in page
    other = Payment.objects.exclude(bank_line=paid).first()
    assert other is None
    assert placed(client, line, act="take_back", to="bank:nothing").status_code == 422
    assert placed(client, line, act="take_back", to=f"bank:{paid.line_id}").status_code == 302
    assert open_of("21000010") == 15074
    assert [*invariants.violations()] == []


def test_refusals_stand_at_their_line(owner: Customer) -> None:
    client, line = as_person("clara"), parked()
    for words in ({"act": "assign", "to": ""}, {"act": "assign", "to": "21009999"}):
        answer = placed(client, line, **words)
        assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert "no documents of this sales organisation have the number 21009999" in answer.content.decode()
    assert placed(client, line, act="nonsense").status_code == 404
    abroad = world_of.provider("2700", "US", "USD")
    abroad.count = 40
    stranger = world_of.customer(abroad)
    answer = placed(client, line, act="assign", to=stranger.customer_id)
    assert answer.status_code == 422 and Payment.objects.count() == 0


def test_who_may(owner: Customer) -> None:
    line = parked()
    for name in ("otto", "bert"):
        page = as_person(name).get("/office/bank/")
        assert (
            page.status_code == 200
            and "<button>" not in page.content.decode().partition("<main")[2].partition("</main")[0]
        )
        assert sent(as_person(name), b"x").status_code == 403
        assert placed(as_person(name), line, act="assign", to="21000010").status_code == 403
        assert as_person(name).post("/office/bank/match/", {"organisation": "2100"}).status_code == 403
    abroad = as_person("oscar")
    assert "42.00" not in abroad.get("/office/bank/?organisation=2100").content.decode()
    assert sent(abroad, b"x").status_code == 404
    assert placed(abroad, line, act="assign", to="21000010").status_code == 404
    own = {"organisation": "2600", "act": "assign", "to": "21000010"}
    assert abroad.post(f"/office/bank/lines/{line.line_id}/", own).status_code == 404
    assert as_person("clara").get(f"/office/bank/lines/{line.line_id}/").status_code == 405
    assert Payment.objects.count() == 0


def test_all_is_tried_again(owner: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_person("clara")
    parked("77.00", "21000055")
    money.item(owner, "21000055", "77.00")
    with monkeypatch.context() as few:
        few.setattr(bank, "MOST_LINES", 0)
        answer = client.post("/office/bank/match/", {"organisation": "2100"})
        assert answer.status_code == 409 and "rackbill payments match --sales-org 2100" in answer.content.decode()
        assert open_of("21000055") == 7700
    assert client.post("/office/bank/match/", {"organisation": "2100"}).status_code == 302
    assert open_of("21000055") == 0


def test_a_payment_by_hand_is_booked_once(owner: Customer) -> None:
    client, address = as_person("clara"), f"/office/customers/{owner.customer_id}/"
    page = client.get(f"{address}account/").content.decode()
    own_id = page.partition('name="payment_id" value="')[2].partition('"')[0]
    form = {"payment_id": own_id, "amount": "100,74", "currency": "eur", "received_on": "2020-10-19", "method": "cash",
            "to": "21000010", "text": "at the desk"}  # fmt: skip
    for _ in range(2):
        assert client.post(f"{address}payment/", form).headers["Location"] == f"{address}account/?saved=payment"
    assert open_of("21000010") == 5000
    assert (Payment.objects.get().method, Payment.objects.get().amount_minor) == ("cash", 10074)
    assert "The payment is booked." in client.get(f"{address}account/?saved=payment").content.decode()
    for wrong, said in (
        ({"amount": "x"}, "Enter an amount such as 12.50"), ({"amount": "1.005"}, "Enter an amount"),
        ({"currency": "XXX"}, "Enter an amount"), ({"received_on": ""}, "Enter an amount"),
        ({"received_on": "2020-10-21"}, "still to come"), ({"amount": "-5"}, "a payment is money received"),
        ({"to": "21009999", "payment_id": "office-2"}, "21009999"), ({"amount": "7.00"}, "recorded before with other facts"),
    ):  # fmt: skip
        answer = client.post(f"{address}payment/", {**form, **wrong})
        text = answer.content.decode()
        assert answer.status_code == 422 and said in text and "at the desk" in text, wrong
    assert Payment.objects.count() == 1
    assert as_person("oscar").post(f"{address}payment/", form).status_code == 404
    assert as_person("otto").post(f"{address}payment/", form).status_code == 403


@pytest.mark.parametrize("language", ["de", "nl", "ru"])
def test_it_speaks_the_clerks_language(owner: Customer, language: str) -> None:
    client = as_person("clara")
    client.cookies["django_language"] = language
    parked("99.00")
    text = (
        client.get("/office/bank/").content.decode()
        + client.get(f"/office/customers/{owner.customer_id}/account/").content.decode()
    )
    for english in ("Read a bank file", "Waiting for a person", "Assign<", "Customer or document", "Enter a payment", "Cheque<",
                    "Try all again", "Received on", "amount fits"):  # fmt: skip
        assert english not in text or (language == "nl" and english == "Cheque<"), english
