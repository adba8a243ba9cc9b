"""Reads of contracts and services for the doors, and of contract lines for the bill run."""

from rackbill.domain.contracts.queries.agreed import agreed_rows
from rackbill.domain.contracts.queries.billable import BillableLine, billable_lines
from rackbill.domain.contracts.queries.cancellations import CancellationConfirmation, cancellation_confirmation
from rackbill.domain.contracts.queries.details import (
    AgreedThing,
    LineDetail,
    agreed_contract,
    agreed_service,
    line_detail,
    line_details,
)
from rackbill.domain.contracts.queries.lines import customer_keys_with_lines, line_facts, line_product
from rackbill.domain.contracts.queries.notice_rules import notice_rule_sets, own_notice_rules
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
    "AgreedThing",
    "BillableLine",
    "CancellationConfirmation",
    "LineDetail",
    "ServerFacts",
    "ServiceRow",
    "agreed_contract",
    "agreed_rows",
    "agreed_service",
    "billable_lines",
    "cancellation_confirmation",
    "customer_keys_with_lines",
    "line_detail",
    "line_details",
    "line_facts",
    "line_product",
    "metered_line",
    "notice_rule_sets",
    "own_notice_rules",
    "server",
    "servers",
    "service",
    "service_count",
    "service_key",
    "services",
]  # fmt: skip
