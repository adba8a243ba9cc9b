"""`rackbill scenario` as a shell starts it: a story plays in an installation of its own, made for it and thrown away."""

import json
import os
import subprocess
import sys
from pathlib import Path

from rackbill.formats.scenario_file import Step
from tests.journeys.command_line import CODE

FIRST = sorted((Path(__file__).parents[2] / "docs" / "scenarios").glob("*.yaml"))[0]


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "RACKBILL_HOME"}
    run = [sys.executable, "-c", CODE, *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, check=False, env=environment)


def test_the_command_prints_the_same_twice_and_leaves_with_the_right_code(tmp_path: Path) -> None:
    first, second = command("scenario", FIRST, "--json"), command("scenario", FIRST, "--json")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    told = json.loads(first.stdout)
    assert told["documents"][0]["lines"][0]["net_minor"] == 4765
    people = command("scenario", FIRST)
    assert people.returncode == 0 and "11 of 30 days" in people.stdout and "as expected" in people.stdout

    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(FIRST.read_text().replace("net: 177.60", "net: 177.61"))
    disagreed = command("scenario", wrong)
    assert disagreed.returncode == 1 and "177.61" in disagreed.stdout and "177.60" in disagreed.stdout

    bad = tmp_path / "bad.yaml"
    bad.write_text(FIRST.read_text().replace("price: 129.95\n", "prise: 129.95\n", 1))
    refused = command("scenario", bad)
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1
    assert "line 16" in refused.stderr and "did you mean 'price'?" in refused.stderr


def test_the_schema_knows_every_file() -> None:
    printed = command("scenario", "schema").stdout
    schema = json.loads(printed)
    module = subprocess.run(
        [sys.executable, "-m", "rackbill", "scenario", "schema"], capture_output=True, text=True, check=True
    )
    assert module.stdout == printed
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["$defs"]["Step"]["properties"]) == set(Step.__struct_fields__)
    assert schema["$defs"]["SetPriceStep"]["required"] == ["line", "starts"]


def test_what_a_document_may_be_expected_to_say_is_compared(tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    text = (FIRST.parent / "02-countries-and-currencies.yaml").read_text()
    wrong = text.replace(
        "tax_codes: [SR], accounting_tax: 9.45", "tax_codes: [ZR], accounting_tax: 9.46, billing_group: north"
    )
    story.write_text(
        wrong.replace("{customer: Tulip, currency: EUR,", "{customer: Tulip, currency: EUR, accounting_tax: 21,")
    )
    played = command("scenario", story, "--json")
    assert played.returncode == 1
    assert json.loads(played.stdout)["differences"] == [
        {"place": "document 1, accounting_tax", "expected": "21", "got": "none"},
        {"place": "document 2, billing_group", "expected": "north", "got": ""},
        {"place": "document 2, tax_codes", "expected": "ZR", "got": "SR"},
        {"place": "document 2, accounting_tax", "expected": "9.46", "got": "9.45"},
    ]


def test_a_credit_names_a_line_by_its_name_where_that_says_which(tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    credit = "  - on: 2020-11-02\n    credit: {document: 1, reason: sorry, lines: {line: server, amount: 10}}\n"
    text = FIRST.read_text()
    head, _expect, _rest = text.partition("expect:")
    story.write_text(head + credit)
    refused = command("scenario", story)
    assert refused.returncode == 2
    assert "'server' stands on lines 1, 2 of document 21000000; say which line by its number" in refused.stderr
