"""The office in Chromium: a run approved by keyboard, and no violation found by axe."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, expect

from rackbill.domain.access.models import StaffRole
from rackbill.domain.parties.models import Customer
from tests.browser.test_portal import browser, violations
from tests.office.test_pages import run_id
from tests.world import money
from tests.world import provider as world_of

__all__ = ["browser", "run_id"]
pytestmark = pytest.mark.django_db(transaction=True)


def log_in(browser: Browser, url: str, run_id: str, **options: Any) -> Page:
    from rackbill.domain.access import operations as access
    from rackbill.domain.kit.actor import SYSTEM
    from tests.office.test_pages import OCTOBER

    assert run_id
    access.set_staff_password(email="bert@meridian.example", password=world_of.PASSWORD, now=OCTOBER, actor=SYSTEM)
    page = browser.new_context(**options).new_page()
    page.goto(f"{url}/office/")
    page.get_by_label("E-mail").fill("bert@meridian.example")
    page.get_by_label("Password").fill(world_of.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}/office/", wait_until="load")
    return page


def test_approve_a_run_by_keyboard(browser: Browser, live_server: Any, run_id: str) -> None:
    page = log_in(browser, live_server.url, run_id)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("link", name="Oct 1, 2020").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bill run before Nov 1, 2020")
    button = page.get_by_role("button", name="Approve")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".where .status")).to_have_text("Approved")
    expect(button).to_have_count(0)


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1200, "height": 800}}, {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
        {"viewport": {"width": 390, "height": 800}},
    ],
    ids=["desktop", "dark", "phone"],
)  # fmt: skip
def test_axe_finds_no_violation(browser: Browser, live_server: Any, run_id: str, options: dict[str, Any]) -> None:
    page = log_in(browser, live_server.url, run_id, **options)
    found = {}
    owner = Customer.objects.order_by("pk").first()
    assert owner is not None
    StaffRole.objects.filter(role="clerk").update(user=get_user_model().objects.get(email="bert@meridian.example"))
    money.item(owner, "OLD/7", "99.50", system="oldbill")
    long = {"payer_name": "A payer with quite a long name, in two countries", "payer_account": "NL91ABNA0417164300"}
    money.imported(
        money.line("99.50", "a text without any blank:" + "x" * 90, **long),
        organisation_id=owner.sales_organisation.organisation_id,
    )
    pages = ("receivables/", "bank/", "series/", f"customers/{owner.customer_id}/account/")
    for path in ("office/", f"office/runs/{run_id}/", "office/runs/nothing/", *(f"office/{one}" for one in pages)):
        page.goto(f"{live_server.url}/{path}")
        for summary in page.locator("main summary").all():
            summary.click()
        found[path] = violations(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{path} is wider than the window"
    assert {path: ids for path, ids in found.items() if ids} == {}
