"""Planning a bill run."""

import uuid
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from rackbill.core.periods import add_months, first_of_month
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import RunRefused
from rackbill.domain.billing.models import BillRun, BillShard
from rackbill.domain.billing.operations import rate_reviews
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties import queries as parties


def plan_run(*, organisation_id: str, through: date, now: datetime, actor: Actor) -> str:
    """The ID of a run over one sales organisation up to a day; the one under way where there is one.

    Raises SalesOrganisationNotFound, and RunRefused where another through date is under way or the day is out of reach.
    """
    seller = parties.seller(organisation_id=organisation_id)
    today = now.astimezone(ZoneInfo(seller.time_zone)).date()
    furthest = add_months(first_of_month(today), 13)
    if through > furthest:
        raise RunRefused(
            f"through {through} is more than a year ahead of {today}; choose a day up to {furthest}", code="too_far"
        )
    under_way = _under_way(seller.key, through)
    if under_way is not None:
        return under_way
    try:
        with transaction.atomic():
            run = BillRun.objects.create(
                run_id=str(uuid.uuid4()), sales_organisation_id=seller.key, through=through, issued_on=today,
                state="planned", planned_at=now, planned_by=str(actor),
            )  # fmt: skip
            rate_reviews.review_rates(seller=seller, on=today)
            customers = parties.customers_billed_by_us(organisation_id=organisation_id, on=today)
            ids = [customer_id for customer_id, _key in customers]
            size = policy.SHARD_CUSTOMERS
            BillShard.objects.bulk_create(
                BillShard(
                    run=run,
                    shard_number=number,
                    first_customer_id=ids[start],
                    last_customer_id=ids[start : start + size][-1],
                )
                for number, start in enumerate(range(0, len(ids), size))
            )
            history.record_change(
                now=now, actor=actor, verb="plan_run", object_kind="bill_run", object_id=run.run_id,
                detail={"organisation": organisation_id, "through": str(through), "customers": len(ids)},
            )  # fmt: skip
    except IntegrityError:
        # Another process planned a run in this moment; it is the one to go on with.
        under_way = _under_way(seller.key, through)
        if under_way is None:
            raise
        return under_way
    return run.run_id


def _under_way(seller_key: int, through: date) -> str | None:
    run = BillRun.objects.filter(sales_organisation_id=seller_key).exclude(state__in=policy.CLOSED_STATES).first()
    if run is None:
        return None
    if run.through != through:
        raise RunRefused(
            f"run {run.run_id} through {run.through} is {run.state}; finish it with --through {run.through}, or discard it, "
            "first",
            code="under_way",
        )
    return run.run_id
