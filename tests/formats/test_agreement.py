"""All forms of a document state the same identifiers, periods and amounts to the cent; a form that differs is found."""

import shutil
from pathlib import Path

import pytest

from rackbill.core.document import DocumentKind, document_from_canonical
from tests.formats.agreement import disagreements, made_forms
from tests.formats.plantings import FORMS, plantings
from tests.golden.make import FOLDER
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
