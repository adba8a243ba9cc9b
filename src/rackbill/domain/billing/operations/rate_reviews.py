"""Charges billed in advance at a rate that their performance does not bear are found, so that the next run corrects them.

Law: § 27(1) UStG (DE), Law 141/2025 (RO): the rate of the performance counts; see docs/decisions/0007.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.db.models import Min, Q

from rackbill.core.document import document_from_canonical
from rackbill.core.tax import DatedRate, TaxTable
from rackbill.domain.billing.models import Charge, RateCorrection, RateReview
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.kit import bulk
from rackbill.domain.parties.queries import Seller
from rackbill.domain.taxes import queries as taxes

LONGEST_ADVANCE = timedelta(days=400)
"""Nothing is billed longer ahead than a cycle of twelve months."""


def review_rates(*, seller: Seller, on: date) -> int:
    """How many charges were found whose rate is no longer right; their lines are computed in full by the next run.

    A charge is looked at once, when its last day has passed, and only where it was billed before the change was noticed; and
    again where its end was taken back, since its last day is another then. Runs inside the transaction of planning.
    """
    found = 0
    for review, wrong in _wrong(seller, on, Q()):
        if review.pk is None:
            review.save()
        if wrong is None:
            continue
        RateCorrection.objects.bulk_create(RateCorrection(review=review, charge=row) for row in wrong)
        contracts.unsettle_lines(line_keys=[row.contract_line_id for row in wrong])
        found += len(wrong)
        review.reviewed_until = on
        review.save(update_fields=["reviewed_until"])
    return found


def rates_to_correct(*, seller: Seller, on: date, customer_keys: Sequence[int]) -> dict[int, int]:
    """By key of a charge its line, for the charges of some customers that a run planned on the day would correct.

    Nothing is stored.
    """
    own = Q(draft__customer_id__any_of=bulk.Keys(customer_keys))
    return {row.pk: row.contract_line_id for _review, wrong in _wrong(seller, on, own) for row in wrong or ()}


def _wrong(seller: Seller, on: date, own: Q) -> Iterator[tuple[RateReview, list[Charge] | None]]:
    """Each change of rate, as its row or a new one, with the charges found wrong; None where it is not due for a look."""
    table = taxes.tax_table()
    for rate in _changes(table, on):
        of = {
            "sales_organisation_id": seller.key, "territory": rate.territory, "tax": rate.tax, "tax_class": rate.tax_class,
            "valid_from": rate.valid_from,
        }  # fmt: skip
        review = RateReview.objects.filter(**of).first()
        review = review or RateReview(**of, noticed_on=on, reviewed_until=rate.valid_from)
        if review.reviewed_until >= on or on - max(review.noticed_on, rate.valid_from) > LONGEST_ADVANCE:
            yield review, None
        else:
            yield review, _review(seller, review, rate, table, on, own)


def _changes(table: TaxTable, on: date) -> Iterator[DatedRate]:
    """Rates that replaced another by the day, in countries that correct what was billed at the old one."""
    before: DatedRate | None = None
    for rate in taxes.dated_rates():
        is_change = before is not None and (before.territory, before.tax) == (rate.territory, rate.tax)
        if is_change and (rate.known_from or rate.valid_from) <= on and table.rule(rate.territory).is_corrected:
            yield rate
        before = rate


def _review(
    seller: Seller, review: RateReview, rate: DatedRate, table: TaxTable, on: date, own: Q
) -> list[Charge]:  # fmt: skip
    by_draft: dict[int, list[tuple[Charge, date]]] = defaultdict(list)
    own &= _of(seller, rate)
    for row, ends_on in [*_performed(review, on, own), *_shortened(review, rate, on, own)]:
        by_draft[row.draft_id or 0].append((row, ends_on))
    return [row for _draft, charges in sorted(by_draft.items()) for row in _mistaxed(charges, rate, table, on)]


def _of(seller: Seller, rate: DatedRate) -> Q:
    """Issued charges of a seller whose customers may owe tax of the rate's country."""
    issued = Q(draft__run__sales_organisation_id=seller.key, draft__document_number__isnull=False)
    return issued if seller.country == rate.territory[:2] else issued & Q(draft__customer__country=rate.territory[:2])


def _performed(review: RateReview, on: date, own: Q) -> Iterator[tuple[Charge, date]]:
    """Charges, with their end, that were billed before the change was noticed and have been performed since the last look."""
    rows = Charge.objects.filter(
        own, draft__run__issued_on__lt=review.noticed_on, corrects=None, rate_correction=None,
        period_end__gt=review.reviewed_until, period_end__lte=on,
    ).exclude(corrected_by__kind="reversal").select_related("draft").order_by("draft_id", "line_number")  # fmt: skip
    for row in rows.iterator(chunk_size=500):
        yield row, row.period_end


def _shortened(review: RateReview, rate: DatedRate, on: date, own: Q) -> Iterator[tuple[Charge, date]]:
    """Charges whose end was taken back across a change of rate, with the end that is left: their performance ends there."""
    since = Q(period_start__gt=review.reviewed_until) | Q(draft__run__issued_on__gte=review.reviewed_until)
    days = [r.valid_from for r in taxes.dated_rates() if (r.territory, r.tax) == (rate.territory, rate.tax)]
    backs = Charge.objects.filter(kind="reversal", corrects__isnull=False)
    new = backs.filter(since, own, corrects__rate_correction=None, period_start__lte=on)
    across = [
        key
        for key, back_from, period_end in new.values_list("corrects_id", "period_start", "corrects__period_end")
        if any(back_from <= day < period_end for day in days)
    ]
    left = dict(backs.filter(corrects__in=across).values_list("corrects_id").annotate(Min("period_start")))
    for row in Charge.objects.filter(pk__in=across).select_related("draft").order_by("draft_id", "line_number"):
        if row.period_start < left[row.pk] <= on:
            yield row, left[row.pk]


def _mistaxed(charges: list[tuple[Charge, date]], rate: DatedRate, table: TaxTable, on: date) -> Iterator[Charge]:
    """Those whose frozen rate in the territory is not that of their last day."""
    draft = charges[0][0].draft
    if draft is None:
        return
    lines = document_from_canonical(draft.canonical.encode()).lines
    for charge, ends_on in charges:
        last_day = ends_on - timedelta(days=1)
        now = {row.rate for row in table.rates(rate.territory, rate.tax_class, last_day, on) if row.tax == rate.tax}
        frozen = {tax.rate for tax in lines[(charge.line_number or 1) - 1].taxes if tax.jurisdiction == rate.territory}
        if frozen and not frozen & now:
            yield charge
