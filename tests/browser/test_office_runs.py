"""A month's bill run from the plan to the report, in Chromium, with `rackbill serve` and `rackbill work` behind it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from rackbill.domain.access import operations as access
from rackbill.domain.billing.models import BillRun
from rackbill.domain.kit.actor import SYSTEM
from rackbill.interfaces.jobs import clock
from tests.browser.test_portal import browser, violations
from tests.campaigns.databases import suite_books
from tests.office.test_pages import OCTOBER, staff
from tests.world import provider as world_of

__all__ = ["browser"]
PATIENCE = 60_000
"""Milliseconds that a worker may need on a busy machine."""
SIZES: list[dict[str, Any]] = [
    {"viewport": {"width": 1200, "height": 800}}, {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
]  # fmt: skip


class Installation:
    """Books, a home, and the processes of an installation."""

    def __init__(self, folder: Path) -> None:
        self.books, self.folder = suite_books(folder), folder
        self.books.create("office")
        (folder / "installation.json").write_text(json.dumps({"kind": "test", "clock": "2020-10-01T09:00:00+00:00"}))
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ, "RACKBILL_HOME": str(folder), "DATABASE_URL": self.books.url("office"),
            "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
        }  # fmt: skip

    def child(self, do: str) -> None:
        command = [sys.executable, "-m", "tests.browser.office_child", do]
        subprocess.run(command, env=self._environment, check=True)

    def rackbill(self, *arguments: str) -> None:
        command = [sys.executable, "-c", "from rackbill.interfaces.console.main import run; run()", *arguments]
        self._started.append(subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL))

    def serve(self) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.rackbill("serve", "--port", str(port))
        for _ in range(600):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        pytest.fail("rackbill serve does not answer")

    def end(self) -> None:
        for process in self._started:
            process.terminate()
        for process in self._started:
            process.wait(timeout=120)
        self.books.drop("office")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    made.child("build")
    yield made
    made.end()


@pytest.fixture
def people(transactional_db: None) -> None:
    """Clara, a clerk, and a customer, in the tables of this process."""
    world = world_of.provider()
    staff(world, "clara", "clerk")
    access.set_staff_password(email="clara@meridian.example", password=world_of.PASSWORD, now=OCTOBER, actor=SYSTEM)
    world_of.service(world, world_of.customer(world))


def log_in(browser: Browser, url: str, name: str, **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.goto(f"{url}/office/")
    page.get_by_label("E-mail").fill(f"{name}@meridian.example")
    page.get_by_label("Password").fill(world_of.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}/office/", wait_until="load")
    return page


def look(page: Page, name: str) -> None:
    """No violation, nothing wider than the window; a picture where RACKBILL_PICTURES names a folder."""
    assert violations(page) == [], name
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name} is wider than the window"
    if folder := os.environ.get("RACKBILL_PICTURES"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("options", SIZES, ids=["desktop", "phone"])
def test_a_run_from_the_plan_to_the_report(
    browser: Browser, installation: Installation, options: dict[str, Any]
) -> None:
    url = installation.serve()
    clara = log_in(browser, url, "clara", **options)
    look(clara, "1-list")
    day = clara.get_by_label("Bills everything before")
    expect(day).to_have_value("2020-11-01")
    clara.get_by_role("button", name="Plan and compute").press("Enter")
    state = clara.locator(".where .status")
    expect(state).to_have_text("Planned")
    look(clara, "2-planned")
    installation.rackbill("work", "--pause-seconds", "1")
    # From here on the page follows by itself.
    expect(state).to_have_text("Computed", timeout=PATIENCE)
    again = clara.get_by_role("button", name="Compute the parked customers again")
    expect(again).to_be_visible(timeout=PATIENCE)
    look(clara, "3-computed")
    installation.child("mend")
    again.click()
    expect(clara.get_by_text("No customer is parked")).to_be_visible(timeout=PATIENCE)

    bert = log_in(browser, url, "bert", **options)
    bert.get_by_role("link", name="Oct 1, 2020").click()
    bert.get_by_role("button", name="Approve").click()
    expect(bert.locator(".where .status")).to_have_text("Approved")
    look(bert, "4-approved")
    clara.reload()
    clara.get_by_role("button", name="Issue", exact=True).click()
    expect(state).to_have_text("Issued", timeout=PATIENCE)
    expect(clara.get_by_role("cell", name="21000001")).to_be_visible(timeout=PATIENCE)
    look(clara, "5-issued")
    numbers = installation.books.rows("office", "SELECT number FROM rackbill_documents_document ORDER BY number")
    assert numbers == [("21000000",), ("21000001",)]
    with clara.expect_download() as download:
        clara.get_by_role("link", name="Signed report as JSON").click()
    kept = json.loads(Path(download.value.path()).read_text())["report"]
    assert (kept["run"]["state"], kept["numbers"][0]["count"]) == ("issued", 2)


def test_without_a_worker_the_page_says_how_to_start_one(
    browser: Browser, live_server: Any, people: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = log_in(browser, live_server.url, "clara", **SIZES[0])
    page.get_by_role("button", name="Plan and compute").click()
    expect(page.locator("code")).to_have_count(0)
    real = clock.wall
    monkeypatch.setattr(clock, "wall", lambda: real() + timedelta(minutes=2))
    expect(page.locator(".waiting code")).to_have_text("rackbill work", timeout=20_000)
    look(page, "6-no-worker")


def test_discarding_works_without_script(browser: Browser, live_server: Any, people: None) -> None:
    page = log_in(browser, live_server.url, "clara", java_script_enabled=False)
    page.get_by_role("button", name="Plan and compute").click()
    page.get_by_role("link", name="Discard this run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Discard this run?")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".where .status")).to_have_text("Discarded")
    assert BillRun.objects.get().state == "discarded"


def test_the_question_before_discarding(browser: Browser, live_server: Any, people: None) -> None:
    for options in SIZES:
        page = log_in(browser, live_server.url, "clara", **options)
        page.get_by_role("button", name="Plan and compute").click()
        page.get_by_role("link", name="Discard this run").click()
        look(page, "7-discard")
        page.get_by_role("link", name="Keep it").click()
        expect(page.locator(".where .status")).to_have_text("Planned")
