"""typst in one process: the values of a document lie as files beside its template while it is typeset.

typst remembers what it laid out for the ten documents before, and uses it again where the next one has the same text in the
same place: headings, labels, periods, sites. It forgets all of that as soon as its library changes, of which `sys.inputs`
are a part; files are not. What is remembered changes nothing but the time: the bytes of a document do not depend on what
was typeset before it.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Literal

import typst

from rackbill.formats import fonts

STANDARDS: list[Literal["a-3b", "ua-1"]] = ["a-3b", "ua-1"]


class _Typesetter:
    """One template, its fonts, and a folder that nobody else may read. One document at a time."""

    def __init__(self, template: Path) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="rackbill-typesetter-")
        self._folder = Path(self._kept.name)
        shutil.copyfile(template, self._folder / template.name)
        self._compiler = typst.Compiler(
            str(self._folder / template.name),
            root=str(self._folder),
            font_paths=fonts.font_folders(),
            ignore_system_fonts=True,
        )
        self._lock = threading.Lock()

    def pdf(self, files: Mapping[str, bytes], dated: date) -> bytes:
        """The PDF; the files are gone again when it is there, or when it failed."""
        with self._lock:
            try:
                for name, content in files.items():
                    (self._folder / name).write_bytes(content)
                made = self._compiler.compile(
                    format="pdf",
                    pdf_standards=list(STANDARDS),
                    timestamp=int(datetime.combine(dated, time(), UTC).timestamp()),
                )
            finally:
                for name in files:
                    (self._folder / name).unlink(missing_ok=True)
        if not isinstance(made, bytes):
            raise TypeError("typst gave no single PDF")
        return made


@cache
def _of_process(template: Path, process: int) -> _Typesetter:
    return _Typesetter(template)


def typeset_pdf(template: Path, files: Mapping[str, bytes], *, dated: date) -> bytes:
    """A template with the files that it reads, as PDF/A-3b and PDF/UA-1: the same files give the same bytes.

    `dated` is the day in the metadata: that of issue, never the moment of rendering. Raises typst.TypstError where the
    standards or the template are not kept to. Fonts and template are read once in a process; threads wait for one another.
    """
    # A process that was forked must not share the folder of the other one.
    return _of_process(template, os.getpid()).pdf(files, dated)
