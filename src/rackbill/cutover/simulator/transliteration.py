"""Names in Latin letters and in the code page of 1995, as the old system wrote them on paper and in mail addresses."""

import unicodedata

_CYRILLIC = dict(
    zip(
        "абвгдезийклмнопрстуфыэіґ",
        ["a", "b", "v", "g", "d", "e", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "y", "e", "i", "g"],
        strict=True,
    )
) | {
    "ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu",
    "я": "ya", "ї": "yi", "є": "ye",
}  # fmt: skip
_GREEK = dict(
    zip(
        "αβγδεζηικλμνξοπρσςτυφωάέήίόύώϊ",
        "a v g d e z i i k l m n x o p r s s t y f o a e i i o y o i".split(),
        strict=True,
    )
) | {"θ": "th", "χ": "ch", "ψ": "ps"}
_LATIN = {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "№": "No."}
_LETTERS = _CYRILLIC | _GREEK | _LATIN
_LETTERS |= {small.upper(): latin.capitalize() for small, latin in _LETTERS.items() if len(small.upper()) == 1}


def win_ansi(text: str) -> str:
    """The text with nothing that Windows code page 1252 lacks: `Łódź` → `Lódz`, `Жуков` → `Zhukov`."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return "".join(_fold(c) for c in text)
    return text


def latin(text: str) -> str:
    """Plain ASCII letters; what has none is dropped."""
    folded = "".join(_LETTERS.get(c, c) for c in text)
    return unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits, joined by single hyphens; for mail addresses and host names."""
    kept = "".join(c if c.isalnum() else " " for c in latin(text).lower().replace("'", ""))
    return "-".join(kept.split())


def _fold(char: str) -> str:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return _LETTERS.get(char) or latin(char) or "?"
    return char
