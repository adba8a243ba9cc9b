"""Credits asked for at the same moment by several processes: together never more than the line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.databases import Books, suite_books

ASKED = ("60", "60", "60", "60")
CREDITED = "SELECT COALESCE(SUM(amount_minor), 0) FROM rackbill_billing_charge WHERE kind = 'credit'"
NUMBERS = "SELECT number FROM rackbill_documents_document WHERE kind = 'credit_note' ORDER BY number"
CANONICAL = "SELECT canonical FROM rackbill_documents_document WHERE kind = 'credit_note' ORDER BY number"
OPEN = "SELECT SUM(amount_minor) FROM rackbill_receivables_ledgerentry"


@pytest.fixture
def books(tmp_path: Path, made_tables: str) -> Books:
    return suite_books(tmp_path, made_tables)


def process(books: Books, home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": books.url("credits"),
        "DJANGO_SETTINGS_MODULE": "rackbill.config.settings",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.credit_child", *arguments],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_credits_at_once_never_exceed_the_line(books: Books, tmp_path: Path) -> None:
    books.drop("credits")
    books.create("credits")
    built = process(books, tmp_path, "build")
    _out, errors = built.communicate(timeout=120)
    assert built.returncode == 0, errors
    askers = [process(books, tmp_path, "credit", amount) for amount in ASKED]
    for asker in askers:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "ready\n"
    for asker in askers:
        assert asker.stdin is not None
        asker.stdin.write("go\n")
        asker.stdin.flush()
    answers = [asker.communicate(timeout=60) for asker in askers]
    given = sorted(out.strip() for out, _errors in answers if out.startswith("2"))
    refused = [out for out, _errors in answers if out.startswith("REFUSED")]
    assert given == ["21900000", "21900001"], answers
    assert [("has 9.95 left" in out) for out in refused] == [True, True], answers
    assert books.rows("credits", CREDITED) == [(-12000,)]
    assert books.rows("credits", NUMBERS) == [("21900000",), ("21900001",)]
    frozen = [json.loads(text)["remaining"] for (text,) in books.rows("credits", CANONICAL)]
    assert [[row["gross_minor"] for row in rows] for rows in frozen] == [[15074 - 6960], [15074 - 13920]]
    assert books.rows("credits", OPEN) == [(15074 - 13920,)]
    books.drop("credits")
