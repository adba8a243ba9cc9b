"""Reads of contracts and services for the doors, and of contract lines for the bill run."""

from rackbill.domain.contracts.queries.billable import BillableLine, billable_lines
from rackbill.domain.contracts.queries.services import (
    SORTS,
    ServerFacts,
    ServiceRow,
    server,
    servers,
    service,
    service_count,
    services,
)

__all__ = [
    "SORTS", "BillableLine", "ServerFacts", "ServiceRow", "billable_lines", "server", "servers", "service", "service_count",
    "services",
]  # fmt: skip
