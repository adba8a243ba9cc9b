"""The typesetter remembers what it laid out before: that may save time and may never show."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import typst

from rackbill.core.document import Document, canonical_bytes
from rackbill.formats import typesetter
from rackbill.formats.document_pdf import render_canonical, render_pdf
from tests.world.documents import golden

COUNT = 14
"""More than the ten documents that the typesetter remembers."""


def neighbours() -> list[Document]:
    """Invoices that share most of what they say."""
    first = golden()["forty_lines"]
    return [
        replace(first, number=f"{20_000_100 + place}", buyer=replace(first.buyer, name=f"Kunde {place} B.V."))
        for place in range(COUNT)
    ]


def test_the_bytes_of_a_document_do_not_depend_on_what_was_typeset_before_it(tmp_path: Path) -> None:
    here = [hashlib.sha256(render_pdf(document)).hexdigest() for document in neighbours()]
    assert len(set(here)) == COUNT
    paths = [tmp_path / f"{place}.json" for place in range(COUNT)]
    for path, document in zip(paths, neighbours(), strict=True):
        path.write_bytes(canonical_bytes(document))
    code = (
        "import hashlib, pathlib, sys; from rackbill.formats.document_pdf import render_canonical;"
        "print(*[hashlib.sha256(render_canonical(pathlib.Path(p).read_bytes())).hexdigest() for p in sys.argv[1:]])"
    )
    for order in (paths[::-1], [paths[5]]):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, order)], capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == [here[paths.index(path)] for path in order]


def test_threads_get_each_their_own_document() -> None:
    forms = [canonical_bytes(document) for document in neighbours()]
    alone = [render_canonical(form) for form in forms]
    with ThreadPoolExecutor(max_workers=4) as threads:
        assert list(threads.map(render_canonical, forms)) == alone


def test_values_are_gone_after_a_document_and_after_one_that_fails(tmp_path: Path) -> None:
    template = tmp_path / "two.typ"
    template.write_text(
        '#let d = json("given.json")\n#set document(title: d.title)\n#set text(lang: "en", font: "Noto Sans")\n'
        '#if d.fails { panic("no") }\n= #d.title\n'
    )
    made = [
        typesetter.typeset_pdf(
            template, {"given.json": b'{"title": "%s", "fails": false}' % title}, dated=date(2026, 11, 1)
        )
        for title in (b"One", b"Two", b"One")
    ]
    assert made[0] == made[2] != made[1]
    with pytest.raises(typst.TypstError, match="no"):
        typesetter.typeset_pdf(template, {"given.json": b'{"title": "Three", "fails": true}'}, dated=date(2026, 11, 1))
    folder = Path(typesetter._of_process(template, typesetter.os.getpid())._kept.name)
    assert [path.name for path in folder.iterdir()] == ["two.typ"]
    assert folder.stat().st_mode & 0o077 == 0
    with pytest.raises(typst.TypstError, match="not found"):
        typesetter.typeset_pdf(template, {}, dated=date(2026, 11, 1))
