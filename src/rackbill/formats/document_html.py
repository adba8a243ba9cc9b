"""A document as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

Made for those who hear a page, enlarge it or read it on a phone: language, headings, tables with captions and scoped headers.
The words and figures are those of the PDF (printed_document); every figure of a table is a `data` element with its exact value.
"""

import base64
import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Any

from rackbill.core.document import Document, DocumentKind, DocumentLine
from rackbill.core.money import decimal_from_minor
from rackbill.formats.brand import PLAIN, Brand
from rackbill.formats.payment_qr import code_svg
from rackbill.formats.printed_document import due_word, printed

Data = dict[str, Any]


@cache
def _file(name: str) -> str:
    return (resources.files("rackbill.formats") / "templates" / name).read_text(encoding="utf-8")


def _style(brand: Brand) -> str:
    return _file("document.css").replace("--accent: currentColor;", f"--accent: {brand.accent};")


def content_policy(brand: Brand = PLAIN) -> str:
    """The page's content security policy: its own style sheet by hash, pictures that it carries itself, nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style(brand).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def render_html(document: Document, *, brand: Brand = PLAIN, language: str = "") -> bytes:
    """The page of a document of any kind, UTF-8; in another language than its own it says of what it is a translation."""
    data = printed(document, language=language)
    body = "\n".join(part for part in _parts(document, data, brand) if part)
    page = Template(_file("document.html")).substitute(
        language=escape(data["language"]), policy=escape(content_policy(brand)), seller=escape(data["seller"]["name"]),
        heading=escape(f"{data['title']} {data['number']}".strip()), style=_style(brand), body=body,
    )  # fmt: skip
    return page.encode()


def _parts(document: Document, data: Data, brand: Brand) -> Iterator[str]:
    yield _seller(data, brand)
    number = f' <span class="id">{escape(data["number"])}</span>' if data["number"] else ""
    yield f"<h1>{escape(data['title'])}{number}</h1>"
    for mark in (data["translation"], data["warning"]):
        if mark:
            yield f'<p class="mark" role="note">{escape(mark)}</p>'
    yield _head(data)
    yield _due(document, data)
    yield from map(_paragraph, data["texts"])
    yield from _overview(document, data)
    yield from map(_paragraph, (*data["exemptions"], *data["notes"]))
    yield from _payment(data)
    if data["lines"]:
        yield _lines(document, data)
    yield from _details_link(data)
    yield _foot(data)


def _seller(data: Data, brand: Brand) -> str:
    name = escape(data["seller"]["name"])
    if not brand.logo:
        return f'<p class="seller">{name}</p>'
    picture = base64.b64encode(brand.logo.encode()).decode()
    return f'<p class="seller"><img class="logo" alt="{name}" src="data:image/svg+xml;base64,{picture}"></p>'


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _head(data: Data) -> str:
    buyer = data["buyer"]
    address = "<br>".join(map(escape, buyer["address"]))
    facts = "".join(
        (f"<dt>{escape(fact['label'])}</dt>" if fact["label"] else "") + f"<dd>{escape(fact['value'])}"
        + (f' <span class="quiet">{escape(fact["note"])}</span>' if fact["note"] else "") + "</dd>"
        for fact in data["facts"]
    )  # fmt: skip
    return (
        f'<div class="head"><div><span class="quiet">{escape(data["to_word"])}</span>'
        f"<address><strong>{escape(buyer['name'])}</strong><br>{address}</address></div><dl>{facts}</dl></div>"
    )


def _due(document: Document, data: Data) -> str:
    """The one figure that matters, with what it is."""
    figure = _figure(data["due_amount"], document.totals.due_minor, document.currency)
    return (
        f'<p class="due"><span>{escape(due_word(data))}</span><strong>{escape(data["currency"])} {figure}</strong></p>'
    )


def _figure(shown: str, minor: int, currency: str) -> str:
    return f'<data value="{decimal_from_minor(minor, currency):f}">{escape(shown)}</data>'


def _table(
    caption: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    is_heading: bool = False,
    strong: Collection[int] = (),
) -> str:
    """Names in the first column, figures in the others; cells are HTML, `strong` are rows that matter most.

    The caption is the section's heading, or for ears alone.
    """
    heads = "".join(
        f'<th scope="col"{_css(place)}>{escape(text)}</th>' for place, text in enumerate(header)
    )  # fmt: skip
    body = "".join(
        f"<tr{_class('strong' if place_of_row in strong else '')}>" + "".join(
            f'<th scope="row">{cell}</th>' if place == 0 else f"<td{_css(place)}>{cell}</td>" for place, cell in enumerate(row)
        ) + "</tr>"
        for place_of_row, row in enumerate(rows)
    )  # fmt: skip
    named = f"<caption><h2>{escape(caption)}</h2>" if is_heading else f'<caption class="unseen">{escape(caption)}'
    return f'<table class="sums">{named}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _css(place: int) -> str:
    return ' class="figure"' if place else ""


def _overview(document: Document, data: Data) -> Iterator[str]:
    words, currency = data["words"], document.currency
    if document.reminded is not None:
        yield _reminded(document, data)
        return
    header = (words["products"], words["lines"], f"{words['net']} {currency}")
    rows = [
        (escape(r["name"]), escape(r["lines"]), _figure(r["net"], r["net_minor"], currency)) for r in data["families"]
    ]
    yield _table(words["what_for"], header, rows, is_heading=True)
    if data["sites"]:
        rows = [
            (escape(r["name"]), escape(r["lines"]), _figure(r["net"], r["net_minor"], currency)) for r in data["sites"]
        ]
        yield _table(words["site"], (words["site"], *header[1:]), rows)
    if data["costs"]:
        rows = [(escape(name), escape(net)) for name, net in data["costs"]]  # type: ignore[misc]
        yield _table(words["costs"], (words["costs"], header[2]), rows)
    yield _totals(document, data)
    yield from _remaining(document, data)
    if data["costs"]:
        yield _paragraph(words["tax_estimate"])
    changes = data["changes"]
    if changes:
        shown = [(escape(r["name"]), escape(r["lines"]), escape(r["net"])) for r in changes["rows"]]
        header = (changes["title"], words["services"], f"{words['difference']} {currency}")
        yield _table(changes["title"], header, shown, is_heading=True)


def _remaining(document: Document, data: Data) -> Iterator[str]:
    """What a credit note leaves of the documents that it corrects."""
    words, currency = data["words"], document.currency
    rows = [
        (_id(r["name"]), _figure(r["net"], r["net_minor"], currency), _figure(r["gross"], r["gross_minor"], currency))
        for r in data["remaining"]
    ]
    if rows:
        header = (words["number"], f"{words['net']} {currency}", f"{words['total']} {currency}")
        yield _table(words["remaining"], header, rows, is_heading=True)
    if data["fully_credited"]:
        yield _paragraph(data["fully_credited"])


def _totals(document: Document, data: Data) -> str:
    words, totals, currency = data["words"], document.totals, document.currency
    rows = [(escape(words["total_net"]), "", _figure(data["net"], totals.net_minor, currency))]
    rows += [
        (escape(shown["label"]), _figure(shown["base"], row.base_minor, currency), _figure(shown["tax"], row.tax_minor, currency))
        for shown, row in zip(data["taxes"], document.tax_subtotals, strict=True)
    ]  # fmt: skip
    rows.append((escape(words["total"]), "", _figure(data["gross"], totals.gross_minor, currency)))
    strong = {len(rows) - 1}
    if data["prepaid"]:
        rows.append((escape(words["prepaid"]), "", _figure(data["prepaid"], -totals.prepaid_minor, currency)))
        rows.append((escape(words["to_pay"]), "", _figure(data["due_amount"], totals.due_minor, currency)))
        strong.add(len(rows) - 1)
    text = _table(words["total"], (words["total"], words["base"], f"{words['amount']} {currency}"), rows, strong=strong)
    books, shown = document.accounting, data["accounting"]
    if books is None:
        return text
    header = (shown["title"], words["net"], words["tax"], words["total"])
    figures = (
        (shown["net"], books.net_minor),
        (shown["tax"], sum(books.tax_minor)),
        (shown["gross"], books.gross_minor),
    )
    row = (escape(shown["rate"]), *(_figure(figure, minor, books.currency) for figure, minor in figures))
    return f"{text}\n{_table(shown['title'], header, [row])}"


def _reminded(document: Document, data: Data) -> str:
    words = data["words"]
    labels = [words["number"], words["issued_on"], words["due_on"], f"{words['total']} {document.currency}",
              f"{words['open']} {document.currency}"]  # fmt: skip
    kinds = ("", "", "", "figure", "figure")
    body = "".join(
        f'<tr role="row"><th role="rowheader" scope="row" data-label="{escape(labels[0])}">{_id(row[0])}</th>'
        + "".join(
            f'<td role="cell"{_class(css)} data-label="{escape(label)}"><span>{escape(text)}</span></td>'
            for label, text, css in zip(labels[1:], row[1:], kinds[1:], strict=True)
        ) + "</tr>"
        for row in data["reminded"]
    )  # fmt: skip
    header = zip(labels, kinds, strict=True)
    return f"{_paragraph(words['overdue_sentence'])}\n{_stacking(words['open_invoices'], list(header), body, css='lines open')}"


def _stacking(
    caption: str, header: Sequence[tuple[str, str]], body: str, *, foot: str = "", remark: str = "", css: str = "lines"
) -> str:
    """A wide table whose rows a narrow screen shows as blocks; the roles keep it a table there."""
    heads = "".join(
        f'<th role="columnheader" scope="col"{_class(kind)}>{escape(text)}</th>' for text, kind in header
    )  # fmt: skip
    foot = f'<tfoot role="rowgroup">{foot}</tfoot>' if foot else ""
    return (
        f'<h2>{escape(caption)}</h2>{remark}<table class="{css}" role="table"><caption class="unseen">{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">{body}</tbody>{foot}</table>'
    )


def _payment(data: Data) -> Iterator[str]:
    payment, words = data["payment"], data["words"]
    if payment is None:
        return
    yield f"<h2>{escape(words['how_to_pay'])}</h2>"
    if payment["sentence"]:
        yield _paragraph(payment["sentence"])
    rows = "".join(
        f"<dt>{escape(row['label'])}</dt><dd{_class('id' if row['is_id'] else '')}>{escape(row['value'])}</dd>"
        for row in payment["rows"]
    )
    if rows:
        yield f"<dl>{rows}</dl>"
    if payment["code"]:
        picture = base64.b64encode(code_svg(payment["code"]).encode()).decode()
        amount = f"{data['currency']} {data['due_amount']}"
        alt = words["payment_code"].format(amount=amount, reference=payment["rows"][-1]["value"])
        yield (
            f'<div class="codes"><figure><img alt="{escape(alt)}" src="data:image/svg+xml;base64,{picture}">'
            f"<figcaption>{escape(words['scan_to_pay'])}</figcaption></figure></div>"
        )


_OFFERS = (DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION)
_FIGURES = frozenset({"quantity", "unit_price", "tax", "amount"})


def _columns(document: Document, data: Data) -> list[str]:
    """The columns of the lines; an offer is about products, whose days are not known before they begin."""
    names = {
        DocumentKind.QUOTE: ["line_number", "product_code", "product"],
        DocumentKind.ORDER_CONFIRMATION: ["line_number", "equipment_id", "contract_position", "product"],
    }.get(document.kind, ["line_number", "equipment_id", "contract_position", "reference", "product", "period"])
    return [*names, "quantity", "unit_price", *(["tax"] if data["shows_tax_of_lines"] else []), "amount"]


def _lines(document: Document, data: Data) -> str:
    words = data["words"]
    columns = _columns(document, data)
    labels = {name: words[name] for name in columns} | {"amount": f"{words['amount']} {document.currency}"}
    body = "".join(
        _line_row(document, line, shown, labels)
        for line, shown in zip(document.lines, data["lines"], strict=True)
    )  # fmt: skip
    total = _figure(data["net"], document.totals.net_minor, document.currency)
    foot = (
        f'<tr role="row"><th role="rowheader" scope="row" colspan="{len(columns) - 1}">{escape(words["total_net"])}</th>'
        f'<td role="cell" class="figure">{total}</td></tr>'
    )
    remark = f'<p class="quiet">{escape(words["former_mark"])}</p>' if data["has_legacy_names"] else ""
    header = [(labels[name], "figure" if name in _FIGURES else "") for name in columns]
    return _stacking(words["details"], header, body, foot=foot, remark=remark)


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""


def _of(column: str) -> str:
    return _class("figure" if column in _FIGURES else "")


def _line_row(document: Document, line: DocumentLine, shown: Data, labels: dict[str, str]) -> str:
    # In print what a line is about stands below its reference, here it has a column, but for offers.
    remarks = shown["remarks"][1:] if shown["product"] and document.kind not in _OFFERS else shown["remarks"]
    reference = escape(shown["reference"])
    last = line.period.end - timedelta(days=1)
    cells = {
        "equipment_id": _id(shown["equipment"]), "product_code": _id(line.subject.product_code),
        "contract_position": _id(shown["contract_position"]),
        "reference": f"<i>{reference} <abbr>†</abbr></i>" if shown["is_legacy"] else reference,
        "product": escape(shown["product"]) + "".join(map(_under, (*remarks, shown["location"]))),
        "period": f'<data value="{line.period.start}/{last}">{escape(shown["period"])}</data>',
        "quantity": escape(shown["quantity"]),
        "unit_price": escape(shown["price"]) + _under(shown["price_note"]),
        "tax": escape(shown["tax"]), "amount": _figure(shown["amount"], line.net_minor, document.currency),
    }  # fmt: skip
    first, *others = labels
    row = [f'<th role="rowheader" scope="row" data-label="{escape(labels[first])}">{escape(shown["position"])}</th>']
    row += [
        f'<td role="cell"{_of(name)} data-label="{escape(labels[name])}"><span>{cells[name]}</span></td>' for name in others
    ]  # fmt: skip
    return f'<tr role="row">{"".join(row)}</tr>'


def _under(text: str) -> str:
    return f'<span class="under">{escape(text)}</span>' if text else ""


def _id(text: str) -> str:
    return f'<span class="id">{escape(text)}</span>'


def _details_link(data: Data) -> Iterator[str]:
    url = data["details_url"]
    if url.startswith("https://"):
        yield f'<p><a href="{escape(url)}">{escape(data["words"]["scan_for_details"])}</a></p>'


def _foot(data: Data) -> str:
    seller, words = data["seller"], data["words"]
    blocks = (
        "<br>".join(map(escape, (seller["name"], *seller["address"]))), "<br>".join(map(escape, seller["numbers"])),
        "<br>".join(map(escape, seller["contact"])),
        f"{escape(words['fingerprint'])} {_id(data['fingerprint'])}",
    )  # fmt: skip
    return "<footer>" + "".join(f"<div>{block}</div>" for block in blocks if block) + "</footer>"
