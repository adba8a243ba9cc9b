"""The report of a bill run as PDF/A-3b and PDF/UA-1, typeset by typst: the same report gives the same bytes every time."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from rackbill.formats import fonts, printed_run_report
from rackbill.formats.typesetter import typeset_pdf


@cache
def _template() -> Path:
    return Path(str(resources.files("rackbill.formats") / "templates" / "bill_run_report.typ"))


def render_run_report(signed: Mapping[str, Any], *, language: str) -> bytes:
    """The PDF of a report, signed or provisional, in a language."""
    data = _printable(printed_run_report.printed_report(signed, language))
    issued_on = datetime.fromisoformat(signed["report"]["run"]["issued_on"]).date()
    given = json.dumps(data, ensure_ascii=False, sort_keys=True).encode()
    return typeset_pdf(_template(), {"given.json": given}, dated=issued_on)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return fonts.printable(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    return value
