"""Reasons of allowances that the sums give themselves are printed in the document's language."""

from dataclasses import replace

import pytest

from rackbill.core.charges import CREDITED, ROUNDING, Allowance
from rackbill.formats.document_html import render_html
from rackbill.formats.wording import LANGUAGES, wording
from tests.world.documents import golden


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "key"), [(ROUNDING, "reason.rounding"), (CREDITED, "reason.credited")])
def test_a_reason_of_ours_is_in_the_language_and_a_text_of_the_seller_stays(
    language: str, reason: str, key: str
) -> None:
    value = replace(golden()["simple"], language=language)
    line = replace(value.lines[0], allowances=(Allowance(reason, 1), Allowance("Opening offer", 2)))
    page = render_html(replace(value, lines=(line, *value.lines[1:]))).decode()
    words = wording(language)
    assert words.word("discount", reason=words.word(key)) in page
    assert words.word("discount", reason="Opening offer") in page
    assert (reason in page) == (language == "en")
