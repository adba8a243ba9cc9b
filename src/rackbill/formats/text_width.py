"""How wide a text is in the fonts of documents, and its lines in a column: pages are planned before they are typeset."""

from collections.abc import Sequence
from functools import cache, lru_cache

from rackbill.formats import fonts

_EM = 1000
_SPARE_PER_MILLE = 15
"""Kerning may widen a line by this much at most; a line that is planned to fit then fits."""
_NO_START = frozenset("、。，．・：；？！）」』】〉》％々ー")


@cache
def _advances() -> dict[int, int]:
    return fonts.advances()


def width_per_mille(text: str) -> int:
    """Width in thousandths of the text size; letters of no font count as a full square."""
    advances = _advances()
    return sum(advances.get(ord(letter), _EM) for letter in text)


def line_width(text: str, size_centipoints: int) -> int:
    """What a line takes at most, in hundredths of a point: a column of that width does not fold it."""
    return width_per_mille(text) * size_centipoints // (_EM - _SPARE_PER_MILLE) + 1


@lru_cache(maxsize=20_000)
def wrapped(text: str, width_centipoints: int, size_centipoints: int) -> tuple[str, ...]:
    """The text in lines that fit a column; breaks at spaces, between ideographs, and inside a word that alone is too long."""
    limit = width_centipoints * (_EM - _SPARE_PER_MILLE) // size_centipoints
    if width_per_mille(text) <= limit and "\n" not in text:
        return (text,)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _filled(_pieces(paragraph), limit)
    return tuple(lines)


def _filled(pieces: Sequence[str], limit: int) -> list[str]:
    lines, line = [], ""
    for piece in pieces:
        if not line or width_per_mille((line + piece).rstrip(" ")) <= limit:
            line += piece
        else:
            lines.append(line.rstrip(" "))
            line = piece.lstrip(" ")
        while width_per_mille(line.rstrip(" ")) > limit and len(line) > 1:
            cut = _longest(line, limit)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.rstrip(" ")]


def _longest(line: str, limit: int) -> int:
    used = 0
    advances = _advances()
    for place, letter in enumerate(line):
        used += advances.get(ord(letter), _EM)
        if used > limit:
            return max(place, 1)
    return len(line)


def _pieces(text: str) -> list[str]:
    """Where a line may break: after a space, and between ideographs unless the next is a mark that may not start a line."""
    pieces, piece = [], ""
    for place, letter in enumerate(text):
        piece += letter
        follower = text[place + 1 : place + 2]
        may_start = bool(follower) and follower not in _NO_START
        between = may_start and (_is_ideograph(letter) or _is_ideograph(follower))
        if between or (letter == " " and follower != " "):
            pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece or not pieces else pieces


def _is_ideograph(letter: str) -> bool:
    return "\u2e80" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" or "\uff00" <= letter <= "\uffef"
