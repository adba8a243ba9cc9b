"""Each raw answer of the API, field by field, against the published tables."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from rackbill.domain.contracts.models import ContractLine, Service
from rackbill.formats.document_csv import read_document_csv
from rackbill.formats.document_json import read_document_json
from tests.api import contract_table as table
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, Decimal), "integer": (int,), "boolean": (bool,), "object": (dict,), "array": (list,),
}  # fmt: skip


def differences(value: Any, fields: dict[str, Any], place: str = "") -> Iterator[str]:
    """What is not as published."""
    for name in value.keys() - fields.keys():
        yield f"{place}{name} is not published"
    for name, (spec, inner) in fields.items():
        kind = spec.rstrip("!?")
        here = f"{place}{name}"
        if name not in value:
            if "!" in spec:
                yield f"{here} is missing"
            continue
        got = value[name]
        if got is None:
            if "?" not in spec:
                yield f"{here} is null"
            continue
        is_bool = isinstance(got, bool)
        if not isinstance(got, KINDS[kind]) or (is_bool and kind != "boolean"):
            yield f"{here} is {type(got).__name__}, not {kind}"
        elif kind == "string" and inner and not re.fullmatch(inner, got):
            yield f"{here} {got!r} does not have its form"
        elif kind == "object" and inner:
            yield from differences(got, inner, f"{here}.")
        elif kind == "array" and inner:
            for item in got:
                yield from differences(item, inner, f"{here}[].")


@pytest.fixture
def shop() -> tuple[Client, Client, Service]:
    """A customer with services and an invoice, another customer, and a server of the first."""
    world = world_of.provider()
    owner, stranger = world_of.customer(world), world_of.customer(world)
    service = world_of.service(world, owner, reference="shop-db-1")
    mid_month = world_of.service(world, owner, starts_on=world_of.date(2020, 9, 20))
    bare = world_of.service(world, owner, with_equipment=False, quantity="3")
    other = world_of.service(world, stranger)
    for row in (service, mid_month, bare, other):
        world_of.register(row)
    world_of.bill_october()
    mine, theirs = world_of.api_key(owner), world_of.api_key(stranger)
    return Client(headers={"X-LSW-Auth": mine}), Client(headers={"x-lsw-auth": theirs}), service


def read(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f-]{36}", response["APIGW-CORRELATION-ID"])
    return json.loads(response.content, parse_float=Decimal)


def test_every_field_of_every_answer(shop: tuple[Client, Client, Service]) -> None:
    client, _, service = shop
    equipment = service.equipment
    assert equipment is not None
    invoices = read(client, "/invoices/v1/invoices")
    number = invoices["invoices"][0]["id"]
    services = read(client, "/services/v1/services")
    servers = read(client, "/bareMetals/v2/servers")
    found: list[str] = []
    for answer, name, fields in (
        (invoices, "invoices", table.INVOICE), (services, "services", table.SERVICE), (servers, "servers", table.SERVER_IN_LIST),
    ):  # fmt: skip
        assert set(answer) == {name, "_metadata"}
        assert answer[name]
        found += differences(answer["_metadata"], table.METADATA)
        for item in answer[name]:
            found += differences(item, fields)
    found += differences(read(client, f"/invoices/v1/invoices/{number}"), table.INVOICE_DETAIL)
    found += differences(read(client, f"/services/v1/services/{service.service_id}"), table.SERVICE)
    found += differences(read(client, f"/bareMetals/v2/servers/{equipment.equipment_id}"), table.SERVER)
    assert found == []


def test_quantities_multiply_to_the_total(shop: tuple[Client, Client, Service]) -> None:
    client, _, _ = shop
    number = read(client, "/invoices/v1/invoices")["invoices"][0]["id"]
    lines = read(client, f"/invoices/v1/invoices/{number}")["lineItems"]
    assert all(line["unitAmount"] * line["quantity"] == line["totalAmount"] for line in lines)
    assert 3 in {line["quantity"] for line in lines}
    assert {line["reference"] for line in lines} >= {"shop-db-1"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/invoices/v1/invoices/99999999", 404), ("/services/v1/services/x", 404), ("/bareMetals/v2/servers/1", 404),
        ("/invoices/v1/nothing", 404), ("/services/v1/services?limit=x", 400), ("/services/v1/services?limit=0", 400),
        ("/invoices/v1/invoices?status=LATE", 400), ("/invoices/v1/invoices?dateFrom=yesterday", 400),
        ("/bareMetals/v2/servers?privateNetworkCapable=maybe", 400),
    ],
)  # fmt: skip
def test_errors_are_error_objects(shop: tuple[Client, Client, Service], path: str, status: int) -> None:
    answer = read(shop[0], path, status)
    assert list(differences(answer, table.ERROR)) == []
    assert answer["errorCode"] == str(status)
    assert ("errorDetails" in answer) == (status == 400)


def test_no_bad_and_limited_keys(shop: tuple[Client, Client, Service]) -> None:
    owner = shop[2].customer
    assert read(Client(), "/services/v1/services", 401)["errorCode"] == "401"
    assert read(Client(headers={"X-LSW-Auth": "guess"}), "/services/v1/services", 401)["errorCode"] == "401"
    read_only = Client(headers={"X-LSW-Auth": world_of.api_key(owner, methods=("GET",))})
    refused = read_only.put(
        f"/services/v1/services/{shop[2].service_id}", {"reference": "x"}, content_type="application/json"
    )
    assert refused.status_code == 403
    expired = world_of.api_key(owner, expires_on=world_of.date(2020, 10, 1))
    assert read(Client(headers={"X-LSW-Auth": expired}), "/services/v1/services", 401)
    elsewhere = world_of.api_key(owner, methods=("GET", "POST"), allowed_ips=["198.51.100.0/24"])
    assert read(Client(headers={"X-LSW-Auth": elsewhere}), "/services/v1/services", 401)
    assert shop[0].delete("/services/v1/services").status_code == 405


def test_another_customers_things_do_not_exist(shop: tuple[Client, Client, Service]) -> None:
    client, stranger, service = shop
    assert service.equipment is not None
    number = read(client, "/invoices/v1/invoices")["invoices"][0]["id"]
    for path in (
        f"/invoices/v1/invoices/{number}", f"/invoices/v1/invoices/{number}/pdf",
        f"/services/v1/services/{service.service_id}", f"/services/v1/services/{service.legacy_id}",
        f"/bareMetals/v2/servers/{service.equipment.equipment_id}", f"/bareMetals/v2/servers/{service.legacy_name}",
    ):  # fmt: skip
        theirs, unknown = (
            json.loads(stranger.get(p).content) for p in (path, path.replace(service.service_id, "1") + "9")
        )
        theirs.pop("correlationId"), unknown.pop("correlationId")
        assert theirs == unknown
    for form in ("csv", "html", "json", "einvoice"):
        answers = [stranger.get(f"/invoices/v1/invoices/{n}/{form}") for n in (number, "99999999")]
        told = [{**json.loads(answer.content), "correlationId": ""} for answer in answers]
        assert ([answer.status_code for answer in answers], told[0]) == ([404, 404], told[1])
    body = {"reference": "mine now"}
    for path in (
        f"/services/v1/services/{service.service_id}",
        f"/bareMetals/v2/servers/{service.equipment.equipment_id}",
    ):
        assert stranger.put(path, body, content_type="application/json").status_code == 404
    service.refresh_from_db()
    assert service.reference == "shop-db-1"


def test_a_legacy_id_answers_with_the_new_object(shop: tuple[Client, Client, Service]) -> None:
    client, _, service = shop
    assert service.equipment is not None
    assert read(client, f"/services/v1/services/{service.legacy_id}")["id"] == service.service_id
    for old in (service.legacy_id, service.legacy_name, service.legacy_name.lower()):
        assert read(client, f"/bareMetals/v2/servers/{old}")["id"] == service.equipment.equipment_id


def test_put_then_get(shop: tuple[Client, Client, Service]) -> None:
    client, _, service = shop
    assert service.equipment is not None
    server = f"/bareMetals/v2/servers/{service.equipment.equipment_id}"
    put = client.put(server, {"reference": " Größe 7 "}, content_type="application/json")
    assert (put.status_code, put.content) == (204, b"")
    assert read(client, server)["contract"]["reference"] == "Größe 7"
    changed = client.put(
        f"/services/v1/services/{service.legacy_id}", {"reference": ""}, content_type="application/json"
    )
    assert changed.status_code == 200
    assert "reference" not in changed.json()
    for body in ({}, {"reference": None}, {"reference": 7}, {"reference": "x" * 201}, {"reference": "a\nb"}):
        refused = client.put(server, body, content_type="application/json")
        assert (refused.status_code, "reference" in refused.json()["errorDetails"]) == (400, True)


def test_filters_and_paging(shop: tuple[Client, Client, Service]) -> None:
    client, _, service = shop
    first = read(client, "/services/v1/services?limit=2")
    second = read(client, "/services/v1/services?limit=2&offset=2")
    assert (first["_metadata"]["totalCount"], len(first["services"]), len(second["services"])) == (3, 2, 1)
    found = read(client, "/services/v1/services?reference=shop-db-1")["services"]
    assert [item["id"] for item in found] == [service.service_id]
    assert read(client, "/bareMetals/v2/servers?site=NOWHERE")["servers"] == []
    assert read(client, "/invoices/v1/invoices?status=OPEN")["_metadata"]["totalCount"] == 1
    assert read(client, "/invoices/v1/invoices?status=PAID")["_metadata"]["totalCount"] == 0
    assert read(client, "/invoices/v1/invoices?dateFrom=2020-10-02")["_metadata"]["totalCount"] == 0
    text = client.get("/invoices/v1/invoices/export/csv").content.decode().splitlines()
    assert text[0] == "Invoice number,Date (UTC),Status,Open amount,Total"
    assert text[1].startswith("21000000,2020-10-01,OPEN,")


@pytest.mark.parametrize(
    ("path", "queries"), [("/services/v1/services", 6), ("/bareMetals/v2/servers", 6), ("/invoices/v1/invoices", 4)]
)
def test_lists_ask_as_often_for_many_rows_as_for_few(
    shop: tuple[Client, Client, Service], path: str, queries: int, django_assert_num_queries: Any
) -> None:
    client, _, service = shop
    for _ in range(2):
        with django_assert_num_queries(queries):
            client.get(f"{path}?limit=50")
        world = world_of.Provider(service.customer.sales_organisation, count=100 + ContractLine.objects.count())
        for _ in range(5):
            world_of.service(world, service.customer)


def test_the_pdf_is_the_stored_one(shop: tuple[Client, Client, Service]) -> None:
    client, _, _ = shop
    number = read(client, "/invoices/v1/invoices")["invoices"][0]["id"]
    first, again = (client.get(f"/invoices/v1/invoices/{number}/pdf") for _ in range(2))
    assert first["Content-Type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert first.content == again.content


def test_the_other_forms_of_an_invoice(shop: tuple[Client, Client, Service], django_assert_num_queries: Any) -> None:
    client, _, _ = shop
    number = read(client, "/invoices/v1/invoices")["invoices"][0]["id"]
    path = f"/invoices/v1/invoices/{number}"
    rows = read_document_csv(client.get(f"{path}/csv").content)
    assert {row["number"] for row in rows} == {number}
    assert sum(Decimal(row["gross"]) for row in rows) == read(client, path)["total"]
    assert read_document_json(client.get(f"{path}/json").content).number == number
    page = client.get(f"{path}/html")
    assert (page["Content-Type"], number in page.content.decode()) == ("text/html; charset=utf-8", True)
    # This customer gets no e-invoice, and nothing else is known by other names.
    assert read(client, f"{path}/einvoice", 404)["errorCode"] == "404"
    assert read(client, f"{path}/exe", 404)["errorCode"] == "404"
    assert "language" in read(client, f"{path}/html?language=xx", 400)["errorDetails"]
    with django_assert_num_queries(2):
        client.get(f"{path}/csv")
