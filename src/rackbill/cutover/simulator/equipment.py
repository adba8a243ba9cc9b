"""Equipment: what stands in the rack behind a service."""

from rackbill.cutover.simulator.catalogue import Article
from rackbill.cutover.simulator.dice import Dice
from rackbill.cutover.simulator.world import Customer, Row, World

_SERIALS = {
    "HP": "CZ####@@@@",
    "HPE": "CZ####@@@@",
    "Dell": "@#@@##N",
    "Juniper": "@@####@@####",
    "Supermicro": "S########@##",
}
_IN_RACK = ("SERVER", "SWITCH", "FIREWALL", "LOADBALANCER", "STORAGE", "OTHER", "RACK")
_WITH_ADDRESS = ("SERVER", "VIRTUAL_SERVER", "PRIVATE_CLOUD", "FIREWALL", "LOADBALANCER", "STORAGE")


def draw_equipment(world: World, customer: Customer, service_id: str, article: Article, draw: Dice) -> Row:
    """A row of equipment.csv; addresses come from the block reserved for benchmarks (RFC 2544)."""
    hardware = dict(article.hardware)
    row: Row = {"service_id": service_id, "kind": article.equipment, "site": draw.pick(customer.org.sites)} | hardware
    if article.equipment in _IN_RACK:
        row["asset_id"] = draw.unused(world.used("asset"), "N#####")
        row["suite"] = draw.randrange(1, 7)
        row["rack"] = draw.fill("@##")
        row["unit"] = draw.randrange(1, 47) if article.equipment != "RACK" else ""
    if "brand" in hardware:
        row["serial_number"] = draw.fill(_SERIALS.get(hardware["brand"], "SN########"))
    if article.equipment in _WITH_ADDRESS:
        number = len(world.tables["equipment.csv"])
        host = number * 8 + 2
        row["ip_address"] = f"198.{18 + host // 65536 % 2}.{host // 256 % 256}.{host % 256}/29"
        row["mac_address"] = "02:" + ":".join(
            f"{(number + 0x1000) >> shift & 0xFF:02x}" for shift in (32, 24, 16, 8, 0)
        )
    return row
