"""Which role may do what (roles of the portal; rulings where the sources are silent)."""

from datetime import date
from ipaddress import ip_address, ip_network

SEE_AMOUNTS = frozenset({"FINANCE", "ADMIN", "MASTER"})
SEE_SERVICES = frozenset({"FINANCE", "ADMIN", "MASTER"})
SEE_EQUIPMENT = frozenset({"FINANCE", "TECHNICAL", "ADMIN", "MASTER"})
SET_REFERENCE = frozenset({"FINANCE", "TECHNICAL", "ADMIN", "MASTER"})
SET_INVOICING = frozenset({"FINANCE", "ADMIN", "MASTER"})


def is_allowed(roles: frozenset[str], needed: frozenset[str]) -> bool:
    """Whether any of a person's roles is among the needed ones."""
    return bool(roles & needed)


def is_address_allowed(address: str, allowed: list[str]) -> bool:
    """Whether an API key may be used from the address; an empty list allows every address."""
    if not allowed:
        return True
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    return any(caller in ip_network(entry, strict=False) for entry in allowed)


def is_expired(expires_on: date | None, today: date) -> bool:
    """Whether a key's last day has passed."""
    return expires_on is not None and expires_on <= today
