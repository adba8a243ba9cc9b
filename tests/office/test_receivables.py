"""Receivables in the office: who sees them, what the address asks for, the same list as CSV, one customer's account."""

import csv
import io

import pytest
from django.test import Client

from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables.models import Deposit
from tests.office.test_pages import as_person, staff
from tests.world import money
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(monkeypatch: pytest.MonkeyPatch) -> Customer:
    monkeypatch.setattr("rackbill.interfaces.jobs.clock.now", lambda: money.NOW)
    world = world_of.provider()
    for name, role in (("clara", "clerk"), ("otto", "auditor")):
        staff(world, name, role)
    staff(world_of.provider("2600", "SG", "SGD"), "oscar", "clerk")
    found = world_of.customer(world, name="=Aurora <b>")
    world_of.person(found, "MASTER", "master@meridian.example")
    money.item(found, "21000010", "1150.00")
    money.item(found, "21900010", "-20.00", kind="credit_note")
    money.item(found, "OLD/7", "99.50", system="oldbill", issued_on=money.TODAY)
    quiet = world_of.customer(world, name="Quiet")
    Deposit.objects.create(
        deposit_id="d", customer=quiet, currency="EUR", amount_minor=700, reason="prepaid", created_on=money.TODAY
    )
    return found


def page(name: str, address: str, status: int = 200) -> str:
    answer = as_person(name).get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def test_who_sees_what(owner: Customer) -> None:
    account = f"/office/customers/{owner.customer_id}/account/"
    for address in ("/office/receivables/", "/office/receivables.csv"):
        for name in ("clara", "otto"):
            assert owner.customer_id in page(name, address)
        assert owner.customer_id not in page("oscar", address)
        page("master", address, 403)
        assert Client().get(address).status_code == 302
    assert "21000010" in page("otto", account)
    page("oscar", account, 404)
    page("master", account, 403)
    assert Client().get(account).status_code == 302


def test_the_list_says_who_owes_what(owner: Customer) -> None:
    text = page("clara", "/office/receivables/")
    for shown in ("1,150.00", "99.50", "1,249.50", "EUR 1,229.50", "Quiet", "=Aurora &lt;b&gt;", "1 to 2 of 2"):
        assert shown in text, shown
    assert "Quiet" not in page("clara", "/office/receivables/?overdue=on")
    assert owner.customer_id not in page("clara", "/office/receivables/?q=quiet")
    before = page("clara", "/office/receivables/?on=2020-10-10")
    assert "1,150.00" in before and "1,249.50" not in before, "the legacy debt came later, the invoice was not due"
    assert "Nobody owes anything here." in page("clara", "/office/receivables/?on=2019-01-01")
    assert "1,249.50" in page("clara", "/office/receivables/?on=nonsense&sort=nonsense&offset=x")


def test_the_csv_is_the_same_list(owner: Customer) -> None:
    answer = as_person("clara").get("/office/receivables.csv?overdue=on")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receivables-2020-10-20.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert row["name"] == "'=Aurora <b>", "no spreadsheet takes it for a formula"
    assert (row["open"], row["overdue"], row["credits"], row["balance"]) == ("1249.50", "1150.00", "20.00", "1229.50")
    assert (row["overdue_1_30"], row["not_due"], row["oldest_due_on"]) == ("1150.00", "99.50", "2020-10-15")
    assert as_person("clara").post("/office/receivables.csv").status_code == 405


def test_an_account_lists_what_is_open_whatever_system_it_is_of(owner: Customer) -> None:
    account = f"/office/customers/{owner.customer_id}/account/"
    text = page("clara", account)
    for shown in ("21000010", "1 to 30 days", "OLD/7", "oldbill", "Credit note", "EUR -20.00", "1 to 3 of 3"):
        assert shown in text, shown
    assert f'href="{account}"' in page("clara", f"/office/customers/{owner.customer_id}/")


@pytest.mark.parametrize(("language", "word"), [("de", "Forderungen"), ("nl", "Vorderingen"), ("ru", "Дебиторская")])
def test_it_speaks_the_clerks_language(language: str, word: str) -> None:
    client = as_person("clara")
    client.cookies["django_language"] = language
    text = client.get("/office/receivables/").content.decode()
    assert word in text
    for english in ("Only overdue", "Not due", "Over 90 days", "Balance", "The ages count"):
        assert english not in text, english
