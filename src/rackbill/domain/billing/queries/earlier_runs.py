"""How far the last run came with each customer."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from rackbill.domain.billing.models import BillRun, ParkedBill


@dataclass(frozen=True, slots=True)
class LastRun:
    """How far the last run came with each customer: its through date (None: there was no run) and whom it charged.

    `ended_by` is how far it came with what is charged in arrears. `run_id` is empty and `issued_on` without meaning while it
    has issued nothing.
    """

    through: date | None = None
    ended_by: date | None = None
    first_ids: tuple[str, ...] = ()
    last_ids: tuple[str, ...] = ()
    parked: frozenset[str] = frozenset()
    run_id: str = ""
    issued_on: date = date.min

    def has_charged(self, customer_id: str) -> bool:
        """Whether the run charged the customer, so that its settled lines are charged through the run's date."""
        place = bisect_right(self.first_ids, customer_id) - 1
        return place >= 0 and customer_id <= self.last_ids[place] and customer_id not in self.parked


def last_run(*, organisation_key: int, before_run_key: int | None) -> LastRun:
    """The newest run before a run (or of all). One that is still under way counts as having charged nobody."""
    runs = BillRun.objects.filter(sales_organisation_id=organisation_key).exclude(state="discarded")
    if before_run_key is not None:
        runs = runs.filter(pk__lt=before_run_key)
    run = runs.order_by("-pk").first()
    if run is None:
        return LastRun()
    ended_by = min(run.through, run.issued_on)
    if run.state == "planned":
        return LastRun(run.through, ended_by)
    # Who was parked and retried has a shard of its own beside the one whose range it lies in.
    ranges = list(
        run.shards.filter(is_retry=False)
        .order_by("first_customer_id")
        .values_list("first_customer_id", "last_customer_id")
    )
    parked = ParkedBill.objects.filter(run=run).values_list("customer__customer_id", flat=True)
    return LastRun(
        run.through,
        ended_by,
        tuple(first for first, _last in ranges),
        tuple(last for _first, last in ranges),
        frozenset(parked),
        run.run_id,
        run.issued_on,
    )
