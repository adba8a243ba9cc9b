"""What a charge is: an amount owed for one line and period, with its cause."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision

ROUNDING = "Rounding"
"""Reason of the allowance between what a line's figures give half up (BT-131) and its amount: other rounding, or an odd cent."""
CREDITED = "Credited before"
"""Reason of the allowance that carries a credit over to the charge that replaces a credited one."""
CYCLE_UNITS = {1: "MON", 3: "QAN", 6: "SAN", 12: "ANN"}
"""UN/ECE recommendation 20 codes of a whole billing cycle (BT-130)."""


class ChargeKind(StrEnum):
    """What a charge is for.

    A reversal takes back a charge, or the end of it, because it is no longer owed. A credit takes money off a charge that
    stays owed: the next run does not charge it again.
    """

    RECURRING = "recurring"
    ONE_OFF = "one_off"
    USAGE = "usage"
    REVERSAL = "reversal"
    CREDIT = "credit"


class ContradictoryTerms(ValueError):
    """A line's own data cannot be charged: a day without a price or quantity, say."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A line allowance (BG-27): its reason and the amount taken off, in minor units, with the charge's sign."""

    reason: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a charge is what it is.

    `formula` gives the amount in the main unit, unrounded, from numbers, + - * / ( ) min and max alone. `facts` are named
    texts beside it: the day the price is valid from, the used quantity, the hash of its samples.
    """

    rule: str
    formula: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An amount owed for one line and period; may be negative; knows its cause.

    amount = quantity x unit_price / price_base_quantity - allowances, rounded once. The sign is in the quantity.
    `step` tells the slices of one used quantity apart. `corrects` is the key of the charge taken back, `taxes` are then
    those of that charge; else both are empty.
    """

    line_id: int
    kind: ChargeKind
    period: Period
    revision: int
    quantity: Decimal
    unit: str
    unit_price: Decimal
    price_base_quantity: Decimal
    amount_minor: int
    currency: str
    cause: Cause
    allowances: tuple[Allowance, ...] = ()
    step: int = 0
    corrects: int | None = None
    taxes: tuple[TaxDecision, ...] = ()

    @property
    def allowance_minor(self) -> int:
        """All allowances together, in minor units."""
        return sum(allowance.amount_minor for allowance in self.allowances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A charge that stands in the books under a key.

    `is_mistaxed`: its tax is no longer right, though its amount may be; it is taken back and charged anew.
    """

    key: int
    charge: Charge
    is_mistaxed: bool = False
