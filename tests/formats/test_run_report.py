"""The report of a bill run: the same bytes twice, every language, bars that lie where they should."""

import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rackbill.core.bill_comparison import Reason
from rackbill.domain.billing import policy
from rackbill.formats import printed_run_report
from rackbill.formats.run_report_pdf import render_run_report
from rackbill.formats.wording import LANGUAGES, wording

SIGNED: dict[str, Any] = {
    "report": {
        "kind": "bill_run_report", "schema": 1,
        "run": {
            "run_id": "5d1c7c5e-7f0e-4b43-9d1b-0e8a3c9ad001", "organisation_id": "2100", "organisation_name": "Meridian Hosting GmbH",
            "through": "2020-12-01", "issued_on": "2020-11-01", "state": "issued",
        },
        "acts": [
            {"act": "planned", "by": "system:console", "at": "2020-11-01T06:12:00+00:00"},
            {"act": "approved", "by": "person:bert@meridian.example", "at": "2020-11-01T08:40:00+00:00"},
            {"act": "issued", "by": "", "at": "2020-11-01T09:02:00+00:00"},
        ],
        "four_eyes": [{"currency": "EUR", "moved_minor": 30000, "limit_minor": 10000}],
        "totals": [{
            "currency": "EUR", "invoices": 2, "credit_notes": 1, "lines": 4, "net_minor": 30000, "tax_minor": 4800, "gross_minor": 34800,
        }],
        "families": [{"currency": "EUR", "product_id": "DEDICATED_SERVER", "lines": 4, "net_minor": 30000}],
        "taxes": [{
            "currency": "EUR", "jurisdiction": "DE", "regime": "VAT", "code": "S", "rate": "16", "exemption_code": "",
            "base_minor": 30000, "tax_minor": 4800,
        }],
        "before": {"through": "2020-11-01", "is_legacy": False},
        "differences": [{
            "currency": "EUR", "before_minor": 40000, "after_minor": 34800, "difference_minor": -5200,
            "reasons": [
                {"reason": "new", "customers": 1, "net_minor": 2000, "tax_minor": 320, "total_minor": 2320},
                {"reason": "ended", "customers": 2, "net_minor": -6500, "tax_minor": -1020, "total_minor": -7520},
            ],
            "movers": [{
                "customer_id": "12000001", "name": "Café Ещё", "before_minor": 7520, "after_minor": 0, "difference_minor": -7520,
                "reasons": [{"reason": "ended", "total_minor": -7520}],
            }],
        }],
        "parked": [{
            "customer_id": "12000002", "name": "Broken", "code": "contradictory_data", "reason": "line 7 has no price", "way_out": "Mend it.",
        }],
        "numbers": [{"kind": "invoice", "first": "21000000", "last": "21000001", "count": 2, "chain_hash": "ab" * 32}],
    },
    "signature": "c2lnbmF0dXJl", "public_key": "a2V5",
}  # fmt: skip


def text_of(pdf: bytes, folder: Path) -> str:
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_everything_in_every_language(language: str, tmp_path: Path) -> None:
    pdf = render_run_report(SIGNED, language=language)
    assert pdf == render_run_report(SIGNED, language=language)
    assert b"pdfuaid" in pdf
    text, words = text_of(pdf, tmp_path), wording(language).run_report
    for wanted in (
        "5d1c7c5e-7f0e-4b43-9d1b-0e8a3c9ad001", "bert@meridian.example", "Café Ещё", "12000002", "21000001", "ab" * 32,
        words["title"], words["reason_ended"], words["system"], words["signed"], wording(language).amount(34800, "EUR"),
    ):  # fmt: skip
        assert wanted.split()[0] in "".join(text.split()), wanted
    assert words["provisional"].split(":")[0] not in text


def test_a_provisional_report_says_so_and_has_no_signature(tmp_path: Path) -> None:
    run = {**SIGNED["report"]["run"], "state": "computed"}
    unsigned = {
        "report": {
            **SIGNED["report"],
            "run": run,
            "numbers": [],
            "totals": [],
            "families": [],
            "taxes": [],
            "differences": [],
            "parked": [],
        }
    }
    text = text_of(render_run_report(unsigned, language="en"), tmp_path)
    assert "Provisional: nothing is issued yet" in text
    assert "No number is given yet" in text
    assert "No customer is parked" in text
    assert "Signature" not in text


def test_a_part_more_is_shown_where_the_report_has_it(tmp_path: Path) -> None:
    more = {"report": {**SIGNED["report"], "completeness": [{"label": "Active lines", "value": "1,234"}]}}
    assert "1,234" in text_of(render_run_report(more, language="en"), tmp_path)
    assert "Completeness" not in text_of(render_run_report(SIGNED, language="en"), tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_that_run_short_are_told_with_the_way_out(language: str, tmp_path: Path) -> None:
    way_out = "rackbill series add --sales-org 2100 --kind invoice --first N --last N --early"
    row = {"kind": "invoice", "left": 1234, "count": 5678, "way_out": way_out}
    report = {**SIGNED["report"], "short_series": [row]}
    (sentence,) = printed_run_report.printed_report({"report": report}, language)["short_series"]
    words = wording(language)
    for wanted in (words.word("invoice"), words.number(Decimal(1234)), words.number(Decimal(5678)), way_out):
        assert wanted in sentence
    flat = "".join(text_of(render_run_report({"report": report}, language=language), tmp_path).split())
    assert "".join(sentence.split()) in flat
    computed = {**report, "run": {**report["run"], "state": "computed"}}
    (needed,) = printed_run_report.printed_report({"report": computed}, language)["short_series"]
    assert needed != sentence
    assert printed_run_report.printed_report(SIGNED, language)["short_series"] == []


def test_the_last_day_billed_is_the_day_before_the_through_date() -> None:
    assert printed_run_report.printed_report(SIGNED, "en")["through"] == "30 November 2020"


@pytest.mark.parametrize(
    ("minor", "least", "most", "expected"),
    [(100, 0, 100, (0, 1000)), (-100, -100, 0, (0, 1000)), (50, -50, 50, (500, 500)), (-50, -50, 50, (0, 500)),
     (1, 0, 1_000_000, (0, 2)), (0, -10, 10, (500, 0)), (30, 30, 60, (0, 500))],
)  # fmt: skip
def test_bars_lie_on_one_scale(minor: int, least: int, most: int, expected: tuple[int, int]) -> None:
    assert tuple(printed_run_report.bar(minor, least, most).values()) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    words, english = wording(language).run_report, wording("en").run_report
    assert words.keys() == english.keys()
    assert all(words.values())
    assert {f"reason_{reason.value}" for reason in Reason} <= words.keys()
    assert {f"way_out_{code}" for code in policy.WAYS_OUT} <= words.keys()
    assert all(english[f"way_out_{code}"] == text for code, text in policy.WAYS_OUT.items())
