"""The fonts of documents, and which characters they have."""

import unicodedata
from functools import cache
from pathlib import Path

import fontpkg_ibm_plex_mono
import fontpkg_noto_sans
from fontTools.ttLib import TTFont

TEXT_FAMILY = "Noto Sans"
ID_FAMILY = "IBM Plex Mono"
"""Identifiers: 0 and O, 1 and l are told apart."""


def font_folders() -> list[str]:
    """Where the font files lie."""
    return [str(Path(package.ROOT) / "files") for package in (fontpkg_noto_sans, fontpkg_ibm_plex_mono)]


@cache
def _covered() -> frozenset[int]:
    folder = Path(fontpkg_noto_sans.ROOT) / "files"
    upright = next(path for path in folder.glob("*.ttf") if "Italic" not in path.name)
    with TTFont(upright, lazy=True) as font:
        return frozenset(font.getBestCmap())


def uncovered_characters(text: str) -> str:
    """The characters of a text that no document font has, each once, in order."""
    covered = _covered()
    return "".join(dict.fromkeys(c for c in text if ord(c) not in covered and c not in "\n\t"))


def printable(text: str) -> str:
    """The text with what no font has replaced by its base form, else by a question mark; a name never stops a bill."""
    if not uncovered_characters(text):
        return text
    covered = _covered()
    plain = unicodedata.normalize("NFKC", text)
    result = []
    for character in plain:
        if ord(character) in covered:
            result.append(character)
            continue
        base = "".join(c for c in unicodedata.normalize("NFKD", character) if ord(c) in covered)
        result.append(base or "?")
    return "".join(result)
