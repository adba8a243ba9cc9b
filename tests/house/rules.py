"""The rules of the house as functions of a source tree: each gives sentences that name the offender and the way out."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOMS = {"models", "policy", "queries", "operations", "adopting", "errors", "invariants", "apps", "__init__"}
KIT = {
    "fields", "locks", "actor", "scope", "paging", "idempotency", "secrets", "bulk", "frozen", "__init__",
}  # fmt: skip
FORBIDDEN_NAMES = {"utils", "services_layer", "helpers", "common", "managers", "signals", "util", "helper", "misc"}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("time", "time"),
}
CLOCK_FILE = "interfaces/jobs/clock.py"
TASK_FILE = "interfaces/jobs/engine.py"
MAX_FUNCTION, MAX_FILE = 60, 400
TABLES_OF_DATA = {"cutover/connectors/columns.py"}


def sources(root: Path) -> Iterator[tuple[str, Path, ast.Module]]:
    """(path below the package, file, tree) of every module but migrations."""
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if "/migrations/" not in f"/{name}":
            yield name, path, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Every module named by an import, with the names taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def check_rooms(root: Path) -> list[str]:
    """A noun of the domain has only the rooms of the list; the kit is a closed list; no drawer for what fits nowhere."""
    found = []
    for name, _path, _tree in sources(root):
        parts = name.removesuffix(".py").split("/")
        if FORBIDDEN_NAMES & set(parts):
            found.append(
                f"{name}: no room is called {(FORBIDDEN_NAMES & set(parts)).pop()}; ask the eight questions of docs/house.md"
            )
        if parts[0] == "domain" and len(parts) > 2:
            allowed = KIT if parts[1] == "kit" else ROOMS
            if parts[2] not in allowed:
                found.append(f"{name}: {parts[2]} is not a room of a noun; the rooms are {', '.join(sorted(allowed))}")
    return found


def check_core_is_pure(root: Path) -> list[str]:
    """core needs the standard library only."""
    found = []
    for name, _path, tree in sources(root):
        if name.startswith("core/"):
            for module in imports(tree):
                top = module.split(".")[0]
                if top not in sys.stdlib_module_names and not module.startswith("rackbill.core"):
                    found.append(f"{name} imports {module}; core needs the standard library only, hand the value in")
    return found


def check_clock(root: Path) -> list[str]:
    """Only the clock's door reads the clock."""
    found = []
    for name, _path, tree in sources(root):
        if name == CLOCK_FILE:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                owner_name = (
                    owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                )
                if (owner_name, node.func.attr) in CLOCKS:
                    found.append(
                        f"{name}:{node.lineno} reads the clock; take `now` as an argument, doors ask interfaces/jobs/clock"
                    )
    return found


def check_floats(root: Path) -> list[str]:
    """No float in core, models, adopting, formats' sums or the API."""
    found = []
    for name, _path, tree in sources(root):
        guarded = name.startswith(("core/", "interfaces/api/", "cutover/translation/", "cutover/connectors/"))
        if not (guarded or name.endswith(("models.py", "adopting.py")) or "/operations" in name):
            continue
        for node in ast.walk(tree):
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
            is_name = isinstance(node, ast.Name) and node.id == "float"
            is_field = isinstance(node, ast.Attribute) and node.attr in ("FloatField", "DecimalField")
            if is_float or is_name or is_field:
                found.append(
                    f"{name}:{node.lineno} has a float near money; use whole minor units, Decimal or kit.fields"
                )
    return found


def check_sizes(root: Path) -> list[str]:
    """No function over 60 lines, no file over 400."""
    found = []
    for name, path, tree in sources(root):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MAX_FILE and name not in TABLES_OF_DATA:
            found.append(f"{name} has {count} lines; split it by the noun of the result")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > MAX_FUNCTION and not _is_registration(node):
                    found.append(f"{name}:{node.lineno} {node.name} has {length} lines; cut it at its steps")
    return found


def _is_registration(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """`register` only holds the commands of a console file; each of them is measured by itself."""
    return node.name == "register"


def check_tables_stay_home(root: Path) -> list[str]:
    """A noun's tables are imported by that noun alone; `adopting` by the cut-over alone."""
    found = []
    for name, _path, tree in sources(root):
        parts = name.split("/")
        for module in set(imports(tree)):
            match = re.match(r"rackbill\.domain\.(\w+)\.models\b", module)
            if match and parts[:2] != ["domain", match[1]]:
                found.append(f"{name} imports the tables of {match[1]}; call its queries or operations")
            if re.match(r"rackbill\.domain\.(\w+)(?:\.adopting\b)", module) and parts[0] not in ("cutover", "domain"):
                found.append(f"{name} imports adopting; that is for the cut-over alone")
    return found


def check_foreign_keys_are_text(root: Path) -> list[str]:
    """A foreign key names its table as a text, so that no noun imports another's tables; history and identifiers have none."""
    found = []
    for name, _path, tree in sources(root):
        if not name.endswith("models.py"):
            continue
        for node in ast.walk(tree):
            is_key = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_key and node.func.attr in ("ForeignKey", "OneToOneField", "ManyToManyField"):
                target = node.args[0] if node.args else None
                if not (isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value):
                    found.append(
                        f"{name}:{node.lineno}: write the foreign key as a text such as 'rackbill_parties.Customer'"
                    )
                elif name in ("domain/history/models.py", "domain/identifiers/models.py"):
                    own = name.split("/")[1]
                    if not target.value.startswith(f"rackbill_{own}."):
                        found.append(
                            f"{name}:{node.lineno}: {own} stores (kind, ID), never a foreign key to another noun"
                        )
    return found


def check_keyword_only(root: Path) -> list[str]:
    """Public operations, queries and adoptions take keywords only; operations are verb_noun."""
    found = []
    for name, _path, tree in sources(root):
        if not re.match(r"domain/(?!kit/)\w+/(?:operations|queries|adopting)", name):
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                if node.args.args or node.args.posonlyargs:
                    found.append(f"{name}:{node.lineno} {node.name} takes positional arguments; put `*` first")
                if "/operations" in name and "_" not in node.name:
                    found.append(f"{name}:{node.lineno} {node.name} is not verb_noun")
    return found


def check_scopes(root: Path) -> list[str]:
    """Every query that portal or API call takes a scope, or tells who is asking."""
    queries: dict[str, dict[str, set[str]]] = {}
    for name, _path, tree in sources(root):
        match = re.match(r"domain/(\w+)/queries", name)
        if match:
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    queries.setdefault(match[1], {})[node.name] = {a.arg for a in node.args.kwonlyargs}
    found = []
    for name, _path, tree in sources(root):
        if not name.startswith(("interfaces/portal/", "interfaces/api/")):
            continue
        nouns = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rackbill.domain."):
                for alias in node.names:
                    if alias.name == "queries":
                        nouns[alias.asname or alias.name] = node.module.split(".")[2]
        for node in ast.walk(tree):
            call = node.func if isinstance(node, ast.Call) else None
            if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id in nouns:
                noun = nouns[call.value.id]
                taken = queries.get(noun, {}).get(call.attr)
                if taken is not None and not taken & {"scope", "user_key", "secret"}:
                    found.append(
                        f"{name}:{node.lineno} asks {noun}.{call.attr} without a scope; give the query a required scope"
                    )
    return found


def check_one_task_library(root: Path) -> list[str]:
    """The library of tasks is young, and Django 6 has its own: one file knows it."""
    return [
        f"{name} imports {module}; take it from interfaces/jobs/engine"
        for name, _path, tree in sources(root)
        if name != TASK_FILE
        for module in sorted(set(imports(tree)))
        if re.match(r"django_tasks|django\.tasks", module)
    ]


def check_no_paths_of_a_machine(root: Path) -> list[str]:
    """Nothing committed names an index host or a path of one machine."""
    found = []
    pattern = re.compile(r"(?:/root/|/home/\w+/|--(?:extra-)?index-url|--find-links|files\.python" + r"hosted)")
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".txt", ".toml", ".md", ".cfg", ".in", ""):
            text = path.read_text(encoding="utf-8", errors="ignore")
            match = pattern.search(text)
            if match:
                found.append(f"{path.relative_to(root)} names {match[0]}; take it out")
    return found
