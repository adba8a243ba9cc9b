"""What people write when they pay: the words of a text that may be identifiers, and how such a word may be misspelt."""

import re
import unicodedata

LONGEST, SHORTEST, FEWEST_DIGITS = 40, 4, 3
MOST_PARTS = 6
LONGEST_LETTERS = 4
"""More letters than this in a row are a word of a language, never a part of an identifier."""
NEAR_SHORTEST, NEAR_LONGEST, NEAR_DIGITS = 7, 14, 6
"""Shorter words are too much like one another for a misspelt one to mean anything; longer ones are several run together."""

_PART = re.compile(r"[0-9]+|[^\W\d_]+")


def identifier_words(text: str) -> tuple[str, ...]:
    """Every word of the text that may be an identifier, in its normalised form, each once, in the order of the text.

    Blanks, dots, dashes and other marks inside a number do not part it: "Rg. 2100 0012" gives 2100, 21000012, RG2100, ….
    """
    parts = [part for part in _PART.findall(unicodedata.normalize("NFKC", text).upper()) if part.isascii()]
    found: dict[str, None] = {}
    for first in range(len(parts)):
        word, digit_count = "", 0
        for part in parts[first : first + MOST_PARTS]:
            is_number = part.isdigit()
            if len(word) + len(part) > LONGEST or (not is_number and len(part) > LONGEST_LETTERS):
                break
            word += part
            digit_count += len(part) if is_number else 0
            if len(word) >= SHORTEST and digit_count >= FEWEST_DIGITS:
                found[word] = None
    return tuple(found)


def near_spellings(word: str) -> frozenset[str]:
    """What the word may have been meant to be: two neighbouring digits exchanged, one digit missing, too many, or wrong.

    Empty for short words, where one slip leads from any identifier to another, and for very long ones.
    """
    if not NEAR_SHORTEST <= len(word) <= NEAR_LONGEST or sum(map(str.isdigit, word)) < NEAR_DIGITS:
        return frozenset()
    found: set[str] = set()
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if after[:1].isdigit() or before[-1:].isdigit():
            found.update(f"{before}{digit}{after}" for digit in "0123456789")
        if not after[:1].isdigit():
            continue
        found.add(before + after[1:])
        found.update(f"{before}{digit}{after[1:]}" for digit in "0123456789")
        if after[1:2].isdigit():
            found.add(f"{before}{after[1]}{after[0]}{after[2:]}")
    found.discard(word)
    return frozenset(found)
