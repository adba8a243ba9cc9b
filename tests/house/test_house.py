"""The house keeps its rules; and each rule bites when it is broken on purpose."""

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from tests.house import rules

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "rackbill"
ORDER = (
    "kit history identifiers attachments taxes parties access catalogue equipment contracts usage documents dispatch "
    "receivables billing ordering support announcements"
).split()
Rule = Callable[[Path], list[str]]
RULES: list[Rule] = [
    rules.check_rooms, rules.check_core_is_pure, rules.check_clock, rules.check_floats, rules.check_sizes,
    rules.check_tables_stay_home, rules.check_foreign_keys_are_text, rules.check_keyword_only, rules.check_scopes,
    rules.check_one_task_library,
]  # fmt: skip
BROKEN: dict[str, tuple[Rule, str, str]] = {
    "a drawer": (rules.check_rooms, "domain/parties/utils.py", "x = 1\n"),
    "a room that is not on the list": (rules.check_rooms, "domain/parties/workflow.py", "x = 1\n"),
    "a mechanism more in the kit": (rules.check_rooms, "domain/kit/mail.py", "x = 1\n"),
    "core with a library": (rules.check_core_is_pure, "core/rate.py", "import babel\n"),
    "core with the domain": (rules.check_core_is_pure, "core/rate.py", "from rackbill.domain.taxes import queries\n"),
    "the clock below the doors": (rules.check_clock, "domain/parties/policy.py", "from datetime import date\nx = date.today()\n"),
    "the clock in a door": (rules.check_clock, "interfaces/portal/x.py", "from django.utils import timezone\nx = timezone.now()\n"),
    "a float in core": (rules.check_floats, "core/rate.py", "RATE = 0.21\n"),
    "a float column": (rules.check_floats, "domain/taxes/models.py", "x = models.FloatField()\n"),
    "a long function": (rules.check_sizes, "core/rate.py", "def f():\n" + "    x = 1\n" * 61),
    "a long file": (rules.check_sizes, "core/rate.py", "x = 1\n" * 401),
    "another noun's tables": (
        rules.check_tables_stay_home, "domain/billing/queries.py", "from rackbill.domain.parties.models import Customer\n",
    ),
    "a door at the tables": (
        rules.check_tables_stay_home, "interfaces/api/x.py", "from rackbill.domain.parties.models import Customer\n",
    ),
    "a door that adopts": (
        rules.check_tables_stay_home, "interfaces/console/x.py", "from rackbill.domain.parties.adopting import adopt_customers\n",
    ),
    "a foreign key by class": (rules.check_foreign_keys_are_text, "domain/billing/models.py", "x = models.ForeignKey(Customer)\n"),
    "a foreign key of history": (
        rules.check_foreign_keys_are_text, "domain/history/models.py", "x = models.ForeignKey('rackbill_parties.Customer')\n",
    ),
    "a positional operation": (rules.check_keyword_only, "domain/billing/operations.py", "def close_run(run):\n    pass\n"),
    "a second place that knows the task library": (
        rules.check_one_task_library, "interfaces/jobs/x.py", "from django_tasks import task\n",
    ),
    "an operation without a noun": (rules.check_keyword_only, "domain/billing/operations.py", "def close(*, run):\n    pass\n"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    assert rule(PACKAGE) == []


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_each_rule_bites(name: str, tmp_path: Path) -> None:
    rule, file, text = BROKEN[name]
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert len(rule(tmp_path)) >= 1


def test_the_scope_rule_bites(tmp_path: Path) -> None:
    files = {
        "domain/parties/queries.py": "def customers(*, name):\n    pass\n",
        "interfaces/portal/x.py": "from rackbill.domain.parties import queries as parties\nparties.customers(name='x')\n",
    }
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    assert "without a scope" in rules.check_scopes(tmp_path)[0]


def test_what_is_committed_names_no_machine(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    found = []
    for name in filter(None, listed):
        path = REPOSITORY / name
        if path.is_file() and not name.startswith("tests/house/"):
            (tmp_path / "one").mkdir(exist_ok=True)
            copy = tmp_path / "one" / (Path(name).name if path.suffix else f"{path.name}.txt")
            copy.write_bytes(path.read_bytes())
            found += [f"{name}: {sentence}" for sentence in rules.check_no_paths_of_a_machine(tmp_path / "one")]
            copy.unlink()
    assert found == []


def test_foreign_keys_point_down() -> None:
    for config in apps.get_app_configs():
        if not config.name.startswith("rackbill.domain."):
            continue
        noun = config.name.rsplit(".", 1)[1]
        for model in config.get_models():
            for field in model._meta.get_fields():
                target = getattr(field, "remote_field", None) and field.related_model
                if field.concrete and target and target._meta.app_label.startswith("rackbill_"):
                    other = target._meta.app_label.removeprefix("rackbill_")
                    assert ORDER.index(other) <= ORDER.index(noun), (
                        f"{model.__name__}.{field.name} points up to {other}"
                    )


def test_every_table_has_a_retention_rule() -> None:
    retention = tomllib.loads((PACKAGE / "config" / "retention.toml").read_text())
    labels = {m._meta.label for c in apps.get_app_configs() if c.name.startswith("rackbill.") for m in c.get_models()}
    assert set(retention["tables"]) == labels
    for label, entry in retention["tables"].items():
        assert entry["rule"] in retention["rules"], label


def test_every_noun_with_tables_has_invariants_that_are_checked() -> None:
    books = (PACKAGE / "interfaces" / "console" / "books.py").read_text()
    for config in apps.get_app_configs():
        if config.name.startswith("rackbill.domain.") and list(config.get_models()):
            noun = config.name.rsplit(".", 1)[1]
            room = PACKAGE / "domain" / noun / "invariants"
            assert room.with_suffix(".py").exists() or (room / "__init__.py").exists(), noun
            assert f"from rackbill.domain.{noun} import invariants" in books, noun


OPEN_ROUTES = {
    "account/": "logging in and out, and what belongs to it, is django-allauth's; it demands log-in where it must",
    "language/": "the language switch works before log-in as well; it only sets a cookie",
    "^(?:invoices|services|bareMetals)/v\\d+(?:/|$)": "any other path below the API's: 404 for everybody, with nothing in it",
}


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, route)
        else:
            found.append((route, pattern.callback))
    return found


@pytest.mark.django_db
def test_every_route_demands_authentication() -> None:
    from django.test import Client

    for route, _view in _routes(get_resolver().url_patterns):
        if any(route.startswith(known) for known in OPEN_ROUTES):
            continue
        path = "/" + re.sub(r"<[^>]+>|\{[^}]+\}", "x", route).strip("^$")
        for method in ("get", "post", "put"):
            status = getattr(Client(), method)(path).status_code
            assert status in (301, 302, 401, 403, 404, 405), f"{method} {path} answers {status} without log-in"
            assert status != 404 or "x" in path, f"{path} is not found"


def test_the_glossary_knows_every_class() -> None:
    text = (REPOSITORY / "GLOSSARY.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in text.splitlines() if row.startswith("|")][2:]
    known = {word for row in rows for word in re.findall(r"[a-z]+", row[1].lower())} | WORDS
    forbidden = {word.strip() for row in rows for word in row[3].split(",") if word.strip()}
    for config in apps.get_app_configs():
        if config.name.startswith("rackbill."):
            for model in config.get_models():
                words = [word.lower() for word in re.findall(r"[A-Z][a-z]*", model.__name__)]
                assert set(words) <= known, f"{model.__name__}: {set(words) - known} is not in GLOSSARY.md"
                assert model.__name__.lower() not in forbidden, (
                    f"{model.__name__}: the glossary has another word for it"
                )


WORDS = set(
    "sequence check wording member union id number bank role detail personal line quantity discount run staged record archived tax "
    "file ordered once entry account".split()
)
"""Everyday words that need no row of their own: parts of compound names."""


def test_the_lock_holds_what_builds_the_package() -> None:
    wanted = (REPOSITORY / "requirements" / "build.in").read_text().split()
    locked = (REPOSITORY / "requirements" / "base.txt").read_text()
    assert wanted and [name for name in wanted if f"\n{name}==" not in locked] == []
