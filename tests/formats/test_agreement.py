"""All forms of a document state the same identifiers, periods and amounts to the cent; a form that differs is found."""

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rackbill.core.document import DocumentKind, document_from_canonical
from rackbill.core.pricing import Tier
from rackbill.formats.document_pdf import render_pdf
from tests.formats.agreement import disagreements, made_forms
from tests.formats.plantings import FORMS, plantings
from tests.golden.make import FOLDER
from tests.world.documents import golden
from tests.world.generated_documents import CELLS, generated_documents

pytestmark = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed; CI installs it")
FILES = sorted(FOLDER.glob("*.json"))
SAMPLE = len(CELLS)
EINVOICED = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_golden_documents_agree_in_every_form(path: Path) -> None:
    document = document_from_canonical(path.read_bytes())
    forms = made_forms(document)
    assert {"json", "csv", "html", "pdf"} <= set(forms)
    assert ("ubl" in forms, "cii" in forms) == (document.kind in EINVOICED,) * 2
    assert disagreements(document, forms) == []


def test_a_document_of_every_category_kind_and_currency_agrees() -> None:
    found = []
    for cell, document in generated_documents(SAMPLE, seed=20):
        found += [f"{cell}: {sentence}" for sentence in disagreements(document, made_forms(document))]
    assert found == []


def test_a_hundred_plantings_are_all_found() -> None:
    documents = [document for _cell, document in generated_documents(SAMPLE, seed=21)]
    done = list(plantings(documents, count=100, seed=1))
    assert len(done) == 100 and {plant.form for plant in done} == set(FORMS)
    assert [plant for plant in done if not plant.found_by] == []


def test_a_changed_tier_is_found_in_each_form() -> None:
    quote = golden()["quote_of_usage"]
    forms = made_forms(quote)
    assert disagreements(quote, forms) == []
    for form, was, now in (
        ("json", b'"price":"4.25"', b'"price":"4.26"'), ("csv", b"5;4.25;3.125", b"5;4.25;3.126"), ("csv", b"10;100;", b"10;101;"),
        ("html", b"over 10 TB up to 100 TB: 4.25", b"over 10 TB up to 100 TB: 4.35"), ("html", b"paid in any case, beyond: 1.80", b"paid in any case, beyond: 1.90"),
    ):  # fmt: skip
        assert was in forms[form], (form, was)
        assert disagreements(quote, {form: forms[form].replace(was, now)}), (form, was)
    line = quote.lines[0]
    assert line.quoted_price is not None
    other = replace(line.quoted_price, tiers=(*line.quoted_price.tiers[:-1], Tier(None, Decimal("3.5"))))
    changed = replace(quote, lines=(replace(line, quoted_price=other), *quote.lines[1:]))
    assert any("price" in found for found in disagreements(quote, {"pdf": render_pdf(changed)}))
