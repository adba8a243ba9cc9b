"""Scenario files: forgiving in spelling, precise in what they refuse, written so that they read back."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from rackbill.formats import scenario_file
from rackbill.formats.scenario_file import ScenarioRefused, entries, steps
from rackbill.formats.scenario_file.reading import spelled_day, spelled_number

REPOSITORY = Path(__file__).parents[2]
STORY = """\
title: A story
customer: {name: Buyer, country: NL}
contracts:
  - name: first
    starts: 2020-09-20
    services:
      - name: web
        lines:
          - name: server
            price: 129.95
          - name: traffic
            kind: metered
            usage_price: {model: included, included: 1000, price: 0.05}
story:
  - on: 2020-10-01
    bill_run:
  - on: 2020-10-15
    set_price: {line: server, price: 99.95, starts: 2020-10-01}
"""


@pytest.mark.parametrize(
    "text",
    [
        "2020-10-05",
        "2020-10-5",
        "2020/10/05",
        "05.10.2020",
        "5.10.2020",
        "5 October 2020",
        "5 Oct 2020",
        "October 5, 2020",
    ],
)
def test_days_in_many_spellings(text: str) -> None:
    assert spelled_day(text) == date(2020, 10, 5)


@pytest.mark.parametrize("text", ["10/05/2020", "2020-13-01", "2020-02-30", "tomorrow", "2020-10", "5 Foo 2020", ""])
def test_what_is_no_day(text: str) -> None:
    assert spelled_day(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("129.95", "129.95"), ("129,95", "129.95"), ("1,234.50", "1234.50"), ("1 234.50", "1234.50"), ("1'234.5", "1234.5"),
        ("-3", "-3"), ("1,234", "1234"), (".5", "0.5"), ("\N{MINUS SIGN}2.50", "-2.50"), ("1_000_000", "1000000"),
    ],
)  # fmt: skip
def test_numbers_in_many_spellings(text: str, value: str) -> None:
    assert spelled_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["12.34.56", "EUR 5", "abc", "", "1,23,4", "1e5", "NaN", "10%"])
def test_what_is_no_number(text: str) -> None:
    assert spelled_number(text) is None
    assert spelled_number("10%", "percent") == 10


def test_a_story_reads() -> None:
    scenario, place = scenario_file.read_scenario(STORY.encode())
    contract = scenario.contracts[0]
    assert contract.starts == datetime.fromisoformat("2020-09-20")
    assert contract.services[0].lines[0].price == Decimal("129.95")
    assert [step.actions[0][0] for step in scenario.story] == ["bill_run", "set_price"]
    assert place.of("story[1].set_price.price") == "story[1].set_price.price, line 18"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("price: 129.95", "prise: 129.95", "lines[0].prise, line 10: 'prise' is no key here; did you mean 'price'?"),
        ("price: 129.95", "price: much", "lines[0].price, line 10: 'much' is not understood; a number such as 129.95 belongs"),
        ("price: 129.95", "price: [1]", "lines[0].price, line 10: a list stands where a number such as 129.95 belongs"),
        ("price: 129.95", "price: 129.95\n            price: 1", "line 11: 'price' stands here a second time"),
        ("            price: 129.95\n", "", "lines[0], line 9: line 'server' needs either `price` or `prices`"),
        ("kind: metered", "kind: metred", "lines[1].kind, line 12: 'metred' is not understood; one of metered, minimum, one_off"),
        ("starts: 2020-09-20", "starts: 09/20/2020", "contracts[0].starts, line 5: '09/20/2020' is not understood; a day such as"),
        ("    starts: 2020-09-20\n", "", "contracts[0], line 4: 'starts' is missing; a day such as 2020-10-31"),
        ("line: server", "line: sever", "story[1].set_price.line, line 18: there is no line 'sever' here; did you mean 'server'?"),
        ("on: 2020-10-15", "on: 2020-09-15", "story[1], line 17: 2020-09-15 stands after 2020-10-01"),
        ("    bill_run:\n", "", "story[0], line 15: a step does exactly one thing; this one does nothing"),
        ("    bill_run:\n", "    bill_run:\n    pro_forma:\n", "this one does bill_run and pro_forma"),
        ("price: 99.95, ", "", "story[1].set_price, line 18: a new price needs either `price` or `usage_price`"),
        ("model: included", "model: volume", "lines[1], line 11: the last tier must have no upper end"),
        ("customer: {name: Buyer, country: NL}\n", "", "the scenario has no customer; write one under `customer:`"),
        ("name: traffic", "name: server", "line 11: another line is called 'server'"),
        ("    starts: 2020-09-20", "    currency: EURO\n    starts: 2020-09-20", "'EURO' is not a currency of ISO 4217"),
        ("country: NL", "country: Netherlands", "customer.country, line 2: 'Netherlands' is not understood; a country's two"),
        ("country: NL", "country: NL, language: xx", "'xx' is not understood; one of en"),
        ("price: 129.95", "price: -129.95", "lines[0].price, line 10: -129.95 is negative"),
        ("price: 129.95", "price: 129.1234567", "line 10: 129.1234567 has more than six decimals"),
        ("price: 129.95", "prices: [{starts: 2020-09-20, price: 1}, {starts: 2020-09-20, price: 2}]", "two are valid on 2020-09-20"),
        ("starts: 2020-10-01}", "starts: 2020-10-01, until: 2020-09-01}", "set_price.until, line 18: 2020-09-01 is not after"),
        ("    starts: 2020-09-20", "    term_months: 0\n    starts: 2020-09-20", "contracts[0].term_months, line 5: Expected `int` >= 1"),
        (
            "    bill_run:\n", "    set_price:\n    line: server\n    price: 1\n",
            "story[0].line, line 17: 'line' stands beside 'set_price' but belongs in it; indent it below 'set_price'",
        ),
        (
            "set_price: {line: server, price: 99.95, starts: 2020-10-01}", "credit: {document: 1, reason: x, lines: {line: sever}}",
            "story[1].credit.lines[0].line, line 18: there is no line 'sever' here; did you mean 'server'?",
        ),
        ("title: A story", "title: [", "the file is not YAML"),
        (STORY, "", "the file is empty"),
        (STORY, "- 1", "the file, line 1: a list stands where a block with keys belongs"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_place_and_what_belongs_there(old: str, new: str, said: str) -> None:
    assert old in STORY
    with pytest.raises(ScenarioRefused) as refused:
        scenario_file.read_scenario(STORY.replace(old, new, 1).encode())
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(ScenarioRefused, match="not UTF-8"):
        scenario_file.read_scenario(STORY.replace("Buyer", "Büyer").encode("latin-1"))


@pytest.mark.parametrize("path", sorted((REPOSITORY / "docs" / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_written_reads_back(path: Path) -> None:
    scenario, _place = scenario_file.read_scenario(path.read_bytes())
    written = scenario_file.write_scenario(scenario, comment="once more")
    assert scenario_file.read_scenario(written)[0] == scenario
    assert written.startswith(b"# once more\n") and b"!!" not in written


def test_the_guide_names_every_key_and_its_stories_read() -> None:
    guide = (REPOSITORY / "docs" / "guide" / "scenario.md").read_text(encoding="utf-8")
    words = {word for code in re.findall(r"`([^`\n]+)`", guide) for word in re.findall(r"\w+", code)}
    for module in (entries, steps):
        for struct in vars(module).values():
            if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
                for field in struct.__struct_fields__:
                    assert field in words or field == "refused", f"docs/guide/scenario.md does not name {field}"
    for block in re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL):
        # A block of steps alone goes on with the story above.
        story = block if block.startswith("title:") else f"{STORY.partition('story:')[0]}story:\n{block}"
        story = story.replace("name: web", "name: shop")
        scenario_file.read_scenario(story.encode())
