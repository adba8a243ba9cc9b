"""Which sizes, and which bills are parked."""

from datetime import timedelta

SHARD_CUSTOMERS = 1000
ISSUE_BLOCK = 1000
QUEUED = timedelta(minutes=10)
"""How long a shard handed to workers may wait before it counts as lost and is handed out again."""

PARK_CODES = {
    "ContradictoryTerms": "contradictory_data",
    "NoTaxRule": "no_tax_rule",
    "NoExchangeRate": "no_exchange_rate",
    "InvalidDocument": "invalid_document",
    "ValueError": "contradictory_data",
}


def park_code(fault: Exception) -> str:
    """The short word for a reason to park."""
    return PARK_CODES.get(type(fault).__name__, "contradictory_data")
