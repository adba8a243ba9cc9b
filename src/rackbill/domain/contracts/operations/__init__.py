"""Writes to contracts, lines and services. What was charged before corrects itself on the next run."""

from rackbill.domain.contracts.operations.amending import (
    add_discount,
    end_discount,
    end_line,
    index_prices,
    mark_settled,
    set_price,
    set_quantity,
    unsettle_lines,
)
from rackbill.domain.contracts.operations.ending import (
    cancel_contract,
    end_service,
    reconnect_service,
    suspend_service,
    withdraw_cancellation,
)
from rackbill.domain.contracts.operations.naming import service_search_text, set_reference
from rackbill.domain.contracts.operations.opening import NewLine, NewService, OpenedService, add_line, open_contract

__all__ = [
    "NewLine", "NewService", "OpenedService", "add_discount", "add_line", "cancel_contract", "end_discount", "end_line",
    "end_service", "index_prices", "mark_settled", "open_contract", "reconnect_service", "service_search_text",
    "set_price", "set_quantity", "set_reference", "suspend_service", "unsettle_lines", "withdraw_cancellation",
]  # fmt: skip
