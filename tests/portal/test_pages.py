"""The portal through HTTP: roles on every page, the wrong customer on every address, search, edit in place, languages."""

from typing import Any

import pytest
from django.test import Client

from rackbill.core.document import canonical_bytes
from rackbill.domain.contracts.models import Service
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import ArchivedDocument, Document
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.formats.wording import wording
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def service() -> Service:
    world = world_of.provider()
    owner = world_of.customer(world)
    row = world_of.service(world, owner, reference="shop-db-1")
    world_of.register(row)
    world_of.register(world_of.service(world, owner, with_equipment=False))
    stranger = world_of.customer(world)
    world_of.register(world_of.service(world, stranger))
    for role in ("MASTER", "FINANCE", "TECHNICAL", "ABUSE"):
        world_of.person(owner, role)
    world_of.person(stranger, "MASTER")
    world_of.bill_october()
    return row


def as_role(service: Service, role: str) -> Client:
    client = Client()
    user = service.customer.memberships.get(role=role).user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def addresses(service: Service) -> dict[str, str]:
    assert service.equipment is not None
    number = service.customer.documents.get().number
    return {
        "services": "/services/", "service": f"/services/{service.service_id}/",
        "reference": f"/services/{service.service_id}/reference/", "equipment_list": "/equipment/",
        "equipment": f"/equipment/{service.equipment.equipment_id}/", "invoices": "/invoices/",
        "invoice": f"/invoices/{number}/", "pdf": f"/invoices/{number}/pdf", "csv": f"/invoices/{number}/files/csv", "search": "/search/?q=nothing",
    }  # fmt: skip


ALLOWED = {
    "MASTER": {
        "services",
        "service",
        "reference",
        "equipment_list",
        "equipment",
        "invoices",
        "invoice",
        "pdf",
        "csv",
        "search",
    },
    "FINANCE": {
        "services",
        "service",
        "reference",
        "equipment_list",
        "equipment",
        "invoices",
        "invoice",
        "pdf",
        "csv",
        "search",
    },
    "TECHNICAL": {"reference", "equipment_list", "equipment", "search"},
    "ABUSE": set(),
}


@pytest.mark.parametrize("role", sorted(ALLOWED))
def test_each_role_sees_its_pages_and_no_other(service: Service, role: str) -> None:
    client = as_role(service, role)
    for name, address in addresses(service).items():
        assert client.get(address).status_code == (200 if name in ALLOWED[role] else 403), name


def test_nobody_sees_anything_without_logging_in(service: Service) -> None:
    for address in addresses(service).values():
        response = Client().get(address)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/account/login/")


def test_another_customers_addresses_are_not_found(service: Service) -> None:
    stranger = Service.objects.exclude(customer=service.customer).get()
    client = as_role(stranger, "MASTER")
    for name, address in addresses(service).items():
        if name in ("service", "reference", "equipment", "invoice", "pdf", "csv"):
            assert client.get(address).status_code == 404, name
    assert client.post(f"/services/{service.service_id}/reference/", {"reference": "mine"}).status_code == 404
    for old in (service.legacy_id, service.legacy_name, service.service_id):
        assert client.get(f"/services/{old}/").status_code == 404
        assert b"Nothing of yours" in client.get(f"/search/?q={old}").content
        assert client.get(f"/services/?q={old}").context["rows"] == []


def test_technical_sees_no_amount(service: Service) -> None:
    page = as_role(service, "TECHNICAL").get(addresses(service)["equipment"]).content
    assert b"129.95" not in page
    assert service.legacy_name.encode() in page


@pytest.mark.parametrize("what", ["reference", "service_id", "legacy_id", "legacy_name", "equipment", "contract"])
def test_a_service_is_found_by_everything_it_is_called(service: Service, what: str) -> None:
    assert service.equipment is not None
    texts = {"equipment": service.equipment.equipment_id, "contract": service.contract.contract_id}
    text = texts.get(what) or getattr(service, what)
    client = as_role(service, "FINANCE")
    page = client.get("/services/", {"q": text.lower()[:-1] if what == "legacy_name" else text})
    assert service.service_id.encode() in page.content
    assert [item["row"].service_id for item in page.context["rows"]] == [service.service_id]


def test_the_reference_column_falls_back_to_the_legacy_id(service: Service) -> None:
    page = as_role(service, "FINANCE").get("/services/")
    shown = {item["row"].service_id: (item["reference"], item["is_legacy"]) for item in page.context["rows"]}
    bare = Service.objects.get(customer=service.customer, equipment=None)
    assert shown == {service.service_id: ("shop-db-1", False), bare.service_id: (bare.legacy_id, True)}


def test_old_addresses_lead_to_the_new_ones(service: Service) -> None:
    client = as_role(service, "MASTER")
    assert client.get(f"/services/{service.legacy_name}/")["Location"] == f"/services/{service.service_id}/"
    assert service.equipment is not None
    assert client.get(f"/equipment/{service.legacy_id}/")["Location"] == f"/equipment/{service.equipment.equipment_id}/"
    assert client.get("/search/", {"q": service.legacy_name})["Location"] == f"/services/{service.service_id}/"


def test_a_document_is_found_by_its_number_by_who_may_see_amounts(service: Service) -> None:
    number = Document.objects.get(customer=service.customer).number
    client = as_role(service, "FINANCE")
    for text in (number, f" Invoice {number[:4]}-{number[4:]} "):
        assert client.get("/search/", {"q": text})["Location"] == f"/invoices/{number}/"
    stranger = Service.objects.exclude(customer=service.customer).get()
    for other in (as_role(service, "TECHNICAL"), as_role(stranger, "MASTER")):
        assert b"Nothing of yours" in other.get("/search/", {"q": number}).content


def test_setting_a_reference_is_kept_and_the_former_one_still_finds(service: Service) -> None:
    client = as_role(service, "TECHNICAL")
    cell = client.post(f"/services/{service.service_id}/reference/", {"reference": " web-7 "}, headers=HTMX)
    assert (cell.status_code, b"web-7" in cell.content, b"<html" in cell.content) == (200, True, False)
    service.refresh_from_db()
    assert service.reference == "web-7"
    entry = HistoryEntry.objects.get(verb="set_reference")
    assert (entry.object_id, entry.personal_detail.before) == (service.service_id, {"reference": "shop-db-1"})
    found = identifiers.resolutions(scope=WholeInstallation(), text="web-7")
    assert [resolution.target_id for resolution in found] == [service.service_id]


def test_a_refused_reference_says_why_and_keeps_the_text(service: Service) -> None:
    client = as_role(service, "FINANCE")
    address = f"/services/{service.service_id}/reference/"
    page = client.post(address, {"reference": "x" * 300})
    assert (page.status_code, b"300 characters" in page.content, b"x" * 300 in page.content) == (422, True, True)
    assert client.post(address, {"reference": "x" * 300}, headers=HTMX).status_code == 200
    plain = client.post(address, {"reference": "fine"})
    assert plain["Location"] == f"/services/{service.service_id}/"


def test_invoices_say_how_to_ask_for_older_ones(service: Service) -> None:
    ArchivedDocument.objects.create(
        system="oldbill", number="DE1234567890", sales_organisation=service.customer.sales_organisation,
        customer=service.customer, kind="invoice", issued_on=world_of.SEPTEMBER, due_on=world_of.SEPTEMBER, currency="EUR",
        net_minor=1, tax_minor=0, gross_minor=1,
    )  # fmt: skip
    page = as_role(service, "FINANCE").get("/invoices/").content.decode()
    assert "billing@meridian.example" in page
    assert "1 older invoice" in page
    assert "DE1234567890" not in page


def test_lists_sort_page_and_keep_their_queries(service: Service, django_assert_num_queries: Any) -> None:
    client = as_role(service, "FINANCE")
    world = world_of.Provider(service.customer.sales_organisation, count=500)
    for _ in range(60):
        world_of.service(world, service.customer)
    page = client.get("/services/?sort=-equipment")
    ids = [item["row"].equipment_id for item in page.context["rows"]]
    assert ids == sorted(ids, reverse=True)
    assert "" not in ids
    assert len(ids) == 50
    assert "offset=50" in page.context["links"]["next"]
    with django_assert_num_queries(8):
        client.get("/services/")
    with django_assert_num_queries(8):
        client.get("/services/?offset=50")


def test_pages_speak_the_persons_language(service: Service) -> None:
    user = service.customer.memberships.get(role="FINANCE").user
    user.language = "de"
    user.save()
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert '<html lang="de">' in client.get("/services/").content.decode()
    client.post("/language/", {"language": "ru", "next": "/services/"})
    assert '<html lang="ru">' in client.get("/services/").content.decode()


def test_the_invoice_page_offers_every_form_that_the_customer_gets(
    service: Service, django_assert_num_queries: Any
) -> None:
    client = as_role(service, "FINANCE")
    number = service.customer.documents.get().number
    page = client.get(f"/invoices/{number}/")
    assert [name for name, _words in page.context["forms"]] == ["pdf", "html", "csv", "json"]
    value = documents.document(scope=WholeInstallation(), number=number)
    types = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8",
             "json": "application/json"}  # fmt: skip
    for form, media_type in types.items():
        made = client.get(f"/invoices/{number}/files/{form}")
        assert (made.status_code, made["Content-Type"]) == (200, media_type)
        assert made["Content-Disposition"] == f'attachment; filename="invoice-{number}.{form}"'
    assert client.get(f"/invoices/{number}/files/json").content == canonical_bytes(value)
    for form in ("einvoice", "hybrid", "ubl", "xml", "exe"):
        assert client.get(f"/invoices/{number}/files/{form}").status_code == 404, form
    for form, queries in (("csv", 4), ("html", 4)):
        with django_assert_num_queries(queries):
            client.get(f"/invoices/{number}/files/{form}")


def test_a_translation_is_offered_in_the_persons_language_and_marked(service: Service) -> None:
    client = as_role(service, "FINANCE")
    number = service.customer.documents.get().number
    client.post("/language/", {"language": "nl", "next": "/services/"})
    page = client.get(f"/invoices/{number}/")
    assert page.context["other_language"] == "nl"
    assert b"files/pdf?language=nl" in page.content
    translated = client.get(f"/invoices/{number}/files/html?language=nl")
    assert translated["Content-Disposition"] == f'attachment; filename="invoice-{number}.nl.html"'
    assert wording("nl").word("translation_of", number=number) in translated.content.decode()
    assert client.get(f"/invoices/{number}/files/csv?language=nl").status_code == 404
    assert client.get(f"/invoices/{number}/files/html?language=xx").status_code == 404


def test_a_reference_that_documents_cannot_print_is_stored_with_a_warning(service: Service) -> None:
    client, address = as_role(service, "FINANCE"), f"/services/{service.service_id}/"
    cell = client.post(f"{address}reference/", {"reference": "shop 𓀀"}, headers={"HX-Request": "true"}).content.decode()
    assert "No document font has 𓀀; documents print “shop ?”." in cell
    assert (
        "has characters that no document font has: 𓀀. Documents print “shop ?”." in client.get(address).content.decode()
    )
    client.post(f"{address}reference/", {"reference": "shop"})
    assert "no document font" not in client.get(address).content.decode()
