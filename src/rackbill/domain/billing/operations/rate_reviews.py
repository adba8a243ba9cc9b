"""Charges billed in advance at a rate that their performance does not bear are found, so that the next run corrects them.

Law: § 27(1) UStG (DE), Law 141/2025 (RO): the rate of the performance counts; see docs/decisions/0007.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from rackbill.core.document import document_from_canonical
from rackbill.core.tax import DatedRate, TaxTable
from rackbill.domain.billing.models import BillRun, Charge, RateCorrection, RateReview
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.parties.queries import Seller
from rackbill.domain.taxes import queries as taxes

LONGEST_ADVANCE = timedelta(days=400)
"""Nothing is billed longer ahead than a cycle of twelve months."""


def review_rates(*, seller: Seller, on: date) -> int:
    """How many charges were found whose rate is no longer right; their lines are computed in full by the next run.

    A charge is looked at once, when its last day has passed, and only where it was billed before the change was noticed.
    Runs inside the transaction of planning.
    """
    table = taxes.tax_table()
    found = 0
    for rate in _changes(table, on):
        review, _created = RateReview.objects.get_or_create(
            sales_organisation_id=seller.key, territory=rate.territory, tax=rate.tax, tax_class=rate.tax_class,
            valid_from=rate.valid_from, defaults={"noticed_on": on, "reviewed_until": rate.valid_from},
        )  # fmt: skip
        if review.reviewed_until >= on or on - max(review.noticed_on, rate.valid_from) > LONGEST_ADVANCE:
            continue
        found += _review(seller, review, rate, table, on)
        review.reviewed_until = on
        review.save(update_fields=["reviewed_until"])
    return found


def _changes(table: TaxTable, on: date) -> Iterator[DatedRate]:
    """Rates that replaced another by the day, in countries that correct what was billed at the old one."""
    before: DatedRate | None = None
    for rate in taxes.dated_rates():
        is_change = before is not None and (before.territory, before.tax) == (rate.territory, rate.tax)
        if is_change and (rate.known_from or rate.valid_from) <= on and table.rule(rate.territory).is_corrected:
            yield rate
        before = rate


def _review(seller: Seller, review: RateReview, rate: DatedRate, table: TaxTable, on: date) -> int:
    earlier = BillRun.objects.filter(sales_organisation_id=seller.key, issued_on__lt=review.noticed_on)
    if not earlier.exists():
        return 0
    rows = Charge.objects.filter(
        draft__run__in=earlier, draft__document_number__isnull=False, corrects=None, rate_correction=None,
        period_end__gt=review.reviewed_until, period_end__lte=on,
    ).select_related("draft").order_by("draft_id", "line_number")  # fmt: skip
    if seller.country != rate.territory[:2]:
        rows = rows.filter(draft__customer__country=rate.territory[:2])
    by_draft: dict[int, list[Charge]] = defaultdict(list)
    for row in rows.iterator(chunk_size=500):
        by_draft[row.draft_id or 0].append(row)
    wrong = [row for charges in by_draft.values() for row in _mistaxed(charges, rate, table, on)]
    RateCorrection.objects.bulk_create(RateCorrection(review=review, charge=row) for row in wrong)
    contracts.unsettle_lines(line_keys=[row.contract_line_id for row in wrong])
    return len(wrong)


def _mistaxed(charges: list[Charge], rate: DatedRate, table: TaxTable, on: date) -> Iterator[Charge]:
    """Those whose frozen rate in the territory is not that of their last day."""
    draft = charges[0].draft
    if draft is None:
        return
    lines = document_from_canonical(draft.canonical.encode()).lines
    for charge in charges:
        last_day = charge.period_end - timedelta(days=1)
        now = {row.rate for row in table.rates(rate.territory, rate.tax_class, last_day, on) if row.tax == rate.tax}
        frozen = {tax.rate for tax in lines[(charge.line_number or 1) - 1].taxes if tax.jurisdiction == rate.territory}
        if frozen and not frozen & now:
            yield charge
