"""The stories of docs/scenarios come to what their authors worked out on paper; and each pro forma foretells the next run."""

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import transaction

from rackbill.core.periods import add_months
from rackbill.formats import scenario_file
from rackbill.formats.scenario_file import Scenario, Step
from rackbill.formats.scenario_file.steps import BillRunStep, ProFormaStep
from rackbill.interfaces.console.scenario import exporting, playing

REPOSITORY = Path(__file__).parents[2]
FILES = sorted((REPOSITORY / "docs" / "scenarios").glob("*.yaml"))
STORIES = [pytest.param(path, id=path.stem, marks=pytest.mark.xdist_group(path.stem)) for path in FILES]
"""Together, so that what a story came to is found out once for all tests of it."""


@cache
def lived(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a story came to, and the exported case of each customer; played in a transaction that is rolled back."""
    scenario, place = scenario_file.read_scenario(path.read_bytes())
    with transaction.atomic():
        told = playing.play(scenario, place)
        exports = {
            name: scenario_file.write_scenario(exporting.export_case(customer_id=customer_id))
            for customer_id, name in sorted({(row["customer_id"], row["customer"]) for row in told["documents"]})
        }
        transaction.set_rollback(True)
    return told, exports


@pytest.mark.django_db
@pytest.mark.parametrize("path", STORIES)
def test_a_story_comes_to_what_was_worked_out_on_paper(path: Path) -> None:
    told, _exports = lived(path)
    assert told["differences"] == [], json.dumps(told["differences"], indent=1)
    assert told["violations"] == []
    assert told["is_as_expected"] is True


def test_there_are_at_least_twenty_stories_and_every_step_is_told_in_one() -> None:
    told = set()
    for path in FILES:
        scenario, _place = scenario_file.read_scenario(path.read_bytes())
        assert scenario.expect, f"{path.name} expects nothing"
        told |= {name for step in scenario.story for name, _value in step.actions}
    assert len(FILES) >= 20
    assert {name for name in Step.__struct_fields__ if name not in ("on", "refused")} == told


def with_pro_formas(scenario: Scenario, documents_by_step: dict[int, int]) -> Scenario:
    """The story with a pro forma for everybody on the last day of a month before each run of a 1st, where nothing else

    happens on that 1st. Pro formas are documents of the story as well, so that what names the n-th one is moved along.
    """
    story: list[Step] = []
    moved: dict[int, int] = {}
    old = new = 0
    for n, step in enumerate(scenario.story):
        run = step.bill_run
        before = scenario.story[n - 1] if n else None
        if isinstance(run, BillRunStep) and step.day.day == 1 and (before is None or before.day < step.day):
            is_foretold = before is not None and before.pro_forma is not None
            if run.through in (None, add_months(step.day, 1)) and not run.sales_organisation and not is_foretold:
                eve = step.on - timedelta(days=1)
                story += [Step(on=eve, pro_forma=ProFormaStep(customer=buyer.name)) for buyer in scenario.buyers]
                new += documents_by_step.get(n + 1, 0)
        for name in ("credit", "payment", "refund", "write_off", "allocate", "deallocate"):
            value = getattr(step, name)
            if value is not None and value.document is not None:
                value = msgspec.structs.replace(value, document=moved[value.document])
                if getattr(value, "credit", None) is not None:
                    value = msgspec.structs.replace(value, credit=moved[value.credit])
                step = msgspec.structs.replace(step, **{name: value})
        story.append(step)
        for _document in range(documents_by_step.get(n + 1, 0)):
            old, new = old + 1, new + 1
            moved[old] = new
    return msgspec.structs.replace(scenario, story=story, expect=None, expect_open=None, expect_parked=None)


def foretold(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a pro forma and its invoice must have in common; a credit note is foretold with negative amounts."""
    sign = -1 if row["kind"] == "credit_note" else 1
    lines = [
        (line["line"], line["period"], sign * Decimal(line["quantity"]), line["unit_price"], sign * line["net_minor"],
         line["why"], [(tax["code"], tax["rate"], tax["jurisdiction"]) for tax in line["taxes"]],
         line["corrects"] and line["corrects"]["number"])
        for line in row["lines"]
    ]  # fmt: skip
    taxes = [(tax["code"], tax["rate"], sign * tax["base_minor"], sign * tax["tax_minor"]) for tax in row["taxes"]]
    totals = [sign * row[f"{name}_minor"] for name in ("net", "tax", "gross")]
    return row["customer"], row["billing_group"], row["currency"], lines, taxes, totals


@pytest.mark.django_db
@pytest.mark.parametrize("path", STORIES)
def test_a_pro_forma_is_what_the_next_run_brings(path: Path) -> None:
    plain, _place = scenario_file.read_scenario(path.read_bytes())
    foretelling = with_pro_formas(plain, Counter(row["step"] for row in lived(path)[0]["documents"]))
    scenario, place = scenario_file.read_scenario(scenario_file.write_scenario(foretelling))
    told = playing.play(scenario, place)
    compared = 0
    for step in told["steps"]:
        if step["does"] != "bill_run":
            continue
        coming: list[dict[str, Any]] = []
        n = step["step"] - 1
        while n > 0 and told["steps"][n - 1]["does"] == "pro_forma":
            coming = [row for row in told["documents"] if row["step"] == n] + coming
            n -= 1
        if n < step["step"] - 1:
            brought = [row for row in told["documents"] if row["step"] == step["step"]]
            assert sorted(map(foretold, coming), key=str) == sorted(map(foretold, brought), key=str)
            assert all(row["kind"] == "pro_forma" and row["number"] == "" for row in coming)
            compared += 1
    assert compared == len(
        {n for n, step in enumerate(scenario.story[1:]) if step.bill_run and scenario.story[n].pro_forma}
    )


def comparable(told: dict[str, Any], customer: str) -> list[tuple[Any, ...]]:
    """A customer's documents without names and numbers."""
    return [
        (row["kind"], row["issued_on"], row["due_on"], row["currency"], row["net_minor"], row["tax_minor"],
         [(t["code"], t["rate"], t["base_minor"], t["tax_minor"]) for t in row["taxes"]],
         row["accounting"] and row["accounting"]["gross_minor"],
         [(line["period"], line["quantity"], line["unit"], line["unit_price"], line["price_base_quantity"],
           line["net_minor"], [a["amount_minor"] for a in line["allowances"]]) for line in row["lines"]])
        for row in told["documents"]
        if row["customer"] == customer and row["kind"] != "pro_forma"
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("path", STORIES)
def test_an_exported_case_plays_to_the_same_documents(path: Path) -> None:
    """Each story is lived, its customers are exported, and each export is played on an empty database."""
    told, exports = lived(path)
    assert exports
    for name, content in exports.items():
        with transaction.atomic():
            case, case_place = scenario_file.read_scenario(content)
            again = playing.play(case, case_place)
            transaction.set_rollback(True)
        assert again["differences"] == [], json.dumps(again["differences"], indent=1)
        assert comparable(again, case.buyers[0].name) == comparable(told, name)
        assert again["open"][0]["open_minor"] == next(r["open_minor"] for r in told["open"] if r["customer"] == name)


@pytest.mark.django_db
def test_what_was_moved_by_hand_is_exported_as_that() -> None:
    """The same payment, not a further one, pays the other document; a credit note pays one that it does not correct."""
    path = Path(__file__).parents[2] / "docs/scenarios/40-money-moved-by-hand.yaml"
    _told, exports = lived(path)
    case, _place = scenario_file.read_scenario(next(iter(exports.values())))
    said = [
        (name, value.document, value.payment, value.credit, value.amount)
        for step in case.story
        for name, value in step.actions
        if name in ("allocate", "deallocate")
    ]
    assert ("deallocate", 1, 1, None, 121) in said, "of the whole allocation; what stays on it is allocated again"
    assert ("allocate", 1, 1, None, 21) in said and ("allocate", 3, 1, None, 100) in said
    assert ("allocate", 1, None, 4, Decimal("60.5")) in said
    assert not any(step.return_payment for step in case.story)
    assert [step.payment.amount for step in case.story if step.payment] == [121, 121]
