"""A customer's story in one readable YAML file → values, checked with the place of each mistake; and its JSON schema."""

import re
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import yaml

from rackbill.formats.scenario_file.checks import check_scenario, first_day, usage_price_plain
from rackbill.formats.scenario_file.entries import ContractEntry, LineEntry, OrganisationEntry
from rackbill.formats.scenario_file.reading import Place, ScenarioRefused, read_tree
from rackbill.formats.scenario_file.steps import ExpectedDocument, Scenario, Step

__all__ = [
    "ContractEntry", "ExpectedDocument", "LineEntry", "OrganisationEntry", "Place", "Scenario", "ScenarioRefused", "Step",
    "first_day",
    "read_scenario", "scenario_schema", "usage_price_plain", "write_scenario",
]  # fmt: skip


def read_scenario(content: bytes) -> tuple[Scenario, Place]:
    """The scenario in a YAML file (UTF-8), and where each part of it stands. Raises ScenarioRefused."""
    tree, place = read_tree(content, Scenario)
    try:
        scenario = msgspec.convert(tree, Scenario, strict=False)
    except msgspec.ValidationError as fault:
        text, _at, path = str(fault).partition(" - at `$")
        raise ScenarioRefused(f"{place.of(path.strip('.`'))}: {text}") from None
    check_scenario(scenario, place)
    return scenario, place


def scenario_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a scenario file."""
    plain = _forgiving(msgspec.json.schema(Scenario))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **plain}


def _forgiving(schema: Any) -> Any:
    """Amounts are numbers or texts, days are texts in one of several spellings."""
    if isinstance(schema, list):
        return [_forgiving(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _forgiving(value) for key, value in schema.items() if key != "format"}
    if schema.get("format") == "decimal":
        found["type"] = ["number", "string"]
    elif schema.get("format") in ("date", "date-time"):
        found["examples"] = ["2020-10-31"] if schema["format"] == "date" else ["2020-10-31", "2020-10-31 14:30"]
    return found


def write_scenario(scenario: Scenario, *, comment: str = "") -> bytes:
    """The scenario as YAML that `read_scenario` reads, with a comment of one line on top."""
    body = yaml.dump(_said(scenario), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    # YAML 1.1 takes a bare `on` for a truth value; we do not.
    body = re.sub(r"^( *(?:- )?)'on': ", r"\1on: ", body, flags=re.MULTILINE)
    return (f"# {comment}\n{body}" if comment else body).encode()


def _said(value: Any) -> Any:
    """Structs as mappings of what differs from the default."""
    if isinstance(value, msgspec.Struct):
        found = {}
        for field in msgspec.structs.fields(value):
            own = getattr(value, field.name)
            default = field.default if field.default is not msgspec.NODEFAULT else None
            if field.default_factory is not msgspec.NODEFAULT:
                default = field.default_factory()
            if field.required or own != default:
                found[field.encode_name] = _said(own)
        return found
    return [_said(item) for item in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """Days and amounts stand without quotes; the same block twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _amount(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = f"{value:f}"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


def _instant(dumper: yaml.SafeDumper, value: datetime) -> yaml.ScalarNode:
    text = value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", text)


_Dumper.add_representer(Decimal, _amount)
_Dumper.add_representer(datetime, _instant)
