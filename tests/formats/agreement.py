"""What each form of a document states, read by means of its own, and where it differs from the frozen value.

A statement is facts by name, all texts: days as ISO 8601, amounts as exact decimals. JSON and CSV are read with the standard
library, XML by XPath, the page by its elements, the PDF with pdftotext: none by the code that reads or prints them in the product.
"""

import csv
import io
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from babel.numbers import format_decimal
from lxml import html

from rackbill.core.document import Document, DocumentKind, DocumentLine, QuotedPrice, ReferenceOrigin, reference_shown
from rackbill.core.money import minor_digits
from rackbill.formats import fonts
from rackbill.formats.document_csv import write_document_csv
from rackbill.formats.document_html import render_html
from rackbill.formats.document_json import write_document_json
from rackbill.formats.document_pdf import render_pdf
from rackbill.formats.einvoice import EinvoiceRefused, write_einvoice
from rackbill.formats.printed_document import printed
from rackbill.formats.wording import Wording, wording
from tests.formats.agreement_terms import read_terms, terms_stated

Facts = dict[str, str]
MOST_LINES_IN_PDF = 200
"""A PDF with more lines prints their sums by product and site."""
MOST_REMAINING_IN_PDF = 8
"""What a credit note leaves of more documents than these stands in one row of the PDF; the page and the JSON have each."""
EINVOICES = {"ubl": "en16931-ubl", "cii": "en16931-cii"}


def made_forms(document: Document) -> dict[str, bytes]:
    """Every form that the document has, by name."""
    found = {
        "json": write_document_json(document), "csv": write_document_csv(document), "html": render_html(document),
        "pdf": render_pdf(document),
    }  # fmt: skip
    for name, profile in EINVOICES.items():
        try:
            found[name] = write_einvoice(document, profile)
        except EinvoiceRefused:
            continue
    return found


def disagreements(document: Document, forms: dict[str, bytes]) -> list[str]:
    """One sentence for each fact that a form states otherwise, or does not state."""
    readers: dict[str, Callable[[Document, bytes], Iterator[str]]] = {
        "json": _json, "csv": _csv, "html": _html, "pdf": _pdf, "ubl": _terms, "cii": _terms,
    }  # fmt: skip
    found = []
    for name, content in forms.items():
        try:
            found += [f"{name}: {sentence}" for sentence in readers[name](document, content)]
        except (ValueError, LookupError, ArithmeticError, AttributeError, TypeError) as fault:
            found.append(f"{name}: cannot be read: {type(fault).__name__}: {fault}")
    return found


def amount(minor: int, currency: str) -> str:
    """Minor units as an exact decimal of the currency."""
    return f"{Decimal(minor).scaleb(-minor_digits(currency)):f}"


def last_day(line: DocumentLine) -> date:
    """The last day included."""
    return line.period.end - timedelta(days=1)


def stated(document: Document) -> Facts:
    """The facts of the frozen value that every form states which has a place for them."""
    to, totals, currency = document.bill_to, document.totals, document.currency
    facts = {
        "number": document.number, "kind": document.kind.value, "currency": currency, "issued_on": str(document.issued_on),
        "due_on": str(document.due_on), "customer_id": to.customer_id, "legacy_customer_id": to.legacy_customer_id,
        "billing_group_id": to.billing_group_id, "po_number": to.po_number, "buyer": document.buyer.name,
        "buyer_tax_number": document.buyer.tax_number(), "seller": document.seller.name, "net": amount(totals.net_minor, currency), "tax": amount(totals.tax_minor, currency),
        "gross": amount(totals.gross_minor, currency), "prepaid": amount(totals.prepaid_minor, currency),
        "due": amount(totals.due_minor, currency), "line_count": str(len(document.lines)),
    }  # fmt: skip
    if document.accounting is not None:
        books = document.accounting
        facts |= {
            "accounting_net": amount(books.net_minor, books.currency),
            "accounting_tax": amount(sum(books.tax_minor), books.currency),
            "accounting_gross": amount(books.gross_minor, books.currency),
        }
    for place, row in enumerate(document.tax_subtotals):
        facts[f"tax {place} base"] = amount(row.base_minor, currency)
        facts[f"tax {place} tax"] = amount(row.tax_minor, currency)
    for line in document.lines:
        facts |= {f"line {line.line_number} {name}": text for name, text in _line_facts(line, currency).items()}
    for place, item in enumerate(document.reminded.items if document.reminded else ()):
        facts[f"open {place} number"] = item.number
        facts[f"open {place} issued_on"], facts[f"open {place} due_on"] = str(item.issued_on), str(item.due_on)
        facts[f"open {place} gross"] = amount(item.gross_minor, currency)
        facts[f"open {place} open"] = amount(item.open_minor, currency)
    return facts


def _line_facts(line: DocumentLine, currency: str) -> Facts:
    subject = line.subject
    return {
        "equipment_id": subject.equipment_id, "contract_id": subject.contract_id, "service_id": subject.service_id,
        "reference": subject.reference, "legacy_name": subject.legacy_name, "legacy_id": subject.legacy_id,
        "order_id": subject.order_id, "serial": subject.serial, "location": subject.location, "po_number": subject.po_number,
        "po_line": subject.po_line, "cost_centre": subject.cost_centre, "product_code": subject.product_code,
        "first_day": str(line.period.start), "last_day": str(last_day(line)), "net": amount(line.net_minor, currency),
        "quantity": _plain(line.quantity), "unit_price": _plain(line.unit_price),
        "corrects": line.corrects.number if line.corrects else "",
        **_price_facts(line.quoted_price),
    }  # fmt: skip


def _price_facts(price: QuotedPrice | None) -> Facts:
    """What usage is offered at; the tiers as upper end and price."""
    if price is None:
        return {}
    single = {name: getattr(price, name) for name in _PRICES}
    return {
        "price model": price.model,
        "tiers": " ".join(f"{_plain(t.up_to) if t.up_to is not None else ''}:{_plain(t.price)}" for t in price.tiers),
        **{name: "" if value is None else _plain(value) for name, value in single.items()},
    }


_PRICES = ("package_size", "included", "overage_price", "cap", "minimum")


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _differences(wanted: Facts, found: Facts, *, all_of: set[str]) -> Iterator[str]:
    """Where `found` differs; `all_of` are the names that must be there."""
    for name in sorted(set(found) | all_of):
        if wanted.get(name, "") != found.get(name, ""):
            yield f"{name} is {found.get(name, '')!r}, not {wanted.get(name, '')!r}"


# JSON


def _json(document: Document, content: bytes) -> Iterator[str]:
    wanted = stated(document)
    # Of other documents, so that the CSV, whose rows are lines of this one, does not say it.
    for place, row in enumerate(document.remaining):
        wanted[f"remaining {place} number"] = row.number
        wanted[f"remaining {place} net"] = amount(row.net_minor, document.currency)
        wanted[f"remaining {place} gross"] = amount(row.gross_minor, document.currency)
    yield from _differences(wanted, _json_facts(json.loads(content)), all_of=set(wanted))


def _json_facts(data: dict) -> Facts:  # type: ignore[type-arg]
    to, totals, currency = data["bill_to"], data["totals"], data["currency"]
    facts = {name: str(data.get(name, "")) for name in ("number", "kind", "currency", "issued_on", "due_on")}
    facts |= {name: to.get(name, "") for name in ("customer_id", "legacy_customer_id", "billing_group_id", "po_number")}
    facts |= {name: amount(totals[f"{name}_minor"], currency) for name in ("net", "tax", "gross", "prepaid", "due")}
    facts |= {
        "buyer": data["buyer"]["name"],
        "seller": data["seller"]["name"],
        "line_count": str(len(data.get("lines", []))),
    }
    numbers = [row.get("number", "") for row in data["buyer"].get("tax_registrations", [])]
    facts["buyer_tax_number"] = numbers[0] if numbers else ""
    if data.get("accounting"):
        books = data["accounting"]
        facts["accounting_net"] = amount(books["net_minor"], books["currency"])
        facts["accounting_tax"] = amount(sum(books.get("tax_minor", ())), books["currency"])
        facts["accounting_gross"] = amount(books["gross_minor"], books["currency"])
    for place, row in enumerate(data.get("tax_subtotals", [])):
        facts[f"tax {place} base"] = amount(row["base_minor"], currency)
        facts[f"tax {place} tax"] = amount(row["tax_minor"], currency)
    for line in data.get("lines", []):
        own = {name: line["subject"].get(name, "") for name in _SUBJECT}
        own["first_day"] = line["period"][0]
        own["last_day"] = str(date.fromisoformat(line["period"][1]) - timedelta(days=1))
        own |= {
            "net": amount(line["net_minor"], currency),
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
        }
        own["corrects"] = (line.get("corrects") or {}).get("number", "")
        if price := line.get("quoted_price"):
            own["price model"] = price["model"]
            own["tiers"] = " ".join(f"{tier.get('up_to', '')}:{tier['price']}" for tier in price.get("tiers", []))
            own |= {name: price.get(name, "") for name in _PRICES}
        facts |= {f"line {line['line_number']} {name}": text for name, text in own.items()}
    for place, item in enumerate((data.get("reminded") or {}).get("items", [])):
        own = {"number": item["number"], "issued_on": item["issued_on"], "due_on": item["due_on"]}
        own |= {"gross": amount(item["gross_minor"], currency), "open": amount(item["open_minor"], currency)}
        facts |= {f"open {place} {name}": text for name, text in own.items()}
    for place, row in enumerate(data.get("remaining", [])):
        facts[f"remaining {place} number"] = row["number"]
        facts |= {f"remaining {place} {name}": amount(row[f"{name}_minor"], currency) for name in ("net", "gross")}
    return facts


_SUBJECT = (
    "equipment_id", "contract_id", "service_id", "reference", "legacy_name", "legacy_id", "order_id", "serial", "location",
    "po_number", "po_line", "cost_centre", "product_code",
)  # fmt: skip


# CSV


def _csv(document: Document, content: bytes) -> Iterator[str]:
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    wanted = {name: text for name, text in stated(document).items() if not (name.startswith("tax ") and name != "tax")}
    facts: Facts = {}
    for place, row in enumerate(rows):
        head = {name: _text(row[name]) for name in _CSV_HEAD}
        head["po_number"] = _text(row["document_po_number"])
        head |= {name: row[f"document_{name}"] for name in ("net", "tax", "gross", "prepaid", "due")}
        if row["accounting_currency"]:
            head |= {name: row[name] for name in ("accounting_net", "accounting_tax", "accounting_gross")}
        yield from (
            f"row {place + 1} says {name} otherwise than row 1"
            for name in head
            if facts.get(name, head[name]) != head[name]
        )
        facts |= head
        facts |= _csv_row(row, place)
    facts["line_count"] = str(sum("line_number" in row for row in rows))
    yield from _differences(wanted, facts, all_of=set(wanted))
    if document.lines:
        for column, whole in (("net", "net"), ("tax", "tax"), ("gross", "gross")):
            if sum(Decimal(row[column]) for row in rows) != Decimal(wanted[whole]):
                yield f"the rows' {column} do not sum to {wanted[whole]}"


_CSV_HEAD = (
    "number", "kind", "currency", "issued_on", "due_on", "customer_id", "legacy_customer_id", "billing_group_id", "buyer",
    "buyer_tax_number", "seller",
)  # fmt: skip


def _csv_row(row: dict[str, str], place: int) -> Facts:
    if "open_number" in row:
        names = {
            "number": "open_number",
            "issued_on": "open_issued_on",
            "due_on": "open_due_on",
            "gross": "open_gross",
            "open": "open",
        }
        return {f"open {place} {name}": row[column] for name, column in names.items()}
    own = {name: _text(row[name]) for name in _SUBJECT}
    own |= {name: row[name] for name in ("first_day", "last_day", "net", "quantity", "unit_price")}
    own["corrects"] = row["corrects_number"]
    if row.get("price_model"):
        own["price model"] = row["price_model"]
        ends, prices = row["price_tier_ends"].split(";"), row["price_tiers"].split(";")
        own["tiers"] = " ".join(f"{end}:{price}" for end, price in zip(ends, prices, strict=True) if price)
        own |= {name: row[f"price_{name.removesuffix('_price')}"] for name in _PRICES}
    return {f"line {row['line_number']} {name}": text for name, text in own.items()}


def _text(cell: str) -> str:
    return cell.removeprefix("'")


# XML


def _terms(document: Document, content: bytes) -> Iterator[str]:
    wanted = terms_stated(document)
    yield from _differences(wanted, read_terms(content), all_of=set(wanted))


# What is printed: amounts as CLDR writes them, worked out here once more.


def shown_amount(minor: int, currency: str, words: Wording) -> str:
    """An amount in print, blanks left out."""
    digits = minor_digits(currency)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(Decimal(minor).scaleb(-digits), format=pattern, locale=words.locale)
    return tight(text.replace("-", "−"))


def tight(text: str) -> str:
    """Without any blank: how a text is broken and spaced is a matter of layout."""
    return "".join(text.split())


def _reference(line: DocumentLine) -> str:
    shown, origin = reference_shown(line.subject)
    if origin is ReferenceOrigin.EQUIPMENT_ID or not shown:
        return "–"
    return shown + (" †" if origin is ReferenceOrigin.LEGACY_NAME else "")


def _contract(line: DocumentLine) -> str:
    """Contract ID and the position in it, which is the end of the service ID."""
    position = line.subject.service_id[8:].lstrip("0") if len(line.subject.service_id) == 14 else ""
    return " / ".join(part for part in (line.subject.contract_id, position) if part)


def _identified(document: Document, line: DocumentLine) -> list[str]:
    """The cells of a line that name it; an offer is about products, and shows no reference as such."""
    subject = line.subject
    if document.kind is DocumentKind.QUOTE:
        return [str(line.line_number), subject.product_code]
    cells = [str(line.line_number), subject.equipment_id or "–", _contract(line)]
    return cells if document.kind is DocumentKind.ORDER_CONFIRMATION else [*cells, _reference(line)]


def _prices_shown(document: Document, line: DocumentLine, words: Wording) -> list[str]:
    """Every figure of an offer of usage in print, in the order in which a reader meets them."""
    price = line.quoted_price
    if price is None:
        return []
    found: list[str] = []
    for tier in price.tiers:
        ends = [] if tier.up_to is None else [_shown_number(tier.up_to, "#,##0.######", words)]
        found += [*ends, _shown_number(tier.price, _price_pattern(document), words)]
    for name in ("package_size", "included"):
        value = getattr(price, name)
        found += [] if value is None else [_shown_number(value, "#,##0.######", words)]
    for name in ("overage_price", "cap", "minimum"):
        value = getattr(price, name)
        found += [] if value is None else [_shown_number(value, _price_pattern(document), words)]
    return found


def _price_pattern(document: Document) -> str:
    digits = minor_digits(document.currency)
    return "#,##0." + "0" * digits + "#" * (6 - digits)


def _shown_number(value: Decimal, pattern: str, words: Wording) -> str:
    return str(format_decimal(value, format=pattern, locale=words.locale))


def _in_order(text: str, wanted: list[str]) -> bool:
    at = 0
    for piece in wanted:
        found = text.find(tight(piece), at)
        if found < 0:
            return False
        at = found + len(tight(piece))
    return True


def _days_shown(document: Document, line: DocumentLine, words: Wording) -> str:
    """The period in print; an offer shows none, for nothing has begun."""
    return "" if document.kind in (DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION) else words.period(line.period)


def _total_rows(document: Document, words: Wording) -> Iterator[tuple[str, ...]]:
    """The cells of the table of totals that state a figure."""
    totals, currency = document.totals, document.currency
    yield words.word("total_net"), shown_amount(totals.net_minor, currency, words)
    for row in document.tax_subtotals:
        yield shown_amount(row.base_minor, currency, words), shown_amount(row.tax_minor, currency, words)
    yield words.word("total"), shown_amount(totals.gross_minor, currency, words)
    if totals.prepaid_minor:
        yield words.word("prepaid"), shown_amount(-totals.prepaid_minor, currency, words)
        yield words.word("to_pay"), shown_amount(totals.due_minor, currency, words)


# The page


def _html(document: Document, content: bytes) -> Iterator[str]:
    words = wording(document.language)
    root = html.document_fromstring(content.decode())
    if root.get("lang") != words.language:
        yield f"lang is {root.get('lang')!r}"
    head = " ".join(element.text_content() for element in root.xpath("//h1"))
    if not head.endswith(document.number):
        yield f"the heading is {head!r}"
    pairs = {dt.text_content(): tight(dt.getnext().text_content()) for dt in root.xpath("//dl/dt")}
    yield from _told_too_much(document, tight(root.text_content()))
    for label, value in (*_facts_shown(document, words), *_debit_shown(document, words)):
        if pairs.get(label) != tight(value):
            yield f"{label} is {pairs.get(label)!r}, not {tight(value)!r}"
    if document.buyer.name not in [element.text_content() for element in root.xpath("//address/strong")]:
        yield "the buyer has another name"
    (due,) = root.xpath("//p[@class='due']/strong")
    if tight(due.text_content()) != document.currency + shown_amount(
        document.totals.due_minor, document.currency, words
    ):
        yield f"the amount is {due.text_content()!r}"
    yield from _html_lines(document, root, words)
    yield from _html_totals(document, root, words)
    yield from _html_open(document, root, words)
    yield from _html_remaining(document, root, words)
    yield from _html_data(root, words)


def _facts_shown(document: Document, words: Wording) -> Iterator[tuple[str, str]]:
    to = document.bill_to
    formerly = words.word("formerly", old=to.legacy_customer_id) if to.legacy_customer_id else ""
    yield words.word("issued_on"), words.day(document.issued_on)
    yield words.word("customer_id"), f"{to.customer_id} {formerly}"
    if document.kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        yield words.word("period"), words.period(document.period)
    if to.billing_group_name:
        yield words.word("billing_group"), f"{to.billing_group_name} {to.billing_group_id}"
    tax_number = document.buyer.tax_number() if document.kind is not DocumentKind.REMINDER else ""
    named = (("tax_number", tax_number), ("po_number", to.po_number), ("cost_centre", to.cost_centre))
    for key, value in named:
        if value:
            yield words.word(key), value


def _debit_shown(document: Document, words: Wording) -> Iterator[tuple[str, str]]:
    """Of the account that is debited a page shows the end alone."""
    means, account = document.payment, tight(document.payment.debited_account)
    if document.kind is DocumentKind.INVOICE and document.totals.due_minor > 0 and means.mandate_reference:
        if account:
            yield words.word("debited_account"), f"•••• {account[-4:]}"
        if means.creditor_id:
            yield words.word("creditor_id"), means.creditor_id


def _told_too_much(document: Document, text: str) -> Iterator[str]:
    account = tight(document.payment.debited_account)
    if account and account in text:
        yield "the whole number of the debited account is there"


def _html_lines(document: Document, root: html.HtmlElement, words: Wording) -> Iterator[str]:
    rows = root.xpath("//table[@class='lines']/tbody/tr")
    if len(rows) != len(document.lines):
        yield f"{len(rows)} lines, not {len(document.lines)}"
        return
    for line, row in zip(document.lines, rows, strict=True):
        cells = [tight(cell.text_content()) for cell in row]
        period = row.xpath(".//data[contains(@value, '/')]")
        wanted = [tight(text) for text in _identified(document, line)]
        about, when = cells[len(wanted)], _days_shown(document, line, words)
        if cells[: len(wanted)] != wanted:
            yield f"line {line.line_number} is named {cells[: len(wanted)]}, not {wanted}"
        if not about.startswith(tight(line.subject.description)) or not about.endswith(tight(line.subject.location)):
            yield f"line {line.line_number} is about {about!r}"
        if not _in_order(about, _prices_shown(document, line, words)):
            yield f"line {line.line_number} tells {about!r} of its prices {_prices_shown(document, line, words)}"
        if when and cells[len(wanted) + 1] != tight(when):
            yield f"line {line.line_number} is for {cells[len(wanted) + 1]!r}"
        if cells[-1] != shown_amount(line.net_minor, document.currency, words):
            yield f"line {line.line_number} amount is {cells[-1]!r}"
        if [item.get("value") for item in period] != ([f"{line.period.start}/{last_day(line)}"] if when else []):
            yield f"line {line.line_number} has another period for programs"


def _html_totals(document: Document, root: html.HtmlElement, words: Wording) -> Iterator[str]:
    if not document.lines:
        return
    rows = [
        tight("".join(tr.itertext()))
        for tr in root.xpath("//table[@class='sums']/tbody/tr | //table[@class='lines']/tfoot/tr")
    ]
    for cells in _total_rows(document, words):
        if not any(row.endswith(tight("".join(cells))) for row in rows):
            yield f"no row ends with {cells}"
    foot = root.xpath("//table[@class='lines']/tfoot//td")[0].text_content()
    if tight(foot) != shown_amount(document.totals.net_minor, document.currency, words):
        yield f"the lines' total is {foot!r}"
    if document.accounting is not None:
        books = document.accounting
        cells = tuple(
            shown_amount(m, books.currency, words) for m in (books.net_minor, sum(books.tax_minor), books.gross_minor)
        )
        if not any(row.endswith("".join(cells)) for row in rows):
            yield f"no row ends with {cells}"


def _html_open(document: Document, root: html.HtmlElement, words: Wording) -> Iterator[str]:
    if document.reminded is None:
        return
    rows = [[tight(cell.text_content()) for cell in tr] for tr in root.xpath("//table[@class='lines open']/tbody/tr")]
    if rows != [list(map(tight, cells)) for cells in _open_rows(document, words)]:
        yield f"what is open is {rows}"


def _remaining_rows(document: Document, words: Wording) -> list[tuple[str, ...]]:
    """Number, net and gross of each document that a credit note leaves something of."""
    return [
        (row.number, *(shown_amount(minor, document.currency, words) for minor in (row.net_minor, row.gross_minor)))
        for row in document.remaining if row.net_minor or row.gross_minor
    ]  # fmt: skip


def _fully_credited(document: Document, words: Wording) -> str:
    gone = [row.number for row in document.remaining if not (row.net_minor or row.gross_minor)]
    return words.word("fully_credited", numbers=", ".join(gone)) if gone else ""


def _html_remaining(document: Document, root: html.HtmlElement, words: Wording) -> Iterator[str]:
    tables = root.xpath("//table[@class='sums'][caption/h2[text()=$title]]/tbody", title=words.word("remaining"))
    rows = [tuple(tight(cell.text_content()) for cell in tr) for body in tables for tr in body]
    if rows != _remaining_rows(document, words):
        yield f"what is left is {rows}"
    gone = _fully_credited(document, words)
    if gone and gone not in [p.text_content() for p in root.xpath("//p")]:
        yield f"{gone!r} is not there"


def _open_rows(document: Document, words: Wording) -> Iterator[tuple[str, ...]]:
    items = document.reminded.items if document.reminded else ()
    for item in sorted(items, key=lambda item: (item.due_on, item.number)):
        yield (
            item.number, words.day(item.issued_on), words.day(item.due_on),
            shown_amount(item.gross_minor, document.currency, words), shown_amount(item.open_minor, document.currency, words),
        )  # fmt: skip


def _html_data(root: html.HtmlElement, words: Wording) -> Iterator[str]:
    """Every figure that is written twice, for people and for programs, is the same twice."""
    for element in root.xpath("//data[not(contains(@value, '/'))]"):
        value = Decimal(element.get("value"))
        exponent = value.as_tuple().exponent
        digits = -exponent if isinstance(exponent, int) else 0
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        text = tight(format_decimal(value, format=pattern, locale=words.locale).replace("-", "−"))
        if tight(element.text_content()) != text:
            yield f"{element.text_content()!r} is {element.get('value')!r} for programs"


# The PDF


def pdf_text(content: bytes) -> str:
    """What pdftotext reads, in the order of the page's content, without blanks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.pdf"
        path.write_bytes(content)
        done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, text=True, check=True)
    return tight(done.stdout)


def pdf_texts(document: Document) -> list[tuple[str, str]]:
    """What the PDF must say: (what it is, the text without blanks), each an unbroken run of cells."""
    return [*_pdf_head(document), *_pdf_rows(document), *_pdf_totals(document)]


def _pdf(document: Document, content: bytes) -> Iterator[str]:
    text = pdf_text(content)
    debit = [(label, label + value) for label, value in _debit_shown(document, wording(document.language))]
    yield from _told_too_much(document, text)
    for group in (_pdf_head(document), _pdf_rows(document), _pdf_totals(document), debit):
        at = 0
        for name, shown in group:
            wanted = tight(fonts.printable(shown) if fonts.uncovered_characters(shown) else shown)
            found = text.find(wanted, at)
            if found < 0:
                yield f"{name}: {wanted!r} is not there"
            else:
                at = found + len(wanted)
    yield from _carried(document, text)


def _carried(document: Document, text: str) -> Iterator[str]:
    """What is carried from page to page is the sum of the lines up to there."""
    words = wording(document.language)
    together, sums = 0, []
    for line in document.lines:
        together += line.net_minor
        sums.append(shown_amount(together, document.currency, words))
    for key in ("carried_forward", "brought_forward"):
        for rest in text.split(tight(words.word(key)))[1:]:
            if not rest.startswith(tuple(sums)):
                yield f"{key} is followed by {rest[:20]!r}"


def _pdf_head(document: Document) -> Iterator[tuple[str, str]]:
    words = wording(document.language)
    data = printed(document)
    yield "heading", f"{data['title']} {document.number}"
    yield "buyer", document.buyer.name
    for label, value in sorted(_facts_shown(document, words), key=lambda pair: _order(data, pair[0])):
        yield label, label + value
    yield "amount", f"{document.currency} {shown_amount(document.totals.due_minor, document.currency, words)}"


def _order(data: dict, label: str) -> int:  # type: ignore[type-arg]
    return [fact["label"] for fact in data["facts"]].index(label)


def _pdf_rows(document: Document) -> Iterator[tuple[str, str]]:
    words = wording(document.language)
    for cells in _open_rows(document, words):
        yield f"open {cells[0]}", "".join(cells)
    if len(document.lines) > MOST_LINES_IN_PDF:
        return
    for line, shown in zip(document.lines, printed(document)["lines"], strict=True):
        name = f"line {line.line_number}"
        yield name, "".join((*_identified(document, line), line.subject.description))
        for price in _prices_shown(document, line, words):
            yield f"{name} price", price
        amounts = (_days_shown(document, line, words), line.subject.location, shown["quantity"], shown["price"], shown["price_note"],
                   shown_amount(line.net_minor, document.currency, words))  # fmt: skip
        yield name, "".join(amounts)


def _pdf_totals(document: Document) -> Iterator[tuple[str, str]]:
    words = wording(document.language)
    if not document.lines:
        return
    remaining = _remaining_rows(document, words)
    shown, others = remaining[:MOST_REMAINING_IN_PDF], remaining[MOST_REMAINING_IN_PDF:]
    for cells in shown:
        yield f"left of {cells[0]}", "".join(cells)
    if others:
        yield "left of others", words.word("others")
    for cells in _total_rows(document, words):
        yield "totals", "".join(cells)
    books = document.accounting
    if books is not None:
        minors = (books.net_minor, sum(books.tax_minor), books.gross_minor)
        yield "totals in the books", "".join(shown_amount(minor, books.currency, words) for minor in minors)
    if gone := _fully_credited(document, words):
        yield "fully credited", gone
