"""Every word of the portal is translated in every language, with the same placeholders."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parents[2] / "src/rackbill/interfaces/portal/locale"
TEMPLATES = LOCALE.parent / "templates"


def texts(value: object) -> list[str]:
    return list(value) if isinstance(value, (tuple, list)) else [str(value)]


@pytest.mark.parametrize("language", ["de", "nl", "ru"])
def test_every_word_is_translated(language: str) -> None:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as handle:
        catalogue = read_po(handle, locale=language)
    known = set()
    for message in catalogue:
        if not message.id:
            continue
        known.update(texts(message.id))
        assert all(texts(message.string)), message.id
        allowed = set(re.findall(r"%\(\w+\)s", " ".join(texts(message.id))))
        for text in texts(message.string):
            assert set(re.findall(r"%\(\w+\)s", text)) <= allowed, message.id
    used = set()
    for path in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r"""\{% translate (?:"([^"]+)"|'([^']+)')""", path.read_text(encoding="utf-8")))
    words = {a or b for a, b in used}
    for path in LOCALE.parent.glob("*.py"):
        words |= set(re.findall(r'_\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    missing = words - known
    assert missing == set()
