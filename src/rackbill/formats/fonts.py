"""The fonts of documents, which characters they have, and what is printed for a character that none of them has.

Noto Sans and IBM Plex Mono are always there. Chinese and Japanese letters come from the extra `cjk`, or from the Debian
package fonts-noto-cjk.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import fontpkg_ibm_plex_mono
import fontpkg_noto_sans
from fontTools.ttLib import TTFont

from rackbill.formats.wording import CJK

TEXT_FAMILY = "Noto Sans"
ID_FAMILY = "IBM Plex Mono"
"""Identifiers: 0 and O, 1 and l are told apart."""
DEBIAN_FOLDER = Path("/usr/share/fonts/opentype/noto")
_EM = 1000


@dataclass(frozen=True, slots=True)
class IdeographFont:
    """A font with Chinese or Japanese letters: its family, its file, its place in a collection."""

    language: str
    family: str
    path: Path
    place: int = -1


def font_folders() -> list[str]:
    """Where the font files lie."""
    packages = [str(Path(package.ROOT) / "files") for package in (fontpkg_noto_sans, fontpkg_ibm_plex_mono)]
    return packages + sorted({str(font.path.parent) for font in ideograph_fonts()})


def is_covered_by_text_font(text: str) -> bool:
    """Whether the text font alone has every letter, as for nearly every document outside Asia."""
    return set(text) <= _text_letters()


def families(text: str, language: str) -> list[str]:
    """The families that a text needs, in the order in which a letter is looked for: the same whatever else is installed."""
    if is_covered_by_text_font(text):
        return [TEXT_FAMILY]
    rest = sorted(ideograph_fonts(), key=lambda font: (font.language != language, font.family))
    return [TEXT_FAMILY, *(font.family for font in rest)]


@cache
def ideograph_fonts() -> tuple[IdeographFont, ...]:
    """The fonts for Japanese and Simplified Chinese that are installed; none is a full answer too."""
    packaged = tuple(_packaged())
    if packaged:
        return packaged
    collection = DEBIAN_FOLDER / "NotoSansCJK-Regular.ttc"
    if not collection.is_file():
        return ()
    return (
        IdeographFont("ja", "Noto Sans CJK JP", collection, 0),
        IdeographFont("zh", "Noto Sans CJK SC", collection, 2),
    )


def _packaged() -> Iterator[IdeographFont]:
    for language, family, package, name in (
        ("ja", "Noto Sans JP", "pylopdf_fonts_jp", "NotoSansJP-Regular.otf"),
        ("zh", "Noto Sans SC", "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"),
    ):
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            yield IdeographFont(language, family, Path(spec.origin).parent / name)


def _upright() -> Path:
    folder = Path(fontpkg_noto_sans.ROOT) / "files"
    return next(path for path in folder.glob("*.ttf") if "Italic" not in path.name)


@cache
def advances() -> dict[int, int]:
    """Width of every letter of the text font, in thousandths of the text size, by code point."""
    with TTFont(_upright(), lazy=True) as font:
        metrics, units = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: metrics[name][0] * _EM // units for code, name in font.getBestCmap().items()}


@cache
def _covered() -> frozenset[int]:
    codes = set(advances())
    for font in ideograph_fonts():
        with TTFont(font.path, lazy=True, fontNumber=font.place) as read:
            codes.update(read.getBestCmap())
    return frozenset(codes)


@cache
def _text_letters() -> frozenset[str]:
    return frozenset((*map(chr, advances()), "\n", "\t"))


@cache
def _covered_letters() -> frozenset[str]:
    return frozenset((*map(chr, _covered()), "\n", "\t"))


@cache
def fonts_hash() -> str:
    """Twelve hex digits over the bytes of every font file that a document may use; kept with every stored PDF."""
    digest = hashlib.sha256()
    text = sorted((Path(fontpkg_noto_sans.ROOT) / "files").glob("*.ttf"))
    mono = sorted((Path(fontpkg_ibm_plex_mono.ROOT) / "files").glob("*.ttf"))
    for path in [*text, *mono, *(font.path for font in ideograph_fonts())]:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def can_print(language: str) -> bool:
    """Whether the letters of a language are there: Japanese and Chinese need a font of their own."""
    return language not in CJK or any(font.language == language for font in ideograph_fonts())


def uncovered_characters(text: str) -> str:
    """The characters of a text that no document font has, each once, in order. Forms ask this when a name is saved."""
    if text.isascii():
        return ""
    missing = set(text) - _covered_letters()
    return "".join(dict.fromkeys(letter for letter in text if letter in missing)) if missing else ""


def printable(text: str) -> str:
    """The text with what no font has in Latin letters, else as its base form, else a question mark: a name never stops a bill."""
    if text.isascii() or not uncovered_characters(text):
        return text
    return "".join(_printable_letter(letter) for letter in unicodedata.normalize("NFKC", text))


def _printable_letter(letter: str) -> str:
    covered = _covered()
    if ord(letter) in covered or letter in "\n\t":
        return letter
    base = "".join(
        c for c in unicodedata.normalize("NFKD", letter) if ord(c) in covered and not unicodedata.combining(c)
    )
    if base.strip():
        return base
    # Unicode names the sound: KATAKANA LETTER KA, HANGUL SYLLABLE GIM, HEBREW LETTER SHIN.
    name = unicodedata.name(letter, "")
    for word in (" LETTER ", " SYLLABLE "):
        if word in name:
            sound = name.rpartition(word)[2].rpartition(" ")[2]
            return sound.capitalize() if "SYLLABLE" in name else sound.lower()
    return "" if unicodedata.combining(letter) else "?"
