"""A clerk makes a customer ready for e-invoices on the console."""

import json

import pytest
from typer.testing import CliRunner

from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.parties.errors import EinvoiceDataRefused
from rackbill.domain.parties.models import Customer, SalesOrganisation
from rackbill.domain.receivables.errors import MandateRefused
from rackbill.interfaces.console import answers, customers, sellers
from tests.journeys.test_money_on_the_console import said, told
from tests.world import money
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
ORG = ("--sales-org", "2100")


@pytest.fixture
def owner() -> Customer:
    found = world_of.customer(world_of.provider(), name="Buyer [b] 𓀀")
    money.known(found)
    return found


def test_ready_step_by_step(owner: Customer) -> None:
    who = owner.legacy_id
    assert "gets no e-invoice" in said(customers.app, "show", who)
    text = said(customers.app, "edit", who, "--einvoice", "xrechnung", "--public-body", "--contact-name", "Eva [Ernst]")
    assert "cannot receive an e-invoice yet: XRechnung" in text
    assert "contact name         Eva [Ernst]" in text
    assert "no document font has 𓀀 of Buyer [b] 𓀀; documents print Buyer [b] ?" in text
    found = told(customers.app, "show", who)
    assert found["is_public_body"] is True
    assert found["unprintable"][0]["printed"] == "Buyer [b] ?"
    (ready,) = found["readiness"]
    assert (ready["is_ready"], ready["profile"], ready["choice"]) == (False, "xrechnung", "xrechnung")
    assert {"BR-DE-15", "BR-DE-5"} <= {gap["rule"] for gap in ready["missing"]}
    result = CliRunner().invoke(customers.app, ["unready", *ORG, "--json"])
    assert isinstance(result.exception, answers.CheckFailed)
    assert json.loads(result.output)["unready"][0]["customer_id"] == owner.customer_id
    result = CliRunner().invoke(customers.app, ["unready", *ORG])
    assert "1 billing groups cannot receive" in result.output
    assert told(customers.app, "edit", who, "--einvoice", "factur-x")["readiness"][0]["is_ready"] is True
    assert told(customers.app, "unready", *ORG) == {"unready": []}
    assert HistoryEntry.objects.filter(verb="change_billing_group", customer_id=owner.customer_id).count() == 2


def test_purchase_orders(owner: Customer) -> None:
    who, group = owner.customer_id, f"{owner.customer_id}-01"
    said(customers.app, "order", who, "PO-1", "--from", "2020-10-01", "--until", "2020-12-31", "--group", group)
    assert "PO-1, 2020-10-01 to 2020-12-31" in said(customers.app, "show", who)
    said(customers.app, "order", who, "PO-1", "--from", "2020-11-01", "--end")
    (found,) = told(customers.app, "show", who)["groups"]
    assert found["orders"] == [{"number": "PO-1", "valid_from": "2020-10-01", "valid_until": "2020-11-01"}]


def test_mandates_and_the_creditor_id(owner: Customer) -> None:
    who, iban = owner.legacy_id, "DE89 3704 0044 0532 0130 00"
    entered = said(
        customers.app, "mandate", who, "M-1", "--holder", "Eva [E]", "--iban", iban, "--signed-on", "2020-09-01"
    )
    assert "mandate M-1, account ending in 3000, signed on 2020-09-01" in entered
    assert "mandate M-1, account of Eva [E] ending in 3000, signed on 2020-09-01" in said(customers.app, "show", who)
    (row,) = told(customers.app, "show", who)["mandates"]
    assert (row["reference"], row["account_end"], row["is_revoked"]) == ("M-1", "3000", False)
    assert told(sellers.app, "edit", *ORG, "--creditor-id", "DE98ZZZ09999999999")["creditor_id"] == "DE98ZZZ09999999999"
    assert "is revoked" in said(customers.app, "mandate", who, "M-1", "--revoke")
    assert "3000, revoked" in said(customers.app, "show", who)
    with pytest.raises(MandateRefused, match="is no IBAN"):
        said(customers.app, "mandate", who, "M-2", "--holder", "E", "--iban", "DE1")
    with pytest.raises(EinvoiceDataRefused, match="no SEPA creditor identifier"):
        said(sellers.app, "edit", *ORG, "--creditor-id", "DE1")


def test_refusals(owner: Customer) -> None:
    who = owner.customer_id
    with pytest.raises(answers.Refused, match="nothing to change"):
        said(customers.app, "edit", who)
    with pytest.raises(answers.Refused, match="is not one of customer"):
        said(customers.app, "edit", who, "--group", "99999999-01", "--po", "x")
    with pytest.raises(EinvoiceDataRefused, match="has no scheme"):
        said(customers.app, "edit", who, "--electronic-address", "nowhere")
    with pytest.raises(answers.Refused, match="nothing to change"):
        said(sellers.app, "edit", *ORG)
    with pytest.raises(EinvoiceDataRefused, match="is no UEN"):
        said(sellers.app, "edit", *ORG, "--paynow-uen", "1")


def test_the_sellers_head_and_texts(owner: Customer) -> None:
    found = told(
        sellers.app, "edit", *ORG, "--contact-name", "Clara Clerk", "--electronic-address", "9930:136695976", "--portal-url",
        "https://my.example/invoices", "--company-scheme", "0106",
    )  # fmt: skip
    assert (found["electronic_address"], found["portal_url"]) == ("9930:DE136695976", "https://my.example/invoices/")
    assert SalesOrganisation.objects.get().contact_name == "Clara Clerk"
    said(sellers.app, "text", *ORG, "Thank [you].", "--name", "thanks", "--language", "en", "--from", "2020-10-01",
         "--until", "2020-12-31")  # fmt: skip
    text = said(sellers.app, "show", *ORG)
    assert "text thanks (every kind, en), 2020-10-01 to 2020-12-31: Thank [you]." in text
    assert told(sellers.app, "show", *ORG)["texts"][0]["valid_until"] == "2021-01-01"
