"""Plays a story in the database that is there, step by step, and tells what it came to."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError

from rackbill.domain.kit.secrets import Signer
from rackbill.formats.scenario_file import Place, Scenario, ScenarioRefused, Step
from rackbill.interfaces.console import books
from rackbill.interfaces.console.scenario import acting, comparing, telling, world

REFUSALS = (ValueError, LookupError, IntegrityError)
"""How the operations say that something cannot be; the database has the last word."""


def play(scenario: Scenario, place: Place) -> dict[str, Any]:
    """What the story came to, with stable keys (docs/guide/scenario.md). Call it on an empty database.

    Raises ScenarioRefused where a step cannot be done and the file does not expect that.
    """
    try:
        here = world.build(scenario)
    except REFUSALS as fault:
        raise ScenarioRefused(f"{place.of('contracts')}: {fault}") from fault
    # The key signs seals nobody will read: the same story gives the same bytes.
    story = acting.Story(here, Signer(Ed25519PrivateKey.from_private_bytes(b"scenario".ljust(32, b"."))))
    steps = [_step(story, n, step, place) for n, step in enumerate(scenario.story)]
    told: dict[str, Any] = {
        "title": scenario.title, "steps": steps, "documents": telling.told_documents(story),
        "invoices": telling.told_invoices(story), "open": telling.told_open(story),
        "parked": [{key: row[key] for key in ("step", "customer", "code", "reason")} for row in story.parked],
        "violations": books.violations(),
    }  # fmt: skip
    found = [row for row in (_not_refused(n, step, told["steps"][n]) for n, step in enumerate(scenario.story)) if row]
    told["differences"] = [*found, *comparing.differences(scenario, told)]
    expects = comparing.has_expectations(scenario)
    told["is_as_expected"] = not told["differences"] if expects else None
    return told


def _step(story: acting.Story, n: int, step: Step, place: Place) -> dict[str, Any]:
    ((name, _value),) = step.actions
    told = {"step": n + 1, "on": step.day.isoformat(), "does": name, "outcome": "", "is_refused": False}
    try:
        told["outcome"] = acting.act(story, n + 1, step)
    except REFUSALS as fault:
        if step.refused is None:
            raise ScenarioRefused(f"{place.of(f'story[{n}].{name}')}: {fault}") from fault
        told.update(outcome=str(fault), is_refused=True)
    return told


def _not_refused(n: int, step: Step, told: dict[str, Any]) -> dict[str, Any] | None:
    """Where a step was to be refused and was not, or for another reason."""
    if step.refused is None or (told["is_refused"] and step.refused.lower() in told["outcome"].lower()):
        return None
    got = told["outcome"] if told["is_refused"] else f"done: {told['outcome']}"
    return {"place": f"step {n + 1}", "expected": f"refused: {step.refused}", "got": got}
