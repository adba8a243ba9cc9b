"""The printed document as the PDF template wants it: its pages, with every text folded and every height known."""

from typing import Any

from rackbill.core.document import Document, DocumentKind
from rackbill.formats.brand import Brand
from rackbill.formats.printed_document import blocks, pages
from rackbill.formats.printed_document.labels import due_word
from rackbill.formats.printed_document.pages import MM, TEXT
from rackbill.formats.text_width import wrapped
from rackbill.formats.wording import Wording, wording

_HEAD, _DUE_BAR, _BEFORE_TOTALS = 29 * MM, 26 * MM, 2 * MM
_FACT_VALUE = 54 * MM
_ADDRESS = 80 * MM
_MOST_OF_ID, _MOST_BESIDE_NOTE = 29, 14
_IDENTIFIERS = (
    "customer_id",
    "tax_number",
    "po_number",
    "buyer_reference",
    "order_id",
    "quote_number",
    "corrected_documents",
)
_FACT, _STEP = 1302, 952
_SPARE = 3 * MM
_LEAST_ROOM = blocks.HEADING_ROW + 4 * blocks.ROW
_PASSED_ON = ("language", "title", "number", "translation", "seller", "currency", "due_amount")


def laid_out(document: Document, data: dict[str, Any], brand: Brand) -> dict[str, Any]:
    """What the template places."""
    words = wording(data["language"])
    head = _head(document, data, words)
    foot = _foot_of_overview(document, data, words)
    room = pages.BODY - _HEAD - head["address_height"] - _DUE_BAR - foot.pop("height") - _SPARE
    too_long: list[str] = []
    if room < _LEAST_ROOM:
        too_long, foot["sentences"] = foot["sentences"], []
        room += blocks.sentences_height(too_long)
    planned, fits = _planned(document, data, room)
    summary, *more = blocks.reminded(data, words, room=room)
    if summary is None and not fits:
        summary = blocks.families(data, words, room=room)
    shown = [_page(page, document, words) for page in planned]
    if fits:
        shown[0]["carried"] = ""
    else:
        shown.insert(0, _page(pages.Page(carried_minor=0), document, words) | {"carried": ""})
        _head_details(shown[1:], data, words)
    none = _page(pages.Page(carried_minor=0), document, words) | {"carried": ""}
    shown += [none | {"groups": part} for part in more]
    shown += [none | {"sentences": part} for part in blocks.sentence_pages(too_long)]
    _number(shown, data, words)
    line_header, header_height = pages.header(_line_header(document, data, words))
    return {
        **{key: data[key] for key in _PASSED_ON},
        **head,
        **foot,
        "document_title": f"{data['title']} {data['number']}".strip(),
        "accent": brand.accent,
        "has_logo": bool(brand.logo),
        "brought_word": words.word("brought_forward"),
        "summary": summary,
        "line_header": line_header,
        "header_height": header_height,
        "pages": shown,
    }


def _head_details(shown: list[dict[str, Any]], data: dict[str, Any], words: Wording) -> None:
    if data["groups"]:
        shown[0]["heading"] = words.word("summed_up")
        shown[0]["remark"] = words.word("many_lines", count=len(data["lines"]))
        for page, groups in zip(shown, blocks.grouped(data, words), strict=True):
            page["groups"] = groups
        return
    shown[0]["heading"] = words.word("details")
    shown[0]["remark"] = words.word("former_mark") if data["has_legacy_names"] else ""


def _planned(document: Document, data: dict[str, Any], room: int) -> tuple[list[pages.Page], bool]:
    """The lines on pages, and whether all of them stand on page one. A reminder has none, a very long document its groups."""
    if data["groups"]:
        return [pages.Page(carried_minor=0) for _ in blocks.grouped(data, wording(data["language"]))], False
    _texts, header = pages.header(_line_header(document, data, wording(data["language"])))
    rows = [pages.row(line, shows_tax=data["shows_tax_of_lines"]) for line in data["lines"]]
    nets = [line.net_minor for line in document.lines]
    if len(rows) <= pages.MOST_LINES_ON_PAGE_ONE:
        planned = pages.paginated(rows, nets, first_room=room, head=header)
        if len(planned) == 1:
            return planned, True
    remark = pages.REMARK if data["has_legacy_names"] else 0
    return pages.paginated(rows, nets, first_room=pages.BODY - pages.DETAILS_HEADING - remark, head=header), False


def _page(page: pages.Page, document: Document, words: Wording) -> dict[str, Any]:
    last = page.carried_minor is None
    carried = document.totals.net_minor if page.carried_minor is None else page.carried_minor
    return {
        "rows": page.rows,
        "brought": "" if page.brought_minor is None else words.amount(page.brought_minor, document.currency),
        "carried": words.amount(carried, document.currency),
        "carried_word": words.word("total_net" if last else "carried_forward"),
        "heading": "",
        "groups": None,
        "sentences": [],
        "remark": "",
    }


def _number(shown: list[dict[str, Any]], data: dict[str, Any], words: Wording) -> None:
    seller = data["seller"]
    imprint = [
        f"{seller['name']}\n{', '.join(seller['address'])}", "\n".join(seller["numbers"]), "\n".join(seller["contact"]),
    ]  # fmt: skip
    for number, page in enumerate(shown, start=1):
        page["is_first"] = number == 1
        page["warning"] = data["warning"]
        page["imprint"] = imprint if number == 1 else []
        page["foot"] = [
            f"{data['title']} {data['number']}".strip(), f"{words.word('fingerprint')} {data['fingerprint']}",
            words.word("page", page=number, pages=len(shown)),
        ]  # fmt: skip


def _head(document: Document, data: dict[str, Any], words: Wording) -> dict[str, Any]:
    facts, height = [], 0
    names = {words.word(key) for key in _IDENTIFIERS}
    for fact in data["facts"]:
        note = f"  {fact['note']}" if fact["note"] else ""
        whole = len(wrapped(fact["value"] + note, _FACT_VALUE, TEXT)) == 1
        value = [fact["value"]] if whole else wrapped(fact["value"], _FACT_VALUE - 12 * MM * bool(note), TEXT)
        facts.append({"label": fact["label"], "value": "\n".join(value), "note": note, "is_id": False})
        # In letters that tell 0 from O, where they fit; a row without a label goes on with identifiers.
        if not fact["label"] or fact["label"] in names:
            facts[-1]["is_id"] = len(fact["value"]) <= (_MOST_BESIDE_NOTE if note else _MOST_OF_ID)
        height += _FACT * len(value)
    name = wrapped(data["buyer"]["name"], _ADDRESS * 9 // 10, TEXT)
    lines = [part for line in data["buyer"]["address"] for part in wrapped(line, _ADDRESS, TEXT)]
    buyer = 844 + _STEP * (len(name) + len(lines))
    return {
        "facts": facts,
        "buyer": {"name": "\n".join(name), "address": lines},
        "to_word": data["to_word"],
        "address_height": max(buyer, height),
        "due_word": due_word(data),
        "opening": words.word("overdue_sentence") if data["reminded"] else "",
    }


def _foot_of_overview(document: Document, data: dict[str, Any], words: Wording) -> dict[str, Any]:
    sides, totals, accounting = blocks.sides(data, words), blocks.totals(data, words), blocks.accounting(data, words)
    left = sum(blocks.height(side) + blocks.GAP for side in sides)
    right = blocks.HEADING_ROW + blocks.ROW * len(totals) if totals else 0
    if accounting is not None:
        right += 2 * MM + blocks.height(accounting) + 844 * 2
    sentences = [*data["exemptions"], *data["notes"], *data["texts"]]
    if data["fully_credited"]:
        sentences.insert(0, data["fully_credited"])
    if data["costs"]:
        sentences.insert(0, words.word("tax_estimate"))
    if 0 < len(data["lines"]) <= pages.MOST_LINES_ON_PAGE_ONE and data["has_legacy_names"]:
        sentences.append(words.word("former_mark"))
    codes, accept = blocks.codes(document, data, words), blocks.accept(document, words)
    payment = data["payment"]
    if payment is not None:
        rows = [{**row, "note": ""} for row in payment["rows"]]
        payment = {"title": words.word("how_to_pay"), "sentence": payment["sentence"], "rows": rows}
    band = bool(payment or codes or accept)
    opening = blocks.sentences_height([words.word("overdue_sentence")]) + 2 * MM if data["reminded"] else 0
    height = opening + max(left, right) + blocks.sentences_height(sentences) + (blocks.BAND if band else 0)
    return {
        "sides": sides, "totals": totals, "totals_header": [words.word("total"), words.word("base"), data["currency"]],
        "totals_height": max(left, right), "accounting": accounting,
        "accounting_rate": data["accounting"]["rate"] if accounting is not None else "",
        "sentences": sentences, "codes": codes, "codes_width": blocks.codes_width(codes), "accept": accept,
        "payment": payment, "band": band,
        "height": _BEFORE_TOTALS + height,
    }  # fmt: skip


def _line_header(document: Document, data: dict[str, Any], words: Wording) -> list[str]:
    tax = data["tax_of_lines"].replace(", ", "\n")
    product, reference = words.word("product"), words.word("reference")
    ids, names = f"{words.word('equipment_id')}\n{words.word('contract_position')}", f"{reference}\n{product}"
    when = f"{words.word('period')}\n{words.word('site')}"
    if document.kind is DocumentKind.QUOTE:
        ids, names, when = words.word("product_code"), product, words.word("site")
    elif document.kind is DocumentKind.ORDER_CONFIRMATION:
        names, when = f"{product}\n{reference}", words.word("site")
    return [
        words.word("line_number"),
        ids,
        names,
        when,
        words.word("quantity"),
        f"{words.word('unit_price')}\n{words.word('price_base')}",
        f"{words.word('amount')} {document.currency}" + (f"\n{tax}" if tax else ""),
    ]  # fmt: skip
