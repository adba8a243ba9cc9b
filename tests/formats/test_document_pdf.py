"""The PDF of documents: what stands on which page, translations, brands, and the structure that an archive and a reader need."""

import random
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from rackbill.core.document import Document, DocumentKind
from rackbill.formats import document_pdf, einvoice_hybrid
from rackbill.formats.brand import PLAIN, BrandRefused, brand_from_files
from rackbill.formats.einvoice_hybrid import HybridRefused, render_hybrid
from rackbill.formats.printed_document import pages, printed, title
from rackbill.formats.printed_document.layout import laid_out
from rackbill.formats.text_width import width_per_mille, wrapped
from tests.formats.pdf_checks import problems
from tests.world.documents import golden

DOCUMENTS = golden()
XML = "<?xml version='1.0' encoding='UTF-8'?><Invoice>Größe</Invoice>".encode()
with_poppler = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="poppler-utils is not installed; CI installs it"
)


def text_of(content: bytes, tmp_path: Path) -> list[str]:
    """The text of each page."""
    path = tmp_path / "document.pdf"
    path.write_bytes(content)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return [" ".join(page.split()) for page in done.stdout.rstrip("\f").split("\f")]


def full_title(document: Document) -> str:
    return f"{title(document)} {document.number}".strip()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_kind_is_archivable_and_accessible(name: str) -> None:
    document = DOCUMENTS[name]
    assert problems(document_pdf.render_pdf(document), language=document.language, title=full_title(document)) == []


@pytest.mark.parametrize("profile", einvoice_hybrid.HYBRID_PROFILES)
@pytest.mark.parametrize(
    "name", [n for n, d in DOCUMENTS.items() if d.kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)]
)
def test_a_hybrid_carries_the_xml_and_says_so(name: str, profile: str) -> None:
    document = DOCUMENTS[name]
    content = render_hybrid(document, xml=XML, profile=profile)
    found = einvoice_hybrid.HYBRID_PROFILES[profile]
    attached = (found.file_name, XML, found.level)
    assert problems(content, language=document.language, title=full_title(document), attached=attached) == []
    assert render_hybrid(document, xml=XML, profile=profile) == content


def test_the_checks_see_what_is_wrong() -> None:
    document = DOCUMENTS["simple"]
    content = render_hybrid(document, xml=XML)
    attached = ("factur-x.xml", XML, "EN 16931")

    def found(changed: bytes, **more: object) -> list[str]:
        arguments = {"language": "en", "title": full_title(document), "attached": attached, **more}
        return problems(changed, **arguments)  # type: ignore[arg-type]

    assert found(content) == []
    for old, new, word in (
        (b"<pdfaid:part>3<", b"<pdfaid:part>2<", "PDF/A-3b"), (b"<pdfuaid:part>1<", b"<pdfuaid:part>2<", "PDF/UA-1"),
        (b"/GTS_PDFA1", b"/GTS_PDFX1", "output intent"), (b"/Lang(en)", b"/Lang(de)", "language"), (b"/S/H1/", b"/S/H2/", "first level"),
        (b"/ToUnicode ", b"/ToUnicodX ", "ToUnicode"), (b"/AFRelationship/Alternative", b"/AFRelationship/Supplement_", "Alternative"),
        (b"/S/THead/", b"/S/TBody/", "heading row"), (b"<fx:ConformanceLevel>EN 16931", b"<fx:ConformanceLevel>EN 16932", "Factur-X"),
        (b"<pdfaProperty:name>DocumentType", b"<pdfaProperty:name>DocumentTypo", "DocumentType"), (b"/FontFile2 ", b"/FontFilX2 ", "embedded"),
    ):  # fmt: skip
        assert old in content, old
        assert any(word in problem for problem in found(content.replace(old, new))), (old, word)
    assert any("on record" in problem for problem in found(content, attached=("factur-x.xml", XML + b" ", "EN 16931")))
    assert any("attached" in problem for problem in found(content, attached=None))
    assert any("title" in problem for problem in found(content, title="Invoice 1"))


def test_only_e_invoices_become_hybrids() -> None:
    for kind in set(DocumentKind) - {DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}:
        with pytest.raises(HybridRefused, match=kind.value):
            render_hybrid(replace(DOCUMENTS["simple"], kind=kind), xml=XML)
    with pytest.raises(HybridRefused, match="peppol"):
        render_hybrid(DOCUMENTS["simple"], xml=XML, profile="peppol")


def test_metadata_of_another_typesetter_are_refused() -> None:
    content = document_pdf.render_pdf(DOCUMENTS["simple"])
    changed = content.replace(b"<pdfaExtension:schemas><rdf:Bag>", b"<pdfaExtension:schemas><rdf:Seq>")
    with pytest.raises(HybridRefused, match="pin the version"):
        einvoice_hybrid._with_metadata(changed, einvoice_hybrid.HYBRID_PROFILES["factur-x"])


@with_poppler
@pytest.mark.parametrize("name", DOCUMENTS)
def test_pages_are_those_that_were_planned(name: str, tmp_path: Path) -> None:
    document = DOCUMENTS[name]
    found = text_of(document_pdf.render_pdf(document), tmp_path)
    words = printed(document)["words"]
    for place, page in enumerate(found, start=1):
        said = words["page"].format(page=place, pages=len(found))
        assert said.replace(" ", "") in page.replace(" ", ""), f"page {place} of {len(found)} does not say so"


def _long(name: str) -> Document:
    document = DOCUMENTS[name]
    if document.reminded is not None:
        item = document.reminded.items[0]
        items = tuple(replace(item, number=f"{20_000_000 + n}", open_minor=100) for n in range(120))
        totals = replace(document.totals, net_minor=12_000, gross_minor=12_000, due_minor=12_000)
        return replace(document, reminded=replace(document.reminded, items=items), totals=totals)
    return replace(
        document,
        texts=tuple(f"Paragraph {n}. " + "These are our terms of business, word for word. " * 40 for n in range(16)),
    )


@with_poppler
@pytest.mark.parametrize("name", ["simple", "overview", "reminder", "quote"])
def test_what_has_no_room_on_page_one_goes_on_behind(name: str, tmp_path: Path) -> None:
    document = _long(name)
    content = document_pdf.render_pdf(document)
    found = text_of(content, tmp_path)
    assert len(found) > 2 and problems(content, language="en", title=full_title(document)) == []
    for place, page in enumerate(found, start=1):
        assert f"Page {place} of {len(found)}" in page
    whole = " ".join(found)
    for item in document.reminded.items if document.reminded is not None else ():
        assert item.number in whole
    for text in document.texts:
        assert f"{text[:14].strip()}" in whole and whole.count("terms of business") == 40 * len(document.texts)


@pytest.mark.parametrize("seed", range(10))
def test_the_plan_holds_for_any_texts(seed: int) -> None:
    dice = random.Random(seed)

    def text(most: int) -> str:
        letters = "abcdefghijkm WÄÖ-_./ЖЩя  Ωλ漢字データ iIl1"
        return "".join(dice.choice(letters) for _ in range(dice.randint(1, most))).strip() or "x"

    document = DOCUMENTS[dice.choice(["forty_lines", "overview", "metered", "german_rate_change", "quote"])]
    lines = tuple(
        replace(
            line,
            subject=replace(
                line.subject, reference=text(90), description=text(160), location=text(30), equipment_id=text(20)
            ),
        )
        for line in document.lines
    )
    changed = replace(
        document, lines=lines, texts=(text(900), text(300)), buyer=replace(document.buyer, name=text(120)),
        bill_to=replace(document.bill_to, billing_group_name=text(70), po_number=text(60)),
    )  # fmt: skip
    content = document_pdf.render_pdf(changed)
    planned = len(laid_out(changed, printed(changed), PLAIN)["pages"])
    assert f"<xmpTPg:NPages>{planned}<".encode() in content


@with_poppler
def test_totals_are_carried_from_page_to_page(tmp_path: Path) -> None:
    document = DOCUMENTS["forty_lines"]
    found = text_of(document_pdf.render_pdf(document), tmp_path)
    assert len(found) == 3
    carried = found[1].split("Over te brengen ")[1].split(" ")[0]
    assert f"Transport {carried}" in found[2]
    on_page = sum(line.net_minor for line in document.lines if f" {line.subject.equipment_id} " in found[1])
    without = sum(line.net_minor for line in document.lines[:27] if not line.subject.equipment_id)
    assert carried == f"{(on_page + without) // 100:,}".replace(",", ".") + f",{(on_page + without) % 100:02d}"


@with_poppler
def test_page_one_tells_what_it_is_for_and_what_changed(tmp_path: Path) -> None:
    first = text_of(document_pdf.render_pdf(DOCUMENTS["overview"]), tmp_path)[0]
    for text in ("Changed since 20000000", "New 2 +224.00", "Ended 1 −89.50", "Price 5 +12.75", "Usage 1 −3.12", "Cross connect 3 415.50",
                 "FRA-10 4 540.00", "Total net 1,890.00", "VAT 21 % 1,890.00 396.90", "EUR 2,286.90", "Your project Relaunch 2020"):  # fmt: skip
        assert text in first, text


@with_poppler
def test_usage_lines_tell_what_was_measured(tmp_path: Path) -> None:
    text = " ".join(text_of(document_pdf.render_pdf(DOCUMENTS["metered"]), tmp_path))
    assert (
        "96.2 Mbit/s" in text
        and "46.2 Mbit/s" in text
        and "8,640 samples" in text
        and "Percentile of five-minute" in text
    )


@with_poppler
def test_a_very_long_document_prints_its_groups_and_says_where_the_lines_are(tmp_path: Path) -> None:
    document = DOCUMENTS["five_hundred_lines"]
    content = document_pdf.render_pdf(document)
    found = text_of(content, tmp_path)
    assert len(found) == 2 and len(content) < 150_000
    assert "This document has 500 lines." in found[1] and "CSV" in found[1]
    assert sum(row["net_minor"] for row in printed(document)["groups"]) == document.totals.net_minor
    fits = replace(document, lines=document.lines[: pages.MOST_LINES])
    assert printed(fits)["groups"] == []


@with_poppler
def test_a_translation_says_of_what(tmp_path: Path) -> None:
    document = DOCUMENTS["simple"]
    text = text_of(document_pdf.render_pdf(document, language="de"), tmp_path)[0]
    assert "Rechnung 20000001" in text and "Übersetzung von 20000001; maßgeblich ist das Original" in text
    assert "Translation" not in text_of(document_pdf.render_pdf(document, language="en"), tmp_path)[0]


@with_poppler
def test_offers_and_reminders(tmp_path: Path) -> None:
    quote = text_of(document_pdf.render_pdf(DOCUMENTS["quote"]), tmp_path)[0]
    for text in ("Quote 24000001", "Valid until 31 October 2020", "Per month 259.90", "Per quarter 1,290.00", "Whole term of 24 months 16,807.60",
                 "Your purchase order number", "Tax is an estimate"):  # fmt: skip
        assert text in quote, text
    confirmed = text_of(document_pdf.render_pdf(DOCUMENTS["order_confirmation"]), tmp_path)[0]
    for text in (
        "Order confirmation 25000001",
        "Quote 24000001",
        "50001850 / 100",
        "to be provisioned",
        "First invoice 1 December 2020",
    ):
        assert text in confirmed, text
    reminder = text_of(document_pdf.render_pdf(DOCUMENTS["reminder"]), tmp_path)[0]
    for text in ("Payment reminder 2 26000001", "20000001 1 August 2020 15 August 2020 157.24 57.24", "EUR 2,499.02"):
        assert text in reminder, text


def test_a_brand_changes_how_a_page_looks_and_is_part_of_the_template_version() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 12"><rect width="60" height="12" fill="#0b5d57"/></svg>'
    brand = brand_from_files({"brand.toml": b'logo = "logo.svg"\naccent = "#0b5d57"\n', "logo.svg": svg})
    document = DOCUMENTS["simple"]
    content = document_pdf.render_pdf(document, brand=brand)
    assert content != document_pdf.render_pdf(document)
    assert problems(content, language="en", title=full_title(document)) == []
    versions = {document_pdf.template_version(brand), document_pdf.template_version(PLAIN)}
    assert len(versions) == 2 and all(len(version) <= 80 and "-fonts-" in version for version in versions)


def test_a_logo_as_png() -> None:
    rows = zlib.compress(b"".join(b"\0" + b"\x0b\x5d\x57" * 4 for _ in range(2)))
    chunk = lambda kind, body: len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")  # noqa: E731
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", b"\0\0\0\4\0\0\0\2\x08\x02\0\0\0")
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )
    brand = brand_from_files({"brand.toml": b'logo = "logo.png"', "logo.png": png})
    assert (
        problems(document_pdf.render_pdf(DOCUMENTS["simple"], brand=brand), language="en", title="Invoice 20000001")
        == []
    )


def brand_text(**changed: str) -> bytes:
    return _table("texts", {"name": '"terms"', "language": '"de"', "text": '"Es gilt."'} | changed)


def brand_bank(**changed: str) -> bytes:
    return _table("banks", {"currency": '"EUR"', "bank_name": '"Bank"', "iban": '"NL91 ABNA 0417 1643 00"'} | changed)


def _table(name: str, values: dict[str, str]) -> bytes:
    rows = "".join(f"{key} = {value}\n" for key, value in values.items())
    return f"[[{name}]]\n{rows}".encode()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"brand.toml": b"logo ="}, "cannot be read"),
        ({"brand.toml": b'font = "Comic"'}, "names font"),
        ({"brand.toml": b'accent = "red"'}, "#rrggbb"),
        ({"brand.toml": b'accent = "#ffff00"'}, "too light"),
        ({"brand.toml": b'logo = "a.svg"'}, "not in the folder"),
        ({"brand.toml": b'logo = "a.svg"', "a.svg": b"GIF89a"}, "neither SVG nor PNG"),
        ({"brand.toml": b'logo = "a.svg"', "a.svg": b"<svg><text>A</text></svg>"}, "outlines"),
        (
            {"brand.toml": b'logo = "a.svg"', "a.svg": b"<svg><g></svg>"},
            "a.svg is not well-formed SVG.*save the picture again",
        ),
        ({"brand.toml": b'logo = "a.png"', "a.png": b"\x89PNG\r\n\x1a\n"}, "ends too soon"),
        ({"brand.toml": b'texts = "Hello"'}, r"head each with \[\[texts\]\]"),
        ({"brand.toml": brand_text(language='"fr"')}, "documents speak en, de"),
        ({"brand.toml": brand_text(kind='"letter"')}, "the kinds are quote"),
        ({"brand.toml": brand_text(text='" "')}, "number 1 of texts has no text"),
        ({"brand.toml": brand_text(text="7")}, "text is no text; put it in quotation marks"),
        ({"brand.toml": brand_text(colour='"red"')}, "number 1 of texts has colour"),
        ({"brand.toml": brand_text() + brand_text()}, "stands there twice"),
        ({"brand.toml": brand_bank(iban='"NL91ABNA0417164301"')}, "is no IBAN"),
        ({"brand.toml": brand_bank(bic='"ABNA"')}, "is no BIC"),
        ({"brand.toml": brand_bank(currency='"euro"')}, "three letters"),
        ({"brand.toml": brand_bank(account_number='"1"')}, "either an iban or an account_number"),
        ({"brand.toml": brand_bank() + brand_bank()}, "keep one"),
    ],
)
def test_brands_that_cannot_be_used(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(BrandRefused, match=words):
        brand_from_files(files)
    assert brand_from_files({}) == PLAIN


def test_texts_are_folded_to_their_column() -> None:
    lines = wrapped(
        "Dedicated server with a very long description, and a serial SN-0123456789012345678901234567890123456789",
        10_000,
        850,
    )
    assert all(width_per_mille(line) * 850 <= 10_000 * 1000 for line in lines)
    assert (
        "".join("".join(lines).split())
        == "Dedicatedserverwithaverylongdescription,andaserialSN-0123456789012345678901234567890123456789"
    )
    assert wrapped("短い", 10_000, 850) == ("短い",)
    assert wrapped("東京都千代田区、丸の内", 6_000, 1000) == ("東京都千代", "田区、丸の", "内")


def test_what_a_brand_says_is_read_and_changes_no_page() -> None:
    brand = brand_from_files({"brand.toml": brand_text(kind='"invoice"') + brand_bank(bic='"abnanl2a"')})
    assert [(one.name, one.language, one.kind, one.text) for one in brand.texts] == [
        ("terms", "de", "invoice", "Es gilt.")
    ]
    assert [(one.currency, one.iban, one.bic) for one in brand.banks] == [("EUR", "NL91ABNA0417164300", "ABNANL2A")]
    assert brand.digest == PLAIN.digest
    value = golden()["simple"]
    assert document_pdf.render_pdf(value, brand=brand) == document_pdf.render_pdf(value)
