"""The blocks of page one as tables, sentences and a band at the foot, each with its height in hundredths of a point."""

from collections.abc import Sequence
from typing import Any

from rackbill.core.document import Document, DocumentKind
from rackbill.formats import payment_qr
from rackbill.formats.printed_document.pages import BODY, MM, SMALL, TEXT
from rackbill.formats.text_width import line_width, wrapped
from rackbill.formats.wording import Wording

ROW, HEADING_ROW = 46 * MM // 10, 5 * MM
GAP = 4 * MM
BAND = 34 * MM
_SENTENCE, _BETWEEN = 952, 600
_WIDTH = 174 * MM
_GROUPS_OF_PAGE = 46
_MOST_REMAINING = 8
_CODE, _BETWEEN_CODES = 6520, 6 * MM
Table = dict[str, Any]


def table(widths: Sequence[int], header: Sequence[str], rows: Sequence[Sequence[str]], *, names: int = 1) -> Table:
    """A table of so many columns of names and then figures; widths in mm, 0 takes what is left."""
    return {"widths": list(widths), "header": list(header), "rows": [list(row) for row in rows], "names": names}


def height(value: Table | None) -> int:
    """Of a table."""
    return 0 if value is None else HEADING_ROW + ROW * len(value["rows"])


def families(data: dict[str, Any], words: Wording, *, room: int) -> Table:
    """What it is for, by product family; what does not fit is summed up in the last row."""
    rows = data["families"]
    most = max((room - HEADING_ROW) // ROW, 3)
    shown = [(row["name"], row["lines"], row["net"]) for row in rows[:most]]
    if len(rows) > most:
        kept = rows[: most - 1]
        rest = rows[most - 1 :]
        shown = [(row["name"], row["lines"], row["net"]) for row in kept]
        shown.append((words.word("others"), str(sum(int(row["lines"]) for row in rest)), words.amount(
            sum(row["net_minor"] for row in rest), data["currency"])))  # fmt: skip
    return table((0, 22, 28), (words.word("products"), words.word("lines"), words.word("net")), shown)


def reminded(data: dict[str, Any], words: Wording, *, room: int) -> list[Table | None]:
    """The open documents of a reminder: what fits on page one, and the rest in tables of one page each."""
    rows = data["reminded"]
    if not rows:
        return [None]
    header = [words.word(key) for key in ("open_invoices", "issued_on", "due_on", "total", "open")]
    first = max((room - HEADING_ROW) // ROW, 1)
    parts = [rows[:first], *(rows[i : i + _GROUPS_OF_PAGE] for i in range(first, len(rows), _GROUPS_OF_PAGE))]
    return [table((0, 38, 38, 28, 28), header, part, names=3) for part in parts]


def grouped(data: dict[str, Any], words: Wording) -> list[Table]:
    """The groups of a very long document, in tables of one page each."""
    header = [words.word(key) for key in ("products", "site", "lines", "net")]
    rows = [(*row["name"].split("\n", 1), row["lines"], row["net"]) for row in data["groups"]]
    return [
        table((0, 50, 22, 28), header, rows[i : i + _GROUPS_OF_PAGE], names=2)
        for i in range(0, len(rows), _GROUPS_OF_PAGE)
    ]


def sides(data: dict[str, Any], words: Wording) -> list[Table]:
    """What changed since the last invoice, what a credit note leaves of another, and the sums by site."""
    found = []
    if data["remaining"]:
        found.append(_remaining(data, words))
    if data["costs"]:
        found.append(table((0, 28), (words.word("costs"), data["currency"]), data["costs"]))
    if data["changes"] is not None:
        rows = [(row["name"], row["lines"], row["net"]) for row in data["changes"]["rows"]]
        found.append(
            table((0, 16, 24), (data["changes"]["title"], words.word("services"), words.word("difference")), rows)
        )
    if data["sites"]:
        rows = [(row["name"], row["lines"], row["net"]) for row in data["sites"][:8]]
        found.append(table((0, 16, 24), (words.word("site"), words.word("lines"), words.word("net")), rows))
    return found


def _remaining(data: dict[str, Any], words: Wording) -> Table:
    rows = data["remaining"]
    shown = [(row["name"], row["net"], row["gross"]) for row in rows[:_MOST_REMAINING]]
    if rest := rows[_MOST_REMAINING:]:
        net, gross = (
            words.amount(sum(row[f"{name}_minor"] for row in rest), data["currency"]) for name in ("net", "gross")
        )
        shown.append((words.word("others"), net, gross))
    return table((0, 22, 22), (words.word("remaining"), words.word("net"), words.word("total")), shown)


def totals(data: dict[str, Any], words: Wording) -> list[dict[str, Any]]:
    """Net, each tax on its base, total; what was paid before and what is left. A reminder has its sum above."""
    if data["reminded"]:
        return []
    rows = [_total(words.word("total_net"), "", data["net"])]
    rows += [_total(row["label"], row["base"], row["tax"]) for row in data["taxes"]]
    rows.append(_total(words.word("total"), "", data["gross"], strong=True))
    if data["prepaid"]:
        rows.append(_total(words.word("prepaid"), "", data["prepaid"]))
        rows.append(_total(words.word("to_pay"), "", data["due_amount"], strong=True))
    return rows


def _total(label: str, base: str, value: str, *, strong: bool = False) -> dict[str, Any]:
    return {"cells": [label, base, value], "strong": strong}


def accounting(data: dict[str, Any], words: Wording) -> Table | None:
    """The same sums in the seller's own currency."""
    row = data["accounting"]
    if row is None:
        return None
    header = (row["title"], words.word("net"), words.word("tax"), words.word("total"))
    return table((0, 22, 22, 22), header, [("", row["net"], row["tax"], row["gross"])])


def sentences_height(sentences: Sequence[str]) -> int:
    """Of paragraphs over the whole width."""
    return 3 * MM * bool(sentences) + sum(_SENTENCE * len(wrapped(text, _WIDTH, TEXT)) + _BETWEEN for text in sentences)


def sentence_pages(sentences: Sequence[str]) -> list[list[str]]:
    """Paragraphs that page one has no room for, in portions of one page each."""
    found: list[list[str]] = []
    left = 0
    for text in sentences:
        lines = list(wrapped(text, _WIDTH, TEXT))
        while lines:
            if left < _SENTENCE + _BETWEEN:
                found.append([])
                left = BODY
            most = max((left - _BETWEEN) // _SENTENCE, 1)
            found[-1].append("\n".join(lines[:most]))
            left -= len(lines[:most]) * _SENTENCE + _BETWEEN
            lines = lines[most:]
    return found


def codes(document: Document, data: dict[str, Any], words: Wording) -> list[dict[str, Any]]:
    """The payment code and the link to the lines."""
    found = []
    payment = data["payment"]
    if payment is not None and payment["code"]:
        amount = f"{data['currency']} {data['due_amount']}"
        alt = words.word("payment_code", amount=amount, reference=payment_qr.payment_reference(document))
        found.append(_code(payment["code"], words.word("scan_to_pay"), alt))
    url = data["details_url"]
    if url:
        found.append(_code(url, words.word("scan_for_details"), words.word("details_code", url=url), link=url))
    return found


def _code(payload: str, caption: str, alt: str, *, link: str = "") -> dict[str, Any]:
    width = max(_CODE, line_width(caption, SMALL))
    return {"svg": payment_qr.code_svg(payload), "caption": caption, "alt": alt, "link": link, "width": width}


def codes_width(codes: Sequence[dict[str, Any]]) -> int:
    """Of codes beside one another; known beforehand, or the typesetter lays each out twice to find it."""
    widths: list[int] = [code["width"] for code in codes]
    return sum(widths) + _BETWEEN_CODES * max(len(codes) - 1, 0)


def accept(document: Document, words: Wording) -> dict[str, Any] | None:
    """Where the buyer of a quote signs and enters the own order number."""
    if document.kind is not DocumentKind.QUOTE or document.quoted is None:
        return None
    until = document.quoted.valid_until
    return {
        "title": words.word("accept"),
        "sentence": words.word("accept_by", date=words.day(until)) if until else "",
        "fields": [words.word("your_po"), words.word("signer"), words.word("signature")],
    }
