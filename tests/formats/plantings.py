"""One character or one cent changed in one form of a document, at a place that states an identifier, a period or an amount."""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from lxml import etree, html

from rackbill.core.document import Document
from rackbill.formats import document_pdf
from tests.formats.agreement import MOST_LINES_IN_PDF, MOST_REMAINING_IN_PDF, disagreements, made_forms
from tests.formats.agreement_terms import _CII, _UBL, HEAD, LINE, LINES

FORMS = ("json", "csv", "html", "pdf", "ubl", "cii")


@dataclass(frozen=True, slots=True)
class Planting:
    """A change in one form of a document, and the sentence by which the comparison found it; empty where it did not."""

    number: str
    form: str
    what: str
    found_by: str


def plantings(documents: Sequence[Document], *, count: int, seed: int) -> Iterator[Planting]:
    """So many changes, form after form, each in a document drawn at random and compared alone."""
    done = 0
    for place in itertools.count():
        if done == count:
            return
        rng, form = Random(f"{seed}/{place}"), FORMS[place % len(FORMS)]
        document = rng.choice(documents)
        content = made_forms(document).get(form)
        if content is None:
            continue
        changed, what = planted(document, form, content, rng)
        if changed == content:
            raise ValueError(f"nothing was changed in {form} of {document.number}: {what}")
        done += 1
        found = disagreements(document, {form: changed})
        yield Planting(document.number, form, what, found[0] if found else "")


Planted = tuple[bytes, str]
"""The form with its change, and what was changed."""


def altered(text: str, rng: Random) -> str:
    """The text with one letter or digit changed into another."""
    places = [place for place, letter in enumerate(text) if letter.isascii() and letter.isalnum()]
    place = rng.choice(places)
    letter = text[place]
    other = str((int(letter) + rng.randrange(1, 10)) % 10) if letter.isdigit() else ("x" if letter != "x" else "y")
    return text[:place] + other + text[place + 1 :]


def has_letter(text: str) -> bool:
    """Whether there is something to change."""
    return any(letter.isascii() and letter.isalnum() for letter in text)


def planted(document: Document, form: str, content: bytes, rng: Random) -> Planted:
    """The form with one thing changed."""
    ways: dict[str, Callable[[], Planted]] = {
        "json": lambda: _json(content, rng), "csv": lambda: _csv(content, rng), "html": lambda: _html(content, rng),
        "pdf": lambda: _pdf(document, rng), "ubl": lambda: _xml(content, rng, 0), "cii": lambda: _xml(content, rng, 1),
    }  # fmt: skip
    return ways[form]()


_JSON_NAMES = {
    "number", "issued_on", "due_on", "customer_id", "legacy_customer_id", "billing_group_id", "po_number", "equipment_id",
    "contract_id", "service_id", "reference", "legacy_name", "legacy_id", "order_id", "serial", "location", "po_line",
    "cost_centre", "product_code", "quantity", "unit_price", "net_minor", "tax_minor", "gross_minor", "due_minor",
    "prepaid_minor", "base_minor", "open_minor",
}  # fmt: skip


def _leaves(value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """(holder, key, path) of every text and whole number that states a fact."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        where = f"{path}.{key}"
        is_fact = key in _JSON_NAMES or ".period." in where or ".tax_minor." in where
        # The reference of the payer and what the last invoice was are no facts of every form.
        if any(
            part in where
            for part in (".payment.", ".previous.", ".changes.", ".bill_to.cost_centre", ".corrects.", ".seller.")
        ):
            continue
        if isinstance(item, dict | list):
            yield from _leaves(item, where)
        elif is_fact and (isinstance(item, int) or has_letter(str(item))):
            yield value, key, where


def _json(content: bytes, rng: Random) -> Planted:
    data = json.loads(content)
    holder, key, path = rng.choice(list(_leaves(data, "")))
    before = holder[key]
    holder[key] = before + rng.choice((-1, 1)) if isinstance(before, int) else altered(before, rng)
    changed = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return changed, f"{path}: {before!r} became {holder[key]!r}"


_CSV_OTHERS = {
    "csv_version", "document_uuid", "sales_organisation_id", "seller_tax_number", "billing_group",
    "document_cost_centre", "buyer_reference", "project_reference", "product_id", "description", "unit", "price_base_quantity",
    "discount", "discount_reasons", "tax_regimes", "tax_jurisdictions", "tax_categories", "tax_rates", "exemption_codes",
    "corrects_issued_on", "corrects_line", "measured_quantity", "measured_unit", "measured_included", "measured_method",
    "measured_samples", "samples_sha256", "accounting_currency", "accounting_rate", "accounting_rate_on",
}  # fmt: skip
"""Columns that other forms do not state in the same words."""


def _csv(content: bytes, rng: Random) -> Planted:
    header, *rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    row = rng.choice(rows)
    places = [i for i, name in enumerate(header) if name not in _CSV_OTHERS and has_letter(row[i])]
    place = rng.choice(places)
    before, row[place] = row[place], altered(row[place], rng)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode(), f"{header[place]}: {before!r} became {row[place]!r}"


def _xml(content: bytes, rng: Random, side: int) -> Planted:
    root = etree.fromstring(content)
    names = (_UBL, _CII)[side]
    blocks = [(root, HEAD)] + [(line, LINE) for line in root.xpath(LINES[side], namespaces=names)]
    found = [
        element
        for block, table in blocks
        for paths in table.values()
        for element in block.xpath(paths[side], namespaces=names)
        if not isinstance(element, str) and has_letter(element.text or "")
    ]
    element = rng.choice(found)
    before, element.text = element.text, altered(element.text, rng)
    return etree.tostring(
        root, encoding="utf-8"
    ), f"{element.tag.rpartition('}')[2]}: {before!r} became {element.text!r}"


_HTML_PLACES = (
    "//h1/span[@class='id']", "//address/strong", "//p[@class='due']/strong", "//p[@class='due']/strong/data",
    "//table[@class='lines']//span[@class='id']", "//table[@class='lines']//data", "//table[@class='sums']//data",
    "//table[@class='sums']//span[@class='id']",
)  # fmt: skip


def _html(content: bytes, rng: Random) -> Planted:
    root = html.document_fromstring(content.decode())
    places = [e for path in _HTML_PLACES for e in root.xpath(path) if has_letter(e.text or "")]
    element = rng.choice(places)
    value = element.get("value")
    if value is not None and rng.random() < 0.3:
        element.set("value", altered(value, rng))
        what = f"value {value!r} became {element.get('value')!r}"
    else:
        before, element.text = element.text, altered(element.text, rng)
        what = f"<{element.tag}> {before!r} became {element.text!r}"
    return html.tostring(root, encoding="unicode", doctype="<!doctype html>").encode(), what


def _pdf(document: Document, rng: Random) -> Planted:
    """The PDF typeset from words of which one has another letter, as a fault in the layout would."""
    told = []
    real = document_pdf.laid_out

    def faulty(*arguments: Any) -> dict[str, Any]:
        data = real(*arguments)
        holder, key = rng.choice(list(_printed_places(document, data)))
        before = holder[key]
        holder[key] = altered(before, rng)
        told.append(f"{before!r} became {holder[key]!r}")
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_pdf, "laid_out", faulty)
        return document_pdf.render_pdf(document), told[0]


_CELLS = (1, 2, 3, 5, 11)
"""Equipment, contract, reference, period, amount in the cells of a printed row."""


def _printed_places(document: Document, data: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    yield data, "number"
    yield data, "due_amount"
    for row in data["totals"]:
        yield from ((row["cells"], place) for place in (1, 2) if has_letter(row["cells"][place]))
    if any(row.net_minor or row.gross_minor for row in document.remaining):
        yield from ((row, place) for row in data["sides"][0]["rows"][:MOST_REMAINING_IN_PDF] for place in range(3))
    if len(document.lines) > MOST_LINES_IN_PDF:
        return
    for page in data["pages"]:
        for row in page["rows"]:
            yield from ((row["cells"], place) for place in _CELLS if has_letter(row["cells"][place]))
