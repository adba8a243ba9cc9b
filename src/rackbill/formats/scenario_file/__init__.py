"""A customer's story in one readable YAML file → values, checked with the place of each mistake; and its JSON schema.

Every scalar is read as text first, so that 129.95 is never a binary fraction and 2020-01-20 is a day.
"""

from typing import Any

import msgspec
import yaml

from rackbill.formats.scenario_file.entries import LineEntry
from rackbill.formats.scenario_file.steps import Scenario, Step

__all__ = ["LineEntry", "Scenario", "ScenarioRefused", "Step", "read_scenario", "scenario_schema", "write_scenario"]


class ScenarioRefused(ValueError):
    """The file is not a scenario; the message names the place and what belongs there."""


def read_scenario(content: bytes) -> Scenario:
    """The scenario in a YAML file (UTF-8). Raises ScenarioRefused."""
    try:
        data = yaml.load(content.decode("utf-8"), Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        raise ScenarioRefused("the file is not UTF-8; write it anew in UTF-8") from None
    except yaml.YAMLError as fault:
        raise ScenarioRefused(f"the file is not YAML: {' '.join(str(fault).split())}") from None
    try:
        scenario = msgspec.convert(_without_blanks(data), Scenario, strict=False)
    except msgspec.ValidationError as fault:
        raise ScenarioRefused(f"the scenario is not well formed: {fault}") from None
    _check(scenario)
    return scenario


def _without_blanks(data: Any) -> Any:
    """Keys that were written without a value are left out, as if they were not there."""
    if isinstance(data, dict):
        return {key: _without_blanks(value) for key, value in data.items() if value != "" or key == "reference"}
    return [_without_blanks(item) for item in data] if isinstance(data, list) else data


def _check(scenario: Scenario) -> None:
    if scenario.customer is None and not scenario.customers:
        raise ScenarioRefused("the scenario has no customer; write one under `customer`")
    for place, step in enumerate(scenario.story):
        found = [n for n in step.__struct_fields__ if n != "on" and getattr(step, n) is not None]
        if len(found) != 1:
            raise ScenarioRefused(
                f"story[{place}] on {step.on} must do exactly one thing; it does {found or 'nothing'}"
            )
    days = [step.on for step in scenario.story]
    for place, (before, after) in enumerate(zip(days, days[1:], strict=False), start=1):
        if after < before:
            raise ScenarioRefused(
                f"story[{place}] on {after} stands after {before}; write the story in the order of days"
            )


def scenario_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file."""
    return msgspec.json.schema(Scenario)


def write_scenario(scenario: Scenario) -> bytes:
    """The scenario as YAML."""
    plain = _texts(msgspec.to_builtins(scenario))
    return yaml.dump(plain, sort_keys=False, allow_unicode=True, width=120, default_style=None).encode()


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return value if isinstance(value, (bool, int)) or value is None else str(value)
