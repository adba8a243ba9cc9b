"""Which line stands on which page: planned from the widths of letters, so that the typesetter needs one pass.

Lengths are whole hundredths of a point.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rackbill.formats.text_width import wrapped

MM = 283
TEXT, SMALL = 850, 700
"""The two sizes of text; the third is for the title and the amount."""
_STEP = {TEXT: 952, SMALL: 844}
_LEADING = 340
ROW_INSET = 460
CARRY_ROW = 1700
COLUMNS = tuple(width * MM for width in (6, 27, 47, 26, 19, 16, 21))
_MONO_PER_MILLE = 600
BODY = 72_800
"""Height of a page between its margins."""
DETAILS_HEADING = 2200
REMARK = 1500
MARK = " †"
"""Behind a name that the old system gave (N6): italics alone do not reach those who hear a page."""
MOST_LINES = 200
"""A document with more lines prints its groups; the lines are in the CSV (tags make long tables slow and large)."""
MOST_LINES_ON_PAGE_ONE = 8


@dataclass(slots=True)
class Page:
    """The rows of one page; what was carried here, and what is carried on, in minor units."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    brought_minor: int | None = None
    carried_minor: int | None = None


def _fold(text: str, column: int, size: int) -> tuple[str, ...]:
    return wrapped(text, COLUMNS[column], size)


def _fold_id(text: str, size: int) -> tuple[str, ...]:
    most = COLUMNS[1] * 1000 // (size * _MONO_PER_MILLE)
    if len(text) <= most:
        return (text,)
    return tuple(textwrap.wrap(text, most, break_on_hyphens=False))


def row(line: dict[str, Any], *, shows_tax: bool) -> dict[str, Any]:
    """A line as the cells of a row, folded, with the height of the row."""
    name = _fold(line["name"] + (MARK if line["is_legacy"] else ""), 2, TEXT)
    under: tuple[str, ...] = ()
    for remark in line["remarks"]:
        under += _fold(remark, 2, SMALL)
    storeys = (
        (_fold_id(line["first"], TEXT), _fold_id(line["contract_position"], SMALL)),
        (name, under or ("",)),
        (_fold(line["period"], 3, TEXT), _fold(line["location"], 3, SMALL)),
        (_fold(line["quantity"], 4, TEXT), ("",)),
        (_fold(line["price"], 5, TEXT), _fold(line["price_note"], 5, SMALL)),
        (_fold(line["amount"], 6, TEXT), _fold(line["tax"], 6, SMALL) if shows_tax else ("",)),
    )
    height = max(_height(upper, lower) for upper, lower in storeys)
    return {"cells": _cells(line["position"], storeys), "is_legacy": line["is_legacy"], "height": height}


def _cells(position: str, storeys: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> list[str]:
    cells = [position]
    for upper, lower in storeys:
        below = "\n".join(lower)
        cells += ["\n".join(upper), f"\n{below}" if below else ""]
    return cells


def _height(upper: Sequence[str], lower: Sequence[str]) -> int:
    below = len(lower) if lower != ("",) else 0
    return len(upper) * _STEP[TEXT] + below * _STEP[SMALL] - _LEADING + 2 * ROW_INSET


def header(texts: Sequence[str]) -> tuple[list[str], int]:
    """The headings of the columns, folded, and the height of their row."""
    folded = [_fold(text, column, SMALL) for column, text in enumerate(texts)]
    most = max(len(lines) for lines in folded)
    return ["\n".join(lines) for lines in folded], most * _STEP[SMALL] - _LEADING + 2 * ROW_INSET


def paginated(rows: Sequence[dict[str, Any]], nets: Sequence[int], *, first_room: int, head: int) -> list[Page]:
    """Rows on pages, none split; `first_room` is what the first page has left, each page keeps room for what is carried."""
    pages = [Page()]
    room = first_room - head - CARRY_ROW
    together = 0
    for cells, net in zip(rows, nets, strict=True):
        if cells["height"] > room and pages[-1].rows:
            pages[-1].carried_minor = together
            pages.append(Page(brought_minor=together))
            room = BODY - head - 2 * CARRY_ROW
        pages[-1].rows.append(cells)
        room -= cells["height"]
        together += net
    return pages
