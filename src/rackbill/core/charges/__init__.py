"""What is owed through a date, and what of it was not charged yet: the rule that lets every bill run converge."""

from rackbill.core.charges.charge import (
    CREDITED,
    CYCLE_UNITS,
    ROUNDING,
    Allowance,
    Cause,
    Charge,
    Charged,
    ChargeKind,
    ContradictoryTerms,
)
from rackbill.core.charges.owed import Usage, charges_owed
from rackbill.core.charges.unbilled import charges_unbilled

__all__ = [
    "CREDITED",
    "CYCLE_UNITS",
    "ROUNDING",
    "Allowance",
    "Cause",
    "Charge",
    "ChargeKind",
    "Charged",
    "ContradictoryTerms",
    "Usage",
    "charges_owed",
    "charges_unbilled",
]
