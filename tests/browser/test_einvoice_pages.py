"""E-invoice data in Chromium, office and portal: mended by keyboard, no violation found by axe."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from rackbill.domain.access import operations as access
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.parties.models import BillingGroup, Customer
from tests.browser.test_portal import browser, violations
from tests.office.test_pages import OCTOBER, staff
from tests.world import provider as world_of

__all__ = ["browser"]
pytestmark = pytest.mark.django_db(transaction=True)
SIZES = [
    {"viewport": {"width": 1200, "height": 900}}, {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    {"viewport": {"width": 390, "height": 800}},
]  # fmt: skip


@pytest.fixture
def owner() -> Customer:
    world = world_of.provider()
    for name, role in (("clara", "clerk"), ("otto", "auditor")):
        staff(world, name, role)
        access.set_staff_password(
            email=f"{name}@meridian.example", password=world_of.PASSWORD, now=OCTOBER, actor=SYSTEM
        )
    found = world_of.customer(world, name="Amt für Beispiele 𓀀")
    Customer.objects.filter(pk=found.pk).update(is_public_body=True)
    world_of.person(found, "FINANCE", "finance@buyer.example")
    group = BillingGroup.objects.get()
    group.purchase_orders.create(number="4500001", valid_from="2020-01-01", valid_until="2020-12-01")
    group.recipients.create(email="accounts.payable.of.the.whole.group+invoices@beispielstadt.example")
    BillingGroup.objects.update(einvoice_choice="xrechnung")
    return found


def log_in(browser: Browser, url: str, email: str, **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.goto(url)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(world_of.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(url, wait_until="load")
    return page


def test_mend_what_is_missing_by_keyboard(browser: Browser, live_server: Any, owner: Customer) -> None:
    page = log_in(browser, f"{live_server.url}/office/customers/", "clara@meridian.example")
    page.get_by_role("link", name=owner.customer_id).press("Enter")
    group = page.get_by_role("region", name="Billing group")
    expect(group.locator(".readiness")).to_contain_text("The buyer reference is missing")
    field = group.get_by_label("Electronic address")
    field.fill("0204:04011000-1234512345-35")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be right for its scheme")
    expect(field).to_have_value("0204:04011000-1234512345-35")
    field.fill("0204:04011000-1234512345-06")
    group.get_by_label("E-invoice").select_option(label="Factur-X")
    field.press("Enter")
    expect(group.get_by_text("Saved.")).to_be_visible()
    expect(group.locator(".readiness")).to_contain_text("Can receive an e-invoice today: Factur-X")
    expect(page.get_by_text("has characters that no document font has: 𓀀")).to_be_visible()
    group.get_by_label("Purchase order number").fill("4500002")
    group.get_by_label("First day").fill("2020-12-01")
    group.get_by_role("button", name="Add purchase order").press("Enter")
    expect(group.locator("tbody tr")).to_have_count(2)
    group.get_by_role("button", name="Remove 4500002").press("Enter")
    expect(group.locator("tbody tr")).to_have_count(1)


def test_choose_files_by_keyboard(browser: Browser, live_server: Any, owner: Customer) -> None:
    page = log_in(browser, f"{live_server.url}/invoicing/", "finance@buyer.example")
    page.get_by_role("link", name="E-mail recipients").press("Enter")
    one = page.get_by_role("group", name="accounts.payable")
    expect(one).to_contain_text("With the next mail: PDF, E-invoice")
    one.get_by_label("Lines as CSV").press("Space")
    one.get_by_label("E-invoice").press("Space")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(one).to_contain_text("With the next mail: E-invoice, Lines as CSV")
    expect(one.get_by_label("PDF")).not_to_be_checked()
    expect(one.get_by_label("Lines as CSV")).to_be_checked()


@pytest.mark.parametrize("options", SIZES, ids=["desktop", "dark", "phone"])
@pytest.mark.parametrize(
    ("email", "paths"),
    [
        (
            "clara@meridian.example",
            ("office/customers/", "office/customers/ID/?saved=ID-01", "office/customers/ID/recipients/?saved=ID-01"),
        ),
        (
            "otto@meridian.example",
            ("office/customers/?q=nobody", "office/customers/ID/", "office/customers/ID/recipients/"),
        ),
        ("finance@buyer.example", ("invoicing/?saved=ID-01", "invoicing/recipients/?saved=ID-01")),
    ],
    ids=["clerk", "auditor", "customer"],
)
def test_axe_finds_no_violation(
    browser: Browser, live_server: Any, owner: Customer, email: str, paths: tuple[str, ...], options: dict[str, Any]
) -> None:
    first, *more = (f"{live_server.url}/{path.replace('ID', owner.customer_id)}" for path in paths)
    page = log_in(browser, first, email, **options)
    found = {}
    for url in (first, *more):
        page.goto(url)
        found[url] = violations(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{url} is wider than the window"
    assert {url: ids for url, ids in found.items() if ids} == {}


def test_an_error_has_no_violation(browser: Browser, live_server: Any, owner: Customer) -> None:
    page = log_in(browser, f"{live_server.url}/invoicing/", "finance@buyer.example")
    page.get_by_label("Electronic address").fill("nowhere")
    page.get_by_label("Electronic address").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
