"""The page of a document: it needs nothing else, it can be heard, and it says what it is."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from lxml import html

from rackbill.core.document import Document, DocumentKind
from rackbill.formats.brand import Brand
from rackbill.formats.document_html import content_policy, render_html
from rackbill.formats.wording import LANGUAGES, wording
from tests.world.documents import golden

GOLDEN = golden()


def page(document: Document, language: str = "") -> html.HtmlElement:
    return html.document_fromstring(render_html(document, language=language).decode())


def test_every_kind_of_document_has_a_page() -> None:
    assert {document.kind for document in GOLDEN.values()} == set(DocumentKind)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_page_of_every_golden_document_can_be_heard(name: str) -> None:
    document = GOLDEN[name]
    assert render_html(document) == render_html(document)
    root = page(document)
    assert root.get("lang") == wording(document.language).language
    (title,) = root.xpath("//title")
    (first,) = root.xpath("//h1")
    assert document.number in title.text and document.number in first.text_content()
    levels = [int(heading.tag[1]) for heading in root.xpath("//h1 | //h2 | //h3")]
    assert levels == sorted(levels) and levels[0] == 1
    for table in root.xpath("//table"):
        assert table.xpath("./caption")[0].text_content().strip()
        assert {th.get("scope") for th in table.xpath("./thead//th")} == {"col"}
        assert all(th.text_content().strip() for th in table.xpath("./thead//th"))
        assert {th.get("scope") for th in table.xpath("./tbody//th | ./tfoot//th")} <= {"row"}
        assert all(tr.xpath("./th") for tr in table.xpath("./tbody/tr"))
    assert all(img.get("alt") for img in root.xpath("//img"))
    assert len(root.xpath("//main")) == 1 and root.xpath("//meta[@name='viewport']")


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_page_fetches_and_runs_nothing(name: str) -> None:
    content = render_html(GOLDEN[name]).decode()
    root = html.document_fromstring(content)
    assert not root.xpath("//script | //link | //iframe | //object | //form | //@style | //@onclick")
    assert all(source.startswith("data:image/svg+xml;base64,") for source in root.xpath("//@src"))
    assert "url(" not in content and "@import" not in content
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = re.findall(r"<style>(.*?)</style>", content, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == content_policy() and f"style-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy


def test_texts_are_texts() -> None:
    value = GOLDEN["simple"]
    evil = '<script>alert("x")</script>&'
    subject = replace(value.lines[0].subject, reference=evil, description=evil, location=evil, equipment_id="48214")
    lines = (replace(value.lines[0], subject=subject),)
    parties = {name: replace(getattr(value, name), name=evil) for name in ("seller", "buyer")}
    document = replace(value, lines=lines, texts=(evil,), notes=(evil,), details_url="javascript:alert(1)//", **parties)
    root = page(document)
    assert not root.xpath("//script | //a")
    assert root.xpath("//address/strong")[0].text == evil
    assert [td for td in root.xpath("//table[@class='lines']//td") if td.text_content() == evil]


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_a_translation_says_of_what(language: str) -> None:
    value = GOLDEN["simple"]
    root = page(value, language)
    assert root.get("lang") == language
    (mark,) = root.xpath("//p[@class='mark']")
    assert mark.text == wording(language).word("translation_of", number=value.number) and mark.get("role") == "note"
    assert not page(value, "en").xpath("//p[@class='mark']")


def test_a_pro_forma_says_first_that_it_is_no_invoice() -> None:
    value = GOLDEN["pro_forma"]
    (mark,) = page(value).xpath("//h1/following-sibling::*[1][@class='mark']")
    assert mark.text == value.notes[0]


def test_a_brand_changes_how_it_looks_and_nothing_that_it_says() -> None:
    value = GOLDEN["simple"]
    plain = page(value)
    brand = Brand(logo='<svg xmlns="http://www.w3.org/2000/svg"/>', accent="#0b5d57")
    branded = html.document_fromstring(render_html(value, brand=brand).decode())
    assert branded.xpath("//img[@class='logo']/@alt") == [value.seller.name]
    assert "--accent: #0b5d57;" in branded.xpath("//style")[0].text
    assert content_policy(brand) == branded.xpath("//meta[@http-equiv]/@content")[0] != content_policy()
    rest = [
        " ".join(root.xpath("//main")[0].text_content().split()).removeprefix(value.seller.name)
        for root in (plain, branded)
    ]
    assert rest[0].strip() == rest[1].strip()


def test_a_long_document_keeps_every_line() -> None:
    value = GOLDEN["forty_lines"]
    line = value.lines[0]
    lines = tuple(replace(line, line_number=number) for number in range(1, 601))
    rows = page(replace(value, lines=lines)).xpath("//table[@class='lines']/tbody/tr")
    assert [row.xpath("./th")[0].text_content() for row in rows] == [str(number) for number in range(1, 601)]


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_link_to_the_lines_stands_only_where_the_portal_has_a_page(name: str) -> None:
    document = GOLDEN[name]
    links = page(document).xpath("//a/@href")
    is_linked = document.kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE) and document.details_url
    assert links == ([document.details_url + document.number] if is_linked else [])


def test_an_offer_and_a_reminder_are_addressed_and_bill_nobody() -> None:
    for name, words in (("quote", "To"), ("order_confirmation", "To"), ("reminder", "To"), ("simple", "Billed to")):
        assert page(GOLDEN[name]).xpath("//div[@class='head']/div/span")[0].text_content() == words
    labels = [dt.text_content() for dt in page(GOLDEN["reminder"]).xpath("//div[@class='head']/dl/dt")]
    assert labels == ["Date", "Customer ID"]


def test_days_that_are_taken_back_have_their_sign() -> None:
    shown = [cell.text_content() for cell in page(GOLDEN["corrections"]).xpath("//td[@data-label='Quantity']")]
    assert shown == ["1 month", "−10 days", "1 month"]
