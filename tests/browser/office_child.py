"""The books of the office's journey, in a process of their own: python -m tests.browser.office_child build|mend"""

import sys
from datetime import date

import django


def build() -> None:
    """Clara, a clerk, and Bert, an approver; two customers, one of whom has no price."""
    from rackbill.domain.access import operations as access
    from rackbill.domain.contracts.models import LinePrice
    from rackbill.domain.kit.actor import SYSTEM
    from rackbill.interfaces.console import fresh_tables
    from tests.office.test_pages import OCTOBER, staff
    from tests.world import provider as world_of

    fresh_tables.migrate()
    world = world_of.provider()
    for name, role in (("clara", "clerk"), ("bert", "approver")):
        staff(world, name, role)
        access.set_staff_password(
            email=f"{name}@meridian.example", password=world_of.PASSWORD, now=OCTOBER, actor=SYSTEM
        )
    for name in ("Aurora", "Birch"):
        world_of.service(world, world_of.customer(world, name=name))
    LinePrice.objects.filter(line__service__customer__name="Birch").delete()


def mend() -> None:
    """Gives the second customer its price."""
    from rackbill.domain.contracts.models import ContractLine, LinePrice

    line = ContractLine.objects.get(service__customer__name="Birch")
    LinePrice.objects.create(line=line, unit_price=10, valid_from=date(2020, 9, 1))


if __name__ == "__main__":
    django.setup()
    {"build": build, "mend": mend}[sys.argv[1]]()
