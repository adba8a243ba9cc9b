"""Damage for tests and demos: plants single faults, far from each other, in a valid bundle.

No two faults touch rows of one customer, so none hides another and the consequences of one never meet those of another.
"""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

from rackbill.cutover.simulator.columns import COLUMNS
from rackbill.cutover.simulator.damage import Damage, NoRoom
from rackbill.cutover.simulator.dice import Dice, dice
from rackbill.cutover.simulator.fault_kinds import KINDS, ONCE, Plant
from rackbill.cutover.simulator.writer import csv_bytes, manifest_entry

Fault = dict[str, object]


def plant_faults(bundle: Path, *, seed: int, count: int = 50) -> list[Fault]:
    """Damages a valid bundle in `count` places and gives {file, line, column, kind} of each; the header is line 1.

    Every kind of fault comes once before any comes twice. The manifest's counts and hashes are those of the damaged
    files. A fault of a whole row has a blank column. Raises ValueError where the bundle is too small for so many.
    """
    damage = _read(bundle, dice(seed, "faults"))
    planted: list[Fault] = []
    order = sorted(KINDS)
    damage.draw.shuffle(order)
    order.sort(key=lambda kind: kind not in ONCE)  # files that lose or win a column must be free of other faults
    while order and len(planted) < count:
        for kind in list(order):
            if len(planted) == count:
                break
            try:
                planted.append(_plant(damage, kind, KINDS[kind]))
            except NoRoom:
                order.remove(kind)
            else:
                if kind in ONCE:
                    order.remove(kind)
    if len(planted) < count:
        raise ValueError(f"{bundle} has room for {len(planted)} faults that do not touch each other, not for {count}")
    _write(damage)
    return planted


def _plant(damage: Damage, name: str, plant: Plant) -> Fault:
    file, index, column = plant(damage)
    return {"file": file, "line": index + 2, "column": column, "kind": name.partition(":")[0]}


def _read(bundle: Path, draw: Dice) -> Damage:
    rows: dict[str, list[list[str]]] = {}
    for name in COLUMNS:
        text = (bundle / name).read_bytes().decode()
        header, *rows[name] = csv.reader(io.StringIO(text, newline=""))
        if header != list(COLUMNS[name]):
            raise ValueError(f"{bundle / name} is damaged already; give a fresh bundle")
    headers = {name: list(columns) for name, columns in COLUMNS.items()}
    return Damage(bundle, draw, rows, headers, _families(rows))


def _write(damage: Damage) -> None:
    path = damage.bundle / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in sorted(damage.changed):
        content = csv_bytes([damage.headers[name], *damage.rows[name]])
        (damage.bundle / name).write_bytes(content)
        manifest["files"][name] = manifest_entry(len(damage.rows[name]), content)
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def _families(rows: dict[str, list[list[str]]]) -> dict[str, list[frozenset[str]]]:
    """Which customers each row belongs to; a row of a shared user belongs to several, one of the provider to none."""

    def column(file: str, name: str) -> Iterable[str]:
        at = COLUMNS[file].index(name)
        return (row[at] for row in rows[file])

    families: dict[str, list[frozenset[str]]] = {}
    for file, columns in COLUMNS.items():
        if "customer_id" in columns:
            families[file] = [frozenset([customer]) for customer in column(file, "customer_id")]
        else:
            families[file] = [frozenset()] * len(rows[file])
    parents = (("services.csv", "contract_id", "contracts.csv"), ("equipment.csv", "service_id", "services.csv"),
               ("lines.csv", "service_id", "services.csv"), ("prices.csv", "line_id", "lines.csv"),
               ("discounts.csv", "line_id", "lines.csv"), ("invoice_lines.csv", "number", "invoices.csv"))  # fmt: skip
    for file, key, parent in parents:
        of = dict(zip(column(parent, key), families[parent], strict=True))
        families[file] = [of[value] for value in column(file, key)]
    of_user: dict[str, frozenset[str]] = {}
    for user, customer in zip(
        column("memberships.csv", "user_id"), column("memberships.csv", "customer_id"), strict=True
    ):
        of_user[user] = of_user.get(user, frozenset()) | {customer}
    families["users.csv"] = [of_user.get(user, frozenset()) for user in column("users.csv", "user_id")]
    return families
