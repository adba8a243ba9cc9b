"""The PDF of documents: what stands on which page, translations, brands, and the structure that an archive and a reader need."""

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
