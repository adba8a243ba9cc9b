"""What staff do with bill runs in the office: plan, compute again, check, issue, discard; who may, and what a page says of it."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from django_tasks_db.models import DBTaskResult

from rackbill.domain.access import operations as access
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.models import BillDraft, BillRun, ParkedBill, RunReport
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.actor import SYSTEM, Actor
from rackbill.interfaces.jobs import bill_run, clock, run_report, signing
from tests.office.test_pages import OCTOBER, SIGNER, as_person, run_id, staff
from tests.world import provider as world_of
from tests.world.queue import work_off

__all__ = ["run_id"]
pytestmark = pytest.mark.django_db
ACTS = ("retry", "check", "issue", "recompute", "discard", "approve")


@pytest.fixture
def world() -> world_of.Provider:
    """One sales organisation with Anna and Bert, approvers, Clara, a clerk, Otto, an auditor; Oscar is another's."""
    found = world_of.provider()
    for name, role in (("anna", "approver"), ("bert", "approver"), ("clara", "clerk"), ("otto", "auditor")):
        staff(found, name, role)
    staff(world_of.provider("2600", "NL"), "oscar", "administrator")
    world_of.service(found, world_of.customer(found))
    return found


def post(name: str, address: str, **form: str) -> Any:
    return as_person(name).post(address, form)


def plan(name: str, through: str = "2020-11-01", organisation: str = "2100") -> Any:
    return post(name, "/office/plan/", organisation=organisation, through=through)


def runs_handed_out() -> int:
    """How many times a run was given to a worker; shards are handed out by the console's computing too, on PostgreSQL."""
    return DBTaskResult.objects.filter(task_path__endswith=".carry_run").count()


# --- planning ----------------------------------------------------------------------------------------------------------------


def test_a_clerk_plans_a_run_and_a_worker_computes_it(world: world_of.Provider) -> None:
    page = as_person("clara").get("/office/").content.decode()
    assert 'value="2020-11-01"' in page, "the first of next month"
    assert "2100 Meridian Hosting GmbH" in page and "2600" not in page
    answer = plan("clara")
    run = BillRun.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/office/runs/{run.run_id}/")
    assert (run.state, run.planned_by, run.through) == ("planned", "person:clara@meridian.example", date(2020, 11, 1))
    assert BillDraft.objects.count() == 0, "no page waits for a run"
    assert "0 of 1 parts computed" in as_person("clara").get(answer.headers["Location"]).content.decode()
    work_off()
    run.refresh_from_db()
    assert (run.state, run.computed_by, BillDraft.objects.count()) == ("computed", "person:clara@meridian.example", 1)
    assert 'content="' in as_person("clara").get(answer.headers["Location"]).content.decode()
    assert plan("anna").headers["Location"] == answer.headers["Location"], "the run under way is the one to go on with"


def test_the_first_of_next_month_is_the_sellers_not_ours(
    world: world_of.Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.organisation.time_zone = "Asia/Singapore"
    world.organisation.save()
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat("2020-10-31T17:00:00+00:00"))
    assert 'value="2020-12-01"' in as_person("clara").get("/office/").content.decode()


def test_refusals_of_planning_stand_in_the_form(world: world_of.Provider) -> None:
    plan("clara")
    other = plan("clara", "2020-12-01")
    page = other.content.decode()
    assert other.status_code == 409
    assert "Another run of this sales organisation is under way" in page
    assert f'<a href="/office/runs/{BillRun.objects.get().run_id}/">Bill run before Nov 1, 2020</a>' in page
    assert 'value="2020-12-01"' in page and 'aria-describedby="plan-fault"' in page
    BillRun.objects.update(state="discarded")
    far = plan("clara", "2022-12-01")
    assert (far.status_code, "more than a year ahead" in far.content.decode()) == (409, True)
    for day in ("", "soon"):
        none = plan("clara", day)
        assert (none.status_code, "Choose a day." in none.content.decode()) == (422, True)
    assert BillRun.objects.count() == 1


def test_who_may_not_plan(world: world_of.Provider) -> None:
    assert "Plan a bill run" not in as_person("otto").get("/office/").content.decode()
    assert plan("otto").status_code == 403
    assert plan("oscar").status_code == 404
    assert plan("clara", organisation="2600").status_code == 404
    assert plan("clara", organisation="").status_code == 404
    assert Client().post("/office/plan/").headers["Location"].startswith("/account/login/")
    assert as_person("clara").get("/office/plan/").status_code == 405
    assert BillRun.objects.count() == 0


# --- acts on a run -----------------------------------------------------------------------------------------------------------


def test_nobody_but_operators_of_the_organisation_acts(world: world_of.Provider) -> None:
    plan("clara")
    address = f"/office/runs/{BillRun.objects.get().run_id}/"
    page = as_person("otto").get(address)
    assert (page.status_code, 'method="post" action="/office/' in page.content.decode()) == (200, False)
    assert "Discard" not in page.content.decode()
    for act in ACTS:
        assert post("otto", f"{address}{act}/").status_code == (409 if act == "approve" else 403), act
        assert post("oscar", f"{address}{act}/").status_code == 404, act
    assert as_person("oscar").get(f"{address}discard/").status_code == 404
    assert as_person("otto").get(f"{address}discard/").status_code == 403
    assert as_person("oscar").get(f"{address}progress/", headers={"HX-Request": "true"}).status_code == 404
    assert BillRun.objects.get().state == "planned"


def test_an_operator_elsewhere_who_only_reads_here_sees_no_buttons_here(world: world_of.Provider) -> None:
    other = world_of.provider("2700", "NL")
    access.give_staff_role(
        email="otto@meridian.example", full_name="", organisation_key=other.organisation.pk, role="administrator",
        secret="another of otto", expires_on=date(2021, 10, 1), now=OCTOBER, actor=SYSTEM,
    )  # fmt: skip
    plan("clara")
    address = f"/office/runs/{BillRun.objects.get().run_id}/"
    assert "Discard" not in as_person("otto").get(address).content.decode()
    assert post("otto", f"{address}discard/").status_code == 404
    assert "2700" in as_person("otto").get("/office/").content.decode()
    assert plan("otto").status_code == 404


def test_everything_is_computed_again_by_a_worker_and_somebody_else_approves(run_id: str) -> None:
    address = f"/office/runs/{run_id}/"
    assert f'href="{address}recompute/"' in as_person("bert").get(address).content.decode()
    page = as_person("bert").get(f"{address}recompute/").content.decode()
    assert "Its drafts (1) are thrown away" in page
    LinePrice.objects.update(unit_price=10)
    before = set(BillDraft.objects.values_list("pk", flat=True))
    assert post("bert", f"{address}recompute/").headers["Location"] == address
    run = BillRun.objects.get()
    assert (run.state, run.computed_by, BillDraft.objects.count()) == ("planned", "person:bert@meridian.example", 0)
    under_way = as_person("bert").get(address).content.decode()
    assert f"{address}recompute/" not in under_way
    assert "cannot be computed again as it stands" in as_person("bert").get(f"{address}recompute/").content.decode()
    work_off()
    run.refresh_from_db()
    (draft,) = BillDraft.objects.all()
    assert (run.state, draft.pk in before) == ("computed", False)
    assert '"net_minor":1000' in draft.canonical.replace(" ", "") or '"net_minor":2000' in draft.canonical.replace(
        " ", ""
    )
    # Bert was no planner and could have approved; now he has computed it.
    assert post("bert", f"{address}approve/").status_code == 409
    assert post("anna", f"{address}approve/").status_code == 409, "Anna planned it"


def test_an_approval_is_taken_back_by_computing_anew_and_issued_documents_stay(world: world_of.Provider) -> None:
    plan("clara")
    run, address = BillRun.objects.get(), f"/office/runs/{BillRun.objects.get().run_id}/"
    work_off()
    assert post("bert", f"{address}approve/").status_code == 302
    assert "The approval is taken back." in as_person("clara").get(f"{address}recompute/").content.decode()
    post("clara", f"{address}recompute/")
    work_off()
    run.refresh_from_db()
    assert (run.state, run.approved_by) == ("computed", "")
    post("bert", f"{address}approve/")
    post("clara", f"{address}issue/")
    assert "recompute/" not in as_person("clara").get(address).content.decode(), "somebody asked for it to be issued"
    work_off()
    refused = post("clara", f"{address}recompute/")
    assert (refused.status_code, "What is issued stays" in refused.content.decode()) == (409, True)
    assert Document.objects.count() == 1


def test_parked_customers_are_computed_again_after_mending(run_id: str) -> None:
    address = f"/office/runs/{run_id}/"
    assert "Compute the parked customers again" in as_person("clara").get(address).content.decode()
    LinePrice.objects.create(
        line=ContractLine.objects.get(prices=None), unit_price=10, valid_from=date(2020, 9, 1)
    )  # fmt: skip
    assert post("clara", f"{address}retry/").headers["Location"] == address
    assert "1 of 2 parts computed" in as_person("clara").get(address).content.decode()
    work_off()
    run = BillRun.objects.get()
    assert (run.state, run.computed_by, ParkedBill.objects.count()) == ("computed", "person:clara@meridian.example", 0)
    page = as_person("clara").get(address).content.decode()
    assert "Compute the parked customers again" not in page and "279.90" in page, "the report is that of the new sum"


def test_approve_issue_and_the_report_is_there(run_id: str) -> None:
    address = f"/office/runs/{run_id}/"
    early = post("clara", f"{address}issue/")
    assert (early.status_code, "must be approved before" in early.content.decode()) == (409, True)
    post("bert", f"{address}approve/")
    assert runs_handed_out() == 0, "an approval is nothing for a worker"
    assert "<button>Issue</button>" in as_person("clara").get(address).content.decode()
    post("clara", f"{address}issue/")
    assert "<button>Issue</button>" not in as_person("clara").get(address).content.decode()
    assert Document.objects.count() == 0
    work_off()
    assert (BillRun.objects.get().state, Document.objects.count(), RunReport.objects.count()) == ("issued", 1, 1)
    page = as_person("clara").get(address).content.decode()
    assert "21000000" in page and "hx-get" not in page
    late = post("clara", f"{address}discard/")
    assert (late.status_code, "correct it with credit notes" in late.content.decode()) == (409, True)
    assert "cannot be discarded" in as_person("clara").get(f"{address}discard/").content.decode()


def test_discarding_asks_first(run_id: str) -> None:
    address = f"/office/runs/{run_id}/"
    assert f'href="{address}discard/"' in as_person("clara").get(address).content.decode()
    question = as_person("clara").get(f"{address}discard/").content.decode()
    assert "Its drafts (1)" in question and "<button>Discard</button>" in question
    assert BillRun.objects.get().state == "computed"
    assert post("clara", f"{address}discard/").headers["Location"] == address
    assert (BillRun.objects.get().state, BillDraft.objects.count()) == ("discarded", 0)
    assert post("clara", f"{address}discard/").status_code == 302, "twice is harmless"
    for act in ("retry", "issue"):
        answer = post("clara", f"{address}{act}/")
        assert (answer.status_code, "It was discarded. Plan a new one." in answer.content.decode()) == (409, True)
    page = as_person("clara").get(address).content.decode()
    assert 'action="/office/' not in page and runs_handed_out() == 0


def test_held_e_invoices_are_checked_again(run_id: str) -> None:
    address = f"/office/runs/{run_id}/"
    assert "Check the e-invoices again" not in as_person("clara").get(address).content.decode()
    BillDraft.objects.update(einvoice_profile="xrechnung")
    BillRun.objects.update(hold_reason="the rule checker is down")
    page = as_person("clara").get(address).content.decode()
    assert "Check the e-invoices again" in page and "the rule checker is down" in page
    post("clara", f"{address}check/")
    assert "0 of 1 e-invoices checked" in as_person("clara").get(address).content.decode()
    assert runs_handed_out() == 1
    post("bert", f"{address}approve/")
    assert BillRun.objects.get().state == "computed"


# --- progress ----------------------------------------------------------------------------------------------------------------


def progress(name: str, run: str, seen: str) -> Any:
    return as_person(name).get(f"/office/runs/{run}/progress/", {"seen": seen}, headers={"HX-Request": "true"})


def test_progress_says_only_what_is_new(world: world_of.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    plan("clara")
    run = BillRun.objects.get().run_id
    assert progress("otto", run, "planned|compute|0|1|0|").status_code == 204
    changed = progress("otto", run, "planned|compute|0|9|0|")
    assert (changed.status_code, "0 of 1 parts computed" in changed.content.decode()) == (200, True)
    assert 'value="planned|compute|0|1|0|"' in changed.content.decode()
    assert progress("otto", run, "approved|issue|0|1|0|").headers["HX-Refresh"] == "true"
    assert as_person("otto").get(f"/office/runs/{run}/progress/").headers["Location"] == f"/office/runs/{run}/"
    page = as_person("otto").get(f"/office/runs/{run}/").content.decode()
    assert 'aria-live="polite"' in page and 'hx-trigger="every 3s"' in page and "<noscript>" in page
    assert "rackbill work" not in page
    real = clock.wall
    monkeypatch.setattr(clock, "wall", lambda: real() + timedelta(minutes=2))
    assert "<code>rackbill work</code>" in progress("otto", run, "planned|compute|0|1|0|").content.decode()


def test_what_stops_a_worker_is_read_in_the_office(
    run_id: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"/office/runs/{run_id}/"
    post("bert", f"{address}approve/")
    post("clara", f"{address}issue/")

    def missing() -> None:
        raise signing.SigningKeyMissing("this worker has no <key>")

    monkeypatch.setattr(signing, "workers_signer", missing)
    work_off()
    assert f"run {run_id} cannot be carried on (issue)" in caplog.text
    page = as_person("clara").get(address).content.decode()
    assert "A worker could not go on" in page and "this worker has no &lt;key&gt;" in page
    monkeypatch.setattr(signing, "workers_signer", lambda: SIGNER)
    from rackbill.interfaces.jobs import carrying

    carrying.carry_on(run_id=run_id)
    assert (BillRun.objects.get().state, BillRun.objects.get().stop_reason) == ("issued", "")


def test_a_fault_of_the_program_is_for_the_log(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rackbill.interfaces.jobs import carrying

    billing.reset_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)

    def broken(**_arguments: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(billing, "compute_next_shard", broken)
    with pytest.raises(ZeroDivisionError):
        carrying.carry_on(run_id=run_id)
    assert (
        BillRun.objects.get().stop_reason
        == "a fault of the program (ZeroDivisionError); the log of rackbill work says more"
    )


def test_a_worker_that_comes_for_a_run_taken_back_does_nothing(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rackbill.interfaces.jobs import carrying

    billing.approve_run(run_id=run_id, now=OCTOBER, actor=Actor("person", "bert@meridian.example"))
    billing.ask_to_issue(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    issue_block = billing.issue_block

    def late(**arguments: Any) -> int:
        billing.discard_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
        return issue_block(**arguments)

    monkeypatch.setattr(billing, "issue_block", late)
    carrying.carry_on(run_id=run_id)
    assert (BillRun.objects.get().state, BillRun.objects.get().stop_reason) == ("discarded", "")
    assert Document.objects.count() == 0


def test_a_machine_without_the_key_makes_no_second_one(
    run_id: str, tmp_path: Path, settings: Any
) -> None:  # fmt: skip
    settings.RACKBILL_HOME = tmp_path
    assert signing.workers_signer().public_key_text, "the first key of an installation is made"
    billing.approve_run(run_id=run_id, now=OCTOBER, actor=Actor("person", "bert@meridian.example"))
    bill_run.issue_run(run_id=run_id, now=OCTOBER, actor=SYSTEM, signer=SIGNER)
    assert signing.workers_signer().public_key_text
    (tmp_path / "keys" / "signing.pem").unlink()
    with pytest.raises(signing.SigningKeyMissing, match="copy the folder keys/"):
        signing.workers_signer()
    assert not (tmp_path / "keys" / "signing.pem").exists()


# --- costs -------------------------------------------------------------------------------------------------------------------


def test_pages_ask_the_database_as_often_however_much_there_is(
    world: world_of.Provider, django_assert_max_num_queries: Any
) -> None:
    plan("clara")
    work_off()
    run = BillRun.objects.get()
    client = as_person("clara")
    for address, most in (
        ("/office/", 7),
        (f"/office/runs/{run.run_id}/", 28),
        (f"/office/runs/{run.run_id}/progress/", 7),
    ):
        headers = {"HX-Request": "true"} if "progress" in address else {}
        with django_assert_max_num_queries(most):
            assert client.get(address, headers=headers).status_code == 200
    billing.discard_run(run_id=run.run_id, now=OCTOBER, actor=SYSTEM)
    for _ in range(3):
        world_of.service(world, world_of.customer(world))
        run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
        billing.discard_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    with django_assert_max_num_queries(7):
        client.get("/office/")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Planen und berechnen", "Ausstellen")),
        ("nl", ("Plannen en berekenen", "Uitgeven")),
        ("ru", ("рассчитать", "Выставить")),
    ],
)
def test_acts_speak_the_readers_language(run_id: str, language: str, words: tuple[str, str]) -> None:
    post("bert", f"/office/runs/{run_id}/approve/")
    client = as_person("clara")
    client.post("/language/", {"language": language, "next": "/"})
    assert words[0] in client.get("/office/").content.decode()
    assert f"<button>{words[1]}</button>" in client.get(f"/office/runs/{run_id}/").content.decode()


def test_the_console_goes_on_with_what_the_office_began(world: world_of.Provider) -> None:
    plan("clara")
    run = BillRun.objects.get().run_id
    bill_run.compute_run(run_id=run, now=OCTOBER, actor=SYSTEM)
    run_report.prepare_report(run_id=run, signer=SIGNER)
    work_off()
    assert billing_queries.run_summary(run_id=run).invoices == 1
    post("bert", f"/office/runs/{run}/approve/")
    post("clara", f"/office/runs/{run}/issue/")
    bill_run.issue_run(run_id=run, now=OCTOBER, actor=SYSTEM, signer=SIGNER)
    work_off()
    assert (Document.objects.count(), RunReport.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "Vereinbarte Daten widersprechen sich."), ("nl", "spreekt zichzelf tegen"), ("ru", "данные противоречат"), ("en", "")],
)  # fmt: skip
def test_why_a_customer_is_parked_is_said_in_the_language_of_the_clerk(run_id: str, language: str, words: str) -> None:
    """The kind of the reason, by its code; the sentence that names the thing stays as it was stored, and is marked English."""
    client = as_person("clara")
    client.post("/language/", {"language": language, "next": "/"})
    page = client.get(f"/office/runs/{run_id}/").content.decode()
    reason = ParkedBill.objects.get().reason
    assert words in page and f'lang="en">{escape(reason)}<' in page
    assert client.get(f"/office/runs/{run_id}/report.pdf").content.startswith(b"%PDF-")
