"""A synthetic legacy billing system, `oldbill`, exported on 12 September 2020.

It writes bundles of format 1 (docs/guide/legacy-bundle.md) for demos, rehearsals and tests. It does its own sums and
imports nothing of the core, so it cannot agree with the engine by construction.
"""

from collections.abc import Callable
from pathlib import Path

from rackbill.cutover.simulator import contracts, customers, history, oddities, organisations, payments, people, writer
from rackbill.cutover.simulator.world import World

Step = Callable[[str, int, int], None]


def simulate(*, customers: int, seed: int, out: Path, on_step: Step | None = None) -> dict[str, int]:
    """Writes a complete bundle into `out` and gives the rows of each file.

    The same seed and number of customers give the same bytes of every file. `out` is made when it is not there and must
    be empty, else FileExistsError. `demo_secrets.json` beside the bundle's files holds the users' passwords and the API
    keys in clear text; a real bundle never has it. `on_step` hears (step, done, total).
    """
    if customers < 1:
        raise ValueError(f"a bundle has one customer or more; got {customers}")
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; give a new folder for the bundle")
    tell = on_step or (lambda step, done, total: None)
    world = _draw(World(seed), customers, tell)
    tell("bills", 0, customers)
    bills = history.draw_bills(world)
    payments.settle(world, bills)
    writer.bill_rows(world, bills, out, lambda done, total: tell("pdf", done, total))
    tell("files", 0, len(world.tables))
    counts = writer.write_tables(world, out)
    tell("files", len(counts), len(counts))
    return counts


def _draw(world: World, count: int, tell: Step) -> World:
    world.tables["sales_organisations.csv"], world.tables["bank_accounts.csv"] = organisations.rows(world.seed)
    tell("customers", 0, count)
    customers.draw_customers(world, count)
    tell("contracts", 0, count)
    contracts.draw_contracts(world)
    oddities.plant_oddities(world)
    writer.line_rows(world)
    tell("people", 0, count)
    people.draw_people(world)
    return world
