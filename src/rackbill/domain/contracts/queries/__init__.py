"""Reads of contracts and services for the doors, and of contract lines for the bill run."""

from rackbill.domain.contracts.queries.agreed import agreed_rows
from rackbill.domain.contracts.queries.billable import BillableLine, billable_lines
from rackbill.domain.contracts.queries.cancellations import CancellationConfirmation, cancellation_confirmation
from rackbill.domain.contracts.queries.lines import customer_keys_with_lines, line_facts, line_product
from rackbill.domain.contracts.queries.notice_rules import own_notice_rules
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
    "SORTS",
    "BillableLine",
    "CancellationConfirmation",
    "ServerFacts",
    "ServiceRow",
    "agreed_rows",
    "billable_lines",
    "cancellation_confirmation",
    "customer_keys_with_lines",
    "line_facts",
    "line_product",
    "metered_line",
    "own_notice_rules",
    "server",
    "servers",
    "service",
    "service_count",
    "service_key",
    "services",
]  # fmt: skip
