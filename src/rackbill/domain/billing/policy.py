"""Which sizes, and which bills are parked."""

SHARD_CUSTOMERS = 1000
ISSUE_BLOCK = 1000

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
