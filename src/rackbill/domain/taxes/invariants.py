"""What must always hold over rates; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.core.tax import HOME_RATE_FROM
from rackbill.domain.taxes.models import (
    ConsumerEvidence,
    ExchangeRate,
    ExchangeSource,
    RateRule,
    SellerChoice,
    SpecialTerritory,
    TaxRate,
)


def violations() -> Iterator[str]:
    """Rates of a territory and tax do not overlap and lie between 0 and 100, and their territory has a rule; exchange rates

    are positive; a home rate is chosen since it exists; evidence is of a country.
    """
    last: TaxRate | None = None
    for rate in TaxRate.objects.order_by("territory", "tax", "tax_class", "valid_from"):
        if not 0 <= rate.rate <= 100 or not 0 < rate.base_rate <= 1:
            yield f"{rate}: a rate lies between 0 and 100 %, its base between 0 and 1"
        same = last is not None and (last.territory, last.tax, last.tax_class) == (
            rate.territory,
            rate.tax,
            rate.tax_class,
        )
        if same and last is not None and (last.valid_until is None or last.valid_until > rate.valid_from):
            yield f"{rate} begins before {last} has ended"
        last = rate
    yield from _without_rule()
    for choice in SellerChoice.objects.filter(choice="home_rate", valid_from__lt=HOME_RATE_FROM):
        yield f"{choice}: the threshold exists since {HOME_RATE_FROM}"
    for item in ConsumerEvidence.objects.exclude(country__regex="^[A-Z]{2}$"):
        yield f"evidence {item} of customer {item.customer_id} names no country"
    for source in ExchangeSource.objects.filter(max_age_days=0):
        yield f"exchange source {source} allows no day"
    for row in ExchangeRate.objects.filter(rate__lte=0):
        yield f"exchange rate {row} is not positive"


def _without_rule() -> Iterator[str]:
    """Territories that are charged but whose law on changes of rate is not stored."""
    known = set(RateRule.objects.values_list("territory", flat=True))
    charged = set(TaxRate.objects.values_list("territory", flat=True))
    charged |= set(SpecialTerritory.objects.filter(is_outside=False).values_list("rates_of", flat=True))
    for territory in sorted(charged):
        if territory not in known and territory[:2] not in known:
            yield f"{territory} has rates but no rule for their changes"
