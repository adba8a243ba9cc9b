"""The portal in Chromium: log in, find, edit by keyboard, not found for others, no violation found by axe."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from rackbill.domain.billing import operations as billing
from rackbill.domain.contracts.models import Service
from rackbill.domain.kit.actor import SYSTEM
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db(transaction=True)
CHROMIUM = Path("/usr/bin/chromium")
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = {"executable_path": str(CHROMIUM)} if CHROMIUM.exists() else {}
        browser = playwright.chromium.launch(args=QUIET.split(), **found)  # type: ignore[arg-type]
        yield browser
        browser.close()


@pytest.fixture
def service() -> Service:
    world = world_of.provider()
    owner, stranger = world_of.customer(world), world_of.customer(world)
    row = world_of.service(world, owner, reference="shop-db-1")
    for other in (row, world_of.service(world, owner), world_of.service(world, owner, with_equipment=False)):
        world_of.register(other)
    world_of.register(world_of.service(world, stranger))
    world_of.person(owner, "FINANCE", "finance@buyer.example")
    world_of.person(stranger, "MASTER", "master@stranger.example")
    world_of.bill_october()
    return row


def log_in(browser: Browser, url: str, email: str, **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.goto(f"{url}/services/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(world_of.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    # The whole address: the log-in page's own ends in "?next=/services/". Loaded, or an early key press goes without htmx.
    page.wait_for_url(f"{url}/services/", wait_until="load")
    return page


def credit(number: str) -> str:
    return billing.credit_invoice(
        number=number, line_numbers=(), period=None, amount=Decimal(20), reason="Outage", is_reissued=False,
        on=date(2020, 10, 10), now=datetime(2020, 10, 10, 9, tzinfo=UTC), actor=SYSTEM,
    )  # fmt: skip


def violations(page: Page) -> list[str]:
    return [violation["id"] for violation in Axe().run(page).response["violations"]]


def test_find_a_service_by_each_of_its_names(browser: Browser, live_server: Any, service: Service) -> None:
    page = log_in(browser, live_server.url, "finance@buyer.example")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(3)
    assert service.equipment is not None
    for name in (service.legacy_name, service.equipment.equipment_id, service.reference):
        page.get_by_label("Search", exact=True).fill(name)
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text(service.service_id)
    page.goto(f"{live_server.url}/search/?q={service.legacy_name}")
    expect(page).to_have_url(f"{live_server.url}/services/{service.service_id}/")


def test_edit_the_reference_in_place_by_keyboard(browser: Browser, live_server: Any, service: Service) -> None:
    page = log_in(browser, live_server.url, "finance@buyer.example")
    page.get_by_role("link", name=f"Edit the reference of service {service.service_id}").press("Enter")
    field = page.get_by_label(f"Reference of service {service.service_id}")
    expect(field).to_be_focused()
    page.keyboard.type("web-front-1")
    page.keyboard.press("Enter")
    expect(page.locator(f"#reference-{service.service_id}")).to_contain_text("web-front-1")
    link = page.get_by_role("link", name=f"Edit the reference of service {service.service_id}")
    expect(link).to_be_focused()
    link.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    service.refresh_from_db()
    assert service.reference == "web-front-1"


def test_a_stranger_finds_nothing_at_the_same_addresses(browser: Browser, live_server: Any, service: Service) -> None:
    assert service.equipment is not None
    number = service.customer.documents.get().number
    page = log_in(browser, live_server.url, "master@stranger.example")
    for path in (
        f"services/{service.service_id}/",
        f"equipment/{service.equipment.equipment_id}/",
        f"invoices/{number}/",
    ):
        page.goto(f"{live_server.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Not found")


def test_from_an_invoice_to_its_credit_note_and_back(browser: Browser, live_server: Any, service: Service) -> None:
    number = service.customer.documents.get().number
    note = credit(number)
    page = log_in(browser, live_server.url, "finance@buyer.example")
    page.goto(f"{live_server.url}/invoices/")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    page.get_by_label("Kind").select_option("Credit notes")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.get_by_role("link", name=note, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(note)
    expect(page.get_by_role("table", name="What the credit was used for")).to_contain_text(f"Set off against {number}")
    page.get_by_role("table", name="Invoices that it corrects").get_by_role("link", name=number).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    page.get_by_role("table", name="Credit notes on this invoice").get_by_role("link", name=note).click()
    expect(page).to_have_url(f"{live_server.url}/invoices/{note}/")


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1200, "height": 800}}, {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
        {"viewport": {"width": 390, "height": 800}},
    ],
    ids=["desktop", "dark", "phone"],
)  # fmt: skip
def test_axe_finds_no_violation(browser: Browser, live_server: Any, service: Service, options: dict[str, Any]) -> None:
    assert service.equipment is not None
    number = service.customer.documents.get().number
    note = credit(number)
    page = browser.new_context(**options).new_page()
    page.goto(f"{live_server.url}/account/login/")
    found = {"log-in": violations(page)}
    page = log_in(browser, live_server.url, "finance@buyer.example", **options)
    for path in (
        "services/", f"services/{service.service_id}/", f"equipment/{service.equipment.equipment_id}/", "invoices/",
        f"invoices/{number}/", f"invoices/{note}/", "invoices/?kind=credit_note", f"services/{service.service_id}/reference/", "search/?q=nothing", "services/nothing/",
    ):  # fmt: skip
        page.goto(f"{live_server.url}/{path}")
        found[path] = violations(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{path} is wider than the window"
    assert {path: ids for path, ids in found.items() if ids} == {}
