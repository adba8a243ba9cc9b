"""The report of a bill run as PDF/A-3b and PDF/UA-1, typeset by typst: the same report gives the same bytes every time."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from rackbill.formats import fonts, printed_run_report
from rackbill.formats.document_pdf import STANDARDS


@cache
def _compiler() -> typst.Compiler:
    template = Path(str(resources.files("rackbill.formats") / "templates" / "bill_run_report.typ"))
    return typst.Compiler(
        str(template), root=str(template.parent), font_paths=fonts.font_folders(), ignore_system_fonts=True
    )


def render_run_report(signed: Mapping[str, Any], *, language: str) -> bytes:
    """The PDF of a report, signed or provisional, in a language."""
    data = _printable(printed_run_report.printed_report(signed, language))
    issued_on = datetime.fromisoformat(signed["report"]["run"]["issued_on"]).date()
    content = _compiler().compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        pdf_standards=list(STANDARDS),
        timestamp=int(datetime.combine(issued_on, time(), UTC).timestamp()),
    )
    if not isinstance(content, bytes):
        raise TypeError("typst gave no single PDF")
    return content


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return fonts.printable(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    return value
