"""A held run and a parked e-invoice on the office's page, in the reader's language; no approval while it is held."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rackbill.adapters.rule_checker import RuleChecker, RuleCheckerDown
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.models import BillRun
from rackbill.interfaces.jobs import bill_run, run_report
from tests.office.test_pages import OCTOBER, SIGNER, as_person, staff
from tests.world import einvoices
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
WAITS = {
    "en": "E-invoices not checked against the official rules yet: 1.",
    "de": "Noch nicht gegen die amtlichen Regeln geprüfte E-Rechnungen: 1.",
    "nl": "Nog niet tegen de officiële regels gecontroleerde e-facturen: 1.",
    "ru": "Электронных счетов, ещё не проверенных по официальным правилам: 1.",
}
MEND = {
    "en": "more than one purchase order",
    "de": "mehr als eine Bestellnummer",
    "nl": "meer dan één inkooporder",
    "ru": "больше одного заказа",
}


@pytest.fixture
def held_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """One customer with two orders in the header, who is parked, and one whose e-invoice meets a dead checker."""

    def dead(_self: RuleChecker, **_asked: Any) -> Any:
        raise RuleCheckerDown("the e-invoice rule checker does not answer (it was killed by signal 9)")

    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    world = world_of.provider()
    bert = staff(world, "bert", "approver")
    parked, waiting = (world_of.customer(world, tax_id="DE811907980") for _ in range(2))
    for owner in (parked, waiting):
        world_of.service(world, owner)
    parked.billing_groups.update(po_number="PO-1; PO-2")
    einvoices.give_einvoices(einvoices.of(parked, waiting))
    monkeypatch.setattr("rackbill.domain.billing.policy.CHECK_BLOCK", 1)
    monkeypatch.setattr(RuleChecker, "check", dead)
    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=bert)
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=bert)
    run_report.prepare_report(run_id=run_id, signer=SIGNER)
    return run_id


@pytest.mark.parametrize("language", sorted(WAITS))
def test_the_page_says_what_waits_and_what_to_mend(held_run: str, language: str) -> None:
    client = as_person("bert")
    client.post("/language/", {"language": language, "next": "/"})
    page = client.get(f"/office/runs/{held_run}/").content.decode()
    assert WAITS[language] in page and "does not answer (it was killed by signal 9)" in page
    assert "<button>" not in page.split("decision")[1].split("</section>")[0]
    assert "RB-ORDERS (BT-13)" in page and MEND[language] in page and f'lang="{language}">RB-ORDERS' in page


def test_an_approval_that_is_sent_all_the_same_is_refused(held_run: str) -> None:
    answer = as_person("bert").post(f"/office/runs/{held_run}/approve/")
    assert (
        answer.status_code == 409 and "cannot be approved before its e-invoices are checked" in answer.content.decode()
    )
    assert BillRun.objects.get().state == "computed"
