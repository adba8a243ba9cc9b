"""How long money is overdue: the ages of an aged list of receivables, and its sums."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

NOT_DUE = "not due"
AGING: tuple[tuple[str, int], ...] = (("1-30", 30), ("31-60", 60), ("61-90", 90), ("over 90", 100_000))
"""Names of the ages of overdue money, and the last day of each after the due date; before them stands NOT_DUE."""
AGES: tuple[str, ...] = (NOT_DUE, *(name for name, _last in AGING))


def age_of(*, due_on: date, today: date) -> str:
    """The name of an age: how long after its due date an amount is still open. On the due date itself it is not due yet."""
    days = (today - due_on).days
    return NOT_DUE if days <= 0 else next(name for name, last in AGING if days <= last)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedSums:
    """What is owed in one currency, in minor units, by age (names of AGES), and what stands on the other side.

    Credits and money on account are not set off against debts: they pay nothing before they are allocated.
    """

    currency: str
    ages_minor: Mapping[str, int]
    credits_minor: int
    on_account_minor: int

    @property
    def open_minor(self) -> int:
        """All that is to be paid, due or not."""
        return sum(self.ages_minor.values())

    @property
    def overdue_minor(self) -> int:
        """All that should have been paid by now."""
        return self.open_minor - self.ages_minor[NOT_DUE]

    @property
    def balance_minor(self) -> int:
        """Open less credits and money on account."""
        return self.open_minor - self.credits_minor - self.on_account_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedCustomer:
    """A customer's sums in one currency. `oldest_due_on` is the earliest due date of what is open, if anything is."""

    customer_id: str
    name: str
    organisation_id: str
    sums: AgedSums
    oldest_due_on: date | None
