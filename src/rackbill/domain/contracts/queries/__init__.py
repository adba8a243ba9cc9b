"""Reads of contracts and services for the doors, and of contract lines for the bill run."""

from rackbill.domain.contracts.queries.billable import BillableLine, billable_lines
from rackbill.domain.contracts.queries.services import (
    SORTS,
    ServerFacts,
    ServiceRow,
    metered_line,
    server,
    servers,
    service,
    service_count,
    service_key,
    services,
)

__all__ = [
    "SORTS", "BillableLine", "ServerFacts", "ServiceRow", "billable_lines", "metered_line", "server", "servers", "service",
    "service_count", "service_key", "services",
]  # fmt: skip
