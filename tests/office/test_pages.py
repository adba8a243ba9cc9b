"""The office through HTTP: who may see and approve which run, in four languages."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth import get_user_model
from django.test import Client

from rackbill.domain.access import operations as access
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.queries import runs
from rackbill.domain.contracts.models import LinePrice
from rackbill.domain.kit.actor import SYSTEM, Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer, is_signed
from rackbill.interfaces.jobs import bill_run, run_report
from tests.world import provider as world_of

OCTOBER = datetime(2020, 10, 1, 6, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
INTERFACES = Path(__file__).parents[2] / "src/rackbill/interfaces"


def staff(world: world_of.Provider, name: str, role: str) -> Actor:
    email = f"{name}@meridian.example"
    access.give_staff_role(
        email=email, full_name="", organisation_key=world.organisation.pk, role=role, secret=f"secret of {name}",
        expires_on=date(2021, 10, 1), now=OCTOBER, actor=SYSTEM,
    )  # fmt: skip
    return Actor("person", email)


def as_person(name: str) -> Client:
    client = Client()
    user = get_user_model().objects.get(email=f"{name}@meridian.example")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def run_id() -> str:
    """A computed run above the limit with one parked customer, planned by Anna; another organisation's staff is Oscar."""
    world = world_of.provider()
    anna = staff(world, "anna", "approver")
    for name, role in (("bert", "approver"), ("clara", "clerk"), ("sam", "support")):
        staff(world, name, role)
    staff(world_of.provider("2600", "NL"), "oscar", "approver")
    owner = world_of.customer(world, name="Aurora <b>")
    world_of.service(world, owner)
    world_of.person(owner, "MASTER", "master@meridian.example")
    broken = world_of.service(world, world_of.customer(world, name="Broken"))
    LinePrice.objects.filter(line__service=broken).delete()
    billing.set_approval_limit(
        organisation_id="2100", currency="EUR", amount_minor=0, valid_from=date(2020, 10, 1), now=OCTOBER, actor=SYSTEM
    )
    found = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=anna)
    bill_run.compute_run(run_id=found, now=OCTOBER, actor=anna)
    run_report.prepare_report(run_id=found, signer=SIGNER)
    return found


def addresses(run_id: str) -> list[str]:
    return [f"/office/runs/{run_id}/", f"/office/runs/{run_id}/report.pdf", f"/office/runs/{run_id}/report.json"]


@pytest.mark.django_db
def test_another_organisations_run_does_not_exist(run_id: str) -> None:
    client = as_person("oscar")
    assert run_id not in client.get("/office/").content.decode()
    for address in addresses(run_id):
        assert client.get(address).status_code == 404, address
    assert client.post(f"/office/runs/{run_id}/approve/").status_code == 404
    assert as_person("bert").get("/office/runs/nothing/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["master", "sam"])
def test_customers_and_other_staff_see_nothing(run_id: str, name: str) -> None:
    client = as_person(name)
    for address in ("/office/", *addresses(run_id)):
        answer = client.get(address)
        assert (answer.status_code, "Meridian" in answer.content.decode()) == (403, False), address
    assert client.post(f"/office/runs/{run_id}/approve/").status_code == 403


@pytest.mark.django_db
def test_log_in_leads_staff_to_the_office(run_id: str) -> None:
    assert as_person("bert").get("/").headers["Location"] == "/office/"
    assert as_person("master").get("/").headers["Location"] == "/services/"
    assert Client().get("/office/").headers["Location"] == "/account/login/?next=/office/"


@pytest.mark.django_db
def test_a_run_shows_what_it_bills_and_what_to_do_about_the_parked(run_id: str) -> None:
    page = as_person("clara").get(f"/office/runs/{run_id}/").content.decode()
    assert "301.48" in page, "total of two months with 16 %"
    assert "retry the parked customers" in page
    assert "EUR 259.90 is above the limit of EUR 0.00" in page
    assert "You are no approver" in page
    assert "<button>Approve</button>" not in page
    assert "<b>" not in page


@pytest.mark.django_db
def test_four_eyes_in_the_office(run_id: str) -> None:
    address = f"/office/runs/{run_id}/approve/"
    anna = as_person("anna")
    assert "You planned or computed this run" in anna.get(f"/office/runs/{run_id}/").content.decode()
    for name in ("anna", "clara"):
        refused = as_person(name).post(address)
        assert (refused.status_code, 'role="alert"' in refused.content.decode()) == (409, True)
    assert anna.get(address).status_code == 405
    assert billing_queries.run_summary(run_id=run_id).state == "computed"
    assert "<button>Approve</button>" in as_person("bert").get(f"/office/runs/{run_id}/").content.decode()
    assert as_person("bert").post(address).headers["Location"] == f"/office/runs/{run_id}/"
    row = runs.run(scope=WholeInstallation(), run_id=run_id).row
    assert (row.state, row.approved_by) == ("approved", "person:bert@meridian.example")


@pytest.mark.django_db
def test_the_report_is_frozen_once_the_run_is_issued(run_id: str) -> None:
    bert = as_person("bert")
    provisional = bert.get(f"/office/runs/{run_id}/report.json").json()
    assert provisional["report"]["run"]["state"] == "computed"
    assert bert.get(f"/office/runs/{run_id}/report.pdf").content.startswith(b"%PDF-")
    bert.post(f"/office/runs/{run_id}/approve/")
    bill_run.issue_run(run_id=run_id, now=OCTOBER, actor=SYSTEM, signer=SIGNER)
    first = run_report.freeze_report(run_id=run_id, signer=SIGNER)
    LinePrice.objects.update(unit_price=1)
    assert run_report.freeze_report(run_id=run_id, signer=SIGNER) == first
    kept = bert.get(f"/office/runs/{run_id}/report.json").json()
    assert kept == first
    body = json.dumps(kept["report"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert is_signed(body, kept["signature"], SIGNER.public_key_text)
    assert kept["report"]["numbers"][0]["first"] == kept["report"]["numbers"][0]["last"] == "21000000"
    folder = run_report.reports_folder()
    assert (folder / f"bill-run-{run_id}.pdf").read_bytes() == bert.get(f"/office/runs/{run_id}/report.pdf").content
    seal = json.loads((folder / f"bill-run-{run_id}.pdf.sealed.json").read_text())
    assert seal["report"]["sha256"] == runs.report(scope=WholeInstallation(), run_id=run_id)[1]


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("de", "Freigeben"), ("nl", "Goedkeuren"), ("ru", "Утвердить")])
def test_pages_speak_the_readers_language(run_id: str, language: str, words: str) -> None:
    client = as_person("bert")
    client.post("/language/", {"language": language, "next": "/"})
    page = client.get(f"/office/runs/{run_id}/").content.decode()
    assert f"<button>{words}</button>" in page
    assert f'lang="{language}"' in page


@pytest.mark.django_db
def test_every_state_has_its_page() -> None:
    world = world_of.provider()
    staff(world, "bert", "approver")
    world_of.service(world, world_of.customer(world))
    bert = as_person("bert")
    assert "No bill run yet" in bert.get("/office/").content.decode()
    run_id = billing.plan_run(organisation_id="2100", through=date(2020, 11, 1), now=OCTOBER, actor=SYSTEM)
    address = f"/office/runs/{run_id}/"
    assert "0 of 1 parts computed" in bert.get(address).content.decode()
    bill_run.compute_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    page = bert.get(address).content.decode()
    assert "The report is being made" in page and "<button>Approve</button>" not in page
    bert.post(f"{address}approve/")
    page = bert.get(address).content.decode()
    assert "The report is not made yet" in page and "<button>Issue</button>" in page
    bert.post(f"{address}issue/")
    page = bert.get(address).content.decode()
    assert "bert@meridian.example wants it issued" in page and "0 of 1 documents issued" in page
    billing.discard_run(run_id=run_id, now=OCTOBER, actor=SYSTEM)
    assert "Discarded" in bert.get("/office/").content.decode()
    assert bert.post(f"{address}approve/").status_code == 409


@pytest.mark.parametrize("language", ["de", "nl", "ru"])
def test_every_word_is_translated(language: str) -> None:
    known: set[str] = set()
    for door in ("portal", "office"):
        with (INTERFACES / door / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as handle:
            for message in read_po(handle, locale=language):
                if isinstance(message.id, str) and message.id:
                    assert message.string, message.id
                    if door == "office":
                        assert set(re.findall(r"%\(\w+\)s", message.id)) == set(
                            re.findall(r"%\(\w+\)s", str(message.string))
                        )
                    known.add(message.id)
    used: set[str] = set()
    for path in (INTERFACES / "office" / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        used |= {a or b for a, b in re.findall(r"""\{% translate (?:"([^"]+)"|'([^']+)')""", text)}
        for block in re.findall(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", text):
            used.add(re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block))
    for path in (INTERFACES / "office").glob("*.py"):
        used |= set(re.findall(r'_\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    assert len(used) > 20
    assert used - known == set()
