"""Writes to contracts, lines and services. What was charged before corrects itself on the next run."""

from rackbill.domain.contracts.operations.amending import (
    add_discount,
    end_discount,
    end_line,
    mark_settled,
    set_price,
    set_quantity,
    unsettle_customers,
    unsettle_lines,
    unsettle_organisation,
)
from rackbill.domain.contracts.operations.ending import end_contract, end_service, reconnect_service, suspend_service
from rackbill.domain.contracts.operations.naming import service_search_text, set_reference
from rackbill.domain.contracts.operations.notice import cancel_contract, store_notice_rules, withdraw_cancellation
from rackbill.domain.contracts.operations.opening import NewLine, NewService, OpenedService, add_line, open_contract
from rackbill.domain.contracts.operations.pricing import RisenPrice, index_prices, preview_rise, raise_prices
from rackbill.domain.contracts.operations.swapping import swap_product

__all__ = [
    "NewLine", "NewService", "OpenedService", "RisenPrice", "add_discount", "add_line", "cancel_contract", "end_contract",
    "end_discount", "end_line", "end_service", "index_prices", "mark_settled", "open_contract", "preview_rise", "raise_prices",
    "reconnect_service", "service_search_text", "set_price", "set_quantity", "set_reference", "store_notice_rules",
    "suspend_service", "swap_product", "unsettle_customers", "unsettle_lines", "unsettle_organisation", "withdraw_cancellation",
]  # fmt: skip
