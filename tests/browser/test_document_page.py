"""The page of a document in Chromium: no violation found by axe in light and dark, nothing to scroll sideways, printed on A4."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from rackbill.core.document import DocumentKind
from rackbill.formats.document_html import render_html
from tests.world.documents import golden

CHROMIUM = Path("/usr/bin/chromium")
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
GOLDEN = golden()
OF_KIND = {kind: next(name for name, document in GOLDEN.items() if document.kind is kind) for kind in DocumentKind}
SHOWN = sorted({*OF_KIND.values(), "two_rates", "singapore_in_usd", "forty_lines", "cyrillic"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = {"executable_path": str(CHROMIUM)} if CHROMIUM.exists() else {}
        browser = playwright.chromium.launch(args=QUIET.split(), **found)  # type: ignore[arg-type]
        yield browser
        browser.close()


def opened(browser: Browser, name: str, folder: Path, **options: Any) -> Page:
    path = folder / f"{name}.html"
    path.write_bytes(render_html(GOLDEN[name]))
    # Axe is a script, which the page's own policy would not let run.
    page = browser.new_context(bypass_csp=True, **options).new_page()
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser: Browser, name: str, scheme: str, tmp_path: Path) -> None:
    page = opened(browser, name, tmp_path, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    page.context.close()


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("width", [320, 640, 834, 1280])
def test_nothing_has_to_be_scrolled_sideways(browser: Browser, name: str, width: int, tmp_path: Path) -> None:
    """320 pixels are a small phone and 1280 at 400 %; 640 are 1280 at 200 %."""
    page = opened(browser, name, tmp_path, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_on_a_phone_each_figure_still_says_what_it_is(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, "forty_lines", tmp_path, viewport={"width": 390, "height": 844})
    cell = page.locator("table.lines tbody tr").first.locator("td").last
    label = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == f'"{cell.get_attribute("data-label")}"' and "EUR" in label
    assert page.locator("table.lines tbody tr").first.get_attribute("role") == "row"
    page.context.close()
