"""Golden documents of every schema: they keep their bytes, read back, and render in today's formats, always alike."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from rackbill.core.document import (
    SCHEMA,
    DocumentKind,
    ReferenceOrigin,
    canonical_bytes,
    check,
    document_from_canonical,
    reference_shown,
)
from rackbill.formats import document_pdf, fonts, printed_document
from rackbill.formats.document_pdf import render_pdf
from rackbill.formats.fonts import printable, uncovered_characters
from rackbill.formats.printed_document.pages import MOST_LINES
from rackbill.formats.wording import LANGUAGES, wording
from tests.golden.make import FOLDER
from tests.world.documents import golden

FILES = sorted(FOLDER.glob("*.json"))
IDS = [path.stem for path in FILES]


def pdf_text(content: bytes, tmp_path: Path) -> str:
    path = tmp_path / "document.pdf"
    path.write_bytes(content)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return done.stdout


def test_every_golden_document_is_kept() -> None:
    assert {path.name.split(".")[0] for path in FILES} == set(golden())


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_golden_documents_keep_their_bytes(path: Path) -> None:
    value = document_from_canonical(path.read_bytes())
    check(value, is_draft=value.kind is DocumentKind.PRO_FORMA)
    assert canonical_bytes(value) == path.read_bytes()
    name, schema, _json = path.name.split(".")
    if schema == f"schema{SCHEMA}":
        assert canonical_bytes(golden()[name]) == path.read_bytes()


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed; CI installs it")
@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_the_pdf_shows_every_identifier_and_sum(path: Path, tmp_path: Path) -> None:
    value = document_from_canonical(path.read_bytes())
    words = wording(value.language)
    text = " ".join(pdf_text(render_pdf(value), tmp_path).split())
    for line in value.lines if len(value.lines) <= MOST_LINES else ():
        shown, origin = reference_shown(line.subject)
        assert line.subject.contract_id in text
        assert not line.subject.equipment_id or line.subject.equipment_id in text
        assert origin in (ReferenceOrigin.EQUIPMENT_ID, ReferenceOrigin.NOTHING) or shown in text
        assert " ".join(words.amount(line.net_minor, value.currency).split()) in text
    for minor in (value.totals.net_minor, value.totals.gross_minor):
        assert " ".join(words.amount(minor, value.currency).split()) in text
    for expected in (value.number, value.bill_to.customer_id, value.bill_to.legacy_customer_id, value.buyer.name):
        assert expected in text
    assert printed_document.title(value) in text


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_the_pdf_is_archivable_and_accessible(path: Path) -> None:
    value = document_from_canonical(path.read_bytes())
    with pikepdf.open(BytesIO(render_pdf(value))) as pdf:
        root = pdf.Root
        assert str(root.Lang) == value.language
        assert "/StructTreeRoot" in root
        assert bool(root.MarkInfo.Marked)
        assert root.OutputIntents[0].S == "/GTS_PDFA1"
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
            assert metadata["pdfuaid:part"] == "1"
            assert value.number in metadata["dc:title"]
        fonts = [
            obj for obj in pdf.objects if isinstance(obj, pikepdf.Dictionary) and obj.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)
        assert "/JavaScript" not in root.get("/Names", {})


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed; CI installs it")
def test_a_pro_forma_says_on_each_page_that_it_is_no_invoice_and_asks_for_no_money(tmp_path: Path) -> None:
    value = golden()["pro_forma"]
    text = pdf_text(render_pdf(value), tmp_path)
    pages = text.rstrip("\f").split("\f")
    assert len(pages) >= 2
    for page in pages:
        assert "Dit is geen factuur." in " ".join(page.split())
    assert value.number == "" and "Pro-formafactuur" in text
    assert wording("nl").word("how_to_pay") not in text and wording("nl").word("nothing_to_pay") not in text


def test_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib, pathlib, sys; from rackbill.formats.document_pdf import render_canonical;"
        "print(*[hashlib.sha256(render_canonical(pathlib.Path(p).read_bytes())).hexdigest() for p in sys.argv[1:]])"
    )
    done = subprocess.run([sys.executable, "-c", code, *map(str, FILES)], capture_output=True, text=True, check=True)
    here = [hashlib.sha256(render_pdf(document_from_canonical(path.read_bytes()))).hexdigest() for path in FILES]
    assert done.stdout.split() == here


def test_a_name_without_glyphs_does_not_stop_a_bill(tmp_path: Path) -> None:
    value = golden()["simple"]
    strange = replace(value, buyer=replace(value.buyer, name="שלום Test 🦊"))
    assert uncovered_characters("שלום Test") == "שלום"
    assert printable("ﬁn") in ("fin", "ﬁn")
    assert printable("שלום") == "shinlamedvavmem"
    assert document_pdf.transliterated(canonical_bytes(strange)) == ["שלום Test 🦊"]
    assert "shinlamedvavmem Test ?" in pdf_text(render_pdf(strange), tmp_path)


@pytest.mark.skipif(not fonts.can_print("ja"), reason="the extra cjk is not installed; CI installs it")
def test_chinese_and_japanese_names_are_printed_as_they_are(tmp_path: Path) -> None:
    value = golden()["simple"]
    there = replace(value, buyer=replace(value.buyer, name="株式会社データ 数据有限公司"))
    assert uncovered_characters(there.buyer.name) == ""
    assert there.buyer.name in pdf_text(render_pdf(there), tmp_path)


def test_without_their_fonts_japanese_documents_speak_english_and_names_are_spelt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ideograph_fonts", "_covered"):
        getattr(fonts, name).cache_clear()
    monkeypatch.setattr(fonts, "_packaged", lambda: iter(()))
    monkeypatch.setattr(fonts, "DEBIAN_FOLDER", tmp_path)
    try:
        value = golden()["simple"]
        there = replace(value, language="ja", buyer=replace(value.buyer, name="カブシキ 株式 김"))
        assert not fonts.can_print("ja") and fonts.can_print("ru")
        text = pdf_text(render_pdf(there), tmp_path)
        assert "kabusiki ?? Gim" in text and "Invoice" in text
    finally:
        for name in ("ideograph_fonts", "_covered"):
            getattr(fonts, name).cache_clear()


def test_every_language_has_the_same_words() -> None:
    first = wording("en")
    for language in LANGUAGES:
        other = wording(language)
        assert set(other.words) == set(first.words)
        assert set(other._families) == set(first._families)
        for key, text in first.words.items():
            assert sorted(_places(text)) == sorted(_places(other.words[key])), f"{language} {key}"


def _places(text: str) -> set[str]:
    import string

    return {name for _, name, _, _ in string.Formatter().parse(text) if name} - {"kind", "kind_lower"}
