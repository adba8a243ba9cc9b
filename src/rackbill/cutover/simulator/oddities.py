"""Things that are nasty and yet valid: equal digits of different kinds, references that look like identifiers."""

from rackbill.cutover.simulator.dice import dice
from rackbill.cutover.simulator.world import Customer, Row, Service, World

_WAITING = ("NEW_CONTRACT", "TO_BE_PROVISIONED", "SCHEDULED")
_RUNNING = ("TO_BE_MODIFIED", "TO_BE_SUSPENDED", "SUSPENDED", "TO_BE_RECONNECTED")
_ENOUGH = 20


def plant_oddities(world: World) -> None:
    """Renames some identifiers and references, before bills are written. Small worlds are left as they are."""
    if len(world.customers) < _ENOUGH:
        return
    _equal_customer_digits(world)
    services = [s for c in world.customers for k in c.contracts for s in k.services]
    _equal_numbers(world, services)
    _identifiers_as_references(world, services)
    _every_status(world, services)


def _equal_customer_digits(world: World) -> None:
    """Two customers of different organisations whose numbers differ in the prefix only."""
    first = next(c for c in world.customers[1:] if c.org.id == "2600")
    second = next(c for c in world.customers[1:] if c.org.id == "2000")
    for customer, number in ((first, "SG123421341"), (second, "NL123421341")):
        _rename_customer(customer, number)


def _rename_customer(customer: Customer, number: str) -> None:
    customer.row["customer_id"] = number
    for contract in customer.contracts:
        contract.row["customer_id"] = number


def _equal_numbers(world: World, services: list[Service]) -> None:
    """A legacy service ID equal to another's contract number, and one that differs from another in a leading zero."""
    draw = dice(world.seed, "oddities")
    contracts = world.tables["contracts.csv"]
    for index in range(max(1, len(contracts) // 300)):
        _rename_service(world, services[3 + index * 41], str(contracts[-1 - index * 7]["contract_id"]))
    short = next(s for s in services[60:] if len(str(s.row["service_id"])) == 5)
    other = draw.pick([s for s in services[5:60] if len(str(s.row["service_id"])) == 6])
    _rename_service(world, other, f"0{short.row['service_id']}")


def _rename_service(world: World, service: Service, number: str) -> None:
    taken = world.used("service")
    old = str(service.row["service_id"])
    if number in taken:
        return
    taken.add(number)
    service.row["service_id"] = number
    for row in world.tables["equipment.csv"]:
        if row["service_id"] == old:
            row["service_id"] = number
    for line in service.lines:
        line.id = line.id.replace(old, number, 1)


def _identifiers_as_references(world: World, services: list[Service]) -> None:
    named = [s for s in services if s.row.get("server_name")]
    looks: list[object] = [
        named[-1].row["server_name"], str(named[-2].row["server_name"]).lower(), services[-3].row["service_id"],
        world.tables["contracts.csv"][-2]["contract_id"], world.customers[-1].id, world.customers[-2].id[2:],
        f"SG{dice(world.seed, 'looks').randrange(1_200_000_000, 1_999_999_999)}", "41000012345678", "12345678",
    ]  # fmt: skip
    for number, look in enumerate(looks):
        services[number * 5 + 1].row["reference"] = look


def _every_status(world: World, services: list[Service]) -> None:
    present: set[object] = {row["status"] for row in world.tables["services.csv"]}
    for statuses, sources in ((_RUNNING, ("ACTIVE",)), (_WAITING, _WAITING)):
        spare: list[Row] = [s.row for s in services if s.row["status"] in sources and not s.row["cancelled_on"]]
        for row, status in zip(spare, [s for s in statuses if s not in present], strict=False):
            row["status"] = status
