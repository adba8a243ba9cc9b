"""A document as PDF/A-3b and PDF/UA-1, typeset by typst: the same document gives the same bytes every time."""

import hashlib
import json
import re
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rackbill.core.document import Document, canonical_bytes, document_from_canonical, document_hash
from rackbill.formats import fonts
from rackbill.formats.brand import PLAIN, Brand
from rackbill.formats.printed_document import printed
from rackbill.formats.printed_document.layout import laid_out
from rackbill.formats.typesetter import typeset_pdf


@cache
def _template() -> Path:
    return Path(str(resources.files("rackbill.formats") / "templates" / "document.typ"))


@cache
def _layout_hash() -> str:
    folder = resources.files("rackbill.formats")
    digest = hashlib.sha256(_template().read_bytes())
    for part in ("printed_document", "wording"):
        for path in sorted(Path(str(folder / part)).glob("*.*")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def template_version(brand: Brand = PLAIN) -> str:
    """Hashes of template and words, of fonts and of the brand, and the typesetter's version: kept with every stored file."""
    return f"document-{_layout_hash()}-fonts-{fonts.fonts_hash()}-brand-{brand.digest}-typst-{version('typst')}"


def render_pdf(document: Document, *, brand: Brand = PLAIN, language: str = "", digest: str = "") -> bytes:
    """The PDF of a document of any kind; in another language than its own it says of what it is a translation."""
    return typeset(document, brand=brand, language=language, digest=digest)


def typeset(
    document: Document,
    *,
    brand: Brand = PLAIN,
    language: str = "",
    digest: str = "",
    attached: tuple[str, bytes, str] | None = None,
) -> bytes:
    """The PDF, with a file attached where one is given as (name, XML, description); see einvoice_hybrid."""
    data, families = _data(document, brand, language, digest)
    files = {"logo.svg": brand.logo.encode()} if brand.logo else {}
    given: dict[str, Any] = {"fonts": families, "id_font": fonts.ID_FAMILY, "attached": None}
    if attached is not None:
        name, xml, description = attached
        given["attached"] = {"name": name, "description": description}
        files["attached.xml"] = xml
    # The document is JSON already, as text in which letters without a font were looked for.
    files["given.json"] = f'{json.dumps(given)[:-1]}, "document": {data}}}'.encode()
    return typeset_pdf(_template(), files, dated=document.issued_on)


def _data(document: Document, brand: Brand, language: str, digest: str) -> tuple[str, list[str]]:
    """What the template places, as JSON, and the font families that it needs."""
    digest = digest or document_hash(canonical_bytes(document))
    shown = language or document.language
    words = shown if fonts.can_print(shown) else "en"
    data = laid_out(document, printed(document, language=words, digest=digest), brand)
    text = json.dumps(data, ensure_ascii=False)
    if fonts.is_covered_by_text_font(text):
        return text, [fonts.TEXT_FAMILY]
    if fonts.uncovered_characters(text):
        text = json.dumps(_printable(data), ensure_ascii=False)
    return text, fonts.families(text, shown)


def render_canonical(canonical: bytes, brand: Brand = PLAIN) -> bytes:
    """The PDF of a canonical form; for workers that know nothing but formats."""
    return render_pdf(document_from_canonical(canonical), brand=brand, digest=document_hash(canonical))


def organisation_of(canonical: bytes) -> str:
    """The sales organisation of a canonical form, without reading all of it: quotes within texts are escaped."""
    found = re.search(rb'"sales_organisation_id":"([^"\\]*)"', canonical)
    return found.group(1).decode() if found else ""


def transliterated(canonical: bytes) -> list[str]:
    """The names and texts of a document that no font can print as they are; whoever renders raises the alert."""
    if not fonts.uncovered_characters(canonical.decode()):
        return []
    document = document_from_canonical(canonical)
    subjects = [line.subject for line in document.lines]
    parties = (document.buyer, document.seller)
    texts = [text for party in parties for text in (party.name, party.address.street, party.address.city)]
    texts += [text for subject in subjects for text in (subject.reference, subject.legacy_name, subject.description)]
    return [text for text in dict.fromkeys(texts) if fonts.uncovered_characters(text)]


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return fonts.printable(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    return value
