"""A document as PDF/A-3b and PDF/UA-1, typeset by typst: the same document gives the same bytes every time."""

import hashlib
import json
from datetime import UTC, datetime, time
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import typst

from rackbill.core.document import Document, DocumentKind, document_from_canonical
from rackbill.formats import fonts, printed_document

STANDARDS: list[Literal["a-3b", "ua-1"]] = ["a-3b", "ua-1"]


class KindNotRendered(ValueError):
    """There is no PDF of this kind of document yet."""


def _template() -> Path:
    return Path(str(resources.files("rackbill.formats") / "templates" / "invoice.typ"))


@cache
def _template_version() -> str:
    return f"invoice-{hashlib.sha256(_template().read_bytes()).hexdigest()[:12]}-typst-{version('typst')}"


TEMPLATE_VERSION = _template_version()
"""Name, hash and typesetter of the template, kept with every stored file."""


@cache
def _compiler() -> typst.Compiler:
    """One for each process: fonts are read once."""
    template = _template()
    return typst.Compiler(
        str(template), root=str(template.parent), font_paths=fonts.font_folders(), ignore_system_fonts=True
    )


def render_pdf(document: Document) -> bytes:
    """The PDF of an invoice, credit note or pro forma. Raises KindNotRendered for other kinds."""
    if document.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, DocumentKind.PRO_FORMA):
        raise KindNotRendered(
            f"a {document.kind.value} has no PDF form; invoices, credit notes and pro formas have one"
        )
    data = _printable(printed_document.printed(document))
    content = _compiler().compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        pdf_standards=list(STANDARDS),
        # Metadata carry the day of issue, never the moment of rendering.
        timestamp=int(datetime.combine(document.issued_on, time(), UTC).timestamp()),
    )
    if not isinstance(content, bytes):
        raise TypeError("typst gave no single PDF")
    return content


def render_canonical(canonical: bytes) -> bytes:
    """The PDF of a canonical form; for workers that know nothing but formats."""
    return render_pdf(document_from_canonical(canonical))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return fonts.printable(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    return value
